import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional, withDefault } from "@optique/core/modifiers";
import { argument, flag, option } from "@optique/core/primitives";
import { filePath } from "../file_path.ts";
import type { TapeDrive } from "../../mod.ts";
import { byteSize, formatCount } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { InterruptedTransfer } from "../command_failure.ts";
import type { ByteSink } from "../host/host.ts";
import { refuseWhatIsInUse } from "../images/image_in_use.ts";
import { commandProgress, stopBehindRecord } from "../transfer/command_progress.ts";
import type { Progress } from "../transfer/progress.ts";
import { RecordSink } from "../transfer/record_sink.ts";
import { type Unreadable, unreadableAt } from "../transfer/file_tally.ts";
import { type PlacedStep, walkTape } from "../transfer/tape_walk.ts";
import { transferReport, transferText } from "../transfer/transfer_report.ts";
import { UsageError } from "../usage_error.ts";
import { withDrive } from "../device/with_drive.ts";
import { wholeNumber } from "../whole_number.ts";

/** `tape read`. */
export const readCommand: Command = defineCommand({
  name: "read",
  group: "Data",
  brief: "Read to the next filemark or the end of the data, to a file or standard output.",
  details: "Records of every length are read whole. At the end of the data it says so, and the " +
    "exit status is 0.",
  examples: [
    "tape read backup.tar --block-size 256k --read-ahead 16",
    "tape read - | tar -xf -",
    "tape read rescued.bin --skip-errors",
  ],
  parser: object({
    file: withDefault(
      argument(filePath("FILE|-"), {
        description: message`The file; - or nothing is standard output.`,
      }),
      "-",
    ),
    recordBytes: optional(option("-b", "--block-size", byteSize(), {
      description:
        message`Record size to expect; longer records are read whole all the same. Default: 256k.`,
    })),
    readAhead: optional(option("--read-ahead", wholeNumber({ min: 0, max: 256, metavar: "N" }), {
      description:
        message`Records to ask for ahead. More is faster over a slow network. Default: 0.`,
    })),
    count: optional(option("--count", wholeNumber({ min: 1, metavar: "N" }), {
      description: message`Read at most so many records. Default: all up to the filemark.`,
    })),
    skipErrors: withDefault(
      flag("--skip-errors", {
        description: message`Leave out what cannot be read, say where, and go on.`,
      }),
      false,
    ),
    progress: withDefault(
      flag("--progress", { description: message`Show progress off a terminal, too.` }),
      false,
    ),
  }),
  run: async ({ file, recordBytes, readAhead, count, skipErrors, progress }, context) => {
    if (file === "-" && context.options.json) {
      throw new UsageError("--json needs a FILE here: standard output carries the data");
    }
    await withDrive(context, async (drive) => {
      const { host } = context;
      if (file !== "-") await refuseWhatIsInUse(file, context);
      const sink = file === "-" ? host.openStdout() : await host.createFile(file);
      try {
        await new FileReader(drive, sink, {
          context,
          count,
          skipErrors,
          showProgress: progress,
        }).run();
      } finally {
        await sink.close();
      }
    }, { readAhead, recordBytesHint: recordBytes });
  },
});

/** Why reading ended. */
type ReadEnd = "filemark" | "end-of-data" | "count" | "interrupted";

interface FileReaderOptions {
  readonly context: CommandContext;
  /** At most so many records. */
  readonly count: number | undefined;
  /** Goes on behind what cannot be read. */
  readonly skipErrors: boolean;
  readonly showProgress: boolean;
}

/** One run of `tape read`, from the first record to the report. */
class FileReader {
  readonly #drive: TapeDrive;
  readonly #sink: ByteSink;
  readonly #context: CommandContext;
  readonly #count: number;
  readonly #progress: Progress;
  readonly #skipErrors: boolean;
  readonly #unreadable: Unreadable[] = [];

  constructor(drive: TapeDrive, sink: ByteSink, options: FileReaderOptions) {
    const { context, count = Infinity, skipErrors, showProgress } = options;
    this.#drive = drive;
    this.#sink = sink;
    this.#context = context;
    this.#count = count;
    this.#skipErrors = skipErrors;
    this.#progress = commandProgress(context, { isWanted: showProgress });
  }

  async run(): Promise<void> {
    stopBehindRecord(this.#context, this.#progress);
    const end = await this.#readRecords();
    this.#progress.clear();
    // Where that fails, nobody knows how much the file has.
    await this.#sink.sync?.();
    if (end === "interrupted") this.#endInterrupted();
    await this.#report(end);
  }

  async #readRecords(): Promise<ReadEnd> {
    const records = new RecordSink(this.#sink);
    try {
      const end = await this.#copyTo(records);
      await records.flush();
      return end;
    } catch (error) {
      await this.#keepWhatCame(records);
      throw error;
    }
  }

  /** The output file keeps its old contents until the tape has answered. */
  async #copyTo(records: RecordSink): Promise<ReadEnd> {
    const { interruption } = this.#context;
    let isFirst = true;
    for await (const { object, step } of this.#steps()) {
      if (isFirst) await this.#sink.clear();
      isFirst = false;
      if (step.kind === "unreadable") this.#leaveOut(object, step.error);
      else if (step.kind !== "record") return step.kind;
      else {
        await records.write(step.data);
        records.endRecord(step.data.length);
        this.#progress.add(step.data.length);
      }
      if (this.#progress.records >= this.#count) return "count";
      if (interruption.stopRequested) return "interrupted";
    }
    return "end-of-data";
  }

  /** What comes off the tape. Only who wants to pass bad places needs to know where the tape stands. */
  async *#steps(): AsyncGenerator<PlacedStep, void, undefined> {
    const { interruption } = this.#context;
    const { signal } = interruption;
    if (this.#skipErrors) return yield* walkTape(this.#drive, { interruption, skipErrors: true });
    for (;;) {
      yield { object: undefined, step: await this.#drive.read({ signal }) };
      await interruption.breathe();
    }
  }

  #leaveOut(object: number | undefined, error: Error): void {
    this.#unreadable.push(unreadableAt(object, error));
    this.#tell(`Left out block ${object ?? "?"}: ${error.message}`);
  }

  /** What was read before a failure is worth keeping; failing to keep it must not hide the failure. */
  async #keepWhatCame(records: RecordSink): Promise<void> {
    try {
      await records.flush();
    } catch {
      // The failure before this one is reported.
    }
    const { kept } = records;
    if (kept.records === 0) return;
    const { elapsedMs } = this.#progress;
    this.#tell(`Before that: ${transferText(transferReport({ ...kept, elapsedMs }))}`);
  }

  async #report(end: ReadEnd): Promise<void> {
    const report = transferReport(this.#progress);
    if (end === "end-of-data") {
      this.#context.reporter.note(
        report.records === 0 ? "End of data: nothing was read" : "End of data: no filemark follows",
      );
    }
    const bad = this.#unreadable.length;
    if (bad > 0) {
      this.#context.reporter.warn(`${formatCount(bad, "block")} could not be read: left out`);
    }
    await this.#context.reporter.summary(
      { read: report, endedBy: end, ...(this.#skipErrors && { unreadable: this.#unreadable }) },
      `${transferText(report)} read`,
    );
  }

  #endInterrupted(): never {
    throw new InterruptedTransfer(
      `Interrupted: ${transferText(transferReport(this.#progress))} read`,
    );
  }

  #tell(text: string): void {
    this.#progress.clear();
    this.#context.reporter.note(text);
  }
}
