/**
 * What the PDUs of one connection mean to its session.
 *
 * @module
 */

import type { AsyncMessage } from "../../pdu/async_message.ts";
import type { LogoutResponse } from "../../pdu/logout.ts";
import type { ScsiTask } from "../requests/scsi_task.ts";
import type { Abort, Reassignment, TaskSetRequest } from "../requests/task_management_requests.ts";
import type { Logout, NumberedRequest } from "./session_state.ts";

/** What the session does about the PDUs that concern more than one request. */
export interface IncomingEvents {
  /** The time of what is being taken in. */
  now(): number;
  requestEnded(): void;
  aborted(abort: Abort, response: number): void;
  taskSetAnswered(request: TaskSetRequest, response: number): void;
  reassigned(request: Reassignment, response: number): void;
  asyncMessage(message: AsyncMessage): void;
  /** The target takes nothing but a logout any more. */
  logoutDemanded(): void;
  loggedOut(request: Logout, response: LogoutResponse): void;
  /** The target has not taken in a request: it is sent once more as it was. */
  sendAgain(request: NumberedRequest): void;
  /** The target still waits for the CmdSN of a request that is over. */
  gapLeft(cmdSn: number): void;
  /** A command cannot be completed. */
  unrecoverable(task: ScsiTask, error: unknown): void;
  /** Something odd that harms nobody. */
  notice(message: string, properties: Record<string, unknown>): void;
}
