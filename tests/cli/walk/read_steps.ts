/** `tape read`, held against the model. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { concat, isPlain, keepFile } from "./read_facts.ts";
import { checkReport, countOf, reported } from "./reports.ts";
import { DOUBTED, type KnownTape, names, type Outcome, type WalkBench } from "./walk_bench.ts";
import { badObject, someFaults } from "./walk_faults.ts";
import { checkPlace } from "./write_steps.ts";

const BEFORE = /^Before that: (\d+) records?, (\d+) bytes?[ ,]/m;
const INTERRUPTED = /^tape: Interrupted: (\d+) records?, (\d+) bytes?[ ,]/m;

/** `tape read`. */
export async function read(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  await bench.goSomewhere(known);
  const toStdout = bench.chance(3);
  const name = `out${bench.random.below(2)}`;
  const count = bench.chance(3) ? 1 + bench.random.below(6) : Infinity;
  const skips = bench.chance(5);
  const isJson = !toStdout && bench.chance(2);
  const args = [
    "read",
    toStdout ? bench.one(["-", "-"]) : bench.path(name),
    ...bench.chance(2) ? ["-b", bench.one(["1", "100", "512", "64k", "1m"])] : [],
    ...bench.chance(2) ? ["--read-ahead", bench.one(["0", "1", "4", "16"])] : [],
    ...count === Infinity ? [] : ["--count", String(count)],
    ...skips ? ["--skip-errors"] : [],
    ...isJson ? ["--json"] : [],
  ];
  const { cursor, objects } = known.model;
  const rest = objects.slice(cursor);
  const mark = rest.indexOf("filemark");
  const file = mark < 0 ? rest : rest.slice(0, mark);
  const records = file.slice(0, count) as Uint8Array[];
  const endedBy = file.length >= count ? "count" : mark < 0 ? "end-of-data" : "filemark";
  const plain = isPlain(known, cursor);

  const outcome = await bench.run(args, {
    tape: known,
    faults: someFaults(bench, [known], { sink: true, skips }),
  });
  const bytes = toStdout
    ? outcome.host.stdout.bytes
    : new Uint8Array(await readFile(bench.path(name)).catch(() => new Uint8Array(0)));
  const old = toStdout ? undefined : bench.files.get(name);
  if (!toStdout) await keepFile(bench, name);

  const bad = badObject(bench, outcome.faults, known, "read");
  const isBad = bad !== undefined && plain && bad >= cursor && bad - cursor < file.length &&
    bad - cursor < count;
  if (isBad && skips) {
    assert.equal(outcome.status, 0, outcome.errors);
    const rest = file.toSpliced(bad - cursor, 1) as Uint8Array[];
    const endsByCount = rest.length >= count;
    const passed = endsByCount ? count + 1 : file.length + (mark < 0 ? 0 : 1);
    const kept = rest.slice(0, count);
    assert.equal(Buffer.compare(bytes, concat(kept)), 0, "what was read around a bad place");
    known.model.cursor += passed;
    const end = endsByCount ? "count" : mark < 0 ? "end-of-data" : "filemark";
    checkRead(outcome, { records: kept, endedBy: end, unreadable: [bad] });
    return await known.check();
  }
  if (isBad && !skips) {
    assert.equal(outcome.status, 2, "a bad place was read");
    const kept = concat(records.slice(0, bad - cursor));
    if (kept.length > 0) assert.equal(Buffer.compare(bytes, kept), 0, "what came before");
  }
  if (outcome.status === 0) {
    if (skips && (outcome.mayFail || !plain)) return await known.learn();
    assert.ok(plain || count < file.length || isPlain(known, 0) || mark >= 0);
    assert.equal(Buffer.compare(bytes, concat(records)), 0, "what was read");
    known.model.cursor += records.length + (endedBy === "filemark" ? 1 : 0);
    await known.check();
    return checkRead(outcome, { records, endedBy, unreadable: skips ? [] : undefined });
  }
  assert.ok(outcome.mayFail || !plain, `it should not fail: ${outcome.errors}`);
  await known.learn();
  assert.deepEqual(names(known.model.objects), names(objects), "reading changed the tape");
  checkPlace(outcome, known);
  if (!skips) checkKept(outcome, { bytes, old, records, cursor, known });
}

/** What the command says of all that it has read. */
function checkRead(
  outcome: Outcome,
  { records, endedBy, unreadable }: {
    readonly records: readonly Uint8Array[];
    readonly endedBy: string;
    /** `undefined` where bad places were not to be left out. */
    readonly unreadable: readonly number[] | undefined;
  },
): void {
  const { records: count, bytes } = countOf(records);
  checkReport(outcome, "read", { records: count, bytes });
  const { document, errors } = outcome;
  const note = count === 0 ? "nothing was read" : "no filemark follows";
  const told = /^End of data: (.*)$/m.exec(errors)?.[1];
  assert.equal(told, endedBy === "end-of-data" ? note : undefined, "what is told of the end");
  const left = [...errors.matchAll(/^Left out block (\d+): /gm)].map(([, block]) => Number(block));
  assert.deepEqual(left, unreadable ?? []);
  if (document === undefined) return;
  assert.equal(document.endedBy, endedBy);
  const numbers = document.unreadable?.map((each: { object: number }) => each.object);
  assert.deepEqual(numbers, unreadable);
}

interface Kept {
  readonly bytes: Uint8Array;
  /** What the file had before. */
  readonly old: Uint8Array | undefined;
  readonly records: readonly Uint8Array[];
  readonly cursor: number;
  readonly known: KnownTape;
}

/** A file that was not read to its end has its beginning, and as much of it as is told. */
function checkKept(outcome: Outcome, { bytes, old, records, cursor, known }: Kept): void {
  const { errors } = outcome;
  const done = reported(outcome, "read");
  const [, told, toldBytes] = INTERRUPTED.exec(errors) ?? BEFORE.exec(errors) ??
    (done && [, done.records, done.bytes]) ?? [];
  const isOld = old !== undefined && Buffer.compare(bytes, old) === 0;
  if (told === undefined) {
    if (isOld) return;
    assert.ok(
      bytes.length <= (records[0]?.length ?? 0),
      `more was read than told: ${bytes.length}`,
    );
  }
  const all = concat(records);
  assert.equal(Buffer.compare(bytes, all.subarray(0, bytes.length)), 0, "what was read");
  let whole = 0;
  let wholeBytes = 0;
  while (whole < records.length && wholeBytes + records[whole].length <= bytes.length) {
    wholeBytes += records[whole++].length;
  }
  assert.deepEqual(
    [Number(told ?? 0), Number(toldBytes ?? 0)],
    [whole, wholeBytes],
    "records told",
  );
  if (!INTERRUPTED.test(errors) || DOUBTED.test(errors)) return;
  assert.equal(known.model.cursor, cursor + whole, "the tape stands behind what was read");
}
