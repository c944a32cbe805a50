/**
 * The medium partition mode page (SSC-4 §8.3.4): how the tape is divided, and how it is to be.
 *
 * @module
 */

import { readU16, writeU16 } from "../../../scsi/big_endian.ts";
import type { DriveState } from "../drive_state.ts";
import type { PartitionPlan } from "../drive_state_options.ts";

// Offsets in the page.
const MOST = 2;
const DEFINED = 3;
const FLAGS = 4;
const UNITS = 6;
const SIZES = 8;

const FIXED_PARTITIONS = 0x80;
const SELECTED_PARTITIONS = 0x40;
const INITIATOR_DEFINED = 0x20;
const PSUM_SHIFT = 3;
const PSUM = 0x03;
/** PSUM 11b: the unit is a power of ten bytes, 10^9 where that tells all sizes. */
const POWER_UNITS = 0x18;
const EXPONENT = 9;
const EXPONENTS = Array.from({ length: EXPONENT + 1 }, (_, smaller) => EXPONENT - smaller);

/** All that is left. */
const REST = 0xffff;

const BYTES_BY_PSUM = [1, 1000, 1_000_000];

/** POFM: MODE SELECT divides nothing before FORMAT MEDIUM, which initiators have to know. */
const ON_FORMAT = 0x04;

/**
 * The page as it is now: with what was asked for, until the tape is formatted. It has room for the sizes of all
 * partitions that there may be: Linux's st sends back as many as it read.
 */
export function partitionPage(drive: DriveState, defaults: Uint8Array): Uint8Array {
  const { medium, partitionPlan } = drive;
  const sizes = partitionPlan ?? medium?.state.partitionBytes ?? [];
  const count = Math.max(1, partitionPlan?.length ?? medium?.partitions.length ?? 1);
  const { maxPartitions } = drive.personality.features;
  const page = new Uint8Array(SIZES + 2 * Math.max(count, maxPartitions));
  page.set(defaults.subarray(0, SIZES));
  page[1] = page.length - 2;
  page[MOST] = maxPartitions - 1;
  page[DEFINED] = count - 1;
  page[FLAGS] = POWER_UNITS | ON_FORMAT | (count > 1 ? INITIATOR_DEFINED : 0);
  const { exponent, units } = toldSizes(sizes);
  page[UNITS] = exponent;
  writeU16(page, SIZES, REST);
  units.forEach((size, partition) => writeU16(page, SIZES + 2 * partition, size));
  return page;
}

/** Sizes in units of a power of ten bytes. */
interface ToldSizes {
  readonly exponent: number;
  readonly units: readonly number[];
}

/** All sizes exactly, or all but the largest, which then is what the others leave, or else about as large as they are. */
function toldSizes(sizes: readonly number[]): ToldSizes {
  const largest = sizes.indexOf(Math.max(...sizes));
  const all = exponentOf(sizes);
  if (all !== undefined) return { exponent: all, units: sizes.map((bytes) => bytes / 10 ** all) };
  const others = exponentOf(sizes.toSpliced(largest, 1));
  if (others !== undefined) {
    const units = sizes.map((bytes) => bytes / 10 ** others).with(largest, REST);
    return { exponent: others, units };
  }
  const exponent = EXPONENTS.findLast((each) => sizes[largest] / 10 ** each < REST) ?? EXPONENT;
  const inUnits = (bytes: number) => Math.min(REST - 1, Math.round(bytes / 10 ** exponent));
  return { exponent, units: sizes.map((bytes) => Math.max(1, inUnits(bytes))) };
}

/** The largest unit that all sizes are multiples of, and in which they fit. */
function exponentOf(sizes: readonly number[]): number | undefined {
  return EXPONENTS.find((exponent) =>
    sizes.every((bytes) => bytes % 10 ** exponent === 0 && bytes / 10 ** exponent < REST)
  );
}

/** The partitions that a page sent by an initiator asks for, or the offset of what cannot be. */
export function planPartitions(
  drive: DriveState,
  page: Uint8Array,
): { readonly plan: PartitionPlan } | { readonly wrong: number } {
  const count = page[DEFINED] + 1;
  const { volumeBytes, personality: { features } } = drive;
  if (count > features.maxPartitions) return { wrong: DEFINED };
  if (count === 1) return { plan: [volumeBytes] };
  if ((page[FLAGS] & INITIATOR_DEFINED) === 0) {
    const isOurs = (page[FLAGS] & (FIXED_PARTITIONS | SELECTED_PARTITIONS)) !== 0;
    return isOurs ? { plan: evenly(volumeBytes, count) } : { wrong: FLAGS };
  }
  if (page.length < SIZES + 2 * count) return { wrong: 1 };
  return sized(page, count, volumeBytes);
}

function evenly(bytes: number, count: number): PartitionPlan {
  return new Array(count).fill(Math.floor(bytes / count));
}

/** Sizes as given; at most one partition takes what the others leave. */
function sized(
  page: Uint8Array,
  count: number,
  volumeBytes: number,
): { readonly plan: PartitionPlan } | { readonly wrong: number } {
  const unit = BYTES_BY_PSUM[(page[FLAGS] >> PSUM_SHIFT) & PSUM] ?? 10 ** (page[UNITS] & 0x0f);
  const sizes = Array.from({ length: count }, (_, index) => readU16(page, SIZES + 2 * index));
  const given = sizes.filter((size) => size !== REST);
  const sum = given.reduce((total, size) => total + size * unit, 0);
  const rests = count - given.length;
  if (rests > 1 || given.includes(0)) return { wrong: SIZES };
  if (sum > volumeBytes || (rests === 1 && sum === volumeBytes)) return { wrong: SIZES };
  return { plan: sizes.map((size) => size === REST ? volumeBytes - sum : size * unit) };
}
