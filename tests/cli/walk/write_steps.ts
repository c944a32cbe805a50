/** Commands that write to a tape, held against the model. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import type { ModelObject } from "../../tape/tape_model.ts";
import { sha256 } from "./read_facts.ts";
import { checkReport, countOf, reported, type Transfer } from "./reports.ts";
import { type KnownTape, names, type Outcome, type WalkBench } from "./walk_bench.ts";
import { badObject, movesLater, someFaults } from "./walk_faults.ts";

/** What a file becomes on tape. */
interface PlannedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly objects: readonly ModelObject[];
  readonly paddingBytes: number;
}

const RECORD_BYTES = [1, 2, 7, 100, 512, 1000, 1024, 4096, 65_536, 262_144, 2 ** 21];

/** Of a file. */
const MOST_RECORDS = 1000;

/** A size near to where something may go wrong. */
function fileBytes(bench: WalkBench, known: KnownTape, recordBytes: number): number {
  const { tape: { cartridge: { capacityBytes } }, model } = known;
  if (capacityBytes !== undefined && bench.chance(3)) {
    const { bytes } = countOf(model.objects.slice(0, model.cursor));
    const left = capacityBytes - bytes - bench.random.below(capacityBytes >> 2);
    if (left >= 0 && left < MOST_RECORDS * recordBytes) return left;
  }
  const most = Math.min(bench.one([12, 12, 40]), Math.ceil(3_000_000 / recordBytes));
  const whole = bench.random.below(most) * recordBytes;
  return Math.max(0, whole + bench.one([0, 0, 1, -1, Math.floor(recordBytes / 2)]));
}

function plan(
  name: string,
  bytes: Uint8Array,
  { recordBytes, blockBytes }: { recordBytes: number; blockBytes: number },
): PlannedFile {
  const size = blockBytes === 0 ? recordBytes : blockBytes;
  const objects: ModelObject[] = [];
  let paddingBytes = 0;
  for (let at = 0; at < bytes.length; at += size) {
    const record = bytes.subarray(at, at + size);
    if (blockBytes === 0 || record.length === size) objects.push(record);
    else {
      paddingBytes = size - record.length;
      const padded = new Uint8Array(size);
      padded.set(record);
      objects.push(padded);
    }
  }
  return { name, bytes, objects: [...objects, "filemark"], paddingBytes };
}

/** `tape write`. */
export async function write(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  if (bench.chance(2)) await bench.goSomewhere(known);
  const recordBytes = bench.one(RECORD_BYTES);
  const { blockBytes } = known;
  const isDefault = bench.chance(6);
  const layout = { recordBytes: isDefault ? 262_144 : recordBytes, blockBytes };
  const files: PlannedFile[] = [];
  let stdin: Uint8Array | undefined;
  for (let count = 1 + bench.random.below(bench.one([1, 1, 3])); count > 0; count--) {
    if (stdin === undefined && bench.chance(3)) {
      stdin = bench.bytes(fileBytes(bench, known, recordBytes));
      files.push(plan("-", stdin, layout));
    } else {
      const name = `in${count}`;
      const bytes = await bench.makeFile(name, fileBytes(bench, known, recordBytes));
      files.push(plan(bench.path(name), bytes, layout));
    }
  }
  const manifest = bench.chance(2) ? `manifest${bench.random.below(2)}.json` : undefined;
  const verify = bench.chance(4);
  const args = [
    "write",
    ...files.map(({ name }) => name),
    ...isDefault ? [] : ["-b", String(recordBytes)],
    ...manifest === undefined ? [] : ["--manifest", bench.path(manifest)],
    ...verify ? ["--verify"] : [],
    ...bench.chance(4) ? ["--buffer", bench.one(["1000", "64k", "1m"])] : [],
    ...bench.form(),
  ];
  const faults = someFaults(bench, [known], { source: true, sink: manifest !== undefined });
  const outcome = await bench.run(args, { tape: known, stdin, faults });
  await new WriteCheck(bench, known, files, { outcome, verify, manifest, layout, isDefault }).run();
}

