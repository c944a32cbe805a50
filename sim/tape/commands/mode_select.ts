/**
 * What MODE SELECT does with its parameter list (SPC-5 §6.13, §7.5; SSC-4 §8.3).
 *
 * @module
 */

import {
  type BlockDescriptor,
  decodeModeParameters,
  decodeTapeParameter,
  type ModeForm,
  type ModePage,
} from "../../../scsi/mode_parameters.ts";
import type { Task } from "../../device_server.ts";
import { allowsLength } from "../block_limits.ts";
import { Conditions, failed, GOOD, invalidParameter, type Outcome } from "../conditions.ts";
import { livePage } from "./live_mode_pages.ts";
import { planPartitions } from "./partition_page.ts";
import type { ModePageValues } from "../drive_modes.ts";
import type { DriveState } from "../drive_state.ts";

/** Header length, and where the descriptor length and the device-specific parameter are. */
const LAYOUTS = {
  6: { length: 4, dataLength: [0], deviceSpecific: 2, descriptorLength: [3] },
  10: { length: 8, dataLength: [0, 1], deviceSpecific: 3, descriptorLength: [6, 7] },
} as const;

const LONG_LBA_BYTE = 4;
const LONG_LBA = 0x01;
const DESCRIPTOR_LENGTH = 8;
const DENSITY_DEFAULT = 0x00;
const DENSITY_NO_CHANGE = 0x7f;
const PARTITION_PAGE = 0x11;
const DEVICE_CONFIGURATION = 0x10;
const UNBUFFERED = 0;
const BUFFERED = 1;

/** Writes mode parameters: all of them, or none when any is refused. Other nexuses get 2A/01 when any changed. */
export function modeSelect(
  drive: DriveState,
  { dataOut, nexus }: Task,
  listLength: number,
  form: ModeForm,
): Outcome {
  if (listLength === 0) return GOOD;
  const list = dataOut.subarray(0, listLength);
  const layout = LAYOUTS[form];
  if (list.length < Math.max(listLength, layout.length)) {
    return failed(Conditions.parameterListLength);
  }
  const headerRefused = checkHeader(list, form);
  if (headerRefused !== undefined) return headerRefused;
  const parameters = decodeModeParameters(list, form);
  if (parameters.truncated) return failed(Conditions.parameterListLength);
  const { blockDescriptor, deviceSpecific, pages } = parameters;
  const refused = (blockDescriptor && checkDescriptor(drive, blockDescriptor, layout.length)) ??
    checkPages(drive, pages, list);
  if (refused !== undefined) return refused;
  const { bufferedMode } = decodeTapeParameter(deviceSpecific);
  const changed = [
    apply(drive.modes, "bufferedMode", bufferedMode),
    blockDescriptor !== undefined && applyDescriptor(drive, blockDescriptor),
    applyPages(drive, pages),
  ];
  if (changed.includes(true)) drive.attentions.raise(Conditions.modeParametersChanged, nexus);
  return GOOD;
}

function checkHeader(list: Uint8Array, form: ModeForm): Outcome | undefined {
  const { dataLength, deviceSpecific, descriptorLength } = LAYOUTS[form];
  // Reserved in MODE SELECT: an initiator that sends back what it read has to clear it.
  if (dataLength.some((at) => list[at] !== 0)) return invalidParameter(0);
  const { bufferedMode } = decodeTapeParameter(list[deviceSpecific]);
  if (bufferedMode !== UNBUFFERED && bufferedMode !== BUFFERED) {
    return invalidParameter(deviceSpecific, 6);
  }
  if (form === 10 && (list[LONG_LBA_BYTE] & LONG_LBA) !== 0) {
    return invalidParameter(LONG_LBA_BYTE, 0);
  }
  const length = descriptorLength.reduce<number>((sum, at) => sum * 256 + list[at], 0);
  if (length !== 0 && length !== DESCRIPTOR_LENGTH) return invalidParameter(descriptorLength[0]);
  return undefined;
}

function checkDescriptor(
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

function checkPages(
  drive: DriveState,
  pages: readonly ModePage[],
  list: Uint8Array,
): Outcome | undefined {
  for (const page of pages) {
    const at = page.bytes.byteOffset - list.byteOffset;
    const known = drive.modes.find(page.page, page.subpage);
    const refused = known === undefined
      ? invalidParameter(at, 5)
      : checkPage(drive, known, page, at);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** PS must be 0, the length that of the page, and what cannot be changed as it is. */
function checkPage(
  drive: DriveState,
  known: ModePageValues,
  { bytes }: ModePage,
  at: number,
): Outcome | undefined {
  const current = livePage(drive, known);
  if (bytes[0] !== current[0]) return invalidParameter(at, 7);
  if (isPartitionPage(known)) {
    const planned = planPartitions(drive, bytes);
    return "wrong" in planned ? invalidParameter(at + planned.wrong) : undefined;
  }
  // Some initiators send a device configuration page that is longer than the one they read.
  const isLonger = known.page === DEVICE_CONFIGURATION && bytes.length > current.length;
  if (bytes.length !== current.length && !isLonger) return invalidParameter(at + 1);
  for (let byte = known.subpage === 0 ? 2 : 4; byte < current.length; byte++) {
    const wrong = (bytes[byte] ^ current[byte]) & ~known.changeable[byte];
    if (wrong !== 0) return invalidParameter(at + byte, 31 - Math.clz32(wrong));
  }
  return undefined;
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
    changed ||= after.length !== before.length || after.some((byte, at) => byte !== before[at]);
  }
  drive.modes.settleCompression(compressed);
  return changed;
}

/** What is sent back as it was read asks for nothing. */
function applyPartitions(drive: DriveState, bytes: Uint8Array, before: Uint8Array): void {
  if (bytes.length === before.length && bytes.every((byte, at) => byte === before[at])) return;
  const planned = planPartitions(drive, bytes);
  if ("plan" in planned) drive.partitionPlan = planned.plan;
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
