/**
 * A random use of sessions with the simulated target over connections that fail: what succeeds is true, what fails says
 * what is so, everything settles in its time, no PDU breaks the protocol, and nothing is left behind.
 */

import assert from "node:assert/strict";
import { Session } from "../../../iscsi/session/session.ts";
import type { Logger } from "../../../scsi/logger.ts";
import { type LoopbackTarget, loopbackTarget } from "../../../sim/target/loopback_target.ts";
import type { TargetEvent } from "../../../sim/target/target_event.ts";
import type { Dialer } from "../../../transport/byte_stream.ts";
import { Random } from "../../scsi/random.ts";
import { CommandJudge } from "./command_judge.ts";
import { CommandSteps } from "./command_steps.ts";
import { FaultSteps } from "./fault_steps.ts";
import { FrailWire } from "./frail_wire.ts";
import { ProtocolWitness } from "./protocol_witness.ts";
import { RequestSteps } from "./request_steps.ts";
import { LUNS, type WalkParts } from "./walk_parts.ts";
import { WalkRecord } from "./walk_record.ts";
import { drawSettings, type ErrorRecoveryLevel, pick, type WalkSettings } from "./walk_settings.ts";
import { WalkTime } from "./walk_time.ts";
import { WitnessedDevice } from "./witnessed_device.ts";

const TARGET_NAME = "iqn.2026-03.com.example:walk";
const ISID = Uint8Array.of(0x80, 1, 2, 3, 4, 5);
/** Nothing that a session is asked for, nor any stream, takes longer. */
const LONGEST_MS = 200_000;
const CONNECT_MS = 60_000;
/** Lines of a report. */
const LINES = 60;

/** What a walk came across. */
export interface WalkSummary {
  readonly commands: number;
  readonly successes: number;
  readonly sessions: number;
  readonly pdus: number;
  /** How often something failed with each class of error. */
  readonly errors: Readonly<Record<string, number>>;
}

class SessionWalk {
  readonly #random: Random;
  readonly #settings: WalkSettings;
  readonly #time = new WalkTime();
  readonly #record: WalkRecord;
  readonly #judge: CommandJudge;
  readonly #devices: readonly WitnessedDevice[];
  readonly #events: TargetEvent[] = [];
  readonly #witnesses: ProtocolWitness[] = [];
  readonly #isCalm: boolean;
  readonly #commands: CommandSteps;
  readonly #requests: RequestSteps;
  readonly #faults: FaultSteps;
  #target: LoopbackTarget | undefined;
  #session: Session | undefined;
  #sessions = 0;

  constructor(seed: number, level?: ErrorRecoveryLevel) {
    this.#random = new Random(seed);
    this.#settings = drawSettings(this.#random, level);
    this.#isCalm = this.#random.below(3) > 0;
    this.#devices = Array.from({ length: LUNS }, () => new WitnessedDevice(this.#time.clock));
    this.#record = new WalkRecord(this.#settings, this.#time);
    this.#judge = new CommandJudge(this.#record, this.#devices);
    const parts: WalkParts = {
      random: this.#random,
      settings: this.#settings,
      time: this.#time,
      record: this.#record,
      judge: this.#judge,
      isCalm: this.#isCalm,
      session: () => this.#session!,
      sessions: () => this.#sessions,
      target: () => this.#target!,
    };
    this.#commands = new CommandSteps(parts);
    this.#requests = new RequestSteps(parts);
    this.#faults = new FaultSteps(parts);
  }

