/** Moves, and whether what they say is what happened. */

import assert from "node:assert/strict";
import type { Place } from "../../../changer/inventory.ts";
import type { MediaChanger } from "../../../changer/media_changer.ts";
import type { Disturbance } from "./disturbances.ts";
import { ElementNumbers } from "./element_numbers.ts";
import { pick } from "./library_setting.ts";
import type { ElementFacts } from "./odd_status.ts";
import type { Outcome } from "./outcome.ts";
import type { TapeSteps } from "./tape_steps.ts";
import { EXCHANGE_MEDIUM, MOVE_MEDIUM, OTHER_HOST, type Witnessed } from "./walk_library.ts";
import type { WalkParts } from "./walk_parts.ts";

/** Something to do, and how it ends when nothing comes in between. */
export interface Plan {
  readonly text: string;
  readonly expected: readonly Outcome[];
  readonly run: (signal?: AbortSignal) => Promise<unknown>;
  /** Whether what it resolved to is right. */
  // deno-lint-ignore no-explicit-any -- each plan knows what it resolves to
  readonly check?: (result: any, disturbance: Disturbance | undefined) => void;
  /** Absent when nothing is to be moved. */
  readonly move?: Move;
  /** Address of an empty drive that is to be unloaded: what somebody brings there meanwhile goes where it came from. */
  readonly emptyDrive?: number;
  /** What is brought to one drive after another, and back. */
  readonly probe?: { readonly slot: number; readonly drives: readonly number[] };
}

/** A command that moves something. */
export interface Move {
  readonly cdb: readonly number[];
  /** Which way each cartridge goes, by address, in the order in which they do. */
  readonly ways: readonly (readonly [from: number, to: number])[];
}

/** After these nothing was moved. */
const UNMOVED: ReadonlySet<Outcome> = new Set([
  "busy",
  "closed",
  "drive-holds-medium",
  "element-empty",
  "element-full",
  "illegal-request",
  "invalid-argument",
  "invalid-element",
  "inventory-changed",
  "lost",
  "magazine-not-accessible",
  "not-ready",
  "removal-prevented",
  "reservation-conflict",
  "tape",
  "unit-attention",
  "unsupported",
]);

export class MoveSteps {
  readonly #parts: WalkParts;
  readonly #tapes: TapeSteps;

  constructor(parts: WalkParts, tapes: TapeSteps) {
    this.#parts = parts;
    this.#tapes = tapes;
  }

  plan(changer: MediaChanger): Plan {
    const dice = this.#parts.random.below(10);
    if (dice < 4) return this.#load(changer);
    if (dice < 7) return this.#unload(changer);
    return dice < 9 ? this.#transfer(changer) : this.#exchange(changer);
  }

  /** Holds what was moved to what the caller was told. */
  judge(
    { move, expected, text, emptyDrive, probe }: Plan,
    outcome: Outcome,
    commands: readonly Witnessed[],
    disturbance: Disturbance | undefined,
    wasMistaken: boolean,
  ): void {
    const made = commands.filter(({ opcode, nexus, executed }) =>
      executed && nexus !== OTHER_HOST && (opcode === MOVE_MEDIUM || opcode === EXCHANGE_MEDIUM)
    );
    if (probe !== undefined) return judgeProbe(probe, made, outcome);
    assert.ok(made.length <= 1, `${text}: ${made.length} moves were made`);
    if (emptyDrive !== undefined && disturbance?.isChange) {
      return made.forEach(({ cdb }) => assert.equal((cdb[4] << 8) | cdb[5], emptyDrive, text));
    }
    if (UNMOVED.has(outcome)) assert.equal(made.length, 0, `${text}: ${outcome}, and it was moved`);
    if (move === undefined) return assert.equal(made.length, 0, `${text} moved something`);
    for (const { cdb } of made) {
      assert.deepEqual([...cdb.subarray(0, move.cdb.length)], move.cdb, text);
    }
    if (outcome === "done") assert.equal(made.length, 1, `${text}: done, and nothing was moved`);
    if (wasMistaken) assert.equal(made.length, 0, `${text}: moved though things had changed`);
    if (outcome === "outcome-unknown") {
      const isOpen = disturbance?.isLossy || disturbance?.means === "outcome-unknown";
      assert.ok(isOpen, `${text}: there was an answer`);
    }
    const means = disturbance?.means;
    if (means === "done") assert.equal(outcome, "done", text);
    else if (means !== undefined && means !== "again") assert.equal(outcome, means, text);
    else if (!wasMistaken && means === "again") {
      assert.ok([...expected, "inventory-changed"].includes(outcome), outcome);
    }
  }

  #load(changer: MediaChanger): Plan {
    const numbers = this.#numbers();
    const slot = this.#slot(numbers, true);
    const drive = this.#drive(numbers, false);
    return {
      text: `load ${slot} ${drive}`,
      expected: [this.#expectMove(numbers, slot, { drive })],
      move: this.#way(numbers, slot, { drive }),
      run: (signal) => changer.load(slot, drive, { signal }),
    };
  }

