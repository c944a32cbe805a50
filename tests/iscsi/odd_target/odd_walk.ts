/**
 * A random use of sessions with a target that does everything otherwise than ours: within RFC 7143, where everything must
 * come out as the device has it; or breaking a rule at some moment, where nothing wrong may pass for right.
 */

import assert from "node:assert/strict";
import type { NegotiatedParameters } from "../../../iscsi/negotiation/negotiated_parameters.ts";
import { IscsiError, ProtocolError } from "../../../iscsi/errors.ts";
import { Session } from "../../../iscsi/session/session.ts";
import type { Logger } from "../../../scsi/logger.ts";
import { Random } from "../../scsi/random.ts";
import { ProtocolWitness } from "../walk/protocol_witness.ts";
import { pick } from "../walk/walk_settings.ts";
import { LOGIN_MISTAKES } from "./login_mistakes.ts";
import { MISTAKES } from "./mistakes.ts";
import type { CommandPlan } from "./command_plan.ts";
import { OddJudge } from "./odd_judge.ts";
import { OddOwner } from "./odd_owner.ts";
import type { OddSession } from "./odd_session.ts";
import { drawSettings, type OddSettings } from "./odd_settings.ts";
import { OddTarget } from "./odd_target.ts";
import { OddTime } from "./odd_time.ts";
import { demandLogout, disturb, drop, speaking } from "./unasked.ts";

const TARGET_NAME = "iqn.2026-03.com.example:odd";
const LONGEST_MS = 700_000;
const LINES = 60;
/** Steps in which any mistake will do, if there was no occasion for the one whose turn it was. */
const LAST_STEPS = 30;

/** What a walk came across. */
export interface OddSummary {
  readonly commands: number;
  readonly successes: number;
  readonly sessions: number;
  readonly pdus: number;
  readonly errors: Readonly<Record<string, number>>;
}

