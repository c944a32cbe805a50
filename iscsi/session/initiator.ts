/**
 * The initiator's side of a session without I/O (RFC 7143 §4.2, §6.3, §11): bytes and time in; bytes, events and the
 * next deadline out.
 *
 * Rules: CmdSN is taken at the moment a command is written, so that a cancelled command leaves no gap. Every request
 * has a deadline of its own and settles exactly once. A command that the target has is never forgotten: it is aborted,
 * and if that fails, the connection goes. At error recovery level 0 a broken connection ends the session.
 *
 * @module
 */

import type { CommandOutcome } from "../../scsi/errors.ts";
import {
  CommandTimeoutError,
  ConnectionLostError,
  DigestError,
  IscsiError,
  LoginError,
  ProtocolError,
  SessionClosedError,
} from "../errors.ts";
import type { LoginConnection, LoginOptions, LoginStep } from "../negotiation/login.ts";
import { InitiatorLogin } from "../negotiation/login.ts";
import type { NegotiatedParameters } from "../negotiation/negotiated_parameters.ts";
import { OPCODE, OPCODE_MASK } from "../pdu/bhs.ts";
import { AsyncEvent, asyncEventName, type AsyncMessage } from "../pdu/async_message.ts";
import { decodeLoginResponse } from "../pdu/login.ts";
import { type LogoutResponse, LogoutResponseCode, logoutResponseName } from "../pdu/logout.ts";
import { Opcode } from "../pdu/opcode.ts";
import { opcodeName } from "../pdu/pdu.ts";
import { TaskManagementResponseCode, taskManagementResponseName } from "../pdu/task_management.ts";
import { type Abort, sendAbortTask } from "./abort_ladder.ts";
import type { ProtocolCore } from "../connection/connection_driver.ts";
import { Incoming } from "./incoming.ts";
import {
  type ConnectionOptions,
  type ConnectionOwner,
  InitiatorConnection,
} from "./initiator_connection.ts";
import { Keepalive, type KeepaliveOptions } from "../connection/keepalive.ts";
import { sendLogin, sendLogout, sendNextRequest, sendPing } from "./outgoing.ts";
import type { OutputBatch } from "../connection/output_batch.ts";
import { ScsiTask } from "./scsi_task.ts";
import { type InitiatorPhase, type NumberedRequest, SessionState } from "./session_state.ts";
import { TextExchange } from "./text_exchange.ts";

/** What the core tells whoever drives it; called synchronously. */
export interface InitiatorEvents {
  loggedIn(parameters: NegotiatedParameters): void;
  /** The target is at another portal. The connection is over. */
  redirected(address: string, permanent: boolean): void;
  /** The session is over and the socket is to be closed; `error` is why, unless a logout ended it in order. */
  closed(error: unknown): void;
  /** {@link Initiator.tick} is due earlier than the last answer of {@link Initiator.nextDeadline} said. */
  deadlineMoved(): void;
  /** Something that whoever reads the log should know. */
  notice(message: string, properties: Record<string, unknown>): void;
}

/** Options of the core; all times in milliseconds. */
export interface InitiatorOptions {
  readonly login: LoginOptions;
  readonly loginConnection: LoginConnection;
  readonly connection: ConnectionOptions;
  readonly loginTimeoutMs: number;
  /** How long to wait for the answer to ABORT TASK before the connection is dropped. */
  readonly abortTimeoutMs: number;
  readonly logoutTimeoutMs: number;
  /** `false` for none. */
  readonly keepalive: KeepaliveOptions | false;
}

/** CmdSN of the login, and of the first command after it. */
const INITIAL_CMD_SN = 1;

/** How long responses may be out of order. On one connection they all travel the same way, so it is a matter of microseconds. */
const MISSING_RESPONSE_MS = 1000;

/** Silence in the middle of a PDU: what has begun to come comes on, or the connection is dead or its two ends disagree. */
const STALLED_PDU_MS = 15_000;
/** How often to look for that while a request is under way. */
export const STALL_CHECK_MS: number = 5_000;

