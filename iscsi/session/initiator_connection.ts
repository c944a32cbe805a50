/**
 * One connection of an initiator without I/O: cuts bytes into PDUs, keeps StatSN, and fills batches of output in the
 * order that RFC 7143 asks for.
 *
 * @module
 */

import {
  DEFAULT_PARAMETERS,
  type NegotiatedParameters,
} from "../negotiation/negotiated_parameters.ts";
import { PduFramer } from "../pdu/framer.ts";
import type { RunningCrc32c } from "../pdu/crc32c.ts";
import { DataOutQueue } from "./data_out_queue.ts";
import { NO_DIGESTS, type OutputBatch, type OutputDigests } from "../connection/output_batch.ts";
import type { ScsiTask } from "./scsi_task.ts";
import { StatusSequence } from "./status_sequence.ts";

/** Encodes a PDU that overtakes commands, at the moment it is written, and returns its data segment. */
export type UrgentPdu = (bhs: Uint8Array) => Uint8Array;

/** What a connection asks of the session that owns it. */
export interface ConnectionOwner {
  /** Where the data segment of an incoming PDU goes; `undefined` for a buffer of the connection's own. */
  place(
    connection: InitiatorConnection,
    header: Uint8Array,
    length: number,
  ): Uint8Array | undefined;
  receive(
    connection: InitiatorConnection,
    header: Uint8Array,
    data: Uint8Array,
    intact: boolean,
  ): void;
  /** Adds the next command to the batch, if one may go out now. */
  sendCommand(connection: InitiatorConnection, batch: OutputBatch): boolean;
}

/** One instance of WebAssembly CRC32C a direction; only connections that want data digests need them. */
export interface DigestEngines {
  readonly incoming: RunningCrc32c;
  readonly outgoing: RunningCrc32c;
}

/** Options of an {@link InitiatorConnection}. */
export interface ConnectionOptions {
  readonly cid: number;
  /** Bytes of the staging buffer. */
  readonly stagingBytes: number;
  readonly digestEngines?: DigestEngines;
}

/** Payload bytes after which a batch is closed, so that urgent PDUs need not wait for long. */
const MAX_BATCH_BYTES = 512 * 1024;
/** Data segments until the end of the login are at most this long, whatever was declared (RFC 7143 §13.12). */
const LOGIN_SEGMENT_BYTES = 8192;

export class InitiatorConnection {
  readonly cid: number;
  readonly status: StatusSequence = new StatusSequence();
  readonly dataOut: DataOutQueue = new DataOutQueue();
  parameters: NegotiatedParameters = DEFAULT_PARAMETERS;
  digests: OutputDigests = NO_DIGESTS;

  readonly #owner: ConnectionOwner;
  readonly #framer: PduFramer;
  readonly #engines: DigestEngines | undefined;
  #urgent: UrgentPdu[] = [];
  #batchedTasks: ScsiTask[] = [];

  constructor(owner: ConnectionOwner, options: ConnectionOptions) {
    this.cid = options.cid;
    this.#owner = owner;
    this.#engines = options.digestEngines;
    this.#framer = new PduFramer({
      place: (header, length) => owner.place(this, header, length),
      receive: (header, data, intact) => owner.receive(this, header, data, intact),
    }, { maxDataSegmentLength: LOGIN_SEGMENT_BYTES, stagingBytes: options.stagingBytes });
  }

  /** The login is done: digests and the declared segment length hold from the next PDU on. */
  enterFullFeaturePhase(parameters: NegotiatedParameters): void {
    this.parameters = parameters;
    const engines = parameters.dataDigest ? this.#engines : undefined;
    this.digests = { header: parameters.headerDigest, data: engines?.outgoing };
    this.#framer.setDigests(parameters.headerDigest, engines?.incoming);
    this.#framer.maxDataSegmentLength = parameters.maxReceiveDataSegmentLength;
  }

  /** Where the next bytes from the socket belong. */
  destination(): Uint8Array {
    return this.#framer.destination();
  }

  /** `count` bytes from the socket are in {@link destination}. */
  received(count: number): void {
    this.#framer.advance(count);
  }

  /** Whether the stream may end here without cutting a PDU in two. */
  get betweenPdus(): boolean {
    return this.#framer.betweenPdus;
  }

  /** Queues a PDU that overtakes commands and data: answers to pings, task management, login, logout. */
  sendUrgent(pdu: UrgentPdu): void {
    this.#urgent.push(pdu);
  }

  /** Fills a batch; false when there is nothing to send. */
  produce(batch: OutputBatch): boolean {
    this.#sendUrgent(batch);
    while (batch.payloadBytes < MAX_BATCH_BYTES) {
      if (!this.dataOut.empty) this.#sendData(batch);
      else if (!this.#owner.sendCommand(this, batch)) break;
    }
    return !batch.empty;
  }

  /** The batch refers to the task's Data-Out buffer until {@link written}. */
  hold(task: ScsiTask): void {
    if (task.batched) return;
    task.batched = true;
    this.#batchedTasks.push(task);
  }

  /** The socket has taken the last batch. */
  written(): void {
    if (this.#batchedTasks.length === 0) return;
    const tasks = this.#batchedTasks;
    this.#batchedTasks = [];
    for (const task of tasks) task.written();
  }

  #sendUrgent(batch: OutputBatch): void {
    if (this.#urgent.length === 0) return;
    const urgent = this.#urgent;
    this.#urgent = [];
    for (const encode of urgent) {
      const data = encode(batch.bhs);
      batch.add(data, this.digests);
    }
  }

  #sendData(batch: OutputBatch): void {
    const task = this.dataOut.send(batch, {
      maxSegment: this.parameters.maxSendDataSegmentLength,
      digests: this.digests,
      expStatSn: this.status.expStatSn,
    });
    this.hold(task);
  }
}
