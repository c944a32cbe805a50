/**
 * A random use of a library, of its changer and its drives, while connections fail, others move cartridges too, and the
 * library errs: what is told is what happened, nothing is moved twice, and every tape holds what was written to it.
 */

import assert from "node:assert/strict";
import { openChanger } from "../../../open_changer.ts";
import type { Inventory } from "../../../changer/inventory.ts";
import type { MediaChanger } from "../../../changer/media_changer.ts";
import { type LoopbackTarget, loopbackTarget } from "../../../sim/target/loopback_target.ts";
import type { Dialer } from "../../../transport/byte_stream.ts";
import { transportFailure } from "../../../transport/errors.ts";
import { WalkTime } from "../../iscsi/walk/walk_time.ts";
import { Random } from "../../scsi/random.ts";
import { CallerKnowledge } from "./caller_knowledge.ts";
import { CountedWire } from "./counted_wire.ts";
import { type Disturbance, Disturbances } from "./disturbances.ts";
import { checkComplete, checkInventory } from "./inventory_check.ts";
import { drawSetting } from "./library_setting.ts";
import { MoveSteps, type Plan } from "./move_steps.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { OtherSteps } from "./other_steps.ts";
import { TapeSteps } from "./tape_steps.ts";
import { WalkLibrary } from "./walk_library.ts";
import { LONGEST_MS, type WalkParts } from "./walk_parts.ts";

const NAME = "iqn.2026-03.com.example:library";
const LINES = 30;

/** What a walk came across. */
export type WalkSummary = Readonly<Record<string, number>>;

class LibraryWalk {
  readonly #parts: WalkParts;
  readonly #disturbances: Disturbances;
  readonly #moves: MoveSteps;
  readonly #others: OtherSteps;
  readonly #tapes: TapeSteps;
  readonly #summary: Record<string, number> = {};
  #target: LoopbackTarget | undefined;
  #changer: MediaChanger | undefined;

