import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import { argument, flag } from "@optique/core/primitives";
import { filePath } from "../file_path.ts";
import type { TapeDrive } from "../../mod.ts";
import { MAX_RECORD_BYTES } from "../../sim/images/simh_tap.ts";
import { sidecarPath, tapeFiles } from "../../sim/images/tape_files.ts";
import { formatCount } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { CommandFailure, InterruptedTransfer } from "../command_failure.ts";
import { readAheadOption } from "../device/read_ahead_option.ts";
import { withDrive } from "../device/with_drive.ts";
import type { ByteSink, CliHost } from "../host/host.ts";
import { systemCode } from "../host/system_call.ts";
import { refuseWhatIsInUse } from "../images/image_in_use.ts";
import { TapWriter } from "../images/tap_writer.ts";
import { ifKnown } from "../report/if_known.ts";
import { commandProgress, stopBehindRecord } from "../transfer/command_progress.ts";
import { type Unreadable, unreadableAt } from "../transfer/file_tally.ts";
import type { Progress } from "../transfer/progress.ts";
import { RecordSink } from "../transfer/record_sink.ts";
import { type PlacedStep, walkTape } from "../transfer/tape_walk.ts";
import { transferReport, transferText } from "../transfer/transfer_report.ts";
import { UsageError } from "../usage_error.ts";

/** `tape image save`. */
export const imageSave: Command = defineCommand({
  name: "save",
  group: "Images",
  brief: "Save the tape as a SIMH .tap image, record by record.",
  details:
    "From the beginning of the partition, unless told otherwise, up to the end of the data. " +
    "sim:FILE is then a drive with that tape.",
  examples: ["tape image save tape7.tap", "tape image save rescue.tap --skip-errors --force"],
  parser: object({
    file: argument(filePath("FILE|-"), { description: message`The image.` }),
    force: withDefault(flag("--force", { description: message`Overwrite FILE.` }), false),
    fromHere: withDefault(
      flag("--from-here", { description: message`Do not rewind first.` }),
      false,
    ),
    skipErrors: withDefault(
      flag("--skip-errors", {
        description: message`Mark what cannot be read as damaged, say so, and go on.`,
      }),
      false,
    ),
    readAhead: readAheadOption,
    progress: withDefault(
      flag("--progress", { description: message`Show progress off a terminal, too.` }),
      false,
    ),
  }),
  run: async (values, context) => {
    const { file, force, readAhead } = values;
    if (file === "-" && context.reporter.json) {
      throw new UsageError("--json needs a FILE here: standard output carries the image");
    }
    if (file !== "-") await refuseToOverwrite(context.host, file, force);
    await withDrive(context, async (drive) => {
      // Only now, for the drive may be a simulated one on that very image.
      if (file !== "-") await refuseWhatIsInUse(file, context);
      const sink = file === "-" ? context.host.openStdout() : await context.host.createFile(file);
      try {
        await new ImageSave(drive, sink, values, context).run();
      } finally {
        await sink.close();
      }
    }, { readAhead });
  },
});

/**
 * Force overwrites an image with a sidecar or without, but not partitions, which would hide what is saved, or be hidden.
 *
 * @throws {CommandFailure} when there is a tape, or what is left of one.
 */
async function refuseToOverwrite(host: CliHost, path: string, force: boolean): Promise<void> {
  const spared = force ? [path, sidecarPath(path)] : [];
  for (const file of tapeFiles(path).filter((each) => !spared.includes(each))) {
    if (!await isThere(host, file)) continue;
    throw new CommandFailure(
      file === path
        ? `Saving to ${path}: it exists; --force overwrites it`
        : `Saving to ${path}: there is a file ${file} already; remove it, or name another`,
    );
  }
}

