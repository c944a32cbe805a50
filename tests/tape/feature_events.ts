/** What may go wrong in a walk over the features of a drive, and what others may do to it meanwhile. */

import type { Medium } from "../../sim/tape/medium.ts";
import type { Nexus, TaskResult } from "../../sim/device_server.ts";
import { FeatureKeys } from "./feature_keys.ts";
import { newCartridge, type Theme } from "./feature_setting.ts";
import type { FeatureUse } from "./feature_use.ts";
import { answerWrongly } from "./wrong_answers.ts";

/** What another host does concerns these. */
const SHARED: readonly Theme[] = ["exchange", "exclusive", "fixed"];

/** These may happen between any two commands of an operation. */
const AMID: ReadonlySet<string> = new Set([
  ...["reset", "powerCycle", "exchange", "otherUnloads", "preempt", "preemptAndRewind"],
  ...["otherSetsBlockSize", "otherReserves", "otherRegisters", "otherSetsKey", "otherClearsKey"],
]);

const OTHER: Nexus = { initiatorName: "iqn.test:other", isid: "000000000001" };
const NO_KEY = new Uint8Array(8);
const OTHER_KEY = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0xff);
const OUR_KEY = Uint8Array.of(0x75, 0x69, 0x73, 0x63, 0x73, 0x69, 0x00, 0x01);

export class FeatureEvents {
  /** The cartridge that was there before somebody changed it, until the driver has told of that. */
  removed: Medium | undefined;
  /** Commands that had been executed when something last happened to drive or tape. */
  #executedBefore = -1;
  readonly #walk: FeatureUse;
  readonly #names: string[];
  #isHeld = false;
  /** How much has happened. */
  count = 0;
  /** Whether the reservation was taken away, and nobody was told. */
  isPreempted = false;

  constructor(walk: FeatureUse) {
    this.#walk = walk;
    const { trouble, themes } = walk.setting;
    // Whoever comes next is told what could not be written to the tape.
    const isKeyShared = themes.has("encryption") && !themes.has("bad-blocks");
    const isShared = SHARED.some((theme) => themes.has(theme));
    this.#names = [];
    if (trouble === "link" || trouble === "link-and-reset") {
      this.#names.push("cut", "cut", "lie", "timeout", "timeout");
    }
    if (trouble === "link-and-reset") {
      this.#names.push("reset", "resetWhileLost", "powerCycleWhileLost", "powerCycle");
    }
    if (trouble === "reset") this.#names.push("reset", "powerCycle");
    if (trouble === "answers") this.#names.push("answer");
    else if (isShared || themes.has("reserved") || isKeyShared) {
      walk.sim.nexusEstablished(OTHER);
      if (isKeyShared) this.#names.push("otherSetsKey", "otherClearsKey");
      if (themes.has("reserved")) this.#names.push("otherReserves", "otherRegisters");
      if (themes.has("exchange")) this.#names.push("exchange", "otherUnloads", "exchangeWhileLost");
      if (themes.has("exclusive")) this.#names.push("preempt", "preemptAndRewind");
      if (themes.has("fixed")) this.#names.push("otherSetsBlockSize");
    }
    if (themes.has("bad-blocks")) this.#names.push("badBlock", "badBlock");
  }

  /** Whether something has happened to drive or tape of which nobody can have heard yet. */
  get isUnheard(): boolean {
    return this.#walk.link.executed === this.#executedBefore;
  }

  /** Whether the tape may stand elsewhere without the driver's doing. */
  get isMovedByOthers(): boolean {
    const { trouble, themes } = this.#walk.setting;
    return trouble.includes("reset") || SHARED.some((theme) => themes.has(theme));
  }

