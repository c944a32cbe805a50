/**
 * What follows from the tape standing elsewhere after a command than before.
 *
 * @module
 */

import type { DriveState } from "./drive_state.ts";

/** Where the tape stood. */
export interface Place {
  readonly partition: number;
  readonly object: number;
  /** As a share of the capacity; 0 unless it was asked for. */
  readonly share: number;
  readonly isLoaded: boolean;
}

const REWIND = 0x01;
/** REWIND, SPACE and LOCATE in both lengths. */
const MOTIONS: readonly number[] = [REWIND, 0x11, 0x91, 0x2b, 0x92];
const LOAD_UNLOAD = 0x1b;

/** Where the tape stands; its share of the capacity, which takes longer to find, only `withShare`. */
export function placeNow(drive: DriveState, withShare: boolean): Place {
  const { partitionNumber: partition, object, loaded: isLoaded } = drive;
  return { partition, object, share: withShare ? drive.place : 0, isLoaded };
}

/** Before a command is executed: whether it will wind the tape. */
export function announceMotion(drive: DriveState, opcode: number): void {
  if (MOTIONS.includes(opcode) || opcode === LOAD_UNLOAD) drive.path.wind();
}

/** Puts down that the tape has moved, if it has: counts, and what quirks make depend on it. */
export function followMotion(drive: DriveState, opcode: number, before: Place): void {
  drive.path.wound();
  if (drive.object === before.object && drive.partitionNumber === before.partition) return;
  if (MOTIONS.includes(opcode)) drive.counts.motions++;
  drive.refusesReads = false;
  if (drive.loaded && !drive.inProgrammableEarlyWarning) drive.programmableWarningTold = false;
  if (opcode !== REWIND) drive.isRewound = false;
  if (!MOTIONS.includes(opcode)) drive.isSpacedTo = false;
}
