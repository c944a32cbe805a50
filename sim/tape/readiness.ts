/**
 * Whether a drive is ready: a cartridge loaded, threaded, and done with whatever it does first.
 *
 * @module
 */

import { SenseKey } from "../../scsi/sense_codes.ts";
import { type Condition, Conditions } from "./conditions.ts";
import type { AdditionalSense } from "./unit_attentions.ts";

/** How long a drive is not ready. Both must have passed. */
export interface LoadDelay {
  /** Commands that need the medium and are refused. @default 0 */
  readonly commands?: number;
  /** Milliseconds of the drive's clock. @default 0 */
  readonly milliseconds?: number;
  /** What the drive says meanwhile, with key 2, NOT READY. @default 04/01, becoming ready */
  readonly sense?: AdditionalSense;
}

/** What a drive's readiness depends on. */
export interface ReadinessOptions {
  readonly loadDelay: LoadDelay;
  readonly clock: () => number;
}

/** How far the cartridge is in. */
type Seat = "out" | "held" | "loaded";

/** The readiness of one drive. */
export class Readiness {
  readonly #options: ReadinessOptions;
  #seat: Seat = "out";
  #reason: Condition = Conditions.becomingReady;
  #readyAt = 0;
  #refusalsLeft = 0;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Whether a cartridge is loaded, ready or becoming so. */
  get loaded(): boolean {
    return this.#seat === "loaded";
  }

  /** What keeps the drive from being ready is calibration, or the like, and not the lack of a cartridge. */
  get isBusy(): boolean {
    return this.reason() !== undefined && this.loaded;
  }

  /** Loaded, and ready at once. */
  resume(): void {
    this.#seat = "loaded";
  }

  /** Loaded, and ready after the delay of the drive. */
  load(): void {
    this.#seat = "loaded";
    this.delay(this.#options.loadDelay);
  }

  /** In, and not threaded. */
  hold(): void {
    this.#seat = "held";
  }

  /** Not loaded any more. */
  unload(): void {
    this.#seat = "out";
  }

  /** Not ready for a while. */
  delay({ commands = 0, milliseconds = 0, sense }: LoadDelay): void {
    this.#reason = sense === undefined
      ? Conditions.becomingReady
      : { key: SenseKey.NotReady, ...sense };
    this.#refusalsLeft = commands;
    this.#readyAt = this.#options.clock() + milliseconds;
  }

  /** Why a command that needs the medium is refused; counts it. */
  refuse(): Condition | undefined {
    const reason = this.reason();
    if (reason !== undefined && this.loaded && this.#refusalsLeft > 0) this.#refusalsLeft--;
    return reason;
  }

  /** The same without counting. */
  reason(): Condition | undefined {
    if (this.#seat === "held") return Conditions.memoryAccessible;
    if (this.#seat === "out") return Conditions.noMedium;
    const isDelayed = this.#refusalsLeft > 0 || this.#options.clock() < this.#readyAt;
    return isDelayed ? this.#reason : undefined;
  }
}
