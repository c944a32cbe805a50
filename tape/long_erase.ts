/**
 * Erasing all that follows, which takes hours on a long tape (SSC-4, ERASE).
 *
 * @module
 */

import { longEraseCdb } from "./extended_commands.ts";
import { type LongOperationOptions, performLong } from "./long_operation.ts";
import type { TapeSession } from "./tape_session.ts";

/** Options of `erase()`. */
export interface EraseOptions extends LongOperationOptions {
  /** Overwrites all that follows, which takes hours on a long tape; else end of data is written where the tape stands. @default false */
  readonly long?: boolean;
}

/** Erases from where the tape stands to its end. */
export async function eraseLong(
  session: TapeSession,
  options: LongOperationOptions,
): Promise<void> {
  await session.timeouts.learn();
  await session.moving(() => performLong(session, longEraseCdb, options), options.signal);
  // Some drives come back to where they began, some rewind.
  session.count.forget();
  session.isDoubtful = true;
}