  #unload(changer: MediaChanger): Plan {
    const numbers = this.#numbers();
    const drive = this.#drive(numbers, true);
    const named = this.#parts.random.below(2) === 0 ? this.#slot(numbers, false) : undefined;
    const { unloadDrive, note } = this.#unloading([drive], numbers);
    const to = named ?? this.#home(numbers, drive);
    const isGone = numbers.drives[drive] === undefined;
    const expected = typeof to === "string"
      ? to
      : isGone
      ? "invalid-element"
      : this.#expectMove(numbers, { drive }, to, unloadDrive !== undefined);
    return {
      text: `unload ${drive} ${named ?? ""}${note}`,
      expected: this.#orTape([expected], [drive], unloadDrive !== undefined),
      ...(typeof to === "number" && { move: this.#way(numbers, { drive }, to) }),
      ...(to === "element-empty" && { emptyDrive: numbers.drives[drive].address }),
      run: (signal) => changer.unload(drive, named, { signal, unloadDrive }),
    };
  }

  #transfer(changer: MediaChanger): Plan {
    const numbers = this.#numbers();
    const [from, to] = [this.#place(numbers, true), this.#place(numbers, false)];
    const drives = typeof from === "number" ? [] : [from.drive];
    const { unloadDrive, note } = this.#unloading(drives, numbers);
    const isUnloading = unloadDrive !== undefined;
    return {
      text: `transfer ${text(from)} ${text(to)}${note}`,
      expected: this.#orTape(
        [this.#expectMove(numbers, from, to, isUnloading)],
        drives,
        isUnloading,
      ),
      move: this.#way(numbers, from, to),
      run: (signal) => changer.transfer(from, to, { signal, unloadDrive }),
    };
  }

  #exchange(changer: MediaChanger): Plan {
    const numbers = this.#numbers();
    const [from, to] = [this.#place(numbers, true), this.#place(numbers, true)];
    const then = this.#parts.random.below(2) === 0 ? from : this.#place(numbers, false);
    const drives = [from, to].flatMap((place) => typeof place === "number" ? [] : [place.drive]);
    const { unloadDrive, note } = this.#unloading(drives, numbers);
    const isUnloading = unloadDrive !== undefined;
    const expected = this.#expectExchange(numbers, [from, to, then], isUnloading);
    const addresses = [from, to, then].map((place) => numbers.place(place)?.address ?? 0);
    const [source, first, second] = addresses;
    return {
      text: `exchange ${text(from)} ${text(to)} ${text(then)}${note}`,
      expected: this.#orTape([expected], drives, isUnloading),
      move: {
        cdb: [EXCHANGE_MEDIUM, 0, 0, 0, ...addresses.flatMap(bytesOf), 0, 0],
        ways: [[first, second], [source, first]],
      },
      run: (signal) => changer.exchange(from, to, then, { signal, unloadDrive }),
    };
  }

  /** A drive that cleans itself, or may not give its cartridge up, is the tape layer's to tell of. */
  #orTape(expected: Outcome[], drives: readonly number[], isUnloading: boolean): Outcome[] {
    if (!isUnloading) return expected;
    const isStubborn = drives.some((drive) => {
      const held = this.#parts.library.library.drives[drive];
      return held?.removalPrevented || held?.cartridge?.cleaning || this.#tapes.isStale(drive);
    });
    return isStubborn ? [...expected, "tape", "drive-holds-medium"] : expected;
  }

