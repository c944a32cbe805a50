/**
 * One SCSI command on its way: what has been sent, what has arrived, what is still due (RFC 7143 §4.2.5.2, §11.3).
 *
 * @module
 */

import type { ScsiCommand, ScsiResult } from "../../../scsi/logical_unit.ts";
import { RESERVED_TAG } from "../../pdu/bhs.ts";
import type { StreamedDataIn } from "../streaming/streamed_data_in.ts";
import type { StreamedDataOut } from "../streaming/streamed_data_out.ts";
import type { DataRecovery } from "../recovery/data_recovery.ts";

/** A part of the Data-In buffer: its first byte, and one past its last. */
export interface DataPiece {
  readonly start: number;
  readonly end: number;
}

/** `queued`: nothing sent, no CmdSN taken. `sent`: the target has it. `aborting`: ABORT TASK is out. */
export type ScsiTaskState = "queued" | "sent" | "aborting" | "done";

/** Who waits for a task. Exactly one of the two is called, once. */
export interface ScsiTaskOwner {
  completed(result: ScsiResult): void;
  /** `error` is a `ServiceDeliveryError`, or the reason of the signal that aborted the command. */
  failed(error: unknown): void;
}

/** What `cid` holds while a request has no connection: it is queued, or its connection was lost. */
export const NO_CONNECTION: number = -1;

type Ending = { readonly result: ScsiResult } | { readonly error: unknown };

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** One SCSI command and its progress. */
export class ScsiTask {
  readonly lun: bigint;
  readonly command: ScsiCommand;
  /** The command's name, for messages. */
  readonly name: string;
  readonly timeoutMs: number;
  readonly deadline: number;
  readonly dataOut: Uint8Array;
  readonly dataIn: Uint8Array;
  /** What stands for one of the buffers when the data comes or goes piece by piece. */
  readonly streamOut: StreamedDataOut | undefined;
  readonly streamIn: StreamedDataIn | undefined;
  /** Bytes that it expects to write and to read. */
  readonly writeLength: number;
  readonly readLength: number;

  state: ScsiTaskState = "queued";
  itt: number = RESERVED_TAG;
  cmdSn = 0;
  /** The connection that all PDUs of the command use (RFC 7143 §4.2.2.1, allegiance), or {@link NO_CONNECTION}. */
  cid: number = NO_CONNECTION;

  /** Bytes of Data-In that have arrived, without a gap. */
  received = 0;
  /** Where Data-In has come, by DataSN; only kept once it may have come in another order than that of its offsets. */
  pieces: Map<number, DataPiece> | undefined;
  /**
   * DataSN of the next Data-In PDU, R2TSN of the next R2T. They share one sequence in bidirectional commands only, whose
   * two numbers are the same at all times (RFC 7143 §11.7.5, §11.8.3).
   */
  nextDataSn = 0;
  nextR2tSn = 0;
  /** R2Ts that have come. */
  #r2ts = 0;
  outstandingR2ts = 0;
  /** One past the last byte of Data-Out that the target has asked for, or got without asking. */
  requestedBytes = 0;
  /** What was lost and is asked for again; only where something was (error recovery level 1). */
  recovery: DataRecovery | undefined;
  /** The task was taken over by another connection, where the numbering of R2Ts may begin anew. */
  r2tSnUnknown = false;
  /** How often the command PDU was sent again. */
  retries = 0;
  /** `segmentGeneration` of the connection when the command was sent. */
  segmentGeneration = 0;

  /** Why the command is being aborted: what its owner is told unless the target answers after all. */
  abortReason: unknown = undefined;

  /** Whether the batch that the socket has not yet taken refers to the Data-Out buffer. */
  batched = false;
  #holds = 0;
  #ending: Ending | undefined;
  readonly #owner: ScsiTaskOwner;

