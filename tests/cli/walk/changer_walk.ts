/** Random commands to a library and its drives, held against a model: which label is where, and what its tape holds. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { run } from "../../../cli/run.ts";
import { encodeSense } from "../../../scsi/sense.ts";
import { SimulatedLibrary } from "../../../sim/mod.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { Random } from "../../scsi/random.ts";
import { MemoryHost, patternBytes } from "../memory_host.ts";
import { SimDevices } from "../sim_devices.ts";

const CHANGER = "iscsi://library/iqn.2026-03.com.example:library/0";
const [SLOTS, DRIVES] = [5, 2];
const LABELS = ["A00001L8", "A00002L8", "A00003L8", "A00004L8"];
const [MOVE_MEDIUM, EXCHANGE_MEDIUM, READ_ELEMENT_STATUS] = [0xa5, 0xa6, 0xb8];

/** What a command may end with that was carried out: a HARDWARE ERROR that came of it, or an ABORTED COMMAND. */
const LATE_SENSES = [
  { key: 4, asc: 0x15, ascq: 1 },
  { key: 0x0b, asc: 0x44, ascq: 0 },
] as const;
/** NOT READY, ILLEGAL REQUEST and UNIT ATTENTION say that the command was not. */
const SENSES = [
  ...LATE_SENSES,
  { key: 2, asc: 4, ascq: 1 },
  { key: 5, asc: 0x3b, ascq: 0x0d },
  { key: 6, asc: 0x29, ascq: 0 },
  { key: 6, asc: 0x28, ascq: 1 },
] as const;

/** `1` is a slot, `d0` a drive. */
type PlaceName = string;

