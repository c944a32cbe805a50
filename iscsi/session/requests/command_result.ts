/**
 * The result of a command, from the PDU that ends it (RFC 7143 §11.4, §11.7).
 *
 * @module
 */

import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import { Status, statusName } from "../../../scsi/status.ts";
import { ProtocolError } from "../../errors.ts";
import type { DataIn } from "../../pdu/data_in.ts";
import { decodeResponseSegment, type ScsiResponse } from "../../pdu/scsi_response.ts";
import { checkWhole, lengthWithoutHole, readResidual, signedResidual } from "./data_transfer.ts";
import type { ScsiTask } from "./scsi_task.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * The statuses that Data-In may carry, and behind which all of it has come; all others come in a SCSI Response
 * (RFC 7143 §11.7). The last two: SAM-3.
 */
const SUCCESSES: ReadonlySet<number> = new Set([
  Status.Good,
  Status.ConditionMet,
  0x10,
  0x14,
]);

/**
 * By the last Data-In of a command.
 *
 * @throws {ProtocolError} when its status is none that belongs there, or its residual is over and under.
 */
export function dataInResult(task: ScsiTask, pdu: DataIn): ScsiResult {
  if (!SUCCESSES.has(pdu.status)) {
    const status = statusName(pdu.status);
    throw new ProtocolError(`${task.name}: ${status} came with Data-In, where no error belongs`);
  }
  const residual = signedResidual(task, pdu);
  const result: ScsiResult = {
    status: pdu.status,
    sense: NO_BYTES,
    dataInLength: task.received,
    residual: task.isBidirectional ? 0 : residual,
  };
  return task.isBidirectional ? { ...result, readResidual: residual } : result;
}

/**
 * By its SCSI Response.
 *
 * @throws {ProtocolError} when a success has a hole in its data, or a residual is over and under.
 */
export function responseResult(task: ScsiTask, pdu: ScsiResponse, data: Uint8Array): ScsiResult {
  if (SUCCESSES.has(pdu.status)) checkWhole(task);
  const result: ScsiResult = {
    status: pdu.status,
    sense: decodeResponseSegment(data).sense,
    dataInLength: lengthWithoutHole(task),
    residual: signedResidual(task, pdu),
  };
  return task.isBidirectional ? { ...result, readResidual: readResidual(task, pdu) } : result;
}
