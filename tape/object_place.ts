/**
 * The place of an object that a command is to go to by itself.
 *
 * @module
 */

import type { ObjectPlace } from "./extended_commands.ts";
import { checkPlace } from "./locate_target.ts";
import type { OperationOptions } from "./options.ts";
import type { TapeSession } from "./tape_session.ts";

/** An object, and its partition where the caller names that. */
interface NamedPlace extends OperationOptions {
  readonly object: number;
  readonly partition?: number;
}

/**
 * The place that the caller means. A drive that was reset stands in the first partition, and nobody is to write there who was in another.
 *
 * @throws {TapeError} of kind `invalid-argument` when there can be no such place.
 * @throws {PositionLostError} when no partition is named, and it is not certain in which one the caller is.
 */
export async function placeOf(
  session: TapeSession,
  { object, partition: named, signal }: NamedPlace,
  doing: string,
): Promise<ObjectPlace> {
  checkPlace(object, named);
  if (named === undefined) await session.partition.learn(signal);
  const partition = named ?? session.callerPartition;
  if (partition !== undefined) return { object, partition };
  const message =
    `Cannot ${doing} at an object of no named partition: the tape may stand in another than before`;
  throw session.device.problem("position-lost", message);
}
