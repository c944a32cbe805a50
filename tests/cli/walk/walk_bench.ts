/** What the steps of a walk share: two tapes, a folder of files, a model of both, and a way to run a command. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Devices } from "../../../cli/device/devices.ts";
import { run } from "../../../cli/run.ts";
import type { Random } from "../../scsi/random.ts";
import { type ModelObject, TapeModel } from "../../tape/tape_model.ts";
import { patternBytes } from "../memory_host.ts";
import { filesIn, type HostFaults, WalkHost } from "./walk_host.ts";
import { DAMAGED, SECRET, type TapeFault, type WalkTape } from "./walk_tape.ts";

/** A tape and what is known of it. */
export class KnownTape {
  readonly tape: WalkTape;
  readonly model: TapeModel = new TapeModel();
  /** 0 for variable. */
  blockBytes = 0;
  /** Where the tape stood when a command had ended. */
  stood = 0;
  /** The number of its file. */
  stoodInFile = 0;
  /** Whether everything on the tape outlasts a loss of power. */
  isDurable = true;
  /** The same, before the last command. */
  wasDurable = true;

  constructor(tape: WalkTape) {
    this.tape = tape;
  }

  /** The model is what is there. */
  async learn(): Promise<void> {
    const { objects, at } = await this.tape.look();
    this.model.objects = objects;
    this.model.cursor = at;
    this.#note(objects, at);
  }

  /** The drive loses its power, and the model is what is there then. */
  async losePower(): Promise<void> {
    await this.learn();
    const { stood, stoodInFile } = this;
    this.tape.losePower();
    await this.learn();
    this.stood = stood;
    this.stoodInFile = stoodInFile;
    this.isDurable = true;
  }

  /** What is there is what the model says. */
  async check(): Promise<void> {
    const { objects, at } = await this.tape.look();
    assert.deepEqual(names(objects), names(this.model.objects), "what is on the tape");
    assert.equal(at, this.model.cursor, "where the tape stands");
    this.#note(objects, at);
  }

  #note(objects: readonly ModelObject[], at: number): void {
    this.stood = at;
    this.stoodInFile = fileAt(objects, at);
  }
}

/** What goes wrong while a command runs. */
export interface Faults extends HostFaults {
  readonly tapes: readonly { readonly tape: number; readonly fault: TapeFault }[];
}

/** How a command ended. */
export interface Outcome {
  readonly line: string;
  readonly status: number;
  readonly host: WalkHost;
  readonly output: string;
  readonly errors: string;
  /** The document on standard output, where one was asked for. */
  // deno-lint-ignore no-explicit-any -- whatever the command prints
  readonly document: any;
  /** Whether something of the faults may have struck. */
  readonly mayFail: boolean;
  readonly faults: Faults;
}

/** What tells that a tape may stand elsewhere. */
export const DOUBTED = / should stand[: ]/;

const NO_FAULTS: Faults = { tapes: [] };

/** Neither a simulated drive nor a model ever changes a record. */
const digests = new WeakMap<Uint8Array, string>();

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** Short names of objects, which are compared fast and read well. */
export function names(objects: readonly ModelObject[]): string[] {
  return objects.map((object) => {
    if (object === "filemark") return object;
    if (object === DAMAGED) return "damaged";
    let digest = digests.get(object);
    if (digest === undefined) digests.set(object, digest = md5(object));
    return `${object.length}:${digest}`;
  });
}

/** The number of the file that an object lies in. */
export function fileAt(objects: readonly ModelObject[], place: number): number {
  return objects.slice(0, place).filter((object) => object === "filemark").length;
}

export class WalkBench {
  readonly random: Random;
  readonly folder: string;
  readonly tapes: readonly KnownTape[];
  readonly trace: string[] = [];
  failures = 0;
  /** What the files of the folder hold, those of tapes left out. */
  readonly files: Map<string, Uint8Array> = new Map();
  #contents = 0;

  constructor(random: Random, folder: string, tapes: readonly KnownTape[]) {
    this.random = random;
    this.folder = folder;
    this.tapes = tapes;
  }

  one<T>(values: readonly T[]): T {
    return values[this.random.below(values.length)];
  }

