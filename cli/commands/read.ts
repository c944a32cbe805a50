import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional, withDefault } from "@optique/core/modifiers";
import { argument, flag, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import type { TapeDrive } from "../../mod.ts";
import { byteSize } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { CommandFailure } from "../command_failure.ts";
import type { ByteSink } from "../host/host.ts";
import { Progress } from "../transfer/progress.ts";
import { RecordSink } from "../transfer/record_sink.ts";
import { transferReport, transferText } from "../transfer/transfer_report.ts";
import { UsageError } from "../usage_error.ts";
import { withDrive } from "../device/with_drive.ts";

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
  ],
  parser: object({
    file: withDefault(
      argument(string({ metavar: "FILE|-" }), {
        description: message`The file; - or nothing is standard output.`,
      }),
      "-",
    ),
    recordBytes: optional(option("-b", "--block-size", byteSize(), {
      description: message`Record size to expect; longer records are read whole all the same.`,
    })),
    readAhead: optional(option("--read-ahead", integer({ min: 0, max: 256, metavar: "N" }), {
      description: message`Records to ask for ahead. More is faster over a slow network.`,
    })),
    count: optional(option("--count", integer({ min: 1, metavar: "N" }), {
      description: message`Read at most so many records.`,
    })),
    progress: withDefault(
      flag("--progress", { description: message`Show progress off a terminal, too.` }),
      false,
    ),
  }),
  run: async ({ file, recordBytes, readAhead, count, progress }, context) => {
    if (file === "-" && context.options.json) {
      throw new UsageError("--json needs a FILE here: standard output carries the data");
    }
    await withDrive(context, async (drive) => {
      const { host } = context;
      const sink = file === "-" ? host.openStdout() : await host.createFile(file);
      try {
        await new FileReader(drive, sink, { context, count, showProgress: progress }).run();
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
  readonly showProgress: boolean;
}

/** One run of `tape read`, from the first record to the report. */
class FileReader {
  readonly #drive: TapeDrive;
  readonly #sink: ByteSink;
  readonly #context: CommandContext;
  readonly #count: number;
  readonly #progress: Progress;
  readonly #abort: { readonly signal: AbortSignal };

  constructor(drive: TapeDrive, sink: ByteSink, options: FileReaderOptions) {
    const { context, count = Infinity, showProgress } = options;
    const { host } = context;
    this.#drive = drive;
    this.#sink = sink;
    this.#context = context;
    this.#abort = { signal: context.interruption.signal };
    this.#count = count;
    this.#progress = new Progress(host.stderr, () => host.now(), {
      shown: showProgress || host.stderr.isTerminal,
    });
  }

  async run(): Promise<void> {
    this.#context.interruption.stopGently(() => {
      this.#tell("Stopping after this record; interrupt again to give up at once");
    });
    const end = await this.#readRecords();
    this.#progress.clear();
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
    let result = await this.#drive.read(this.#abort);
    await this.#sink.clear();
    for (;;) {
      if (result.kind !== "record") return result.kind;
      await records.write(result.data);
      this.#progress.add(result.data.length);
      if (this.#progress.records >= this.#count) return "count";
      if (interruption.stopRequested) return "interrupted";
      result = await this.#drive.read(this.#abort);
    }
  }

  /** What was read before a failure is worth keeping; failing to keep it must not hide the failure. */
  async #keepWhatCame(records: RecordSink): Promise<void> {
    try {
      await records.flush();
    } catch {
      // The failure before this one is reported.
    }
    if (this.#progress.records === 0) return;
    this.#tell(`Before that: ${transferText(transferReport(this.#progress))}`);
  }

  async #report(end: ReadEnd): Promise<void> {
    const report = transferReport(this.#progress);
    if (end === "end-of-data") {
      this.#context.reporter.note(
        report.records === 0 ? "End of data: nothing was read" : "End of data: no filemark follows",
      );
    }
    await this.#context.reporter.summary(
      { read: report, endedBy: end },
      `${transferText(report)} read`,
    );
  }

  #endInterrupted(): never {
    throw new CommandFailure(
      `Interrupted: ${transferText(transferReport(this.#progress))} read`,
    );
  }

  #tell(text: string): void {
    this.#progress.clear();
    this.#context.reporter.note(text);
  }
}
