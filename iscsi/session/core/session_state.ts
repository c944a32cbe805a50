/**
 * What the parts of the initiator's core share: numbers, tags, deadlines, and requests in their order.
 *
 * @module
 */

import { CommandWindow } from "./command_window.ts";
import { DeadlineBound } from "./deadline_bound.ts";
import type { NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import { DEFAULT_PARAMETERS } from "../../negotiation/negotiated_parameters.ts";
import { NO_CONNECTION, ScsiTask } from "../requests/scsi_task.ts";
import type { SessionPhase, SessionStateChange } from "../session_hooks.ts";
import type { Abort, Reassignment, TaskSetRequest } from "../requests/task_management_requests.ts";
import { TaskTable } from "../requests/task_table.ts";
import type { TextExchange } from "../requests/text_exchange.ts";

/** A NOP-Out of ours that asks for an answer. */
export interface Ping {
  readonly kind: "ping";
  readonly itt: number;
  readonly cid: number;
  /** The CmdSN that it uses up, where it plugs a gap; `undefined` for an immediate one. */
  readonly cmdSn?: number;
}

/** A Logout Request. */
export interface Logout {
  readonly kind: "logout";
  readonly itt: number;
  /** The connection that it was sent on. */
  readonly cid: number;
  /** The connection that it is about; `undefined` when it ends the session. */
  readonly about: number | undefined;
}

/** Anything that holds an Initiator Task Tag. */
export type Request =
  | ScsiTask
  | TextExchange
  | Abort
  | Reassignment
  | TaskSetRequest
  | Ping
  | Logout;

/** Anything whose own deadline ends it. */
export type WatchedRequest = NumberedRequest | Abort | Reassignment | TaskSetRequest;

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

/** What a command without data counts for, in bytes. */
const COMMAND_LOAD = 4096;

/** State of one session. */
export class SessionState {
  readonly window: CommandWindow;
  readonly requests: TaskTable<Request>;
  /** Requests that have not been sent, in the order of their calls. */
  readonly queue: NumberedRequest[] = [];
  readonly deadlines: DeadlineBound = new DeadlineBound();
  /** The time of what is going on, by the session's clock. */
  now = 0;
  /** The session's handle, once the leading login has given one (RFC 7143 §11.12.6). */
  tsih = 0;
  /** What was agreed in the leading login; the defaults of RFC 7143 until then. */
  parameters: NegotiatedParameters = DEFAULT_PARAMETERS;
  #phase: SessionPhase = "connecting";
  #endedBy: unknown;
  #openText: TextExchange | undefined;
  #taskSetRequests = 0;
  /** The last ping of each connection. */
  readonly #pings: Map<number, number> = new Map();
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

  /** Bytes that are under way on a connection, with some for each command. */
  loadOf(cid: number): number {
    let load = 0;
    for (const request of this.requests.values()) {
      if (request.cid !== cid || !(request instanceof ScsiTask)) continue;
      load += request.readLength + request.writeLength + COMMAND_LOAD;
    }
    return load;
  }

  /** Whether a connection has anything but pings under way. */
  busyOn(cid: number): boolean {
    for (const request of this.requests.values()) {
      if (request.cid === cid && (!("kind" in request) || request.kind !== "ping")) return true;
    }
    return false;
  }

  /** Whether something is under way with a CmdSN that the target has refused to take in before. */
  isSentAgain(cmdSn: number): boolean {
    for (const request of this.requests.values()) {
      const isAgain = "kind" in request ? request.kind === "ping" : request.retries > 0;
      if (isAgain && "cmdSn" in request && request.cmdSn === cmdSn) return true;
    }
    return false;
  }

  /** Queues a request; one that is immediate ahead of all that wait for the window. */
  enqueue(request: NumberedRequest): void {
    if (isImmediate(request)) this.queue.unshift(request);
    else this.queue.push(request);
  }

  /**
   * Takes the next request that may go out on a connection. Text requests go one at a time (RFC 7143 §11.10); a command
   * whose source has not given its first data lets others pass. `isItsTurn`: it takes what others could take; what is
   * for it alone it takes at any time.
   */
  takeNext(cid: number, isItsTurn: boolean): NumberedRequest | undefined {
    const first = this.queue[0];
    if (first === undefined) return undefined;
    const isOpen = this.#isOpen;
    if (!isOpen && !isImmediate(first)) return undefined;
    if (isOpen && isItsTurn && first instanceof ScsiTask && first.isPrimed) {
      return this.queue.shift();
    }
    const index = this.queue.findIndex((request) =>
      (isImmediate(request) || (isOpen && (isItsTurn || request.cid === cid))) &&
      this.#maySend(request, cid)
    );
    return index < 0 ? undefined : this.queue.splice(index, 1)[0];
  }

  /** Takes what goes on with a text exchange that has begun on a connection which takes nothing new. */
  takeBegun(cid: number): NumberedRequest | undefined {
    const begun = this.#openText;
    if (begun === undefined || begun.cid !== cid) return undefined;
    const mayGo = begun.isImmediate || this.#isOpen;
    return mayGo && this.unqueue(begun) ? begun : undefined;
  }

  /** Whether what is not immediate may go out. */
  get #isOpen(): boolean {
    return this.#taskSetRequests === 0 && this.window.open;
  }

  #maySend(request: NumberedRequest, cid: number): boolean {
    if (request instanceof ScsiTask) return request.isPrimed;
    if (request.cid !== NO_CONNECTION && request.cid !== cid) return false;
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
  pingTag(cid: number): number {
    const last = this.#pings.get(cid);
    if (last !== undefined) this.requests.delete(last);
    const itt = this.requests.allocate();
    this.requests.set(itt, { kind: "ping", itt, cid });
    this.#pings.set(cid, itt);
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
  due(now: number): WatchedRequest[] {
    const due: WatchedRequest[] = [];
    for (const request of this.queue) if (now >= request.deadline) due.push(request);
    for (const request of this.requests.values()) {
      if (isWatched(request) && now >= request.deadline && !due.includes(request)) {
        due.push(request);
      }
    }
    return due;
  }
}

function isImmediate(request: NumberedRequest): boolean {
  return !(request instanceof ScsiTask) && request.isImmediate;
}

/** Whether the deadline of the request itself counts; a task that is being aborted has that of its ABORT TASK. */
function isWatched(request: Request): request is WatchedRequest {
  if (request instanceof ScsiTask) return request.state === "sent";
  return "deadline" in request;
}
