/**
 * Partitions of a tape: which there are, and making others, which erases the tape (SSC-4, medium partition mode page and
 * FORMAT MEDIUM).
 *
 * @module
 */

import { readU16, writeU16 } from "../scsi/big_endian.ts";
import { writeFields } from "../scsi/bit_field.ts";
import { modeSelect, modeSense } from "../scsi/mode_pages.ts";
import { array, truth } from "../scsi/option_rules.ts";
import { MEDIUM_PARTITION_PAGE } from "../scsi/stream/mode_page_fields.ts";
import { checkGiven, checkOptional } from "./caller_values.ts";
import { locate16Cdb, LocateDestination } from "./commands.ts";
import type { DriveWork } from "./drive_work.ts";
import { TapeError } from "./errors.ts";
import { UnsupportedError } from "./feature_errors.ts";
import { formatMediumCdb, MediumFormat } from "./extended_commands.ts";
import { needing, unsupported } from "./feature_support.ts";
import { LONG_RULES, type LongOperationOptions, performLong } from "./long_operation.ts";
import { readNeededPage } from "./needed_mode_page.ts";

/** One partition of the tape in the drive. */
export interface TapePartition {
  /** Its number, from 0. */
  readonly partition: number;
  /** Its size as it was asked for, in bytes; absent when the drive does not tell. */
  readonly bytes?: number;
}

/** The partitions of the tape in the drive. */
export interface PartitionLayout {
  /** How many partitions a tape of this kind can have. */
  readonly maximum: number;
  /** Those that it has. */
  readonly partitions: readonly TapePartition[];
}

/** Options of {@linkcode DriveFeatures.makePartitions}. */
export interface MakePartitionsOptions extends LongOperationOptions {
  /**
   * Formats the tape as the drive does by default first (FORMAT MEDIUM 2h), for one that an interrupted format has left in disorder. Takes longer.
   *
   * @default false
   */
  readonly afresh?: boolean;
}

/** The size of a partition to be made: bytes, which the drive rounds as it must, or all that the others leave. */
export type PartitionSize = number | "rest";

const FEATURE = "partitions";
const SIZES = 8;
const REST = 0xffff;

/** Bytes of a unit, by the PSUM field; 3 means ten to the power of another field. */
const UNITS: readonly number[] = [1, 1000, 1_000_000];
const POWER_OF_TEN = 3;

/**
 * Asks the drive.
 *
 * @throws {UnsupportedError} when it knows no partitions.
 */
export async function readPartitions(
  { session: { device } }: DriveWork,
  signal?: AbortSignal,
): Promise<PartitionLayout> {
  const page = await readNeededPage(device, FEATURE, MEDIUM_PARTITION_PAGE, signal);
  const { maximumAdditional = 0, additionalDefined = 0, sizeUnit = 0, units = 0 } = page.fields;
  const unitBytes = UNITS[sizeUnit] ?? 10 ** units;
  const count = additionalDefined + 1;
  const partitions = Array.from({ length: count }, (_, partition) => {
    const at = SIZES + 2 * partition;
    const size = at + 2 <= page.bytes.length ? readU16(page.bytes, at) : 0;
    return { partition, ...(size > 0 && size < REST && { bytes: size * unitBytes }) };
  });
  return { maximum: maximumAdditional + 1, partitions };
}

/**
 * Makes one partition of the whole tape, as the drive does by default. Everything on the tape is lost.
 *
 * @throws {UnsupportedError} when the drive does not know FORMAT MEDIUM.
 */
export async function formatDefault(work: DriveWork, options: LongOperationOptions): Promise<void> {
  checkOptional(options, LONG_RULES);
  await toFirstPartition(work, options.signal);
  await format(work, MediumFormat.Default, options);
}

/**
 * Makes partitions of these sizes. Everything on the tape is lost.
 *
 * @throws {TapeError} of kind `invalid-argument` for sizes that cannot be.
 * @throws {UnsupportedError} when the drive, or the tape, has no partitions, or not so many.
 */
