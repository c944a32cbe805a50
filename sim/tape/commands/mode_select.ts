/**
 * What MODE SELECT may change of a tape drive, and does (SSC-4 §8.3).
 *
 * @module
 */

import {
  type BlockDescriptor,
  decodeTapeParameter,
  type ModeForm,
  type ModePage,
  type ModeParameters,
} from "../../../scsi/mode_parameters.ts";
import { type ModePageValues, refuseChange } from "../../unit/mode_page_values.ts";
import { allowsLength } from "../block_limits.ts";
import { invalidParameter, type Outcome } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { livePage } from "./live_mode_pages.ts";
import { planPartitions } from "./partition_page.ts";

/** Where the header has the device-specific parameter, and where it ends. */
const LAYOUTS = { 6: { deviceSpecific: 2, length: 4 }, 10: { deviceSpecific: 3, length: 8 } };

const DENSITY_DEFAULT = 0x00;
const DENSITY_NO_CHANGE = 0x7f;
const PARTITION_PAGE = 0x11;
const DEVICE_CONFIGURATION = 0x10;
const UNBUFFERED = 0;
const BUFFERED = 1;

/** Why a header or a block descriptor is refused. */
export function refuseHeader(
  drive: DriveState,
  { blockDescriptor, deviceSpecific }: ModeParameters,
  form: ModeForm,
): Outcome | undefined {
  const layout = LAYOUTS[form];
  const { bufferedMode } = decodeTapeParameter(deviceSpecific);
  if (bufferedMode !== UNBUFFERED && bufferedMode !== BUFFERED) {
    return invalidParameter(layout.deviceSpecific, 6);
  }
  return blockDescriptor && refuseDescriptor(drive, blockDescriptor, layout.length);
}

function refuseDescriptor(
  drive: DriveState,
  { densityCode, blockCount, blockBytes }: BlockDescriptor,
  at: number,
): Outcome | undefined {
  if (!isDensityAllowed(drive, densityCode)) return invalidParameter(at);
  if (blockCount !== 0) return invalidParameter(at + 1);
  if (blockBytes !== 0 && !allowsLength(drive.blockLimits, blockBytes)) {
    return invalidParameter(at + 5);
  }
  return undefined;
}

/** Another density may be chosen at the beginning of the tape only. */
function isDensityAllowed(drive: DriveState, code: number): boolean {
  if (isPresentDensity(drive, code)) return true;
  if (!drive.loaded || drive.object !== 0) return false;
  return drive.personality.densities.some((known) => known.code === code && known.writable);
}

function isPresentDensity(drive: DriveState, code: number): boolean {
  return code === DENSITY_DEFAULT || code === DENSITY_NO_CHANGE || code === drive.densityCode;
}

/** Why a page is refused that begins at byte `at` of the list. */
export function refusePage(
  drive: DriveState,
  values: ModePageValues,
  { bytes }: ModePage,
  at: number,
): Outcome | undefined {
  const current = livePage(drive, values);
  if (isPartitionPage(values)) {
    if (isSame(bytes, current)) return undefined;
    if (bytes[0] !== current[0]) return invalidParameter(at, 7);
    const planned = planPartitions(drive, bytes);
    return "wrong" in planned ? invalidParameter(at + planned.wrong) : undefined;
  }
  // Some initiators send a device configuration page that is longer than the one they read.
  const isLonger = values.page === DEVICE_CONFIGURATION && bytes.length > current.length;
  const known = isLonger ? bytes.subarray(0, current.length) : bytes;
  return refuseChange(known, current, values, at);
}

/** Takes in what was not refused, and says whether it changed anything. */
export function applyModes(drive: DriveState, parameters: ModeParameters): boolean {
  const { blockDescriptor, deviceSpecific, pages } = parameters;
  const { bufferedMode } = decodeTapeParameter(deviceSpecific);
  const changed = [
    apply(drive.modes, "bufferedMode", bufferedMode),
    blockDescriptor !== undefined && applyDescriptor(drive, blockDescriptor),
    applyPages(drive, pages),
  ];
  return changed.includes(true);
}

function isPartitionPage({ page, subpage }: ModePageValues): boolean {
  return page === PARTITION_PAGE && subpage === 0;
}

function applyDescriptor(drive: DriveState, descriptor: BlockDescriptor): boolean {
  const { densityCode, blockBytes } = descriptor;
  const newDensity = !isPresentDensity(drive, densityCode);
  if (newDensity && drive.medium !== undefined) drive.medium.state.densityCode = densityCode;
  return apply(drive.modes, "blockBytes", blockBytes) || newDensity;
}

function applyPages(drive: DriveState, pages: readonly ModePage[]): boolean {
  const compressed = drive.modes.compression;
  let changed = false;
  for (const { page, subpage, bytes } of pages) {
    const known = drive.modes.find(page, subpage) as ModePageValues;
    const before = livePage(drive, known);
    if (isPartitionPage(known)) applyPartitions(drive, bytes, before);
    else known.current.set(bytes.subarray(0, known.current.length));
    const after = livePage(drive, known);
    changed ||= !isSame(before, after);
  }
  drive.modes.settleCompression(compressed);
  return changed;
}

/** What is sent back as it was read asks for nothing. */
function applyPartitions(drive: DriveState, bytes: Uint8Array, before: Uint8Array): void {
  if (isSame(bytes, before)) return;
  const planned = planPartitions(drive, bytes);
  if ("plan" in planned) drive.partitionPlan = planned.plan;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function apply<Key extends "blockBytes" | "bufferedMode">(
  modes: Record<Key, number>,
  key: Key,
  value: number,
): boolean {
  const changed = modes[key] !== value;
  modes[key] = value;
  return changed;
}
