/**
 * What a tape drive does with its tape beside moving records: the cartridge's memory, encryption, protection, partitions,
 * verifying, reading and writing by address.
 *
 * @module
 */

import { preventAllowMediumRemovalCdb } from "../scsi/cdb.ts";
import type { ScsiCommand } from "../scsi/logical_unit.ts";
import { recommendedOrder, type TapeSegment } from "./access_order.ts";
import { TapeAttributes } from "./attributes.ts";
import { BlockProtection } from "./block_protection.ts";
import { allowOverwrite, type OverwriteAllowance, setCapacity } from "./drive_modes.ts";
import { DriveUpkeep } from "./drive_upkeep.ts";
import type { DriveWork } from "./drive_work.ts";
import { TapeEncryption } from "./encryption.ts";
import {
  readAt,
  type ReadAtOptions,
  readReverse,
  type ReverseReadResult,
  writeAt,
  type WriteAtOptions,
  type WriteAtResult,
} from "./explicit_address.ts";
import { loadHoldingCdb } from "./extended_commands.ts";
import { needing } from "./feature_support.ts";
import type { LongOperationOptions } from "./long_operation.ts";
import type { OperationOptions } from "./options.ts";
import {
  formatDefault,
  makePartitions,
  type MakePartitionsOptions,
  type PartitionLayout,
  type PartitionSize,
  readPartitions,
} from "./partitions.ts";
import type { ReadResult } from "./record_reader.ts";
import { Reliances } from "./reliances.ts";
import { verify, type VerifyExtent, type VerifyOptions, type VerifyResult } from "./verify.ts";

const PREVENT: ScsiCommand = { cdb: preventAllowMediumRemovalCdb(true) };
const ALLOW: ScsiCommand = { cdb: preventAllowMediumRemovalCdb(false) };

/**
 * What a {@link TapeDrive} does with its tape beside records and positions. Each takes its turn among the drive's operations. What a drive does not have throws
 * {@link UnsupportedError}, which says which feature; nothing has been done then, but that the tape may stand at its beginning where that is needed.
 */
export abstract class DriveFeatures extends DriveUpkeep {
  /** The memory in the cartridge: barcode, load count, labels. */
  readonly attributes: TapeAttributes;
  /** Encryption in the drive. */
  readonly encryption: TapeEncryption;
  /** Logical block protection: a CRC from the host to the tape and back. */
  readonly protection: BlockProtection;
  readonly #work: DriveWork;
  #isLocked = false;

