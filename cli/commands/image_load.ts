import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import { argument, flag } from "@optique/core/primitives";
import { filePath } from "../file_path.ts";
import type { TapeDrive } from "../../mod.ts";
import { TapeError } from "../../tape/errors.ts";
import { formatCount } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { CommandFailure, InterruptedTransfer } from "../command_failure.ts";
import { Confirmation } from "../confirmation.ts";
import { encryptedOption } from "../device/encrypted_option.ts";
import { exclusiveOption } from "../device/exclusive_option.ts";
import { withDrive } from "../device/with_drive.ts";
import { refuseOwnTape } from "../images/image_in_use.ts";
import { type ImageSurvey, surveyImage } from "../images/image_survey.ts";
import { type ImageStep, walkImage } from "../images/image_walk.ts";
import { type OpenedImage, openedImage } from "../images/opened_image.ts";
import { EARLY_WARNING } from "../report/early_warning.ts";
import { beforeWriteFailure } from "../transfer/before_failure.ts";
import { commandProgress, stopBehindRecord } from "../transfer/command_progress.ts";
import type { Progress } from "../transfer/progress.ts";
import { transferReport, transferText } from "../transfer/transfer_report.ts";
import { formatOption } from "./image_inspect.ts";

/** `tape image load`. */
export const imageLoad: Command = defineCommand({
  name: "load",
  group: "Images",
  brief: "Write an image to the tape, record by record: .tap, AWSTAPE, HET, copytape, E11, TPC.",
  details: "From the beginning of the tape, unless told otherwise. The image is read through " +
    "before anything is written. A tape that is not blank is overwritten after a question on a " +
    "terminal, and off one with --yes; an image that holds no data overwrites nothing.",
  examples: ["tape image load tape7.tap", "tape eod && tape image load more.aws --from-here"],
  parser: object({
    file: argument(filePath("FILE"), { description: message`The image.` }),
    format: formatOption,
    fromHere: withDefault(
      flag("--from-here", { description: message`Write where the tape stands, and do not ask.` }),
      false,
    ),
    salvage: withDefault(
      flag("--salvage", {
        description: message`Leave out damaged records and what the end of the file cuts.`,
      }),
      false,
    ),
    encrypted: encryptedOption,
    exclusive: exclusiveOption,
    yes: withDefault(flag("--yes", { description: message`Do not ask.` }), false),
    progress: withDefault(
      flag("--progress", { description: message`Show progress off a terminal, too.` }),
      false,
    ),
  }),
  run: async (values, context) => {
    const { file, format, salvage, encrypted, exclusive } = values;
    await refuseOwnTape(file, "Loading", context);
    const image = await openedImage(file, format);
    try {
      const survey = surveyImage(image);
      refuseWhatCannotBeLoaded(file, survey, salvage);
      await withDrive(
        context,
        (drive) => new ImageLoad(drive, { image, survey }, values, context).run(),
        { encrypted, exclusive },
      );
    } finally {
      image.close();
    }
  },
});

/** @throws {CommandFailure} */
function refuseWhatCannotBeLoaded(file: string, survey: ImageSurvey, salvage: boolean): void {
  const { files, cut, damaged, sealed } = survey;
  if (sealed) {
    throw new CommandFailure(
      `Loading ${file}: a simulated drive has encrypted some of it; serve it with tape serve ` +
        `--media ${file}, and give the drive at its iscsi:// address the key`,
    );
  }
  const cutText = cut && `from byte ${cut.offset} on it is ${cut.problem}`;
  const damagedText = damaged > 0 ? `it has ${formatCount(damaged, "damaged record")}` : undefined;
  const problem = cutText ?? damagedText;
  if (problem === undefined) return;
  if (!salvage) {
    const help = cut === undefined ? "leaves out what is damaged" : "loads what lies before";
    throw new CommandFailure(`Loading ${file}: ${problem}; --salvage ${help}`);
  }
  if (files.some(({ records, end }) => records > 0 || end === "filemark")) return;
  throw new CommandFailure(`Loading ${file}: ${problem}; nothing of it can be salvaged`);
}

interface LoadValues {
  readonly file: string;
  readonly fromHere: boolean;
  readonly yes: boolean;
  readonly progress: boolean;
}

const UNREADABLE: ReadonlySet<string> = new Set(["encryption", "medium-error"]);

/** One run of `tape image load`, once the image is known to be good. */
class ImageLoad {
  readonly #drive: TapeDrive;
  readonly #image: OpenedImage;
  readonly #survey: ImageSurvey;
  readonly #values: LoadValues;
  readonly #context: CommandContext;
  readonly #progress: Progress;
  readonly #abort: { readonly signal: AbortSignal };
  #filemarks = 0;
  #warned = false;

