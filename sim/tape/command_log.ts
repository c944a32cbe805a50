/**
 * What a simulated drive was asked lately, for tests to look at.
 *
 * @module
 */

/** One executed command. What it wrote or read is not kept, so no key and no record is in the log. */
export interface LoggedCommand {
  /** A copy of the CDB. */
  readonly cdb: Uint8Array;
  /** The initiator's iSCSI name. */
  readonly initiatorName: string;
  /** The status that it got. */
  readonly status: number;
  /** The sense data that came with it. */
  readonly sense?: Uint8Array;
}

/** The last commands, oldest first. */
export class CommandLog {
  readonly #limit: number;
  #commands: LoggedCommand[] = [];

  /** Keeps at least the last `limit` commands, and never more than twice as many. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds one. */
  add(command: LoggedCommand): void {
    if (this.#limit === 0) return;
    this.#commands.push(command);
    // In bulk: one shift a command would move the whole array each time.
    if (this.#commands.length >= 2 * this.#limit) {
      this.#commands = this.#commands.slice(-this.#limit);
    }
  }

  /** The last commands, at most the limit, oldest first. The array is the caller's. */
  list(): LoggedCommand[] {
    return this.#commands.slice(-this.#limit);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#commands = [];
  }
}
