/** What a random walk over the features of a drive is about, drawn from its seed: the tape, the drive, how it is opened, and what may go wrong. */

import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { SimulatedDrive } from "../../sim/tape/drive.ts";
import type { DriveQuirks } from "../../sim/tape/drive_quirks.ts";
import type { TapeDriveOptions } from "../../tape/options.ts";
import type { TapePosition } from "../../tape/position.ts";
import type { Random } from "../scsi/random.ts";

/** What a walk has beside reads, writes and motions. */
export const THEMES = [
  "plain",
  "partitions",
  "fixed",
  "exclusive",
  "reserved",
  "addresses",
  "encryption",
  "worm",
  "append-only",
  "full",
  "bad-blocks",
  "exchange",
  "quirks",
  "tgt",
  "istgt",
] as const;

export type Theme = typeof THEMES[number];

/** Where things go wrong. Each loses or replaces answers, or says things once, so that with others nobody could know what is true. */
export const TROUBLES = ["none", "link", "link-and-reset", "answers", "reset"] as const;

export type Trouble = typeof TROUBLES[number];

/** Those that a drive may have with every operation meaning the same. */
const QUIRKS: readonly (keyof DriveQuirks)[] = [
  "missingInformation",
  "negativeReverseResidual",
  "flagsWithoutAsc",
  "missingEndOfMedium",
  "noLocate16",
  "siliIgnored",
  "fileNumberLost",
  "powerOnEveryLogin",
  "spacePastEndMovesNothing",
  "positionUnknown",
  "noLocate",
];

/** What real targets make of a tape. */
const TARGETS: Readonly<Record<"tgt" | "istgt", DriveQuirks>> = {
  tgt: {
    positionUnknown: true,
    noLocate: true,
    spaceFilemarksBackOneTooFar: true,
    siliIgnored: true,
    swappedResidual: true,
  },
  istgt: {
    noLocate16: true,
    silentOverlength: true,
    positionOffByOneAfterMotion: true,
    missesFilemarkAfterMotion: true,
    spaceIgnoresFilemarks: true,
    spaceEndOfDataShort: true,
    spaceShortAfterRewind: true,
  },
};

/** Of these no target has anything. */
const OF_DRIVES: readonly Theme[] = [
  "partitions",
  "addresses",
  "encryption",
  "worm",
  "append-only",
];

export interface FeatureSetting {
  readonly themes: ReadonlySet<Theme>;
  readonly trouble: Trouble;
  readonly quirks: DriveQuirks;
  readonly partitions: number;
  readonly bufferBytes: number;
  readonly writeBehind: number;
  readonly readAhead: number;
  readonly sili: boolean;
  /** Operations that are called off: one in so many. */
  readonly callOffEvery: number;
  /** One fault in so many operations. */
  readonly faultEvery: number;
  readonly resetLosesBuffer: boolean;
  readonly rewindOnReset: boolean;
  /** Whether the drive has READ POSITION in its short form only. */
  readonly hasShortPosition: boolean;
  /** Whether a READ passes a record that the drive has no key for. */
  readonly passesSealed: boolean;
}

export function drawSetting(random: Random): FeatureSetting {
  const pick = <T>(choices: readonly T[]): T => choices[random.below(choices.length)];
  const themes = new Set<Theme>([pick(THEMES), pick(THEMES)]);
  const quirks: Partial<Record<keyof DriveQuirks, boolean>> = {};
  if (themes.has("quirks")) {
    for (let count = 1 + random.below(2); count > 0; count--) quirks[pick(QUIRKS)] = true;
  }
  for (const target of ["tgt", "istgt"] as const) {
    if (!themes.has(target)) continue;
    for (const theme of OF_DRIVES) themes.delete(theme);
    if (target === "istgt" && themes.has("tgt")) themes.delete(target);
    else Object.assign(quirks, TARGETS[target], { missingInformation: false });
  }
  // Nobody finds the filemarks that istgt takes for passed without its numbers.
  if (quirks.missesFilemarkAfterMotion) delete quirks.positionUnknown;
  // With neither flag nor code nothing tells of the beginning.
  if (quirks.flagsWithoutAsc) delete quirks.missingEndOfMedium;
  if (quirks.noLocate16 || quirks.noLocate) themes.delete("partitions");
  // Nobody preempts who has nothing.
  if (themes.has("exclusive")) themes.delete("reserved");
  // Whoever comes next is told what could not be written to the tape.
  if (themes.has("bad-blocks")) {
    for (const theme of ["exchange", "exclusive", "fixed"] as const) themes.delete(theme);
  }
  const trouble = pick(TROUBLES);
  return {
    themes,
    trouble,
    quirks,
    partitions: themes.has("partitions") ? 2 + random.below(2) : 1,
    bufferBytes: isReplaced(trouble, themes) ? 0 : pick([0, 150, 100_000]),
    writeBehind: pick([0, 0, 4, 16]),
    readAhead: pick([0, 0, 1, 8]),
    sili: random.below(4) === 0,
    // What is answered in the place of a drive nobody tells again to who had called it off.
    callOffEvery: trouble === "answers" ? Infinity : pick([Infinity, 8]),
    faultEvery: pick([4, 12]),
    resetLosesBuffer: random.below(2) === 0,
    rewindOnReset: random.below(4) > 0,
    hasShortPosition: random.below(4) === 0,
    passesSealed: themes.has("encryption") && random.below(2) === 0,
  };
}

