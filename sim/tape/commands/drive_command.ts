/**
 * What a command of the simulated drive is: one row of its command table.
 *
 * @module
 */

import type { Task } from "../../device_server.ts";
import type { DriveFeatures } from "../../personality.ts";
import type { Outcome } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import type { ReservationAccess } from "../../reservations/reservations.ts";

/** CONTROL byte: only the vendor's bits may be set; NACA is refused (SAM-5 §5.2). */
export const CONTROL = 0xc0;

/** Features that a drive has or has not. */
export type FeatureName = {
  [Name in keyof DriveFeatures]: DriveFeatures[Name] extends boolean ? Name : never;
}[keyof DriveFeatures];

/** One command. */
export interface DriveCommand {
  readonly opcode: number;
  /** Service action in byte 1, for operation codes that have them. */
  readonly serviceAction?: number;
  /**
   * CDB usage data (SPC-5 §6.35.3) after the operation code: a bit that is 0 here must be 0 in the CDB. Its length is
   * that of the CDB less one.
   */
  readonly usage: readonly number[];
  /** Whether it needs a loaded medium that is ready. @default false */
  readonly needsMedium?: boolean;
  /** Refused when the tape is in a format that the drive does not know. @default false */
  readonly readsTape?: boolean;
  /** Executed in spite of a pending unit attention, which stays pending (SAM-5 §5.14.2). @default false */
  readonly ignoresUnitAttention?: boolean;
  /** Executed in spite of another nexus's reservation. @default false */
  readonly allowedWhenReserved?: boolean;
  /** Which persistent reservations of others it may meet. @default "allowed" with `allowedWhenReserved`, else "write" */
  readonly access?: ReservationAccess;
  /** Only drives that have this feature have it. @default all drives */
  readonly feature?: FeatureName;
  /** Bytes of Data-Out that the CDB asks for. @default 0 */
  readonly dataOutLength?: (cdb: Uint8Array, drive: DriveState) => number;
  /** Executes it. The fields of the CDB outside `usage` are 0, and the medium is ready if it needs one. */
  readonly execute: (drive: DriveState, task: Task) => Outcome;
}

/** Number of bytes of the command's CDB. */
export function cdbLength({ usage }: DriveCommand): number {
  return usage.length + 1;
}
