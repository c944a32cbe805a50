/**
 * What a command of a simulated unit is: one row of its command table.
 *
 * @module
 */

import type { Task } from "../device_server.ts";
import { Conditions, failed, invalidField, type Outcome } from "../tape/conditions.ts";
import type { ReservationAccess } from "../reservations/reservations.ts";

/** CONTROL byte: only the vendor's bits may be set; NACA is refused (SAM-5 §5.2). */
export const CONTROL = 0xc0;

/** One command of units whose state is a `State`. */
export interface UnitCommand<State> {
  readonly opcode: number;
  /** Service action in byte 1, for operation codes that have them. */
  readonly serviceAction?: number;
  /**
   * CDB usage data (SPC-5 §6.35.3) after the operation code: a bit that is 0 here must be 0 in the CDB. Its length is
   * that of the CDB less one.
   */
  readonly usage: readonly number[];
  /** Whether it needs the unit to be ready. @default false */
  readonly needsReady?: boolean;
  /** Executed in spite of a pending unit attention, which stays pending (SAM-5 §5.14.2). @default false */
  readonly ignoresUnitAttention?: boolean;
  /** Which persistent reservations of another nexus let it through. @default "write" */
  readonly access?: ReservationAccess;
  /** Executed in spite of another nexus's RESERVE (6) or (10). @default false */
  readonly allowedWhenReserved?: boolean;
  /** Bytes of Data-Out that the CDB asks for. @default 0 */
  readonly dataOutLength?: (cdb: Uint8Array, state: State) => number;
  /** Executes it. The fields of the CDB outside `usage` are 0, and the unit is ready if it has to be. */
  readonly execute: (state: State, task: Task) => Outcome;
}

/** A row that tables of units and of the drive share. */
export type SharedCommand<State> = Omit<UnitCommand<State>, "needsReady">;

/** Number of bytes of the command's CDB. */
export function cdbLength({ usage }: Pick<UnitCommand<unknown>, "usage">): number {
  return usage.length + 1;
}

/** Why a CDB is refused that is too short, or has bits that the command does not use. */
export function reservedBits(
  row: Pick<UnitCommand<unknown>, "usage" | "serviceAction">,
  cdb: Uint8Array,
): Outcome | undefined {
  if (cdb.length < cdbLength(row)) return failed(Conditions.invalidFieldInCdb);
  for (let at = 0; at < row.usage.length; at++) {
    const allowed = row.usage[at] | (at === 0 && row.serviceAction !== undefined ? 0x1f : 0);
    const wrong = cdb[at + 1] & ~allowed;
    if (wrong !== 0) return invalidField(at + 1, 31 - Math.clz32(wrong));
  }
  return undefined;
}

/** The usage of a CDB with nothing but its operation code and CONTROL. */
export function plainUsage(length: 6 | 10 | 12 | 16): number[] {
  return [...new Array<number>(length - 2).fill(0), CONTROL];
}
