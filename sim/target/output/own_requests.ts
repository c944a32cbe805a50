/**
 * PDUs that a target sends of its own accord: R2Ts, pings, and word of the CmdSN window.
 *
 * @module
 */

import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { encodeNopIn } from "../../../iscsi/pdu/nop.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { encodeReadyToTransfer } from "../../../iscsi/pdu/r2t.ts";
import type { Answer } from "./answer.ts";
import type { OpenRequest } from "../tasks/data_collection.ts";
import type { TargetTask } from "../tasks/target_task.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Asks for part of a command's data (RFC 7143 §11.8). */
export function r2tFor({ command, itt }: TargetTask, request: OpenRequest): Answer {
  const { ttt, r2tSn, offset, length } = request;
  return {
    data: NO_BYTES,
    encode: (bhs, { statSn, expCmdSn, maxCmdSn }) =>
      encodeReadyToTransfer({
        opcode: Opcode.ReadyToTransfer,
        lun: command.lun,
        itt,
        ttt,
        statSn,
        expCmdSn,
        maxCmdSn,
        r2tSn,
        bufferOffset: offset,
        desiredDataTransferLength: length,
      }, bhs),
  };
}

/**
 * A NOP-In of the target's own: it carries StatSN without using it up (RFC 7143 §11.19.2). With the reserved tag it
 * wants no answer.
 */
export function ownNopIn(ttt: number): Answer {
  return {
    data: NO_BYTES,
    encode: (bhs, { statSn, expCmdSn, maxCmdSn }) =>
      encodeNopIn({
        opcode: Opcode.NopIn,
        lun: 0n,
        itt: RESERVED_TAG,
        ttt,
        statSn,
        expCmdSn,
        maxCmdSn,
      }, bhs),
  };
}
