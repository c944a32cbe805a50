/**
 * Bytes that a caller hands over.
 *
 * @module
 */

import { isBytes, typeName } from "../scsi/bytes.ts";
import { TapeError } from "./errors.ts";

/**
 * Checks at run time that it is bytes: of anything else, a text say, other bytes would get to the tape than the caller means.
 *
 * @throws {TapeError} of kind `invalid-argument`.
 */
export function checkBytes(data: unknown, doing: string): void {
  if (isBytes(data)) return;
  throw new TapeError(
    "invalid-argument",
    `Cannot ${doing} a value of type ${typeName(data)}: it has to be a Uint8Array`,
  );
}
