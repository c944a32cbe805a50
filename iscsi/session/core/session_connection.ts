/**
 * One connection of a session without I/O, from the login to its end: bytes and time in; bytes and the next deadline out
 * (RFC 7143 §4.2.1, §6.3, §8.1).
 *
 * @module
 */

import type { ProtocolCore } from "../../connection/connection_driver.ts";
import { Keepalive, type KeepaliveOptions } from "../../connection/keepalive.ts";
import type { OutputBatch } from "../../connection/output_batch.ts";
import { ConnectionLostError, ProtocolError } from "../../errors.ts";
import type { Placement } from "../../pdu/framer.ts";
import type { NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import {
  type ConnectionOptions,
  type ConnectionOwner,
  InitiatorConnection,
} from "../connection/initiator_connection.ts";
import { type LoginEnd, LoginPhase, type LoginPhaseOptions } from "../connection/login_phase.ts";
import { Incoming } from "./incoming.ts";
import type { IncomingEvents } from "./incoming_events.ts";
import { plugGap, sendAgain, sendConnectionLogout, sendPing, sendRequest } from "./outgoing.ts";
import type { NumberedRequest, SessionState } from "./session_state.ts";

/** Silence in the middle of a PDU: what has begun to come comes on, or the connection is dead or its two ends disagree. */
const STALLED_PDU_MS = 15_000;
/**
 * Silence while commands are under way, from error recovery level 1 on, before a ping asks for the numbers: the response
 * that it waits for may be lost, with nothing behind it to show that.
 */
const PROBE_MS = 10_000;

/**
 * `full-feature`: carries commands. `draining`: takes no new ones. `logout`: its logout, or that of the session, is on
 * its way.
 */
export type ConnectionPhase =
  | "connecting"
  | "login"
  | "full-feature"
  | "draining"
  | "logout"
  | "closed";

/** What a connection asks of its session, and tells it. */
export interface SessionConnectionOwner {
  /** Whether a connection may take a new command, or should leave it to another. */
  mayTake(connection: SessionConnection): boolean;
  /** A connection has taken in what came: others may have something to do. */
  changed(connection: SessionConnection): void;
  /** The socket is there; the login begins. */
  started(connection: SessionConnection): void;
  loggedIn(connection: SessionConnection, end: Extract<LoginEnd, { kind: "done" }>): void;
  redirected(connection: SessionConnection, end: Extract<LoginEnd, { kind: "redirect" }>): void;
  /** It is over; `error` is why, unless it ended in order. */
  ended(connection: SessionConnection, error: unknown): void;
  /** The socket has let go of all buffers. */
  released(connection: SessionConnection): void;
  /** Its logout is to be sent: nothing is under way on it any more, or the time for that is over. */
  drained(connection: SessionConnection, isIdle: boolean): void;
  notice(message: string, properties: Record<string, unknown>): void;
  tick(now: number): void;
  nextDeadline(): number;
}

/** Options of a {@link SessionConnection}; times in milliseconds. */
export interface SessionConnectionOptions extends LoginPhaseOptions {
  readonly connection: ConnectionOptions;
  readonly loginTimeoutMs: number;
  readonly logoutTimeoutMs: number;
  /** `false` for none. */
  readonly keepalive: KeepaliveOptions | false;
}

/** One connection of a session. */
export class SessionConnection implements ConnectionOwner, ProtocolCore {
  readonly cid: number;
  readonly wire: InitiatorConnection;
  /** The target has asked for its logout. */
  isLogoutDemanded = false;
  readonly #state: SessionState;
  readonly #owner: SessionConnectionOwner;
  readonly #options: SessionConnectionOptions;
  readonly #login: LoginPhase;
  readonly #incoming: Incoming;
  #phase: ConnectionPhase = "connecting";
  /** When the login, the draining or the logout must be done. */
  #phaseDeadline = Infinity;
  #keepalive: Keepalive | undefined;
  /** When to ask for the numbers; infinity at error recovery level 0. */
  #probeAt = Infinity;
  #lastReceived = 0;
  /** The socket is about to fill the last {@link destination}. */
  #isReading = false;
  #readEnded = false;
  /** Somebody waits to read on. */
  #resumed: PromiseWithResolvers<void> | undefined;
  #writing = false;
  #hasTaken = false;
  /** Requests that go out once more as they were, before new ones. */
  readonly #again: NumberedRequest[] = [];

  /**
   * Checks the options; nothing happens before {@link start}.
   *
   * @throws {InvalidOptionError} when an option cannot be right.
   * @throws {AuthenticationError} when a secret cannot be used.
   */
  constructor(
    state: SessionState,
    options: SessionConnectionOptions,
    owner: SessionConnectionOwner,
    incoming: (connection: SessionConnection) => IncomingEvents,
  ) {
    this.cid = options.connection.cid;
    this.#state = state;
    this.#options = options;
    this.#owner = owner;
    this.wire = new InitiatorConnection(this, options.connection);
    this.#login = new LoginPhase(state, this.wire, options);
    this.#incoming = new Incoming(state, this.wire, incoming(this));
  }

  get phase(): ConnectionPhase {
    return this.#phase;
  }

  get closed(): boolean {
    return this.#phase === "closed";
  }

  /** Whether PDUs of the full feature phase go over it. */
  get isUp(): boolean {
    return this.#phase === "full-feature" || this.#phase === "draining";
  }

  /** Whether the batch that is being filled has got a command. */
  get hasTaken(): boolean {
    return this.#hasTaken;
  }

  /** Whether the socket holds a batch of output. */
  get isWriting(): boolean {
    return this.#writing;
  }

  /** Whether the socket uses no buffer of any command any more. */
  get isReleased(): boolean {
    return this.#readEnded && !this.#writing;
  }

  start(now: number): void {
    if (this.closed) return;
    this.#state.now = now;
    this.#lastReceived = now;
    this.#phase = "login";
    this.#setPhaseDeadline(this.#options.loginTimeoutMs);
    this.#owner.started(this);
    this.#guard(() => this.#login.start());
  }

  destination(): Uint8Array {
    this.#isReading = true;
    return this.wire.destination();
  }

  received(count: number, now: number): void {
    this.#state.now = now;
    this.#lastReceived = now;
    this.#isReading = false;
    this.#keepalive?.active(now);
    if (this.closed) return this.#incoming.release();
    this.#takeIn(count);
    this.#state.deadlines.include(this.#stallDeadline);
    this.#owner.changed(this);
  }

  #takeIn(count: number): void {
    try {
      if (this.#phase === "login" && this.wire.betweenPdus) {
        this.#login.checkFirstByte(this.wire.destination()[0]);
      }
      this.wire.received(count);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Whether reading waits for a consumer to take the data of its command. */
  get isPaused(): boolean {
    return !this.closed && this.wire.held;
  }

  paused(): Promise<void> | undefined {
    if (!this.isPaused) return undefined;
    this.#resumed ??= Promise.withResolvers<void>();
    return this.#resumed.promise;
  }

  /** There may be room for what reading waits for. */
  resume(now: number): void {
    if (!this.isPaused) return;
    this.#lastReceived = now;
    this.#incoming.resume(now);
    this.#guard(() => this.wire.resume());
    if (this.isPaused) return;
    this.#state.deadlines.include(this.deadline);
    this.#readOn();
    this.#owner.changed(this);
  }

  #readOn(): void {
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }

  connectionEnded(error: unknown, now: number = this.#state.now): void {
    this.#state.now = now;
    if (this.#phase === "logout" && error === undefined) return this.end();
    const what = error === undefined ? "The target closed the connection" : "The connection broke";
    const when = this.#phase === "login" ? " during the login" : "";
    this.fail(new ConnectionLostError(what + when, { cause: error }));
  }

  readEnded(): void {
    this.#readEnded = true;
    this.#incoming.release();
    if (this.isReleased) this.#owner.released(this);
  }

  get idle(): boolean {
    return this.#state.queue.length === 0 && this.wire.idle && this.#again.length === 0;
  }

  produce(batch: OutputBatch): boolean {
    this.#hasTaken = false;
    this.#writing = !this.closed && this.wire.produce(batch);
    return this.#writing;
  }

  written(): void {
    this.#writing = false;
    this.wire.written();
    if (this.isReleased) this.#owner.released(this);
  }

  tick(now: number): void {
    this.#owner.tick(now);
  }

  nextDeadline(): number {
    return this.#owner.nextDeadline();
  }

  place(_: InitiatorConnection, header: Uint8Array, length: number): Placement {
    return this.#phase === "login" || this.closed
      ? undefined
      : this.#incoming.place(header, length);
  }

  receive(_: InitiatorConnection, header: Uint8Array, data: Uint8Array, intact: boolean): void {
    if (this.closed) return;
    if (this.#phase === "login") this.#endLogin(this.#login.receive(header, data));
    else this.#incoming.receive(header, data, intact);
  }

  sendCommand(wire: InitiatorConnection, batch: OutputBatch): boolean {
    if (!this.isUp) return false;
    const again = this.#again.shift();
    if (again !== undefined) {
      const isUnwanted = "state" in again && again.state !== "sent";
      // The target may still wait for the number.
      if (isUnwanted) plugGap(this.#state, wire, again.cmdSn);
      else sendAgain(this.#state, wire, batch, again);
      return true;
    }
    const request = this.#phase === "full-feature"
      ? this.#state.takeNext(this.cid, this.#owner.mayTake(this))
      : this.#state.takeBegun(this.cid);
    if (request === undefined) return false;
    sendRequest(this.#state, wire, batch, request);
    this.#hasTaken = true;
    if (this.wire.parameters.errorRecoveryLevel > 0) this.#probeLater();
    return true;
  }

  /** A request goes out once more, as it was. */
  sendAgain(request: NumberedRequest): void {
    request.cid = this.cid;
    this.#again.push(request);
  }

  /** A request of this connection has ended. */
  requestEnded(): void {
    this.#keepalive?.active(this.#state.now);
    if (this.#phase === "draining" && !this.#state.busyOn(this.cid)) {
      this.#owner.drained(this, true);
    }
  }

  /** No new commands; the owner logs out once those under way are done, or the least `patienceMs` that was given is over. */
  drain(patienceMs: number): void {
    if (!this.isUp) return;
    this.#phase = "draining";
    this.#phaseDeadline = Math.min(this.#phaseDeadline, this.#state.now + patienceMs);
    this.#state.deadlines.include(this.#phaseDeadline);
    this.requestEnded();
  }

  /** It is not to be logged out after all. */
  goOn(): void {
    this.#phase = "full-feature";
    this.#phaseDeadline = Infinity;
    this.#state.deadlines.include(this.deadline);
  }

  /** Logs this connection out; `reason` is one of `LogoutReason`. */
  logOut(reason: number): void {
    this.awaitLogout();
    sendConnectionLogout(this.#state, this.wire, reason);
  }

  /** A logout is on its way on this connection. */
  awaitLogout(): void {
    this.#phase = "logout";
    this.#setPhaseDeadline(this.#options.logoutTimeoutMs);
  }

  /** The logout of the session is on its way on another connection: nothing goes out on this one any more, whatever comes. */
  silence(): void {
    this.#phase = "logout";
    this.#phaseDeadline = Infinity;
    this.wire.silence();
  }

  /** The two sides have agreed on other lengths. */
  renegotiated(parameters: NegotiatedParameters): void {
    this.wire.renegotiated(parameters);
  }

  /** Looks at the clock. */
  check(now: number): void {
    if (this.closed) return;
    if (now >= this.#phaseDeadline) this.#phaseTimedOut();
    if (now >= this.#stallDeadline) {
      this.fail(new ConnectionLostError("The target stopped in the middle of a PDU"));
    }
    if (this.closed) return;
    this.#checkKeepalive(now);
    // What a connection that is not read from lacks may have come already.
    if (this.closed || this.isPaused) return;
    this.#guard(() => this.#incoming.tick(now));
    if (now >= this.#probeAt) this.#probe(now);
  }

  /** When {@link check} is due at the latest. */
  get deadline(): number {
    if (this.closed) return Infinity;
    const always = Math.min(this.#phaseDeadline, this.#watching?.deadline() ?? Infinity);
    return this.isPaused
      ? always
      : Math.min(always, this.#stallDeadline, this.#incoming.deadline, this.#probeAt);
  }

  /** It is over because of `error`. */
  fail(error: unknown): void {
    if (this.closed) return;
    if (error instanceof ProtocolError) error.recentPdus ??= this.wire.recentPdus();
    this.stop();
    this.#owner.ended(this, error);
  }

  /** It is over in order. */
  end(): void {
    if (this.closed) return;
    this.stop();
    this.#owner.ended(this, undefined);
  }

  /** Nothing goes in or out any more. The owner knows. */
  stop(): void {
    this.#phase = "closed";
    this.#again.length = 0;
    this.#incoming.abandon();
    if (!this.#isReading) this.#incoming.release();
    this.#readOn();
  }

  #endLogin(end: LoginEnd | undefined): void {
    if (end === undefined) return;
    if (end.kind === "redirect") return this.#owner.redirected(this, end);
    this.#phaseDeadline = Infinity;
    this.#phase = "full-feature";
    this.wire.enterFullFeaturePhase(end.parameters);
    if (this.#options.keepalive) {
      this.#keepalive = new Keepalive(this.#state.now, this.#options.keepalive);
      this.#state.deadlines.include(this.#keepalive.deadline());
    }
    this.#owner.loggedIn(this, end);
  }

  #phaseTimedOut(): void {
    if (this.#phase === "draining") return this.#owner.drained(this, false);
    if (this.#phase === "login") {
      return this.fail(this.#login.timedOut(this.#options.loginTimeoutMs));
    }
    this.end();
  }

  #setPhaseDeadline(delayMs: number): void {
    this.#phaseDeadline = this.#state.now + delayMs;
    this.#state.deadlines.include(this.#phaseDeadline);
  }

  get #stallDeadline(): number {
    const isStalled = !this.closed && !this.wire.betweenPdus && !this.wire.held;
    return isStalled ? this.#lastReceived + STALLED_PDU_MS : Infinity;
  }

  /** The keepalive while it may ping: a connection that drains or logs out has a deadline of its own. */
  get #watching(): Keepalive | undefined {
    return this.#phase === "full-feature" ? this.#keepalive : undefined;
  }

  #checkKeepalive(now: number): void {
    const keepalive = this.#watching;
    if (!keepalive) return;
    const action = keepalive.check(now, this.#state.busyOn(this.cid));
    if (action === "none") return;
    if (action === "dead") {
      return this.fail(new ConnectionLostError("The target stopped answering pings"));
    }
    if (keepalive.missed > 0) {
      this.#owner.notice("The target did not answer a ping", { missed: keepalive.missed });
    }
    sendPing(this.#state, this.wire);
  }

  #probeLater(): void {
    if (this.#probeAt !== Infinity) return;
    this.#probeAt = this.#state.now + PROBE_MS;
    this.#state.deadlines.include(this.#probeAt);
  }

  #probe(now: number): void {
    this.#probeAt = Infinity;
    if (!this.#state.busyOn(this.cid)) return;
    const isSilent = now - this.#lastReceived >= PROBE_MS;
    if (isSilent) {
      sendPing(this.#state, this.wire);
      this.#incoming.probe();
    }
    this.#probeAt = (isSilent ? now : this.#lastReceived) + PROBE_MS;
  }

  /** Runs a step of the protocol; what it throws ends the connection. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.fail(error);
    }
  }
}
