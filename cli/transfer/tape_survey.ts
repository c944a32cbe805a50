import type { TapeDrive } from "../../mod.ts";
import type { Interruption } from "../host/interruption.ts";
import { type FileFacts, FileTally, unreadableAt } from "./file_tally.ts";
import { type TapeStep, walkTape } from "./tape_walk.ts";

/** Options of {@link surveyTape}. */
export interface SurveyOptions {
  /** Ends the survey between two steps when it asks for that, and at once with its signal. */
  readonly interruption: Interruption;
  /** Goes on behind what cannot be read. */
  readonly skipErrors: boolean;
  /** Whether to hash the files. */
  readonly hashed: boolean;
  /** Sees every step, once it has been counted. @default nobody */
  readonly onStep?: (step: TapeStep) => void;
}

/**
 * Reads from here to the end of data and gives each file's facts when it ends. A filemark right before the end of data
 * makes no further file; two filemarks in a row make an empty one.
 *
 * @throws {TapeError} what cannot be read, unless that is to be skipped.
 */
export async function* surveyTape(
  drive: TapeDrive,
  options: SurveyOptions,
): AsyncGenerator<FileFacts, void, undefined> {
  const { interruption, skipErrors, hashed, onStep } = options;
  let file = 0;
  let tally: FileTally | undefined;
  for await (const { object, step } of walkTape(drive, { interruption, skipErrors })) {
    if (step.kind !== "end-of-data") tally ??= new FileTally(file, object, { hashed });
    if (step.kind === "record") tally!.add(step.data);
    else if (step.kind === "unreadable") {
      tally!.addUnreadable(unreadableAt(object, step.error));
    }
    onStep?.(step);
    if (step.kind === "filemark" || step.kind === "end-of-data") {
      if (tally !== undefined) yield tally.finish(step.kind);
      tally = undefined;
      file++;
    }
    if (interruption.stopRequested) break;
  }
  if (tally !== undefined) yield tally.finish("interrupted");
}