class ChangerWalk {
  readonly trace: string[] = [];
  failures = 0;
  readonly #random: Random;
  readonly #library: SimulatedLibrary;
  readonly #devices: SimDevices;
  readonly #needsUnload: boolean;
  readonly #places = new Map<PlaceName, string>();
  /** The slot that the cartridge of a drive came from, as the library tells. */
  readonly #sources = new Map<PlaceName, PlaceName>();
  readonly #tapes = new Map<string, Uint8Array>();
  #contents = 0;
  #strike: ((opcode: number) => "before" | "behind" | undefined) | undefined;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#needsUnload = this.#random.below(2) === 0;
    this.#library = new SimulatedLibrary({
      slots: SLOTS - 1,
      importExport: 1,
      drives: DRIVES,
      cartridges: LABELS.map((barcode) => ({ barcode })),
      requireUnload: this.#needsUnload,
    });
    LABELS.forEach((label, index) => this.#places.set(String(index + 1), label));
    this.#devices = new SimDevices(new SimulatedDrive());
    this.#devices.library = this.#library;
    this.#breakable();
  }

  async step(): Promise<void> {
    const steps = [this.#load, this.#load, this.#unload, this.#transfer, this.#exchange, this.#use];
    await steps[this.#random.below(steps.length)].call(this);
    await this.#check();
  }

  /** The library is as the model is, and has every cartridge once. */
  async #check(): Promise<void> {
    assert.deepEqual([...await this.#look()].sort(), [...this.#places].sort());
  }

  async #look(): Promise<Map<PlaceName, string>> {
    const { host } = await this.#run(["changer", "status", "--json"], { isSafe: true });
    const found = new Map<PlaceName, string>();
    const { slots, drives } = JSON.parse(host.output);
    for (const { number, full, barcode } of slots) if (full) found.set(String(number), barcode);
    this.#sources.clear();
    for (const { number, full, barcode, sourceSlot } of drives) {
      if (!full) continue;
      found.set(`d${number}`, barcode);
      if (sourceSlot !== undefined) this.#sources.set(`d${number}`, String(sourceSlot));
    }
    assert.deepEqual([...found.values()].sort(), LABELS, "a cartridge is gone");
    return found;
  }

  async #load(): Promise<void> {
    const drive = this.#random.below(DRIVES + 1);
    const isLabelled = this.#random.below(2) === 0;
    const label = this.#one([...LABELS, "B00001L8"]);
    const from = isLabelled
      ? [...this.#places].find(([, other]) => other === label)?.[0]
      : String(1 + this.#random.below(SLOTS + 1));
    const args = ["changer", "load", ...isLabelled ? ["--barcode", label] : [from!]];
    const to = `d${drive}`;
    if (from === to) return await this.#expectAlready([...args, String(drive)]);
    await this.#expectMove([...args, String(drive)], from, to);
  }

  async #expectAlready(args: string[]): Promise<void> {
    const { status, mayFail, host } = await this.#run(args);
    if (status !== 0) assert.ok(mayFail, host.errors);
  }

  async #unload(): Promise<void> {
    const drive = this.#random.below(DRIVES);
    const from = `d${drive}`;
    const isNamed = this.#random.below(2) === 0;
    const slot = String(1 + this.#random.below(SLOTS + 1));
    const to = isNamed ? slot : this.#sources.get(from);
    const where = isNamed ? [slot, String(drive)] : ["--drive", String(drive)];
    await this.#expectMove(["changer", "unload", ...where, ...this.#ejection(from)], from, to);
  }

  async #transfer(): Promise<void> {
    const [from, to] = [this.#place(), this.#place()];
    const ejects = from.startsWith("d") ? this.#ejection(from) : [];
    await this.#expectMove(["changer", "transfer", from, to, ...ejects], from, to);
  }

  #ejection(drive: PlaceName): string[] {
    return this.#needsUnload ? ["--eject", `sim:${drive.slice(1)}`] : [];
  }

  /** The second cartridge goes to where the first one was, or to a third place. */
  async #exchange(): Promise<void> {
    const [from, to, third] = [this.#place(), this.#place(), this.#place()];
    const then = this.#random.below(2) === 0 ? from : third;
    const args = ["changer", "exchange", from, to, ...then === from ? [] : [then]];
    const [first, second] = [this.#places.get(from), this.#places.get(to)];
    const { status, host } = await this.#run(args);
    if (status !== 0) return await this.#learn();
    assert.ok(first !== undefined && second !== undefined, host.errors);
    this.#places.delete(from);
    this.#places.set(to, first);
    this.#places.set(then, second);
  }

  async #expectMove(
    args: string[],
    from: PlaceName | undefined,
    to: PlaceName | undefined,
  ): Promise<void> {
    const label = from === undefined ? undefined : this.#places.get(from);
    const isPossible = label !== undefined && to !== undefined && this.#exists(to) &&
      !this.#places.has(to);
    const isBlocked = this.#needsUnload && from?.startsWith("d") && !args.includes("--eject");
    const { status, host, mayFail } = await this.#run([...args, "--json"]);
    if (status === 0) {
      assert.ok(isPossible || from === to, `it should not go: ${host.output}`);
      this.#places.delete(from!);
      this.#places.set(to!, label!);
      const document = JSON.parse(host.output);
      assert.equal(document.moved, true);
      assert.equal(document.barcode, label, "the label that it tells of");
      assert.equal(placeText(document.from), from);
      assert.equal(placeText(document.to), to);
      return;
    }
    assert.ok(!isPossible || isBlocked || mayFail, `it should go: ${host.errors}`);
    if (mayFail) await this.#learn();
  }

  /** Writes a tape that is in a drive anew, or reads it. */
  async #use(): Promise<void> {
    const drive = this.#random.below(DRIVES);
    const label = this.#places.get(`d${drive}`);
    const device = `sim:${drive}`;
    const bytes = label === undefined ? undefined : this.#tapes.get(label);
    const load = await this.#run(["load"], { device, isSafe: true });
    if (label === undefined) {
      assert.equal(load.status, 2);
      return;
    }
    if (bytes === undefined || this.#random.below(2) === 0) {
      const written = patternBytes(1 + this.#random.below(3000), ++this.#contents);
      await this.#run(["rewind"], { device, isSafe: true });
      const { status, host } = await this.#run(["write", "in", "-b", "1k"], {
        device,
        isSafe: true,
        files: { in: written },
      });
      assert.equal(status, 0, host.errors);
      this.#tapes.set(label, written);
    } else {
      await this.#run(["rewind"], { device, isSafe: true });
      const { status, host } = await this.#run(["read", "-"], { device, isSafe: true });
      assert.equal(status, 0, host.errors);
      assert.equal(Buffer.compare(host.stdout.bytes, bytes), 0, `what ${label} holds`);
    }
  }

  async #learn(): Promise<void> {
    const found = await this.#look();
    this.#places.clear();
    for (const [place, label] of found) this.#places.set(place, label);
  }

  async #run(
    args: readonly string[],
    options: { device?: string; isSafe?: boolean; files?: Record<string, Uint8Array> } = {},
  ): Promise<{ status: number; host: MemoryHost; mayFail: boolean }> {
    const { device = CHANGER, isSafe = false, files = {} } = options;
    const host = new MemoryHost({ files });
    // What is waited for, is there at once; what must not come too early, never comes.
    host.sleep = (milliseconds) => milliseconds < 1000 ? Promise.resolve() : new Promise(() => {});
    const mayFail = !isSafe && this.#random.below(3) === 0;
    if (mayFail) this.#arm(host);
    const status = await run(["-f", device, ...args], host, { devices: this.#devices });
    this.#strike = undefined;
    this.trace.push(`${args.join(" ")}${mayFail ? " *" : ""} = ${status} ${host.errors.trim()}`);
    if (status !== 0) this.failures++;
    assert.doesNotMatch(host.errors, /\n\s+at |not expected|undefined|NaN|\[object/);
    assert.equal(/^tape: (?!warning)/m.test(host.errors), status !== 0, host.errors);
    assert.equal(host.listeners, 0);
    return { status, host, mayFail };
  }

  /** One of the commands to the changer is answered otherwise, or SIGINT comes with it. */
  #arm(host: MemoryHost): void {
    const opcode = this.#one([MOVE_MEDIUM, MOVE_MEDIUM, EXCHANGE_MEDIUM, READ_ELEMENT_STATUS]);
    let left = 1 + this.#random.below(2);
    const kind = this.#one(["before", "behind", "interrupt", "interrupt twice"] as const);
    this.#strike = (each) => {
      if (each !== opcode || --left !== 0) return undefined;
      if (kind === "before" || kind === "behind") return kind;
      host.interrupt();
      if (kind === "interrupt twice") host.interrupt();
    };
  }

  #breakable(): void {
    const { changer } = this.#library;
    const execute = changer.execute.bind(changer);
    changer.execute = (task) => {
      const when = this.#strike?.(task.cdb[0]);
      if (when === undefined) return execute(task);
      if (when === "behind") execute(task);
      const senses = when === "behind" ? LATE_SENSES : SENSES;
      return { status: 2, sense: encodeSense(this.#one(senses)) };
    };
  }

  #exists(place: PlaceName): boolean {
    const number = Number(place.replace("d", ""));
    return place.startsWith("d") ? number < DRIVES : number >= 1 && number <= SLOTS;
  }

  #place(): PlaceName {
    return this.#random.below(3) === 0
      ? `d${this.#random.below(DRIVES + 1)}`
      : String(1 + this.#random.below(SLOTS + 1));
  }

  #one<T>(values: readonly T[]): T {
    return values[this.#random.below(values.length)];
  }
}

function placeText(place: number | { readonly drive: number }): PlaceName {
  return typeof place === "number" ? String(place) : `d${place.drive}`;
}

/** Runs so many steps; an error names the seed and what was done last. Gives how many commands failed as they should. */
export async function walkChanger(seed: number, steps: number): Promise<number> {
  const walk = new ChangerWalk(seed);
  try {
    for (let step = 0; step < steps; step++) await walk.step();
    return walk.failures;
  } catch (cause) {
    throw new Error(`SEED=${seed}\n${walk.trace.slice(-10).join("\n")}`, { cause });
  }
}
