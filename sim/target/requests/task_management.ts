/**
 * Task management functions (RFC 7143 §11.5, §11.6, SAM-5 §7).
 *
 * @module
 */

import { ConnectionLostError } from "../../../iscsi/errors.ts";
import { serialLess } from "../../../iscsi/connection/serial_number.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import {
  encodeTaskManagementResponse,
  TaskManagementFunction,
  type TaskManagementRequest,
  TaskManagementResponseCode,
} from "../../../iscsi/pdu/task_management.ts";
import type { Answer } from "../output/answer.ts";
import type { SessionConnection } from "../session/session_connection.ts";
import type { SessionTarget, TargetSession } from "../session/target_session.ts";
import type { TaskUnit } from "../tasks/target_task.ts";
import { clearTasks } from "./task_clearing.ts";
import { reassignTask } from "./task_reassignment.ts";

const {
  FunctionComplete,
  TaskDoesNotExist,
  LunDoesNotExist,
  TaskManagementFunctionNotSupported,
} = TaskManagementResponseCode;

/** Functions that act on one logical unit. */
const UNIT_FUNCTIONS: ReadonlySet<number> = new Set([
  TaskManagementFunction.AbortTask,
  TaskManagementFunction.AbortTaskSet,
  TaskManagementFunction.ClearTaskSet,
  TaskManagementFunction.LogicalUnitReset,
]);

/** Functions that end all tasks of a logical unit or of the target. */
const FUNCTIONS_ON_MANY: ReadonlySet<number> = new Set([
  TaskManagementFunction.AbortTaskSet,
  TaskManagementFunction.ClearTaskSet,
  TaskManagementFunction.LogicalUnitReset,
  TaskManagementFunction.TargetWarmReset,
  TaskManagementFunction.TargetColdReset,
]);

/**
 * Whether a function ends all tasks that were sent before it: it waits until they have arrived, since one that is still
 * on its way on another connection would be executed after it (RFC 7143 §4.2.3.3).
 */
export function actsOnMany(request: TaskManagementRequest): boolean {
  return FUNCTIONS_ON_MANY.has(request.function);
}

/**
 * Carries out a function and answers it. Answers of tasks that were complete before go out first; tasks that it ends
 * give none, except that other initiators are told as they have agreed.
 */
export function manageTasks(
  connection: SessionConnection,
  session: TargetSession,
  request: TaskManagementRequest,
): void {
  if (request.function === TaskManagementFunction.TaskReassign) {
    return reassignTask(connection, session, request, (response) => {
      // What the task has to say comes behind the response, R2Ts among it.
      connection.output.sendUrgent(responseTo(request, response));
    });
  }
  connection.output.send(responseTo(request, perform(session, session.target!, request)));
  if (request.function === TaskManagementFunction.TargetColdReset) {
    disconnectAll(connection, session);
  }
}

function responseTo(
  { itt }: TaskManagementRequest,
  response: number,
): Answer {
  return {
    data: new Uint8Array(0),
    encode: (bhs, numbers) =>
      encodeTaskManagementResponse({
        opcode: Opcode.TaskManagementResponse,
        response,
        itt,
        statSn: numbers.takeStatSn(),
        expCmdSn: numbers.expCmdSn,
        maxCmdSn: numbers.maxCmdSn,
      }, bhs),
  };
}

function perform(
  session: TargetSession,
  target: SessionTarget,
  request: TaskManagementRequest,
): number {
  const { initiatorName } = session.nexus;
  if (UNIT_FUNCTIONS.has(request.function) && !target.hasUnit(request.lun, initiatorName)) {
    return LunDoesNotExist;
  }
  const unit = target.unit(request.lun, initiatorName);
  switch (request.function) {
    case TaskManagementFunction.AbortTask:
      return abortTask(session, request);
    case TaskManagementFunction.AbortTaskSet:
      return abortTaskSet(session, unit, request.cmdSn);
    case TaskManagementFunction.ClearTaskSet:
      abortTaskSet(session, unit, request.cmdSn);
      clearTasks(session, unit, request.lun, "clearedByOther");
      return FunctionComplete;
    case TaskManagementFunction.LogicalUnitReset:
      return resetUnit(session, unit, request);
    case TaskManagementFunction.TargetWarmReset:
    case TaskManagementFunction.TargetColdReset:
      for (const each of target.units()) resetUnit(session, each, request);
      return FunctionComplete;
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

/** Commands that were sent before the request are meant, even if they wait for others (RFC 7143 §4.2.3.3). */
function abortTaskSet(session: TargetSession, unit: TaskUnit, cmdSn: number): number {
  for (const task of [...session.tasks.values()]) {
    if (task.unit !== unit) continue;
    if (task.begun || serialLess(task.command.cmdSn, cmdSn)) session.abort(task);
  }
  unit.run();
  return FunctionComplete;
}

function resetUnit(
  session: TargetSession,
  unit: TaskUnit,
  { lun, cmdSn }: TaskManagementRequest,
): number {
  abortTaskSet(session, unit, cmdSn);
  clearTasks(session, unit, lun, undefined);
  unit.device.reset();
  return FunctionComplete;
}

/** TARGET COLD RESET ends all sessions (RFC 7143 §11.5.1); the one that asked for it gets its answer. */
function disconnectAll(connection: SessionConnection, session: TargetSession): void {
  const error = new ConnectionLostError("The target was reset");
  for (const other of session.target!.sessions()) {
    if (other === session) connection.closeWhenSent();
    other.end(error);
  }
}
