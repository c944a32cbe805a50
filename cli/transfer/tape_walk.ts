import type { TapeDrive } from "../../mod.ts";
import type { Interruption } from "../host/interruption.ts";
import { TapeError, type TapeErrorKind } from "../../tape/errors.ts";
import { goBehind } from "./way_behind.ts";

/** One step over the tape. */
export type TapeStep =
  | { readonly kind: "record"; readonly data: Uint8Array }
  | { readonly kind: "filemark" }
  | { readonly kind: "end-of-data" }
  /** An object that cannot be read was passed. */
  | { readonly kind: "unreadable"; readonly error: TapeError };

/** Options of {@link walkTape}. */
export interface TapeWalkOptions {
  /** Its signal ends the walk with its reason. */
  readonly interruption: Interruption;
  /** Goes on behind what cannot be read, where the drive tells positions. @default false */
  readonly skipErrors?: boolean;
}

/** A step, and where it began. */
export interface PlacedStep {
  /** Number of the object in its partition, when known. */
  readonly object: number | undefined;
  readonly step: TapeStep;
}

/** Errors that one place on the tape causes, so that another may do better. */
const LOCAL_ERRORS: ReadonlySet<TapeErrorKind> = new Set<TapeErrorKind>([
  "encryption",
  "incorrect-length",
  "length-disagreement",
  "medium-error",
  "record-too-large",
]);

/** So many bad places in a row are no places any more: the tape, or the drive, is bad. */
const MAX_BAD_IN_A_ROW = 100;

/**
 * Reads on from here to the end of data, which is the last step.
 *
 * @throws {TapeError} what cannot be read, unless that is to be skipped.
 * @throws {CommandFailure} when it is to be skipped and the drive does not tell where it stands.
 */
export async function* walkTape(
  drive: TapeDrive,
  options: TapeWalkOptions,
): AsyncGenerator<PlacedStep, void, undefined> {
  const { interruption, skipErrors = false } = options;
  const { signal } = interruption;
  const { known, object: start } = await drive.position({ signal });
  let object = known ? start : undefined;
  let badInARow = 0;
  for (;;) {
    const step = await takeStep(drive, signal);
    const isBad = step.kind === "unreadable";
    badInARow = isBad ? badInARow + 1 : 0;
    if (isBad && (!skipErrors || badInARow > MAX_BAD_IN_A_ROW)) throw step.error;
    const next = isBad ? await goBehind(drive, object, step.error, signal) : following(object);
    yield { object, step };
    if (step.kind === "end-of-data") return;
    object = next;
    await interruption.breathe();
  }
}

function following(object: number | undefined): number | undefined {
  return object === undefined ? undefined : object + 1;
}

async function takeStep(drive: TapeDrive, signal: AbortSignal | undefined): Promise<TapeStep> {
  try {
    return await drive.read({ signal });
  } catch (error) {
    if (error instanceof TapeError && LOCAL_ERRORS.has(error.kind)) {
      return { kind: "unreadable", error };
    }
    throw error;
  }
}