async function isThere(host: CliHost, path: string): Promise<boolean> {
  try {
    await host.checkFile(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

interface SaveValues {
  readonly file: string;
  readonly fromHere: boolean;
  readonly skipErrors: boolean;
  readonly progress: boolean;
}

/** One run of `tape image save`. */
class ImageSave {
  readonly #drive: TapeDrive;
  readonly #sink: ByteSink;
  readonly #records: RecordSink;
  readonly #image: TapWriter;
  readonly #values: SaveValues;
  readonly #context: CommandContext;
  readonly #progress: Progress;
  #filemarks = 0;
  readonly #unreadable: Unreadable[] = [];

  constructor(drive: TapeDrive, sink: ByteSink, values: SaveValues, context: CommandContext) {
    this.#drive = drive;
    this.#sink = sink;
    this.#records = new RecordSink(sink);
    this.#image = new TapWriter(this.#records);
    this.#values = values;
    this.#context = context;
    this.#progress = commandProgress(context, { isWanted: values.progress });
  }

  async run(): Promise<void> {
    const { interruption, reporter } = this.#context;
    const { fromHere, skipErrors, file } = this.#values;
    const { signal } = interruption;
    stopBehindRecord(this.#context, this.#progress);
    // Behind the last record it would only endanger what is saved.
    const partitions = await ifKnown(() => this.#drive.partitions({ signal }));
    if (!fromHere) await this.#drive.rewind({ signal });
    let isFirst = true;
    try {
      for await (const placed of walkTape(this.#drive, { interruption, skipErrors })) {
        // An old image stays until the tape has answered.
        if (isFirst) await this.#sink.clear();
        isFirst = false;
        if (placed.step.kind === "end-of-data") break;
        await this.#save(placed);
        if (interruption.stopRequested) break;
      }
      await this.#image.flush();
    } catch (error) {
      if (!isFirst) await this.#keepWhatCame();
      throw error;
    }
    this.#progress.clear();
    // Where that fails, nobody knows how much the image has.
    await this.#sink.sync?.();
    const report = transferReport(this.#progress);
    const text = `${transferText(report)} and ${formatCount(this.#filemarks, "filemark")}`;
    if (interruption.stopRequested) {
      throw new InterruptedTransfer(`Interrupted: ${text} are in ${file}`);
    }
    this.#warn(partitions?.partitions.length ?? 1);
    await reporter.summary(
      { saved: report, filemarks: this.#filemarks, unreadable: this.#unreadable, file },
      `${text} saved`,
    );
  }

  async #save({ object, step }: PlacedStep): Promise<void> {
    if (step.kind === "filemark") {
      this.#filemarks++;
      await this.#image.filemark();
    } else if (step.kind === "unreadable") {
      this.#unreadable.push(unreadableAt(object, step.error));
      this.#tell(`Marked block ${object ?? "?"} as damaged: ${step.error.message}`);
      await this.#image.unreadable();
    } else if (step.kind === "record") {
      if (step.data.length > MAX_RECORD_BYTES) {
        throw new CommandFailure(
          `Saving block ${
            object ?? "?"
          }: its ${step.data.length} bytes are more than a .tap image can hold`,
        );
      }
      await this.#image.record(step.data);
      this.#progress.add(step.data.length);
    }
  }

  /** What was read before a failure is worth keeping; failing to keep it must not hide the failure. */
  async #keepWhatCame(): Promise<void> {
    try {
      await this.#image.flush();
    } catch {
      // The failure before this one is reported.
    }
    const { elapsedMs } = this.#progress;
    const text = transferText(transferReport({ ...this.#records.kept, elapsedMs }));
    this.#tell(`Before that: ${text}; ${this.#values.file} is not the whole tape`);
  }

  #warn(partitions: number): void {
    const { reporter } = this.#context;
    if (this.#unreadable.length > 0) {
      const blocks = formatCount(this.#unreadable.length, "block");
      reporter.warn(`${blocks} could not be read: marked as damaged`);
    }
    if (partitions > 1) {
      reporter.warn(`the tape has ${partitions} partitions, and the image holds this one alone`);
    }
  }

  #tell(text: string): void {
    this.#progress.clear();
    this.#context.reporter.note(text);
  }
}
