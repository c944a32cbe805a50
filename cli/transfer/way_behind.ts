import type { TapeDrive } from "../../mod.ts";
import { PositionLostError, SpaceStoppedError, type TapeError } from "../../tape/errors.ts";
import { isMissing } from "../../tape/feature_support.ts";
import { CommandFailure } from "../command_failure.ts";

/**
 * Goes to the object behind one that cannot be read, and gives its number; some drives have passed it already.
 *
 * @param object Number of the one that cannot be read, when known.
 * @param error What reading it met.
 * @throws {CommandFailure} when the drive does not tell where it stands, so that nothing leads there for certain.
 */
export async function goBehind(
  drive: TapeDrive,
  object: number | undefined,
  error: TapeError,
  signal: AbortSignal,
): Promise<number> {
  if (object === undefined) throw noWay(error);
  const { known, object: reached = 0 } = await drive.position({ signal });
  if (known && reached > object) return reached;
  // Behind READs that were under way a drive's place may be uncertain; ours is not.
  if (await hasLocated(drive, object + 1, signal)) return object + 1;
  if (await hasSpaced(drive, object + 1, signal)) return object + 1;
  throw noWay(error);
}

function noWay(cause: TapeError): CommandFailure {
  return new CommandFailure(
    `${cause.message}; the drive does not tell where the tape stands, so go behind this place ` +
      "by hand: tape rewind, tape asf FILE, tape fsr RECORDS",
    { cause },
  );
}

async function hasLocated(drive: TapeDrive, object: number, signal: AbortSignal): Promise<boolean> {
  try {
    await drive.locate({ object }, { signal });
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** By SPACE over as many blocks as lie between, for drives without LOCATE that tell where they stand. Filemarks on the way stop it, each once. */
async function hasSpaced(drive: TapeDrive, object: number, signal: AbortSignal): Promise<boolean> {
  let before = await blocksBefore(drive, object, signal);
  if (before === undefined) {
    // Reading ahead has left the place open, which the next motion ends: from there on the drive is asked.
    await spaceBlocks(drive, 1, signal);
    before = await blocksBefore(drive, object, signal);
  }
  while (before !== undefined && before !== 0) {
    await spaceBlocks(drive, before, signal);
    const left = await blocksBefore(drive, object, signal);
    if (left !== undefined && Math.abs(left) >= Math.abs(before)) return false;
    before = left;
  }
  return before === 0;
}

/** How many objects lie before one, less than none where it was passed; `undefined` when the drive does not tell. */
async function blocksBefore(
  drive: TapeDrive,
  object: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { source, object: here } = await drive.position({ signal });
  return source === "device" && here !== undefined ? object - here : undefined;
}

async function spaceBlocks(drive: TapeDrive, count: number, signal: AbortSignal): Promise<void> {
  try {
    await drive.space("blocks", count, { signal });
  } catch (error) {
    if (!(error instanceof SpaceStoppedError || error instanceof PositionLostError)) throw error;
  }
}
