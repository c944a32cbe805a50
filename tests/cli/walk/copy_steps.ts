/** `tape copy`, held against the model. */

import assert from "node:assert/strict";
import type { ModelObject } from "../../tape/tape_model.ts";
import { isPlain } from "./read_facts.ts";
import { checkReport, countOf } from "./reports.ts";
import { type KnownTape, names, type Outcome, type WalkBench } from "./walk_bench.ts";
import { badObject, someFaults } from "./walk_faults.ts";
import { checkPartly, checkPlace, checkTold } from "./write_steps.ts";

const SOURCE = "The tape that is read";
const DESTINATION = "The tape that is written";

/** What is to be copied. */
interface Plan {
  readonly objects: readonly ModelObject[];
  readonly endedBy: "count" | "end-of-data";
}

function plan({ model: { objects, cursor } }: KnownTape, files: number): Plan {
  let marks = 0;
  const rest = objects.slice(cursor);
  const end = rest.findIndex((object) => object === "filemark" && ++marks >= files);
  return end < 0
    ? { objects: rest, endedBy: "end-of-data" }
    : { objects: rest.slice(0, end + 1), endedBy: "count" };
}

/** `tape copy`. */
export async function copy(bench: WalkBench): Promise<void> {
  const source = bench.one(bench.tapes);
  const destination = bench.tapes.find((each) => each !== source)!;
  for (const each of [source, destination]) await bench.goSomewhere(each);
  const files = bench.chance(2) ? 1 + bench.random.below(3) : Infinity;
  const skips = bench.chance(4);
  const args = [
    "copy",
    destination.tape.address,
    ...files === Infinity ? [] : ["--files", String(files)],
    ...skips ? ["--skip-errors"] : [],
    ...bench.chance(2) ? ["--read-ahead", bench.one(["0", "1", "16"])] : [],
    ...bench.form(),
  ];
  const { cursor, objects } = source.model;
  const planned = plan(source, files);
  const fits = isPlain(source, cursor) && destination.blockBytes === 0 && source.blockBytes === 0;
  const faults = someFaults(bench, [source, destination], { skips });
  const outcome = await bench.run(args, { tape: source, faults });
  const bad = badObject(bench, faults, source, "read");
  const isBad = bad !== undefined && planned.objects[bad - cursor] instanceof Uint8Array;
  const isSkipped = skips && (isBad || outcome.mayFail);
  if (!fits || (isSkipped && !isBad && outcome.status === 0)) {
    for (const each of [source, destination]) await each.learn();
    if (fits) checkSome(outcome, objects.slice(cursor), destination);
    return;
  }
  const wanted = isBad && skips ? planned.objects.toSpliced(bad - cursor, 1) : planned.objects;
  if (outcome.status === 0) {
    assert.ok(!isBad || skips, "a bad place was copied");
    source.model.cursor += planned.objects.length;
    return await checkDone(outcome, destination, source, { ...planned, objects: wanted });
  }
  const { capacityBytes, writeProtected, worm } = destination.tape.cartridge;
  const isRefused = capacityBytes !== undefined || writeProtected || worm;
  assert.ok((outcome.mayFail && !(isBad && skips)) || isRefused, outcome.errors);
  const left = skips ? leftOut(outcome) : [];
  assert.ok(left.length === 0 || faults.tapes.length > 0, "left out without a reason");
  const some = planned.objects.filter((_, place) => !left.includes(cursor + place));
  const written = await checkPartly(bench, destination, some, outcome);
  checkTold(outcome, "copied", destination, some, written);
  if (isBad && !skips && !isRefused && written !== undefined) {
    assert.equal(cursor + written, bad, "copied up to the bad place");
  }
  await source.learn();
  assert.deepEqual(names(source.model.objects), names(objects), "reading changed the tape");
  const isInterrupted = /^tape: Interrupted: \d/m.test(outcome.errors);
  const isToStand = new RegExp(`^${SOURCE} stands`, "m").test(outcome.errors);
  if (isInterrupted && isToStand && written !== undefined) {
    assert.equal(
      source.stood,
      cursor + written + left.length,
      "both tapes stand behind what was copied",
    );
  }
  checkPlace(outcome, source, SOURCE);
  checkPlace(outcome, destination, DESTINATION);
}

/** The numbers of the blocks that it says that it has left out. */
function leftOut({ errors }: Outcome): number[] {
  return [...errors.matchAll(/^Left out block (\d+): /gm)].map(([, block]) => Number(block));
}

async function checkDone(
  outcome: Outcome,
  destination: KnownTape,
  source: KnownTape,
  { objects, endedBy }: Plan,
): Promise<void> {
  const { objects: before } = destination.model;
  if (objects.length > 0) destination.model.write(...objects);
  else assert.deepEqual(names((await destination.tape.look()).objects), names(before));
  destination.isDurable = true;
  await destination.check();
  await source.check();
  checkReport(outcome, "copied", countOf(objects));
  const left = Number(/^tape: warning: (\d+) blocks? could not/m.exec(outcome.errors)?.[1] ?? 0);
  assert.equal(leftOut(outcome).length, left, "what it says that it has left out");
  if (outcome.document === undefined) return;
  const { unreadable } = outcome.document;
  assert.deepEqual([outcome.document.endedBy, unreadable.length], [endedBy, left]);
}

/** What the tape ends with came from the other one. */
function checkSome(
  outcome: Outcome,
  objects: readonly ModelObject[],
  { model }: KnownTape,
): void {
  const all = new Set(names(objects));
  const { copied, filemarks } = outcome.document ?? {};
  if (copied === undefined) return;
  const written = model.objects.slice(model.cursor - copied.records - filemarks, model.cursor);
  assert.deepEqual(countOf(written), { records: copied.records, bytes: copied.bytes, filemarks });
  for (const name of names(written)) assert.ok(all.has(name), "copied from nowhere");
}
