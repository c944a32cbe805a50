/**
 * What the parts of the initiator's core share: numbers, tags, deadlines, and requests in their order.
 *
 * @module
 */

import { CommandWindow } from "./command_window.ts";
import { DeadlineBound } from "./deadline_bound.ts";
import { ScsiTask } from "../requests/scsi_task.ts";
import type { SessionPhase, SessionStateChange } from "../session_hooks.ts";
import type { Abort, TaskSetRequest } from "../requests/task_management_requests.ts";
import { TaskTable } from "../requests/task_table.ts";
import type { TextExchange } from "../requests/text_exchange.ts";

/** A NOP-Out of ours that asks for an answer. */
export interface Ping {
  readonly kind: "ping";
  readonly itt: number;
}

/** A Logout Request. */
export interface Logout {
  readonly kind: "logout";
  readonly itt: number;
}

/** Anything that holds an Initiator Task Tag. */
export type Request = ScsiTask | TextExchange | Abort | TaskSetRequest | Ping | Logout;

/** A request that takes a CmdSN and waits for the window. */
export type NumberedRequest = ScsiTask | TextExchange;

/** What a {@link SessionState} begins with. */
export interface SessionStateOptions {
  /** CmdSN of the login, and of the first command after it. */
  readonly initialCmdSn: number;
  /** The first Initiator Task Tag. */
  readonly initialTag: number;
  /** Told of each phase that is entered. */
  readonly changed: (change: SessionStateChange) => void;
}

/** State of one session. */
export class SessionState {
  readonly window: CommandWindow;
  readonly requests: TaskTable<Request>;
  /** Requests that have not been sent, in the order of their calls. */
  readonly queue: NumberedRequest[] = [];
  readonly deadlines: DeadlineBound = new DeadlineBound();
  #phase: SessionPhase = "connecting";
  #endedBy: unknown;
  #openText: TextExchange | undefined;
  #taskSetRequests = 0;
  #ping: number | undefined;
  readonly #changed: (change: SessionStateChange) => void;

  constructor(options: SessionStateOptions) {
    this.window = new CommandWindow(options.initialCmdSn);
    this.requests = new TaskTable(options.initialTag);
    this.#changed = options.changed;
  }

  get phase(): SessionPhase {
    return this.#phase;
  }

  /** The error that ended the session, if one did. */
  get endedBy(): unknown {
    return this.#endedBy;
  }

  enter(to: SessionPhase, reason: string, error?: unknown): void {
    const from = this.#phase;
    this.#phase = to;
    this.#endedBy = error;
    this.#changed({ from, to, reason, ...(error !== undefined && { error }) });
  }

  /** Whether anything but a ping is queued or outstanding: a deadline of its own watches over it. */
  get busy(): boolean {
    if (this.queue.length > 0) return true;
    for (const request of this.requests.values()) {
      if (!("kind" in request) || request.kind !== "ping") return true;
    }
    return false;
  }

  /** Takes the next request that may be sent. Text requests go one at a time on a connection (RFC 7143 §11.10). */
  takeNext(): NumberedRequest | undefined {
    if (this.queue.length === 0 || this.#taskSetRequests > 0 || !this.window.open) return undefined;
    if (this.queue[0] instanceof ScsiTask) return this.queue.shift();
    const index = this.queue.findIndex((request) => this.#maySend(request));
    return index < 0 ? undefined : this.queue.splice(index, 1)[0];
  }

  #maySend(request: NumberedRequest): boolean {
    if (request instanceof ScsiTask) return true;
    return this.#openText === undefined || this.#openText === request;
  }

  /** Takes a request out of the queue; false when it has been sent already. */
  unqueue(request: NumberedRequest): boolean {
    const index = this.queue.indexOf(request);
    if (index < 0) return false;
    this.queue.splice(index, 1);
    return true;
  }

  textSent(exchange: TextExchange): void {
    this.#openText = exchange;
    this.requests.set(exchange.itt, exchange);
  }

  textEnded(exchange: TextExchange): void {
    if (this.#openText === exchange) this.#openText = undefined;
    this.requests.delete(exchange.itt);
  }

  /** A function that acts on many tasks holds back new requests until it ends. */
  beginTaskSetRequest(request: TaskSetRequest): void {
    this.#taskSetRequests++;
    this.requests.set(request.itt, request);
  }

  endTaskSetRequest(request: TaskSetRequest): void {
    this.#taskSetRequests--;
    this.requests.delete(request.itt);
  }

  /** A tag for a ping. Those before it are forgotten: a late answer to one still counts as a sign of life. */
  pingTag(): number {
    if (this.#ping !== undefined) this.requests.delete(this.#ping);
    const itt = this.requests.allocate();
    this.requests.set(itt, { kind: "ping", itt });
    this.#ping = itt;
    return itt;
  }

  /** The earliest of all deadlines of requests; infinity when none has one. */
  earliestDeadline(): number {
    let earliest = Infinity;
    for (const request of this.queue) earliest = Math.min(earliest, request.deadline);
    for (const request of this.requests.values()) {
      if (isWatched(request)) earliest = Math.min(earliest, request.deadline);
    }
    return earliest;
  }

  /** The requests whose deadline has passed. */
  due(now: number): (NumberedRequest | Abort | TaskSetRequest)[] {
    const due: (NumberedRequest | Abort | TaskSetRequest)[] = [];
    for (const request of this.queue) if (now >= request.deadline) due.push(request);
    for (const request of this.requests.values()) {
      if (isWatched(request) && now >= request.deadline && !due.includes(request)) {
        due.push(request);
      }
    }
    return due;
  }
}

/** Whether the deadline of the request itself counts; a task that is being aborted has that of its ABORT TASK. */
function isWatched(request: Request): request is NumberedRequest | Abort | TaskSetRequest {
  if (request instanceof ScsiTask) return request.state === "sent";
  return "deadline" in request;
}
