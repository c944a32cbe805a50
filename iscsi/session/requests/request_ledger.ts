/**
 * The requests of a session from their call to their end: taken in or refused, called off, timed out, and told when the
 * session is over (RFC 7143 §7.11). Each is told of its end exactly once.
 *
 * @module
 */

import { serialLess } from "../../connection/serial_number.ts";
import { ConnectionLostError, type IscsiError } from "../../errors.ts";
import {
  TaskManagementFunction,
  TaskManagementResponseCode,
  taskManagementResponseName,
} from "../../pdu/task_management.ts";
import type { InitiatorConnection } from "../connection/initiator_connection.ts";
import {
  refusal,
  requestFailure,
  requestName,
  sessionFailure,
  timeoutFailure,
} from "./request_failure.ts";
import { ScsiTask } from "./scsi_task.ts";
import type {
  NumberedRequest,
  Request,
  SessionState,
  WatchedRequest,
} from "../core/session_state.ts";
import { sendAbortTask, sendTaskSetRequest } from "./task_management.ts";
import type { Abort, TaskSetFunction, TaskSetOwner } from "./task_management_requests.ts";
import { TextExchange } from "./text_exchange.ts";

/** What a {@link RequestLedger} works with. */
export interface RequestLedgerParts {
  readonly state: SessionState;
  /** The connection with this number, if it carries PDUs and is not being logged out. */
  readonly connection: (cid: number) => InitiatorConnection | undefined;
  /** A connection for what may go out on any; `undefined` when none works at present. */
  readonly anyConnection: () => InitiatorConnection | undefined;
  /** Whether a connection is not read from, since a consumer does not take its data: answers wait there. */
  readonly isPaused: (cid: number) => boolean;
  /** Whether the session has one connection only. */
  readonly isAlone: () => boolean;
  /** Milliseconds to wait for the answer to ABORT TASK. */
  readonly abortTimeoutMs: number;
  /** Whether LOGICAL UNIT RESET follows an ABORT TASK that failed, before the connection is dropped. */
  readonly resetsUnits: boolean;
  /** A request has ended. */
  readonly ended: () => void;
  /** The session cannot go on. */
  readonly broken: (error: unknown) => void;
}

/** All requests of one session. */
export class RequestLedger {
  readonly #state: SessionState;
  readonly #parts: RequestLedgerParts;
  /** Units that are being reset since an ABORT TASK failed. */
  readonly #resetting: Set<bigint> = new Set();

  constructor(parts: RequestLedgerParts) {
    this.#state = parts.state;
    this.#parts = parts;
  }

