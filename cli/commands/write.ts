import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument, flag, option } from "@optique/core/primitives";
import { filePath } from "../file_path.ts";
import type { TapeDrive } from "../../mod.ts";
import { byteSize, formatCount } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { CommandFailure } from "../command_failure.ts";
import { encryptedOption } from "../device/encrypted_option.ts";
import { exclusiveOption } from "../device/exclusive_option.ts";
import { withDrive } from "../device/with_drive.ts";
import type { ByteSource, CliHost } from "../host/host.ts";
import { refuseOwnTape } from "../images/image_in_use.ts";
import { commandProgress } from "../transfer/command_progress.ts";
import { FileWriter } from "../transfer/file_writer.ts";
import { FillingSource } from "../transfer/filling_source.ts";
import {
  type CountedFile,
  isDescribed,
  type ManifestFile,
  manifestText,
} from "../transfer/manifest.ts";
import { OutputText } from "../transfer/output_text.ts";
import type { Progress } from "../transfer/progress.ts";
import {
  type Input,
  type RecordLayout,
  recordLayout,
  refuseShortTails,
} from "../transfer/record_layout.ts";
import { filemarksText, transferReport, transferText } from "../transfer/transfer_report.ts";
import { WriteCounts } from "../transfer/write_counts.ts";
import { UsageError } from "../usage_error.ts";
import { compareFiles } from "./verify.ts";
import { wholeNumber } from "../whole_number.ts";

/** The largest array that the runtimes make. */
const MAX_BUFFER_BYTES = 16 * 2 ** 30;
/** Pauses of the drive that are worth a hint. */
const MANY_PAUSES = 3;

/** `tape write`. */
export const writeCommand: Command = defineCommand({
  name: "write",
  group: "Data",
  brief: "Write files, or standard input, as records of one size, and a filemark after each.",
  details: "The last record is shorter if the size does not divide the file. In fixed-block mode " +
    "the last block is filled up with zero bytes. Everything is on the tape when it ends.",
  examples: [
    "tape write backup.tar --block-size 256k",
    "tar -cf - photos | tape write - --buffer 512m",
    "tape write a.tar b.tar --manifest tape7.json --verify",
  ],
  parser: object({
    files: multiple(argument(filePath("FILE|-"), {
      description: message`The files in their order; - or nothing is standard input.`,
    })),
    recordBytes: optional(option("-b", "--block-size", byteSize(), {
      description: message`Bytes in a record, with k, m or g for powers of 1024. Default: 256k.`,
    })),
    manifest: optional(option("--manifest", filePath("OUT.json"), {
      description: message`Write down each file's name, position, records, bytes and SHA-256.`,
    })),
    verify: withDefault(
      flag("--verify", { description: message`Read everything back and compare it.` }),
      false,
    ),
    bufferBytes: optional(option("--buffer", byteSize(1, MAX_BUFFER_BYTES), {
      description:
        message`Memory to fill ahead, so that a slow source lets the drive rest less. Default: none.`,
    })),
    startAt: optional(option("--start-at", wholeNumber({ min: 1, max: 100, metavar: "PERCENT" }), {
      description: message`How full --buffer must be before the tape moves. Default: 90.`,
    })),
    encrypted: encryptedOption,
    exclusive: exclusiveOption,
    progress: withDefault(
      flag("--progress", { description: message`Show progress off a terminal, too.` }),
      false,
    ),
  }),
  run: async (values, context) => {
    const files = values.files.length === 0 ? ["-"] : values.files;
    if (values.startAt !== undefined && values.bufferBytes === undefined) {
      throw new UsageError("--start-at needs --buffer: it says how full that must be");
    }
    if (files.filter((file) => file === "-").length > 1) {
      throw new UsageError("Standard input can be written once: - is there twice");
    }
    // Says at once what is missing, and not after hours of writing.
    const inputs = await checkedInputs(files, context);
    await refuseToReplaceInputs(values.manifest, files, context.host);
    const { encrypted, exclusive } = values;
    await withDrive(
      context,
      (drive) => new TapeWrite(drive, inputs, values, context).run(),
      { encrypted, exclusive },
    );
  },
});

/** @throws the system's error when one of them cannot be read; {@link CommandFailure} when it is of the tape itself. */
async function checkedInputs(
  files: readonly string[],
  context: CommandContext,
): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const name of files) {
    if (name !== "-") await refuseOwnTape(name, "Writing", context);
    inputs.push({ name, ...(name !== "-" && await context.host.checkFile(name)) });
  }
  return inputs;
}

/** @throws {UsageError} when the manifest would take the place of a file that it is to tell of. */
async function refuseToReplaceInputs(
  manifest: string | undefined,
  files: readonly string[],
  host: CliHost,
): Promise<void> {
  if (manifest === undefined) return;
  const place = await host.realPath(manifest);
  for (const name of files) {
    if (name === "-" || await host.realPath(name) !== place) continue;
    throw new UsageError(`--manifest ${manifest} would replace the file that is to be written`);
  }
}

interface WriteValues {
  readonly recordBytes?: number;
  readonly manifest?: string;
  readonly verify: boolean;
  readonly bufferBytes?: number;
  readonly startAt?: number;
  readonly progress: boolean;
}

/** One run of `tape write`, from the first file to the report. */
class TapeWrite {
  readonly #drive: TapeDrive;
  readonly #inputs: readonly Input[];
  readonly #values: WriteValues;
  readonly #context: CommandContext;
  readonly #written: CountedFile[] = [];
  readonly #counts: WriteCounts = new WriteCounts();
  #progress: Progress;
  #earlyWarning = false;
  #timesEmpty = 0;
  #starvedTimes = 0;
  #starvedMs = 0;