  async run(steps: number): Promise<WalkSummary> {
    const { problems, commands, errors } = this.#record;
    const { offers, chap, limits, network, faults, statusInDataIn, initialStatSn } = this.#settings;
    this.#target = await loopbackTarget({
      targetName: TARGET_NAME,
      units: this.#devices.map((device, lun) => ({ lun, device })),
      clock: this.#time.clock,
      negotiation: offers,
      chap,
      onEvent: (event) => void this.#events.push(event),
      ...{ limits, network, faults, statusInDataIn, initialStatSn },
    });
    try {
      await this.#connect();
      for (let step = 0; step < steps && problems.length === 0; step++) await this.#step();
      if (problems.length === 0) await this.#finish();
    } finally {
      this.#session?.close();
      for (const wire of this.#time.wires) wire.cut();
      await this.#target.close();
    }
    if (problems.length === 0) this.#verify();
    assert.ok(problems.length === 0, problems.slice(0, 6).join("\n"));
    const successes = commands.filter(({ error }) => error === undefined).length;
    const pdus = this.#witnesses.reduce((sum, { pdus }) => sum + pdus, 0);
    return { commands: commands.length, successes, sessions: this.#sessions, pdus, errors };
  }

  /** For people: the settings, what was done, and what went over the wire last. */
  report(): string {
    return [
      JSON.stringify(this.#settings),
      ...this.#record.trace.slice(-LINES),
      ...(this.#witnesses.at(-1)?.trace.slice(-LINES) ?? []),
    ].join("\n");
  }

  readonly #dial: Dialer = async (address, options) => {
    const wire = new FrailWire(await this.#target!.dial(address, options), this.#time.clock);
    this.#time.wires.push(wire);
    return wire;
  };

  async #connect(): Promise<void> {
    this.#sessions++;
    // deno-lint-ignore prefer-const -- the witness is there before it
    let session: Session | undefined;
    const witness = new ProtocolWitness(() => session?.parameters);
    this.#witnesses.push(witness);
    const promise = Session.connect({
      portal: "simulator",
      targetName: TARGET_NAME,
      initiatorName: "iqn.2026-03.com.example:walker",
      dial: this.#dial,
      clock: this.#time.clock,
      isid: ISID,
      randomBytes: (length) => new Uint8Array(length).fill(7),
      logger: this.#logger(),
      ...this.#settings.session,
      hooks: {
        pdu: witness.see,
        connectionChanged: ({ cid, to, error = "" }) => {
          this.#record.note(`connection ${cid} ${to} ${error}`);
          if (to !== "up" && to !== "draining") witness.gone(cid);
        },
      },
    });
    session = await this.#time.settle(promise, "connect", CONNECT_MS);
    this.#session = session;
  }

  /** An error in the log is one of our own, in a hook for instance. */
  #logger(): Logger {
    const ignored = () => {};
    return {
      debug: ignored,
      info: ignored,
      warn: ignored,
      error: (message: string, properties?: Record<string, unknown>) =>
        void this.#record.problems.push(`${message} ${properties?.error}`),
    } as Logger;
  }

  async #close(): Promise<void> {
    const drainMs = pick(this.#random, [0, 0, 100, 2000]);
    this.#record.note(`close ${drainMs}`);
    const { wires } = this.#time;
    const delayMs = Math.max(0, ...wires.map((wire) => wire.readDelayMs + wire.writeDelayMs));
    const withinMs = drainMs + this.#settings.abortTimeoutMs + delayMs + 10;
    await this.#time.settle(this.#session!.close({ drainMs }), "close", withinMs);
    await this.#time.quiet();
    this.#record.checkAllSettled();
    if (wires.some(({ isClosed }) => !isClosed)) {
      this.#record.problems.push("a socket is left open");
    }
    wires.length = 0;
  }

  async #reconnect(): Promise<void> {
    await this.#close();
    await this.#connect();
  }

  /** Another login with the same names, while the session lives. */
  async #reinstate(): Promise<void> {
    const old = this.#session!;
    this.#record.note("reinstate");
    await this.#connect();
    const withinMs = this.#settings.abortTimeoutMs + 20_000;
    await this.#time.settle(old.close(), "close of a session that was reinstated", withinMs);
  }

  async #step(): Promise<void> {
    if (this.#session!.closed) await this.#reconnect();
    const random = this.#random;
    if (this.#isCalm && random.below(5) === 0) {
      await this.#time.pass(pick(random, [0, 10, 100, 1000]));
    } else {
      await this.#act(random.below(this.#isCalm && random.below(4) > 0 ? 58 : 100));
    }
    this.#check();
  }

  async #act(dice: number): Promise<void> {
    const random = this.#random;
    if (dice < 50) this.#commands.execute();
    else if (dice < 58) this.#commands.stream();
    else if (dice < 64) this.#requests.manage();
    else if (dice < 67) this.#requests.renegotiate();
    else if (dice < 70) this.#requests.text();
    else if (dice < 72) this.#requests.closeConnection();
    else if (dice < 75) this.#faults.announce();
    else if (dice < 83) this.#faults.strike();
    else if (dice === 83 && random.below(4) === 0) await this.#reconnect();
    else if (dice === 84 && random.below(4) === 0) await this.#reinstate();
    else if (dice < 92) {
      for (let turns = random.below(20); turns > 0; turns--) await this.#time.turn();
    } else if (dice < 96) await this.#time.quiet();
    else await this.#time.pass(pick(random, [1, 20, 500, 3000]));
  }

  #check(): void {
    this.#record.checkTimes();
    for (const { violations } of this.#witnesses) {
      this.#record.problems.push(...violations.splice(0));
    }
    for (const event of this.#events.splice(0)) this.#record.judgeEvent(event);
  }

  /** Some walks let what is under way come to its end first. */
  async #finish(): Promise<void> {
    const { operations } = this.#record;
    if (this.#random.below(3) > 0) {
      for (const wire of this.#time.wires) wire.heal();
      const all = Promise.allSettled([...operations].map(({ promise }) => promise));
      await this.#time.settle(all, "what is under way", LONGEST_MS);
    }
    await this.#close();
    await this.#time.pass(LONGEST_MS);
  }

  #verify(): void {
    this.#check();
    this.#judge.verify();
    const { pending } = this.#time.clock;
    if (pending > 0) this.#record.problems.push(`${pending} timers are left`);
  }
}

/**
 * Walks.
 *
 * @throws {Error} that tells the seed and the way, when a property does not hold.
 */
export async function walkSession(
  seed: number,
  steps: number,
  level?: ErrorRecoveryLevel,
): Promise<WalkSummary> {
  const walk = new SessionWalk(seed, level);
  try {
    return await walk.run(steps);
  } catch (cause) {
    const message = `Seed ${seed}: ${(cause as Error).message}\n${walk.report()}`;
    throw new Error(message, { cause });
  }
}
