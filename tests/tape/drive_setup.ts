import { TapeDrive } from "../../tape/tape_drive.ts";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { SimUnit, type SimUnitOptions } from "./sim_unit.ts";

/** A drive with what it runs on. */
export interface Setup {
  readonly unit: SimUnit;
  readonly drive: TapeDrive;
}

/** Opens a drive on a simulated one; waiting takes no time. */
export async function openSim(
  unitOptions: SimUnitOptions = {},
  driveOptions: TapeDriveOptions = {},
): Promise<Setup> {
  const unit = new SimUnit(unitOptions);
  const sleep = () => Promise.resolve();
  return { unit, drive: await TapeDrive.open(unit, { sleep, ...driveOptions }) };
}

/** A record that says which one it is. */
export function numbered(number: number, length = 100): Uint8Array {
  return new Uint8Array(length).fill(number);
}

/** Writes records, and a filemark for each `null`; rewinds. */
export async function fill(
  drive: TapeDrive,
  objects: readonly (Uint8Array | null)[],
): Promise<void> {
  for (const object of objects) {
    if (object === null) await drive.writeFilemarks(1, { immediate: true });
    else await drive.write(object);
  }
  await drive.rewind();
}

/** What is on the tape: first byte of each record, `|` for a filemark. */
export function contents(unit: SimUnit): string {
  return unit.drive.objects().map((object) =>
    object.kind === "filemark" ? "|" : String(object.data[0])
  ).join(" ");
}
