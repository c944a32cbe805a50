/** A tape of several files in a drive behind a connection that breaks, and what reads of it give. */

import type { TapeDriveOptions } from "../../tape/options.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import type { TargetHabits } from "./sim_unit.ts";

const FILES = [[100, 200, 300], [], [50, 4000, 20], [1, 2, 3, 4, 5, 6, 7, 8]];

/** Waiting takes no time. */
export async function open(unit: CutUnit, options: TapeDriveOptions = {}): Promise<TapeDrive> {
  return await TapeDrive.open(unit, { sleep: () => Promise.resolve(), ...options });
}

/** A tape of several files, rewound. */
export async function written(
  habits: TargetHabits,
  options: TapeDriveOptions = {},
): Promise<{ unit: CutUnit; drive: TapeDrive }> {
  const unit = new CutUnit(habits);
  const drive = await open(unit, { recordBytesHint: 5000, ...options });
  await drive.rewind();
  for (const file of FILES) {
    for (const length of file) await drive.write(new Uint8Array(length + 600).fill(length));
    await drive.writeFilemarks();
  }
  await drive.rewind();
  return { unit, drive };
}

/** What the next read gives: the length of a record, a mark, or the end. */
export async function readOne(drive: TapeDrive): Promise<string> {
  const result = await drive.read();
  if (result.kind === "end-of-data") return "end";
  return result.kind === "record" ? `${result.data.length}` : "mark";
}

/** What all reads up to the end of data give. */
export async function readAll(drive: TapeDrive): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const one = await readOne(drive);
    if (one === "end") return seen;
    seen.push(one);
  }
}

/** What reads of the whole tape give. */
export const EXPECTED: readonly string[] = FILES.flatMap((
  file,
) => [...file.map((length) => `${length + 600}`), "mark"]);
