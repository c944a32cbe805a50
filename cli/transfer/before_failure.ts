import type { TapeDrive } from "../../mod.ts";
import { TapeError } from "../../tape/errors.ts";
import type { WriteOutcome } from "../../tape/write_ledger.ts";
import type { Progress } from "./progress.ts";
import { transferReport, transferText } from "./transfer_report.ts";

/**
 * What to tell of a transfer to tape that `error` has ended. A drive calls good what it has but taken into its buffer, so
 * it is asked to write that out. `recordsIn` says how many records so many writes have brought.
 */
export async function beforeWriteFailure(
  drive: TapeDrive,
  progress: Progress,
  error: unknown,
  recordsIn: (writes: number) => number = (writes) => writes,
): Promise<string> {
  const text = transferText(transferReport(progress));
  const writes = error instanceof TapeError ? error.writes : undefined;
  if (writes === undefined) return `Before that: ${text}`;
  const certain = recordsIn(await writesOnTape(drive, writes));
  return `Before that: up to ${text}; ${howMany(certain, progress.records)} certainly on the tape`;
}

async function writesOnTape(drive: TapeDrive, writes: WriteOutcome): Promise<number> {
  if (!writes.isCertain) return writes.durable;
  try {
    await drive.flush();
    return writes.written;
  } catch {
    return writes.durable; // The failure before this one is reported.
  }
}

function howMany(certain: number, all: number): string {
  if (certain === 0) return "none of that is";
  return certain >= all ? "all of that is" : `${certain} of these records are`;
}
