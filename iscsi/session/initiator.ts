/**
 * The initiator's side of a session without I/O (RFC 7143 §4.2, §6.3, §11): bytes and time in; bytes, events and the
 * next deadline out.
 *
 * Rules: CmdSN is taken at the moment a command is written, so that a cancelled command leaves no gap. Every request
 * has a deadline of its own and settles exactly once, and not before the socket has let go of its buffers. A command
 * that the target has is never forgotten: it is aborted, and if that fails, the connection goes. At error recovery
 * level 0 a broken connection ends the session.
 *
 * @module
 */

import type { ProtocolCore } from "../connection/connection_driver.ts";
import { Keepalive } from "../connection/keepalive.ts";
import type { OutputBatch } from "../connection/output_batch.ts";
import { ConnectionLostError, ProtocolError, SessionClosedError } from "../errors.ts";
import type { NegotiatedParameters } from "../negotiation/negotiated_parameters.ts";
import { AsyncEvent, asyncEventName, type AsyncMessage } from "../pdu/async_message.ts";
import { type LogoutResponse, LogoutResponseCode, logoutResponseName } from "../pdu/logout.ts";
import { Incoming } from "./incoming.ts";
import { type ConnectionOwner, InitiatorConnection } from "./initiator_connection.ts";
import type { InitiatorEvents, InitiatorOptions } from "./initiator_options.ts";
import { type LoginEnd, LoginPhase } from "./login_phase.ts";
import { sendLogout, sendNextRequest, sendPing } from "./outgoing.ts";
import { renegotiation } from "./renegotiation.ts";
import { RequestLedger } from "./request_ledger.ts";
import type { ScsiTask } from "./scsi_task.ts";
import type { SessionPhase } from "./session_hooks.ts";
import { SessionState } from "./session_state.ts";
import { taskSetAnswered, tasksTerminated } from "./task_management.ts";
import type { TaskSetFunction, TaskSetOwner } from "./task_management_requests.ts";
import type { TextExchange } from "./text_exchange.ts";

/** Silence in the middle of a PDU: what has begun to come comes on, or the connection is dead or its two ends disagree. */
const STALLED_PDU_MS = 15_000;

/** One session over one connection. */
export class Initiator implements ConnectionOwner, ProtocolCore {
  readonly #options: InitiatorOptions;
  readonly #events: InitiatorEvents;
  readonly #state: SessionState;
  readonly #connection: InitiatorConnection;
  readonly #ledger: RequestLedger;
  readonly #incoming: Incoming;
  readonly #login: LoginPhase;
  /** When the login or the logout must be done. */
  #phaseDeadline = Infinity;
  #keepalive: Keepalive | undefined;
  #time2Wait: number | undefined;
  #isRenegotiating = false;
  /** What a pending read fills, and the commands that fail once it does not any more. */
  #destination: Uint8Array | undefined;
  #heldByRead: ScsiTask[] = [];
  #lastReceived = 0;
  #now = 0;

