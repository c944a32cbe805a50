/**
 * Health that is told with a command, as the informational exceptions page asks for (SPC-5 §7.5.12, SSC-4 §4.2.17): by
 * default the drive keeps it for those who read log page 2Eh.
 *
 * @module
 */

import { SenseKey } from "../../scsi/sense_codes.ts";
import { type Condition, Conditions, type Outcome } from "./conditions.ts";
import type { DriveModes } from "./drive_modes.ts";
import { ModePage } from "./mode_page_table.ts";
import type { UnitAttentions } from "./unit_attentions.ts";

const FLAGS = 2;
const DISABLED = 0x08;
const TEST = 0x04;
const METHOD = 3;
const METHOD_BITS = 0x0f;

/** Methods of reporting (MRIE). 3 and 4 are alike: there are no retries whose reports could be switched off. */
const BY_UNIT_ATTENTION = 2;
const ON_REQUEST = 6;
const KEYS: Readonly<Record<number, number>> = {
  3: SenseKey.RecoveredError,
  4: SenseKey.RecoveredError,
  5: SenseKey.NoSense,
  [ON_REQUEST]: SenseKey.NoSense,
};

/** What a drive has to say about its health. */
export class HealthReports {
  readonly #modes: DriveModes;
  readonly #attentions: UnitAttentions;
  #pending: Condition | undefined;

  constructor(modes: DriveModes, attentions: UnitAttentions) {
    this.#modes = modes;
    this.#attentions = attentions;
  }

  /** A TapeAlert flag went up. */
  alerted(): void {
    if ((this.#byte(FLAGS) & DISABLED) === 0) this.#report(Conditions.failurePrediction);
  }

  /** MODE SELECT was executed: it may ask for a false report, as a test. */
  modesSelected(): void {
    if ((this.#byte(FLAGS) & (DISABLED | TEST)) === TEST) {
      this.#report(Conditions.failurePredictionTest);
    }
  }

  /** The outcome of a command: one that succeeded tells what there is to be told besides, once. */
  with(outcome: Outcome): Outcome {
    if (this.#pending === undefined || outcome.condition !== undefined || outcome.isConflict) {
      return outcome;
    }
    return this.#method === ON_REQUEST ? outcome : { ...outcome, condition: this.take() };
  }

  /** What there is to be told, once: REQUEST SENSE asks for it. */
  take(): Condition | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  /** Nothing is to be said, as after a reset. */
  clear(): void {
    this.#pending = undefined;
  }

  #report(what: Pick<Condition, "asc" | "ascq">): void {
    if (this.#method === BY_UNIT_ATTENTION) {
      this.#attentions.raise({ ...what, key: SenseKey.UnitAttention });
    }
    const key = KEYS[this.#method];
    if (key !== undefined) this.#pending = { ...what, key };
  }

  get #method(): number {
    return this.#byte(METHOD) & METHOD_BITS;
  }

  #byte(at: number): number {
    return this.#modes.find(ModePage.InformationalExceptions)?.current[at] ?? 0;
  }
}
