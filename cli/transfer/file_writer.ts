import { createHash, type Hash } from "node:crypto";
import type { TapeDrive } from "../../mod.ts";
import type { CommandContext } from "../command.ts";
import { InterruptedTransfer } from "../command_failure.ts";
import type { ByteSource } from "../host/host.ts";
import { EARLY_WARNING } from "../report/early_warning.ts";
import { beforeWriteFailure } from "./before_failure.ts";
import { stopBehindRecord } from "./command_progress.ts";
import type { CountedFile } from "./manifest.ts";
import type { Progress } from "./progress.ts";
import { Reblocker } from "./reblocker.ts";
import type { RecordLayout } from "./record_layout.ts";
import type { WriteCounts } from "./write_counts.ts";
import { filemarksText, transferReport, transferText } from "./transfer_report.ts";

/** Milliseconds for a signal to arrive that has ended the source as well. */
const SETTLING_MS = 20;

/** Options of a {@link FileWriter}. */
export interface FileWriterOptions {
  /** What the file is called in a manifest. */
  readonly name: string;
  readonly context: CommandContext;
  /** Counts what is written; several files may share it. */
  readonly progress: Progress;
  /** Counts the writes; all files that are written to a drive share it. */
  readonly counts: WriteCounts;
  /** Files that were written before it, each with its filemark. */
  readonly filesBefore: number;
  /** Whether its position and hash are wanted. */
  readonly isDescribed: boolean;
}

/** What a {@link FileWriter} has done. */
export interface WrittenFile {
  readonly file: CountedFile;
  readonly earlyWarning: boolean;
  /** How often, and how long in all, the source kept the drive waiting for longer than it likes. */
  readonly starved: Starvation;
}

/** A drive whose source is slow. */
export interface Starvation {
  readonly times: number;
  readonly milliseconds: number;
}

/** A drive that hears nothing for so long may stop the tape, and has to go back before it writes on. */
const STARVING_MS = 200;

/** Writes one file and a filemark. */
export class FileWriter {
  readonly #drive: TapeDrive;
  readonly #source: ByteSource;
  readonly #layout: RecordLayout;
  readonly #name: string;
  readonly #context: CommandContext;
  readonly #progress: Progress;
  readonly #counts: WriteCounts;
  readonly #filesBefore: number;
  readonly #abort: { readonly signal: AbortSignal };
  readonly #hash: Hash | undefined;
  #earlyWarning = false;
  #records = 0;
  #bytes = 0;
  #starved: Starvation = { times: 0, milliseconds: 0 };
  #padding: Uint8Array = new Uint8Array(0);

  constructor(
    drive: TapeDrive,
    source: ByteSource,
    layout: RecordLayout,
    options: FileWriterOptions,
  ) {
    const { name, context, progress, counts, filesBefore, isDescribed } = options;
    this.#drive = drive;
    this.#source = source;
    this.#layout = layout;
    this.#name = name;
    this.#context = context;
    this.#progress = progress;
    this.#counts = counts;
    this.#filesBefore = filesBefore;
    this.#abort = { signal: context.interruption.signal };
    this.#hash = isDescribed ? createHash("sha256") : undefined;
  }

  /**
   * Resolves when the file and its filemark are on tape.
   *
   * @throws {CommandFailure} when it was interrupted; what was written stays.
   */
  async run(): Promise<WrittenFile> {
    try {
      return await this.#write();
    } catch (error) {
      if (!(error instanceof InterruptedTransfer)) await this.#tellBefore(error);
      throw error;
    }
  }