  /** Queues a request, unless the session takes none any more. */
  submit(request: NumberedRequest): void {
    const why = this.#refusesRequests();
    if (why !== undefined) {
      return request.fail(refusal(requestName(request), why, this.#state.endedBy));
    }
    this.#state.deadlines.include(request.deadline);
    this.#state.enqueue(request);
  }

  /** Asks the target to end many tasks. */
  manage(what: TaskSetFunction, owner: TaskSetOwner, now: number): void {
    const why = this.#refusesRequests();
    if (why !== undefined) return owner.failed(refusal(what.name, why, this.#state.endedBy));
    this.#sendFunction(what, owner, now);
  }

  /** The error for what would have to go out at once, while no connection works. */
  unsendable(name: string): IscsiError {
    const why = this.#refusesRequests();
    if (why !== undefined) return refusal(name, why, this.#state.endedBy);
    const state = "no connection of the session works at present";
    return new ConnectionLostError(`${name}: ${state}`, { outcome: "not-executed" });
  }

  #sendFunction(what: TaskSetFunction, owner: TaskSetOwner, now: number): void {
    const connection = this.#parts.anyConnection();
    if (connection === undefined) return owner.failed(this.unsendable(what.name));
    const deadline = now + what.timeoutMs;
    this.#state.deadlines.include(deadline);
    sendTaskSetRequest(this.#state, connection, {
      ...what,
      kind: "task-set",
      itt: this.#state.requests.allocate(),
      cid: connection.cid,
      deadline,
      unsent: this.#state.queue.filter((request) => request instanceof ScsiTask),
      owner,
    });
  }

  /** Ends a command early: out of the queue, or by ABORT TASK. */
  abort(task: ScsiTask, reason: unknown, now: number): void {
    if (this.#state.unqueue(task)) {
      task.fail(reason);
      return this.#parts.ended();
    }
    if (task.state !== "sent") return;
    task.state = "aborting";
    task.abortReason = reason;
    this.sendAbort(task, now);
    // The answer may wait behind data that nobody takes.
    task.abandonStreams();
  }

  /**
   * Queues ABORT TASK; not while the command has no connection: whoever finds it another one comes back here. Nothing follows
   * a logout, which ends the command anyway (RFC 7143 §11.14).
   */
  sendAbort(task: ScsiTask, now: number): void {
    const connection = this.#parts.connection(task.cid);
    if (connection === undefined) return;
    const itt = this.#state.requests.allocate();
    const deadline = now + this.#parts.abortTimeoutMs;
    const abort: Abort = { kind: "abort", itt, cid: task.cid, task, deadline };
    this.#state.deadlines.include(deadline);
    this.#state.requests.set(itt, abort);
    sendAbortTask(this.#state, connection, abort);
  }

  /**
   * The target has answered ABORT TASK.
   * Where it does not abort the command, the session is broken, or the logical unit is reset. It is broken, too, where the
   * target has lost a command before it.
   */
  aborted(abort: Abort, response: number, now: number): void {
    const { itt, task } = abort;
    this.#state.requests.delete(itt);
    const isOver = response === TaskManagementResponseCode.FunctionComplete ||
      response === TaskManagementResponseCode.TaskDoesNotExist;
    if (isOver) {
      this.#state.requests.delete(task.itt);
      this.dropData(task);
      task.fail(task.abortReason);
      this.#checkTaken(task);
    } else {
      const name = taskManagementResponseName(response);
      this.#abortFailed(
        abort,
        new ConnectionLostError(`${task.name}: it could not be aborted (${name})`),
        now,
      );
    }
    this.#parts.ended();
  }

  /**
   * A target that still waits for a number before this one waits for ever: nothing that follows would be executed. Over
   * several connections that number may still be under way, and so may be what closes the gap of a rejected command.
   */
  #checkTaken({ name, cmdSn }: ScsiTask): void {
    const { expCmdSn } = this.#state.window;
    if (serialLess(cmdSn, expCmdSn) || !this.#parts.isAlone()) return;
    if (this.#state.isSentAgain(expCmdSn)) return;
    const state = `the target still waits for command ${expCmdSn}, which was sent before`;
    this.#parts.broken(new ConnectionLostError(`${name}: it was aborted, but ${state}`));
  }

  /** A command is over: what it still had to send is not sent. */
  readonly dropData = (task: ScsiTask): void => {
    this.#parts.connection(task.cid)?.dataOut.drop(task);
  };

  /**
   * The next step where ABORT TASK did not help: one reset of the unit for all of its commands. None is needed for a command
   * that has ended meanwhile: by its own answer, or by a reset.
   */
  #abortFailed({ itt, task }: Abort, error: ConnectionLostError, now: number): void {
    if (task.state !== "aborting") return this.#state.requests.delete(itt);
    if (!this.#parts.resetsUnits) return this.#parts.broken(error);
    this.#state.requests.delete(itt);
    if (this.#resetting.has(task.lun)) return;
    this.#resetting.add(task.lun);
    this.#sendFunction(
      {
        function: TaskManagementFunction.LogicalUnitReset,
        name: "LOGICAL UNIT RESET",
        lun: task.lun,
        timeoutMs: this.#parts.abortTimeoutMs,
      },
      {
        completed: () => void this.#resetting.delete(task.lun),
        failed: () => this.#parts.broken(error),
      },
      now,
    );
  }

  /** Its owner waits no longer for a text request. One that the target has is answered, and that is ignored. */
  abortText(exchange: TextExchange, reason: unknown): void {
    if (this.#state.unqueue(exchange)) this.#state.textEnded(exchange);
    exchange.fail(reason);
    this.#parts.ended();
  }

  /** A connection is over: what was to be said about it alone is not said. */
  refuseBoundTo(cid: number, error: unknown): void {
    for (const request of [...this.#state.queue]) {
      if (request instanceof ScsiTask || !request.isBound || request.cid !== cid) continue;
      this.#state.unqueue(request);
      request.fail(requestFailure(request, error, request.sent ? "unknown" : "not-executed"));
    }
  }

  /** Ends what has waited too long. */
  expire(now: number): void {
    for (const request of this.#state.due(now)) {
      if (request instanceof ScsiTask) this.#taskTimedOut(request, now);
      else if (this.#parts.isPaused(request.cid)) this.#postpone(request, now);
      else if (request instanceof TextExchange) this.#textTimedOut(request);
      else this.#functionTimedOut(request, now);
    }
  }

  /** The answer may be there, behind data that a consumer does not take. That ends with the deadline of its command. */
  #postpone(request: Exclude<WatchedRequest, ScsiTask>, now: number): void {
    request.deadline = now + this.#parts.abortTimeoutMs;
    this.#state.deadlines.include(request.deadline);
  }

  /** A logout is near: what has not been sent will not be. */
  refuseQueued(): void {
    for (const request of this.#state.queue.splice(0)) {
      request.fail(refusal(requestName(request), "the session is closing"));
    }
  }

  /** The session is over; `error` is why, unless it ended in order. */
  endAll(error: unknown): void {
    for (const request of this.#state.queue.splice(0)) {
      request.fail(requestFailure(request, error, "not-executed"));
    }
    const outstanding: Request[] = [...this.#state.requests.values()];
    this.#state.requests.clear();
    for (const request of outstanding) {
      if (!("kind" in request)) request.fail(requestFailure(request, error, "unknown"));
      else if (request.kind === "task-set") {
        request.owner.failed(sessionFailure(request.name, error, "unknown"));
      }
    }
  }

  /** Why no new request is taken; `undefined` when they are. */
  #refusesRequests(): string | undefined {
    const { phase } = this.#state;
    if (phase === "full-feature" || phase === "recovering") return undefined;
    return phase === "draining" ? "a logout is near" : "the session is closed";
  }

  #taskTimedOut(task: ScsiTask, now: number): void {
    const unsent = task.state === "queued" ? this.#holdUp(task) : undefined;
    this.abort(task, timeoutFailure(task, unsent), now);
  }

  /** What has kept a request in the queue. */
  #holdUp(request: NumberedRequest): string {
    if (this.#parts.anyConnection() === undefined) return "since no connection works at present";
    if (request instanceof ScsiTask && !request.isPrimed) {
      return "since its source has not given its first data";
    }
    return this.#state.window.open
      ? "since others are before it"
      : "since the target takes no more commands at present";
  }

  /** The target does not know one that was never sent; any other cannot be taken back, and ends the session. */
  #textTimedOut(exchange: TextExchange): void {
    const { sent } = exchange;
    const error = timeoutFailure(exchange, sent ? undefined : this.#holdUp(exchange));
    this.abortText(exchange, error);
    if (sent) this.#parts.broken(error);
  }

  #functionTimedOut(request: Exclude<WatchedRequest, NumberedRequest>, now: number): void {
    if (request.kind === "abort") {
      const state = "the target did not answer ABORT TASK";
      this.#abortFailed(
        request,
        new ConnectionLostError(`${request.task.name}: ${state}`),
        now,
      );
      return this.#parts.ended();
    }
    const name = request.kind === "reassign" ? "TASK REASSIGN" : request.name;
    this.#parts.broken(new ConnectionLostError(`${name}: the target did not answer`));
  }
}
