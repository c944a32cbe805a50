/**
 * What a command must be like to be sent (RFC 7143 §11.3).
 *
 * @module
 */

import { isBytes, typeName } from "../../scsi/bytes.ts";
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
  checkCdb(cdb);
  if (dataIn !== undefined) checkBytes("dataIn", dataIn);
  if (dataOut !== undefined) checkBytes("dataOut", dataOut);
  checkTimeout(timeoutMs);
}

/** Of a text, or of numbers of 16 bits, other bytes would be sent than the caller means. */
function checkBytes(option: string, data: Uint8Array): void {
  if (!isBytes(data)) {
    const message = `Execute a command: ${option} is of type ${typeName(data)}, not a Uint8Array`;
    throw new InvalidOptionError(option, message);
  }
  checkLength(option, data.length);
}

/**
 * Checks a CDB.
 *
 * @throws {InvalidOptionError} when no CDB has its length, or it is no array of bytes.
 */
export function checkCdb(cdb: Uint8Array): void {
  checkBytes("cdb", cdb);
  if (cdb.length < SHORTEST_CDB || cdb.length > LONGEST_CDB) {
    throw new InvalidOptionError(
      "cdb",
      `Execute a command: a CDB has ${SHORTEST_CDB} to ${LONGEST_CDB} bytes, not ${cdb.length}`,
    );
  }
}

/**
 * Checks the bytes that a command moves in one direction (RFC 7143 §11.3.4: a field of 32 bits).
 *
 * @throws {InvalidOptionError} when they are more than a command can have, or no number of bytes.
 */
export function checkLength(option: string, length: number): void {
  if (Number.isInteger(length) && length >= 0 && length <= MAX_TRANSFER) return;
  throw new InvalidOptionError(
    option,
    `Execute a command: ${length} bytes of data, 0 to ${MAX_TRANSFER} are possible`,
  );
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
