/**
 * What the answer to a write says about the tape.
 *
 * @module
 */

import { breaksPosition, type Condition, errorFor, leavesTapeUnmoved } from "./conditions.ts";
import type { Reply } from "./device.ts";
import { PositionLostError, TapeError, type TapeErrorFacts } from "./errors.ts";
import type { WriteOutcome } from "./write_ledger.ts";
import type { PendingWrite } from "./write_window.ts";

/** After these the record is on tape. */
export const WRITTEN: ReadonlySet<Condition> = new Set<Condition>([
  "early-warning",
  "good",
  "informational",
  "programmable-early-warning",
]);

/** Not executed, for a reason that has nothing to do with the write. */
export const REPEATABLE: ReadonlySet<Condition> = new Set<Condition>(["attention", "busy"]);

/** A drive that was reset stands elsewhere, and may have written there what followed the write that it told so, whether that answer came or not. */
export function isElsewhere(error: unknown): boolean {
  return error instanceof TapeError &&
    (breaksPosition(error.kind) || error instanceof PositionLostError);
}

/** Whether the write that was answered so is on tape. */
export function isWritten(reply: Reply | undefined): boolean {
  return reply !== undefined && WRITTEN.has(reply.condition);
}

/** How many of a write's objects were not written. Near the end of the tape some drives take a few blocks of a WRITE and leave the rest. */
export function objectsLeft(
  { condition, sense, residual }: Reply,
  { objects, data }: Pick<PendingWrite, "objects" | "data">,
  blockBytes: number,
): number {
  if (condition === "good") return residual > 0 ? objects : 0;
  if (condition === "informational") return 0;
  if (!WRITTEN.has(condition)) return objects;
  // INFORMATION is what was not written (SSC-4, WRITE(6)): of a record nothing, or all of it.
  if (blockBytes === 0) return sense?.information === data.length ? objects : 0;
  if (sense?.information !== undefined) return Math.abs(sense.information);
  if (residual > 0) return Math.ceil(residual / blockBytes);
  // Nobody says how many of them there is room for.
  return objects > 1 ? objects : 0;
}

/** What is said of a write that leaves it open, where nothing else tells. */
export const UNTOLD_BLOCKS =
  "near the end of the tape the drive does not say how many of its blocks it has written";

/** Whether the drive leaves open how much of the write it has written. */
export function isUntold({ condition, sense, residual }: Reply): boolean {
  return condition !== "good" && WRITTEN.has(condition) && sense?.information === undefined &&
    residual <= 0;
}

/** Most objects that a write can have brought to tape, by what is known of it. */
export function movedBy({ isSent, reply, objects }: PendingWrite): number {
  if (!isSent) return 0;
  if (reply === undefined) return objects;
  const isUnmoved = leavesTapeUnmoved(reply.condition) || REPEATABLE.has(reply.condition);
  return isUnmoved ? 0 : objects;
}

/** The error of a drive that takes no more, and does not call that an overflow. */
export function noRoom(name: string, facts: TapeErrorFacts): TapeError {
  const message = `Cannot write on ${name}: the drive takes no more at the end of the tape`;
  return errorFor("volume-overflow", message, facts);
}

/** Errors are made where the drive answers, before it is known what becomes of the writes around. */
export function withWrites(error: unknown, writes: WriteOutcome): unknown {
  if (error instanceof TapeError) (error as { writes?: WriteOutcome }).writes = writes;
  return error;
}
