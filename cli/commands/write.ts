import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional, withDefault } from "@optique/core/modifiers";
import { argument, flag, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import type { TapeDrive } from "../../mod.ts";
import { byteSize } from "../byte_size.ts";
import { type Command, type CommandContext, defineCommand } from "../command.ts";
import { CommandFailure } from "../command_failure.ts";
import { EARLY_WARNING } from "../report/early_warning.ts";
import type { ByteSource } from "../host/host.ts";
import { Progress } from "../transfer/progress.ts";
import { Reblocker } from "../transfer/reblocker.ts";
import { transferReport, transferText } from "../transfer/transfer_report.ts";
import { withDrive } from "../device/with_drive.ts";

/** What users of tape write over networks have settled on: a multiple of the usual burst length, and every drive takes it. */
const DEFAULT_RECORD_BYTES = 256 * 1024;

/** `tape write`. */
export const writeCommand: Command = defineCommand({
  name: "write",
  group: "Data",
  brief: "Write a file, or standard input, as records of one size, then one filemark.",
  details: "The last record is shorter if the size does not divide the file. In fixed-block mode " +
    "the last block is filled up with zero bytes. Everything is on the tape when it ends.",
  examples: [
    "tape write backup.tar --block-size 256k",
    "tar -cf - photos | tape write -",
  ],
  parser: object({
    file: withDefault(
      argument(string({ metavar: "FILE|-" }), {
        description: message`The file; - or nothing is standard input.`,
      }),
      "-",
    ),
    recordBytes: optional(option("-b", "--block-size", byteSize(), {
      description: message`Bytes in a record, with k, m or g for powers of 1024. Default: 256k.`,
    })),
    progress: withDefault(
      flag("--progress", { description: message`Show progress off a terminal, too.` }),
      false,
    ),
  }),
  run: async ({ file, recordBytes, progress }, context) => {
    const source = file === "-" ? context.host.openStdin() : await context.host.openFile(file);
    try {
      await withDrive(context, async (drive) => {
        const layout = await recordLayout(drive, recordBytes);
        await new FileWriter(drive, source, layout, { context, showProgress: progress }).run();
      });
    } finally {
      await source.close();
    }
  },
});

/** How the file is cut. `blockBytes` is 0 in variable mode. */
interface RecordLayout {
  readonly recordBytes: number;
  readonly blockBytes: number;
}

/** @throws {CommandFailure} when the drive's fixed blocks do not divide the wanted size. */
async function recordLayout(
  drive: TapeDrive,
  wanted: number | undefined,
): Promise<RecordLayout> {
  const blockBytes = await drive.blockSize();
  const recordBytes = wanted ?? DEFAULT_RECORD_BYTES;
  if (blockBytes === 0) return { recordBytes, blockBytes };
  if (wanted !== undefined && wanted % blockBytes !== 0) {
    throw new CommandFailure(
      `Writing in pieces of ${wanted} bytes: the drive is in fixed-block mode of ${blockBytes} bytes; ` +
        `give a multiple of that, or switch to variable mode with tape setblk 0`,
    );
  }
  return { recordBytes: wholeBlocks(recordBytes, blockBytes), blockBytes };
}

/** At most `bytes`, but at least one block. */
function wholeBlocks(bytes: number, blockBytes: number): number {
  return Math.max(1, Math.floor(bytes / blockBytes)) * blockBytes;
}

interface FileWriterOptions {
  readonly context: CommandContext;
  readonly showProgress: boolean;
}

/** One run of `tape write`, from the first record to the report. */
class FileWriter {
  readonly #drive: TapeDrive;
  readonly #source: ByteSource;
  readonly #layout: RecordLayout;
  readonly #context: CommandContext;
  readonly #progress: Progress;
  readonly #abort: { readonly signal: AbortSignal };
  #earlyWarning = false;
  #paddingBytes = 0;

  constructor(
    drive: TapeDrive,
    source: ByteSource,
    layout: RecordLayout,
    options: FileWriterOptions,
  ) {
    const { context, showProgress } = options;
    const { host } = context;
    this.#drive = drive;
    this.#source = source;
    this.#layout = layout;
    this.#context = context;
    this.#abort = { signal: context.interruption.signal };
    this.#progress = new Progress(host.stderr, () => host.now(), {
      totalBytes: source.sizeBytes,
      shown: showProgress || host.stderr.isTerminal,
    });
  }

  async run(): Promise<void> {
    const { interruption } = this.#context;
    const records = new Reblocker(this.#source, this.#layout.recordBytes);
    interruption.stopGently(() => {
      this.#tell("Stopping after this record; interrupt again to give up at once");
      this.#source.cancel();
    });
    try {
      await this.#writeRecords(records);
    } catch (error) {
      if (this.#progress.records > 0) {
        this.#tell(`Before that: ${transferText(transferReport(this.#progress))}`);
      }
      throw error;
    } finally {
      this.#source.cancel();
      await records.settle();
    }
    if (interruption.stopRequested) await this.#endInterrupted();
    else await this.#endFile();
  }

  async #writeRecords(records: Reblocker): Promise<void> {
    const { interruption } = this.#context;
    for (;;) {
      const record = await records.next();
      if (record === null || interruption.stopRequested) return;
      const { earlyWarning } = await this.#drive.write(this.#padded(record), this.#abort);
      this.#progress.add(record.length, this.#recordsIn(record.length));
      if (earlyWarning) this.#noteEarlyWarning();
    }
  }

  /** In fixed-block mode a WRITE moves whole blocks only (SSC-4 WRITE(6), FIXED bit). */
  #padded(record: Uint8Array): Uint8Array {
    const { blockBytes } = this.#layout;
    const excess = blockBytes === 0 ? 0 : record.length % blockBytes;
    if (excess === 0) return record;
    this.#paddingBytes = blockBytes - excess;
    this.#tell(
      `The last block is filled up with ${this.#paddingBytes} zero bytes, since the drive is in ` +
        `fixed-block mode of ${blockBytes} bytes`,
    );
    const padded = new Uint8Array(record.length + this.#paddingBytes);
    padded.set(record);
    return padded;
  }

  #recordsIn(bytes: number): number {
    const { blockBytes } = this.#layout;
    return blockBytes === 0 ? 1 : Math.ceil(bytes / blockBytes);
  }

  #noteEarlyWarning(): void {
    if (this.#earlyWarning) return;
    this.#earlyWarning = true;
    this.#progress.clear();
    this.#context.reporter.warn(EARLY_WARNING);
  }

  async #endFile(): Promise<void> {
    const { earlyWarning } = await this.#drive.writeFilemarks(1, this.#abort);
    if (earlyWarning) this.#noteEarlyWarning();
    await this.#drive.flush(this.#abort);
    this.#progress.clear();
    const report = transferReport(this.#progress);
    await this.#context.reporter.summary(
      {
        written: { ...report, paddingBytes: this.#paddingBytes, filemarks: 1 },
        earlyWarning: this.#earlyWarning,
      },
      `${transferText(report)} written, and one filemark`,
    );
  }

  /** What was written stays, and is on the tape; no filemark says that it is a whole file. */
  async #endInterrupted(): Promise<never> {
    await this.#drive.flush(this.#abort);
    this.#progress.clear();
    throw new CommandFailure(
      `Interrupted: ${transferText(transferReport(this.#progress))} written, no filemark`,
    );
  }

  #tell(text: string): void {
    this.#progress.clear();
    this.#context.reporter.note(text);
  }
}
