/**
 * TASK REASSIGN: a task goes on on another connection, after its own was lost (RFC 7143 §7.2.2, §11.5.1).
 *
 * @module
 */

import {
  type TaskManagementRequest,
  TaskManagementResponseCode,
} from "../../../iscsi/pdu/task_management.ts";
import type { SessionConnection } from "../session/session_connection.ts";
import type { TargetSession } from "../session/target_session.ts";
import type { TargetTask } from "../tasks/target_task.ts";
import { firstDataSn } from "../tasks/task_reply.ts";

const {
  FunctionComplete,
  TaskDoesNotExist,
  TaskStillAllegiant,
  TaskAllegianceReassignmentNotSupported,
} = TaskManagementResponseCode;

/** Moves the task to `connection` if that may be; `answer` sends the response before the task goes on. */
export function reassignTask(
  connection: SessionConnection,
  session: TargetSession,
  request: TaskManagementRequest,
  answer: (response: number) => void,
): void {
  const { referencedTaskTag, lun, expDataSn } = request;
  if (session.parameters.errorRecoveryLevel < 2) {
    return answer(TaskAllegianceReassignmentNotSupported);
  }
  const task = session.tasks.get(referencedTaskTag) ?? session.answered.get(referencedTaskTag);
  if (task === undefined || task.command.lun !== lun) return answer(TaskDoesNotExist);
  if (session.isAllegiant(task)) return answer(TaskStillAllegiant);
  answer(FunctionComplete);
  acknowledge(task, expDataSn, connection);
  session.reassign(task, connection);
}

/**
 * ExpDataSN is the first Data-In that the initiator does not have; 0 leaves it as it was acknowledged before, and any
 * other number that cannot be right is ignored (RFC 7143 §11.5.6). For a write, it is the first R2T that it does not
 * have, and 0 stands for the first that was not answered whole.
 */
function acknowledge(task: TargetTask, expDataSn: number, connection: SessionConnection): void {
  if (task.state === "collecting") {
    const answered = task.nextR2tSn - (task.collection?.openRequests().length ?? 0);
    const isKnown = expDataSn > 0 && expDataSn <= task.nextR2tSn;
    task.nextR2tSn = isKnown ? expDataSn : answered;
    return;
  }
  const { sentData } = task;
  const dataSn = expDataSn - firstDataSn(task);
  if (sentData === undefined || dataSn < sentData.acknowledged.dataSn) return;
  if (expDataSn === 0 || dataSn > task.nextDataSn) return;
  const { maxBurstLength } = connection.parameters;
  sentData.acknowledge(sentData.placeOf(dataSn, task.dataIn.length, maxBurstLength));
}
