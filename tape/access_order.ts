/**
 * The order in which a drive would best read parts of a tape, which lies in hundreds of tracks back and forth (SSC-5,
 * recommended access order; LTO-9 and later, TS1140 and later).
 *
 * @module
 */

import { readU16, readU32, writeU16, writeU32, writeU64 } from "../scsi/big_endian.ts";
import { listOf, object } from "../scsi/option_rules.ts";
import { checkGiven } from "./caller_values.ts";
import type { DriveWork } from "./drive_work.ts";
import { TapeError } from "./errors.ts";
import { generateAccessOrderCdb, receiveAccessOrderCdb } from "./extended_commands.ts";
import { needing } from "./feature_support.ts";

/** A part of a tape. */
export interface TapeSegment {
  /** Partition. @default 0 */
  readonly partition?: number;
  /** Its first object. */
  readonly first: number;
  /** Its last object. */
  readonly last: number;
}

const HEADER = 8;
const DESCRIPTOR = 32;
/** The descriptor's length field does not count itself. */
const DESCRIPTOR_REST = DESCRIPTOR - 2;
const NAME = 5;
const NAME_LENGTH = 10;
const PARTITION = 15;
const FIRST = 16;
const LAST = 24;
/** What known drives take at once. */
const MAX_SEGMENTS = 2730;

const FEATURE = "recommended access order";

/** Encodes segments as the drive takes them; each is named by its number. */
export function encodeSegments(segments: readonly TapeSegment[]): Uint8Array {
  const bytes = new Uint8Array(HEADER + DESCRIPTOR * segments.length);
  writeU32(bytes, 4, bytes.length - HEADER);
  segments.forEach(({ partition = 0, first, last }, i) => {
    const at = HEADER + DESCRIPTOR * i;
    writeU16(bytes, at, DESCRIPTOR_REST);
    bytes.set(new TextEncoder().encode(String(i).padStart(NAME_LENGTH, "0")), at + NAME);
    bytes[at + PARTITION] = partition;
    writeU64(bytes, at + FIRST, BigInt(first));
    writeU64(bytes, at + LAST, BigInt(last));
  });
  return bytes;
}

/** The numbers of the segments in the order of the drive's answer; each descriptor says its own length. */
export function decodeSegmentOrder(bytes: Uint8Array): number[] {
  const order: number[] = [];
  if (bytes.length < HEADER) return order;
  const end = Math.min(HEADER + readU32(bytes, 4), bytes.length);
  for (let at = HEADER; at + DESCRIPTOR <= end; at += 2 + readU16(bytes, at)) {
    const name = bytes.subarray(at + NAME, at + NAME + NAME_LENGTH);
    order.push(Number(new TextDecoder().decode(name)));
  }
  return order;
}

/** The same segments in the drive's order. */
export async function recommendedOrder<T extends TapeSegment>(
  work: DriveWork,
  segments: readonly T[],
  signal?: AbortSignal,
): Promise<T[]> {
  checkSegments(segments);
  if (segments.length < 2) return [...segments];
  const { device } = work.session;
  const dataOut = encodeSegments(segments);
  const dataIn = new Uint8Array(dataOut.length);
  return await needing(device, FEATURE, async () => {
    await device.perform({ cdb: generateAccessOrderCdb(dataOut.length), dataOut, signal });
    const cdb = receiveAccessOrderCdb(dataIn.length);
    const { dataInLength } = await device.perform({ cdb, dataIn, signal });
    const order = decodeSegmentOrder(dataIn.subarray(0, dataInLength));
    if (!isPermutation(order, segments.length)) {
      throw device.problem(
        "unexpected-response",
        `Cannot use the drive's access order: it names other than the ${segments.length} segments`,
      );
    }
    return order.map((number) => segments[number]);
  });
}

function isPermutation(order: readonly number[], count: number): boolean {
  return order.length === count && new Set(order).size === count &&
    order.every((number) => Number.isInteger(number) && number >= 0 && number < count);
}

function checkSegments(segments: readonly TapeSegment[]): void {
  checkGiven({ segments }, { segments: listOf(object) });
  const isPossible = segments.every(({ first, last, partition = 0 }) =>
    Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 0 && last >= first &&
    Number.isInteger(partition) && partition >= 0 && partition <= 0xff
  );
  if (isPossible && segments.length <= MAX_SEGMENTS) return;
  throw new TapeError(
    "invalid-argument",
    `Cannot order ${segments.length} segments: at most ${MAX_SEGMENTS}, each from a first to a last object`,
  );
}
