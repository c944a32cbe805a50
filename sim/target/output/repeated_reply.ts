/**
 * Part of the answer to a SCSI command that is sent again because the initiator asked for it (RFC 7143 §11.16.1).
 *
 * @module
 */

import {
  goesWithData,
  type PduBatch,
  RepeatedNumbers,
  type ReplyContext,
  sendResponse,
  writeDataIn,
} from "../tasks/task_reply.ts";
import type { TargetTask } from "../tasks/target_task.ts";

/** Data-In PDUs from the `begin`th of a task up to, not including, the `end`th. */
export interface DataInRange {
  readonly begin: number;
  readonly end: number;
}

/** A run of Data-In PDUs, or the status, each the replica of one that was sent before. */
export class RepeatedReply {
  readonly #task: TargetTask;
  readonly #range: DataInRange | undefined;
  #dataSn: number;

  /** All of `range` has been sent; without it, the status has, and is to be sent again. */
  constructor(task: TargetTask, range?: DataInRange) {
    this.#task = task;
    this.#range = range;
    this.#dataSn = range?.begin ?? 0;
  }

  /** Adds the next PDU to the batch. Returns true when it was the last, or nobody waits for the data any more. */
  send(batch: PduBatch, context: ReplyContext): boolean {
    const again = repeated(this.#task, context);
    if (this.#range) return this.#sendData(this.#range.end, batch, again);
    const { nextDataSn, dataIn, sent } = this.#task;
    // The data is being cut anew by now: the status is behind it, with other numbers.
    if (sent < dataIn.length) return true;
    this.#dataSn = nextDataSn - 1;
    const isWithData = dataIn.length > 0 && goesWithData(this.#task, context.statusInDataIn);
    if (isWithData && this.#fits(context)) {
      return this.#sendData(nextDataSn, batch, again);
    }
    sendResponse(this.#task, batch, again);
    return true;
  }

  /** The data may have gone out in a segment that the initiator does not take any more: the status can do without. */
  #fits({ parameters: { maxBurstLength, maxSendDataSegmentLength } }: ReplyContext): boolean {
    const { sentData, dataIn } = this.#task;
    const { segmentBytes } = sentData!.placeOf(this.#dataSn, dataIn.length, maxBurstLength);
    return segmentBytes <= maxSendDataSegmentLength;
  }

  #sendData(end: number, batch: PduBatch, context: ReplyContext): boolean {
    const { sentData, nextDataSn, dataIn } = this.#task;
    // The data may be acknowledged, or about to be cut anew, by now.
    if (this.#dataSn < sentData!.acknowledged.dataSn || end > nextDataSn) return true;
    const { maxBurstLength } = context.parameters;
    const pdu = sentData!.placeOf(this.#dataSn, dataIn.length, maxBurstLength);
    writeDataIn(this.#task, pdu, batch, context);
    return ++this.#dataSn >= end;
  }
}

function repeated({ statSn }: TargetTask, context: ReplyContext): ReplyContext {
  if (statSn === undefined) return context;
  return { ...context, numbers: new RepeatedNumbers(context.numbers, statSn) };
}
