/**
 * The settings that the caller relies on for every block: made sure of again whenever the drive may have lost them.
 *
 * @module
 */

import type { LogicalUnit } from "../scsi/logical_unit.ts";
import type { Sense } from "../scsi/sense.ts";
import { errorFor, isToldOnce } from "./conditions.ts";
import { TapeError } from "./errors.ts";
import { isRealReset, isVagueReset } from "./reset_sense.ts";
import type { TapeSession } from "./tape_session.ts";
import { type Reliance, WatchedUnit } from "./watched_unit.ts";

/** What a {@link Reliance} is called. */
export type RelianceName = "encryption" | "protection";

/** Wraps what carries the commands. */
type Wrap = (unit: LogicalUnit) => LogicalUnit;

/** All that is relied on, on one drive. */
export class Reliances {
  readonly #session: TapeSession;
  readonly #relied = new Map<RelianceName, Reliance>();
  /** Why blocks must not go through, by what is not in force. */
  readonly #missing = new Map<RelianceName, TapeError>();
  /** What the drive has been reset since, if it was in force before. */
  readonly #reset = new Set<RelianceName>();
  /** Whether what the drive tells may be nothing but its answer to the login. */
  #isNewSession = false;
  #protect: Wrap | undefined;

  constructor(session: TapeSession) {
    this.#session = session;
    session.restorers.push(() => this.#ensure());
    session.onNewSession = () => {
      this.#isNewSession = true;
      // They are asked after, like all that was set, once the connection stands.
      this.#doubt();
    };
  }

  /** From here on blocks go through only while this is in force. */
  rely(name: RelianceName, reliance: Reliance): void {
    this.#relied.set(name, reliance);
    this.#settle(name);
    this.#route();
  }

  /** This does not matter any more. */
  forget(name: RelianceName): void {
    this.#relied.delete(name);
    this.#settle(name);
    this.#route();
  }

  #settle(name: RelianceName): void {
    this.#missing.delete(name);
    this.#reset.delete(name);
  }

  /** What blocks go through on their way, beside being watched; `undefined` for nothing. */
  set protect(protect: Wrap | undefined) {
    this.#protect = protect;
    this.#route();
  }

  #route(): void {
    const protect: Wrap = this.#protect ?? ((unit) => unit);
    this.#session.device.reroute((unit) =>
      this.#relied.size === 0 ? protect(unit) : protect(
        new WatchedUnit(unit, (sense) => this.suspect(sense), (opcode) => this.#why(opcode)),
      )
    );
  }

  /** Whether they are still in force, behind what the drive has said, is asked before blocks go through again. */
  suspect(sense?: Sense): void {
    this.#doubt();
    if (isRealReset(sense) || (isVagueReset(sense) && !this.#isNewSession)) {
      for (const name of this.#relied.keys()) this.#reset.add(name);
    }
    this.#session.mode.suspect();
  }

  #doubt(): void {
    for (const name of this.#relied.keys()) this.#missing.set(name, this.#uncertain(name));
  }

  #uncertain(name: RelianceName): TapeError {
    return errorFor(
      name === "encryption" ? "encryption" : "protection-mismatch",
      `Cannot move blocks on ${this.#session.device.name}: the drive may have lost its ${name} settings`,
      {},
    );
  }

  #why(opcode: number): TapeError | undefined {
    for (const [name, error] of this.#missing) {
      // Each block has an error of its own, which will say what became of that one.
      if (this.#relied.get(name)?.guards.has(opcode)) {
        return errorFor(error.kind, error.message, { cause: error });
      }
    }
    return undefined;
  }

  /** A setting that is gone for good keeps blocks from going through; the drive's other operations go on. */
  async #ensure(): Promise<void> {
    for (const name of [...this.#missing.keys()]) {
      try {
        await this.#relied.get(name)?.ensure(this.#reset.has(name));
        this.#settle(name);
      } catch (error) {
        if (!(error instanceof TapeError) || isToldOnce(error.kind)) throw error;
        this.#missing.set(name, error);
      }
    }
    this.#isNewSession = false;
  }
}
