/**
 * The answer to a SCSI command on its way out: Data-In cut to what the initiator takes, and the status with the last
 * of it or behind it (RFC 7143 §11.4, §11.7).
 *
 * @module
 */

import type { OutputDigests } from "../../../iscsi/connection/output_batch.ts";
import type { NegotiatedParameters } from "../../../iscsi/negotiation/negotiated_parameters.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { encodeDataIn } from "../../../iscsi/pdu/data_in.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import {
  encodeResponseSegment,
  encodeScsiResponse,
  ScsiResponseCode,
} from "../../../iscsi/pdu/scsi_response.ts";
import { Status } from "../../../scsi/status.ts";
import { NO_RESIDUAL } from "./residual.ts";
import { segmentEnd } from "./sent_data.ts";
import type { TargetTask } from "./target_task.ts";

/** The numbers of the connection, at the moment a PDU is written. */
export interface ReplyNumbers {
  /** The next StatSN, which only a status uses up. */
  readonly statSn: number;
  readonly expCmdSn: number;
  readonly maxCmdSn: number;
  /** Uses up a StatSN. */
  takeStatSn(): number;
}

/** Where PDUs are gathered: a batch, or what stands in front of one. */
export interface PduBatch {
  /** A buffer to encode the next header into, then {@link add}. */
  readonly bhs: Uint8Array;
  /** Adds the PDU whose header is in {@link bhs}. `data` must not change until it is written. */
  add(data: Uint8Array, digests: OutputDigests): void;
}

/** What a connection contributes to an answer. */
export interface ReplyContext {
  readonly parameters: NegotiatedParameters;
  readonly digests: OutputDigests;
  readonly numbers: ReplyNumbers;
  /** Whether a good status may go with the last data. */
  readonly statusInDataIn: boolean;
}

/** One Data-In PDU of a command. */
interface DataInPdu {
  readonly offset: number;
  /** Data-In PDUs before it. */
  readonly dataSn: number;
  /** Bytes at most. */
  readonly segmentBytes: number;
}

/** The numbers of a connection, but with a StatSN that was used before: for what is sent again. */
export class RepeatedNumbers implements ReplyNumbers {
  readonly #numbers: ReplyNumbers;
  readonly #statSn: number;

  /** `statSn` is what the PDU carried when it was first sent. */
  constructor(numbers: ReplyNumbers, statSn: number) {
    this.#numbers = numbers;
    this.#statSn = statSn;
  }

  get statSn(): number {
    return this.#numbers.statSn;
  }

  get expCmdSn(): number {
    return this.#numbers.expCmdSn;
  }

  get maxCmdSn(): number {
    return this.#numbers.maxCmdSn;
  }

  takeStatSn(): number {
    return this.#statSn;
  }
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Adds the next PDU of the answer to the batch. Returns true when it was the last. */
export function sendReply(task: TargetTask, batch: PduBatch, context: ReplyContext): boolean {
  if (task.sent < task.dataIn.length) return sendDataIn(task, batch, context);
  sendResponse(task, batch, withStatSn(task, context));
  return true;
}

/** A status that went out before goes out under the same StatSN (RFC 7143 §11.16.1). */
function withStatSn(task: TargetTask, context: ReplyContext): ReplyContext {
  if (task.statSn === undefined) return context;
  return { ...context, numbers: new RepeatedNumbers(context.numbers, task.statSn) };
}

/**
 * Whether the status goes with the last data. A bidirectional command has two residuals, which only a SCSI Response can
 * carry, as it does the tag of an R-Data SNACK (RFC 7143 §11.16.3).
 */
export function goesWithData(task: TargetTask, statusInDataIn: boolean): boolean {
  return statusInDataIn && task.status === Status.Good && !task.bidirectional &&
    task.snackTag === 0;
}

function sendDataIn(task: TargetTask, batch: PduBatch, context: ReplyContext): boolean {
  const segmentBytes = context.parameters.maxSendDataSegmentLength;
  const pdu = { offset: task.sent, dataSn: task.nextDataSn, segmentBytes };
  task.sentData?.sending(pdu, segmentBytes);
  const hasStatus = writeDataIn(task, pdu, batch, withStatSn(task, context));
  task.sent = endOf(task, pdu, context.parameters);
  task.nextDataSn++;
  return hasStatus;
}

function endOf(task: TargetTask, pdu: DataInPdu, { maxBurstLength }: NegotiatedParameters): number {
  return segmentEnd(pdu.offset, task.dataIn.length, pdu.segmentBytes, maxBurstLength);
}

/** Adds one Data-In PDU. Returns whether it carries the status. */
export function writeDataIn(
  task: TargetTask,
  pdu: DataInPdu,
  batch: PduBatch,
  context: ReplyContext,
): boolean {
  const { numbers, parameters, statusInDataIn, digests } = context;
  const { dataIn } = task;
  const { offset } = pdu;
  const end = endOf(task, pdu, parameters);
  const isLast = end === dataIn.length;
  const hasStatus = isLast && goesWithData(task, statusInDataIn);
  const residual = hasStatus ? task.readResidual : NO_RESIDUAL;
  const final = isLast || end % parameters.maxBurstLength === 0;
  // Once a burst, where no status is about to acknowledge the data (RFC 7143 §11.7.2).
  const acknowledge = final && !isLast && task.ackTag !== RESERVED_TAG;
  encodeDataIn({
    opcode: Opcode.DataIn,
    final,
    acknowledge,
    overflow: residual.overflow,
    underflow: residual.underflow,
    hasStatus,
    status: hasStatus ? task.status : 0,
    lun: acknowledge ? task.command.lun : 0n,
    itt: task.itt,
    ttt: acknowledge ? task.ackTag : RESERVED_TAG,
    statSn: hasStatus ? numbers.takeStatSn() : 0,
    expCmdSn: numbers.expCmdSn,
    maxCmdSn: numbers.maxCmdSn,
    dataSn: firstDataSn(task) + pdu.dataSn,
    bufferOffset: offset,
    residual: residual.count,
  }, batch.bhs);
  batch.add(dataIn.subarray(offset, end), digests);
  return hasStatus;
}

/** R2Ts and Data-In of a bidirectional command share one sequence (RFC 7143 §11.7.5). */
export function firstDataSn(task: TargetTask): number {
  return task.bidirectional ? task.nextR2tSn : 0;
}

/** Adds the SCSI Response of a task that is complete. */
export function sendResponse(task: TargetTask, batch: PduBatch, context: ReplyContext): void {
  const { numbers, digests } = context;
  const { bidirectional, readResidual, sense } = task;
  const residual = task.command.write ? task.writeResidual : readResidual;
  const second = bidirectional ? readResidual : NO_RESIDUAL;
  encodeScsiResponse({
    opcode: Opcode.ScsiResponse,
    bidirectionalOverflow: second.overflow,
    bidirectionalUnderflow: second.underflow,
    overflow: residual.overflow,
    underflow: residual.underflow,
    response: ScsiResponseCode.CommandCompletedAtTarget,
    status: task.status,
    itt: task.itt,
    snackTag: task.snackTag,
    statSn: numbers.takeStatSn(),
    expCmdSn: numbers.expCmdSn,
    maxCmdSn: numbers.maxCmdSn,
    expDataSn: task.nextDataSn,
    bidirectionalResidual: second.count,
    residual: residual.count,
  }, batch.bhs);
  batch.add(sense.length > 0 ? encodeResponseSegment(sense) : NO_BYTES, digests);
}