  constructor(
    drive: TapeDrive,
    inputs: readonly Input[],
    values: WriteValues,
    context: CommandContext,
  ) {
    this.#drive = drive;
    this.#inputs = inputs;
    this.#values = values;
    this.#context = context;
    this.#progress = this.#newProgress(undefined);
  }

  async run(): Promise<void> {
    const { manifest } = this.#values;
    const output = manifest === undefined
      ? undefined
      : await OutputText.create(manifest, this.#context);
    try {
      await this.#writeFiles(output);
    } finally {
      await output?.close();
    }
    await this.#report();
  }

  async #writeFiles(manifest: OutputText | undefined): Promise<void> {
    const { verify } = this.#values;
    const layout = await recordLayout(this.#drive, this.#values.recordBytes);
    refuseShortTails(this.#drive, this.#inputs, layout);
    if (verify) await this.#checkPositions();
    try {
      for (const { name } of this.#inputs) await this.#writeFile(name, layout);
    } catch (error) {
      await this.#keepManifest(manifest);
      throw error;
    }
    try {
      await manifest?.write(manifestText(this.#described));
      if (verify) await this.#readBack();
    } catch (error) {
      // Everything is on tape, whatever else went wrong.
      this.#tell(this.#writtenText());
      throw error;
    }
  }

  async #readBack(): Promise<void> {
    await compareFiles(this.#drive, this.#described, this.#context, {
      showProgress: this.#values.progress,
      standsBehind: true,
    });
  }

  async #writeFile(name: string, layout: RecordLayout): Promise<void> {
    const source = await this.#open(name);
    const { verify, manifest } = this.#values;
    if (this.#inputs.length === 1) this.#progress = this.#newProgress(source.sizeBytes);
    try {
      const writer = new FileWriter(this.#drive, source, layout, {
        name,
        context: this.#context,
        progress: this.#progress,
        counts: this.#counts,
        filesBefore: this.#written.length,
        isDescribed: verify || manifest !== undefined,
      });
      const { file, earlyWarning, starved } = await writer.run();
      this.#starvedTimes += starved.times;
      this.#starvedMs += starved.milliseconds;
      this.#earlyWarning ||= earlyWarning;
      this.#written.push(file);
    } finally {
      if (source instanceof FillingSource) this.#timesEmpty += source.timesEmpty;
      await source.close();
    }
  }

  async #open(name: string): Promise<ByteSource> {
    const { host } = this.#context;
    const { bufferBytes, startAt = 90 } = this.#values;
    const source = name === "-" ? host.openStdin() : await host.openFile(name);
    if (bufferBytes === undefined) return source;
    return new FillingSource(source, { capacityBytes: bufferBytes, startAt: startAt / 100 });
  }

  get #described(): ManifestFile[] {
    return this.#written.filter(isDescribed);
  }

  /** @throws {CommandFailure} when what is written could not be found again for certain. */
  async #checkPositions(): Promise<void> {
    if ((await this.#drive.position()).known) return;
    throw new CommandFailure(
      "Writing with --verify: the drive does not say where the tape stands, so there is no sure way back; " +
        "write with --manifest instead, and then tape rewind && tape verify --manifest",
    );
  }

  /** The files before one that failed are on tape. */
  async #keepManifest(manifest: OutputText | undefined): Promise<void> {
    if (manifest === undefined || this.#written.length === 0) return;
    try {
      await manifest.write(manifestText(this.#described));
    } catch (error) {
      // The failure before this one is reported; this one must not hide it.
      const why = error instanceof Error ? error.message : String(error);
      this.#context.reporter.warn(`the manifest could not be written: ${why}`);
      return;
    }
    const files = formatCount(this.#written.length, "file");
    this.#context.reporter.note(`The manifest has what is whole on the tape: ${files}`);
  }

  async #report(): Promise<void> {
    const { reporter } = this.#context;
    const { verify } = this.#values;
    this.#progress.clear();
    const report = transferReport(this.#progress);
    const filemarks = this.#inputs.length;
    const paddingBytes = this.#written.reduce((sum, file) => sum + file.paddingBytes, 0);
    this.#tellOfPauses();
    await reporter.summary(
      {
        written: { ...report, paddingBytes, filemarks },
        files: this.#written,
        earlyWarning: this.#earlyWarning,
        ...(verify && { verified: true }),
      },
      `${this.#writtenText()}${verify ? "; read back and compared" : ""}`,
    );
  }

  #writtenText(): string {
    const marks = filemarksText(this.#inputs.length);
    return `${transferText(transferReport(this.#progress))} written, and ${marks}`;
  }

  #tellOfPauses(): void {
    const { reporter } = this.#context;
    const { bufferBytes } = this.#values;
    if (bufferBytes !== undefined && this.#timesEmpty >= MANY_PAUSES) {
      reporter.note(
        `The source was slower than the tape: the drive had to pause ${this.#timesEmpty} times; ` +
          `a larger --buffer than ${bufferBytes} bytes makes that fewer`,
      );
    } else if (bufferBytes === undefined && this.#starvedTimes >= MANY_PAUSES) {
      const seconds = (this.#starvedMs / 1000).toFixed(1);
      reporter.note(
        `The source was slower than the tape: it kept the drive waiting ${this.#starvedTimes} times, ` +
          `for ${seconds} s in all; --buffer 512m feeds it in longer runs, which spares tape and heads`,
      );
    }
  }

  #tell(text: string): void {
    this.#progress.clear();
    this.#context.reporter.note(text);
  }

  #newProgress(totalBytes: number | undefined): Progress {
    return commandProgress(this.#context, { isWanted: this.#values.progress, totalBytes });
  }
}