export class OddWalk {
  readonly #seed: number;
  readonly random: Random;
  readonly settings: OddSettings;
  readonly target: OddTarget;
  readonly judge: OddJudge;
  readonly time: OddTime;
  readonly plans = new Map<number, CommandPlan>();
  readonly seen = new Set<number>();
  readonly trace: string[] = [];
  readonly #witnesses: ProtocolWitness[] = [];
  isLawless = false;
  /** What the session has ended with. */
  endedWith: unknown;
  /** The mistake that was made, if one was. */
  mistake = "none";
  readonly #owner: OddOwner;
  #session: Session | undefined;
  #isClosing = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.random = new Random(seed);
    this.settings = drawSettings(this.random);
    this.judge = new OddJudge({
      isEnding: () => this.#isClosing || (this.target.session?.isEnding ?? false),
      hasManaged: () => this.#owner.hasManaged,
      hasSeen: (id) => this.seen.has(id),
      isLawless: () => this.isLawless,
    });
    this.target = new OddTarget({
      random: this.random,
      settings: this.settings,
      plans: this.plans,
      seen: (id) => this.seen.add(id),
      cut: (id, whole) => this.judge.cuts.set(id, whole),
      violated: (what) => {
        if (!this.isLawless) this.judge.violated(what);
      },
    });
    this.time = new OddTime(this.target);
    const { random, settings, plans, judge, time, target } = this;
    this.#owner = new OddOwner({
      ...{ random, settings, plans, judge, time, target },
      session: () => this.session,
      note: (what) => this.note(what),
    });
  }

  get session(): Session {
    return this.#session!;
  }

  /** `mistakeAt`: the step from which on the target looks for an occasion to break the protocol. */
  async run(steps: number, mistakeAt = Infinity): Promise<OddSummary> {
    const { problems } = this.judge;
    try {
      await this.#connect();
      for (let step = 0; step < steps && problems.length === 0; step++) {
        await this.#step();
        if (step >= mistakeAt && !this.isLawless) await this.#err(step < steps - LAST_STEPS);
        if (this.isLawless && this.session.closed) break;
      }
      if (problems.length === 0) await this.#finish();
      this.#look();
      assert.ok(problems.length === 0, problems.slice(0, 3).join("\n"));
    } finally {
      this.target.close();
      await this.#session?.close();
    }
    return {
      commands: this.plans.size,
      successes: this.judge.successes,
      sessions: this.#witnesses.length,
      pdus: this.#witnesses.reduce((sum, { pdus }) => sum + pdus, 0),
      errors: this.judge.errors,
    };
  }

  /** One answer in the login breaks a rule: there must be no session then, and nothing left of it. */
  async failToLogIn(): Promise<void> {
    const { random, target } = this;
    this.isLawless = true;
    let answers = random.below(4);
    target.spoil = (login) => {
      if (this.mistake !== "none" || answers-- > 0 || login.connection.cid !== 0) return false;
      const name = this.#drawMistake(Object.keys(LOGIN_MISTAKES), random.below(3) > 0);
      if (!LOGIN_MISTAKES[name](login)) return false;
      this.mistake = name;
      return true;
    };
    let error: unknown;
    try {
      await this.#connect();
    } catch (cause) {
      error = cause;
    }
    if (this.#session) await this.time.settle(this.session.close(), "close");
    target.close();
    await this.time.quiet();
    const { pending } = this.time.clock;
    assert.equal(pending, 0, `${pending} timers are left`);
    if (this.mistake === "none") assert.equal(error, undefined);
    else assert.ok(error instanceof IscsiError, (error as Error)?.stack ?? "a session was begun");
  }

  /** For people: the settings, what was done, and what went over the wire last. */
  report(): string {
    return [
      JSON.stringify(this.settings),
      ...this.trace.slice(-LINES),
      ...(this.#witnesses.at(-1)?.trace.slice(-LINES) ?? []),
    ].join("\n");
  }

  note(what: string): void {
    if (this.trace.push(what) > 4 * LINES) this.trace.shift();
  }

  async #connect(): Promise<void> {
    this.#isClosing = false;
    this.#owner.hasManaged = false;
    this.endedWith = undefined;
    // deno-lint-ignore prefer-const -- the witness is there before it
    let session: Session | undefined;
    const witness = new ProtocolWitness((cid) => session && this.#parametersOf(session, cid));
    this.#witnesses.push(witness);
    const promise = Session.connect({
      portal: "odd",
      targetName: TARGET_NAME,
      initiatorName: "iqn.2026-03.com.example:walker",
      dial: this.target.dial,
      clock: this.time.clock,
      randomBytes: (length) => this.random.bytes(length),
      logger: this.#logger(),
      ...this.settings.session,
      hooks: {
        pdu: witness.see,
        stateChanged: ({ error }) => this.endedWith = error,
        connectionChanged: ({ cid, to, error = "" }) => {
          this.note(`connection ${cid} ${to} ${error}`);
          if (to !== "up" && to !== "draining") witness.gone(cid);
        },
      },
    });
    promise.catch(() => {});
    session = await this.time.settle(promise, "connect");
    this.#session = session;
    this.#checkParameters(session.parameters, this.target.session!);
  }

  /** A session with several connections tells those of the first alone. */
  #parametersOf({ parameters }: Session, cid: number): NegotiatedParameters {
    const target = this.target.session!;
    if (target.connections.length < 2) return parameters;
    const own = target.connections.find((connection) => connection.cid === cid);
    return own ? target.parameters.get(own)! : parameters;
  }

  /** Both sides must have understood the same. */
  #checkParameters(own: NegotiatedParameters, { parameters, connections }: OddSession): void {
    const theirs = parameters.get(connections[0])!;
    const keys = new Set([...Object.keys(own), ...Object.keys(theirs)]) as Set<keyof typeof own>;
    for (const key of keys) {
      const [ours, other] = [JSON.stringify(own[key]), JSON.stringify(theirs[key])];
      if (ours !== other) this.judge.problems.push(`${key} is ${ours}, and ${other} at the target`);
    }
  }

  /** An error in the log is one of our own, in a hook for instance. */
  #logger(): Logger {
    const ignored = () => {};
    return {
      debug: ignored,
      info: (message: string, properties?: Record<string, unknown>) =>
        this.note(`log: ${message} ${JSON.stringify(properties)} ${properties?.error ?? ""}`),
      warn: ignored,
      error: (message: string, properties?: Record<string, unknown>) =>
        void this.judge.problems.push(`${message} ${properties?.error}`),
    } as Logger;
  }

  async #step(): Promise<void> {
    const dice = this.random.below(100);
    if (this.session.closed) await this.#reconnect();
    else if (dice < 66) this.target.step();
    else if (dice < 88) this.#owner.act();
    else if (dice < 95) disturb(this.target.session!);
    else await this.#rare();
    if (this.random.below(3) > 0) await this.time.turn();
    this.#look();
  }

  /** All have their turn, one a walk, unless there is no occasion for it. */
  #drawMistake(names: readonly string[], isPatient: boolean): string {
    return isPatient ? names[this.#seed % names.length] : pick(this.random, names);
  }

  /** The target breaks a rule. */
  async #err(isPatient: boolean): Promise<void> {
    const { random } = this;
    const session = this.target.session!;
    const open = speaking(session);
    if (open.length === 0 || session.isEnding || this.session.closed) return;
    const connection = pick(random, open);
    const tasks = [...session.tasks.values()].filter((task) =>
      task.parts.connection === connection
    );
    const name = this.#drawMistake(Object.keys(MISTAKES), isPatient);
    const consequence = MISTAKES[name]({
      random,
      session,
      connection,
      level: this.session.parameters.errorRecoveryLevel,
      reading: tasks.find(({ pieces }) => pieces.length > 0),
      writing: tasks.find(({ wanted, mayAsk }) => wanted.length > 0 && mayAsk),
      task: tasks[0],
      endedItt: session.lastEnded.get(connection),
    });
    if (consequence === undefined) return;
    this.mistake = name;
    this.note(`mistake: ${name}, to be ${consequence}`);
    if (consequence !== "ignored") this.isLawless = true;
    if (consequence !== "fatal") return;
    for (const each of session.connections) each.isSilent = true;
    this.target.flush();
    await this.time.quiet();
    this.target.flush();
    await this.time.quiet();
    await this.time.pass(1100);
    if (this.endedWith instanceof ProtocolError && this.session.closed) return;
    this.judge.problems.push(`${name} ended the session with ${this.endedWith}`);
  }

  async #rare(): Promise<void> {
    const dice = this.random.below(40);
    if (dice === 0) await this.#reconnect();
    else if (dice === 1) demandLogout(this.target.session!);
    else if (dice === 2) this.#drop();
    else if (dice < 7) this.#owner.closeConnection();
    else if (dice < 20) await this.time.quiet();
    else {
      this.target.flush();
      await this.time.quiet();
      await this.time.pass(pick(this.random, [1, 10, 100]));
    }
  }

  /** At error recovery level 2 what is lost is taken over, and goes on (RFC 7143 §7.2.2). */
  #drop(): void {
    if (this.session.parameters.errorRecoveryLevel < 2) drop(this.target.session!);
  }

  async #reconnect(): Promise<void> {
    await this.#close();
    await this.#connect();
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    this.note("close");
    const drainMs = this.random.below(2) * 1000;
    await this.time.settle(this.session.close({ drainMs }), "close");
    await this.time.quiet();
    for (const { what } of this.judge.open) {
      this.judge.problems.push(`${what} has not settled although its session is over`);
    }
    this.target.close();
  }

  /** What is under way comes to its end, mostly. */
  async #finish(): Promise<void> {
    if (this.random.below(4) > 0) {
      const all = Promise.allSettled([...this.judge.open].map(({ promise }) => promise));
      await this.time.settle(all, "what is under way");
      const { session } = this.target;
      await this.time.quiet();
      while (this.target.step()) await this.time.turn();
      await this.time.quiet();
      if (!this.session.closed && session!.unansweredPings > 0 && !this.isLawless) {
        this.judge.violated("a ping was not answered");
      }
    }
    await this.#close();
    await this.time.pass(LONGEST_MS);
    this.judge.verify();
    const { pending } = this.time.clock;
    if (pending > 0) this.judge.problems.push(`${pending} timers are left`);
  }

  #look(): void {
    for (const { violations } of this.#witnesses) {
      const found = violations.splice(0);
      if (!this.isLawless) this.judge.problems.push(...found);
    }
  }
}

