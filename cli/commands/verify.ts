import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional, withDefault } from "@optique/core/modifiers";
import { flag, option } from "@optique/core/primitives";
import { filePath } from "../file_path.ts";
import { TapeError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../mod.ts";
import { formatCount } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { CommandFailure, InterruptedTransfer } from "../command_failure.ts";
import { readAheadOption } from "../device/read_ahead_option.ts";
import { withDrive } from "../device/with_drive.ts";
import { columns } from "../report/reporter.ts";
import type { FileFacts } from "../transfer/file_tally.ts";
import { difference, type ManifestFile, parseManifest } from "../transfer/manifest.ts";
import type { Progress } from "../transfer/progress.ts";
import { surveyShown } from "../transfer/shown_survey.ts";
import { transferReport, transferText } from "../transfer/transfer_report.ts";

/** `tape verify`. */
export const verifyCommand: Command = defineCommand({
  name: "verify",
  group: "Data",
  brief: "Read everything from here on, and compare it with a manifest if there is one.",
  details: "Prints the SHA-256 of each file; the exit status says whether everything could be " +
    "read. With --manifest, the files are looked for where tape write put them, or from here on " +
    "when the drive told no positions, and the exit status says whether they are all there, unchanged.",
  examples: ["tape rewind && tape verify", "tape verify --manifest tape7.json"],
  parser: object({
    manifest: optional(option("--manifest", filePath("FILE.json"), {
      description: message`What tape write --manifest has written down.`,
    })),
    readAhead: readAheadOption,
    progress: withDefault(
      flag("--progress", { description: message`Show progress off a terminal, too.` }),
      false,
    ),
  }),
  run: async ({ manifest, readAhead, progress }, context) => {
    const expected = manifest === undefined
      ? undefined
      : parseManifest(await context.host.readTextFile(manifest), manifest).files;
    await withDrive(
      context,
      (drive) =>
        expected === undefined
          ? verifyRest(drive, context, { showProgress: progress })
          : verifyManifest(drive, expected, context, { showProgress: progress }),
      { readAhead },
    );
  },
});

/** Options of the functions that read files back. */
export interface VerifyOptions {
  /** Shows progress off a terminal, too. */
  readonly showProgress: boolean;
  /** The tape stands behind the last of the files, so that spacing leads to the first, too. @default false */
  readonly standsBehind?: boolean;
}

/** @throws {CommandFailure} when some of the tape cannot be read. */
async function verifyRest(
  drive: TapeDrive,
  context: CommandContext,
  options: VerifyOptions,
): Promise<void> {
  const files: FileFacts[] = [];
  const progress = await readFiles(drive, context, options, (file) => {
    files.push(file);
    return true;
  });
  const report = transferReport(progress);
  const rows = files.map(({ file, position, records, bytes, sha256 = "", unreadable }) => [
    sha256,
    `file ${file}`,
    `block ${position ?? "?"}`,
    formatCount(records, "record"),
    formatCount(bytes, "byte"),
    unreadable.length > 0 ? `${unreadable.length} unreadable` : "",
  ]);
  await context.reporter.result({ read: report, files }, columns(rows));
  if (!context.reporter.json) context.reporter.note(`${transferText(report)} read`);
  const bad = files.reduce((sum, { unreadable }) => sum + unreadable.length, 0);
  if (bad > 0) {
    throw new CommandFailure(`Verifying the tape: ${formatCount(bad, "block")} could not be read`);
  }
}

async function verifyManifest(
  drive: TapeDrive,
  expected: readonly ManifestFile[],
  context: CommandContext,
  options: VerifyOptions,
): Promise<void> {
  const progress = await compareFiles(drive, expected, context, options);
  const report = transferReport(progress);
  const unchanged = expected.length === 1
    ? "the file is as it was written"
    : `all ${expected.length} files are as they were written`;
  await context.reporter.summary(
    { verified: true, read: report, files: expected },
    `${transferText(report)} read: ${unchanged}`,
  );
}

/**
 * Reads files back that lie one behind the other, and compares them. The tape then stands behind the last one.
 *
 * @throws {CommandFailure} that names what differs.
 */
export async function compareFiles(
  drive: TapeDrive,
  expected: readonly ManifestFile[],
  context: CommandContext,
  options: VerifyOptions,
): Promise<Progress> {
  await goToFirst(drive, expected, context, options);
  const read: FileFacts[] = [];
  const progress = await readFiles(drive, context, options, (file) => {
    read.push(file);
    return read.length < expected.length;
  });
  const wrong = expected.flatMap((file, index) => {
    const why = difference(file, read[index]);
    return why === undefined ? [] : [`${file.name}: ${why}`];
  });
  if (wrong.length === 0) return progress;
  progress.clear();
  throw new CommandFailure(
    `Comparing the tape with what was written: ${wrong.length} of ${expected.length} files differ\n` +
      wrong.join("\n"),
  );
}

/** Goes to where the first file begins, unless nobody has said where that is. Some drives take no LOCATE. */
async function goToFirst(
  drive: TapeDrive,
  expected: readonly ManifestFile[],
  { interruption: { signal } }: CommandContext,
  { standsBehind = false }: VerifyOptions,
): Promise<void> {
  const [first] = expected;
  if (first?.position !== undefined) {
    const { position: object, partition } = first;
    try {
      await drive.locate({ object, partition }, { signal });
      return;
    } catch (error) {
      if (!takesNoLocate(error) || (object > 0 && !standsBehind)) throw error;
    }
  }
  if (!standsBehind && first?.position === undefined) return;
  if (!standsBehind) return await drive.rewind({ signal });
  await drive.space("filemarks", -expected.length, { signal });
  if (first.records > 0) await drive.space("blocks", -first.records, { signal });
}

/** INVALID COMMAND OPERATION CODE (SPC-5 Annex F). */
function takesNoLocate(error: unknown): boolean {
  return error instanceof TapeError && error.asc === 0x20 && error.ascq === 0;
}

/** Reads file by file, until `take` says that it was the last one. @throws {CommandFailure} when interrupted. */
async function readFiles(
  drive: TapeDrive,
  context: CommandContext,
  { showProgress }: VerifyOptions,
  take: (file: FileFacts) => boolean,
): Promise<Progress> {
  const progress = await surveyShown(drive, context, { showProgress, hashed: true }, take);
  if (context.interruption.stopRequested) {
    throw new InterruptedTransfer(`Interrupted: ${transferText(transferReport(progress))} read`);
  }
  return progress;
}