export async function makePartitions(
  work: DriveWork,
  sizes: readonly PartitionSize[],
  options: MakePartitionsOptions,
): Promise<PartitionLayout> {
  checkOptional(options, { ...LONG_RULES, afresh: truth });
  const { afresh = false } = options;
  checkGiven({ sizes }, { sizes: array });
  checkSizes(sizes);
  const { device } = work.session;
  const { maximum } = await readPartitions(work, options.signal);
  if (sizes.length > maximum) {
    throw new UnsupportedError(
      FEATURE,
      `Cannot make ${sizes.length} partitions on ${device.name}: the tape can have ${maximum}`,
    );
  }
  await toFirstPartition(work, options.signal);
  await needing(device, FEATURE, () => describe(work, sizes, options.signal));
  const how = afresh ? MediumFormat.DefaultThenPartition : MediumFormat.Partition;
  await format(work, how, options);
  return await readPartitions(work, options.signal);
}

function checkSizes(sizes: readonly PartitionSize[]): void {
  const rests = sizes.filter((size) => size === "rest").length;
  const isPossible = sizes.length > 0 && rests === 1 &&
    sizes.every((size) => size === "rest" || (Number.isSafeInteger(size) && size > 0));
  if (isPossible) return;
  throw new TapeError(
    "invalid-argument",
    `Cannot make partitions of ${
      sizes.join(", ")
    }: each has a number of bytes, and exactly one is "rest"`,
  );
}

/** The exponent of the unit in which the largest size fits 16 bits; the finest there is, so that least is rounded. */
function unitFor(sizes: readonly PartitionSize[]): number {
  const largest = Math.max(...sizes.map((size) => size === "rest" ? 1 : size));
  let exponent = 0;
  while (Math.ceil(largest / 10 ** exponent) >= REST) exponent++;
  return exponent;
}

/** Drives ask for gigabytes; finer units are for tapes that are smaller than one. */
const GIGABYTE_EXPONENT = 9;

function exponentFor(sizes: readonly PartitionSize[]): number {
  const smallest = Math.min(...sizes.map((size) => size === "rest" ? Infinity : size));
  const finest = unitFor(sizes);
  return smallest >= 10 ** GIGABYTE_EXPONENT ? Math.max(finest, GIGABYTE_EXPONENT) : finest;
}

/** Tells the drive, which does nothing before FORMAT MEDIUM. */
async function describe(
  { session: { device } }: DriveWork,
  sizes: readonly PartitionSize[],
  signal?: AbortSignal,
): Promise<void> {
  const { page } = MEDIUM_PARTITION_PAGE;
  const sensed = await device.consult((unit) => modeSense(unit, { page }, { signal }));
  const found = sensed.pages.find((each) => each.page === page);
  if (found === undefined) throw unsupported(device, FEATURE);
  const bytes = pageFor(found.bytes, sizes);
  await device.consult((unit) =>
    modeSelect(unit, { ...sensed, blockDescriptor: undefined, pages: [{ ...found, bytes }] }, {
      signal,
    })
  );
}

function pageFor(present: Uint8Array, sizes: readonly PartitionSize[]): Uint8Array {
  const units = exponentFor(sizes);
  const bytes = new Uint8Array(SIZES + 2 * sizes.length);
  bytes.set(present.subarray(0, SIZES));
  bytes[1] = bytes.length - 2;
  writeFields(bytes, MEDIUM_PARTITION_PAGE.fields, {
    additionalDefined: sizes.length - 1,
    fixedPartitions: false,
    selectPartitions: false,
    initiatorPartitions: true,
    sizeUnit: POWER_OF_TEN,
    units,
  });
  sizes.forEach((size, i) => {
    writeU16(bytes, SIZES + 2 * i, size === "rest" ? REST : Math.ceil(size / 10 ** units));
  });
  return bytes;
}

/** To the beginning of the tape, where alone it can be formatted. */
export async function toFirstPartition(work: DriveWork, signal?: AbortSignal): Promise<void> {
  const { session } = work;
  await work.rewind(signal);
  if (session.partition.certain === 0) return;
  const cdb = locate16Cdb({ number: 0, destination: LocateDestination.Object, partition: 0 });
  const locate = () => session.device.perform({ cdb, signal });
  await session.moving(() => session.changing(0, locate, signal), signal);
  session.partition.enter(0);
  session.placeAtBeginning();
}

async function format(
  { session }: DriveWork,
  what: number,
  options: LongOperationOptions,
): Promise<void> {
  await session.timeouts.learn();
  const run = () => performLong(session, (immediate) => formatMediumCdb(what, immediate), options);
  await session.confirmSettings();
  await session.moving(() => needing(session.device, "FORMAT MEDIUM", run), options.signal);
  session.buffer.empty();
  session.partition.enter(0);
  session.placeAtBeginning();
}
