/**
 * An operation that goes on after its command was answered, as IMMED asks (SSC-4 §4.2.9).
 *
 * @module
 */

import { SenseKey } from "../../scsi/sense_codes.ts";
import { type Condition, Conditions } from "./conditions.ts";

/** What may go on. */
export type OperationKind = "rewind" | "locate" | "erase" | "format" | "load" | "unload";

/** What REQUEST SENSE says meanwhile (SPC-5 §6.39). */
const PROGRESS: Readonly<Record<OperationKind, Condition>> = {
  rewind: { key: SenseKey.NoSense, asc: 0x00, ascq: 0x1a },
  locate: { key: SenseKey.NoSense, asc: 0x00, ascq: 0x19 },
  erase: { key: SenseKey.NoSense, asc: 0x00, ascq: 0x18 },
  format: Conditions.formatInProgress,
  load: Conditions.becomingReady,
  unload: { key: SenseKey.NoSense, asc: 0x00, ascq: 0x16 },
};

/** What a command that needs the medium hears meanwhile. */
const REFUSAL: Readonly<Record<OperationKind, Condition>> = {
  rewind: Conditions.operationInProgress,
  locate: Conditions.operationInProgress,
  erase: Conditions.operationInProgress,
  format: Conditions.formatInProgress,
  load: Conditions.becomingReady,
  unload: Conditions.operationInProgress,
};

/** The operation that goes on in a drive, if one does. */
export class RunningOperation {
  readonly #clock: () => number;
  #kind: OperationKind | undefined;
  #began = 0;
  #ends = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** One begins, and takes so many milliseconds of the drive's clock. */
  begin(kind: OperationKind, milliseconds: number): void {
    this.#kind = kind;
    this.#began = this.#clock();
    this.#ends = this.#began + milliseconds;
  }

  /** It is broken off: a reset. */
  stop(): void {
    this.#kind = undefined;
  }

  /** What goes on now. */
  get kind(): OperationKind | undefined {
    if (this.#kind !== undefined && this.#clock() >= this.#ends) this.#kind = undefined;
    return this.#kind;
  }

  /** What a command that needs the medium hears. */
  refusal(): Condition | undefined {
    const { kind } = this;
    return kind && REFUSAL[kind];
  }

  /** What REQUEST SENSE says, with how far it has come. */
  progress(): Condition | undefined {
    const { kind } = this;
    if (kind === undefined) return undefined;
    const progress = (this.#clock() - this.#began) / (this.#ends - this.#began);
    return { ...PROGRESS[kind], senseKeySpecific: { kind: "progress", progress } };
  }
}