  /**
   * Checks the options; nothing happens before {@link start}.
   *
   * @throws {InvalidOptionError} when an option cannot be right.
   * @throws {AuthenticationError} when a secret cannot be used.
   */
  constructor(options: InitiatorOptions, events: InitiatorEvents) {
    const { initialCmdSn = 1, initialTag = 0 } = options;
    this.#options = options;
    this.#events = events;
    this.#state = new SessionState({ initialCmdSn, initialTag, changed: events.stateChanged });
    this.#connection = new InitiatorConnection(this, options.connection);
    this.#login = new LoginPhase(this.#state, this.#connection, options);
    this.#ledger = new RequestLedger({
      state: this.#state,
      connection: this.#connection,
      abortTimeoutMs: options.abortTimeoutMs,
      ended: () => this.#requestEnded(),
      broken: (error) => this.#close(error),
    });
    this.#incoming = new Incoming(this.#state, {
      now: () => this.#now,
      requestEnded: () => this.#requestEnded(),
      aborted: (abort, response) => this.#ledger.aborted(abort, response),
      taskSetAnswered: (request, response) => {
        taskSetAnswered(this.#state, this.#connection, request, response);
        this.#requestEnded();
      },
      asyncMessage: (message) => this.#asyncMessage(message),
      logoutDemanded: () => this.#drain(0),
      loggedOut: (response) => this.#loggedOut(response),
      notice: events.notice,
    });
  }

  get phase(): SessionPhase {
    return this.#state.phase;
  }

  get closed(): boolean {
    return this.#state.phase === "closed";
  }

  /** What was agreed; the defaults of RFC 7143 until then. */
  get parameters(): NegotiatedParameters {
    return this.#connection.parameters;
  }

  /** Seconds that the target wants to pass before the next login. */
  get time2Wait(): number {
    return this.#time2Wait ?? this.parameters.defaultTime2Wait;
  }

  /** Begins the login on a fresh connection. */
  start(now: number): void {
    if (this.closed) return;
    this.#now = now;
    this.#setPhaseDeadline(this.#options.loginTimeoutMs);
    this.#state.enter("login", "connected");
    this.#guard(() => this.#login.start());
  }

  /** Queues a SCSI command or a text request. It is told of its end in every case. */
  submit(request: ScsiTask | TextExchange): void {
    this.#ledger.submit(request);
  }

  /** Asks the target to end many tasks. `owner` is told of the end in every case. */
  manage(what: TaskSetFunction, owner: TaskSetOwner, now: number): void {
    this.#now = now;
    this.#ledger.manage(what, owner, now);
  }

  /** Ends a command early: out of the queue, or by ABORT TASK. Its owner hears `reason`, unless it completed first. */
  abort(task: ScsiTask, reason: unknown, now: number): void {
    this.#now = now;
    this.#ledger.abort(task, reason, now);
  }

  /** Its owner waits no longer for a text request, and hears `reason`. */
  abortText(exchange: TextExchange, reason: unknown, now: number): void {
    this.#now = now;
    this.#ledger.abortText(exchange, reason);
  }

  /** Logs out; requests that have no answer yet fail once the session is closed. */
  logout(now: number): void {
    this.#now = now;
    const { phase } = this.#state;
    if (phase === "connecting" || phase === "login") {
      return this.#close(new SessionClosedError("Log in: the session was closed"));
    }
    if (phase === "full-feature" || phase === "draining") this.#logOut("closed by its owner");
  }

  /** Where the next bytes from the socket belong. */
  destination(): Uint8Array {
    this.#destination = this.#connection.destination();
    return this.#destination;
  }

  /** `count` bytes from the socket are in {@link destination}. */
  received(count: number, now: number): void {
    this.#now = now;
    this.#lastReceived = now;
    this.#destination = undefined;
    this.#keepalive?.active(now);
    if (this.closed) return;
    this.#guard(() => {
      if (this.#state.phase === "login" && this.#connection.betweenPdus) {
        this.#login.checkFirstByte(this.#connection.destination()[0]);
      }
      this.#connection.received(count);
    });
    this.#state.deadlines.include(this.#stallDeadline);
  }

  /** The stream has ended or broken; `error` is the transport's, if it gave one. */
  connectionEnded(error: unknown): void {
    if (this.#state.phase === "logout" && error === undefined) return this.#close(undefined);
    const what = error === undefined ? "The target closed the connection" : "The connection broke";
    const when = this.#state.phase === "login" ? " during the login" : "";
    this.#close(new ConnectionLostError(what + when, { cause: error }));
  }

  /** Nothing will be read any more. */
  readEnded(): void {
    this.#destination = undefined;
    for (const task of this.#heldByRead.splice(0)) task.release();
  }

  /** Time has passed. */
  tick(now: number): void {
    this.#now = now;
    if (this.closed) return;
    if (now >= this.#phaseDeadline) this.#phaseTimedOut();
    if (now >= this.#incoming.deadline) {
      this.#close(
        new ProtocolError("Receive responses: one is missing between others that came"),
      );
    }
    if (now >= this.#stallDeadline) {
      this.#close(new ConnectionLostError("The target stopped in the middle of a PDU"));
    }
    this.#ledger.expire(now);
    this.#checkKeepalive();
    this.#state.deadlines.restart(this.#earliestDeadline());
  }

  /** When {@link tick} is due at the latest. */
  nextDeadline(): number {
    return this.#state.deadlines.at;
  }

  /** Fills a batch with what is to be written; false when there is nothing. */
  produce(batch: OutputBatch): boolean {
    return !this.closed && this.#connection.produce(batch);
  }

  /** The socket has let go of the last batch. */
  written(): void {
    this.#connection.written();
  }

  /** Ends the session because of an error outside of the protocol. */
  fail(error: unknown): void {
    this.#close(error);
  }

  place(_: InitiatorConnection, header: Uint8Array, length: number): Uint8Array | undefined {
    return this.#state.phase === "login" || this.closed
      ? undefined
      : this.#incoming.place(header, length);
  }

  receive(
    connection: InitiatorConnection,
    header: Uint8Array,
    data: Uint8Array,
    intact: boolean,
  ): void {
    if (this.closed) return;
    if (this.#state.phase === "login") this.#endLogin(this.#login.receive(header, data));
    else this.#incoming.receive(connection, header, data, intact);
  }

  sendCommand(connection: InitiatorConnection, batch: OutputBatch): boolean {
    return this.#state.phase !== "login" && sendNextRequest(this.#state, connection, batch);
  }

  #endLogin(end: LoginEnd | undefined): void {
    if (end === undefined) return;
    if (end.kind === "done") return this.#enterFullFeaturePhase(end.parameters);
    const { address, permanent } = end;
    this.#stop(`redirected to ${address}`);
    this.#events.redirected(address, permanent);
  }

  #enterFullFeaturePhase(parameters: NegotiatedParameters): void {
    this.#phaseDeadline = Infinity;
    this.#connection.enterFullFeaturePhase(parameters);
    if (this.#options.keepalive) {
      this.#keepalive = new Keepalive(this.#now, this.#options.keepalive);
      this.#state.deadlines.include(this.#keepalive.deadline());
    }
    this.#state.enter("full-feature", "logged in");
    this.#events.loggedIn(parameters);
  }

  #logOut(reason: string): void {
    this.#ledger.refuseQueued();
    this.#setPhaseDeadline(this.#options.logoutTimeoutMs);
    this.#state.enter("logout", reason);
    sendLogout(this.#state, this.#connection);
  }

  #loggedOut({ response }: LogoutResponse): void {
    if (response !== LogoutResponseCode.Closed) {
      const reason = logoutResponseName(response);
      this.#events.notice("The target did not log out as asked", { reason });
    }
    this.#close(undefined);
  }

  #asyncMessage(message: AsyncMessage): void {
    const event = asyncEventName(message.asyncEvent);
    this.#events.notice("The target sent an asynchronous message", { event });
    switch (message.asyncEvent) {
      case AsyncEvent.LogoutRequested:
        return this.#drain(message.parameter3 * 1000);
      case AsyncEvent.ConnectionDropped:
      case AsyncEvent.SessionDropped:
        this.#time2Wait = message.parameter2;
        throw new ConnectionLostError(`The target announced the end of the session: ${event}`);
      case AsyncEvent.NegotiationRequested:
        return this.#renegotiate(message.parameter3 * 1000);
      case AsyncEvent.TasksTerminated:
        return tasksTerminated(this.#state, this.#connection, message.lun);
    }
  }

  /** No new commands; logout once those under way are done, or when half of the target's patience is over. */
  #drain(patienceMs: number): void {
    if (this.#state.phase !== "full-feature") return;
    this.#setPhaseDeadline(patienceMs / 2);
    this.#state.enter("draining", "the target asked to log out");
    this.#ledger.refuseQueued();
    this.#requestEnded();
  }

  /** One exchange answers all messages that ask for it before it has ended. */
  #renegotiate(patienceMs: number): void {
    if (this.#isRenegotiating) return;
    this.#isRenegotiating = true;
    const time = { now: this.#now, timeoutMs: patienceMs };
    this.submit(renegotiation(this.parameters, time, {
      changed: (parameters) => {
        this.#isRenegotiating = false;
        this.#connection.parameters = parameters;
      },
      failed: (error) => {
        this.#isRenegotiating = false;
        this.#events.notice("Negotiation failed", { error });
      },
    }));
  }

  #requestEnded(): void {
    this.#keepalive?.active(this.#now);
    if (this.#state.phase === "draining" && !this.#state.busy) {
      this.#logOut("no command is under way any more");
    }
  }

  #setPhaseDeadline(delayMs: number): void {
    this.#phaseDeadline = this.#now + delayMs;
    this.#state.deadlines.include(this.#phaseDeadline);
  }

  #phaseTimedOut(): void {
    const { phase } = this.#state;
    if (phase === "draining") this.#logOut("the time that the target gave is running out");
    else if (phase === "logout") this.#close(undefined);
    else this.#close(this.#login.timedOut(this.#options.loginTimeoutMs));
  }

  #earliestDeadline(): number {
    return this.closed ? Infinity : Math.min(
      this.#phaseDeadline,
      this.#stallDeadline,
      this.#incoming.deadline,
      this.#keepalive?.deadline() ?? Infinity,
      this.#state.earliestDeadline(),
    );
  }

  get #stallDeadline(): number {
    const isStalled = !this.closed && !this.#connection.betweenPdus;
    return isStalled ? this.#lastReceived + STALLED_PDU_MS : Infinity;
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
    sendPing(this.#state, this.#connection);
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
    if (this.closed) return;
    if (error instanceof ProtocolError) error.recentPdus ??= this.#options.connection.log.lines();
    this.#stop(error instanceof Error ? error.message : "logged out", error);
    this.#ledger.endAll(error, (task) => this.#holdIfBeingRead(task));
    this.#events.closed(error);
  }

  #stop(reason: string, error?: unknown): void {
    this.#phaseDeadline = Infinity;
    this.#keepalive = undefined;
    this.#incoming.abandon();
    this.#state.deadlines.restart(Infinity);
    this.#state.enter("closed", reason, error);
  }

  /** A command whose buffer a read is filling hears of its end when that has ended, too. */
  #holdIfBeingRead(task: ScsiTask): void {
    if (task.dataIn.buffer !== this.#destination?.buffer) return;
    task.hold();
    this.#heldByRead.push(task);
  }
}