  constructor(
    drive: TapeDrive,
    { image, survey }: { readonly image: OpenedImage; readonly survey: ImageSurvey },
    values: LoadValues,
    context: CommandContext,
  ) {
    this.#drive = drive;
    this.#image = image;
    this.#survey = survey;
    this.#values = values;
    this.#context = context;
    this.#abort = { signal: context.interruption.signal };
    this.#progress = commandProgress(context, {
      isWanted: values.progress,
      totalBytes: survey.files.reduce((sum, { bytes }) => sum + bytes, 0),
    });
  }

  async run(): Promise<void> {
    const { interruption } = this.#context;
    const { fromHere } = this.#values;
    await this.#checkDrive();
    if (!fromHere) await this.#toBeginning();
    stopBehindRecord(this.#context, this.#progress);
    try {
      await walkImage(this.#image, async (step) => {
        await this.#write(step);
        await interruption.breathe();
        return !interruption.stopRequested;
      });
      await this.#drive.flush(this.#abort);
    } catch (error) {
      await this.#tellBefore(error);
      throw error;
    }
    this.#progress.clear();
    await this.#tellDone();
  }

  /** @throws {CommandFailure} when the drive cannot write such records as they are. */
  async #checkDrive(): Promise<void> {
    const { file } = this.#values;
    const blockBytes = await this.#drive.blockSize();
    if (blockBytes !== 0) {
      throw new CommandFailure(
        `Loading ${file}: the drive is in fixed-block mode of ${blockBytes} bytes, which would cut ` +
          "its records; switch to variable mode with tape setblk 0",
      );
    }
    const { maxBytes } = this.#drive.limits;
    const longest = Math.max(0, ...this.#survey.files.map((each) => each.longestRecord));
    if (maxBytes === 0 || longest <= maxBytes) return;
    throw new CommandFailure(
      `Loading ${file}: it has a record of ${longest} bytes, and the drive takes ${maxBytes} at most`,
    );
  }

  async #toBeginning(): Promise<void> {
    const { file, yes } = this.#values;
    const isEmpty = this.#survey.files.length === 0;
    await this.#drive.rewind(this.#abort);
    if (yes && !isEmpty) return;
    if (await this.#isBlank()) return;
    // As often a file that something failed to fill as the image of a blank tape: no reason to lose what is there.
    if (isEmpty) {
      throw new CommandFailure(
        `Loading ${file}: it holds no data, so nothing was written, and the tape is as it was; ` +
          "tape erase empties a tape",
      );
    }
    const confirmation = new Confirmation(this.#context, {
      yes,
      doing: "Overwriting a tape that is not blank",
    });
    await confirmation.ask(this.#drive, "Overwrite everything on the tape?");
  }

  /** Leaves the tape at its beginning. What cannot be read is not blank. */
  async #isBlank(): Promise<boolean> {
    try {
      return (await this.#drive.read(this.#abort)).kind === "end-of-data";
    } catch (error) {
      if (error instanceof TapeError && UNREADABLE.has(error.kind)) return false;
      throw error;
    } finally {
      await this.#drive.rewind(this.#abort);
    }
  }

  async #write(step: ImageStep): Promise<void> {
    if (step.kind === "record") {
      const { earlyWarning } = await this.#drive.write(step.data, this.#abort);
      this.#progress.add(step.data.length);
      if (earlyWarning) this.#warn();
    } else if (step.kind === "filemark") {
      // Not waited for one by one: the flush at the end is.
      const { earlyWarning } = await this.#drive.writeFilemarks(1, {
        ...this.#abort,
        immediate: true,
      });
      this.#filemarks++;
      if (earlyWarning) this.#warn();
    }
  }

  async #tellBefore(error: unknown): Promise<void> {
    this.#progress.clear();
    if (this.#progress.records === 0) return;
    this.#context.reporter.note(await beforeWriteFailure(this.#drive, this.#progress, error));
  }

  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#progress.clear();
    this.#context.reporter.warn(EARLY_WARNING);
  }

  async #tellDone(): Promise<void> {
    const { interruption, reporter } = this.#context;
    const { damaged, cut } = this.#survey;
    const report = transferReport(this.#progress);
    const text = `${transferText(report)} and ${formatCount(this.#filemarks, "filemark")}`;
    if (interruption.stopRequested) {
      throw new InterruptedTransfer(`Interrupted: ${text} are on tape`);
    }
    if (damaged > 0) reporter.warn(`left out: ${formatCount(damaged, "damaged record")}`);
    if (cut !== undefined) {
      reporter.warn(`what the image has from byte ${cut.offset} on is left out`);
    }
    await reporter.summary(
      { loaded: report, filemarks: this.#filemarks, damaged, cut },
      `${text} loaded`,
    );
  }
}