  chance(oneIn: number): boolean {
    return this.random.below(oneIn) === 0;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Mostly somewhere else than where the last command has left it, which is the end of the data after a write. */
  async goSomewhere(known: KnownTape): Promise<void> {
    if (this.chance(4)) return;
    const { model } = known;
    const place = this.chance(3) ? 0 : this.random.below(model.objects.length + 1);
    if (place === model.cursor) return;
    const outcome = await this.run(["seek", String(place)], { tape: known });
    assert.equal(outcome.status, 0, outcome.errors);
    model.cursor = place;
    await known.check();
  }

  /** A drive may have something to tell first that it had put off. */
  async askBlockSize(known: KnownTape): Promise<void> {
    for (let tries = 0; tries < 3; tries++) {
      const { status, document } = await this.run(["status", "--json"], { tape: known });
      if (status !== 0) continue;
      known.blockBytes = document.status.blockBytes;
      return await known.learn();
    }
    assert.fail("the drive does not tell how it is");
  }

  /** Bytes unlike any others. */
  bytes(length: number): Uint8Array {
    return patternBytes(length, ++this.#contents);
  }

  /** A file with new contents. */
  async makeFile(name: string, length: number): Promise<Uint8Array> {
    const bytes = this.bytes(length);
    await this.putFile(name, bytes);
    return bytes;
  }

  async putFile(name: string, bytes: Uint8Array): Promise<void> {
    await writeFile(this.path(name), bytes);
    this.files.set(name, bytes);
  }

  /** Often the result as a document, and else for people. */
  form(): string[] {
    return this.chance(3) ? [] : ["--json"];
  }

  /** What was called done is still there when the power fails. */
  async testPower(known: KnownTape): Promise<void> {
    const { isDurable, blockBytes } = known;
    const before = names(known.model.objects);
    this.trace.push(`${known.tape.kind}${this.tapes.indexOf(known)} loses its power`);
    await known.losePower();
    if (isDurable) assert.deepEqual(names(known.model.objects), before, "what outlasts the power");
    if (blockBytes !== 0) await this.askBlockSize(known);
  }

  /** Runs a command, and holds it to what every command owes. */
  async run(
    args: readonly string[],
    options: { tape?: KnownTape; stdin?: Uint8Array; faults?: Faults } = {},
  ): Promise<Outcome> {
    const { tape = this.tapes[0], stdin = new Uint8Array(0), faults = NO_FAULTS } = options;
    const line = args.join(" ").replaceAll(this.folder, "");
    const { tapes, ...rest } = faults;
    const told = tapes.length + Object.keys(rest).length > 0 ? ` * ${JSON.stringify(faults)}` : "";
    this.trace.push(
      `${tape.tape.kind}${this.tapes.indexOf(tape)}@${tape.model.cursor} ${line}${told}`,
    );
    const pieces = [1 + this.random.below(3000), 1 + this.random.below(100_000)];
    const host = new WalkHost(stdin, pieces, faults);
    for (const each of faults.tapes) this.tapes[each.tape].tape.arm(each.fault);
    for (const each of this.tapes) each.tape.onCommand = () => host.happens();
    for (const each of this.tapes) each.wasDurable = each.isDurable;
    const status = await run(["-f", tape.tape.address, ...args], host, { devices: this.#devices });
    for (const each of this.tapes) {
      each.tape.onCommand = () => {};
      each.tape.disarm();
    }
    this.trace.push(
      `  = ${status} ${
        host.errors.trim().replaceAll(this.folder, "").replaceAll("\n", " | ").slice(0, 400)
      }`,
    );
    if (status !== 0) this.failures++;
    const outcome = this.#judge(line, status, host, { faults, isJson: args.includes("--json") });
    // What it could not finish may lie in a buffer.
    if (status !== 0 && outcome.mayFail) { for (const each of this.tapes) each.isDurable = false; }
    return outcome;
  }

  #judge(
    line: string,
    status: number,
    host: WalkHost,
    { faults, isJson }: { faults: Faults; isJson: boolean },
  ): Outcome {
    const { errors, output } = host;
    const everything = errors + output;
    assert.ok([0, 1, 2].includes(status), `status ${status}`);
    assert.doesNotMatch(errors, /\n\s+at /, "a stack trace");
    assert.doesNotMatch(errors, /not expected|undefined|NaN|\[object/);
    assert.ok(!everything.includes(SECRET), "a secret");
    assert.equal(host.listeners, 0, "listeners");
    assert.equal(host.open, 0, "open files");
    for (const { tape } of this.tapes) assert.equal(tape.sessions, 0, "open sessions");
    const failure = /^tape: (?!warning: )(.*)$/m.exec(errors)?.[1];
    assert.equal(failure !== undefined, status !== 0, `status ${status}, and: ${errors}`);
    assert.equal(/^tape --help, and /m.test(errors), status === 1, `status ${status}: ${errors}`);
    const isWhole = isJson && (faults.output === undefined || status === 0);
    const document = isWhole ? JSON.parse(output) : undefined;
    const told = /stands: At block (\d+)/.exec(errors)?.[1];
    if (document?.error !== undefined) {
      const { message, position, advice } = document.error;
      assert.equal(message.split("\n")[0], failure, "the message in the document");
      for (const each of advice) assert.ok(errors.includes(each), "the advice in the document");
      if (told !== undefined && !line.startsWith("copy")) {
        assert.equal(position?.object, Number(told), "the position in the document");
      }
    }
    assert.ok(
      !DOUBTED.test(errors) || faults.tapes.length > 0,
      `a doubt without a reason: ${errors}`,
    );
    const mayFail = faults.tapes.length > 0 || host.interruptions > 0 ||
      faults.output !== undefined || faults.sink !== undefined || faults.source !== undefined;
    return { line, status, host, output, errors, document, mayFail, faults };
  }

  /** No other file was changed, and none is left behind. */
  async checkFiles(): Promise<void> {
    const found = await filesIn(this.folder);
    const tapes = this.tapes.flatMap(({ tape: { kind, address } }) =>
      kind === "image" ? [basename(address.slice("sim:".length))] : []
    );
    for (const name of tapes) {
      assert.ok(found.delete(name), `${name} is gone`);
      assert.ok(found.delete(`${name}.json`), `${name}.json is gone`);
      found.delete(`${name}.index`);
    }
    assert.deepEqual([...found.keys()].sort(), [...this.files.keys()].sort(), "files");
    for (const [name, bytes] of found) {
      assert.equal(Buffer.compare(bytes, this.files.get(name)!), 0, `${name} was changed`);
    }
  }

  readonly #devices: Devices = {
    openTape: (address, options) => {
      const known = this.tapes.find(({ tape }) => tape.address === address);
      assert.ok(known, address);
      return known.tape.open(options);
    },
    openChanger: () => assert.fail(),
    findLibraryDrives: () => assert.fail(),
    listUnits: () => assert.fail(),
    serve: () => assert.fail(),
  };
}
