/**
 * The answer to a SCSI command on its way out: Data-In cut to what the initiator takes, and the status with the last
 * of it or behind it (RFC 7143 §11.4, §11.7).
 *
 * @module
 */

import type { OutputBatch, OutputDigests } from "../../../iscsi/connection/output_batch.ts";
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

/** What a connection contributes to an answer. */
export interface ReplyContext {
  readonly parameters: NegotiatedParameters;
  readonly digests: OutputDigests;
  readonly numbers: ReplyNumbers;
  /** Whether a good status may go with the last data. */
  readonly statusInDataIn: boolean;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Adds the next PDU of the answer to the batch. Returns true when it was the last. */
export function sendReply(task: TargetTask, batch: OutputBatch, context: ReplyContext): boolean {
  if (task.sent < task.dataIn.length) return sendDataIn(task, batch, context);
  sendResponse(task, batch, context);
  return true;
}

/** A bidirectional command has two residuals, which only a SCSI Response can carry. */
function goesWithData(task: TargetTask, { statusInDataIn }: ReplyContext): boolean {
  return statusInDataIn && task.status === Status.Good && !task.bidirectional;
}

function sendDataIn(task: TargetTask, batch: OutputBatch, context: ReplyContext): boolean {
  const { parameters, numbers } = context;
  const { sent, dataIn } = task;
  const { maxBurstLength, maxSendDataSegmentLength } = parameters;
  const burstEnd = sent - sent % maxBurstLength + maxBurstLength;
  const end = Math.min(sent + maxSendDataSegmentLength, burstEnd, dataIn.length);
  const hasStatus = end === dataIn.length && goesWithData(task, context);
  const residual = hasStatus ? task.readResidual : NO_RESIDUAL;
  encodeDataIn({
    opcode: Opcode.DataIn,
    final: end === burstEnd || end === dataIn.length,
    acknowledge: false,
    overflow: residual.overflow,
    underflow: residual.underflow,
    hasStatus,
    status: hasStatus ? task.status : 0,
    lun: 0n,
    itt: task.itt,
    ttt: RESERVED_TAG,
    statSn: hasStatus ? numbers.takeStatSn() : 0,
    expCmdSn: numbers.expCmdSn,
    maxCmdSn: numbers.maxCmdSn,
    dataSn: dataSnOf(task),
    bufferOffset: sent,
    residual: residual.count,
  }, batch.bhs);
  batch.add(dataIn.subarray(sent, end), context.digests);
  task.sent = end;
  task.nextDataSn++;
  return hasStatus;
}

/** R2Ts and Data-In of a bidirectional command share one sequence (RFC 7143 §11.7.5). */
function dataSnOf(task: TargetTask): number {
  return task.bidirectional ? task.nextR2tSn + task.nextDataSn : task.nextDataSn;
}

function sendResponse(task: TargetTask, batch: OutputBatch, context: ReplyContext): void {
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
    snackTag: 0,
    statSn: numbers.takeStatSn(),
    expCmdSn: numbers.expCmdSn,
    maxCmdSn: numbers.maxCmdSn,
    expDataSn: task.nextDataSn,
    bidirectionalResidual: second.count,
    residual: residual.count,
  }, batch.bhs);
  batch.add(sense.length > 0 ? encodeResponseSegment(sense) : NO_BYTES, digests);
}
