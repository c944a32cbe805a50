/**
 * How a command that must end is ended: ABORT TASK, then the connection (RFC 7143 §7.11, §11.5). Forgetting the command
 * is not allowed: the target might still use its buffer.
 *
 * @module
 */

import { Opcode } from "../pdu/opcode.ts";
import { encodeTaskManagementRequest, TaskManagementFunction } from "../pdu/task_management.ts";
import type { InitiatorConnection } from "./initiator_connection.ts";
import type { ScsiTask } from "./scsi_task.ts";

/** An ABORT TASK that is on its way. */
export interface Abort {
  readonly kind: "abort";
  readonly itt: number;
  readonly task: ScsiTask;
  /** When to give up on the answer and drop the connection. */
  readonly deadline: number;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Queues ABORT TASK for a command that the target has: it carries the LUN, the tag and the CmdSN of the command.
 */
export function sendAbortTask(
  connection: InitiatorConnection,
  abort: Abort,
  currentCmdSn: () => number,
): void {
  const { task, itt } = abort;
  connection.sendUrgent((bhs) => {
    encodeTaskManagementRequest({
      opcode: Opcode.TaskManagementRequest,
      immediate: true,
      function: TaskManagementFunction.AbortTask,
      lun: task.lun,
      itt,
      referencedTaskTag: task.itt,
      cmdSn: currentCmdSn(),
      expStatSn: connection.status.expStatSn,
      refCmdSn: task.cmdSn,
      expDataSn: 0,
    }, bhs);
    return NO_BYTES;
  });
}