  async #write(): Promise<WrittenFile> {
    const { interruption } = this.#context;
    const place = this.#hash && await this.#drive.position(this.#abort);
    await this.#writeContents();
    // Who interrupts a pipeline ends what writes to the pipe, too: its end, which nobody knew beforehand, may be
    // heard before the signal.
    if (this.#source.sizeBytes === undefined && !interruption.stopRequested) {
      await this.#context.host.sleep(SETTLING_MS, interruption.signal);
    }
    if (interruption.stopRequested) await this.#endInterrupted();
    await this.#endFile();
    return {
      file: {
        ...this.#facts(),
        ...(place && { partition: place.partition }),
        ...(place?.known && { position: place.object }),
      },
      earlyWarning: this.#earlyWarning,
      starved: this.#starved,
    };
  }

  async #tellBefore(error: unknown): Promise<void> {
    if (this.#progress.records === 0) return;
    const recordsIn = (writes: number) => this.#counts.recordsIn(writes);
    this.#tell(await beforeWriteFailure(this.#drive, this.#progress, error, recordsIn));
  }

  async #writeContents(): Promise<void> {
    const records = new Reblocker(this.#source, this.#layout.recordBytes);
    stopBehindRecord(this.#context, this.#progress, () => this.#source.cancel());
    try {
      await this.#writeRecords(records);
    } finally {
      this.#source.cancel();
      await records.settle();
    }
  }

  async #writeRecords(records: Reblocker): Promise<void> {
    const { interruption } = this.#context;
    for (;;) {
      const record = await this.#nextRecord(records);
      if (record === null || interruption.stopRequested) return;
      const { earlyWarning } = await this.#drive.write(this.#padded(record), this.#abort);
      this.#hash?.update(record);
      this.#bytes += record.length;
      this.#records += this.#recordsIn(record.length);
      this.#progress.add(record.length, this.#recordsIn(record.length));
      this.#counts.add(this.#recordsIn(record.length));
      if (earlyWarning) this.#noteEarlyWarning();
      await interruption.breathe();
    }
  }

  async #nextRecord(records: Reblocker): Promise<Uint8Array | null> {
    const { host } = this.#context;
    const asked = host.now();
    const record = await records.next();
    const waitedMs = host.now() - asked;
    // What it waits for the first one costs nothing: the tape does not move yet.
    if (waitedMs >= STARVING_MS && this.#records > 0 && record !== null) {
      const { times, milliseconds } = this.#starved;
      this.#starved = { times: times + 1, milliseconds: milliseconds + waitedMs };
    }
    return record;
  }

  /** In fixed-block mode a WRITE moves whole blocks only (SSC-4 WRITE(6), FIXED bit). */
  #padded(record: Uint8Array): Uint8Array {
    const { blockBytes } = this.#layout;
    const excess = blockBytes === 0 ? 0 : record.length % blockBytes;
    if (excess === 0) return record;
    this.#padding = new Uint8Array(blockBytes - excess);
    this.#tell(
      `The last block is filled up with ${this.#padding.length} zero bytes, since the drive is in ` +
        `fixed-block mode of ${blockBytes} bytes`,
    );
    const padded = new Uint8Array(record.length + this.#padding.length);
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
  }

  /** What was written stays, and is on the tape; no filemark says that it is a whole file. */
  async #endInterrupted(): Promise<never> {
    await this.#drive.flush(this.#abort);
    this.#progress.clear();
    throw new InterruptedTransfer(
      `Interrupted: ${transferText(transferReport(this.#progress))} written, ${this.#marksText()}`,
    );
  }

  #marksText(): string {
    if (this.#filesBefore === 0) return "no filemark";
    return `and ${filemarksText(this.#filesBefore)}, none behind the last file`;
  }

  #facts(): CountedFile {
    const padded = this.#padding.length === 0 ? undefined : this.#hash?.copy();
    return {
      name: this.#name,
      records: this.#records,
      bytes: this.#bytes,
      paddingBytes: this.#padding.length,
      ...(this.#hash && { sha256: this.#hash.digest("hex") }),
      ...(padded && { paddedSha256: padded.update(this.#padding).digest("hex") }),
    };
  }

  #tell(text: string): void {
    this.#progress.clear();
    this.#context.reporter.note(text);
  }
}
