/**
 * What a target may do with the data of one command, checked against what the command allows: Data-In sequencing, R2T
 * bounds, residuals (RFC 7143 §4.2.2.4, §11.4, §11.7, §11.8).
 *
 * @module
 */

import { serialLess } from "../../connection/serial_number.ts";
import { isInOrder, type NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import { ProtocolError } from "../../errors.ts";
import { RESERVED_TAG } from "../../pdu/bhs.ts";
import type { DataIn } from "../../pdu/data_in.ts";
import type { Placement } from "../../pdu/framer.ts";
import type { ReadyToTransfer } from "../../pdu/r2t.ts";
import type { ScsiResponse } from "../../pdu/scsi_response.ts";
import type { DataOutSequence } from "../connection/data_out_queue.ts";
import type { StreamedDataOut } from "../streaming/streamed_data_out.ts";
import type { DataPiece, ScsiTask } from "./scsi_task.ts";

/**
 * Where the data segment of a Data-In PDU belongs in the command's own buffer.
 *
 * @throws {ProtocolError} when it is out of order or does not fit.
 */
export function placeDataIn(
  task: ScsiTask,
  pdu: DataIn,
  length: number,
  parameters: NegotiatedParameters,
): Placement {
  if (pdu.dataSn !== task.nextDataSn) {
    throw violation(task, `Data-In has DataSN ${pdu.dataSn}, expected ${task.nextDataSn}`);
  }
  if (pdu.bufferOffset !== task.received && isInOrder(parameters)) {
    throw violation(
      task,
      `Data-In starts at offset ${pdu.bufferOffset}, expected ${task.received}`,
    );
  }
  return roomForDataIn(task, pdu, length, parameters);
}

/**
 * The part of the command's buffer that a Data-In PDU names, or what its stream has for it.
 *
 * @throws {ProtocolError} when it reaches beyond the buffer.
 */
export function roomForDataIn(
  task: ScsiTask,
  pdu: DataIn,
  length: number,
  parameters: NegotiatedParameters,
): Placement {
  const end = pdu.bufferOffset + length;
  if (end > task.readLength) {
    throw violation(
      task,
      `Data-In reaches byte ${end} of an expected data transfer length of ${task.readLength}`,
    );
  }
  const isNext = pdu.dataSn === task.nextDataSn;
  if (task.received + length > task.readLength) {
    throw violation(task, `Data-In brings more than the ${task.readLength} bytes expected`);
  }
  const place = task.streamIn
    ? task.streamIn.place(pdu.bufferOffset, length, isNext, parameters.maxReceiveDataSegmentLength)
    : task.dataIn.subarray(pdu.bufferOffset, end);
  if (place === undefined || place === "later") return place;
  if (length > 0 && (!isInOrder(parameters) || task.pieces || !isNext)) {
    task.pieces ??= new Map([[-1, { start: 0, end: task.received }]]);
    task.pieces.set(pdu.dataSn, { start: pdu.bufferOffset, end });
  }
  return place;
}

/**
 * Checks at the end of a command that its Data-In leaves no hole, which only offsets in another order can.
 *
 * @throws {ProtocolError} when it has one, or overlaps.
 */
export function checkWhole(task: ScsiTask): void {
  // What nobody wants any more is not placed, and need not be whole.
  if (task.pieces === undefined || task.streamIn?.isDiscarded) return;
  let end = 0;
  for (const piece of piecesByOffset(task)) {
    if (piece.start !== end) {
      throw violation(task, `Data-In goes on at byte ${piece.start} behind byte ${end}`);
    }
    end = piece.end;
  }
}

/**
 * Checks at the end of a command that no Data-In of it was lost. Fewer than have come are no error: targets leave the count
 * empty, and with RFC 3720 it counted R2Ts as well (RFC 7143 §11.4.8).
 *
 * @throws {ProtocolError} when the target has sent more than has come.
 */
export function checkCount(task: ScsiTask, { expDataSn }: ScsiResponse): void {
  if (task.readLength === 0 || !serialLess(task.nextDataSn, expDataSn)) return;
  throw violation(task, `The target has sent Data-In up to ${expDataSn}, got ${task.nextDataSn}`);
}

/** Bytes of Data-In from the first on that have come without a hole, which a command that failed in between may leave. */
export function lengthWithoutHole(task: ScsiTask): number {
  if (task.pieces === undefined || task.streamIn?.isDiscarded) return task.received;
  let end = 0;
  for (const piece of piecesByOffset(task)) {
    if (piece.start > end) break;
    end = Math.max(end, piece.end);
  }
  return end;
}

function piecesByOffset(task: ScsiTask): DataPiece[] {
  const pieces = [...task.pieces!].filter(([dataSn]) => dataSn < task.nextDataSn);
  return pieces.map(([, piece]) => piece).sort((a, b) => a.start - b.start);
}

/** R2Ts for lost data, one for each PDU of a burst at most: far more than any target has to send at a time. */
const MAX_RECOVERY_R2TS = 1024;

/** An R2T that asks for lost data again may come while the first is being answered (RFC 7143 §7.8). */
function outstandingR2ts(parameters: NegotiatedParameters): number {
  const { maxOutstandingR2T, errorRecoveryLevel } = parameters;
  return errorRecoveryLevel === 0 ? maxOutstandingR2T : maxOutstandingR2T + MAX_RECOVERY_R2TS;
}

/**
 * Turns an R2T into the Data-Out that answers it.
 *
 * @throws {ProtocolError} when it asks for what the command does not have, or for more than was negotiated.
 */
export function answerR2t(
  task: ScsiTask,
  pdu: ReadyToTransfer,
  parameters: NegotiatedParameters,
): DataOutSequence {
  const length = pdu.desiredDataTransferLength;
  const end = pdu.bufferOffset + length;
  if (pdu.r2tSn !== task.nextR2tSn) {
    throw violation(task, `R2T has R2TSN ${pdu.r2tSn}, expected ${task.nextR2tSn}`);
  }
  if (pdu.ttt === RESERVED_TAG) throw violation(task, "R2T has no Target Transfer Tag");
  // Some targets leave the field empty; another logical unit's would be another command's data (RFC 7143 §4.2.5.3).
  if (pdu.lun !== task.lun && pdu.lun !== 0n) throw violation(task, "R2T names another LUN");
  if (length === 0 || length > parameters.maxBurstLength) {
    throw violation(
      task,
      `R2T asks for ${length} bytes, MaxBurstLength is ${parameters.maxBurstLength}`,
    );
  }
  if (end > task.writeLength) {
    throw violation(
      task,
      `R2T asks for data up to byte ${end} of ${task.writeLength}`,
    );
  }
  if (task.streamOut && !mayAskFrom(pdu.bufferOffset, task.streamOut, parameters)) {
    throw violation(task, `R2T asks for data from byte ${pdu.bufferOffset} out of its order`);
  }
  const maxOutstanding = outstandingR2ts(parameters);
  if (task.outstandingR2ts >= maxOutstanding) {
    const { maxOutstandingR2T } = parameters;
    throw violation(
      task,
      `More than ${maxOutstanding} R2Ts are outstanding, and MaxOutstandingR2T is ${maxOutstandingR2T}`,
    );
  }
  task.countR2t();
  task.requestedBytes = Math.max(task.requestedBytes, end);
  return { task, lun: pdu.lun, ttt: pdu.ttt, offset: pdu.bufferOffset, end, dataSn: 0 };
}

/** From error recovery level 1 on a target may ask again for what is no longer kept (RFC 7143 §7.8). */
function mayAskFrom(
  offset: number,
  data: StreamedDataOut,
  { errorRecoveryLevel }: NegotiatedParameters,
): boolean {
  return data.isInTurn(offset) && (errorRecoveryLevel > 0 || !data.isGone(offset));
}

/**
 * The residual of the read of a bidirectional command, as {@link signedResidual} (RFC 7143 §11.4.2).
 *
 * @throws {ProtocolError} when it is said to be both.
 */
export function readResidual(task: ScsiTask, pdu: ScsiResponse): number {
  return signedResidual(task, {
    overflow: pdu.bidirectionalOverflow,
    underflow: pdu.bidirectionalUnderflow,
    residual: pdu.bidirectionalResidual,
  });
}

/**
 * The residual as one signed number: positive for an underflow, negative for an overflow (RFC 7143 §11.4.5).
 *
 * @throws {ProtocolError} when it is said to be both.
 */
export function signedResidual(
  task: ScsiTask,
  pdu: { readonly overflow: boolean; readonly underflow: boolean; readonly residual: number },
): number {
  if (pdu.underflow && pdu.overflow) {
    throw violation(task, "The residual is over and under at once");
  }
  if (pdu.underflow) return pdu.residual;
  return pdu.overflow ? -pdu.residual : 0;
}

function violation(task: ScsiTask, state: string): ProtocolError {
  return new ProtocolError(`${task.name}: ${state}`);
}
