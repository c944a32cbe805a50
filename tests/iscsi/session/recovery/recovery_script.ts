/** Sessions of several connections, or of error recovery level 2, that are played against by hand. */

import assert from "node:assert/strict";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import { TaskManagementFunction } from "../../../../iscsi/pdu/task_management.ts";
import { ScriptedTarget, type ScriptOptions } from "../scripted_target.ts";

export const REWIND: readonly number[] = [0x01, 0, 0, 0, 0, 0];
export const TIME2WAIT_MS = 2000;
export const TIME2RETAIN_MS = 20_000;

/** A session at this error recovery level that may have so many connections; the leading one is there. */
export function loggedIn(
  level: number,
  connections: number,
  options: ScriptOptions = {},
): ScriptedTarget {
  return ScriptedTarget.loggedIn({
    connections,
    ...options,
    answers: [
      ["ErrorRecoveryLevel", String(level)],
      ["MaxConnections", String(connections)],
      ...options.answers ?? [],
    ],
    login: { offers: { errorRecoveryLevel: level, maxConnections: connections } },
  });
}

/** What a replacement of the connection asks for: TASK REASSIGN, which must name `itt`. */
export function reassignment(peer: ScriptedTarget, itt: number) {
  const { pdu } = peer.only(Opcode.TaskManagementRequest);
  assert.equal(pdu.function, TaskManagementFunction.TaskReassign);
  assert.equal(pdu.referencedTaskTag, itt);
  assert.equal(pdu.immediate, true);
  return pdu;
}