  /**
   * Made by {@link TapeDrive.open}.
   *
   * @internal
   */
  constructor(work: DriveWork) {
    super(work);
    const reliances = new Reliances(work.session);
    this.#work = work;
    this.attributes = new TapeAttributes(work);
    this.encryption = new TapeEncryption(work, reliances);
    this.protection = new BlockProtection(work, reliances);
    work.session.restorers.push(async () => {
      if (this.#isLocked) await work.session.device.perform(PREVENT);
    });
  }

  /**
   * The partitions of the tape.
   *
   * @throws {UnsupportedError} when the drive knows none.
   */
  partitions(options: OperationOptions = {}): Promise<PartitionLayout> {
    return this.#run(() => readPartitions(this.#work, options.signal), options.signal);
  }

  /**
   * Divides the tape. Everything on it is lost. It then stands at the beginning of partition 0.
   *
   * One that fails or is called off before the drive formats the tape leaves that as it was. The drive may tell the sizes in `partitions()` all the same until it
   * is reset or has another tape; `format()` and the next `makePartitions()`, of any host, go by their own.
   *
   * @param sizes The size of each partition in bytes, `"rest"` for exactly one of them. The drive rounds them, as a rule to gigabytes.
   * @returns the partitions as the drive says they are now.
   * @throws {UnsupportedError} when drive or tape cannot be divided, or not so often.
   * @throws {TapeError} of kind `invalid-argument` for sizes that cannot be.
   */
  makePartitions(
    sizes: readonly PartitionSize[],
    options: MakePartitionsOptions = {},
  ): Promise<PartitionLayout> {
    return this.#run(() => makePartitions(this.#work, sizes, options), options.signal);
  }

  /**
   * Formats the tape as one partition, the drive's default. Everything on it is lost.
   *
   * @throws {UnsupportedError} when the drive does not format.
   */
  format(options: LongOperationOptions = {}): Promise<void> {
    return this.#run(() => formatDefault(this.#work, options), options.signal);
  }

  /**
   * In append-only mode lets the next write overwrite what lies where the caller is, or lets the tape be formatted; `nothing` takes that back.
   *
   * @throws {PositionLostError} when it is not certain where that is.
   * @throws {UnsupportedError} when the drive has no such mode.
   */
  allowOverwrite(what: OverwriteAllowance, options: OperationOptions = {}): Promise<void> {
    return this.#run(() => allowOverwrite(this.#work, what, options.signal), options.signal);
  }

  /**
   * Lets the tape hold only a part of what it could. Everything on it is lost.
   *
   * @param proportion Above 0 and at most 1, which is all of it again.
   * @throws {UnsupportedError} when drive or tape does not do that.
   */
  setCapacity(proportion: number, options: LongOperationOptions = {}): Promise<void> {
    return this.#run(() => setCapacity(this.#work, proportion, options), options.signal);
  }

  /**
   * Has the drive read and check what is on the tape, without bringing it here.
   *
   * @throws {UnsupportedError} when the drive cannot.
   * @throws {MediumError} when something cannot be read.
   * @throws {PositionLostError} when it begins at an object, no partition is named, and it is not certain in which one the caller is.
   */
  verify(extent: VerifyExtent, options: VerifyOptions = {}): Promise<VerifyResult> {
    return this.#run(() => verify(this.#work, extent, options), options.signal);
  }

  /**
   * Reads the record, or in fixed mode the block, before the caller, who then stands before it.
   *
   * @throws {UnsupportedError} when the drive cannot read backwards: no LTO drive can.
   * @throws {RecordTooLargeError} when the drive does not give it whole; the tape stands before it.
   * @throws {RecordLengthError} when lengths contradict one another, or a fixed block has another length; the tape stands before it.
   */
  readReverse(options: Omit<ReadAtOptions, "partition"> = {}): Promise<ReverseReadResult> {
    return this.#run(() => readReverse(this.#work, options), options.signal);
  }

  /**
   * Reads an object by its number in one command, READ(16); the caller then stands behind it.
   *
   * @throws {UnsupportedError} when the drive has no explicit addresses; `locate()` and `read()` do the same.
   * @throws {PositionLostError} when no partition is named, and it is not certain in which one the caller is.
   * @throws {RecordTooLargeError} when the drive does not give it whole.
   * @throws {RecordLengthError} when lengths contradict one another, or a fixed block has another length.
   */
  readAt(object: number, options: ReadAtOptions = {}): Promise<ReadResult> {
    return this.#run(() => readAt(this.#work, object, options), options.signal);
  }

  /**
   * Writes a record, or in fixed mode whole blocks, at the place of an object in one command, WRITE(16). What lies behind it is lost.
   *
   * @throws {UnsupportedError} when the drive has no explicit addresses; `locate()` and `write()` do the same.
   * @throws {PositionLostError} when no partition is named, and it is not certain in which one the caller is.
   * @throws {VolumeOverflowError} when the tape is full.
   * @throws {WriteProtectedError} when it is write-protected.
   * @throws {WormViolationError} when a write-once tape would be overwritten.
   */
  writeAt(object: number, data: Uint8Array, options: WriteAtOptions = {}): Promise<WriteAtResult> {
    return this.#run(() => writeAt(this.#work, object, data, options), options.signal);
  }

  /** Locks the tape into the drive until `unlock()` or `close()`; again after a reset or a lost connection. */
  lock(options: OperationOptions = {}): Promise<void> {
    const { signal } = options;
    return this.#run(async () => {
      await this.#work.session.device.perform({ ...PREVENT, signal });
      this.#isLocked = true;
    }, signal);
  }

  /** Takes back this host's lock. Another host's stays, and `unload()` fails with {@link RemovalPreventedError}. */
  unlock(options: OperationOptions = {}): Promise<void> {
    const { signal } = options;
    return this.#run(async () => {
      await this.#work.session.device.perform({ ...ALLOW, signal });
      this.#isLocked = false;
    }, signal);
  }

  /**
   * Takes the tape into the drive and holds it unthreaded, so that its memory can be read without winding it. Every other use needs `load()` first.
   *
   * @throws {UnsupportedError} when the drive does not do that.
   */
  hold(options: OperationOptions = {}): Promise<void> {
    const { signal } = options;
    const { session } = this.#work;
    return this.#run(async () => {
      const command = { cdb: loadHoldingCdb(), signal };
      const hold = () => session.device.perform(command);
      await this.#work.leaving(() => needing(session.device, "holding a tape", hold), signal);
      session.synchronized();
      session.place();
      session.count.forget();
      session.mode.suspect();
    }, signal);
  }

  /**
   * Puts parts of the tape into the order in which the drive reads them soonest.
   *
   * @returns the same segments, reordered.
   * @throws {UnsupportedError} when the drive makes no such recommendation.
   */
  recommendedOrder<T extends TapeSegment>(
    segments: readonly T[],
    options: OperationOptions = {},
  ): Promise<T[]> {
    return this.#run(async () => {
      await this.#work.back();
      return await recommendedOrder(this.#work, segments, options.signal);
    }, options.signal);
  }

  /**
   * Leaves the drive as the next host expects it.
   *
   * @internal
   */
  protected releaseFeatures(): Promise<void> {
    return this.protection.release();
  }

  #run<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#work.run(operation, signal);
  }
}
