/**
 * What a command must be like to be sent (RFC 7143 §11.3).
 *
 * @module
 */

import type { ScsiCommand } from "../../scsi/logical_unit.ts";
import { InvalidOptionError } from "../errors.ts";

const SHORTEST_CDB = 6;
/** The longest CDB of SAM-5. */
const LONGEST_CDB = 260;
const MAX_TRANSFER = 0xffffffff;

/**
 * Checks a command at the edge.
 *
 * @throws {InvalidOptionError} when it cannot be sent.
 */
export function checkCommand({ cdb, dataIn, dataOut, timeoutMs = 0 }: ScsiCommand): void {
  if (cdb.length < SHORTEST_CDB || cdb.length > LONGEST_CDB) {
    throw new InvalidOptionError(
      "cdb",
      `Execute a command: a CDB has ${SHORTEST_CDB} to ${LONGEST_CDB} bytes, not ${cdb.length}`,
    );
  }
  if (dataIn && dataOut && dataIn.length > 0 && dataOut.length > 0) {
    throw new InvalidOptionError(
      "dataIn",
      "Execute a command: it has data in both directions, which this initiator does not support",
    );
  }
  if (Math.max(dataIn?.length ?? 0, dataOut?.length ?? 0) > MAX_TRANSFER) {
    throw new InvalidOptionError("dataIn", "Execute a command: it has 4 GiB of data or more");
  }
  checkTimeout(timeoutMs);
}

/**
 * Checks a time limit.
 *
 * @throws {InvalidOptionError} when it is none.
 */
export function checkTimeout(timeoutMs: number): void {
  if (timeoutMs >= 0) return;
  throw new InvalidOptionError("timeoutMs", `Wait for an answer: ${timeoutMs} ms are no time`);
}
