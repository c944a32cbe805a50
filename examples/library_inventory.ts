/**
 * What is where in a tape library, and at which address each of its drives is. Without an address: in a simulated one.
 *
 *     deno run -A examples/library_inventory.ts
 *     deno run -A examples/library_inventory.ts iscsi://10.0.0.5/iqn.2026-03.com.example:library/0 10.0.0.5
 *
 * @module
 */

import process from "node:process";
import {
  findLibraryDrives,
  type LibraryElement,
  openChanger,
  type OpenChangerOptions,
} from "@uiscsi/tape";
import { loopbackTarget, SimulatedLibrary } from "@uiscsi/tape/sim";

const [address, ...portals] = process.argv.slice(2);
if (address === undefined) await showSimulated();
else await show(address, portals);

async function show(
  address: string,
  portals: readonly string[],
  options: OpenChangerOptions = {},
): Promise<void> {
  const changer = await openChanger(address, options);
  try {
    const { vendor, product, revision } = changer.info;
    console.log(`${vendor} ${product} ${revision}`);
    const { storage, importExport } = await changer.inventory();
    for (const slot of storage) console.log(`slot ${slot.number}: ${contents(slot)}`);
    for (const slot of importExport) console.log(`import/export ${slot.number}: ${contents(slot)}`);
    for (const drive of await findLibraryDrives(changer, portals, options)) {
      console.log(`drive ${drive.number}: ${drive.address ?? "not found at these portals"}`);
    }
  } finally {
    await changer.close();
  }
}

function contents({ full, barcode, exception }: LibraryElement): string {
  if (exception !== undefined) return exception.text;
  return full ? barcode ?? "a cartridge without a label" : "empty";
}

async function showSimulated(): Promise<void> {
  const cartridges = ["A00001L8", "A00002L8", "CLNU01CU"].map((barcode) => ({ barcode }));
  const library = new SimulatedLibrary({ slots: 4, drives: 2, cartridges });
  const target = await loopbackTarget(library.targets("iqn.2026-03.com.example:library"));
  try {
    await show(target.urls[0], ["simulator:3260"], { dial: target.dial });
  } finally {
    await target.close();
  }
}
