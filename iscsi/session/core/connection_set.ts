/**
 * The connections of one session: which work, and which of them takes the next command.
 *
 * @module
 */

import type { SessionConnection } from "./session_connection.ts";
import type { SessionState } from "./session_state.ts";

/** Connections by CID. */
export class ConnectionSet {
  readonly #state: SessionState;
  readonly #connections: Map<number, SessionConnection> = new Map();

  constructor(state: SessionState) {
    this.#state = state;
  }

  get size(): number {
    return this.#connections.size;
  }

  values(): IterableIterator<SessionConnection> {
    return this.#connections.values();
  }

  /** Whether a connection has this number, in whatever phase. */
  has(cid: number): boolean {
    return this.#connections.has(cid);
  }

  /** The connection with this number, if it carries PDUs of the full feature phase. */
  up(cid: number): SessionConnection | undefined {
    const connection = this.#connections.get(cid);
    return connection?.isUp ? connection : undefined;
  }

  /** All that carry PDUs of the full feature phase. */
  allUp(): SessionConnection[] {
    return [...this.#connections.values()].filter(({ isUp }) => isUp);
  }

  /** A connection for what may go out on any: one that stays, if there is one. */
  any(): SessionConnection | undefined {
    const up = this.allUp();
    const staying = up.filter(({ phase }) => phase === "full-feature");
    return staying.find(({ isPaused }) => !isPaused) ?? staying[0] ?? up[0];
  }

  add(connection: SessionConnection): void {
    this.#connections.set(connection.cid, connection);
  }

  /** A connection is over. */
  remove(connection: SessionConnection): void {
    if (this.#connections.get(connection.cid) === connection) {
      this.#connections.delete(connection.cid);
    }
  }

  /**
   * Whether a connection takes the next command: of those whose socket is ready for output and that are read from, the one with the least data
   * under way, and no more than one a batch, so that all have their turn. One that is stuck holds up nobody but itself.
   */
  mayTake(connection: SessionConnection): boolean {
    if (this.#connections.size === 1) return true;
    if (connection.hasTaken) return false;
    if (connection.isPaused) return this.any() === connection;
    const load = this.#state.loadOf(connection.cid);
    for (const other of this.#connections.values()) {
      const isReady = other.phase === "full-feature" && !other.isWriting && !other.isPaused;
      if (other === connection || !isReady) continue;
      if (this.#state.loadOf(other.cid) < load) return false;
    }
    return true;
  }
}
