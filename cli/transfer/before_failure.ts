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
  const failed = writesIn(error);
  const durable = failed?.isCertain === false ? failed.durable : await durableWrites(drive, failed);
  if (failed === undefined && durable === undefined) return `Before that: ${text}`;
  const certain = recordsIn(durable ?? failed!.written);
  return `Before that: up to ${text}; ${howMany(certain, progress.records)} certainly on the tape`;
}

function writesIn(error: unknown): WriteOutcome | undefined {
  return error instanceof TapeError ? error.writes : undefined;
}

/** How many writes are on the tape when the drive cannot write out its buffer; `undefined` when it can, and they all are. */
async function durableWrites(
  drive: TapeDrive,
  failed: WriteOutcome | undefined,
): Promise<number | undefined> {
  try {
    await drive.flush();
    return undefined;
  } catch (error) {
    // The failure before this one is reported.
    return (writesIn(error) ?? failed)?.durable ?? 0;
  }
}

function howMany(certain: number, all: number): string {
  if (certain === 0) return "none of that is";
  return certain >= all ? "all of that is" : `${certain} of these records are`;
}
