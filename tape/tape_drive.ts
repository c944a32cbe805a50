/**
 * A tape drive.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import { count as wholeNumber, object, truth } from "../scsi/option_rules.ts";
import { sleep } from "../scsi/sleep.ts";
import { eitherOf } from "./abort.ts";
import type { BlockLimits } from "./block_limits.ts";
import { checkBlockSize, currentBlockBytes } from "./block_size.ts";
import { checkBytes } from "./caller_bytes.ts";
import { callerPosition } from "./caller_position.ts";
import { checkGiven, checkOptional } from "./caller_values.ts";
import { shutDown } from "./closing.ts";
import {
  type CompressionSettings,
  type CompressionState,
  keepCompression,
  readCompression,
} from "./compression.ts";
import { type Density, type DensityOptions, readDensities } from "./density.ts";
import { DriveFeatures } from "./drive_features.ts";
import { DriveTurns } from "./drive_turns.ts";
import { type DriveStatus, readStatus } from "./drive_status.ts";
import { eraseLong, type EraseOptions } from "./long_erase.ts";
import { LONG_RULES } from "./long_operation.ts";
import { SpaceStoppedError, TapeError } from "./errors.ts";
import { DEFAULT_RESERVATION_KEY, type Exclusion, exclusionOf } from "./exclusive_use.ts";
import { type LocateTarget, MAX_PARTITION } from "./locate_target.ts";
import { Motion } from "./motion.ts";
import { type DriveInfo, getToKnow } from "./opening.ts";
import { checkOptions } from "./option_limits.ts";
import type {
  OperationOptions,
  ReadOptions,
  RecordsOptions,
  TapeDriveOptions,
  WriteFilemarksOptions,
} from "./options.ts";
import type { Outage } from "./outage.ts";
import type { TapePosition } from "./position.ts";
import {
  type ReadIntoResult,
  type ReadResult,
  RecordReader,
  type RecordTaker,
} from "./record_reader.ts";
import { RestoringOutage } from "./restoring_outage.ts";
import { checkSpace, type SpaceResult, type SpaceWhat } from "./spacing.ts";
import { readableFrom, type WritableOptions, writableTo } from "./streams.ts";
import { filesFrom, type TapeFile } from "./tape_files.ts";
import { TapeSession } from "./tape_session.ts";
import type { WriteResult } from "./write_result.ts";
import { Writer } from "./writer.ts";

const DEFAULT_RECORD_BYTES_HINT = 262_144;
const DEFAULT_CLOSE_TIMEOUT_MS = 5000;

/**
 * A tape drive: records, filemarks and positions.
 *
 * Operations may be called without waiting for one another; they are done one at a time in the order of the calls. With read-ahead the tape runs ahead of
 * the caller, but every operation acts where the caller is. After an error that leaves the position uncertain, reads go on where the tape stands, and writes
 * are refused with {@link PositionLostError} until `rewind()`, `load()`, `locate()` or `space("end-of-data")` has placed the tape.
 *
 * Every method may throw, beside what it names: {@link MediumChangedError} and {@link ResetError}, {@link NotReadyError}, {@link DeferredError},
 * {@link MediumError}, {@link HardwareError}, {@link EncryptionError}, {@link BlockProtectionError}, {@link ReservationConflictError},
 * {@link ReservationPreemptedError}, {@link UnloadRequestedError}, {@link TransportLostError}, and {@link TapeError} of another kind.
 */
export class TapeDrive extends DriveFeatures {
  /** What the drive is. */
  readonly info: DriveInfo;
  readonly #session: TapeSession;
  readonly #outage: Outage;
  readonly #reader: RecordReader;
  readonly #writer: Writer;
  readonly #motion: Motion;
  readonly #turns: DriveTurns;
  #exclusion: Exclusion | undefined;
  readonly #closeTimeoutMs: number;
  /** Aborts when the drive is being closed, for what waits with nothing to lose. */
  readonly #leaving: AbortController = new AbortController();
  #closing: Promise<void> | undefined;

