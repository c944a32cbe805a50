/**
 * The connections of one session: those that carry it now, and those that are lost but whose tasks can still be taken
 * over (RFC 7143 §4.2.2.2, §7.2.2, §8.2).
 *
 * @module
 */

import type { Clock } from "../../../transport/clock.ts";
import type { SessionConnection } from "./session_connection.ts";

/** Connections by CID, and the time that is left to those that are lost. */
export class SessionMembers {
  readonly #clock: Clock;
  readonly #live = new Set<SessionConnection>();
  /** Lost connections, with what stops their timers. */
  readonly #lost = new Map<SessionConnection, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Connections that carry the session, the oldest first. */
  get live(): SessionConnection[] {
    return [...this.#live];
  }

  /** Whether no connection is left, lost ones included. */
  get empty(): boolean {
    return this.#live.size === 0 && this.#lost.size === 0;
  }

  add(connection: SessionConnection): void {
    this.#live.add(connection);
  }

  has(connection: unknown): boolean {
    return this.#live.has(connection as SessionConnection);
  }

  /** The connection with this CID that carries the session; undefined when there is none. */
  withCid(cid: number): SessionConnection | undefined {
    return this.live.find((connection) => connection.cid === cid);
  }

  /** Lost connections, the oldest first. */
  get lost(): SessionConnection[] {
    return [...this.#lost.keys()];
  }

  /** Lost connections with this CID. */
  lostWithCid(cid: number): SessionConnection[] {
    return this.lost.filter((connection) => connection.cid === cid);
  }

  /** False when it does not carry the session any more. */
  remove(connection: SessionConnection): boolean {
    return this.#live.delete(connection);
  }

  /** The connection is lost; `lapsed` is called when its tasks cannot be taken over any more. */
  lose(connection: SessionConnection, ms: number, lapsed: () => void): void {
    const stop = this.#clock.schedule(() => {
      this.#lost.delete(connection);
      lapsed();
    }, ms);
    this.#lost.set(connection, stop);
  }

  /** Nothing of a lost connection is kept any more. */
  forget(connection: SessionConnection): void {
    this.#lost.get(connection)?.();
    this.#lost.delete(connection);
  }

  /** Stops all timers, and returns what carried the session until now. */
  clear(): SessionConnection[] {
    const live = this.live;
    for (const stop of this.#lost.values()) stop();
    this.#lost.clear();
    this.#live.clear();
    return live;
  }
}
