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
import { dataOf } from "../walk/witnessed_device.ts";
import { LOGIN_MISTAKES } from "./login_mistakes.ts";
import { MISTAKES } from "./mistakes.ts";
import { type CommandPlan, drawPlan } from "./command_plan.ts";
import { type Asked, OddJudge, UNTOUCHED } from "./odd_judge.ts";
import type { OddSession } from "./odd_session.ts";
import { drawSettings, type OddSettings } from "./odd_settings.ts";
import { OddTarget } from "./odd_target.ts";
import { OddTime } from "./odd_time.ts";

const TARGET_NAME = "iqn.2026-03.com.example:odd";
const COMMAND_TIMEOUT_MS = 600_000;
const LONGEST_MS = 700_000;
const MOST_OPEN = 24;
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
  #session: Session | undefined;
  #isClosing = false;
  #hasManaged = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.random = new Random(seed);
    this.settings = drawSettings(this.random);
    this.judge = new OddJudge({
      isEnding: () => this.#isClosing || (this.target.session?.isEnding ?? false),
      hasManaged: () => this.#hasManaged,
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
    this.#hasManaged = false;
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
    else if (dice < 88) this.#issue();
    else if (dice < 95) this.#disturb();
    else await this.#rare();
    if (this.random.below(3) > 0) await this.time.turn();
    this.#look();
  }

  #issue(): void {
    if (this.judge.open.size >= MOST_OPEN) return;
    const dice = this.random.below(40);
    if (dice < 36) this.#execute();
    else if (dice === 36) this.#manage();
    else if (dice === 37) this.#askText();
    else if (dice === 38) this.#renegotiate();
    else this.#abortOne();
  }

  readonly #controllers = new Map<Asked, AbortController>();

  #execute(): void {
    const id = this.plans.size + 1;
    const plan = drawPlan(this.random, id, this.settings.longest);
    this.plans.set(id, plan);
    const dataOut = plan.write > 0 ? dataOf(id, plan.write) : undefined;
    const dataIn = plan.read > 0 ? new Uint8Array(plan.read).fill(UNTOUCHED) : undefined;
    const controller = new AbortController();
    const { cdb, sense: _, ...rest } = plan;
    const what = `command ${id} ${
      JSON.stringify({ ...rest, lun: `${rest.lun}`, cdb: cdb.length })
    }`;
    this.note(what);
    const promise = this.session.execute(plan.lun, {
      cdb: cdb.slice(),
      ...(dataOut && { dataOut }),
      ...(dataIn && { dataIn }),
      timeoutMs: COMMAND_TIMEOUT_MS,
      signal: controller.signal,
    });
    const asked: Asked = { what, promise, plan };
    this.#controllers.set(asked, controller);
    this.judge.track(asked);
    promise.then(
      (result) => this.judge.answered(plan, result, dataIn ?? new Uint8Array(0)),
      () => {},
    ).finally(() => {
      this.#controllers.delete(asked);
      dataOut?.fill(0x55);
      if (dataIn) this.judge.returned(dataIn, what);
    });
  }

  #abortOne(): void {
    const [asked, controller] = pick(this.random, [...this.#controllers, undefined]) ?? [];
    if (asked === undefined) return;
    this.note(`abort of ${asked.what}`);
    asked.reason ??= new Error("called off");
    controller!.abort(asked.reason);
  }

  #manage(): void {
    const { session, random } = this;
    const lun = pick(random, [0n, 1n << 48n]);
    const asked = pick(random, [
      () => session.abortTaskSet(lun),
      () => session.clearTaskSet(lun),
      () => session.logicalUnitReset(lun),
      () => session.targetWarmReset(),
      () => session.clearAca(lun),
    ]);
    this.note(`${asked}`);
    this.#hasManaged = true;
    this.judge.track({ what: `${asked}`, promise: asked(), isFunction: true });
  }

  #askText(): void {
    const { texts } = this.target.session!;
    if (texts.isAsked) return;
    const answer = this.random.bytes(pick(this.random, [0, 1, 500, 20_000])).map((byte) =>
      byte | 1
    );
    texts.ask(answer);
    const request = new TextEncoder().encode("SendTargets=All\0");
    const promise = this.session.text(request);
    this.judge.track({ what: "text", promise });
    promise.then((text) => {
      const isSame = text.length === answer.length && text.every((byte, i) => byte === answer[i]);
      if (!isSame) this.judge.problems.push("a text came otherwise than it was sent");
    }, () => {});
  }

  #renegotiate(): void {
    const maxReceiveDataSegmentLength = pick(this.random, [512, 1000, 65_536]);
    this.note(`renegotiate ${maxReceiveDataSegmentLength}`);
    const promise = this.session.renegotiate({ maxReceiveDataSegmentLength });
    this.judge.track({ what: "renegotiate", promise });
  }

  /** The target says something that nobody has asked for. */
  #disturb(): void {
    const { random, target } = this;
    const session = target.session!;
    const open = session.connections.filter(({ isClosed, hasLoggedOut, isSilent }) =>
      !isClosed && !hasLoggedOut && !isSilent
    );
    if (open.length === 0) return;
    const connection = pick(random, open);
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
        return session.nopIn(connection, true);
      case 3:
        return session.nopIn(connection, false);
      case 4:
        return session.asyncMessage(connection, 0, [0, 0, 0], random.bytes(2 + random.below(60)));
      case 5:
        return session.asyncMessage(
          connection,
          pick(random, [248, 255]),
          [1, 2, 3],
          random.bytes(7),
        );
      case 6:
        if (random.below(4) === 0) session.asyncMessage(connection, 4, [0, 0, 3]);
        return;
      case 7:
        return session.rejectSomeData(connection);
    }
  }

  /** All have their turn, one a walk, unless there is no occasion for it. */
  #drawMistake(names: readonly string[], isPatient: boolean): string {
    return isPatient ? names[this.#seed % names.length] : pick(this.random, names);
  }

  /** The target breaks a rule. */
  async #err(isPatient: boolean): Promise<void> {
    const { random } = this;
    const session = this.target.session!;
    const open = session.connections.filter(({ isClosed, hasLoggedOut, isSilent }) =>
      !isClosed && !hasLoggedOut && !isSilent
    );
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
    else if (dice === 1) this.#demandLogout();
    else if (dice === 2) this.#dropSession();
    else if (dice < 7) this.#closeConnection();
    else if (dice < 20) await this.time.quiet();
    else {
      this.target.flush();
      await this.time.quiet();
      await this.time.pass(pick(this.random, [1, 10, 100]));
    }
  }

  #demandLogout(): void {
    const session = this.target.session!;
    const connection = pick(this.random, session.connections);
    session.isEnding = true;
    this.note("logout demanded");
    session.asyncMessage(connection, 1, [0, 0, pick(this.random, [1, 60])]);
  }

  #dropSession(): void {
    const session = this.target.session!;
    const connection = pick(this.random, session.connections);
    if (connection.isClosed || connection.isSilent) return;
    // What is lost there is taken over, and goes on (RFC 7143 §7.2.2).
    if (this.session.parameters.errorRecoveryLevel === 2) return;
    session.isEnding = true;
    this.note("session dropped");
    session.asyncMessage(connection, 3, [0, 1, 0]);
    for (const each of session.connections) {
      each.isSilent = true;
      each.end();
    }
  }

  #closeConnection(): void {
    const { connections } = this.session;
    if (connections.length < 2) return;
    this.target.session!.isEnding = true;
    this.judge.track({
      what: "close",
      promise: this.session.closeConnection(pick(this.random, connections)),
    });
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