  constructor(options: {
    lun: bigint;
    command: ScsiCommand;
    name: string;
    timeoutMs: number;
    now: number;
    owner: ScsiTaskOwner;
    streamOut?: StreamedDataOut;
    streamIn?: StreamedDataIn;
  }) {
    this.lun = options.lun;
    this.command = options.command;
    this.name = options.name;
    this.timeoutMs = options.timeoutMs;
    this.deadline = options.now + options.timeoutMs;
    this.dataOut = options.command.dataOut ?? NO_BYTES;
    this.dataIn = options.command.dataIn ?? NO_BYTES;
    this.streamOut = options.streamOut;
    this.streamIn = options.streamIn;
    this.writeLength = this.streamOut?.length ?? this.dataOut.length;
    this.readLength = this.streamIn?.length ?? this.dataIn.length;
    this.#owner = options.owner;
  }

  /** Whether what goes along with the command is there. */
  get isPrimed(): boolean {
    return this.streamOut === undefined || this.streamOut.isPrimed;
  }

  /** The Data-Out from `offset` to `end`, in place. */
  dataToSend(offset: number, end: number): Uint8Array {
    if (this.streamOut) return this.streamOut.send(offset, end);
    if (offset === 0 && end === this.dataOut.length) return this.dataOut;
    return offset === end ? NO_BYTES : this.dataOut.subarray(offset, end);
  }

  /** Nobody wants its data any more, nor gives it. */
  abandonStreams(): void {
    this.streamOut?.abandon();
    this.streamIn?.discard();
  }

  /** Whether it has data in both directions. */
  get isBidirectional(): boolean {
    return this.readLength > 0 && this.writeLength > 0;
  }

  /** Data-In PDUs that have come without a gap. */
  get dataIns(): number {
    return this.isBidirectional ? (this.nextDataSn - this.#r2ts) >>> 0 : this.nextDataSn;
  }

  /** DataSN of the first Data-In, as far as R2Ts have come before it. */
  get firstDataSn(): number {
    return this.isBidirectional ? this.#r2ts : 0;
  }

  /** A Data-In PDU has come in its turn. */
  countDataIn(length: number): void {
    this.received += length;
    this.goOnAt((this.nextDataSn + 1) >>> 0);
  }

  /** Data-In goes on with this DataSN. */
  goOnAt(dataSn: number): void {
    this.nextDataSn = dataSn;
    if (this.isBidirectional) this.nextR2tSn = dataSn;
  }

  /** An R2T has come in its turn. */
  countR2t(): void {
    this.nextR2tSn = (this.nextR2tSn + 1) >>> 0;
    this.outstandingR2ts++;
    this.#r2ts++;
    if (this.isBidirectional) this.nextDataSn = this.nextR2tSn;
  }

  /** R2Ts go on with this number, which the connection that took over the task has chosen. */
  renumberR2ts(r2tSn: number): void {
    this.#r2ts += (r2tSn - this.nextR2tSn) | 0;
    this.nextR2tSn = r2tSn;
    if (this.isBidirectional) this.nextDataSn = r2tSn;
  }

  /** The command goes out once more as if never sent: the target has taken in nothing of it. */
  restart(): void {
    this.received = 0;
    this.pieces = undefined;
    this.nextDataSn = 0;
    this.nextR2tSn = 0;
    this.#r2ts = 0;
    this.outstandingR2ts = 0;
    this.requestedBytes = 0;
    this.recovery = undefined;
    this.r2tSnUnknown = false;
  }

  /** The socket uses a buffer of the command: until {@link release} its owner, to whom the buffer falls, hears nothing. */
  hold(): void {
    this.#holds++;
  }

  /** The socket has let go of what {@link hold} was called for. */
  release(): void {
    this.#holds--;
    if (this.#holds === 0 && this.#ending) this.#deliver(this.#ending);
  }

  /** The target has answered. */
  complete(result: ScsiResult): void {
    if (this.state === "done") return;
    // Data that was dropped meanwhile is missing from what the target did after all.
    if (this.streamIn?.isDiscarded) return this.fail(this.abortReason);
    this.state = "done";
    if (this.#holds === 0) this.#owner.completed(result);
    else this.#ending = { result };
  }

  /** No answer will come. Does nothing if one has come. */
  fail(error: unknown): void {
    if (this.state === "done") return;
    this.state = "done";
    if (this.#holds === 0) this.#owner.failed(error);
    else this.#ending = { error };
  }

  #deliver(ending: Ending): void {
    this.#ending = undefined;
    if ("result" in ending) this.#owner.completed(ending.result);
    else this.#owner.failed(ending.error);
  }
}
