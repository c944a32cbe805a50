/**
 * Writing records and filemarks where the caller stands (SSC-4, WRITE(6) and WRITE FILEMARKS(6)).
 *
 * @module
 */

import { checkRecordLength, checkWholeBlocks } from "./block_limits.ts";
import { MAX_U24, writeCdb, writeFilemarksCdb } from "./commands.ts";
import type { ScsiCommand } from "../scsi/logical_unit.ts";
import type { Condition } from "./conditions.ts";
import type { Reply } from "./device.ts";
import { TapeError, VolumeOverflowError } from "./errors.ts";
import type { Reposition } from "./reposition.ts";
import type { TapeSession } from "./tape_session.ts";

/** What a write met. Everything was written. */
export interface WriteResult {
  /** Whether the end of the tape is near: there is room for a last record, a filemark and little more. */
  readonly earlyWarning: boolean;
  /** Whether the tape has come into the programmable early warning zone before that (reported once). */
  readonly programmableEarlyWarning: boolean;
}

const WRITE_ENDS: ReadonlySet<Condition> = new Set<Condition>([
  "early-warning",
  "programmable-early-warning",
  "volume-overflow",
]);

/** Writes to one drive. */
export class Writer {
  readonly #session: TapeSession;
  readonly #reposition: Reposition;

  constructor(session: TapeSession, reposition: Reposition) {
    this.#session = session;
    this.#reposition = reposition;
  }

  /** Writes one record, or in fixed mode one or more whole blocks. */
  async write(data: Uint8Array, signal?: AbortSignal): Promise<WriteResult> {
    const { blockBytes, limits } = this.#session;
    if (blockBytes > 0) checkWholeBlocks(data.length, blockBytes);
    else checkRecordLength(data.length, limits);
    await this.place("write");
    signal?.throwIfAborted();
    return await this.#session.moving(() =>
      blockBytes > 0 ? this.#writeBlocks(data, blockBytes, signal) : this.#writeRecord(data, signal)
    );
  }

  /** Writes filemarks. */
  async writeFilemarks(
    count: number,
    immediate: boolean,
    signal?: AbortSignal,
  ): Promise<WriteResult> {
    if (!Number.isInteger(count) || count < 1 || count > MAX_U24) {
      throw new TapeError("invalid-argument", `Cannot write ${count} filemarks: 1 to ${MAX_U24}`);
    }
    await this.place("write filemarks");
    signal?.throwIfAborted();
    return await this.#session.moving(async () => {
      const { count: own } = this.#session;
      const cdb = writeFilemarksCdb(count, immediate);
      const reply = await this.#perform(
        { cdb, signal },
        count,
        (written) => own.passFilemarks(written),
      );
      own.passFilemarks(count);
      this.#session.isDirty = immediate;
      return resultOf(reply);
    });
  }

  /** Has the drive write out what it has buffered: WRITE FILEMARKS with count 0, which writes none. */
  async flush(signal?: AbortSignal): Promise<void> {
    const command = { cdb: writeFilemarksCdb(0, false), signal };
    await this.#session.moving(() => this.#perform(command, 0, () => {}));
    this.#session.isDirty = false;
  }

  /** Makes sure that what is about to be written goes where the caller stands. */
  async place(doing: string): Promise<void> {
    await this.#reposition.back();
    if (!this.#session.isLost && this.#session.isDoubtful) await this.#confirmPlace();
    if (this.#session.isLost) throw this.#session.lostError(doing);
    this.#session.proof.startRun();
  }

  /** tgt lands one object too far back when it spaces back over filemarks; drives that tell their position have no such faults. */
  async #confirmPlace(): Promise<void> {
    const position = await this.#session.askPosition();
    if (position?.object !== undefined) this.#session.isDoubtful = false;
    else this.#session.lose(this.#session.device.problem("position-lost", DOUBTFUL));
  }

  async #writeRecord(data: Uint8Array, signal?: AbortSignal): Promise<WriteResult> {
    this.#session.isDirty = true;
    const command = { cdb: writeCdb(false, data.length), dataOut: data, signal };
    const reply = await this.#perform(command, data.length, (bytes) => this.#passPart(bytes));
    this.#session.count.passRecords(1);
    return resultOf(reply);
  }

  /**
   * Near the end of the tape some drives take a few blocks of a WRITE, report early warning, and say how many they have left. Those
   * are then written too: each block is a record of its own.
   */
  async #writeBlocks(
    data: Uint8Array,
    blockBytes: number,
    signal?: AbortSignal,
  ): Promise<WriteResult> {
    let rest = data;
    let warnings = resultOf(undefined);
    this.#session.isDirty = true;
    while (rest.length > 0) {
      const blocks = rest.length / blockBytes;
      const command = { cdb: writeCdb(true, blocks), dataOut: rest, signal };
      const pass = (written: number) => this.#session.count.passRecords(written);
      const reply = await this.#perform(command, blocks, pass);
      const left = blocksLeft(reply, blockBytes);
      if (left >= blocks) throw this.#noProgress(reply);
      this.#session.count.passRecords(blocks - left);
      warnings = merge(warnings, resultOf(reply));
      rest = rest.subarray(rest.length - left * blockBytes);
    }
    return warnings;
  }

  #noProgress(reply: Reply): TapeError {
    const { device } = this.#session;
    return new VolumeOverflowError(
      `Cannot write on ${device.name}: the drive takes no more blocks at the end of the tape`,
      { sense: reply.sense, position: this.#session.countedPosition() },
    );
  }

  /** Sends a write of `asked` bytes, blocks or filemarks; `pass` counts those that went to tape before it was full. */
  async #perform(
    command: ScsiCommand,
    asked: number,
    pass: (written: number) => void,
  ): Promise<Reply> {
    const { device } = this.#session;
    const reply = await device.perform(command, WRITE_ENDS);
    if (reply.condition === "good" && reply.residual > 0) throw this.#notTaken(reply);
    if (reply.condition !== "volume-overflow") return reply;
    const error = device.failure(reply);
    const left = reply.sense?.information;
    // More left than asked for: the drive could not write what it had buffered before either.
    if (left === undefined || left < 0 || left > asked) this.#session.lose(error);
    else pass(asked - left);
    throw error;
  }

  #notTaken({ residual }: Reply): TapeError {
    const message =
      `Cannot be sure of a write: the drive calls it good, but took ${residual} bytes less`;
    return this.#session.device.problem("length-disagreement", message);
  }

  /** A record that went to tape in part is none that could be counted. */
  #passPart(bytes: number): void {
    if (bytes > 0) this.#session.count.forget();
  }
}

const DOUBTFUL =
  "Cannot be sure where the tape stands after that motion: drives differ, and this one does not tell positions";

/** Blocks of a fixed WRITE that were not taken: INFORMATION says, else the residual count, which is in bytes. */
function blocksLeft({ condition, sense, residual }: Reply, blockBytes: number): number {
  if (condition === "good" || condition === "informational") return 0;
  return Math.abs(sense?.information ?? Math.ceil(residual / blockBytes));
}

function resultOf(reply: Reply | undefined): WriteResult {
  return {
    earlyWarning: reply?.condition === "early-warning",
    programmableEarlyWarning: reply?.condition === "programmable-early-warning",
  };
}

function merge(one: WriteResult, other: WriteResult): WriteResult {
  return {
    earlyWarning: one.earlyWarning || other.earlyWarning,
    programmableEarlyWarning: one.programmableEarlyWarning || other.programmableEarlyWarning,
  };
}