function sum(files: readonly PlannedFile[], of: (file: PlannedFile) => number): number {
  return files.reduce((total, file) => total + of(file), 0);
}

interface WriteFacts {
  readonly outcome: Outcome;
  readonly verify: boolean;
  readonly manifest: string | undefined;
  readonly layout: { readonly recordBytes: number; readonly blockBytes: number };
  readonly isDefault: boolean;
}

class WriteCheck {
  constructor(
    readonly bench: WalkBench,
    readonly known: KnownTape,
    readonly files: readonly PlannedFile[],
    readonly facts: WriteFacts,
  ) {}

  async run(): Promise<void> {
    const { outcome } = this.facts;
    const start = this.known.model.cursor;
    if (outcome.faults.source?.ends && outcome.status === 0) await this.#checkShort(start);
    else if (outcome.status === 0) await this.#checkDone();
    else await this.#checkFailed();
    await this.#checkManifest(start);
  }

  async #checkDone(): Promise<void> {
    const { known, files, facts: { outcome } } = this;
    known.model.write(...files.flatMap(({ objects }) => objects));
    known.isDurable = true;
    await known.check();
    this.#checkCounts(outcome);
  }

  /** The source has ended before its size says. */
  async #checkShort(start: number): Promise<void> {
    const { known } = this;
    const { objects } = known.model;
    await known.learn();
    assert.deepEqual(names(known.model.objects.slice(0, start)), names(objects.slice(0, start)));
    assert.equal(known.model.cursor, known.model.objects.length);
    const marks = known.model.objects.slice(start).filter((object) => object === "filemark");
    assert.equal(marks.length, this.files.length);
  }

  #checkCounts(outcome: Outcome): void {
    const { files, known, facts: { verify, manifest } } = this;
    const paddingBytes = sum(files, (file) => file.paddingBytes);
    const records = sum(files, ({ objects }) => objects.length - 1);
    const bytes = sum(files, (file) => file.bytes.length);
    checkReport(outcome, "written", { records, bytes, filemarks: files.length });
    checkEarlyWarning(outcome, known);
    const { document, errors } = outcome;
    if (document === undefined) {
      assert.equal(/; read back and compared$/m.test(errors), verify);
      return;
    }
    assert.equal(document.written.paddingBytes, paddingBytes);
    assert.equal(document.verified ?? false, verify);
    assert.deepEqual(
      document.files.map((file: Record<string, unknown>) => [
        file.name,
        file.records,
        file.bytes,
        file.paddingBytes,
        file.sha256,
      ]),
      files.map(({ name, objects, bytes, paddingBytes }) => [
        name,
        objects.length - 1,
        bytes.length,
        paddingBytes,
        verify || manifest !== undefined ? sha256([bytes]) : undefined,
      ]),
    );
  }

  async #checkFailed(): Promise<void> {
    const { known, files, facts: { outcome, layout, isDefault } } = this;
    const { capacityBytes, writeProtected, worm } = known.tape.cartridge;
    const isMisfit = layout.blockBytes !== 0 && !isDefault &&
      layout.recordBytes % layout.blockBytes !== 0;
    assert.ok(
      outcome.mayFail || capacityBytes || writeProtected || worm || isMisfit,
      `it should not fail: ${outcome.errors}`,
    );
    const planned = files.flatMap(({ objects }) => objects);
    if (outcome.faults.source?.ends) {
      const { cursor, objects } = known.model;
      await known.learn();
      assert.deepEqual(
        names(known.model.objects.slice(0, cursor)),
        names(objects.slice(0, cursor)),
      );
    } else {
      const { cursor } = known.model;
      const written = await checkPartly(this.bench, known, planned, outcome);
      checkTold(
        outcome,
        "written",
        known,
        planned,
        written,
        sum(files, (file) => file.paddingBytes),
      );
      const bad = badObject(this.bench, outcome.faults, known, "write");
      const isOther = known.tape.isBuffered || capacityBytes || writeProtected || worm || isMisfit;
      if (bad !== undefined && !isOther && written !== undefined) {
        assert.equal(cursor + written, bad, "up to the bad place");
      }
    }
    checkPlace(outcome, known);
  }

  async #checkManifest(start: number): Promise<void> {
    const { bench, known, facts: { manifest, outcome } } = this;
    if (manifest === undefined) return;
    const old = bench.files.get(manifest);
    const bytes = await readFile(bench.path(manifest)).catch(() => undefined);
    const kept = /^The manifest has what is whole on the tape: (\d+) files?$/m.exec(outcome.errors);
    if (bytes === undefined) {
      assert.equal(kept, null, "there is no manifest");
      assert.ok(old === undefined && outcome.status !== 0, "the manifest is gone");
      return;
    }
    bench.files.set(manifest, new Uint8Array(bytes));
    if (kept !== null) assert.equal(JSON.parse(bytes.toString()).files.length, Number(kept[1]));
    const isOld = old !== undefined && Buffer.compare(old, bytes) === 0;
    if (outcome.status !== 0 && kept === null && isOld) return;
    // A disk that is full holds no whole text.
    if (outcome.faults.sink !== undefined && outcome.status !== 0) return;
    assert.ok(bytes.length > 0, "an empty manifest");
    const listed = JSON.parse(bytes.toString()).files;
    if (outcome.status === 0) assert.equal(listed.length, this.files.length);
    let place = start;
    for (const file of listed) {
      assert.equal(file.position, place);
      const end = known.model.objects.indexOf("filemark", place);
      assert.ok(end >= 0, "a file of the manifest is not on the tape");
      const records = known.model.objects.slice(place, end) as Uint8Array[];
      assert.equal(file.records, records.length);
      assert.equal(file.paddedSha256 ?? file.sha256, sha256(records));
      place = end + 1;
    }
  }
}

