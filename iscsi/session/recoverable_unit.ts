/**
 * A logical unit that survives the loss of its session: a new one is set up with the same initiator name and ISID, which
 * ends what the target still holds of the old one (RFC 7143 §6.3.5, session reinstatement).
 *
 * @module
 */

import type { RecoverableLogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { Clock } from "../connection/clock.ts";
import { AuthenticationError, LoginError, NegotiationError } from "../errors.ts";
import type { Session } from "./session.ts";

/** How often and how fast to try again after a session was lost: one budget for each outage. */
export interface ReconnectOptions {
  /** Logins to try before the outage is final. @default 6 */
  readonly attempts?: number;
  /**
   * Milliseconds before the second attempt; each further one waits twice as long, up to a minute, give or take a
   * quarter. The first waits DefaultTime2Wait, as agreed with the target. @default 1000
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
  #session: Session;

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

  async reestablish(signal?: AbortSignal): Promise<void> {
    await this.#session.close();
    let delayMs = this.#session.parameters.defaultTime2Wait * 1000;
    for (let attempt = 1;; attempt++) {
      await this.#wait(delayMs, signal);
      try {
        this.#session = await this.#parts.connect(signal);
        return;
      } catch (error) {
        signal?.throwIfAborted();
        if (attempt >= this.#attempts || isFinal(error)) throw error;
      }
      delayMs = this.#withJitter(Math.min(this.#delayMs * 2 ** (attempt - 1), MAX_DELAY_MS));
    }
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  /** Many initiators that lost one target should not all come back in the same moment. */
  #withJitter(delayMs: number): number {
    const [random] = this.#parts.randomBytes(1);
    return delayMs * (0.75 + random / 512);
  }

  #wait(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        cancel();
        reject(signal!.reason);
      };
      const cancel = this.#parts.clock.schedule(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, delayMs);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

function isFinal(error: unknown): boolean {
  if (error instanceof AuthenticationError || error instanceof NegotiationError) return true;
  return error instanceof LoginError && error.statusClass === INITIATOR_ERROR;
}
