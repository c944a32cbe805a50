import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import { argument, flag } from "@optique/core/primitives";
import { integer } from "@optique/core/valueparser";
import type { TapeDrive } from "../../mod.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { CommandFailure } from "../command_failure.ts";
import { EARLY_WARNING } from "../report/early_warning.ts";
import { positionText } from "../report/position_text.ts";
import { UsageError } from "../usage_error.ts";
import { positionIfKnown, withDrive } from "../device/with_drive.ts";
import { copyCommand } from "./copy.ts";
import { mapCommand } from "./map.ts";
import { readCommand } from "./read.ts";
import { verifyCommand } from "./verify.ts";
import { writeCommand } from "./write.ts";

const weof = defineCommand({
  name: "weof",
  aliases: ["eof"],
  group: "Data",
  brief: "Write N filemarks, and everything buffered with them, to the tape.",
  examples: ["tape weof", "tape weof 2"],
  parser: object({
    count: withDefault(
      argument(integer({ min: 1, metavar: "N" }), { description: message`How many. Default: 1.` }),
      1,
    ),
  }),
  run: ({ count }, context) =>
    withDrive(context, async (drive) => {
      const { earlyWarning } = await drive.writeFilemarks(count, {
        signal: context.interruption.signal,
      });
      if (earlyWarning) context.reporter.warn(EARLY_WARNING);
      await context.reporter.result({ filemarks: count, earlyWarning }, "");
    }),
});

const erase = defineCommand({
  name: "erase",
  group: "Data",
  brief: "Erase from here to the end of the tape.",
  details:
    "Short by default: the data can no longer be reached. With --long the drive overwrites " +
    "it, which takes hours and cannot be stopped. Asks first on a terminal; needs --yes off one.",
  examples: ["tape rewind && tape erase", "tape erase --yes"],
  parser: object({
    long: withDefault(
      flag("--long", { description: message`Overwrite the tape: takes hours.` }),
      false,
    ),
    yes: withDefault(flag("--yes", { description: message`Do not ask.` }), false),
  }),
  run: async ({ long, yes }, context) => {
    if (!yes && !context.host.stdinIsTerminal) {
      throw new UsageError("Erasing needs --yes when there is no terminal to ask on");
    }
    await withDrive(context, async (drive) => {
      if (!yes) await confirmErase(drive, context);
      await drive.erase({ long, signal: context.interruption.signal });
      await context.reporter.result({ erased: true, long }, "");
    });
  },
});

/** @throws {CommandFailure} unless the answer is "yes". */
async function confirmErase(drive: TapeDrive, context: CommandContext): Promise<void> {
  const { vendor, product, serialNumber } = drive.info;
  const position = await positionIfKnown(drive);
  const where = position === undefined ? "position unknown" : positionText(position);
  const name = [vendor, product, serialNumber].filter(Boolean).join(" ");
  context.host.stderr.write(`${where} on ${name}.\n`);
  context.host.stderr.write("Erase everything from here to the end of the tape? Type yes: ");
  const answer = await context.host.readLine();
  if (answer.trim().toLowerCase() !== "yes") {
    throw new CommandFailure("Erasing the tape: not confirmed, nothing was erased");
  }
}

/** Commands that read, write and destroy data. */
export const dataCommands: readonly Command[] = [
  writeCommand,
  readCommand,
  weof,
  verifyCommand,
  mapCommand,
  copyCommand,
  erase,
];