/** What a partition of a tape that becomes full holds, and where its early warning begins. */
export const PARTITION_BYTES = 1200;
export const WARNED_FROM = 950;

/** What walks encrypt with, and another host. */
const WALK_KEYS = [7, 8].map((byte) => new Uint8Array(32).fill(byte));
export const FOREIGN_KEY: Uint8Array = new Uint8Array(32).fill(9);
export const ALL_KEYS: readonly Uint8Array[] = [...WALK_KEYS, FOREIGN_KEY];

export function drawKey(random: Random): Uint8Array {
  return WALK_KEYS[random.below(WALK_KEYS.length)];
}

export function keyNumber(key: Uint8Array): number {
  return ALL_KEYS.indexOf(key);
}

/** A cartridge that is known by its label. */
export function newCartridge(setting: FeatureSetting, number: number): MemoryMedium {
  const isFull = setting.themes.has("full");
  const medium = new MemoryMedium({
    barcode: `WALK${String(number).padStart(4, "0")}`,
    worm: setting.themes.has("worm"),
    ...(isFull && {
      capacityBytes: PARTITION_BYTES * setting.partitions,
      earlyWarningBytes: PARTITION_BYTES - WARNED_FROM,
    }),
  });
  const { partitions } = setting;
  if (partitions > 1) {
    medium.format(partitions);
    if (isFull) medium.state.partitionBytes = new Array(partitions).fill(PARTITION_BYTES);
  }
  return medium;
}

export function newDrive(setting: FeatureSetting, medium: MemoryMedium): SimulatedDrive {
  const { bufferBytes, resetLosesBuffer, rewindOnReset, quirks } = setting;
  return new SimulatedDrive({ medium, bufferBytes, resetLosesBuffer, rewindOnReset, quirks });
}

export function openOptions(setting: FeatureSetting): TapeDriveOptions {
  const { readAhead, writeBehind, sili, themes } = setting;
  return {
    readAhead,
    writeBehind,
    sili,
    recordBytesHint: 64,
    sleep,
    ...(themes.has("exclusive") && { exclusive: "persistent" as const }),
  };
}

/** Ten milliseconds are one turn. */
async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  for (let turns = Math.min(Math.ceil(ms / 10), 500); turns > 0; turns--) {
    signal?.throwIfAborted();
    await Promise.resolve();
  }
  signal?.throwIfAborted();
}

/** An answer in the place of the drive's own takes with it what that was to tell of the buffer. */
function isReplaced(trouble: Trouble, themes: ReadonlySet<Theme>): boolean {
  return trouble === "answers" && themes.has("bad-blocks");
}

/** What a drive calls an object. */
export function numberOf(object: number, { positionOffByOneAfterMotion }: DriveQuirks): number {
  return positionOffByOneAfterMotion && object > 0 ? object + 1 : object;
}

/** The object that a position means: the driver's own count is right, a drive's number may be one too many. */
export function objectOf(
  { object, source }: TapePosition,
  { positionOffByOneAfterMotion }: DriveQuirks,
): number | undefined {
  const isOff = positionOffByOneAfterMotion && source === "device" && object !== undefined;
  return isOff ? Math.max(object - 1, 0) : object;
}
