/**
 * Task management functions (RFC 7143 §11.5, §7.11).
 *
 * A command that must end is ended by ABORT TASK, and if that fails, with the connection: forgetting it is not allowed,
 * since the target might still use its buffer. A reset is tried in between only where that was asked for: it takes away
 * the position of everybody who uses the drive.
 *
 * @module
 */

import { TaskAbortedError, TaskManagementError } from "../../errors.ts";
import { RESERVED_TAG } from "../../pdu/bhs.ts";
import { Opcode } from "../../pdu/opcode.ts";
import {
  encodeTaskManagementRequest,
  TaskManagementFunction,
  TaskManagementResponseCode,
  taskManagementResponseName,
} from "../../pdu/task_management.ts";
import type { InitiatorConnection } from "../connection/initiator_connection.ts";
import { confirmStatSn } from "../core/outgoing.ts";
import { ScsiTask } from "./scsi_task.ts";
import type { SessionState } from "../core/session_state.ts";
import type { Abort, Reassignment, TaskSetRequest } from "./task_management_requests.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Queues ABORT TASK for a command that the target has: it carries the LUN, the tag and the CmdSN of the command. */
export function sendAbortTask(
  state: SessionState,
  connection: InitiatorConnection,
  { task, itt }: Abort,
): void {
  sendFunction(state, connection, {
    function: TaskManagementFunction.AbortTask,
    lun: task.lun,
    itt,
    referencedTaskTag: task.itt,
    refCmdSn: task.cmdSn,
  });
}

/** Queues a function that acts on many tasks. Until its answer no new request goes out: it would be hit, or not. */
export function sendTaskSetRequest(
  state: SessionState,
  connection: InitiatorConnection,
  request: TaskSetRequest,
): void {
  state.beginTaskSetRequest(request);
  sendFunction(state, connection, {
    function: request.function,
    lun: request.lun ?? 0n,
    itt: request.itt,
    referencedTaskTag: RESERVED_TAG,
    refCmdSn: 0,
  });
}

/**
 * Queues TASK REASSIGN: the connection takes over a task of one that was lost. A read goes on behind what has arrived
 * without a gap; a write is asked for its data again (RFC 7143 §7.2.2, §11.5.6).
 */
export function sendTaskReassign(
  state: SessionState,
  connection: InitiatorConnection,
  { task, itt }: Reassignment,
): void {
  sendFunction(state, connection, {
    function: TaskManagementFunction.TaskReassign,
    lun: task.lun,
    itt,
    referencedTaskTag: task.itt,
    refCmdSn: 0,
    expDataSn: task.nextDataSn,
  });
}

interface FunctionFields {
  readonly function: number;
  readonly lun: bigint;
  readonly itt: number;
  readonly referencedTaskTag: number;
  readonly refCmdSn: number;
  readonly expDataSn?: number;
}

function sendFunction(
  state: SessionState,
  connection: InitiatorConnection,
  fields: FunctionFields,
): void {
  const { expDataSn = 0 } = fields;
  connection.sendUrgent((bhs) => {
    encodeTaskManagementRequest({
      ...fields,
      opcode: Opcode.TaskManagementRequest,
      immediate: true,
      cmdSn: state.window.cmdSn,
      expStatSn: connection.status.expStatSn,
      expDataSn,
    }, bhs);
    return NO_BYTES;
  });
}

/** The target has answered: what it ended fails, and new requests may go out again. */
export function taskSetAnswered(
  state: SessionState,
  request: TaskSetRequest,
  response: number,
  dropData: (task: ScsiTask) => void,
): void {
  state.endTaskSetRequest(request);
  const { name, owner, unsent } = request;
  if (response !== TaskManagementResponseCode.FunctionComplete) {
    const responseName = taskManagementResponseName(response);
    return owner.failed(
      new TaskManagementError(`${name}: the target answered ${responseName}`, {
        functionName: name,
        response,
        responseName,
      }),
    );
  }
  if (request.function !== TaskManagementFunction.ClearAca) {
    for (const task of [...state.requests.values(), ...unsent]) {
      if (!(task instanceof ScsiTask) || !isMeant(request, task)) continue;
      dropData(task);
      endTask(state, task, name);
    }
  }
  owner.completed();
}

/**
 * FastAbort: the target ends the tasks of a unit. It gets no more data for them, and a sign that this was heard
 * (RFC 7143 §11.9.1, event 5).
 */
export function tasksTerminated(
  state: SessionState,
  connection: InitiatorConnection,
  lun: bigint,
  dropData: (task: ScsiTask) => void,
): void {
  for (const request of state.requests.values()) {
    if (request instanceof ScsiTask && request.lun === lun) dropData(request);
  }
  confirmStatSn(state, connection, lun);
}

function isMeant({ lun }: TaskSetRequest, task: ScsiTask): boolean {
  return task.state !== "done" && (lun === undefined || task.lun === lun);
}

function endTask(state: SessionState, task: ScsiTask, functionName: string): void {
  const outcome = state.unqueue(task) ? "not-executed" : "unknown";
  state.requests.delete(task.itt);
  if (task.state === "aborting") return task.fail(task.abortReason);
  task.fail(
    new TaskAbortedError(`${task.name}: ${functionName} ended it`, { functionName, outcome }),
  );
}
