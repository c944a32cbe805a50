/**
 * One outage of a session, from its loss to a new session or the end of all hope: one state machine with one budget.
 *
 * waiting → connecting → connected, or back to waiting, or failed. Every step can be called off.
 *
 * @module
 */

import type { Clock } from "../connection/clock.ts";
import { isFinal } from "./recovery/connection_plan.ts";

/** Where an outage stands. */
export type ReconnectState =
  /** The next attempt is made in `delayMs` milliseconds, or when `reconnectNow()` is called. */
  | { readonly step: "waiting"; readonly attempt: number; readonly delayMs: number }
  /** An attempt is under way. */
  | { readonly step: "connecting"; readonly attempt: number }
  /** A new session works; `attempts` were made. */
  | { readonly step: "connected"; readonly attempts: number }
  /** No further attempt is made; `error` is the last one's, or why it was called off. */
  | { readonly step: "failed"; readonly attempts: number; readonly error: unknown };

/** How often and how fast to try again after a session was lost: one budget for each outage. */
export interface ReconnectOptions {
  /** Logins to try before the outage is final. @default 6 */
  readonly attempts?: number;
  /**
   * Milliseconds before the second attempt; each further one waits twice as long, up to a minute, give or take a
   * quarter. The first waits as long as the target asked for. @default 1000
   */
  readonly delayMs?: number;
  /** Milliseconds from the loss on after which no further attempt begins. @default 600000 */
  readonly withinMs?: number;
  /** Told of each step of an outage. @default none */
  readonly changed?: (state: ReconnectState) => void;
  /**
   * Whether a command that was under way when the session was lost is sent once more on the new one, if doing it twice
   * does what doing it once does (INQUIRY, READ POSITION). Any other fails, and its error says that the outcome is
   * unknown. Without, all fail.
   *
   * @default false
   */
  readonly repeatCommands?: boolean;
}

/** What a {@link Reconnection} works with. */
export interface ReconnectionParts {
  /** Makes one attempt. */
  readonly connect: (signal: AbortSignal) => Promise<void>;
  /** Milliseconds that the target wants to pass before the first. */
  readonly firstDelayMs: number;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
}

const MAX_DELAY_MS = 60_000;

/** One outage. */
export class Reconnection {
  readonly #parts: ReconnectionParts;
  readonly #options: Required<ReconnectOptions>;
  /** Ends the wait for the next attempt, while there is one. */
  #hurry: (() => void) | undefined;

  constructor(parts: ReconnectionParts, options: ReconnectOptions = {}) {
    const {
      attempts = 6,
      delayMs = 1000,
      withinMs = 600_000,
      changed = () => {},
      repeatCommands = false,
    } = options;
    this.#parts = parts;
    this.#options = { attempts, delayMs, withinMs, changed, repeatCommands };
  }

  /**
   * Tries until an attempt succeeds. Rejects with the last attempt's error when the budget is spent or another attempt
   * would fail alike, and with the signal's reason when that called it off.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, firstDelayMs } = this.#parts;
    const { attempts, withinMs, changed } = this.#options;
    const until = clock.now() + withinMs;
    let delayMs = firstDelayMs;
    for (let attempt = 1;; attempt++) {
      try {
        signal.throwIfAborted();
        changed({ step: "waiting", attempt, delayMs });
        await this.#wait(delayMs, signal);
        changed({ step: "connecting", attempt });
        await this.#parts.connect(signal);
        return changed({ step: "connected", attempts: attempt });
      } catch (error) {
        const reason = signal.aborted ? signal.reason : error;
        delayMs = this.#delayAfter(attempt);
        const isSpent = attempt >= attempts || clock.now() + delayMs > until;
        if (!signal.aborted && !isSpent && !isFinal(error)) continue;
        changed({ step: "failed", attempts: attempt, error: reason });
        throw reason;
      }
    }
  }

  /** Makes the next attempt at once. Does nothing while one is under way. */
  reconnectNow(): void {
    this.#hurry?.();
  }

  /** Many initiators that lost one target should not all come back in the same moment. */
  #delayAfter(attempt: number): number {
    const [random] = this.#parts.randomBytes(1);
    const delayMs = Math.min(this.#options.delayMs * 2 ** (attempt - 1), MAX_DELAY_MS);
    return delayMs * (0.75 + random / 512);
  }

  #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        cancel();
        this.#hurry = undefined;
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = () => {
        end();
        reject(signal.reason);
      };
      const onTime = () => {
        end();
        resolve();
      };
      const cancel = this.#parts.clock.schedule(onTime, delayMs);
      this.#hurry = onTime;
      signal.addEventListener("abort", onAbort);
    });
  }
}
