/**
 * A logical unit that survives the loss of its session: a new one is set up with the same initiator name and ISID, which
 * ends what the target still holds of the old one (RFC 7143 §6.3.5, session reinstatement).
 *
 * @module
 */

import { commandFacts } from "../../scsi/command_table.ts";
import { ServiceDeliveryError } from "../../scsi/errors.ts";
import type { RecoverableLogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { Clock } from "../connection/clock.ts";
import { SessionClosedError } from "../errors.ts";
import { Reconnection, type ReconnectOptions } from "./reconnection.ts";
import type { Session } from "./session.ts";
import { SharedAttempt } from "./shared_attempt.ts";

export type { ReconnectOptions, ReconnectState } from "./reconnection.ts";

/** What a {@link RecoverableUnit} works with. */
export interface RecoverableUnitParts {
  /** The 8-byte LUN field as one number. */
  readonly lun: bigint;
  readonly name: string;
  /** Peripheral device type, for the names of commands; unknown when absent. */
  readonly deviceType?: number;
  readonly connect: (signal?: AbortSignal) => Promise<Session>;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** One logical unit, over one session after another. */
export class RecoverableUnit implements RecoverableLogicalUnit {
  readonly name: string;
  readonly #parts: RecoverableUnitParts;
  readonly #options: ReconnectOptions;
  readonly #closed: AbortController = new AbortController();
  #session: Session;
  #reestablishing: SharedAttempt | undefined;
  #reconnection: Reconnection | undefined;

  constructor(session: Session, parts: RecoverableUnitParts, options: ReconnectOptions = {}) {
    this.name = parts.name;
    this.#session = session;
    this.#parts = parts;
    this.#options = options;
  }

  get nexusLost(): boolean {
    return this.#session.closed;
  }

  /**
   * Executes a command. Where that was asked for, one that was lost with the session is sent once more on a new one, if
   * doing it twice does no harm.
   */
  execute(command: ScsiCommand): Promise<ScsiResult> {
    return this.#mayRepeat(command) ? this.#executeOnceMore(command) : this.#execute(command);
  }

  #execute(command: ScsiCommand): Promise<ScsiResult> {
    return this.#session.execute(this.#parts.lun, command, this.#parts);
  }

  async #executeOnceMore(command: ScsiCommand): Promise<ScsiResult> {
    const session = this.#session;
    try {
      return await this.#execute(command);
    } catch (error) {
      const isLost = error instanceof ServiceDeliveryError && session.closed;
      if (!isLost || this.#closed.signal.aborted || command.signal?.aborted) throw error;
      if (this.#session === session) await this.reestablish(command.signal);
      return await this.#execute(command);
    }
  }

  /**
   * Sets up a new session. A call while another is under way waits for that one, which ends early when all of them have
   * given up.
   *
   * @throws {IscsiError} the last attempt's, when none succeeded; at once when another attempt would fail alike.
   * @throws {SessionClosedError} when the unit was closed; the signal's reason when that ended the wait.
   */
  async reestablish(signal?: AbortSignal): Promise<void> {
    while (this.#reestablishing?.isCalledOff) {
      // It may have succeeded before it heard of that.
      if (await this.#reestablishing.ended()) return;
    }
    signal?.throwIfAborted();
    this.#reestablishing ??= new SharedAttempt((calledOff) =>
      this.#reconnect(calledOff).finally(() => {
        this.#reestablishing = undefined;
        this.#reconnection = undefined;
      })
    );
    await this.#reestablishing.wait(signal);
  }

  /** Makes the next attempt of an outage at once, instead of waiting for its time. Else does nothing. */
  reconnectNow(): void {
    this.#reconnection?.reconnectNow();
  }

  /** Closes the session, or ends what sets up a new one. */
  async close(): Promise<void> {
    this.#closed.abort(
      new SessionClosedError(`Cannot connect to ${this.name} again: it was closed`, {
        outcome: "not-executed",
      }),
    );
    await this.#reestablishing?.ended(); // Whoever asked for it is told.
    await this.#session.close();
  }

  async #reconnect(calledOff: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([calledOff, this.#closed.signal]);
    ended.throwIfAborted();
    await this.#session.close();
    const { connect, clock, randomBytes } = this.#parts;
    this.#reconnection = new Reconnection({
      connect: async (signal) => {
        this.#session = await connect(signal);
      },
      firstDelayMs: this.#session.reconnectDelayMs,
      clock,
      randomBytes,
    }, this.#options);
    await this.#reconnection.run(ended);
  }

  #mayRepeat({ cdb }: ScsiCommand): boolean {
    return this.#options.repeatCommands === true && commandFacts(cdb).repeatable;
  }
}
