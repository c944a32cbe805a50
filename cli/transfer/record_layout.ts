import type { TapeDrive } from "../../mod.ts";
import { CommandFailure } from "../command_failure.ts";

/** How a file is cut. `blockBytes` is 0 in variable mode. */
export interface RecordLayout {
  readonly recordBytes: number;
  readonly blockBytes: number;
}

/** A file that is to be written. */
export interface Input {
  readonly name: string;
  /** Its size, where that is known beforehand. */
  readonly sizeBytes?: number;
}

/** What users of tape write over networks have settled on: a multiple of the usual burst length, and every drive takes it. */
const DEFAULT_RECORD_BYTES = 256 * 1024;
/** So many bytes of fixed blocks go out in one WRITE at most: more would only take memory, for the tape shows blocks alone. */
const MAX_PIECE_BYTES = 16 * 1024 * 1024;

/**
 * How the drive, as it is set, can take records of `wanted` bytes.
 *
 * @throws {CommandFailure} when its fixed blocks do not divide that, or it takes no records of that length.
 */
export async function recordLayout(
  drive: TapeDrive,
  wanted: number | undefined,
): Promise<RecordLayout> {
  const blockBytes = await drive.blockSize();
  const recordBytes = wanted ?? DEFAULT_RECORD_BYTES;
  if (blockBytes === 0) {
    refuseLength(drive, recordBytes);
    return { recordBytes, blockBytes };
  }
  if (wanted !== undefined && wanted % blockBytes !== 0) {
    throw new CommandFailure(
      `Writing in pieces of ${wanted} bytes: the drive is in fixed-block mode of ${blockBytes} bytes; ` +
        `give a multiple of that, or switch to variable mode with tape setblk 0`,
    );
  }
  const pieceBytes = Math.min(recordBytes, MAX_PIECE_BYTES);
  return { recordBytes: wholeBlocks(pieceBytes, blockBytes), blockBytes };
}

/**
 * The last record of a file is what is left of it.
 *
 * @throws {CommandFailure} when the drive takes none that short, where that is known before anything is written.
 */
export function refuseShortTails(
  { limits: { minBytes } }: TapeDrive,
  inputs: readonly Input[],
  { recordBytes, blockBytes }: RecordLayout,
): void {
  if (blockBytes !== 0) return;
  for (const { name, sizeBytes = 0 } of inputs) {
    const tailBytes = sizeBytes % recordBytes;
    if (tailBytes === 0 || tailBytes >= minBytes) continue;
    throw new CommandFailure(
      `Writing ${name}: its last record would have ${tailBytes} bytes, and the drive takes ${minBytes} ` +
        "at least; give another --block-size, or fixed blocks with tape setblk, which fills it up",
    );
  }
}

function refuseLength({ limits }: TapeDrive, recordBytes: number): void {
  const { minBytes, maxBytes } = limits;
  if (recordBytes >= minBytes && recordBytes <= maxBytes) return;
  throw new CommandFailure(
    `Writing records of ${recordBytes} bytes: the drive takes ${minBytes} to ${maxBytes}; ` +
      "give another --block-size",
  );
}

/** At most `bytes`, but at least one block. */
function wholeBlocks(bytes: number, blockBytes: number): number {
  return Math.max(1, Math.floor(bytes / blockBytes)) * blockBytes;
}
