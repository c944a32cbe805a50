/**
 * What the target's PDUs say, for one line of a trace (RFC 7143 §11). Login and Text are in login_words.ts.
 *
 * @module
 */

import { statusName } from "../../scsi/status.ts";
import { AsyncEvent, asyncEventName, type AsyncMessage } from "../pdu/async_message.ts";
import { RESERVED_TAG } from "../pdu/bhs.ts";
import type { DataIn } from "../pdu/data_in.ts";
import { type LogoutResponse, logoutResponseName } from "../pdu/logout.ts";
import type { NopIn } from "../pdu/nop.ts";
import type { ReadyToTransfer } from "../pdu/r2t.ts";
import { type Reject, rejectReasonName } from "../pdu/reject.ts";
import {
  decodeResponseSegment,
  type ScsiResponse,
  ScsiResponseCode,
  scsiResponseName,
} from "../pdu/scsi_response.ts";
import { type TaskManagementResponse, taskManagementResponseName } from "../pdu/task_management.ts";
import {
  commandWindow,
  dataLength,
  lun,
  named,
  residual,
  type Segments,
  senseWords,
  tag,
  type Words,
} from "./words.ts";

/** NOP-In. */
export function nopInWords(pdu: NopIn, segments: Segments): Words {
  return [
    tag("itt", pdu.itt),
    tag("ttt", pdu.ttt),
    pdu.ttt !== RESERVED_TAG && lun(pdu.lun),
    dataLength(segments),
    named("statsn", pdu.statSn),
    commandWindow(pdu),
  ];
}

/** SCSI Response; status and residuals mean nothing when the command did not complete (RFC 7143 §11.4.3). */
export function scsiResponseWords(pdu: ScsiResponse, { data }: Segments): Words {
  const completed = pdu.response === ScsiResponseCode.CommandCompletedAtTarget;
  const { sense } = decodeResponseSegment(data);
  return [
    tag("itt", pdu.itt),
    completed
      ? named("status", statusName(pdu.status))
      : named("response", scsiResponseName(pdu.response)),
    ...completed ? residuals(pdu) : [],
    named("statsn", pdu.statSn),
    commandWindow(pdu),
    named("expdatasn", pdu.expDataSn),
    sense.length > 0 && senseWords(sense),
  ];
}

function residuals(pdu: ScsiResponse): Words {
  const { bidirectionalOverflow, bidirectionalUnderflow, bidirectionalResidual } = pdu;
  return [
    residual(pdu),
    bidirectionalOverflow && named("readoverflow", bidirectionalResidual),
    bidirectionalUnderflow && named("readunderflow", bidirectionalResidual),
  ];
}

/** Task Management Function Response. */
export function taskManagementResponseWords(pdu: TaskManagementResponse): Words {
  return [
    tag("itt", pdu.itt),
    named("response", taskManagementResponseName(pdu.response)),
    named("statsn", pdu.statSn),
    commandWindow(pdu),
  ];
}

/** SCSI Data-In. */
export function dataInWords(pdu: DataIn, { length }: Segments): Words {
  return [
    tag("itt", pdu.itt),
    named("datasn", pdu.dataSn),
    named("offset", pdu.bufferOffset),
    named("length", length),
    pdu.final && "F",
    pdu.acknowledge && "A",
    pdu.acknowledge && tag("ttt", pdu.ttt),
    pdu.acknowledge && lun(pdu.lun),
    ...pdu.hasStatus ? statusWords(pdu) : [],
    commandWindow(pdu),
  ];
}

function statusWords(pdu: DataIn): Words {
  return ["S", named("status", statusName(pdu.status)), residual(pdu), named("statsn", pdu.statSn)];
}

/** Logout Response. */
export function logoutResponseWords(pdu: LogoutResponse): Words {
  return [
    tag("itt", pdu.itt),
    named("response", logoutResponseName(pdu.response)),
    named("time2wait", pdu.time2Wait),
    named("time2retain", pdu.time2Retain),
    named("statsn", pdu.statSn),
    commandWindow(pdu),
  ];
}

/** Ready To Transfer. */
export function readyToTransferWords(pdu: ReadyToTransfer): Words {
  return [
    tag("itt", pdu.itt),
    tag("ttt", pdu.ttt),
    lun(pdu.lun),
    named("r2tsn", pdu.r2tSn),
    named("offset", pdu.bufferOffset),
    named("length", pdu.desiredDataTransferLength),
    named("statsn", pdu.statSn),
    commandWindow(pdu),
  ];
}

/** Asynchronous Message. */
export function asyncMessageWords(pdu: AsyncMessage, { data }: Segments): Words {
  const { sense } = decodeResponseSegment(data);
  const aboutUnit = pdu.asyncEvent === AsyncEvent.ScsiEvent ||
    pdu.asyncEvent === AsyncEvent.TasksTerminated;
  return [
    named("event", asyncEventName(pdu.asyncEvent)),
    aboutUnit && lun(pdu.lun),
    ...eventParameters(pdu),
    named("statsn", pdu.statSn),
    commandWindow(pdu),
    pdu.asyncEvent === AsyncEvent.ScsiEvent && sense.length > 0 && senseWords(sense),
  ];
}

/** Each event has its own use for the three parameters (RFC 7143 §11.9.1). */
function eventParameters(pdu: AsyncMessage): Words {
  const { parameter1, parameter2, parameter3 } = pdu;
  const times = [named("time2wait", parameter2), named("time2retain", parameter3)];
  switch (pdu.asyncEvent) {
    case AsyncEvent.ScsiEvent:
    case AsyncEvent.TasksTerminated:
      return [];
    case AsyncEvent.LogoutRequested:
    case AsyncEvent.NegotiationRequested:
      return [named("within", `${parameter3}s`)];
    case AsyncEvent.ConnectionDropped:
      return [named("cid", parameter1), ...times];
    case AsyncEvent.SessionDropped:
      return times;
    default:
      return [
        named("vcode", pdu.asyncVCode),
        `parameters=${parameter1},${parameter2},${parameter3}`,
      ];
  }
}

/** Reject; `rejected` describes the PDU whose header came back. */
export function rejectWords(pdu: Reject, rejected: string): Words {
  return [
    named("reason", rejectReasonName(pdu.reason)),
    pdu.dataSn !== 0 && named("datasn", pdu.dataSn),
    named("statsn", pdu.statSn),
    commandWindow(pdu),
    rejected !== "" && `rejected: ${rejected}`,
  ];
}
