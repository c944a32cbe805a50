/**
 * READs that only want to pass one thing, or to know what it is.
 *
 * @module
 */

import type { ScsiCommand } from "../scsi/logical_unit.ts";
import { SenseKey } from "../scsi/sense_codes.ts";
import { readCdb } from "./commands.ts";
import { type Condition, isDone } from "./conditions.ts";
import type { Reply } from "./device.ts";
import type { TapeSession } from "./tape_session.ts";

/** A READ of one thing with the least room; what comes is not looked at. */
export function leastRead({ blockBytes, limits }: TapeSession, signal?: AbortSignal): ScsiCommand {
  const fixed = blockBytes > 0;
  const dataIn = new Uint8Array(blockBytes || limits.minBytes);
  const cdb = readCdb({ fixed, sili: false, length: fixed ? 1 : dataIn.length });
  return { cdb, dataIn, signal };
}

/** What a READ for one thing may meet on any drive. */
export const MET_BY_READ: readonly Condition[] = [
  "early-warning",
  "end-of-data",
  "filemark",
  "incorrect-length",
  "setmark",
  "volume-overflow",
];

const BESIDE_RECORD: ReadonlySet<Condition> = new Set<Condition>([
  "early-warning",
  "incorrect-length",
  "programmable-early-warning",
  "volume-overflow",
]);

/** Whether a READ, which was too short for it, perhaps, has passed a record. */
export function isRecord(condition: Condition): boolean {
  return isDone(condition) || BESIDE_RECORD.has(condition);
}

/** Whether it met a block that the drive has no key for. A changed key is told as a unit attention. */
export function isSealed({ condition, sense }: Reply): boolean {
  return condition === "encryption" && sense?.key === SenseKey.DataProtect;
}

/** Whether it has passed a record or a filemark. */
export function isObject(condition: Condition): boolean {
  return isRecord(condition) || condition === "filemark";
}
