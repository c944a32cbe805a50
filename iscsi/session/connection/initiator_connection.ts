/**
 * One connection of an initiator without I/O: cuts bytes into PDUs, keeps StatSN, and fills batches of output in the
 * order that RFC 7143 asks for.
 *
 * @module
 */

import {
  DEFAULT_PARAMETERS,
  type NegotiatedParameters,
} from "../../negotiation/negotiated_parameters.ts";
import { PduFramer, type Placement } from "../../pdu/framer.ts";
import { RunningCrc32c } from "../../pdu/crc32c.ts";
import { DataOutQueue, type DataOutSender } from "./data_out_queue.ts";
import { NO_DIGESTS, type OutputBatch, type OutputDigests } from "../../connection/output_batch.ts";
import { ProtocolError } from "../../errors.ts";
import type { PduLog } from "./pdu_log.ts";
import type { ScsiTask } from "../requests/scsi_task.ts";
import { StatusSequence } from "./status_sequence.ts";

/**
 * Encodes a PDU that overtakes commands, at the moment it is written, and returns its data segment; `undefined` when there
 * is no need for it any more.
 */
export type UrgentPdu = (bhs: Uint8Array) => Uint8Array | undefined;

/** What a connection asks of the session that owns it. */
export interface ConnectionOwner {
  /** Where the data segment of an incoming PDU goes; `undefined` for a buffer of the connection's own. */
  place(
    connection: InitiatorConnection,
    header: Uint8Array,
    length: number,
  ): Placement;
  receive(
    connection: InitiatorConnection,
    header: Uint8Array,
    data: Uint8Array,
    intact: boolean,
  ): void;
  /** Adds the next command to the batch, if one may go out now. */
  sendCommand(connection: InitiatorConnection, batch: OutputBatch): boolean;
}

/** Options of an {@link InitiatorConnection}. */
export interface ConnectionOptions {
  readonly cid: number;
  /** ExpStatSN of the connection that this one reinstates (RFC 7143 §11.12.9). @default 0 */
  readonly expStatSn?: number;
  /** Bytes of the staging buffer. */
  readonly stagingBytes: number;
  /** Sees all PDUs. */
  readonly log: PduLog;
}

/** Payload bytes after which a batch is closed, so that urgent PDUs need not wait for long. */
const MAX_BATCH_BYTES = 512 * 1024;
/** Data segments until the end of the login are at most this long, whatever was declared (RFC 7143 §13.12). */
const LOGIN_SEGMENT_BYTES = 8192;
/** Answers and task management that wait for the socket: far more than any target asks for while it takes them in. */
const MAX_URGENT_PDUS = 1024;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The connection's half of an initiator. */
export class InitiatorConnection implements DataOutSender {
  readonly cid: number;
  readonly status: StatusSequence;
  readonly dataOut: DataOutQueue = new DataOutQueue();
  parameters: NegotiatedParameters = DEFAULT_PARAMETERS;
  digests: OutputDigests = NO_DIGESTS;
  /** Counts how often the length of the segments that the target may send has changed. */
  segmentGeneration = 0;

  readonly #owner: ConnectionOwner;
  readonly #framer: PduFramer;
  readonly #log: PduLog;
  #urgent: UrgentPdu[] = [];
  #toldStatSn = 0;
  #ending = false;
  #batchedTasks: ScsiTask[] = [];

