/**
 * The connections of a session in their coming and going: those that are still wanted, those that were lost, those that
 * are logged out while others go on (RFC 7143 §7.1.4, §11.9.1, §11.14).
 *
 * @module
 */

import { ConnectionLostError, DigestError, SessionClosedError } from "../../errors.ts";
import type { NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import type { AsyncMessage } from "../../pdu/async_message.ts";
import { LogoutReason } from "../../pdu/logout.ts";
import { ConnectionPlan, type ConnectionPurpose } from "../recovery/connection_plan.ts";
import { ConnectionRecovery, type RetentionTimes } from "../recovery/connection_recovery.ts";
import { requestFailure, sessionFailure } from "../requests/request_failure.ts";
import type { RequestLedger } from "../requests/request_ledger.ts";
import type { ConnectionChange } from "../session_hooks.ts";
import type { ConnectionSet } from "./connection_set.ts";
import type { InitiatorEvents } from "./initiator_options.ts";
import type { SessionConnection } from "./session_connection.ts";
import type { SessionState } from "./session_state.ts";

/** Who waits for a connection to be logged out. Exactly one of the two is called, once. */
export interface LogoutOwner {
  completed(): void;
  failed(error: unknown): void;
}

/** What a {@link ConnectionLifecycle} works with. */
export interface ConnectionLifecycleParts {
  readonly state: SessionState;
  readonly connections: ConnectionSet;
  readonly ledger: RequestLedger;
  /** Connections to have, as far as the target takes them. */
  readonly wanted: number;
  readonly events: InitiatorEvents;
  /** Ends the session. */
  readonly close: (error: unknown) => void;
  /** Logs the session out. */
  readonly logOut: (reason: string) => void;
  /** A request has ended, or none may be under way any more. */
  readonly requestEnded: () => void;
}

/** The coming and going of the connections of one session. */
export class ConnectionLifecycle {
  readonly #parts: ConnectionLifecycleParts;
  readonly #state: SessionState;
  readonly #connections: ConnectionSet;
  readonly #events: InitiatorEvents;
  readonly recovery: ConnectionRecovery;
  readonly #plan: ConnectionPlan;
  /** ExpStatSN of connections that are to be set up again. */
  readonly #expStatSns: Map<number, number> = new Map();
  /** Who waits for a connection to be logged out. */
  readonly #logouts: Map<number, LogoutOwner> = new Map();
  #lastCid = 0;

  constructor(parts: ConnectionLifecycleParts) {
    this.#parts = parts;
    this.#state = parts.state;
    this.#connections = parts.connections;
    this.#events = parts.events;
    this.recovery = this.#newRecovery();
    this.#plan = new ConnectionPlan({
      dial: (cid) => this.#events.dial(cid),
      gaveUp: (cid, purpose, error) => this.#gaveUp(cid, purpose, error),
    });
  }

  /** When {@link step} is due; infinity when nothing is missing. */
  get deadline(): number {
    return Math.min(this.recovery.deadline, this.#plan.deadline);
  }

  /** Takes the steps that can be taken now. */
  step(): void {
    this.recovery.step();
    this.#plan.step(this.#state.now);
  }

  /** Whether a connection with this CID is to be added. */
  isWanted(cid: number): boolean {
    return this.#plan.has(cid);
  }

  /** What the connection that is to be set up again expected next; `undefined` for a new one. */
  expStatSn(cid: number): number | undefined {
    return this.#expStatSns.get(cid);
  }

  /** The leading login is done: others may join. */
  begin({ maxConnections }: NegotiatedParameters): void {
    const count = Math.min(this.#parts.wanted, maxConnections);
    for (let added = 1; added < count; added++) {
      this.#plan.want(this.#nextCid(), "join", this.#state.now, Infinity);
    }
    this.#plan.step(this.#state.now);
  }

  /** A connection that was wanted is there. */
  joined({ cid }: SessionConnection): void {
    this.#plan.done(cid);
    if (this.#state.phase === "recovering") {
      this.#state.enter("full-feature", `connection ${cid} works again`);
    }
    this.recovery.reinstated(cid);
    this.recovery.step();
    this.#events.outputDue();
  }

  /** An attempt to add a connection has failed. */
  failed(cid: number, error: unknown): void {
    this.#plan.failed(cid, error, this.#state.now);
    this.#state.deadlines.include(this.#plan.deadline);
  }

  /** A connection is over while the session goes on; `error` is why, unless it ended in order. */
  ended(connection: SessionConnection, error: unknown): void {
    const { cid } = connection;
    if (this.#plan.has(cid)) return this.failed(cid, error ?? closed(cid));
    if (error === undefined) this.#connectionClosed(connection);
    else this.#lost(connection, error, this.#retention());
  }

  /** Logs one connection out once its commands have ended. `owner` is told of the end in every case. */
  closeConnection(cid: number, patienceMs: number, owner: LogoutOwner): void {
    const connection = this.#connections.up(cid);
    if (connection === undefined) return owner.failed(unclosable(cid, "it does not work"));
    if (this.#logouts.has(cid)) return owner.failed(unclosable(cid, "it is being closed already"));
    if (this.#isLastOfSession(connection)) return owner.failed(unclosable(cid, LAST));
    this.#logouts.set(cid, owner);
    this.drain(connection, patienceMs);
  }

  /** Whether no other stays. */
  #isLastOfSession(connection: SessionConnection): boolean {
    return !this.#connections.allUp().some((other) =>
      other !== connection && other.phase === "full-feature"
    );
  }

  /** The target will drop the connection that Parameter1 names (RFC 7143 §11.9.1, event 2). */
  dropped({ parameter1, parameter2, parameter3 }: AsyncMessage, error: ConnectionLostError): void {
    const connection = this.#connections.up(parameter1);
    if (connection === undefined) return;
    connection.stop();
    this.#events.disconnected(connection);
    this.#connections.remove(connection);
    const times = { time2Wait: parameter2, time2Retain: parameter3 };
    this.#lost(connection, error, times);
  }

  /** No new commands on a connection; its logout once those under way are done, or the time for that is over. */
  drain(connection: SessionConnection, patienceMs: number): void {
    const { cid, phase } = connection;
    if (phase === "full-feature") this.#changed({ cid, to: "draining" });
    connection.drain(patienceMs);
  }

  /** Its logout is to be sent. */
  drained(connection: SessionConnection, isIdle: boolean): void {
    const { cid } = connection;
    const owner = this.#logouts.get(cid);
    // Those that were to stay when it was closed may be gone.
    const isMeantToStay = owner !== undefined && !connection.isLogoutDemanded;
    if (isMeantToStay && this.#isLastOfSession(connection)) {
      this.#logouts.delete(cid);
      connection.goOn();
      this.#changed({ cid, to: "up" });
      return owner.failed(unclosable(cid, LAST));
    }
    if (this.#connections.allUp().length === 1) {
      return this.#parts.logOut("the target asked to log out");
    }
    const goesOn = !isIdle && this.#state.parameters.errorRecoveryLevel === 2;
    connection.logOut(
      goesOn ? LogoutReason.RemoveConnectionForRecovery : LogoutReason.CloseConnection,
    );
  }

  /** The session logs out: no connection is wanted any more, and what was lost is not taken over. */
  stop(): void {
    this.recovery.abandon();
    this.#plan.abandon();
  }

  /** The session is over; `error` is why, unless it ended in order. */
  abandon(error: unknown): void {
    this.stop();
    for (const owner of this.#logouts.values()) {
      if (error === undefined) owner.completed();
      else owner.failed(error);
    }
    this.#logouts.clear();
  }

  #newRecovery(): ConnectionRecovery {
    return new ConnectionRecovery(this.#state, {
      helper: () => this.#connections.any(),
      connection: (cid) => this.#connections.up(cid),
      reinstate: (cid, expStatSn, until) => this.#reinstate(cid, expStatSn, until),
      requestEnded: () => this.#parts.requestEnded(),
      abort: (task) => this.#parts.ledger.sendAbort(task, this.#state.now),
      recovered: (cid, isWantedBack) => this.#recovered(cid, isWantedBack),
      failed: (error) => this.#parts.close(error),
      notice: this.#events.notice,
    });
  }

  #retention(): RetentionTimes {
    const { defaultTime2Wait, defaultTime2Retain } = this.#state.parameters;
    return { time2Wait: defaultTime2Wait, time2Retain: defaultTime2Retain };
  }

  #lost(connection: SessionConnection, error: unknown, times: RetentionTimes): void {
    const { cid } = connection;
    this.#changed({ cid, to: "lost", error });
    this.#logouts.get(cid)?.failed(error);
    const isWantedBack = !this.#logouts.delete(cid);
    const isOver = this.#state.parameters.errorRecoveryLevel < 2 || !isOfConnection(error) ||
      (this.#state.phase === "draining" && this.#connections.any() === undefined);
    if (isOver) return this.#parts.close(error);
    this.#events.notice("A connection was lost", { cid, error });
    this.#parts.ledger.refuseBoundTo(cid, error);
    this.recovery.begin(connection, error, times, isWantedBack);
    if (this.#connections.any() === undefined) {
      this.#state.enter("recovering", "the last connection was lost", error);
    }
    this.recovery.step();
  }

  /** A connection was logged out; what it still carried ends with it, or goes on elsewhere. */
  #connectionClosed(connection: SessionConnection): void {
    const { cid } = connection;
    this.#changed({ cid, to: "closed" });
    const error = new ConnectionLostError(`Connection ${cid} was logged out`);
    this.#parts.ledger.refuseBoundTo(cid, error);
    if (this.#state.busyOn(cid)) {
      if (this.#state.parameters.errorRecoveryLevel < 2) this.#failAllOn(cid, error);
      else this.recovery.begin(connection, error, this.#retention(), false);
    }
    this.#logouts.get(cid)?.completed();
    this.#logouts.delete(cid);
    this.recovery.step();
    this.#parts.requestEnded();
  }

  #failAllOn(cid: number, error: ConnectionLostError): void {
    for (const request of [...this.#state.requests.values()]) {
      if (request.cid !== cid) continue;
      this.#state.requests.delete(request.itt);
      if (!("kind" in request)) {
        this.#state.unqueue(request);
        if (!("dataOut" in request)) this.#state.textEnded(request);
        request.fail(requestFailure(request, error, "unknown"));
      } else if (request.kind === "task-set") {
        this.#state.endTaskSetRequest(request);
        request.owner.failed(sessionFailure(request.name, error, "unknown"));
      }
    }
  }

  #reinstate(cid: number, expStatSn: number, until: number): void {
    if (this.#plan.has(cid)) return;
    const { now } = this.#state;
    const purpose = this.#connections.any() === undefined ? "reinstate" : "replace";
    this.#expStatSns.set(cid, expStatSn);
    this.#plan.want(cid, purpose, now, until);
    this.#plan.step(now);
  }

  #recovered(cid: number, isWantedBack: boolean): void {
    this.#changed({ cid, to: "recovered" });
    this.#expStatSns.delete(cid);
    const isMissing = isWantedBack && this.#connections.up(cid) === undefined;
    if (isMissing && this.#state.phase === "full-feature") {
      // A number of its own: what the target still says about the lost one must not hit another.
      this.#plan.want(this.#nextCid(), "join", this.#state.now, Infinity);
      this.#plan.step(this.#state.now);
    }
    this.#events.outputDue();
  }

  /** CIDs have 16 bits. */
  #nextCid(): number {
    do this.#lastCid = this.#lastCid % 0xffff + 1; while (this.#connections.has(this.#lastCid));
    return this.#lastCid;
  }

  #gaveUp(cid: number, purpose: ConnectionPurpose, error: unknown): void {
    this.#changed({ cid, to: "failed", error });
    if (purpose === "join") {
      return this.#events.notice("A further connection could not be added", { cid, error });
    }
    // Where no other worked at first, one may have come back meanwhile.
    const canDoWithout = purpose === "replace" || this.#connections.any() !== undefined;
    if (canDoWithout) return this.recovery.irreplaceable(cid);
    const message = `Recover connection ${cid}: it could not be set up again`;
    this.#parts.close(new ConnectionLostError(message, { cause: error }));
  }

  #changed(change: ConnectionChange): void {
    this.#events.connectionChanged(change);
  }
}

/** Whether an error speaks of one connection only, and the others can be trusted as before. */
function isOfConnection(error: unknown): boolean {
  return error instanceof ConnectionLostError || error instanceof DigestError;
}

const LAST = "it is the last of the session";

function unclosable(cid: number, state: string): SessionClosedError {
  return new SessionClosedError(`Close connection ${cid}: ${state}`, { outcome: "not-executed" });
}

function closed(cid: number): SessionClosedError {
  return new SessionClosedError(`Connection ${cid}: it was closed`, { outcome: "not-executed" });
}
