/**
 * What the parts of the initiator's core share: numbers, tags, and requests in their order.
 *
 * @module
 */

import type { Abort } from "./abort_ladder.ts";
import { CommandWindow } from "./command_window.ts";
import type { ScsiTask } from "./scsi_task.ts";
import { TaskTable } from "./task_table.ts";
import type { TextExchange } from "./text_exchange.ts";

/** A request that only the core itself waits for. */
export interface InternalRequest {
  readonly kind: "login" | "ping" | "logout";
  readonly itt: number;
}

/** Anything that holds an Initiator Task Tag. */
export type Request = ScsiTask | TextExchange | Abort | InternalRequest;

/** A request that takes a CmdSN and waits for the window. */
export type NumberedRequest = ScsiTask | TextExchange;

/** `login`, then `full-feature`, perhaps `draining` (no new commands), `logout`, `closed`. */
export type InitiatorPhase = "login" | "full-feature" | "draining" | "logout" | "closed";

/** State of one session. */
export class SessionState {
  phase: InitiatorPhase = "login";
  tsih = 0;
  readonly window: CommandWindow;
  readonly requests: TaskTable<Request> = new TaskTable();
  /** Requests that have not been sent, in the order of their calls. */
  readonly queue: NumberedRequest[] = [];

  constructor(initialCmdSn: number) {
    this.window = new CommandWindow(initialCmdSn);
  }

  /** Whether anything but a ping is queued or outstanding: a deadline of its own watches over it. */
  get busy(): boolean {
    if (this.queue.length > 0) return true;
    for (const request of this.requests.values()) {
      if (!("kind" in request) || request.kind !== "ping") return true;
    }
    return false;
  }

  /** Takes a request out of the queue; false when it has been sent already. */
  unqueue(request: NumberedRequest): boolean {
    const index = this.queue.indexOf(request);
    if (index < 0) return false;
    this.queue.splice(index, 1);
    return true;
  }
}