  constructor(seed: number) {
    const random = new Random(seed);
    const time = new WalkTime();
    this.#parts = {
      random,
      time,
      library: new WalkLibrary(random, drawSetting(random)),
      trace: [],
      network: { refusals: 0 },
      target: () => this.#target!,
      connection: {
        dial: this.#dial,
        clock: time.clock,
        initiatorName: "iqn.2026-03.com.example:walker",
        randomBytes: (length) => random.bytes(length),
      },
      news: new CallerKnowledge(),
    };
    this.#disturbances = new Disturbances(this.#parts);
    this.#tapes = new TapeSteps(this.#parts);
    this.#moves = new MoveSteps(this.#parts, this.#tapes);
    this.#others = new OtherSteps(this.#parts);
  }

  async run(steps: number): Promise<WalkSummary> {
    const { library, time } = this.#parts;
    this.#target = await loopbackTarget({ ...library.targets(NAME), clock: time.clock });
    try {
      await this.#open();
      for (let step = 0; step < steps; step++) await this.#step();
      await this.#finish();
    } finally {
      for (const wire of time.wires) wire.cut();
      await this.#changer?.close();
      await this.#target.close();
    }
    return this.#summary;
  }

  report(): string {
    const { trace, library } = this.#parts;
    const { cartridges, ...setting } = library.setting;
    const labels = cartridges.map(({ barcode }) => barcode);
    return [JSON.stringify({ ...setting, labels }), ...trace.slice(-LINES)].join("\n");
  }

  readonly #dial: Dialer = async (address, options) => {
    const { network, time } = this.#parts;
    if (network.refusals-- > 0) throw transportFailure({ op: "dial", reason: "refused" });
    const stream = await this.#target!.dial(address, options);
    const wire = new CountedWire(stream, time.clock, () => network.fault);
    time.wires.push(wire);
    return wire;
  };

  async #open(): Promise<void> {
    const { connection, time } = this.#parts;
    const opening = openChanger(this.#target!.urls[0], {
      ...connection,
      sleep: time.clock.sleep,
    });
    this.#changer = await time.settle(opening, "openChanger", LONGEST_MS);
  }

  async #step(): Promise<void> {
    const { random } = this.#parts;
    const dice = random.below(100);
    if (dice < 45) await this.#carryOut(this.#moves.plan(this.#changer!));
    else if (dice < 65) await this.#carryOut(this.#others.plan(this.#changer!));
    else if (dice < 80) await this.#tapes.step();
    else if (dice < 98) this.#others.happen();
    else await this.#reopen();
    this.#tapes.check();
    const { wires } = this.#parts.time;
    wires.splice(0, wires.length, ...wires.filter(({ isClosed }) => !isClosed));
  }

  async #carryOut(plan: Plan): Promise<void> {
    const { random, library, trace, news } = this.#parts;
    const ways = plan.move?.ways ?? [];
    const isMistaken = news.isMistaken(library, ways.map(([from]) => from));
    const mayHaveChanged = news.isUntold || news.isPending ||
      (news.isDoubted && !news.isSure(library, ways.map(([from]) => from)));
    const begin = library.log.length;
    trace.push(plan.text);
    const disturbance = random.below(2) === 0 ? this.#disturbances.arm() : undefined;
    const beside = random.below(6) === 0 ? this.#readBeside() : undefined;
    beside?.catch(() => {}); // It is heard below.
    const { outcome, result } = await this.#outcome(plan.run(disturbance?.signal), disturbance);
    await beside;
    const commands = library.log.slice(begin);
    this.#moves.judge(plan, outcome, commands, disturbance, isMistaken && !beside);
    if (outcome === "done" && !beside) plan.check?.(result, disturbance);
    for (const way of ways) {
      if (outcome === "done") news.follow(way[0], way[1]);
      else way.forEach((address) => news.forget(address));
    }
    if (disturbance !== undefined || beside) news.doubt();
    else if (outcome === "done" && commands.length > 0) news.isLockDoubted = false;
    if (outcome === "inventory-changed") news.tell();
    else if (isCalm(disturbance)) {
      const isTold = mayHaveChanged && plan.move !== undefined;
      const expected = isTold ? [...plan.expected, "inventory-changed"] : plan.expected;
      assert.ok(expected.includes(outcome), `${plan.text}: ${outcome}, expected ${expected}`);
    }
    this.#disturbances.end();
    if (disturbance !== undefined && random.below(4) > 0) await this.#look();
  }

  async #outcome(
    promise: Promise<unknown>,
    disturbance: Disturbance | undefined,
  ): Promise<{ readonly outcome: Outcome; readonly result?: unknown }> {
    const { time, trace } = this.#parts;
    let result: unknown;
    let error: unknown;
    try {
      result = await time.settle(promise, "an operation", LONGEST_MS);
    } catch (thrown) {
      error = thrown;
    }
    const outcome = outcomeOf(error, disturbance);
    trace.push(`  ${outcome}${error ? `: ${(error as Error).message}` : ""}`);
    this.#summary[outcome] = (this.#summary[outcome] ?? 0) + 1;
    return { outcome, result };
  }

  /** Something else at the same time, which nobody calls off. */
  async #readBeside(): Promise<true> {
    const { trace, library, news } = this.#parts;
    trace.push("  and an inventory beside it");
    const before = library.cartridges().length;
    const { outcome, result } = await this.#outcome(this.#changer!.inventory(), undefined);
    if (outcome === "done") {
      checkComplete(result as Inventory, library, before);
      news.tell();
    }
    return true;
  }

  /** What is where, undisturbed. */
  async #look(): Promise<void> {
    const { library, time, news } = this.#parts;
    const reading = this.#changer!.inventory();
    checkInventory(await time.settle(reading, "inventory", LONGEST_MS), library);
    news.isLockDoubted = false;
    news.tell(library);
  }

  /** Closes the changer, perhaps in the middle of something, and opens it again. */
  async #reopen(): Promise<void> {
    const { random, time, trace, news, library } = this.#parts;
    const plan = random.below(2) === 0 ? this.#moves.plan(this.#changer!) : undefined;
    trace.push(`reopen${plan ? ` amid ${plan.text}` : ""}`);
    const begin = library.log.length;
    const running = plan?.run();
    running?.catch(() => {}); // It is heard below.
    for (let turns = plan ? random.below(40) : 0; turns > 0; turns--) await time.turn();
    await time.settle(this.#changer!.close(), "close", LONGEST_MS);
    if (plan !== undefined) {
      const { outcome } = await this.#outcome(running!, undefined);
      const commands = library.log.slice(begin);
      this.#moves.judge(plan, outcome, commands, CLOSING, false);
    }
    news.isLocked = false;
    await this.#open();
    news.tell();
  }

  /** Nothing is left behind. */
  async #finish(): Promise<void> {
    const { time } = this.#parts;
    await this.#look();
    await this.#tapes.close();
    await time.settle(this.#changer!.close(), "close", LONGEST_MS);
    await time.quiet();
    assert.ok(time.wires.every(({ isClosed }) => isClosed), "a socket is left open");
    await time.settle(this.#target!.close(), "the target's end", LONGEST_MS);
    assert.equal(time.clock.pending, 0, "timers are left");
  }
}

/** Whether nothing has come in between. */
function isCalm(disturbance: Disturbance | undefined): boolean {
  if (disturbance === undefined) return true;
  const { hasStruck, isLossy, reason } = disturbance;
  return !hasStruck && !isLossy && reason === undefined;
}

/** What an operation meets when the changer is closed. */
const CLOSING: Disturbance = {
  name: "close",
  isLossy: true,
  isChange: false,
  hasStruck: true,
};

/**
 * Walks.
 *
 * @throws {Error} that tells the seed and the way, when a property does not hold.
 */
export async function walkLibrary(seed: number, steps: number): Promise<WalkSummary> {
  const walk = new LibraryWalk(seed);
  try {
    return await walk.run(steps);
  } catch (cause) {
    const message = `Seed ${seed}: ${(cause as Error).message}\n${walk.report()}`;
    throw new Error(message, { cause });
  }
}
