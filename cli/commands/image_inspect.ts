import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { argument, option } from "@optique/core/primitives";
import { choice } from "@optique/core/valueparser";
import { filePath } from "../file_path.ts";
import { formatCount } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { CommandFailure } from "../command_failure.ts";
import { type ImageSurvey, surveyImage } from "../images/image_survey.ts";
import { IMAGE_FORMAT_NAMES, type ImageFormatName, openedImage } from "../images/opened_image.ts";
import { tapeMapText } from "../report/tape_map_text.ts";

/** `--format` of the commands that read images. */
export const formatOption: Parser<"sync", ImageFormatName | undefined, unknown> = optional(
  option("--format", choice(IMAGE_FORMAT_NAMES, { metavar: "FORMAT" }), {
    description: message`Take it for this format: ${
      IMAGE_FORMAT_NAMES.join(", ")
    }. Default: the one it looks like.`,
  }),
);

/** `tape image inspect`. */
export const imageInspect: Command = defineCommand({
  name: "inspect",
  group: "Images",
  brief: "Show the layout of an image without a drive, and without changing it.",
  details: "A simulated drive that uses the image stays where it stands. The exit status says " +
    "whether the image is whole.",
  examples: ["tape image inspect tape7.tap", "tape image inspect old.aws --json"],
  parser: object({
    file: argument(filePath("FILE"), { description: message`The image.` }),
    format: formatOption,
  }),
  run: ({ file, format }, context) => inspect(file, format, context),
});

async function inspect(
  file: string,
  format: ImageFormatName | undefined,
  { reporter }: CommandContext,
): Promise<void> {
  const image = await openedImage(file, format);
  let survey: ImageSurvey;
  try {
    survey = surveyImage(image);
  } finally {
    image.close();
  }
  await reporter.result({ image: survey }, surveyText(survey));
  const { cut, damaged } = survey;
  if (cut !== undefined) {
    throw new CommandFailure(
      `Inspecting ${file}: from byte ${cut.offset} on it is ${cut.problem}; what lies before is shown`,
    );
  }
  if (damaged > 0) {
    throw new CommandFailure(
      `Inspecting ${file}: it has ${formatCount(damaged, "damaged record")}`,
    );
  }
}

function surveyText({ format, files, sealed }: ImageSurvey): string {
  const layout = files.length === 0 ? "It holds no data" : tapeMapText(files);
  const lines = [`Format: ${format}`, layout];
  if (sealed) lines.push("Some records are encrypted");
  return lines.join("\n");
}
