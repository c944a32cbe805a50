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

/** An answer, and the StatSN that it was sent with. */
interface SentAnswer {
  readonly statSn: number;
  readonly answer: Answer | TargetTask;
}

/** The sent answers of one connection by StatSN, the oldest first. Beyond its bounds the oldest are forgotten. */
export class RetainedAnswers {
  readonly #limits: RetentionLimits;
  readonly #released: (task: TargetTask) => void;
  readonly #answers: SentAnswer[] = [];
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
    return this.#answers.find((sent) => sent.statSn === statSn)?.answer;
  }

  /** Keeps an answer that has just been sent. */
  keep(statSn: number, answer: Answer | TargetTask): void {
    this.#answers.push({ statSn, answer });
    this.#bytes += bytesOf(answer);
    const { maxRetainedAnswers, retainedBytes } = this.#limits;
    while (this.#answers.length > maxRetainedAnswers || this.#bytes > retainedBytes) {
      this.#forgetOldest();
    }
  }

  /** The initiator has everything before `expStatSn`, which must not be beyond what was sent. */
  acknowledge(expStatSn: number): void {
    if (!serialLess(this.#acknowledged, expStatSn)) return;
    this.#acknowledged = expStatSn;
    while (this.#answers.length > 0 && serialLess(this.#answers[0].statSn, expStatSn)) {
      this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    const { answer } = this.#answers.shift()!;
    this.#bytes -= bytesOf(answer);
    if (answer instanceof TargetTask) this.#released(answer);
  }
}

function bytesOf(answer: Answer | TargetTask): number {
  return answer instanceof TargetTask ? answer.dataIn.length : answer.data.length;
}
