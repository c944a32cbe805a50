/**
 * Which values the options of a tape drive may have.
 *
 * @module
 */

import { TapeError } from "./errors.ts";
import type { TapeDriveOptions } from "./options.ts";

/** Far beyond what hides any round trip; more would only hold memory. */
const MAX_READ_AHEAD = 256;
const MAX_WRITE_BEHIND = 256;

/**
 * Checks options before anything is sent.
 *
 * @throws {TapeError} of kind `invalid-argument`.
 */
export function checkOptions(options: TapeDriveOptions): void {
  const { readAhead = 0, writeBehind = 0, recordBytesHint = 1 } = options;
  if (!Number.isInteger(readAhead) || readAhead < 0 || readAhead > MAX_READ_AHEAD) {
    throw new TapeError(
      "invalid-argument",
      `Cannot read ahead ${readAhead} commands: 0 to ${MAX_READ_AHEAD}`,
    );
  }
  if (!Number.isInteger(writeBehind) || writeBehind < 0 || writeBehind > MAX_WRITE_BEHIND) {
    throw new TapeError(
      "invalid-argument",
      `Cannot write behind by ${writeBehind} commands: 0 to ${MAX_WRITE_BEHIND}`,
    );
  }
  if (!Number.isInteger(recordBytesHint) || recordBytesHint < 1) {
    throw new TapeError(
      "invalid-argument",
      `Cannot use a record hint of ${recordBytesHint}: it is not a number of bytes`,
    );
  }
}
