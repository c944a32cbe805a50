import type { Inventory, LibraryElement } from "../../mod.ts";

/**
 * What a library holds, line for line as `mtx status` prints it, because scripts around mtx look for those lines.
 *
 * @param name what the library is called in the first line
 */
export function inventoryText(name: string, inventory: Inventory): string {
  const { drives, slots, importExport } = inventory;
  return [
    `  Storage Changer ${name}:${drives.length} Drives, ${slots.length} Slots ` +
    `( ${importExport.length} Import/Export )`,
    ...drives.map(driveLine),
    ...slots.map(slotLine),
  ].join("\n");
}

function driveLine({ number, full, sourceSlot, barcode, exception }: LibraryElement): string {
  const source = sourceSlot === undefined
    ? "(Unknown Storage Element Loaded)"
    : `(Storage Element ${sourceSlot} Loaded)`;
  const tag = barcode === undefined ? "" : `:VolumeTag = ${barcode}`;
  const what = full ? `Full ${source}${tag}` : "Empty";
  return `Data Transfer Element ${number}:${what}${trouble(exception)}`;
}

function slotLine({ number, type, full, barcode, exception }: LibraryElement): string {
  const kind = type === "importExport" ? " IMPORT/EXPORT" : "";
  const tag = barcode === undefined ? "" : `:VolumeTag=${barcode}`;
  const what = full ? `Full ${tag}`.trimEnd() : "Empty";
  return `      Storage Element ${number}${kind}:${what}${trouble(exception)}`;
}

function trouble(exception: LibraryElement["exception"]): string {
  return exception === undefined ? "" : ` (${exception.text})`;
}
