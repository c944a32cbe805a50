/** What was asked of a session, and whether what became of it is so. */

import {
  ConnectionLostError,
  IscsiError,
  RejectError,
  SessionClosedError,
  TargetFailureError,
  TaskAbortedError,
  TaskManagementError,
} from "../../../iscsi/errors.ts";
import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import { dataOf } from "../walk/witnessed_device.ts";
import { type CommandPlan, expectedResult } from "./command_plan.ts";

/** What a Data-In buffer holds before, and what its owner puts into it once it is his again. */
export const UNTOUCHED = 0xaa;
const RETURNED = 0x77;

/** Something that a session was asked for. */
export interface Asked {
  readonly what: string;
  readonly promise: Promise<unknown>;
  readonly plan?: CommandPlan;
  readonly isFunction?: boolean;
  /** What its signal has aborted with. */
  reason?: unknown;
}

/** What the judge has to know of the target. */
export interface Witness {
  /** Whether the session has ended, or is about to, by the will of one of the two sides. */
  isEnding(): boolean;
  /** Whether a function on many commands may have hit others. */
  hasManaged(): boolean;
  hasSeen(id: number): boolean;
  /** Whether the target has broken the protocol: then every documented error is right, but still no wrong result. */
  isLawless(): boolean;
}

export class OddJudge {
  readonly problems: string[] = [];
  readonly open = new Set<Asked>();
  readonly errors: Record<string, number> = {};
  /** Bytes of each command whose data ended early that are there without a gap. */
  readonly cuts = new Map<number, number>();
  successes = 0;
  readonly #witness: Witness;
  readonly #returned: { readonly buffer: Uint8Array; readonly what: string }[] = [];

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  readonly violated = (what: string): void => void this.problems.push(`the initiator: ${what}`);

  /** Keeps watch over something until it settles. */
  track(asked: Asked): void {
    this.open.add(asked);
    asked.promise.then(
      () => this.successes++,
      (error) => this.#judgeError(asked, error),
    ).finally(() => this.open.delete(asked));
  }

  /** A command was answered, with its data in `dataIn`. */
  answered(plan: CommandPlan, result: ScsiResult, dataIn: Uint8Array | undefined): void {
    const what = `command ${plan.id}`;
    const expected = expectedResult(plan, this.cuts.get(plan.id));
    const fail = (how: string) => this.problems.push(`${what} ${how}`);
    if (plan.fate !== "answer") return void fail(`succeeded, but was to be a ${plan.fate}`);
    const isDoubtful = this.#witness.isLawless() && disagrees(plan, result);
    if (!isDoubtful && text(result) !== text(expected)) {
      fail(`gave ${text(result)}, not ${text(expected)}`);
    }
    if (dataIn === undefined) return;
    const data = dataOf(plan.id, plan.delivered);
    const length = Math.min(result.dataInLength, plan.delivered);
    if (!same(dataIn.subarray(0, length), data.subarray(0, length))) fail("brought other data");
    const rest = dataIn.subarray(plan.delivered);
    if (rest.some((byte) => byte !== UNTOUCHED)) fail("wrote behind its data");
  }

  /** A streamed command was answered; `data` is what its consumer got, and undefined if that failed. */
  streamed(plan: CommandPlan, result: ScsiResult, data: Uint8Array | undefined): void {
    this.answered(plan, result, undefined);
    const expected = dataOf(plan.id, plan.delivered).subarray(0, result.dataInLength);
    if (plan.read === 0 || (data !== undefined && same(data, expected))) return;
    this.problems.push(`command ${plan.id} streamed ${data?.length} other bytes`);
  }

  /** A buffer is its owner's again. */
  returned(buffer: Uint8Array, what: string): void {
    this.#returned.push({ buffer: buffer.fill(RETURNED), what });
  }

  /** What holds once everything is over. */
  verify(): void {
    for (const { what } of this.open) this.problems.push(`${what} has never settled`);
    for (const { buffer, what } of this.#returned) {
      if (buffer.some((byte) => byte !== RETURNED)) {
        this.problems.push(`the buffer of ${what} was used after the end`);
      }
    }
    this.#returned.length = 0;
  }

  #judgeError(asked: Asked, error: unknown): void {
    const name = error instanceof Error ? error.name : String(error);
    this.errors[name] = (this.errors[name] ?? 0) + 1;
    this.#judgeOutcome(asked, error);
    if (asked.reason !== undefined && error === asked.reason) return;
    if (this.#witness.isLawless() ? error instanceof IscsiError : this.#isRight(asked, error)) {
      return;
    }
    const { stack = error } = error as Error;
    this.problems.push(`${asked.what} failed with ${stack}`);
  }

  #judgeOutcome({ what, plan }: Asked, error: unknown): void {
    const isDenied = error instanceof IscsiError && error.outcome === "not-executed";
    if (!isDenied || plan === undefined || plan.fate === "reject") return;
    if (this.#witness.hasSeen(plan.id)) this.problems.push(`${what} has come, but says ${error}`);
  }

  #isRight({ plan, isFunction }: Asked, error: unknown): boolean {
    if (error instanceof ConnectionLostError || error instanceof SessionClosedError) {
      return this.#witness.isEnding();
    }
    if (error instanceof TaskAbortedError) return plan !== undefined && this.#witness.hasManaged();
    if (error instanceof TaskManagementError) return isFunction === true;
    if (error instanceof RejectError) return plan?.fate === "reject" && error.reason === plan.code;
    return error instanceof TargetFailureError && plan?.fate === "failure" &&
      error.response === plan.code;
  }
}

/** Whether a result shows that what came is not what the target says: those above look at that. */
function disagrees({ read, write }: CommandPlan, result: ScsiResult): boolean {
  const residual = write > 0 ? result.readResidual ?? 0 : result.residual;
  return read > 0 && result.dataInLength !== Math.min(read, read - residual);
}

function text({ sense, ...result }: ScsiResult): string {
  return JSON.stringify({ ...result, sense: [...sense].join(" ") });
}

function same(data: Uint8Array, expected: Uint8Array): boolean {
  return data.length === expected.length && data.every((byte, i) => byte === expected[i]);
}
