/**
 * START STOP UNIT: the power condition of a disk, and its medium in or out (SBC-4 §5). Its operation code, 1Bh, is
 * LOAD UNLOAD on a tape and moves the door of a media changer: it is for disks only.
 *
 * @module
 */

import { cdbOf, checkedField } from "../cdb_field.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { executeOnDisk } from "./disk_command.ts";

/** Power conditions that a disk can be sent to (SBC-4 §5, POWER CONDITION field). */
export const PowerCondition = {
  Active: 0x1,
  Idle: 0x2,
  Standby: 0x3,
  /** Back to the disk's own timers. */
  LogicalUnitControl: 0x7,
  /** As if the idle timer had run out. */
  ForceIdle: 0xa,
  /** As if the standby timer had run out. */
  ForceStandby: 0xb,
} as const;

/** One of the power conditions of {@link PowerCondition}. */
export type PowerCondition = (typeof PowerCondition)[keyof typeof PowerCondition];

/** Starts or stops the medium (POWER CONDITION 0). */
export interface StartOrStop {
  /** Whether it is to turn and be ready; false stops it. */
  readonly start: boolean;
  /** With `start` loads the medium, without ejects it (LOEJ). @default false */
  readonly loadEject?: boolean;
}

/** Sends the device to a power condition. */
export interface PowerChange {
  /** Which one. */
  readonly powerCondition: PowerCondition;
  /** Which degree of it, 0 to 15: idle_a, idle_b, idle_c and standby_z, standby_y count from 0. @default 0 */
  readonly modifier?: number;
}

/** What START STOP UNIT is to do: one or the other. */
export type StartStopRequest = StartOrStop | PowerChange;

/** Options of {@link startStopUnitCdb}. */
export interface StartStopUnitCdbOptions {
  /** GOOD comes once the CDB has been checked, not when the change is done (IMMED). @default false */
  immediate?: boolean;
  /** Leaves what the volatile cache holds unwritten, to be lost when power goes (NO_FLUSH). @default false */
  noFlush?: boolean;
}

const IMMED = 0x01;
const NO_FLUSH = 0x04;
const LOEJ = 0x02;
const START = 0x01;

const MODIFIER = 3;
const FLAGS = 4;

/**
 * START STOP UNIT (SBC-4 §5).
 *
 * @throws {RangeError} when a value does not fit.
 */
export function startStopUnitCdb(
  request: StartStopRequest,
  options: StartStopUnitCdbOptions = {},
): Uint8Array {
  const { immediate = false, noFlush = false } = options;
  const cdb = cdbOf(0x1b);
  cdb[1] = immediate ? IMMED : 0;
  cdb[FLAGS] = noFlush ? NO_FLUSH : 0;
  if ("start" in request) {
    cdb[FLAGS] |= (request.start ? START : 0) | (request.loadEject ? LOEJ : 0);
  } else {
    cdb[MODIFIER] = checkedField("a power condition modifier", request.modifier ?? 0, 0xf);
    cdb[FLAGS] |= checkedField("a power condition", request.powerCondition, 0xf, 1) << 4;
  }
  return cdb;
}

/** Options of {@link startStopUnit}. */
export interface StartStopUnitOptions extends StartStopUnitCdbOptions, CommandOptions {}

/**
 * Starts or stops a disk, loads or ejects its medium, or changes its power condition. Only for disks: a tape drive
 * takes the same command for LOAD UNLOAD.
 *
 * @throws {RangeError} when a value does not fit.
 * @throws {CheckConditionError} when the device answered CHECK CONDITION.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function startStopUnit(
  unit: LogicalUnit,
  request: StartStopRequest,
  options: StartStopUnitOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  await executeOnDisk(unit, { cdb: startStopUnitCdb(request, options), signal, timeoutMs });
}