/**
 * The tape has what it had, and then the beginning of what was to be written; how many objects of that, or `undefined` where the tape had them before.
 */
export async function checkPartly(
  bench: WalkBench,
  known: KnownTape,
  planned: readonly ModelObject[],
  outcome: Outcome,
): Promise<number | undefined> {
  const { objects: old, cursor } = known.model;
  const before = names(old);
  if (known.wasDurable && bench.chance(3)) await known.losePower();
  else await known.learn();
  const found = names(known.model.objects);
  assert.deepEqual(found.slice(0, cursor), before.slice(0, cursor), "what was there before");
  const wanted = names(planned);
  let written = 0;
  while (written < wanted.length && found[cursor + written] === wanted[written]) written++;
  if (found.join() === before.join() && written > 0) return undefined;
  if (found.length === cursor + written) return written;
  // Of what is lost from a buffer, some may be missing in the middle.
  if (known.tape.isBuffered && outcome.faults.tapes.length > 0) return written;
  assert.deepEqual(found, before, `neither the old tape nor the new one: ${outcome.errors}`);
  return 0;
}

const BEFORE =
  /^Before that: (up to )?(\d+) records?, (\d+) bytes?[ ,](?:[^;\n]*; (none of that is|all of that is|\d+ of these records are) certainly)?/m;
const INTERRUPTED =
  /^tape: Interrupted: (\d+) records?, (\d+) bytes?[ ,].* (?:and (\d+|one) filemarks?\b|(written, no filemark)$)/m;

const GIVEN_UP = /^tape: Interrupted: the command was given up/m;

/** The end of the tape was near, or was not, and that is told. */
function checkEarlyWarning({ document, errors }: Outcome, { tape, model }: KnownTape): void {
  const isTold = /^tape: warning: early warning: /m.test(errors);
  if (document !== undefined) assert.equal(document.earlyWarning, isTold, "early warning");
  const { capacityBytes } = tape.cartridge;
  if (capacityBytes === undefined) return assert.equal(isTold, false, "no end is near");
  const { bytes } = countOf(model.objects.slice(0, model.cursor));
  if (capacityBytes - bytes <= Math.floor(capacityBytes / 4)) assert.ok(isTold, "the end is near");
}

