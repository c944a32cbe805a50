/**
 * Answers that the initiator has not acknowledged, kept so that they can be sent again (RFC 7143 §4.2.2.2, §11.16.1).
 *
 * @module
 */

import { serialLess } from "../../../iscsi/connection/serial_number.ts";
import type { Answer } from "./answer.ts";
import { TargetTask } from "../tasks/target_task.ts";

/** Bounds on what is kept for one connection. */
export interface RetentionLimits {
  /** Answers. */
  readonly maxRetainedAnswers: number;
  /** Bytes of data of those answers together. */
  readonly retainedBytes: number;
}

/** The sent answers of one connection by StatSN, the oldest first. Beyond its bounds the oldest are forgotten. */
export class RetainedAnswers {
  readonly #limits: RetentionLimits;
  readonly #released: (task: TargetTask) => void;
  readonly #answers = new Map<number, Answer | TargetTask>();
  #bytes = 0;
  #acknowledged: number;

  /** `released` hears of tasks that need not be kept any more. StatSN begins with `firstStatSn`. */
  constructor(
    firstStatSn: number,
    limits: RetentionLimits,
    released: (task: TargetTask) => void,
  ) {
    this.#acknowledged = firstStatSn;
    this.#limits = limits;
    this.#released = released;
  }

  /** Everything before this StatSN is acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The answer that was sent with this StatSN; undefined when it is not kept. */
  get(statSn: number): Answer | TargetTask | undefined {
    return this.#answers.get(statSn);
  }

  /** Keeps an answer that has just been sent. */
  keep(statSn: number, answer: Answer | TargetTask): void {
    this.#answers.set(statSn, answer);
    this.#bytes += bytesOf(answer);
    const { maxRetainedAnswers, retainedBytes } = this.#limits;
    while (this.#answers.size > maxRetainedAnswers || this.#bytes > retainedBytes) {
      const [oldest] = this.#answers.keys();
      this.#forget(oldest);
    }
  }

  /** The initiator has everything before `expStatSn`, which must not be beyond what was sent. */
  acknowledge(expStatSn: number): void {
    if (!serialLess(this.#acknowledged, expStatSn)) return;
    this.#acknowledged = expStatSn;
    for (const statSn of this.#answers.keys()) {
      if (!serialLess(statSn, expStatSn)) return;
      this.#forget(statSn);
    }
  }

  #forget(statSn: number): void {
    const answer = this.#answers.get(statSn)!;
    this.#answers.delete(statSn);
    this.#bytes -= bytesOf(answer);
    if (answer instanceof TargetTask) this.#released(answer);
  }
}

function bytesOf(answer: Answer | TargetTask): number {
  return answer instanceof TargetTask ? answer.dataIn.length : answer.data.length;
}
