/**
 * The connections that a session wants to have and has not: when each is to be dialed, how often, and until when.
 *
 * @module
 */

import {
  AuthenticationError,
  ConnectError,
  InvalidOptionError,
  LoginError,
  NegotiationError,
} from "../../errors.ts";

/**
 * `join`: one more connection for a session that works. `replace`: one in place of one that was lost, while others work.
 * `reinstate`: the same where no other works.
 */
export type ConnectionPurpose = "join" | "replace" | "reinstate";

interface WantedConnection {
  readonly purpose: ConnectionPurpose;
  /** When it is to be dialed next. */
  at: number;
  /** When a further attempt is of no use. */
  readonly until: number;
  attempts: number;
  /** Whether an attempt is under way. */
  isDialing: boolean;
}

/** A connection that the session can do without is not worth more attempts than this. */
const MAX_ATTEMPTS = 4;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;
/** Status-Class 2: the same login would fail again (RFC 7143 §11.13.5). */
const INITIATOR_ERROR = 2;
/** Status-Detail of that class which passes: the target still counts a connection that it has not found to be lost. */
const TOO_MANY_CONNECTIONS = 6;

/** Who dials, and who hears when it is of no use. */
export interface ConnectionPlanEvents {
  dial(cid: number): void;
  gaveUp(cid: number, purpose: ConnectionPurpose, error: unknown): void;
}

/** Connections to be made, by CID. */
export class ConnectionPlan {
  readonly #wanted: Map<number, WantedConnection> = new Map();
  readonly #events: ConnectionPlanEvents;

  constructor(events: ConnectionPlanEvents) {
    this.#events = events;
  }

  /** When {@link step} is due; infinity when nothing is to be dialed. */
  get deadline(): number {
    let earliest = Infinity;
    for (const { at, isDialing } of this.#wanted.values()) {
      if (!isDialing) earliest = Math.min(earliest, at);
    }
    return earliest;
  }

  /** Whether a connection is being made. */
  has(cid: number): boolean {
    return this.#wanted.has(cid);
  }

  /** A connection is to be made, from `at` on, and no later than `until`. */
  want(cid: number, purpose: ConnectionPurpose, at: number, until: number): void {
    this.#wanted.set(cid, { purpose, at, until, attempts: 0, isDialing: false });
  }

  /** Dials what is due. */
  step(now: number): void {
    for (const [cid, wanted] of [...this.#wanted]) {
      if (wanted.isDialing || now < wanted.at) continue;
      wanted.isDialing = true;
      wanted.attempts++;
      this.#events.dial(cid);
    }
  }

  /** The connection is there, or not wanted any more. */
  done(cid: number): void {
    this.#wanted.delete(cid);
  }

  /** An attempt has failed: there is another one later, unless it would fail alike or time is over. */
  failed(cid: number, error: unknown, now: number): void {
    const wanted = this.#wanted.get(cid);
    if (wanted === undefined) return;
    wanted.isDialing = false;
    wanted.at = now + Math.min(FIRST_DELAY_MS * 2 ** (wanted.attempts - 1), MAX_DELAY_MS);
    const { purpose, attempts } = wanted;
    const isTired = purpose !== "reinstate" && attempts >= MAX_ATTEMPTS;
    // What cannot be reached is not waited for where another connection can take over.
    const isUnreachable = purpose === "replace" && error instanceof ConnectError;
    if (!isUnreachable && !isTired && !isFinal(error) && wanted.at < wanted.until) return;
    this.#wanted.delete(cid);
    this.#events.gaveUp(cid, purpose, error);
  }

  /** The session is over. */
  abandon(): void {
    this.#wanted.clear();
  }
}

/** Whether another attempt would fail alike. */
export function isFinal(error: unknown): boolean {
  const isOurs = error instanceof InvalidOptionError || error instanceof AuthenticationError ||
    error instanceof NegotiationError;
  if (isOurs) return true;
  return error instanceof LoginError && error.statusClass === INITIATOR_ERROR &&
    error.statusDetail !== TOO_MANY_CONNECTIONS;
}
