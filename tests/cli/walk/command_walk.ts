/** Random command lines on two tapes and a folder of files, held against a model after each of them. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DriveQuirks } from "../../../sim/tape/drive_quirks.ts";
import { Random } from "../../scsi/random.ts";
import { ImageTape } from "./image_tape.ts";
import { ask, motion, setblk } from "./motion_steps.ts";
import { copy } from "./copy_steps.ts";
import { imageInspect, imageLoad, imageSave } from "./image_steps.ts";
import { read } from "./read_steps.ts";
import { survey, verifyManifest } from "./survey_steps.ts";
import { KnownTape, WalkBench } from "./walk_bench.ts";
import { type Cartridge, LinkTape, NetworkTape, type WalkTape } from "./walk_tape.ts";
import { writeCorrupted } from "./corruption_step.ts";
import { weofOrErase, write } from "./write_steps.ts";

const STEPS = [
  write,
  write,
  write,
  read,
  read,
  read,
  survey,
  verifyManifest,
  copy,
  imageSave,
  imageLoad,
  imageInspect,
  weofOrErase,
  writeCorrupted,
  motion,
  motion,
  motion,
  ask,
  setblk,
];

/** Runs so many commands; an error names the seed and what was done last. Gives how many failed as they should. */
export async function walkCommands(seed: number, steps: number): Promise<number> {
  const random = new Random(seed);
  const folder = await mkdtemp(join(tmpdir(), "tape-walk-"));
  const tapes: WalkTape[] = [];
  let bench: WalkBench | undefined;
  try {
    for (const name of ["one", "two"]) tapes.push(await someTape(random, folder, name));
    bench = new WalkBench(random, folder, tapes.map((tape) => new KnownTape(tape)));
    for (let step = 0; step < steps; step++) {
      await STEPS[random.below(STEPS.length)](bench);
      await bench.checkFiles();
      for (const known of bench.tapes) await refreshBlockSize(known, bench);
      if (bench.chance(8)) await bench.testPower(bench.one(bench.tapes));
    }
    return bench.failures;
  } catch (cause) {
    throw new Error(`SEED=${seed}\n${bench?.trace.slice(-12).join("\n")}`, { cause });
  } finally {
    for (const tape of tapes) await tape.end();
    await rm(folder, { recursive: true });
  }
}

/** A reset may have taken the block size back. */
async function refreshBlockSize(known: KnownTape, bench: WalkBench): Promise<void> {
  if (known.blockBytes !== 0) await bench.askBlockSize(known);
}

async function someTape(random: Random, folder: string, name: string): Promise<WalkTape> {
  const cartridge: Cartridge = CARTRIDGES[random.below(CARTRIDGES.length)];
  switch (random.below(3)) {
    case 0:
      return new LinkTape(name, cartridge, random, someQuirks(random));
    case 1: {
      const bufferBytes = [0, 0, 5000, 1_000_000][random.below(4)];
      const resetLosesBuffer = random.below(2) === 0;
      const quirks = someQuirks(random);
      return await NetworkTape.create(name, cartridge, { bufferBytes, resetLosesBuffer, quirks });
    }
    default:
      return await ImageTape.create(folder, name, cartridge);
  }
}

/** Habits of a drive that make no difference to what commands do. */
const QUIRKS = [
  "fileNumberLost",
  "flagsWithoutAsc",
  "missingEndOfMedium",
  "missingInformation",
  "noLocate16",
  "powerOnEveryLogin",
  "siliIgnored",
] as const;

function someQuirks(random: Random): DriveQuirks {
  const quirks: DriveQuirks = Object.fromEntries(
    QUIRKS.map((name) => [name, random.below(8) === 0]),
  );
  // A drive that has both says nothing at all of the end of the medium.
  return quirks.flagsWithoutAsc ? { ...quirks, missingEndOfMedium: false } : quirks;
}

const CARTRIDGES: readonly Cartridge[] = [
  {},
  {},
  {},
  {},
  {},
  {},
  {},
  { capacityBytes: 20_000 },
  { capacityBytes: 1_000_000 },
  { worm: true },
  { writeProtected: true },
];
