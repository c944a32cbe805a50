import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional, withDefault } from "@optique/core/modifiers";
import { argument, flag, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { formatCount } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { InterruptedTransfer } from "../command_failure.ts";
import { encryptedOption } from "../device/encrypted_option.ts";
import { exclusiveOption } from "../device/exclusive_option.ts";
import { readAheadOption } from "../device/read_ahead_option.ts";
import { isSameDevice } from "../device/same_device.ts";
import { deviceAddress, withDrive } from "../device/with_drive.ts";
import { commandProgress, stopBehindRecord } from "../transfer/command_progress.ts";
import type { Progress } from "../transfer/progress.ts";
import { type CopyReport, copyTape } from "../transfer/tape_copy.ts";
import { filemarksText, transferReport, transferText } from "../transfer/transfer_report.ts";
import { UsageError } from "../usage_error.ts";
import { wholeNumber } from "../whole_number.ts";

/** `tape copy`. */
export const copyCommand: Command = defineCommand({
  name: "copy",
  group: "Data",
  brief: "Copy records and filemarks to another tape, from where both stand.",
  details: "Every record keeps its length. Copies up to the end of the data; rewind both tapes " +
    "first for a whole copy. The other device is reached with the same CHAP names and secrets " +
    "unless its address has its own.",
  examples: [
    "tape rewind && tape -f sim:copy.tap rewind && tape copy sim:copy.tap",
    "tape copy iscsi://10.0.0.6/iqn.2026-03.com.example:tape/0 --files 1",
  ],
  parser: object({
    destination: argument(string({ metavar: "DEVICE" }), {
      description: message`The device to write to.`,
    }),
    files: optional(option("--files", wholeNumber({ min: 1, metavar: "N" }), {
      description: message`Copy so many files, each with its filemark. Default: all.`,
    })),
    skipErrors: withDefault(
      flag("--skip-errors", {
        description: message`Leave out what cannot be read, say so, and go on.`,
      }),
      false,
    ),
    readAhead: readAheadOption,
    encrypted: encryptedOption,
    exclusive: exclusiveOption,
    progress: withDefault(
      flag("--progress", { description: message`Show progress off a terminal, too.` }),
      false,
    ),
  }),
  run: async (values, context) => {
    const { destination, files, skipErrors, readAhead, encrypted, exclusive, progress: shown } =
      values;
    if (await isSameDevice(deviceAddress(context), destination, context.host)) {
      throw new UsageError("A tape cannot be copied to itself: name another device");
    }
    await withDrive(context, async (source) => {
      const toOther = { ...context, options: { ...context.options, device: destination } };
      await withDrive(toOther, async (target) => {
        const progress = commandProgress(context, { isWanted: shown });
        stopBehindRecord(context, progress);
        const report = await copyTape(source, target, { context, progress, files, skipErrors });
        progress.clear();
        await tell(report, progress, context);
      }, { encrypted, exclusive, tapeName: "The tape that is written" });
    }, { readAhead, exclusive, tapeName: "The tape that is read" });
  },
});

async function tell(
  { filemarks, unreadable, endedBy }: CopyReport,
  progress: Progress,
  { reporter }: CommandContext,
): Promise<void> {
  const report = transferReport(progress);
  const marks = filemarksText(filemarks);
  if (endedBy === "interrupted") {
    throw new InterruptedTransfer(`Interrupted: ${transferText(report)} and ${marks} copied`);
  }
  if (unreadable.length > 0) {
    reporter.warn(`${formatCount(unreadable.length, "block")} could not be read: left out`);
  }
  await reporter.summary(
    { copied: report, filemarks, unreadable, endedBy },
    `${transferText(report)} copied, and ${marks}`,
  );
}
