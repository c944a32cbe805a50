/**
 * The logout of a session: at once, or once the commands that are under way have ended (RFC 7143 §11.9.1, §11.14).
 *
 * @module
 */

import { sessionFailure } from "../requests/request_failure.ts";
import type { RequestLedger } from "../requests/request_ledger.ts";
import { ScsiTask } from "../requests/scsi_task.ts";
import type { ConnectionSet } from "./connection_set.ts";
import { sendSessionLogout } from "./outgoing.ts";
import type { SessionConnection } from "./session_connection.ts";
import type { SessionState } from "./session_state.ts";

/** What a {@link SessionLogout} works with. */
export interface SessionLogoutParts {
  readonly state: SessionState;
  readonly connections: ConnectionSet;
  readonly ledger: RequestLedger;
  /** No connection is wanted any more. */
  readonly stopConnecting: () => void;
  readonly outputDue: () => void;
  /** The session is over without one: there is no connection to log out on. */
  readonly close: () => void;
}

/** The logout of one session. */
export class SessionLogout {
  readonly #parts: SessionLogoutParts;
  readonly #state: SessionState;
  /** Where it is on its way. */
  #connection: SessionConnection | undefined;
  /** When commands under way have had time enough to end. */
  #deadline = Infinity;
  #overdueReason = "";

  constructor(parts: SessionLogoutParts) {
    this.#parts = parts;
    this.#state = parts.state;
  }

  /** When {@link expire} is due; infinity when nothing is waited for. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Whether the logout is on its way on this connection. */
  isOn(connection: SessionConnection): boolean {
    return connection === this.#connection;
  }

  /** No new commands; logout once those under way are done, or the time for that is over: where that is said again, the least. */
  drain(patienceMs: number, reason: string, timeIsOver: string): void {
    const deadline = this.#state.now + patienceMs;
    if (deadline < this.#deadline) {
      this.#deadline = deadline;
      this.#overdueReason = timeIsOver;
      this.#state.deadlines.include(deadline);
    }
    if (this.#state.phase === "full-feature") this.#state.enter("draining", reason);
    this.sendIfDrained();
  }

  /** Time has passed. */
  expire(now: number): void {
    if (now >= this.#deadline) this.send(this.#overdueReason);
  }

  /** A request has ended. */
  sendIfDrained(): void {
    if (this.#state.phase === "draining" && !this.#state.busy) {
      this.send("no command is under way any more");
    }
  }

  /** Logs out on one connection, and nothing is sent on the others any more. */
  send(reason: string): void {
    const { connections, ledger, stopConnecting, outputDue, close } = this.#parts;
    ledger.refuseQueued();
    this.#deadline = Infinity;
    const connection = connections.any();
    if (connection === undefined) return close();
    this.#connection = connection;
    stopConnecting();
    for (const other of connections.values()) {
      if (other !== connection) other.silence();
    }
    connection.awaitLogout();
    this.#state.enter("logout", reason);
    sendSessionLogout(this.#state, connection.wire);
    this.#abandonStreams();
    outputDue();
  }

  /** The session is over. */
  abandon(): void {
    this.#deadline = Infinity;
  }

  /** The answer to the logout may wait behind data that nobody takes. */
  #abandonStreams(): void {
    for (const request of [...this.#state.requests.values()]) {
      if (!(request instanceof ScsiTask) || !request.streamIn) continue;
      request.abortReason ??= sessionFailure(request.name, undefined, "unknown");
      request.abandonStreams();
    }
  }
}