  constructor(owner: ConnectionOwner, options: ConnectionOptions) {
    this.cid = options.cid;
    this.status = new StatusSequence(options.expStatSn);
    this.#owner = owner;
    this.#log = options.log;
    this.#framer = new PduFramer({
      place: (header, length) => this.#place(header, length),
      receive: (header, data, intact) => {
        this.#log.received(header, data);
        owner.receive(this, header, data, intact);
      },
    }, { maxDataSegmentLength: LOGIN_SEGMENT_BYTES, stagingBytes: options.stagingBytes });
  }

  /** The login is done: digests and the declared segment length hold from the next PDU on. */
  enterFullFeaturePhase(parameters: NegotiatedParameters): void {
    this.parameters = parameters;
    const { headerDigest: header, dataDigest } = parameters;
    this.digests = { header, data: dataDigest ? new RunningCrc32c() : undefined };
    this.#framer.setDigests(header, dataDigest ? new RunningCrc32c() : undefined);
    this.#framer.maxDataSegmentLength = parameters.maxReceiveDataSegmentLength;
  }

  /** The target may send segments of this length already, or of the one before still. */
  declared(maxReceiveDataSegmentLength: number): void {
    const before = this.parameters.maxReceiveDataSegmentLength;
    this.#framer.maxDataSegmentLength = Math.max(before, maxReceiveDataSegmentLength);
  }

  /** The two sides have agreed on other segment lengths (RFC 7143 §13.12). */
  renegotiated(parameters: NegotiatedParameters): void {
    const limit = parameters.maxReceiveDataSegmentLength;
    if (limit !== this.parameters.maxReceiveDataSegmentLength) this.segmentGeneration++;
    this.parameters = parameters;
    this.#framer.maxDataSegmentLength = limit;
  }

  /** One line each for the last PDUs, oldest first. */
  recentPdus(): string[] {
    return this.#log.lines();
  }

  /** Where the next bytes from the socket belong. */
  destination(): Uint8Array {
    return this.#framer.destination();
  }

  /** `count` bytes from the socket are in {@link destination}. */
  received(count: number): void {
    this.#framer.advance(count);
  }

  /** Whether a PDU waits until there is room for its data: nothing may be read until then. */
  get held(): boolean {
    return this.#framer.held;
  }

  /** There may be room for the PDU that waits, and for what is behind it. */
  resume(): void {
    this.#framer.resume();
  }

  /** Whether the stream may end here without cutting a PDU in two. */
  get betweenPdus(): boolean {
    return this.#framer.betweenPdus;
  }

  /** Queues a PDU that overtakes commands and data: pings, task management, login. */
  sendUrgent(pdu: UrgentPdu): void {
    if (!this.#ending) this.#urgent.push(pdu);
  }

  /**
   * Queues the answer to something that the target asks; it overtakes commands and data too.
   *
   * @throws {ProtocolError} when the target asks on without taking its answers.
   */
  sendAnswer(pdu: UrgentPdu): void {
    if (this.#urgent.length >= MAX_URGENT_PDUS) {
      throw new ProtocolError("Answer the target: it asks on without taking its answers");
    }
    this.sendUrgent(pdu);
  }

  /** Whether a Logout Request is the last thing that goes out. */
  get ending(): boolean {
    return this.#ending;
  }

  /**
   * The logout of the whole session goes out on another connection: nothing follows it here either, not even what waits
   * for the socket.
   */
  silence(): void {
    this.#urgent = [];
    this.#ending = true;
  }

  /** Queues the Logout Request, behind which nothing goes out any more (RFC 7143 §11.14). */
  sendLast(pdu: UrgentPdu): void {
    this.#urgent.push(pdu);
    this.#ending = true;
  }

  /** Whether nothing of its own waits to be sent. */
  get idle(): boolean {
    return this.#urgent.length === 0 && this.dataOut.empty;
  }

  /** Fills a batch; false when there is nothing to send. */
  produce(batch: OutputBatch): boolean {
    this.#sendUrgent(batch);
    while (!this.#ending && batch.payloadBytes < MAX_BATCH_BYTES) {
      const sequence = this.dataOut.next(this.maxSegment);
      if (sequence) this.dataOut.send(sequence, batch, this);
      else if (!this.#owner.sendCommand(this, batch)) break;
    }
    return !batch.empty;
  }

  /** Bytes of data in one PDU that the target accepts. */
  get maxSegment(): number {
    return this.parameters.maxSendDataSegmentLength;
  }

  get expStatSn(): number {
    return this.status.expStatSn;
  }

  /** ExpStatSN of the last PDU that went out. */
  get toldStatSn(): number {
    return this.#toldStatSn;
  }

  /** Adds the PDU whose header is in the batch; `data` must not change until the batch is written. */
  add(batch: OutputBatch, data: Uint8Array, ahs: Uint8Array = NO_BYTES): void {
    batch.add(data, this.digests, ahs);
    this.#toldStatSn = this.status.expStatSn;
    this.#log.sent(batch.bhs, ahs, data);
  }

  /** The same, with data from the task's Data-Out buffer, which is in use until {@link written}. */
  addDataOf(task: ScsiTask, batch: OutputBatch, data: Uint8Array, ahs?: Uint8Array): void {
    this.add(batch, data, ahs);
    if (task.batched || data.length === 0) return;
    task.batched = true;
    task.hold();
    this.#batchedTasks.push(task);
  }

  /** The socket has let go of the last batch. */
  written(): void {
    if (this.#batchedTasks.length === 0) return;
    const tasks = this.#batchedTasks;
    this.#batchedTasks = [];
    for (const task of tasks) {
      task.batched = false;
      task.streamOut?.written();
      task.release();
    }
  }

  /** Where a data segment goes. A PDU that is refused for its header is among the last PDUs all the same. */
  #place(header: Uint8Array, length: number): Placement {
    try {
      return this.#owner.place(this, header, length);
    } catch (error) {
      this.#log.received(header, NO_BYTES);
      throw error;
    }
  }

  #sendUrgent(batch: OutputBatch): void {
    if (this.#urgent.length === 0) return;
    const urgent = this.#urgent;
    this.#urgent = [];
    for (const encode of urgent) {
      const data = encode(batch.bhs);
      if (data !== undefined) this.add(batch, data);
    }
  }
}
