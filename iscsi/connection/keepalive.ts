/**
 * When to ask an idle target whether it is still there. A tape drive may be busy for hours with one command, and an
 * unanswered ping must not end that: no ping goes out while a command is outstanding, any byte received is a sign of
 * life, and only several silent pings in a row count as death.
 *
 * Some targets answer a ping only behind the command that they are at, and some none at all, so that the silence of a
 * target at work proves nothing here. Whether its host is still there is for TCP to find out: see `connectTcp` in
 * transport/deno.ts.
 *
 * @module
 */

/** Keepalive by NOP-Out (RFC 7143 §11.18). */
export interface KeepaliveOptions {
  /** Milliseconds of idleness before a ping. Shorter finds a dead peer sooner, at the price of traffic. @default 60000 */
  readonly intervalMs?: number;
  /** Milliseconds to wait for any byte after a ping. @default 30000 */
  readonly timeoutMs?: number;
  /** Pings in a row without an answer that end the connection. @default 3 */
  readonly maxMissed?: number;
}

/** What is to be done now. */
export type KeepaliveAction = "none" | "ping" | "dead";

/** The keepalive policy of one connection, in virtual time. */
export class Keepalive {
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  readonly #maxMissed: number;
  #lastActivity: number;
  #pingSentAt: number | undefined;
  #missed = 0;

  constructor(now: number, options: KeepaliveOptions = {}) {
    const { intervalMs = 60_000, timeoutMs = 30_000, maxMissed = 3 } = options;
    this.#intervalMs = intervalMs;
    this.#timeoutMs = timeoutMs;
    this.#maxMissed = maxMissed;
    this.#lastActivity = now;
  }

  /** Pings in a row that got no answer. */
  get missed(): number {
    return this.#missed;
  }

  /** Bytes have arrived, or a command went out or ended. */
  active(now: number): void {
    this.#lastActivity = now;
    this.#pingSentAt = undefined;
    this.#missed = 0;
  }

  /** When to look again, provided that nothing happens until then. */
  deadline(): number {
    return this.#pingSentAt === undefined
      ? this.#lastActivity + this.#intervalMs
      : this.#pingSentAt + this.#timeoutMs;
  }

  /** Looks at the clock. `busy`: a command is outstanding, and its own deadline watches over it. */
  check(now: number, busy: boolean): KeepaliveAction {
    if (busy) this.active(now);
    if (now < this.deadline()) return "none";
    if (this.#pingSentAt !== undefined && ++this.#missed >= this.#maxMissed) return "dead";
    this.#pingSentAt = now;
    return "ping";
  }
}
