/**
 * What one connection of a target has to say, in the order in which it is to be said. StatSN is taken at the moment of
 * writing, so that it counts up on the wire whatever overtakes what.
 *
 * @module
 */

import type { NegotiatedParameters } from "../../iscsi/negotiation/negotiated_parameters.ts";
import {
  NO_DIGESTS,
  type OutputBatch,
  type OutputDigests,
} from "../../iscsi/connection/output_batch.ts";
import { serialAdd } from "../../iscsi/connection/serial_number.ts";
import { type ReplyNumbers, sendReply } from "./tasks/task_reply.ts";
import { TargetTask } from "./tasks/target_task.ts";

/** A PDU other than the answer to a SCSI command: encodes its header, and knows its data segment. */
export interface Answer {
  encode(bhs: Uint8Array, numbers: ReplyNumbers): void;
  readonly data: Uint8Array;
  /** Goes without digests, as all of the login does. */
  readonly plain?: boolean;
}

/** ExpCmdSN and MaxCmdSN of the session. */
export interface WindowNumbers {
  readonly expCmdSn: number;
  readonly maxCmdSn: number;
}

/** Payload bytes after which a batch is closed, so that urgent PDUs need not wait for long. */
const MAX_BATCH_BYTES = 512 * 1024;
/** Urgent PDUs in one batch; they have no payload to speak of, and headers take memory too. */
const MAX_BATCH_PDUS = 256;

/** The outgoing half of a connection. */
export class ConnectionOutput implements ReplyNumbers {
  /** What numbers the commands: that of the login, until there is a session. */
  window: WindowNumbers;
  /** Of the full feature phase. */
  digests: OutputDigests = NO_DIGESTS;
  #statSn: number;
  readonly #urgent: Answer[] = [];
  readonly #queue: (Answer | TargetTask)[] = [];
  #answers = 0;
  #answerBytes = 0;
  #dataInBytes = 0;

  constructor(initialStatSn: number, window: WindowNumbers) {
    this.#statSn = initialStatSn >>> 0;
    this.window = window;
  }

  get statSn(): number {
    return this.#statSn;
  }

  get expCmdSn(): number {
    return this.window.expCmdSn;
  }

  get maxCmdSn(): number {
    return this.window.maxCmdSn;
  }

  takeStatSn(): number {
    const statSn = this.#statSn;
    this.#statSn = serialAdd(statSn, 1);
    return statSn;
  }

  get empty(): boolean {
    return this.#urgent.length === 0 && this.#queue.length === 0;
  }

  /** Answers that wait, other than those of SCSI commands. */
  get answers(): number {
    return this.#answers;
  }

  /** Bytes of data of those answers. */
  get answerBytes(): number {
    return this.#answerBytes;
  }

  /** Bytes of Data-In that wait. */
  get dataInBytes(): number {
    return this.#dataInBytes;
  }

  /** Queues a PDU that overtakes answers to commands: R2Ts, and pings in both directions. */
  sendUrgent(answer: Answer): void {
    this.#count(answer);
    this.#urgent.push(answer);
  }

  /** Queues a PDU behind all answers that are already queued. */
  send(answer: Answer): void {
    this.#count(answer);
    this.#queue.push(answer);
  }

  /** Queues the answer to a SCSI command. */
  reply(task: TargetTask): void {
    this.#dataInBytes += task.dataIn.length;
    this.#queue.push(task);
  }

  /** Fills a batch; false when there is nothing to send. */
  produce(
    batch: OutputBatch,
    parameters: NegotiatedParameters,
    statusInDataIn: boolean,
  ): boolean {
    const { digests } = this;
    const context = { parameters, digests, numbers: this, statusInDataIn };
    for (let pdus = 0; pdus < MAX_BATCH_PDUS && batch.payloadBytes < MAX_BATCH_BYTES; pdus++) {
      const answer = this.#urgent.shift() ?? this.#queue[0];
      if (answer === undefined) break;
      if (answer instanceof TargetTask) {
        const before = answer.sent;
        if (sendReply(answer, batch, context)) this.#queue.shift();
        this.#dataInBytes -= answer.sent - before;
      } else {
        if (answer === this.#queue[0]) this.#queue.shift();
        this.#write(answer, batch);
      }
    }
    return !batch.empty;
  }

  #write(answer: Answer, batch: OutputBatch): void {
    this.#answers--;
    this.#answerBytes -= answer.data.length;
    answer.encode(batch.bhs, this);
    batch.add(answer.data, answer.plain ? NO_DIGESTS : this.digests);
  }

  #count(answer: Answer): void {
    this.#answers++;
    this.#answerBytes += answer.data.length;
  }
}
