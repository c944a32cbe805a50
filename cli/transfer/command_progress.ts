import type { CommandContext } from "../command.ts";
import { Progress } from "./progress.ts";

/** What a command that moves records shows of itself. */
export interface CommandProgressOptions {
  /** Shows it off a terminal, too. */
  readonly isWanted: boolean;
  /** Bytes that there will be in all, for the time left. @default unknown */
  readonly totalBytes?: number;
}

/** The progress of a command, which is always shown on a terminal. */
export function commandProgress(
  { host }: CommandContext,
  { isWanted, totalBytes }: CommandProgressOptions,
): Progress {
  const shown = isWanted || host.stderr.isTerminal;
  return new Progress(host.stderr, () => host.now(), { totalBytes, shown });
}

/** The first interruption lets the command end behind the record that is under way, and says so; `onStop` is called then. */
export function stopBehindRecord(
  { interruption, reporter }: CommandContext,
  progress: Progress,
  onStop: () => void = () => {},
): void {
  interruption.stopGently(() => {
    progress.clear();
    reporter.note("Stopping after this record; interrupt again to give up at once");
    onStop();
  });
}
