/**
 * The initiator's side of a session without I/O (RFC 7143 §4.2, §6.3, §11): bytes and time in; bytes, events and the
 * next deadline out.
 *
 * Rules: CmdSN is taken at the moment a command is written, so that a cancelled command leaves no gap. Every request
 * has a deadline of its own and settles exactly once, and not before the socket has let go of its buffers. A command
 * that the target has is never forgotten: it is aborted, and if that fails, the session ends. At error recovery level 2
 * another connection takes over what a lost one carried; below, a lost connection ends the session.
 *
 * @module
 */

import { ConnectionLostError, RedirectError, SessionClosedError } from "../../errors.ts";
import { InitiatorLogin } from "../../negotiation/login.ts";
import type { NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import { AsyncEvent, asyncEventName, type AsyncMessage } from "../../pdu/async_message.ts";
import { type LogoutResponse, LogoutResponseCode, logoutResponseName } from "../../pdu/logout.ts";
import type { LoginEnd } from "../connection/login_phase.ts";
import { PduLog } from "../connection/pdu_log.ts";
import { RequestLedger } from "../requests/request_ledger.ts";
import { ScsiTask } from "../requests/scsi_task.ts";
import { taskSetAnswered, tasksTerminated } from "../requests/task_management.ts";
import type { TaskSetFunction, TaskSetOwner } from "../requests/task_management_requests.ts";
import type { TextExchange } from "../requests/text_exchange.ts";
import type { ConnectionChange, SessionPhase } from "../session_hooks.ts";
import { ConnectionLifecycle, type LogoutOwner } from "./connection_lifecycle.ts";
import { ConnectionSet } from "./connection_set.ts";
import type { IncomingEvents } from "./incoming_events.ts";
import type { InitiatorEvents, InitiatorOptions } from "./initiator_options.ts";
import { LengthNegotiation, type NegotiationOwner } from "./length_negotiation.ts";
import { plugGap } from "./outgoing.ts";
import { SessionConnection, type SessionConnectionOwner } from "./session_connection.ts";
import { SessionLogout } from "./session_logout.ts";
import { type Logout, SessionState } from "./session_state.ts";

/** One session. */
export class Initiator {
  readonly #options: InitiatorOptions;
  readonly #events: InitiatorEvents;
  readonly #state: SessionState;
  readonly #connections: ConnectionSet;
  readonly #ledger: RequestLedger;
  readonly #lifecycle: ConnectionLifecycle;
  readonly #logout: SessionLogout;
  readonly #negotiation: LengthNegotiation;
  readonly #owner: SessionConnectionOwner;
  #time2Wait: number | undefined;

  /**
   * Checks the options; nothing happens before the first connection is there.
   *
   * @throws {InvalidOptionError} when an option cannot be right.
   * @throws {AuthenticationError} when a secret cannot be used.
   */
  constructor(options: InitiatorOptions, events: InitiatorEvents) {
    const { initialCmdSn = 1, initialTag = 0 } = options;
    this.#options = options;
    this.#events = events;
    this.#state = new SessionState({ initialCmdSn, initialTag, changed: events.stateChanged });
    this.#connections = new ConnectionSet(this.#state);
    this.#ledger = new RequestLedger({
      state: this.#state,
      connection: (cid) => this.#connections.up(cid)?.wire,
      anyConnection: () => this.#connections.any()?.wire,
      isPaused: (cid) => this.#connections.up(cid)?.isPaused ?? false,
      isAlone: () => this.#connections.size === 1,
      abortTimeoutMs: options.abortTimeoutMs,
      resetsUnits: options.resetsUnits,
      ended: () => this.#requestEnded(),
      broken: (error) => this.#close(error),
    });
    this.#lifecycle = new ConnectionLifecycle({
      state: this.#state,
      connections: this.#connections,
      ledger: this.#ledger,
      wanted: options.connections,
      events,
      close: (error) => this.#close(error),
      logOut: (reason) => this.#logout.send(reason),
      requestEnded: () => this.#requestEnded(),
    });
    const parts = { state: this.#state, connections: this.#connections, ledger: this.#ledger };
    this.#logout = new SessionLogout({
      ...parts,
      stopConnecting: () => this.#lifecycle.stop(),
      outputDue: () => events.outputDue(),
      close: () => this.#close(undefined),
    });
    this.#negotiation = new LengthNegotiation({ ...parts, notice: events.notice });
    this.#owner = this.#connectionOwner();
    new InitiatorLogin(options.loginConnection, options.login); // Checks the options.
  }

  get phase(): SessionPhase {
    return this.#state.phase;
  }

  get closed(): boolean {
    return this.#state.phase === "closed";
  }

  /** What was agreed in the leading login; the defaults of RFC 7143 until then. */
  get parameters(): NegotiatedParameters {
    return this.#connections.any()?.wire.parameters ?? this.#state.parameters;
  }

  /** The connections that carry commands, by CID. */
  get cids(): number[] {
    return this.#connections.allUp().map(({ cid }) => cid);
  }

  /** Seconds that the target wants to pass before the next login. */
  get time2Wait(): number {
    return this.#time2Wait ?? this.#state.parameters.defaultTime2Wait;
  }

  /**
   * A connection with this CID, whose socket is there or will be. The first is the leading one; those after it join the
   * session, or take the place of one that was lost. One that is not wanted any more is closed from the start.
   */
  open(cid: number): SessionConnection {
    const connection = this.#newConnection(cid);
    const isLeading = this.#state.phase === "connecting";
    if (isLeading || this.#lifecycle.isWanted(cid)) this.#connections.add(connection);
    else connection.stop();
    return connection;
  }

  /** A connection that was wanted could not be dialed. */
  dialFailed(cid: number, error: unknown, now: number): void {
    this.#state.now = now;
    this.#lifecycle.failed(cid, error);
  }

  /** Queues a SCSI command or a text request. It is told of its end in every case. */
  submit(request: ScsiTask | TextExchange): void {
    this.#ledger.submit(request);
  }

  /** Asks the target to end many tasks. `owner` is told of the end in every case. */
  manage(what: TaskSetFunction, owner: TaskSetOwner, now: number): void {
    this.#state.now = now;
    this.#ledger.manage(what, owner, now);
  }

  /** Ends a command early: out of the queue, or by ABORT TASK. Its owner hears `reason`, unless it completed first. */
  abort(task: ScsiTask, reason: unknown, now: number): void {
    this.#state.now = now;
    this.#ledger.abort(task, reason, now);
  }

  /** Its owner waits no longer for a text request, and hears `reason`. */
  abortText(exchange: TextExchange, reason: unknown, now: number): void {
    this.#state.now = now;
    this.#ledger.abortText(exchange, reason);
  }

  /**
   * Declares, on each connection, how long the segments may be that the target sends from then on. `owner` is told of the
   * end in every case.
   */
  renegotiate(
    maxReceiveDataSegmentLength: number,
    timeoutMs: number,
    owner: NegotiationOwner,
    now: number,
  ): void {
    this.#state.now = now;
    this.#negotiation.declare(maxReceiveDataSegmentLength, timeoutMs, owner);
  }

  /** Logs out; requests that have no answer yet fail once the session is closed. */
  logout(now: number): void {
    this.#state.now = now;
    const { phase } = this.#state;
    if (phase === "connecting" || phase === "login") {
      return this.#close(new SessionClosedError("Log in: the session was closed"));
    }
    if (phase === "recovering") return this.#close(undefined);
    if (phase === "full-feature" || phase === "draining") this.#logout.send("closed by its owner");
  }

  /** Takes no more requests, and logs out once all that were taken have ended, or `patienceMs` is over. */
  drain(patienceMs: number, now: number): void {
    this.#state.now = now;
    if (this.#state.phase !== "full-feature") return this.logout(now);
    const timeIsOver = "the time for commands under way is over";
    this.#logout.drain(patienceMs, "closed by its owner", timeIsOver);
  }

  /** Logs one connection out once its commands have ended. `owner` is told of the end in every case. */
  closeConnection(cid: number, patienceMs: number, owner: LogoutOwner, now: number): void {
    this.#state.now = now;
    this.#lifecycle.closeConnection(cid, patienceMs, owner);
  }

  /** A consumer has taken data of a command: what waited for room may be read. */
  resume(now: number): void {
    this.#state.now = now;
    for (const connection of [...this.#connections.values()]) connection.resume(now);
  }

  /** Time has passed. */
  tick(now: number): void {
    this.#state.now = now;
    if (this.closed) return;
    this.#logout.expire(now);
    for (const connection of [...this.#connections.values()]) connection.check(now);
    this.#ledger.expire(now);
    this.#lifecycle.step();
    this.#state.deadlines.restart(this.#earliestDeadline());
    if (this.#connections.size !== 1) this.#events.outputDue();
  }

  /** When {@link tick} is due at the latest. Asked often: it costs nothing. */
  nextDeadline(): number {
    return this.#state.deadlines.at;
  }

  /** Ends the session because of an error outside of the protocol. */
  fail(error: unknown): void {
    this.#close(error);
  }

  #newConnection(cid: number): SessionConnection {
    const { login, loginConnection, loginTimeoutMs, logoutTimeoutMs, keepalive } = this.#options;
    const { tsih, parameters } = this.#state;
    const isLeading = tsih === 0;
    return new SessionConnection(
      this.#state,
      {
        login,
        loginConnection: isLeading
          ? loginConnection
          : { ...loginConnection, tsih, session: parameters },
        loginTimeoutMs,
        logoutTimeoutMs,
        keepalive,
        connection: {
          cid,
          expStatSn: this.#lifecycle.expStatSn(cid),
          stagingBytes: this.#options.stagingBytes,
          log: new PduLog(cid, this.#options.pdu),
        },
      },
      this.#owner,
      (connection) => this.#incomingEvents(connection),
    );
  }

  #connectionOwner(): SessionConnectionOwner {
    return {
      mayTake: (connection: SessionConnection) => this.#connections.mayTake(connection),
      changed: () => {
        if (this.#connections.size > 1) this.#events.outputDue();
      },
      started: () => {
        if (this.#state.phase === "connecting") this.#state.enter("login", "connected");
      },
      loggedIn: (connection, end) => this.#loggedIn(connection, end),
      redirected: (connection, end) => this.#redirected(connection, end),
      ended: (connection, error) => this.#ended(connection, error),
      released: () => {
        if (this.closed) return;
        this.#lifecycle.step();
        this.#events.outputDue();
      },
      drained: (connection, isIdle) => this.#lifecycle.drained(connection, isIdle),
      notice: this.#events.notice,
      tick: (time) => this.tick(time),
      nextDeadline: () => this.nextDeadline(),
    };
  }

  #incomingEvents(connection: SessionConnection): IncomingEvents {
    return {
      now: () => this.#state.now,
      requestEnded: () => {
        connection.requestEnded();
        this.#logout.sendIfDrained();
      },
      aborted: (abort, response) => this.#ledger.aborted(abort, response, this.#state.now),
      taskSetAnswered: (request, response) => {
        taskSetAnswered(this.#state, request, response, this.#ledger.dropData);
        this.#requestEnded();
      },
      reassigned: (request, response) => this.#lifecycle.recovery.reassigned(request, response),
      asyncMessage: (message) => this.#asyncMessage(connection, message),
      logoutDemanded: () => this.#logoutDemanded(connection, 0),
      loggedOut: (request, response) => this.#loggedOut(connection, request, response),
      sendAgain: (request) => {
        if (request instanceof ScsiTask) {
          connection.wire.dataOut.drop(request);
          request.restart();
        }
        connection.sendAgain(request);
      },
      gapLeft: (cmdSn) => this.#closeGap(connection, cmdSn),
      unrecoverable: (task, error) => this.#ledger.abort(task, error, this.#state.now),
      notice: this.#events.notice,
    };
  }

  /** A connection that is being logged out says nothing more: another one does. */
  #closeGap({ wire }: SessionConnection, cmdSn: number): void {
    const speaker = wire.ending ? this.#connections.any()?.wire : wire;
    if (speaker !== undefined) plugGap(this.#state, speaker, cmdSn);
  }

  #loggedIn(
    connection: SessionConnection,
    { tsih, parameters }: Extract<LoginEnd, { kind: "done" }>,
  ): void {
    const { cid } = connection;
    this.#changed({ cid, to: "up" });
    if (this.#state.phase === "login") return this.#leadingLoginDone(tsih, parameters);
    this.#lifecycle.joined(connection);
  }

  #leadingLoginDone(tsih: number, parameters: NegotiatedParameters): void {
    this.#state.tsih = tsih;
    this.#state.parameters = parameters;
    this.#state.enter("full-feature", "logged in");
    this.#events.loggedIn(parameters);
    this.#lifecycle.begin(parameters);
  }

  #redirected(
    connection: SessionConnection,
    { address, permanent }: Extract<LoginEnd, { kind: "redirect" }>,
  ): void {
    if (this.#state.phase !== "login") {
      const message = `Log in connection ${connection.cid}: the target wants it at ${address}`;
      return connection.fail(new RedirectError(message, [address]));
    }
    this.#stop(`redirected to ${address}`);
    this.#events.redirected(address, permanent);
  }

  /** A connection is over, in whatever phase. */
  #ended(connection: SessionConnection, error: unknown): void {
    const { phase } = this.#state;
    this.#events.disconnected(connection);
    if (phase === "closed") return;
    const ends = this.#logout.isOn(connection) || phase === "login" || phase === "connecting";
    if (ends) return this.#close(error);
    this.#connections.remove(connection);
    if (phase === "logout") return;
    this.#lifecycle.ended(connection, error);
    this.#events.outputDue();
  }

  #loggedOut(connection: SessionConnection, request: Logout, response: LogoutResponse): void {
    this.#state.requests.delete(request.itt);
    const { about } = request;
    if (about !== undefined && about !== connection.cid) {
      return this.#lifecycle.recovery.removed(about, response);
    }
    if (response.response !== LogoutResponseCode.Closed) {
      const reason = logoutResponseName(response.response);
      this.#events.notice("The target did not log out as asked", { reason });
    }
    if (about === undefined) return this.#close(undefined);
    connection.end();
    // What it still carried at error recovery level 2 may be taken over (RFC 7143 §11.15.3).
    this.#lifecycle.recovery.removed(about, response);
  }

  #asyncMessage(connection: SessionConnection, message: AsyncMessage): void {
    const event = asyncEventName(message.asyncEvent);
    this.#events.notice("The target sent an asynchronous message", { event });
    switch (message.asyncEvent) {
      case AsyncEvent.LogoutRequested:
        return this.#logoutDemanded(connection, message.parameter3 * 1000);
      case AsyncEvent.ConnectionDropped:
        this.#time2Wait = message.parameter2;
        return this.#lifecycle.dropped(message, announced(event));
      case AsyncEvent.SessionDropped:
        this.#time2Wait = message.parameter2;
        return this.#close(announced(event));
      case AsyncEvent.NegotiationRequested:
        return this.#negotiation.answer(connection);
      case AsyncEvent.TasksTerminated:
        return tasksTerminated(
          this.#state,
          connection.wire,
          message.lun,
          this.#ledger.dropData,
        );
    }
  }

  /** The target wants a connection to be logged out: it alone, where others go on (RFC 7143 §11.9.1, event 1). */
  #logoutDemanded(connection: SessionConnection, patienceMs: number): void {
    connection.isLogoutDemanded = true;
    if (this.#connections.allUp().length > 1) {
      return this.#lifecycle.drain(connection, patienceMs / 2);
    }
    const { phase } = this.#state;
    if (phase !== "full-feature" && phase !== "draining") return;
    const reason = "the target asked to log out";
    const timeIsOver = "the time that the target gave is running out";
    this.#logout.drain(patienceMs / 2, reason, timeIsOver);
    this.#ledger.refuseQueued();
    this.#requestEnded();
  }

  #requestEnded(): void {
    for (const connection of [...this.#connections.values()]) connection.requestEnded();
    this.#logout.sendIfDrained();
  }

  #earliestDeadline(): number {
    if (this.closed) return Infinity;
    let earliest = Math.min(
      this.#logout.deadline,
      this.#lifecycle.deadline,
      this.#state.earliestDeadline(),
    );
    for (const connection of this.#connections.values()) {
      earliest = Math.min(earliest, connection.deadline);
    }
    return earliest;
  }

  #changed(change: ConnectionChange): void {
    this.#events.connectionChanged(change);
  }

  /** Ends the session: every request is told, each what it means for itself. */
  #close(error: unknown): void {
    if (this.closed) return;
    this.#stop(error instanceof Error ? error.message : "logged out", error);
    this.#ledger.endAll(error);
    this.#events.closed(error);
  }

  #stop(reason: string, error?: unknown): void {
    const connections = [...this.#connections.values()];
    this.#logout.abandon();
    this.#lifecycle.abandon(error);
    this.#state.deadlines.restart(Infinity);
    this.#state.enter("closed", reason, error);
    for (const connection of connections) {
      const wasUp = connection.isUp || connection.phase === "logout";
      connection.stop();
      this.#events.disconnected(connection);
      if (wasUp) {
        this.#changed({ cid: connection.cid, to: "closed", ...(error !== undefined && { error }) });
      }
    }
  }
}

function announced(event: string): ConnectionLostError {
  return new ConnectionLostError(`The target announced the end of the session: ${event}`);
}
