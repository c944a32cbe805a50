import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import { argument, flag } from "@optique/core/primitives";
import { type Command, defineCommand } from "../command.ts";
import { Confirmation } from "../confirmation.ts";
import { EARLY_WARNING } from "../report/early_warning.ts";
import { withDrive } from "../device/with_drive.ts";
import { copyCommand } from "./copy.ts";
import { mapCommand } from "./map.ts";
import { readCommand } from "./read.ts";
import { verifyCommand } from "./verify.ts";
import { writeCommand } from "./write.ts";
import { wholeNumber } from "../whole_number.ts";

const weof = defineCommand({
  name: "weof",
  aliases: ["eof"],
  group: "Data",
  brief: "Write N filemarks, and everything buffered with them, to the tape.",
  examples: ["tape weof", "tape weof 2"],
  parser: object({
    count: withDefault(
      argument(wholeNumber({ min: 0, metavar: "N" }), {
        description: message`How many; 0 writes out what is buffered. Default: 1.`,
      }),
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
    const confirmation = new Confirmation(context, { yes, doing: "Erasing" });
    await withDrive(context, async (drive) => {
      await confirmation.ask(drive, "Erase everything from here to the end of the tape?");
      await drive.erase({ long, signal: context.interruption.signal });
      await context.reporter.result({ erased: true, long }, "");
    });
  },
});

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
