/**
 * The sockets of one session: one driver for each connection, dialed as the core wants them.
 *
 * @module
 */

import type { ByteStream, NetworkAddress } from "../../transport/byte_stream.ts";
import type { Clock } from "../connection/clock.ts";
import { ConnectionDriver } from "../connection/connection_driver.ts";
import type { Initiator } from "./core/initiator.ts";
import type { SessionConnection } from "./core/session_connection.ts";
import { dialPortal } from "./dial_portal.ts";
import type { ConnectOptions } from "./session_options.ts";

/** What the sockets of a session need. */
export interface SessionSocketsParts {
  readonly core: Initiator;
  readonly clock: Clock;
  readonly address: NetworkAddress;
  readonly options: ConnectOptions;
}

/** All sockets of one session. */
export class SessionSockets {
  readonly #parts: SessionSocketsParts;
  readonly #drivers: Map<SessionConnection, ConnectionDriver> = new Map();
  readonly #running: Set<Promise<void>> = new Set();
  readonly #over: AbortController = new AbortController();
  /** Looks at the clock while no connection does. */
  #cancelTimer: (() => void) | undefined;

  constructor(parts: SessionSocketsParts) {
    this.#parts = parts;
  }

  /** Moves the bytes of a connection until it is over. */
  run(stream: ByteStream, connection: SessionConnection): void {
    const driver = new ConnectionDriver(stream, connection, this.#parts.clock);
    this.#drivers.set(connection, driver);
    this.#track(driver.run());
    this.#watchClock();
  }

  /** Dials one more connection, and tells the core if that fails. */
  dial(cid: number): void {
    this.#track(this.#dial(cid));
  }

  /** The core has been given something to do, or has something to write. */
  changed(): void {
    for (const driver of this.#drivers.values()) driver.changed();
    this.#watchClock();
  }

  /** A connection is over. */
  disconnect(connection: SessionConnection): void {
    this.#drivers.get(connection)?.close();
    this.#drivers.delete(connection);
    this.#watchClock();
  }

  /** The session is over: what is being dialed is not wanted any more. */
  close(): void {
    this.#over.abort();
    this.#watchClock();
  }

  /** Resolves when all sockets have let go of all buffers. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #track(running: Promise<void>): void {
    this.#running.add(running);
    running.finally(() => {
      this.#running.delete(running);
      this.#watchClock();
    });
  }

  async #dial(cid: number): Promise<void> {
    const { core, clock, address, options } = this.#parts;
    const { dial, connectTimeoutMs } = options;
    try {
      const signal = this.#over.signal;
      const stream = await dialPortal(address, clock, { dial, connectTimeoutMs, signal });
      const connection = core.open(cid);
      if (connection.closed) stream.close();
      else this.run(stream, connection);
    } catch (error) {
      core.dialFailed(cid, error, clock.now());
      this.changed();
    }
  }

  /** While a session has no connection its deadlines are nobody's else. */
  #watchClock(): void {
    if (this.#drivers.size > 0 && this.#cancelTimer === undefined) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { core, clock } = this.#parts;
    const deadline = core.nextDeadline();
    if (core.closed || this.#drivers.size > 0 || deadline === Infinity) return;
    this.#cancelTimer = clock.schedule(() => {
      this.#cancelTimer = undefined;
      core.tick(clock.now());
      this.changed();
    }, deadline - clock.now());
  }
}
