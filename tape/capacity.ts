/**
 * How much a tape holds and has left: by the volume statistics log page, or else the tape capacity page of LTO-1 to LTO-6,
 * or else the cartridge's memory.
 *
 * @module
 */

import { readI32, readU64 } from "../scsi/big_endian.ts";
import { logNumber, type LogParameter, logSense } from "../scsi/log_pages.ts";
import { readAttributes } from "../scsi/medium_attributes.ts";
import { decodePartitionValues } from "../scsi/stream/named_log_page.ts";
import type { Device } from "./device.ts";
import { ifThere, unsupported } from "./feature_support.ts";

/** How much one partition, or the whole tape, holds. What the drive does not tell is absent. All without compression. */
export interface Capacity {
  /** Bytes that fit at most. */
  readonly maximumBytes?: number;
  /** Bytes that are taken. */
  readonly usedBytes?: number;
  /** Bytes that still fit behind the last data. */
  readonly remainingBytes?: number;
}

/** How much a tape holds. */
export interface TapeCapacity extends Capacity {
  /** Who says so. The units of the drive's figures are megabytes, so nothing here is exact to the byte. */
  readonly source: "volume-statistics" | "tape-capacity" | "medium-attributes";
  /** The same by partition, as far as the drive tells it. */
  readonly partitions: readonly (Capacity & { readonly partition: number })[];
}

type PartitionCapacity = TapeCapacity["partitions"][number];

const MEGABYTE = 1_000_000;
const MEBIBYTE = 1_048_576;

const VOLUME_STATISTICS = 0x17;
const NATIVE = 0x0016;
const USED = 0x0017;
const PARTITION_NATIVE = 0x0202;
const PARTITION_USED = 0x0203;
const PARTITION_REMAINING = 0x0204;

const TAPE_CAPACITY = 0x31;
const REMAINING_ATTRIBUTE = 0x0000;
const MAXIMUM_ATTRIBUTE = 0x0001;

/**
 * Asks the drive.
 *
 * @throws {UnsupportedError} when it has none of the three.
 * @throws {TapeError} when it fails otherwise.
 */
export async function readCapacity(device: Device, signal?: AbortSignal): Promise<TapeCapacity> {
  const found = await fromStatistics(device, signal) ?? await fromCapacityPage(device, signal) ??
    await fromAttributes(device, signal);
  if (found === undefined) throw unsupported(device, "capacity");
  return found;
}