/** What a failure says of what was written is so. `written` objects of `planned` are on the tape. */
export function checkTold(
  outcome: Outcome,
  transfer: Transfer,
  { blockBytes }: KnownTape,
  planned: readonly ModelObject[],
  written: number | undefined,
  /** Of the files, when all of them are written. */
  paddingBytes = 0,
): void {
  if (written === undefined) return;
  const { errors } = outcome;
  const done = reported(outcome, transfer);
  if (done !== undefined) {
    const { bytes, ...counts } = countOf(planned.slice(0, written));
    return assert.deepEqual(done, { ...counts, bytes: bytes - paddingBytes });
  }
  const onTape = planned.slice(0, written).filter((object) => object !== "filemark").length;
  const interrupted = INTERRUPTED.exec(errors);
  const [, upTo, told, bytes, certainly] = BEFORE.exec(errors) ?? [];
  const records = planned.filter((object) => object !== "filemark") as Uint8Array[];
  const bytesOf = (count: number) =>
    records.slice(0, count).reduce((sum, { length }) => sum + length, 0);
  if (interrupted !== null && !/ read$/m.test(errors)) {
    assert.equal(Number(interrupted[1]), onTape, "records told of an interrupted transfer");
    const [, , , marks, noMark] = interrupted;
    const told = noMark ? 0 : marks === "one" ? 1 : Number(marks ?? NaN);
    assert.equal(told, written - onTape, "filemarks told of an interrupted transfer");
    return;
  }
  if (told === undefined) {
    // Of several blocks in one WRITE some may have come to the tape.
    const isTold = GIVEN_UP.test(errors);
    const isOneWrite = onTape <= 1 || blockBytes !== 0;
    assert.ok(isTold || isOneWrite, `nothing told of ${onTape} records`);
    return;
  }
  assert.ok(Number(bytes) <= bytesOf(Number(told)), "bytes told");
  if (upTo === undefined) {
    assert.equal(Number(told), onTape, "records told");
    return;
  }
  const certain = certainly === "none of that is"
    ? 0
    : certainly === "all of that is"
    ? Number(told)
    : parseInt(certainly);
  assert.ok(onTape >= certain, `${certain} records certainly on the tape, which has ${onTape}`);
}

/** Where a failure says that the tape stands, it does. */
export function checkPlace(outcome: Outcome, known: KnownTape, name = "The tape"): void {
  const [, block, file] =
    new RegExp(`^${name} stands: At block (\\d+)(?: \\(file (\\d+))?`, "m").exec(outcome.errors) ??
      [];
  if (block === undefined || movesLater(outcome.faults)) return;
  assert.equal(known.stood, Number(block), "where the tape stands");
  if (file !== undefined) assert.equal(Number(file), known.stoodInFile, "its file");
}

/** `tape weof`, `tape erase`. */
export async function weofOrErase(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  if (bench.chance(2)) await bench.goSomewhere(known);
  const isErase = bench.chance(3);
  const isConfirmed = !isErase || !bench.chance(4);
  const count = 1 + bench.random.below(3);
  const args = isErase
    ? ["erase", ...isConfirmed ? ["--yes"] : [], ...bench.form()]
    : ["weof", String(count), ...bench.form()];
  const planned = isErase ? [] : Array.from({ length: count }, () => "filemark" as const);
  const outcome = await bench.run(args, { tape: known, faults: someFaults(bench, [known]) });
  if (!isConfirmed) {
    assert.equal(outcome.status, 1);
    return await known.check();
  }
  if (outcome.status === 0) {
    known.model.write(...planned);
    known.isDurable = true;
    await known.check();
    if (outcome.document === undefined) return;
    if (isErase) assert.deepEqual(outcome.document, { erased: true, long: false });
    else {
      assert.equal(outcome.document.filemarks, count);
      checkEarlyWarning(outcome, known);
    }
    return;
  }
  const { capacityBytes, writeProtected, worm } = known.tape.cartridge;
  assert.ok(outcome.mayFail || capacityBytes || writeProtected || worm, outcome.errors);
  await checkPartly(bench, known, planned, outcome);
  checkPlace(outcome, known);
}
