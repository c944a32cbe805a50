/**
 * Task management functions (RFC 7143 §11.5, §11.6, SAM-5 §7).
 *
 * @module
 */

import { ConnectionLostError } from "../../../iscsi/errors.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import {
  encodeTaskManagementResponse,
  TaskManagementFunction,
  type TaskManagementRequest,
  TaskManagementResponseCode,
} from "../../../iscsi/pdu/task_management.ts";
import type { SessionConnection } from "../session_connection.ts";
import type { SessionTarget, TargetSession } from "../target_session.ts";
import type { TaskUnit } from "../tasks/target_task.ts";

const {
  FunctionComplete,
  TaskDoesNotExist,
  LunDoesNotExist,
  TaskAllegianceReassignmentNotSupported,
  TaskManagementFunctionNotSupported,
} = TaskManagementResponseCode;

/** Functions that act on one logical unit. */
const UNIT_FUNCTIONS: ReadonlySet<number> = new Set([
  TaskManagementFunction.AbortTask,
  TaskManagementFunction.AbortTaskSet,
  TaskManagementFunction.ClearTaskSet,
  TaskManagementFunction.LogicalUnitReset,
]);

/**
 * Carries out a function and answers it. Answers of tasks that were complete before go out first; tasks that it ends
 * give none, except that other initiators are told TASK ABORTED.
 */
export function manageTasks(
  connection: SessionConnection,
  session: TargetSession,
  request: TaskManagementRequest,
): void {
  const response = perform(session, session.target!, request);
  connection.send({
    data: new Uint8Array(0),
    encode: (bhs, numbers) =>
      encodeTaskManagementResponse({
        opcode: Opcode.TaskManagementResponse,
        response,
        itt: request.itt,
        statSn: numbers.takeStatSn(),
        expCmdSn: numbers.expCmdSn,
        maxCmdSn: numbers.maxCmdSn,
      }, bhs),
  });
  if (request.function === TaskManagementFunction.TargetColdReset) disconnectAll(session);
}

function perform(
  session: TargetSession,
  target: SessionTarget,
  request: TaskManagementRequest,
): number {
  if (UNIT_FUNCTIONS.has(request.function) && !target.hasUnit(request.lun)) return LunDoesNotExist;
  const unit = target.unit(request.lun);
  switch (request.function) {
    case TaskManagementFunction.AbortTask:
      return abortTask(session, request);
    case TaskManagementFunction.AbortTaskSet:
      return endTasks(session, unit, (owner) => owner === session);
    case TaskManagementFunction.ClearTaskSet:
      return endTasks(session, unit, () => true);
    case TaskManagementFunction.LogicalUnitReset:
      return resetUnit(session, unit);
    case TaskManagementFunction.TargetWarmReset:
    case TaskManagementFunction.TargetColdReset:
      for (const each of target.units()) resetUnit(session, each);
      return FunctionComplete;
    case TaskManagementFunction.TaskReassign:
      return TaskAllegianceReassignmentNotSupported;
    default:
      return TaskManagementFunctionNotSupported;
  }
}

/** A command that has not arrived counts as received and aborted; one that is answered does not exist (§11.6.1). */
function abortTask(session: TargetSession, request: TaskManagementRequest): number {
  const { referencedTaskTag, refCmdSn, cmdSn, lun } = request;
  const task = session.tasks.get(referencedTaskTag);
  if (task !== undefined && task.command.lun === lun) {
    session.abort(task);
    task.unit.run();
    return FunctionComplete;
  }
  if (!session.order.giveUp(refCmdSn, cmdSn)) return TaskDoesNotExist;
  session.deliver();
  return FunctionComplete;
}

function endTasks(
  session: TargetSession,
  unit: TaskUnit,
  isMeant: (owner: unknown) => boolean,
): number {
  for (const task of unit.tasks()) {
    const owner = task.owner as TargetSession;
    if (!isMeant(owner)) continue;
    if (owner === session) owner.abort(task);
    else owner.terminate(task);
  }
  return FunctionComplete;
}

function resetUnit(session: TargetSession, unit: TaskUnit): number {
  const response = endTasks(session, unit, () => true);
  unit.device.reset();
  return response;
}

/** TARGET COLD RESET ends all sessions (RFC 7143 §11.5.1); the one that asked for it gets its answer. */
function disconnectAll(session: TargetSession): void {
  for (const other of session.target!.sessions()) {
    if (other === session) other.connection.closeWhenSent();
    else other.connection.close(new ConnectionLostError("The target was reset"));
  }
}