export class Initiator implements ConnectionOwner, ProtocolCore {
  readonly #options: InitiatorOptions;
  readonly #events: InitiatorEvents;
  readonly #state: SessionState = new SessionState(INITIAL_CMD_SN);
  readonly #connection: InitiatorConnection;
  readonly #incoming: Incoming;
  readonly #login: InitiatorLogin;
  #loginItt = 0;
  /** When the login or the logout must be done. */
  #phaseDeadline = Infinity;
  #keepalive: Keepalive | undefined;
  #now = 0;
  #lastReceived = 0;

  constructor(options: InitiatorOptions, events: InitiatorEvents) {
    this.#options = options;
    this.#events = events;
    this.#connection = new InitiatorConnection(this, options.connection);
    this.#login = new InitiatorLogin(options.loginConnection, options.login);
    this.#incoming = new Incoming(this.#state, {
      now: () => this.#now,
      responsesMissing: () => events.deadlineMoved(),
      taskEnded: () => this.#taskEnded(),
      aborted: (abort, response) => this.#aborted(abort, response),
      asyncMessage: (message) => this.#asyncMessage(message),
      loggedOut: (response) => this.#loggedOut(response),
      notice: events.notice,
    });
  }

  get phase(): InitiatorPhase {
    return this.#state.phase;
  }

  get closed(): boolean {
    return this.#state.phase === "closed";
  }

  /** Begins the login on a fresh connection. */
  start(now: number): void {
    this.#now = now;
    this.#phaseDeadline = now + this.#options.loginTimeoutMs;
    this.#loginItt = this.#state.requests.allocate();
    this.#guard(() => this.#takeLoginStep(this.#login.start()));
  }

  /** Queues a SCSI command. It is told of its end in every case. */
  submit(task: ScsiTask): void {
    this.#queue(task, task.name);
  }

  /** Queues a text request. It is told of its end in every case. */
  submitText(exchange: TextExchange): void {
    this.#queue(exchange, "Text request");
  }

  /** Ends a command early: out of the queue, or by ABORT TASK. Its owner hears `reason`, unless it completed first. */
  abort(task: ScsiTask, reason: unknown, now: number): void {
    this.#now = now;
    if (this.#state.unqueue(task)) return task.fail(reason);
    if (task.state !== "sent") return;
    task.state = "aborting";
    task.abortReason = reason;
    const itt = this.#state.requests.allocate();
    const abort: Abort = {
      kind: "abort",
      itt,
      task,
      deadline: now + this.#options.abortTimeoutMs,
    };
    this.#state.requests.set(itt, abort);
    sendAbortTask(this.#connection, abort, () => this.#state.window.cmdSn);
  }

  /** Logs out; requests that have no answer yet fail once the session is closed. */
  logout(now: number): void {
    this.#now = now;
    const { phase } = this.#state;
    if (phase === "login") {
      return this.#close(new SessionClosedError("Log in: the session was closed"));
    }
    if (phase !== "full-feature" && phase !== "draining") return;
    this.#failQueued();
    this.#state.phase = "logout";
    this.#phaseDeadline = now + this.#options.logoutTimeoutMs;
    const itt = this.#state.requests.allocate();
    this.#state.requests.set(itt, { kind: "logout", itt });
    sendLogout(this.#state, this.#connection, itt);
  }

  /** Where the next bytes from the socket belong. */
  destination(): Uint8Array {
    return this.#connection.destination();
  }

  /** `count` bytes from the socket are in {@link destination}. */
  received(count: number, now: number): void {
    this.#now = now;
    this.#lastReceived = now;
    this.#keepalive?.active(now);
    if (this.#state.phase === "closed") return;
    this.#guard(() => {
      if (this.#state.phase === "login" && this.#connection.betweenPdus) {
        checkLoginAnswer(this.#connection.destination()[0]);
      }
      this.#connection.received(count);
    });
  }

  /** The stream has ended or broken; `error` is the transport's, if it gave one. */
  connectionEnded(error: unknown): void {
    if (this.#state.phase === "logout" && error === undefined) return this.#close(undefined);
    const what = error === undefined ? "The target closed the connection" : "The connection broke";
    const when = this.#state.phase === "login" ? " during the login" : "";
    this.#close(new ConnectionLostError(what + when, { cause: error }));
  }

  /** Time has passed. */
  tick(now: number): void {
    this.#now = now;
    if (this.#state.phase === "closed") return;
    if (now >= this.#phaseDeadline) return this.#phaseTimedOut();
    if (now >= this.#incoming.responsesMissingSince + MISSING_RESPONSE_MS) {
      return this.#close(
        new ProtocolError("Receive responses: one is missing between others that came"),
      );
    }
    if (!this.#connection.betweenPdus && now >= this.#lastReceived + STALLED_PDU_MS) {
      return this.#close(new ConnectionLostError("The target stopped in the middle of a PDU"));
    }
    this.#expireRequests();
    this.#checkKeepalive();
  }

  /** When {@link tick} is due at the latest. */
  nextDeadline(): number {
    if (this.#state.phase === "closed") return Infinity;
    let earliest = this.#phaseDeadline;
    for (const request of this.#state.queue) earliest = Math.min(earliest, request.deadline);
    for (const request of this.#state.requests.values()) {
      if (request instanceof ScsiTask && request.state !== "sent") continue;
      if ("deadline" in request) earliest = Math.min(earliest, request.deadline);
    }
    earliest = Math.min(earliest, this.#incoming.responsesMissingSince + MISSING_RESPONSE_MS);
    if (this.#state.busy) earliest = Math.min(earliest, this.#now + STALL_CHECK_MS);
    return Math.min(earliest, this.#keepalive?.deadline() ?? Infinity);
  }

  /** Fills a batch with what is to be written; false when there is nothing. */
  produce(batch: OutputBatch): boolean {
    return this.#state.phase !== "closed" && this.#connection.produce(batch);
  }

  /** The socket has taken the last batch. */
  written(): void {
    this.#connection.written();
  }

  /** Ends the session because of an error outside of the protocol. */
  fail(error: unknown): void {
    this.#close(error);
  }

  place(_: InitiatorConnection, header: Uint8Array, length: number): Uint8Array | undefined {
    return this.#state.phase === "login" ? undefined : this.#incoming.place(header, length);
  }

  receive(
    connection: InitiatorConnection,
    header: Uint8Array,
    data: Uint8Array,
    intact: boolean,
  ): void {
    if (this.#state.phase === "closed") return;
    if (this.#state.phase === "login") this.#loginResponse(header, data);
    else this.#incoming.receive(connection, header, data, intact);
  }

  sendCommand(connection: InitiatorConnection, batch: OutputBatch): boolean {
    return this.#state.phase !== "login" && sendNextRequest(this.#state, connection, batch);
  }

  #queue(request: NumberedRequest, name: string): void {
    const { phase } = this.#state;
    if (phase === "full-feature") {
      this.#state.queue.push(request);
    } else {
      const why = phase === "draining" ? "the target asked to log out" : "the session is closed";
      request.fail(new SessionClosedError(`${name}: ${why}`, { outcome: "not-executed" }));
    }
  }

  #loginResponse(header: Uint8Array, data: Uint8Array): void {
    const opcode = header[OPCODE] & OPCODE_MASK;
    if (opcode !== Opcode.LoginResponse) {
      throw new ProtocolError(`Log in: the target answered with ${opcodeName(opcode)}`, {
        outcome: "not-executed",
      });
    }
    const response = decodeLoginResponse(header);
    if (response.itt !== this.#loginItt) {
      throw new ProtocolError("Log in: the response has another tag than the request", {
        outcome: "not-executed",
      });
    }
    if (response.statusClass === 0) {
      this.#connection.status.accept(response.statSn);
      this.#state.window.update(response.expCmdSn, response.maxCmdSn);
    }
    this.#takeLoginStep(this.#login.receive(response, data));
  }

  #takeLoginStep(step: LoginStep): void {
    switch (step.kind) {
      case "send":
        return sendLogin(
          this.#state,
          this.#connection,
          this.#loginItt,
          this.#options.loginConnection.isid,
          step.request,
        );
      case "redirect":
        this.#state.phase = "closed";
        return this.#events.redirected(step.address, step.permanent);
      case "done":
        return this.#enterFullFeaturePhase(step.tsih, step.parameters);
    }
  }

  #enterFullFeaturePhase(tsih: number, parameters: NegotiatedParameters): void {
    this.#state.tsih = tsih;
    this.#state.phase = "full-feature";
    this.#phaseDeadline = Infinity;
    this.#connection.enterFullFeaturePhase(parameters);
    if (this.#options.keepalive) {
      this.#keepalive = new Keepalive(this.#now, this.#options.keepalive);
    }
    this.#events.loggedIn(parameters);
  }

  #loggedOut({ response }: LogoutResponse): void {
    if (response !== LogoutResponseCode.Closed) {
      const reason = logoutResponseName(response);
      this.#events.notice("The target did not log out as asked", { reason });
    }
    this.#close(undefined);
  }

  #aborted(abort: Abort, response: number): void {
    const { task } = abort;
    if (
      response === TaskManagementResponseCode.FunctionComplete ||
      response === TaskManagementResponseCode.TaskDoesNotExist
    ) {
      this.#state.requests.delete(task.itt);
      this.#connection.dataOut.drop(task);
      task.fail(task.abortReason);
      return this.#taskEnded();
    }
    if (task.state !== "aborting") return;
    const name = taskManagementResponseName(response);
    throw new ConnectionLostError(`${task.name}: it could not be aborted (${name})`);
  }

  #asyncMessage(message: AsyncMessage): void {
    const event = asyncEventName(message.asyncEvent);
    this.#events.notice("The target sent an asynchronous message", { event });
    switch (message.asyncEvent) {
      case AsyncEvent.LogoutRequested:
        return this.#drain(message.parameter3 * 1000);
      case AsyncEvent.ConnectionDropped:
      case AsyncEvent.SessionDropped:
        throw new ConnectionLostError(`The target announced the end of the session: ${event}`);
      case AsyncEvent.NegotiationRequested:
        return this.#answerNegotiation(message.parameter3 * 1000);
    }
  }

  /** No new commands; logout once those under way are done, or when half of the target's patience is over. */
  #drain(patienceMs: number): void {
    if (this.#state.phase !== "full-feature") return;
    this.#state.phase = "draining";
    this.#phaseDeadline = this.#now + patienceMs / 2;
    this.#failQueued();
    this.#taskEnded();
    this.#events.deadlineMoved();
  }

  /** The target wants to negotiate: an empty Text Request lets it begin (RFC 7143 §11.9.1, event 4). */
  #answerNegotiation(patienceMs: number): void {
    const owner = {
      completed: () => {},
      failed: (error: unknown) => this.#events.notice("Negotiation failed", { error }),
    };
    this.submitText(new TextExchange(new Uint8Array(0), this.#now, patienceMs, owner));
    this.#events.deadlineMoved();
  }

  #taskEnded(): void {
    this.#keepalive?.active(this.#now);
    if (this.#state.phase === "draining" && !this.#state.busy) this.logout(this.#now);
  }

  #failQueued(): void {
    for (const request of this.#state.queue.splice(0)) {
      const name = request instanceof ScsiTask ? request.name : "Text request";
      request.fail(
        new SessionClosedError(`${name}: the session is closing`, { outcome: "not-executed" }),
      );
    }
  }

  #phaseTimedOut(): void {
    const { phase } = this.#state;
    if (phase === "draining") return this.logout(this.#now);
    if (phase === "logout") return this.#close(undefined);
    const seconds = this.#options.loginTimeoutMs / 1000;
    this.#close(
      new LoginError(`Log in: the target gave no answer within ${seconds} s`, {
        stage: "security",
      }),
    );
  }

  #expireRequests(): void {
    const due: NumberedRequest[] = this.#state.queue.filter((one) => this.#now >= one.deadline);
    for (const request of this.#state.requests.values()) {
      if (!("deadline" in request) || this.#now < request.deadline) continue;
      if (!("kind" in request)) {
        if (!(request instanceof ScsiTask) || request.state === "sent") due.push(request);
        continue;
      }
      return this.#close(
        new ConnectionLostError(`${request.task.name}: the target did not answer ABORT TASK`),
      );
    }
    for (const request of due) this.#timedOut(request);
  }

  #timedOut(request: NumberedRequest): void {
    const commandName = request instanceof ScsiTask ? request.name : "Text request";
    const queued = this.#state.queue.includes(request);
    const { timeoutMs } = request;
    const error = new CommandTimeoutError(
      `${commandName}: no answer within ${timeoutMs / 1000} s`,
      { commandName, timeoutMs, outcome: queued ? "not-executed" : "unknown" },
    );
    if (request instanceof ScsiTask) return this.abort(request, error, this.#now);
    this.#state.unqueue(request);
    request.fail(error);
    this.#close(error);
  }

  #checkKeepalive(): void {
    const keepalive = this.#keepalive;
    if (!keepalive || this.#state.phase !== "full-feature") return;
    const action = keepalive.check(this.#now, this.#state.busy);
    if (action === "none") return;
    if (action === "dead") {
      return this.#close(new ConnectionLostError("The target stopped answering pings"));
    }
    if (keepalive.missed > 0) {
      this.#events.notice("The target did not answer a ping", { missed: keepalive.missed });
    }
    const itt = this.#state.requests.allocate();
    this.#state.requests.set(itt, { kind: "ping", itt });
    sendPing(this.#state, this.#connection, itt);
  }

  /** Runs a step of the protocol; what it throws ends the session. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#close(error);
    }
  }

  /** Ends the session: every request is told, each what it means for itself. */
  #close(error: unknown): void {
    if (this.#state.phase === "closed") return;
    this.#state.phase = "closed";
    this.#phaseDeadline = Infinity;
    for (const request of this.#state.queue.splice(0)) {
      request.fail(this.#ended(request, error, "not-executed"));
    }
    const outstanding = [...this.#incoming.abandon(), ...this.#state.requests.values()];
    this.#state.requests.clear();
    for (const request of outstanding) {
      if (!("kind" in request)) request.fail(this.#ended(request, error, "unknown"));
    }
    this.#events.closed(error);
  }

  #ended(request: NumberedRequest, error: unknown, outcome: CommandOutcome): unknown {
    if (request instanceof ScsiTask && request.state === "aborting") return request.abortReason;
    const name = request instanceof ScsiTask ? request.name : "Text request";
    if (error === undefined) {
      return new SessionClosedError(`${name}: the session was closed`, { outcome });
    }
    return error instanceof IscsiError ? perRequest(name, error, outcome) : error;
  }
}

/** The first byte tells: what greets or answers in another protocol need not send a whole header to be found out. */
function checkLoginAnswer(firstByte: number): void {
  const opcode = firstByte & OPCODE_MASK;
  if (opcode === Opcode.LoginResponse || opcode === Opcode.Reject) return;
  throw new ProtocolError(
    `Log in: the answer begins with ${opcodeName(opcode)}; what listens there does not speak iSCSI`,
    { outcome: "not-executed" },
  );
}

/** The error of a session, as one of its requests sees it. */
function perRequest(name: string, cause: IscsiError, outcome: CommandOutcome): IscsiError {
  const message = `${name}: ${cause.message.charAt(0).toLowerCase()}${cause.message.slice(1)}`;
  if (cause instanceof DigestError) {
    return new DigestError(message, { outcome, cause, segment: cause.segment });
  }
  if (cause instanceof ProtocolError) return new ProtocolError(message, { outcome, cause });
  return new ConnectionLostError(message, { outcome, cause });
}
