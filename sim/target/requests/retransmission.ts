/**
 * SNACK: the initiator asks for what it did not get, or tells what it has (RFC 7143 §11.16).
 *
 * @module
 */

import { serialAdd, serialDistance, serialLess } from "../../../iscsi/connection/serial_number.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import { decodeSnack, type Snack, SnackType } from "../../../iscsi/pdu/snack.ts";
import { r2tFor } from "../output/own_requests.ts";
import { RepeatedReply } from "../output/repeated_reply.ts";
import type { SessionConnection } from "../session/session_connection.ts";
import type { TargetSession } from "../session/target_session.ts";
import { TargetTask } from "../tasks/target_task.ts";
import { firstDataSn } from "../tasks/task_reply.ts";
import { taskSense } from "../tasks/task_sense.ts";
import { reject } from "./rejection.ts";

const { ProtocolError, SnackReject, InvalidDataAck } = RejectReason;

/** Why a SNACK is rejected, with the next DataSN or R2TSN of its task; undefined when it is honored. */
type Refusal = { readonly reason: number; readonly dataSn?: number } | undefined;

const WRONG: Refusal = { reason: ProtocolError };

/** Does what a SNACK asks for, or rejects it. */
export function retransmit(
  connection: SessionConnection,
  session: TargetSession,
  header: Uint8Array,
): void {
  const refusal = connection.output.retained === undefined
    ? { reason: SnackReject }
    : honor(connection, session, decodeSnack(header));
  if (refusal) reject(connection, header, refusal.reason, { dataSn: refusal.dataSn });
}

function honor(connection: SessionConnection, session: TargetSession, snack: Snack): Refusal {
  switch (snack.type) {
    case SnackType.Status:
      return repeatStatuses(connection, session, snack);
    case SnackType.DataAck:
      return takeDataAck(connection, session, snack);
    case SnackType.DataR2t:
    case SnackType.RData:
      return repeatForTask(connection, session, snack);
    default:
      return WRONG;
  }
}

/** A request for what was not sent, or is acknowledged, breaks the protocol (RFC 7143 §11.16). */
function repeatStatuses(
  connection: SessionConnection,
  session: TargetSession,
  { begRun, runLength, itt }: Snack,
): Refusal {
  const retained = connection.output.retained!;
  const end = runLength === 0 ? connection.output.statSn : serialAdd(begRun, runLength);
  const isWrong = itt !== RESERVED_TAG || serialLess(begRun, retained.acknowledged) ||
    serialLess(connection.output.statSn, begRun) || serialLess(connection.output.statSn, end);
  if (isWrong) return WRONG;
  for (let left = serialDistance(begRun, end); left > 0; left--) {
    const statSn = serialAdd(end, -left);
    const answer = retained.get(statSn);
    if (answer === undefined) return { reason: SnackReject };
    if (!(answer instanceof TargetTask)) connection.output.sendAgain(answer, statSn);
    else if (session.answered.get(answer.itt) === answer) {
      connection.output.repeat(new RepeatedReply(answer));
    }
  }
  return undefined;
}

function takeDataAck(
  connection: SessionConnection,
  session: TargetSession,
  { ttt, begRun }: Snack,
): Refusal {
  const task = [...session.answered.values()].find(({ ackTag }) => ackTag === ttt);
  const refusal = { reason: InvalidDataAck };
  if (ttt === RESERVED_TAG || task?.connection !== connection) return refusal;
  const dataSn = begRun - firstDataSn(task);
  const sentData = task.sentData!;
  if (dataSn < sentData.acknowledged.dataSn || dataSn > task.nextDataSn) return refusal;
  const { maxBurstLength } = connection.parameters;
  sentData.acknowledge(sentData.placeOf(dataSn, task.dataIn.length, maxBurstLength));
  return undefined;
}

function repeatForTask(
  connection: SessionConnection,
  session: TargetSession,
  snack: Snack,
): Refusal {
  const task = session.tasks.get(snack.itt) ?? session.answered.get(snack.itt);
  if (task?.connection !== connection) return WRONG;
  if (snack.type === SnackType.RData) return cutAnew(connection, task, snack);
  if (task.state === "collecting") return repeatR2ts(connection, task, snack);
  return repeatData(connection, task, snack);
}

/** R2Ts whose data has come need not be sent again: the initiator has had them. */
function repeatR2ts(
  connection: SessionConnection,
  task: TargetTask,
  { begRun, runLength }: Snack,
): Refusal {
  const end = runLength === 0 ? task.nextR2tSn : begRun + runLength;
  if (begRun > task.nextR2tSn || end > task.nextR2tSn) {
    return { reason: ProtocolError, dataSn: task.nextR2tSn };
  }
  for (const request of task.collection?.openRequests() ?? []) {
    if (request.r2tSn >= begRun && request.r2tSn < end) {
      connection.output.sendUrgent(r2tFor(task, request));
    }
  }
  return undefined;
}

function repeatData(
  connection: SessionConnection,
  task: TargetTask,
  { begRun, runLength }: Snack,
): Refusal {
  const first = firstDataSn(task);
  const begin = begRun - first;
  const end = runLength === 0 ? task.nextDataSn : begin + runLength;
  const acknowledged = task.sentData?.acknowledged.dataSn ?? 0;
  if (begin < acknowledged || begin > task.nextDataSn || end > task.nextDataSn) {
    return { reason: ProtocolError, dataSn: first + task.nextDataSn };
  }
  if (begin === end) return undefined;
  if (!fits(connection, task, begin)) return giveUp(connection, task);
  connection.output.repeat(new RepeatedReply(task, { begin, end }));
  return undefined;
}

/** A replica may be longer than what the initiator takes by now: it had to send an R-Data SNACK (§11.16.3). */
function fits(connection: SessionConnection, task: TargetTask, dataSn: number): boolean {
  const { maxBurstLength, maxSendDataSegmentLength } = connection.parameters;
  const { segmentBytes } = task.sentData!.placeOf(dataSn, task.dataIn.length, maxBurstLength);
  return segmentBytes <= maxSendDataSegmentLength;
}

/** A SNACK that cannot be honored ends its command with a sense of its own (RFC 7143 §11.4.7.2). */
function giveUp(connection: SessionConnection, task: TargetTask): Refusal {
  task.refuse(taskSense("retransmission"));
  if (task.statSn !== undefined) connection.output.repeat(new RepeatedReply(task));
  return { reason: SnackReject };
}

function cutAnew(
  connection: SessionConnection,
  task: TargetTask,
  { ttt, begRun, runLength }: Snack,
): Refusal {
  const isWrong = ttt === 0 || ttt === RESERVED_TAG || begRun !== 0 || runLength !== 0 ||
    task.state !== "answering";
  if (isWrong) return WRONG;
  task.snackTag = ttt;
  connection.output.replyAnew(task);
  return undefined;
}
