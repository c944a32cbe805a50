/**
 * The quirk `refusesRoomBeyondEnd`: READ on a tape in a file that grows in steps, as istgt keeps it.
 *
 * @module
 */

import { Conditions, failed, type Outcome } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";

/** How the file behind the tape grows. */
const FILE_STEP = 4096;

/** 3/0002: the codes of volume overflow under MEDIUM ERROR. */
const REFUSAL = { ...Conditions.volumeOverflow, key: Conditions.unrecoveredRead.key };

/** The refusal of a READ with so much room; `undefined` when it is executed. */
export function roomBeyondEnd(drive: DriveState, length: number): Outcome | undefined {
  if (!drive.quirks.refusesRoomBeyondEnd) return undefined;
  const { partition, object } = drive;
  const written = partition.bytesBefore(partition.objectCount);
  const fileBytes = Math.ceil((written + 1) / FILE_STEP) * FILE_STEP;
  const isWithin = object < partition.objectCount;
  drive.refusesReads ||= isWithin && length > fileBytes - partition.bytesBefore(object);
  return drive.refusesReads ? failed(REFUSAL, { information: length }) : undefined;
}
