/**
 * A logical unit that survives the loss of its session: a new one is set up with the same initiator name and ISID, which
 * ends what the target still holds of the old one (RFC 7143 §6.3.5, session reinstatement).
 *
 * @module
 */

import type { RecoverableLogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { Clock } from "../connection/clock.ts";
import {
  AuthenticationError,
  InvalidOptionError,
  LoginError,
  NegotiationError,
  SessionClosedError,
} from "../errors.ts";
import type { Session } from "./session.ts";

/** How often and how fast to try again after a session was lost: one budget for each outage. */
export interface ReconnectOptions {
  /** Logins to try before the outage is final. @default 6 */
  readonly attempts?: number;
  /**
   * Milliseconds before the second attempt; each further one waits twice as long, up to a minute, give or take a
   * quarter. The first waits as long as the target asked for. @default 1000
   */
  readonly delayMs?: number;
}

/** What a {@link RecoverableUnit} works with. */
export interface RecoverableUnitParts {
  /** The 8-byte LUN field as one number. */
  readonly lun: bigint;
  readonly name: string;
  readonly connect: (signal?: AbortSignal) => Promise<Session>;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
}

const MAX_DELAY_MS = 60_000;
/** Status-Class 2: the same login would fail again (RFC 7143 §11.13.5). */
const INITIATOR_ERROR = 2;

/** One logical unit, over one session after another. */
export class RecoverableUnit implements RecoverableLogicalUnit {
  readonly name: string;
  readonly #parts: RecoverableUnitParts;
  readonly #attempts: number;
  readonly #delayMs: number;
  readonly #closed: AbortController = new AbortController();
  #session: Session;
  #reestablishing: Promise<void> | undefined;

  constructor(session: Session, parts: RecoverableUnitParts, options: ReconnectOptions = {}) {
    const { attempts = 6, delayMs = 1000 } = options;
    this.name = parts.name;
    this.#session = session;
    this.#parts = parts;
    this.#attempts = attempts;
    this.#delayMs = delayMs;
  }

  get nexusLost(): boolean {
    return this.#session.closed;
  }

  execute(command: ScsiCommand): Promise<ScsiResult> {
    return this.#session.execute(this.#parts.lun, command);
  }

  /**
   * Sets up a new session. A call while another is under way waits for that one.
   *
   * @throws {IscsiError} the last attempt's, when none succeeded; at once when another attempt would fail alike.
   * @throws {SessionClosedError} when the unit was closed; the signal's reason when that ended it.
   */
  reestablish(signal?: AbortSignal): Promise<void> {
    this.#reestablishing ??= this.#tryAgain(signal).finally(() => {
      this.#reestablishing = undefined;
    });
    return this.#reestablishing;
  }

  /** Closes the session, or ends what sets up a new one. */
  async close(): Promise<void> {
    this.#closed.abort(
      new SessionClosedError(`Connect to ${this.name} again: it was closed`, {
        outcome: "not-executed",
      }),
    );
    await this.#reestablishing?.catch(() => {}); // Whoever asked for it is told.
    await this.#session.close();
  }

  async #tryAgain(signal: AbortSignal | undefined): Promise<void> {
    const ended = signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
    ended.throwIfAborted();
    await this.#session.close();
    let delayMs = this.#session.reconnectDelayMs;
    for (let attempt = 1;; attempt++) {
      await this.#wait(delayMs, ended);
      try {
        this.#session = await this.#parts.connect(ended);
        return;
      } catch (error) {
        ended.throwIfAborted();
        if (attempt >= this.#attempts || isFinal(error)) throw error;
      }
      delayMs = this.#withJitter(Math.min(this.#delayMs * 2 ** (attempt - 1), MAX_DELAY_MS));
    }
  }

  /** Many initiators that lost one target should not all come back in the same moment. */
  #withJitter(delayMs: number): number {
    const [random] = this.#parts.randomBytes(1);
    return delayMs * (0.75 + random / 512);
  }

  #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        cancel();
        reject(signal.reason);
      };
      const cancel = this.#parts.clock.schedule(() => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      }, delayMs);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}

/** Whether another attempt would fail alike. */
function isFinal(error: unknown): boolean {
  const isOurs = error instanceof InvalidOptionError || error instanceof AuthenticationError ||
    error instanceof NegotiationError;
  if (isOurs) return true;
  return error instanceof LoginError && error.statusClass === INITIATOR_ERROR;
}
