import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional, withDefault } from "@optique/core/modifiers";
import { flag, option } from "@optique/core/primitives";
import { filePath } from "../file_path.ts";
import type { TapeDrive } from "../../mod.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { InterruptedTransfer } from "../command_failure.ts";
import { readAheadOption } from "../device/read_ahead_option.ts";
import { deviceAddress, withDrive } from "../device/with_drive.ts";
import { hideSecrets } from "../../iscsi/address.ts";
import { tapeMapSvg } from "../report/tape_map_svg.ts";
import { tapeMapText } from "../report/tape_map_text.ts";
import type { FileFacts } from "../transfer/file_tally.ts";
import { OutputText } from "../transfer/output_text.ts";
import { surveyShown } from "../transfer/shown_survey.ts";

/** `tape map`. */
export const mapCommand: Command = defineCommand({
  name: "map",
  group: "Data",
  brief: "Show the layout of the tape: its files, record sizes, and what cannot be read.",
  details: "Reads the whole tape, from the beginning unless told otherwise, and leaves it at the " +
    "end of the data. Places that cannot be read are passed and listed.",
  examples: ["tape map", "tape map --svg tape7.svg", "tape map --from-here --json"],
  parser: object({
    svg: optional(option("--svg", filePath("OUT.svg"), {
      description: message`Draw it, too.`,
    })),
    fromHere: withDefault(
      flag("--from-here", { description: message`Do not rewind first.` }),
      false,
    ),
    readAhead: readAheadOption,
    progress: withDefault(
      flag("--progress", { description: message`Show progress off a terminal, too.` }),
      false,
    ),
  }),
  run: ({ svg, fromHere, readAhead, progress }, context) =>
    withDrive(context, async (drive) => {
      const { interruption, reporter } = context;
      const { signal } = interruption;
      const drawing = svg === undefined ? undefined : await OutputText.create(svg, context);
      try {
        if (!fromHere) await drive.rewind({ signal });
        const files = await mapTape(drive, context, progress);
        const map = [{ drive: drive.info, files }, tapeMapText(files)] as const;
        // Neither the map nor its drawing is lost with the other.
        try {
          await drawing?.write(drawn(files, drive, context));
          if (interruption.stopRequested) {
            throw new InterruptedTransfer("Interrupted: the map ends where reading stopped");
          }
        } catch (error) {
          await reporter.unfinished(...map);
          throw error;
        }
        await reporter.result(...map);
      } finally {
        await drawing?.close();
      }
    }, { readAhead }),
});

/** The files from here on. Where it is interrupted, those up to there. */
export async function mapTape(
  drive: TapeDrive,
  context: CommandContext,
  showProgress: boolean,
): Promise<FileFacts[]> {
  const files: FileFacts[] = [];
  await surveyShown(drive, context, { showProgress, hashed: false }, (file) => {
    files.push(file);
    return true;
  });
  return files;
}

function drawn(
  files: readonly FileFacts[],
  { info: { vendor, product, serialNumber } }: TapeDrive,
  context: CommandContext,
): string {
  return tapeMapSvg(files, {
    drive: [vendor, product, serialNumber].filter(Boolean).join(" "),
    address: hideSecrets(deviceAddress(context)),
  });
}