  #expectMove(numbers: ElementNumbers, from: Place, to: Place, isUnloading = false): Outcome {
    const source = numbers.place(from);
    const destination = numbers.place(to);
    if (source === undefined || destination === undefined) return "invalid-element";
    if (isUnloading) {
      const missing = missingEnd([source], [destination]);
      if (missing !== undefined) return missing;
    }
    const refused = this.#refusal(source, isUnloading) ?? this.#shut(destination);
    if (refused !== undefined) return refused;
    if (source.address === destination.address) return "done";
    return destination.full ? "element-full" : "done";
  }

  #expectExchange(
    numbers: ElementNumbers,
    places: readonly Place[],
    isUnloading: boolean,
  ): Outcome {
    const [source, first, second] = places.map((place) => numbers.place(place));
    if (source === undefined || first === undefined || second === undefined) {
      return "invalid-element";
    }
    const isSwap = source.address === second.address;
    if (isUnloading) {
      const missing = missingEnd([source, first], isSwap ? [] : [second]);
      if (missing !== undefined) return missing;
    }
    if (source.address === first.address) return "invalid-element";
    const refused = this.#refusal(source, isUnloading) ?? this.#refusal(first, isUnloading) ??
      this.#shut(second);
    if (refused !== undefined) return refused;
    return second.full && !isSwap ? "element-full" : "done";
  }

  /** Why the arm cannot take a cartridge. */
  #refusal({ address, type, full }: ElementFacts, isUnloading: boolean): Outcome | undefined {
    const { library } = this.#parts;
    if (!full) return "element-empty";
    if (type === "drive") {
      const drive = library.library.drives[address - library.setting.addresses.drive];
      if (drive.removalPrevented) return "removal-prevented";
      if (library.setting.requireUnload && drive.holdsFast && !isUnloading) {
        return "drive-holds-medium";
      }
    }
    return library.isOpen(address) ? "magazine-not-accessible" : undefined;
  }

  #shut({ address }: ElementFacts): Outcome | undefined {
    return this.#parts.library.isOpen(address) ? "magazine-not-accessible" : undefined;
  }

  /** The slot that the cartridge of a drive came from, as far as the library tells; or why there is none. */
  #home(numbers: ElementNumbers, drive: number): number | string {
    const element = numbers.drives[drive];
    if (element === undefined) return "invalid-element";
    const { oddities } = this.#parts.library.setting;
    const isTold = oddities === undefined || oddities.tellsSources;
    const slot = isTold && element.full ? numbers.numberAt(element.source) : undefined;
    return slot ?? (element.full ? "invalid-argument" : "element-empty");
  }

  #unloading(
    drives: readonly number[],
    numbers: ElementNumbers,
  ): { readonly unloadDrive?: () => Promise<void>; readonly note: string } {
    const known = drives.filter((drive) => numbers.drives[drive] !== undefined);
    if (known.length === 0 || this.#parts.random.below(2) === 0) return { note: "" };
    const unloadDrive = async () => {
      for (const drive of known) {
        const unloadable = this.#tapes.unloader(drive);
        await (typeof unloadable === "function" ? unloadable() : unloadable.unload());
      }
    };
    return { unloadDrive, note: " with unloading" };
  }

  #way(numbers: ElementNumbers, from: Place, to: Place): Move {
    const way = [numbers.place(from)?.address ?? 0, numbers.place(to)?.address ?? 0] as const;
    const cdb = [MOVE_MEDIUM, 0, 0, 0, ...way.flatMap(bytesOf), 0, 0, 0, 0];
    return { cdb, ways: [way] };
  }

  #numbers(): ElementNumbers {
    return new ElementNumbers(this.#parts.library);
  }

  /** Rather one that there is, and rather a full one, or an empty one. */
  #slot({ slots }: ElementNumbers, isFull: boolean): number {
    const { news } = this.#parts;
    const suspect = slots.findIndex(({ address }) => isFull && address === news.suspect);
    news.suspect = undefined;
    if (suspect >= 0) return 1 + suspect;
    return 1 + this.#index(slots, isFull);
  }

  #drive({ drives }: ElementNumbers, isFull: boolean): number {
    return this.#index(drives, isFull);
  }

  #index(elements: readonly ElementFacts[], isFull: boolean): number {
    const { random } = this.#parts;
    const fitting = elements.flatMap(({ full }, i) => full === isFull ? [i] : []);
    if (fitting.length > 0 && random.below(4) > 0) return pick(random, fitting.slice(0, 14));
    return random.below(20) === 0 ? elements.length : random.below(Math.min(elements.length, 14));
  }

  #place(numbers: ElementNumbers, isFull: boolean): Place {
    const isDrive = this.#parts.random.below(3) === 0;
    return isDrive ? { drive: this.#drive(numbers, isFull) } : this.#slot(numbers, isFull);
  }
}

/** To a drive and back, each of them once; after an error the last cartridge may not have come back. */
function judgeProbe(
  { slot, drives }: NonNullable<Plan["probe"]>,
  made: readonly Witnessed[],
  outcome: Outcome,
): void {
  const left = new Set(drives);
  made.forEach(({ cdb, opcode }, index) => {
    const [from, to] = [(cdb[4] << 8) | cdb[5], (cdb[6] << 8) | cdb[7]];
    const isBack = index % 2 === 1;
    assert.equal(opcode, MOVE_MEDIUM);
    assert.equal(isBack ? to : from, slot, "the slot of the probe");
    if (isBack) assert.equal(from, (made[index - 1].cdb[6] << 8) | made[index - 1].cdb[7]);
    else assert.ok(left.delete(to), `drive at ${to} is probed`);
  });
  if (outcome === "done") assert.equal(made.length % 2, 0, "the cartridge is not brought back");
}

function missingEnd(
  full: readonly ElementFacts[],
  empty: readonly ElementFacts[],
): Outcome | undefined {
  if (full.some((element) => !element.full)) return "element-empty";
  return empty.some((element) => element.full) ? "element-full" : undefined;
}

function bytesOf(address: number): number[] {
  return [address >> 8, address & 0xff];
}

function text(place: Place): string {
  return typeof place === "number" ? `${place}` : `d${place.drive}`;
}
