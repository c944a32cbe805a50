/**
 * A drive that may have lost what it had buffered, and who is told so.
 *
 * @module
 */

import { isNews, mayBePassedOver } from "./conditions.ts";
import { PositionLostError, TapeError } from "./errors.ts";
import type { TapeSession } from "./tape_session.ts";

/**
 * After an answer that nobody heard: only where the drive still stands behind everything written it has lost nothing.
 *
 * @throws {PositionLostError} when that is not certain.
 */
export async function confirmBuffer(session: TapeSession): Promise<void> {
  if (session.buffer.settle(await numberOrNone(session))) return;
  const error = bufferLost(session);
  session.lose(error);
  throw error;
}

/** What the drive calls the place where it stands. One without a tape, say, has no number to tell. */
export async function numberOrNone(session: TapeSession): Promise<number | undefined> {
  try {
    return (await session.drivePosition.ask())?.object;
  } catch (error) {
    if (mayBePassedOver(error)) return undefined;
    if (error instanceof TapeError && isNews(error.kind)) session.buffer.settle(undefined);
    throw error;
  }
}

/** The error of a drive that does not stand behind everything that it has called written. */
export function bufferLost(session: TapeSession): PositionLostError {
  const { buffer, device, ledger } = session;
  buffer.empty();
  return new PositionLostError(
    `Cannot be sure of what was written to ${device.name}: the drive may have lost what it had buffered`,
    { position: session.countedPosition(), writes: ledger.giveUpBuffer() },
  );
}
