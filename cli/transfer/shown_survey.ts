import type { TapeDrive } from "../../mod.ts";
import type { CommandContext } from "../command.ts";
import { commandProgress, stopBehindRecord } from "./command_progress.ts";
import type { FileFacts } from "./file_tally.ts";
import type { Progress } from "./progress.ts";
import { surveyTape } from "./tape_survey.ts";

/** Options of {@link surveyShown}. */
export interface ShownSurveyOptions {
  /** Shows progress off a terminal, too. */
  readonly showProgress: boolean;
  /** Whether to hash the files. */
  readonly hashed: boolean;
}

/**
 * Reads file by file, past what cannot be read, until `take` says that it was the last one. Where it is interrupted, `take` has had the files up to there.
 *
 * @returns what was read.
 */
export async function surveyShown(
  drive: TapeDrive,
  context: CommandContext,
  { showProgress, hashed }: ShownSurveyOptions,
  take: (file: FileFacts) => boolean,
): Promise<Progress> {
  const { interruption } = context;
  const progress = commandProgress(context, { isWanted: showProgress });
  stopBehindRecord(context, progress);
  const survey = surveyTape(drive, {
    interruption,
    skipErrors: true,
    hashed,
    onStep: (step) => {
      if (step.kind === "record") progress.add(step.data.length);
    },
  });
  for await (const file of survey) if (!take(file)) break;
  progress.clear();
  return progress;
}