/**
 * Logs in to a target that breaks a rule in one of its answers; tells which.
 *
 * @throws {Error} when that is taken for a login, or fails otherwise than it is documented to.
 */
export async function logInToLawlessTarget(seed: number): Promise<string> {
  const walk = new OddWalk(seed);
  try {
    await walk.failToLogIn();
    return walk.mistake;
  } catch (cause) {
    const message = `Seed ${seed}: ${walk.mistake}: ${(cause as Error).message}`;
    throw new Error(`${message}\n${walk.report()}`, { cause });
  }
}

/** Walks with a target that breaks a rule at some moment; tells which. */
export async function walkWithLawlessTarget(
  seed: number,
  steps: number,
): Promise<OddSummary & { readonly mistake: string }> {
  const walk = new OddWalk(seed);
  try {
    const summary = await walk.run(steps, walk.random.below(steps));
    return { ...summary, mistake: walk.mistake };
  } catch (cause) {
    const message = `Seed ${seed}: ${walk.mistake}: ${(cause as Error).message}`;
    throw new Error(`${message}\n${walk.report()}`, { cause });
  }
}

/**
 * Walks with a target within the law.
 *
 * @throws {Error} that tells the seed and the way, when something is not so.
 */
export async function walkWithOddTarget(seed: number, steps: number): Promise<OddSummary> {
  const walk = new OddWalk(seed);
  try {
    return await walk.run(steps);
  } catch (cause) {
    throw new Error(`Seed ${seed}: ${(cause as Error).message}\n${walk.report()}`, { cause });
  }
}