  happen(): void {
    if (this.#names.length === 0 || this.#isHeld) return;
    const { random } = this.#walk;
    const name = this.#names[random.below(this.#names.length)];
    const act = () => {
      this.#walk.note(`* ${name}`);
      this.#cause(name);
      if (AMID.has(name) && name !== "otherRegisters") {
        this.#executedBefore = this.#walk.link.executed;
      }
    };
    if (!AMID.has(name) || random.below(2) === 0) return act();
    this.#walk.link.interruption = { left: 1 + random.below(12), act };
  }

  /** Nobody does anything from here on. */
  calmDown(): void {
    this.#names.length = 0;
    this.release();
    this.#walk.sim.clearBadBlocks();
  }

  #cause(name: string): void {
    const { link, sim, random } = this.#walk;
    this.count++;
    switch (name) {
      case "cut":
        link.left = 1 + random.below(12);
        return;
      case "timeout":
        link.untilTimeout = 1 + random.below(12);
        return;
      case "lie":
        link.lie = 1 + random.below(20) - 10;
        return;
      case "reset":
        return sim.reset();
      case "resetWhileLost":
        link.cut();
        link.meanwhile = 3;
        return sim.reset();
      case "powerCycle":
        return sim.powerCycle();
      case "powerCycleWhileLost":
        link.cut();
        link.meanwhile = 0;
        return sim.powerCycle();
      case "answer":
        return this.#inject();
      case "badBlock":
        return this.#badBlock();
      case "exchange":
        return this.#exchange();
      case "exchangeWhileLost":
        link.cut();
        return this.#exchange();
      case "otherSetsKey":
      case "otherClearsKey":
        return this.#setKey(name === "otherSetsKey");
      case "otherUnloads":
        this.#asOther(Uint8Array.of(0x1b, 0, 0, 0, 0, 0));
        return;
      case "otherSetsBlockSize":
        return this.#setBlockSize([0, 20, 30][random.below(3)]);
      case "otherRegisters":
        this.#reserve(0x06, NO_KEY, OTHER_KEY);
        return;
      case "otherReserves":
        return this.#holdForAWhile();
      case "preempt":
        return this.#preempt(false);
      case "preemptAndRewind":
        return this.#preempt(true);
    }
  }

  #inject(): void {
    const { random, sim, setting } = this.#walk;
    answerWrongly(sim, random, {
      // Of a write that was good and whose place was not told, the error says that it is written.
      toPosition: setting.writeBehind === 0,
      // An answer that tells of a bad block must not be lost.
      mayExecute: !this.#walk.has("bad-blocks"),
    });
  }

  #badBlock(): void {
    const { random, sim, model } = this.#walk;
    const object = Math.max(0, model.cursor + random.below(8) - 3);
    sim.addBadBlock({
      partition: model.current,
      object,
      on: random.below(2) === 0 ? "read" : "write",
      times: 1 + random.below(2),
    });
  }

  /** Another cartridge with something on it. */
  #exchange(): void {
    const walk = this.#walk;
    const old = walk.sim.eject();
    this.removed ??= old;
    const medium = newCartridge(walk.setting, walk.cartridges++);
    for (let left = walk.random.below(6); left > 0; left--) {
      medium.partitions[0].appendRecord(walk.random.bytes(20));
    }
    walk.sim.insert(medium);
  }

  #setKey(isKey: boolean): void {
    const page = FeatureKeys.pageOfOther(isKey);
    this.#asOther(Uint8Array.of(0xb5, 0x20, 0, 0x10, 0, 0, 0, 0, 0, page.length, 0, 0), page);
  }

  #setBlockSize(bytes: number): void {
    const list = Uint8Array.of(0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 0, bytes);
    this.#asOther(Uint8Array.of(0x15, 0x10, 0, 0, list.length, 0), list);
  }

  /** Another host has the drive for itself for some commands. */
  #holdForAWhile(): void {
    const { link, random } = this.#walk;
    this.#reserve(0x06, NO_KEY, OTHER_KEY);
    this.#reserve(0x01, OTHER_KEY, NO_KEY);
    this.#isHeld = true;
    link.interruption = { left: 1 + random.below(8), act: () => this.release() };
  }

  /** Nobody has the drive for himself any more. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#reserve(0x02, OTHER_KEY, NO_KEY);
    this.#reserve(0x06, NO_KEY, NO_KEY);
  }

  #preempt(moves: boolean): void {
    this.#reserve(0x06, NO_KEY, OTHER_KEY);
    // Refused where we are not registered.
    const status = this.#reserve(0x04, OTHER_KEY, OUR_KEY);
    this.isPreempted ||= status === 0;
    if (moves) this.#asOther(Uint8Array.of(0x01, 0, 0, 0, 0, 0));
    this.#reserve(0x02, OTHER_KEY, NO_KEY);
    this.#reserve(0x06, NO_KEY, NO_KEY);
  }

  #reserve(action: number, key: Uint8Array, actionKey: Uint8Array): number {
    const list = new Uint8Array(24);
    list.set(key);
    list.set(actionKey, 8);
    return this.#asOther(Uint8Array.of(0x5f, action, 0x03, 0, 0, 0, 0, 0, 24, 0), list);
  }

  /** As another host, which has heard all that the drive has to say first. */
  #asOther(cdb: Uint8Array, dataOut = new Uint8Array(0)): number {
    for (let tries = 0;; tries++) {
      const task = { cdb, dataOut, nexus: OTHER };
      const { status, sense } = this.#walk.sim.execute(task) as TaskResult;
      if (status !== 2 || (sense![2] & 0x0f) !== 6 || tries > 10) return status;
    }
  }
}