  private constructor(session: TapeSession, info: DriveInfo, options: TapeDriveOptions) {
    const {
      readAhead = 0,
      writeBehind = 0,
      closeTimeoutMs = DEFAULT_CLOSE_TIMEOUT_MS,
      sili = false,
      recordBytesHint = DEFAULT_RECORD_BYTES_HINT,
    } = options;
    super({
      session,
      run: (operation, signal) => this.#turns.run(operation, signal),
      back: () => this.#reader.reposition.back(),
      leaving: (motion, signal, goesFirst) =>
        this.#reader.reposition.leaving(motion, signal, goesFirst),
      rewind: (signal) => this.#motion.rewind(signal),
    });
    this.info = info;
    this.#session = session;
    const { recovery = "resume", loadPolling: polling = {} } = options;
    this.#outage = new RestoringOutage(session, {
      isRecovering: recovery === "resume",
      serialNumber: info.serialNumber,
      polling,
    });
    const outage = this.#outage;
    this.#reader = new RecordReader(session, { depth: readAhead, sili, recordBytesHint, outage });
    this.#writer = new Writer(session, this.#reader.reposition, { depth: writeBehind, outage });
    this.#turns = new DriveTurns({ session, outage, reader: this.#reader, writer: this.#writer });
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#motion = new Motion(session, this.#reader.reposition, {
      ...polling,
      signal: eitherOf(polling.signal, this.#leaving.signal),
    });
  }

  /**
   * Opens the drive behind a logical unit. The tape stays where it stands. On failure the logical unit is left open.
   *
   * @param unit What carries the commands; `close()` closes it.
   * @throws {TapeError} of kind `not-a-tape`, or `invalid-argument` for an option out of its range.
   * @throws {NotReadyError} when no tape is ready and one is required.
   */
  static async open(unit: LogicalUnit, options: TapeDriveOptions = {}): Promise<TapeDrive> {
    checkOptions(options);
    const { load = false, requireMedium = true, loadPolling = {}, signal } = options;
    const session = new TapeSession(unit, {
      logger: options.logger ?? getLogger(["@uiscsi/tape", "tape"]),
      timeouts: options.timeouts ?? {},
      sleep: options.sleep ?? sleep,
      notify: options.onNotice,
    });
    const info = await getToKnow(session, { load, requireMedium, polling: loadPolling, signal });
    const drive = new TapeDrive(session, info, options);
    await drive.#excludeOthers(options);
    try {
      await drive.#applySettings(options);
    } catch (error) {
      await drive.#exclusion?.release().catch(() => {});
      throw error;
    }
    return drive;
  }

  async #excludeOthers({ exclusive, reservationKey, signal }: TapeDriveOptions): Promise<void> {
    if (exclusive === undefined) return;
    const session = this.#session;
    const exclusion = exclusionOf(session, exclusive, reservationKey ?? DEFAULT_RESERVATION_KEY);
    await exclusion.acquire(signal);
    this.#exclusion = exclusion;
    session.restorers.push(() => exclusion.restore());
  }

  async #applySettings({ blockSize, compression }: TapeDriveOptions): Promise<void> {
    if (blockSize !== undefined && blockSize !== this.#session.blockBytes) {
      await this.setBlockSize(blockSize);
    }
    if (compression !== undefined) await this.setCompression({ enabled: compression });
  }

  /** Goes to the beginning of a partition, on a tape that has more than one. Throws as `locate()`. */
  async setPartition(partition: number, options: OperationOptions = {}): Promise<void> {
    checkGiven({ partition }, { partition: wholeNumber(0, MAX_PARTITION) });
    await this.locate({ object: 0, partition }, options);
  }

  /** Which record lengths the drive takes. */
  get limits(): BlockLimits {
    return this.#session.limits;
  }

  /**
   * Reads the next record whole, whatever its length, or the filemark or end of data in its place. In fixed mode a record is one block.
   *
   * @throws {RecordTooLargeError} when the drive itself cannot read a record of that length; the tape stands before it.
   * @throws {RecordLengthError} when lengths contradict one another, or a fixed block has another length; the tape stands after it.
   */
  read(options: ReadOptions = {}): Promise<ReadResult> {
    return this.#turns.runRead(() => this.#reader.read(options.signal), options.signal);
  }

  /**
   * Reads the next record into `buffer`. In fixed mode: at least one block, and as many as fit and come before the next condition, unless the drive has yet to
   * prove that it finds back over a filemark. `buffer` belongs to the drive until the promise settles.
   *
   * @throws {RecordTooLargeError} when the record is longer than `buffer`; the caller stands before it, and may read it with more room.
   * @throws {RecordLengthError} as `read()`.
   */
  readInto(buffer: Uint8Array, options: ReadOptions = {}): Promise<ReadIntoResult> {
    return this.#turns.runRead(() => {
      checkBytes(buffer, "read into");
      if (buffer.length === 0) {
        throw new TapeError("invalid-argument", "Cannot read into a buffer of no length");
      }
      return this.#reader.readInto(buffer, options.signal);
    }, options.signal);
  }

  /** The records up to the next filemark, which is passed, or the end of data. The arrays are the caller's, but with `reuse`. Throws as `read()`. */
  async *records(options: RecordsOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    checkOptional(options, { reuse: truth });
    for (;;) {
      const result = await this.read(options);
      if (result.kind !== "record") return;
      yield result.data;
      if (options.reuse) this.#reader.giveBack(result.data);
    }
  }

  /**
   * The records up to the next filemark, which is passed, or the end of data, as a stream: one chunk a record, read when it is asked for. The chunks are the
   * reader's. Cancelling it leaves the caller behind the last chunk; `signal` fails it with its reason. Fails with what `read()` throws.
   */
  readable(options: ReadOptions = {}): ReadableStream<Uint8Array> {
    return readableFrom((taker) => this.#readFor(taker, options.signal));
  }

  /** The next thing off the tape; it stays there when nobody waits for it any more once it has come. */
  #readFor(taker: RecordTaker, signal?: AbortSignal): Promise<ReadResult | undefined> {
    const read = () => this.#reader.readFor(taker, signal);
    return this.#turns.runReadFor(taker, read, signal);
  }

  /** The files from here to the end of data. What is not read of one is skipped when the next is asked for. Throws as `read()` and `space()`. */
  files(options: ReadOptions = {}): AsyncGenerator<TapeFile, void, undefined> {
    return filesFrom({
      read: (taker) =>
        taker === undefined ? this.read(options) : this.#readFor(taker, options.signal),
      isAtEndOfData: () =>
        this.#turns.runRead(
          async () => (await this.#reader.peek(options.signal)).kind === "end-of-data",
          options.signal,
        ),
      skipFile: () => this.#skipFile(),
    });
  }

  /**
   * Writes `data` as one record, in one command; in fixed mode as one or more whole blocks. It is then in the drive's buffer, or with write-behind on its way
   * there; `flush()` puts it on tape. `data` must not change until the promise settles; then it is the caller's again, for with write-behind it has been copied.
   *
   * What it throws tells in `writes` what became of this record and all before it. With write-behind the failure may be that of an earlier record.
   *
   * @throws {WriteStoppedError} when it was called before the failure of an earlier write with write-behind was known; nothing is sent.
   * @throws {TapeError} of kind `invalid-argument` when the drive does not take that length; nothing is sent.
   * @throws {VolumeOverflowError} when the tape is full.
   * @throws {WriteProtectedError} when the tape is write-protected.
   * @throws {WormViolationError} when a write-once tape would be overwritten.
   * @throws {PositionLostError} when it is not certain where the tape stands.
   */
  write(data: Uint8Array, options: OperationOptions = {}): Promise<WriteResult> {
    const { signal } = options;
    const { era } = this.#writer;
    return this.#turns.runWrite(() => this.#writer.write(data, era, signal), signal);
  }

  /**
   * A stream that writes to the tape; see {@link WritableOptions}. Its promises reject with what `write()` throws.
   *
   * @throws {TapeError} of kind `invalid-argument`, at once, for a `blockBytes` that no record can have.
   */
  writable(options: WritableOptions = {}): WritableStream<Uint8Array> {
    return writableTo({
      write: (data) => this.write(data),
      writeFilemarks: () => this.writeFilemarks(),
      flush: () => this.flush(),
    }, options);
  }

  /**
   * Writes filemarks; unless `immediate` is set, they and all before them are on tape when the promise resolves. Throws as `write()`.
   *
   * @param count 0 to 16777215, where 0 is `flush()`.
   */
  writeFilemarks(count = 1, options: WriteFilemarksOptions = {}): Promise<WriteResult> {
    const { immediate = false, signal } = options;
    const { era } = this.#writer;
    return this.#turns.runWrite(() => {
      checkGiven({ immediate }, { immediate: truth });
      return this.#writer.writeFilemarks(count, immediate, era, signal);
    }, signal);
  }

  /** Resolves when all that was written is on tape: a synchronous WRITE FILEMARKS, which writes none, was good. Throws as `write()`. */
  flush(options: OperationOptions = {}): Promise<WriteResult> {
    const { signal } = options;
    const { era } = this.#writer;
    return this.#turns.runWrite(() => this.#writer.flush(era, signal), signal);
  }

  /** Goes to the beginning of the partition. */
  rewind(options: OperationOptions = {}): Promise<void> {
    return this.#turns.run(() => this.#motion.rewind(options.signal), options.signal);
  }

  /** Winds the tape from end to end once and goes to the beginning, where the drive does such a thing. */
  retension(options: OperationOptions = {}): Promise<void> {
    return this.#load(true, options);
  }

  /** Threads the tape that is in the drive, and goes to its beginning. */
  load(options: OperationOptions = {}): Promise<void> {
    return this.#load(false, options);
  }

  /** Who loads a tape knows that it may be another. */
  #load(retension: boolean, { signal }: OperationOptions): Promise<void> {
    const load = () => this.#motion.load(retension, signal);
    return this.#turns.runWithoutTape(load, signal, "medium-changed");
  }

  /**
   * Rewinds the tape and unthreads or ejects it. A drive without a tape has nothing to do: one that had unloaded it and whose answer was lost may be told again,
   * unless what was written had not been flushed.
   *
   * @throws {RemovalPreventedError} when somebody has locked the tape into the drive.
   */
  unload({ signal }: OperationOptions = {}): Promise<void> {
    return this.#turns.runWithoutTape(() => this.#motion.unload(signal), signal);
  }

  /**
   * Moves over `count` blocks or filemarks, backwards when negative, or to the end of data. Over filemarks it ends behind the last one, or before it
   * when going backwards. After going backwards over filemarks, a drive that does not tell positions must be placed otherwise before a write.
   *
   * @throws {SpaceStoppedError} when a filemark, the end of data or the beginning came first; `information` is what was left of the count.
   */
  space(what: SpaceWhat, count = 1, options: OperationOptions = {}): Promise<SpaceResult> {
    return this.#turns.run(() => {
      checkSpace(what, count);
      return this.#motion.space(what, count, options.signal);
    }, options.signal);
  }

  /**
   * Goes to an object by its number, the beginning of a file, or the end of data.
   *
   * @throws {SpaceStoppedError} of kind `end-of-data` when that comes first; the tape stands there.
   */
  locate(target: LocateTarget, options: OperationOptions = {}): Promise<void> {
    return this.#turns.run(() => this.#motion.locate(target, options.signal), options.signal);
  }

  /**
   * Where the caller is. As a rule nothing moves for that, however far read-ahead has brought the tape. While the connection is lost it is not set up for this: the
   * answer is then the driver's own count, with `source: "counted"`, or `known: false` where that does not reach, as after `locate()` or a write whose answer was lost.
   */
  position(options: OperationOptions = {}): Promise<TapePosition> {
    const { signal } = options;
    return this.#turns.runAsIs(() => {
      this.#session.tellLoss("tell the position");
      return callerPosition(this.#session, this.#reader, signal);
    }, signal);
  }

  /** Bytes of a block in fixed mode; 0 in variable mode. */
  blockSize(options: OperationOptions = {}): Promise<number> {
    const { signal } = options;
    return this.#turns.run(async () => {
      const bytes = await currentBlockBytes(this.#session.device, signal);
      if (bytes !== this.#session.blockBytes) await this.#reader.reposition.back();
      this.#session.mode.tell(bytes);
      return bytes;
    }, signal);
  }

  /**
   * Sets fixed mode with blocks of so many bytes, or with 0 variable mode. What is on tape stays as it is.
   *
   * @throws {TapeError} of kind `invalid-argument` or `unsupported` when the drive does not take that size.
   */
  setBlockSize(bytes: number, options: OperationOptions = {}): Promise<void> {
    const { signal } = options;
    return this.#turns.run(async () => {
      checkBlockSize(bytes, this.#session.limits);
      await this.#reader.reposition.back();
      await this.#session.mode.set(bytes, signal);
    }, signal);
  }

  /** What the drive says about compression. */
  compression(options: OperationOptions = {}): Promise<CompressionState> {
    const { signal } = options;
    return this.#turns.run(() => readCompression(this.#session.device, signal), signal);
  }

  /**
   * Switches compression of what is written; again after a reset.
   *
   * @throws {UnsupportedError} when the drive does not compress.
   */
  setCompression(settings: CompressionSettings, options: OperationOptions = {}): Promise<void> {
    const { signal } = options;
    return this.#turns.run(() => {
      checkGiven({ settings }, { settings: object });
      checkGiven(settings, { enabled: truth });
      return keepCompression(this.#session, settings, signal);
    }, signal);
  }

  /** The densities that the drive knows, or those of the loaded tape; none when the drive does not say. */
  densities(options: DensityOptions = {}): Promise<Density[]> {
    const { media = false, signal } = options;
    return this.#turns.run(() => readDensities(this.#session.device, media, signal), signal);
  }

  /** Erases from here on. Throws as `write()`. */
  erase(options: EraseOptions = {}): Promise<void> {
    const { long = false, signal } = options;
    return this.#turns.run(async () => {
      checkGiven({ long }, { long: truth });
      checkOptional(options, LONG_RULES);
      await this.#writer.place("erase");
      if (long) await eraseLong(this.#session, options);
      else await this.#motion.erase(signal);
    }, signal);
  }

  /** The state of drive and tape. Works without a tape. */
  status(options: OperationOptions = {}): Promise<DriveStatus> {
    const { signal } = options;
    return this.#turns.runWithoutTape(() =>
      readStatus({
        device: this.#session.device,
        vendor: this.info.vendor,
        position: () => callerPosition(this.#session, this.#reader, signal),
        signal,
      }), signal);
  }

  /** Allows or forbids taking the tape out, by hand or by a robot: `unlock()` or `lock()`. */
  async setMediumRemoval(allowed: boolean, options: OperationOptions = {}): Promise<void> {
    checkGiven({ allowed }, { allowed: truth });
    await (allowed ? this.unlock(options) : this.lock(options));
  }

  /**
   * Waits for the operations before it, flushes what was written, brings the tape back to where the caller is, and closes the logical unit. Calling it again
   * gives the same promise. On a connection that is lost, it is bounded as {@link TapeDriveOptions.closeTimeoutMs} says. A `load()` that waits for the drive to
   * become ready is waited for no longer.
   *
   * @throws {PositionLostError} when the tape could not be brought back; {@link TapeError} when writing or flushing failed. The logical unit is closed all the same.
   */
  close(): Promise<void> {
    this.#leaving.abort(this.#turns.closedError());
    this.#closing ??= this.#outage.whileClosing(
      () => this.#turns.runLast(() => this.#shutDown()),
      this.#closeTimeoutMs,
    );
    return this.#closing;
  }

  /** Closes the drive; see {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shutDown(): Promise<void> {
    await shutDown({
      session: this.#session,
      outage: this.#outage,
      reader: this.#reader,
      writer: this.#writer,
      exclusion: this.#exclusion,
      releaseFeatures: () => this.releaseFeatures(),
    });
    this.#turns.tellUntold();
  }

  async #skipFile(): Promise<boolean> {
    try {
      await this.space("filemarks", 1);
      return true;
    } catch (error) {
      if (error instanceof SpaceStoppedError && error.kind === "end-of-data") return false;
      throw error;
    }
  }
}
