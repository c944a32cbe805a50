/**
 * What one connection of a target has to say, in the order in which it is to be said. StatSN is taken at the moment of
 * writing, so that it counts up on the wire whatever overtakes what.
 *
 * @module
 */

import type { NegotiatedParameters } from "../../../iscsi/negotiation/negotiated_parameters.ts";
import {
  NO_DIGESTS,
  type OutputBatch,
  type OutputDigests,
} from "../../../iscsi/connection/output_batch.ts";
import { serialAdd, serialLessOrEqual } from "../../../iscsi/connection/serial_number.ts";
import type { Answer } from "./answer.ts";
import type { FaultyLine } from "../connection/faulty_line.ts";
import type { TargetLimits } from "../target_options.ts";
import { RepeatedReply } from "./repeated_reply.ts";
import type { RetainedAnswers } from "./retained_answers.ts";
import {
  type PduBatch,
  RepeatedNumbers,
  type ReplyContext,
  type ReplyNumbers,
  sendReply,
} from "../tasks/task_reply.ts";
import { TargetTask } from "../tasks/target_task.ts";

/** ExpCmdSN and MaxCmdSN of the session. */
export interface WindowNumbers {
  readonly expCmdSn: number;
  readonly maxCmdSn: number;
}

/** Payload bytes after which a batch is closed, so that urgent PDUs need not wait for long. */
const MAX_BATCH_BYTES = 512 * 1024;
/** Urgent PDUs in one batch; they have no payload to speak of, and headers take memory too. */
const MAX_BATCH_PDUS = 256;

/** What an outgoing half needs to know of its connection. */
export interface ConnectionOutputParts {
  readonly initialStatSn: number;
  readonly window: WindowNumbers;
  readonly limits: Required<TargetLimits>;
  /** What goes wrong with PDUs, on purpose. */
  readonly line: FaultyLine | undefined;
  /** There is something to write. */
  readonly changed: () => void;
  /** More answers wait than may. */
  readonly overrun: () => void;
}

/** The outgoing half of a connection. */
export class ConnectionOutput implements ReplyNumbers {
  /** What numbers the commands: that of the login, until there is a session. */
  window: WindowNumbers;
  /** Of the full feature phase. */
  digests: OutputDigests = NO_DIGESTS;
  /** Keeps answers until they are acknowledged; undefined at error recovery level 0. */
  retained: RetainedAnswers | undefined;
  readonly #parts: ConnectionOutputParts;
  #statSn: number;
  readonly #urgent: Answer[] = [];
  readonly #queue: (Answer | TargetTask | RepeatedReply)[] = [];
  #answers = 0;
  #answerBytes = 0;
  #dataInBytes = 0;
  #finished = false;

  constructor(parts: ConnectionOutputParts) {
    this.#parts = parts;
    this.#statSn = parts.initialStatSn >>> 0;
    this.window = parts.window;
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

  /** Whether nothing waits to be written. */
  get empty(): boolean {
    return this.#urgent.length === 0 && this.#queue.length === 0 && !this.#parts.line?.holds;
  }

  /** Answers that wait, other than those of SCSI commands. */
  get answers(): number {
    return this.#answers;
  }

  /** Bytes of Data-In that wait. */
  get dataInBytes(): number {
    return this.#dataInBytes;
  }

  /** Nothing more is taken in: the connection ends with what waits. */
  finish(): void {
    this.#finished = true;
  }

  /** Queues a PDU that overtakes answers to commands: R2Ts, and pings in both directions. */
  sendUrgent(answer: Answer): void {
    if (this.#finished) return;
    this.#urgent.push(answer);
    if (answer.bounded) this.#parts.changed();
    else this.#count(answer.data.length);
  }

  /** Queues a PDU behind all answers that are already queued. */
  send(answer: Answer): void {
    if (this.#finished) return;
    this.#queue.push(answer);
    this.#count(answer.data.length);
  }

  /** Queues the answer to a SCSI command. */
  reply(task: TargetTask): void {
    if (this.#finished) return;
    this.#dataInBytes += task.dataIn.length - task.sent;
    this.#queue.push(task);
    this.#parts.changed();
  }

  /** The answer of a task is not to go out here, or no further. */
  withdraw(task: TargetTask): void {
    const index = this.#queue.indexOf(task);
    if (index < 0) return;
    this.#dataInBytes -= task.dataIn.length - task.sent;
    this.#queue.splice(index, 1);
  }

  /** Sends the data of a task anew from what was acknowledged, and then its status. */
  replyAnew(task: TargetTask): void {
    const before = task.sent;
    task.rewind();
    if (this.#queue.includes(task)) this.#dataInBytes += before - task.sent;
    else this.reply(task);
    this.#parts.changed();
  }

  /** Queues part of the answer to a SCSI command that was sent before. */
  repeat(part: RepeatedReply): void {
    if (this.#finished) return;
    this.#queue.push(part);
    this.#count(0);
  }

  /** Queues an answer that was sent before with this StatSN. */
  sendAgain({ data, encode }: Answer, statSn: number): void {
    this.send({
      data,
      encode: (bhs, numbers) => encode(bhs, new RepeatedNumbers(numbers, statSn)),
    });
  }

  /** The initiator has all answers before `expStatSn`. One that lies about that is not believed. */
  acknowledge(expStatSn: number): void {
    if (serialLessOrEqual(expStatSn, this.#statSn)) this.retained?.acknowledge(expStatSn);
  }

  /** Fills a batch; false when there is nothing to send. */
  produce(
    batch: OutputBatch,
    parameters: NegotiatedParameters,
    statusInDataIn: boolean,
  ): boolean {
    const { digests } = this;
    const context = { parameters, digests, numbers: this, statusInDataIn };
    const { line: faults } = this.#parts;
    const line = faults?.onto(batch) ?? batch;
    for (let pdus = 0; pdus < MAX_BATCH_PDUS && batch.payloadBytes < MAX_BATCH_BYTES; pdus++) {
      if (faults?.stopped || !this.#produceOne(line, context)) break;
    }
    return !batch.empty;
  }

  /** False when nothing waits. */
  #produceOne(batch: PduBatch, context: ReplyContext): boolean {
    const answer = this.#urgent.shift() ?? this.#queue[0];
    if (answer === undefined) return false;
    const statSn = this.#statSn;
    if (answer instanceof TargetTask) {
      const before = answer.sent;
      if (sendReply(answer, batch, context)) this.#queue.shift();
      this.#dataInBytes -= answer.sent - before;
      if (this.retained && statSn !== this.#statSn) answer.statSn = statSn;
    } else if (answer instanceof RepeatedReply) {
      if (!answer.send(batch, context)) return true;
      this.#queue.shift();
      this.#answers--;
      return true;
    } else {
      if (answer === this.#queue[0]) this.#queue.shift();
      this.#write(answer, batch);
    }
    if (statSn !== this.#statSn) this.retained?.keep(statSn, answer);
    return true;
  }

  #write(answer: Answer, batch: PduBatch): void {
    if (!answer.bounded) {
      this.#answers--;
      this.#answerBytes -= answer.data.length;
    }
    answer.encode(batch.bhs, this);
    batch.add(answer.data, answer.plain ? NO_DIGESTS : this.digests);
  }

  #count(bytes: number): void {
    const { limits: { maxQueuedAnswers, queuedAnswerBytes }, overrun, changed } = this.#parts;
    this.#answers++;
    this.#answerBytes += bytes;
    if (this.#answers > maxQueuedAnswers || this.#answerBytes > queuedAnswerBytes) overrun();
    else changed();
  }
}