async function readParameters(
  device: Device,
  page: number,
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, LogParameter>> {
  const found = await ifThere(device, (unit) => logSense(unit, { page }, { signal }));
  return new Map(found?.parameters.map((each) => [each.code, each]));
}

/** A number of 10^6 bytes; all ones stands for not known. */
function megabytes(parameter: LogParameter | undefined): number | undefined {
  if (parameter === undefined || parameter.value.every((byte) => byte === 0xff)) return undefined;
  const number = logNumber(parameter);
  return number === undefined ? undefined : number * MEGABYTE;
}

function capacityOf(
  maximumBytes: number | undefined,
  usedBytes: number | undefined,
  remainingBytes: number | undefined,
): Capacity {
  const isDifference = remainingBytes === undefined && maximumBytes !== undefined &&
    usedBytes !== undefined;
  const left = isDifference ? Math.max(maximumBytes - usedBytes, 0) : remainingBytes;
  return {
    ...(maximumBytes !== undefined && { maximumBytes }),
    ...(usedBytes !== undefined && { usedBytes }),
    ...(left !== undefined && { remainingBytes: left }),
  };
}

async function fromStatistics(
  device: Device,
  signal?: AbortSignal,
): Promise<TapeCapacity | undefined> {
  const parameters = await readParameters(device, VOLUME_STATISTICS, signal);
  const partitions = statisticsByPartition(parameters);
  const maximum = megabytes(parameters.get(NATIVE));
  const total = capacityOf(
    maximum ?? sumOf(partitions, "maximumBytes"),
    megabytes(parameters.get(USED)) ?? sumOf(partitions, "usedBytes"),
    sumOf(partitions, "remainingBytes"),
  );
  if (total.maximumBytes === undefined && total.remainingBytes === undefined) return undefined;
  return { source: "volume-statistics", ...total, partitions };
}

function statisticsByPartition(
  parameters: ReadonlyMap<number, LogParameter>,
): PartitionCapacity[] {
  const values = (code: number) => {
    const records = decodePartitionValues(parameters.get(code)?.value ?? new Uint8Array(0));
    return new Map(records.map(({ partition, value }) => [partition, value]));
  };
  const native = values(PARTITION_NATIVE);
  const used = values(PARTITION_USED);
  const remaining = values(PARTITION_REMAINING);
  const bytes = (value: number | undefined) => value === undefined ? undefined : value * MEGABYTE;
  return [...new Set([...native.keys(), ...used.keys(), ...remaining.keys()])].map((partition) => ({
    partition,
    ...capacityOf(
      bytes(native.get(partition)),
      bytes(used.get(partition)),
      bytes(remaining.get(partition)),
    ),
  }));
}

/** The sum over all partitions; `undefined` when one of them does not tell, or there is none. */
function sumOf(partitions: readonly Capacity[], name: keyof Capacity): number | undefined {
  if (partitions.length === 0) return undefined;
  let sum = 0;
  for (const each of partitions) {
    const value = each[name];
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}

/** Page 31h: what is left of partitions 0 and 1, and what they hold, in MiB. */
async function fromCapacityPage(
  device: Device,
  signal?: AbortSignal,
): Promise<TapeCapacity | undefined> {
  const parameters = await readParameters(device, TAPE_CAPACITY, signal);
  const bytes = (code: number) => {
    const parameter = parameters.get(code);
    const number = parameter && logNumber(parameter);
    return number === undefined ? undefined : number * MEBIBYTE;
  };
  const partitions = [0, 1]
    .map((partition) => ({ partition, ...bounded(bytes(partition + 3), bytes(partition + 1)) }))
    .filter(({ maximumBytes }) => maximumBytes !== undefined && maximumBytes > 0);
  if (partitions.length === 0) return undefined;
  return { source: "tape-capacity", ...totalOf(partitions), partitions };
}

function bounded(maximum: number | undefined, remaining: number | undefined): Capacity {
  const used = maximum === undefined || remaining === undefined
    ? undefined
    : Math.max(maximum - remaining, 0);
  return capacityOf(maximum, used, remaining);
}

function totalOf(partitions: readonly Capacity[]): Capacity {
  return capacityOf(
    sumOf(partitions, "maximumBytes"),
    sumOf(partitions, "usedBytes"),
    sumOf(partitions, "remainingBytes"),
  );
}

/** Attributes 0000h and 0001h: what is left and what fits, in MiB, for partition 0 alone. */
async function fromAttributes(
  device: Device,
  signal?: AbortSignal,
): Promise<TapeCapacity | undefined> {
  const attributes = await ifThere(device, (unit) => readAttributes(unit, { signal })) ?? [];
  const bytes = (id: number) => {
    const value = attributes.find((each) => each.id === id)?.value;
    if (value?.length !== 8 || isAllOnes(value)) return undefined;
    return Number(readU64(value, 0)) * MEBIBYTE;
  };
  const capacity = bounded(bytes(MAXIMUM_ATTRIBUTE), bytes(REMAINING_ATTRIBUTE));
  if (capacity.maximumBytes === undefined && capacity.remainingBytes === undefined) {
    return undefined;
  }
  return { source: "medium-attributes", ...capacity, partitions: [{ partition: 0, ...capacity }] };
}

function isAllOnes(value: Uint8Array): boolean {
  return readI32(value, 0) === -1 && readI32(value, 4) === -1;
}
