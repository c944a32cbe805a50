/**
 * What the other initiators hear when one of them clears a task set or resets a logical unit (RFC 7143 §4.2.3, SAM-5
 * §5.14, §7).
 *
 * @module
 */

import { lunToNumber } from "../../../scsi/lun.ts";
import { AsyncEvent } from "../../../iscsi/pdu/async_message.ts";
import type { Nexus } from "../../device_server.ts";
import type { SessionConnection } from "../session/session_connection.ts";
import type { TargetSession } from "../session/target_session.ts";
import type { TargetTask, TaskUnit } from "../tasks/target_task.ts";
import type { TaskAttention } from "../tasks/task_sense.ts";

/**
 * Ends the tasks that other sessions than `session` have at a logical unit. A session that has agreed on FastAbort gets
 * an Async Message on each connection that had one (RFC 7143 §4.2.3.4). Others get TASK ABORTED for each, or nothing
 * but a unit attention, as the target is set (the TAS bit of SPC-5 §7.5.8); `attention` is which. `isVictim` says whose
 * tasks, where not all end.
 */
export function clearTasks(
  session: TargetSession,
  unit: TaskUnit,
  lun: bigint,
  attention: TaskAttention | undefined,
  isVictim: (nexus: Nexus) => boolean = () => true,
): void {
  const hosts = new Set<SessionConnection>();
  for (const task of unit.tasks()) {
    const owner = task.owner as TargetSession;
    if (owner !== session && isVictim(owner.nexus)) clearTask(owner, task, attention, hosts);
  }
  for (const host of hosts) {
    host.sendAsync({ event: AsyncEvent.TasksTerminated, lun: lunToNumber(lun) ?? 0 });
  }
  unit.run();
}

function clearTask(
  owner: TargetSession,
  task: TargetTask,
  attention: TaskAttention | undefined,
  hosts: Set<SessionConnection>,
): void {
  if (owner.parameters.taskReporting === "FastAbort") {
    for (const host of owner.connections) if (host === task.connection) hosts.add(host);
    owner.abort(task);
  } else if (owner.target!.taskAbortedStatus) {
    owner.terminate(task);
  } else {
    owner.abort(task);
    if (attention) owner.tellLater(task.unit, attention);
  }
}
