/**
 * How long an initiator may take for what it has begun, so that one that stalls does not hold a connection for ever.
 *
 * @module
 */

import type { TargetLimits } from "../target_options.ts";

/** What the initiator must get done, in the words of an error message. */
const DUTIES = {
  login: "log in",
  stage: "go on with its login",
  act: "do what an Async Message asked for",
  leave: "take its last answers",
  pdu: "finish a PDU that it began",
  take: "take what was sent",
} as const;

/** One thing that has a deadline. */
export type Duty = keyof typeof DUTIES;

const DUTY_NAMES: readonly Duty[] = ["login", "stage", "act", "leave", "pdu", "take"];

/** The deadlines of one connection, in milliseconds of its clock. All methods are cheap: they are called for each read. */
export class ConnectionDeadlines {
  readonly #limits: Required<TargetLimits>;
  readonly #due: Record<Duty, number> = {
    login: Infinity,
    stage: Infinity,
    act: Infinity,
    leave: Infinity,
    pdu: Infinity,
    take: Infinity,
  };

  constructor(limits: Required<TargetLimits>) {
    this.#limits = limits;
  }

  /** The earliest deadline. */
  get next(): number {
    const { login, stage, act, leave, pdu, take } = this.#due;
    return Math.min(login, stage, act, leave, pdu, take);
  }

  /** The initiator has `ms` milliseconds from `now` on. */
  begin(duty: Duty, now: number, ms: number = this.#standard(duty)): void {
    this.#due[duty] = now + ms;
  }

  /** It has been done, or need not be. */
  done(duty: Duty): void {
    this.#due[duty] = Infinity;
  }

  /** Whether the initiator has begun with it and is not done. */
  isDue(duty: Duty): boolean {
    return this.#due[duty] !== Infinity;
  }

  /** What should have been done by now. */
  missed(now: number): string | undefined {
    if (now < this.next) return undefined;
    const duty = DUTY_NAMES.find((name) => now >= this.#due[name]);
    return duty && DUTIES[duty];
  }

  #standard(duty: Duty): number {
    const { loginTimeoutMs, loginStageTimeoutMs, pduTimeoutMs, stallTimeoutMs } = this.#limits;
    switch (duty) {
      case "stage":
        return loginStageTimeoutMs;
      case "pdu":
        return pduTimeoutMs;
      case "take":
        return stallTimeoutMs;
      default:
        return loginTimeoutMs;
    }
  }
}
