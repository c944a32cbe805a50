/** Commands that make an image of a tape, and a tape of an image, held against the model. */

import assert from "node:assert/strict";
import type { ModelObject } from "../../tape/tape_model.ts";
import { imageFile } from "./image_file.ts";
import { readImage } from "./image_tape.ts";
import { isPlain, keepFile } from "./read_facts.ts";
import { checkReport, countOf, reported } from "./reports.ts";
import { checkFiles, filesFrom } from "./survey_facts.ts";
import { DOUBTED, names, type Outcome, type WalkBench } from "./walk_bench.ts";
import { badObject, someFaults } from "./walk_faults.ts";
import { DAMAGED } from "./walk_tape.ts";
import { checkPartly, checkPlace, checkTold } from "./write_steps.ts";

/** `tape image save`, and what it saved is a tape. */
export async function imageSave(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  await bench.goSomewhere(known);
  const name = `saved${bench.random.below(2)}.tap`;
  const force = bench.chance(2);
  const skips = bench.chance(4);
  const fromHere = bench.chance(3);
  const args = [
    "image",
    "save",
    bench.path(name),
    ...force ? ["--force"] : [],
    ...fromHere ? ["--from-here"] : [],
    ...skips ? ["--skip-errors"] : [],
    ...bench.form(),
  ];
  const { cursor, objects } = known.model;
  const from = fromHere ? cursor : 0;
  const plain = isPlain(known, from) && known.blockBytes === 0;
  const old = bench.files.get(name);
  const isRefused = old !== undefined && !force;
  const faults = someFaults(bench, [known], { sink: true, skips });
  const outcome = await bench.run(args, { tape: known, faults });
  if (isRefused) {
    assert.equal(outcome.status, 2);
    return await known.check();
  }
  await keepFile(bench, name);
  const bad = badObject(bench, faults, known, "read");
  const isBad = bad !== undefined && plain && bad >= from && objects[bad] instanceof Uint8Array;
  if (isBad) assert.equal(outcome.status, skips ? 0 : 2, outcome.errors);
  if (outcome.status === 0 && plain) {
    const found = imageFile(bench.files.get(name)!);
    assert.equal(found.excessBytes, 0, "the image is whole");
    checkSaved(outcome, found.objects);
    if (skips && outcome.mayFail && !isBad) return await known.learn();
    const saved = isBad ? objects.with(bad, DAMAGED) : objects;
    assert.deepEqual(names(found.objects), names(saved.slice(from)));
    assert.deepEqual(names(readImage(bench.path(name)).objects), names(found.objects));
    known.model.cursor = objects.length;
    return await known.check();
  }
  assert.ok(outcome.mayFail || !plain, `it should not fail: ${outcome.errors}`);
  await known.learn();
  assert.deepEqual(names(known.model.objects), names(objects), "reading changed the tape");
  checkPlace(outcome, known);
  const bytes = bench.files.get(name);
  if (plain && !skips && bytes !== undefined) {
    const saved = checkBeginning(outcome, { bytes, old, objects: objects.slice(from) });
    if (!SAVED_MARKS.test(outcome.errors) || DOUBTED.test(outcome.errors)) return;
    assert.equal(known.stood, from + saved, "the tape stands behind what was saved");
  }
}

/** The report of an image that was saved to its end. */
function checkSaved(outcome: Outcome, objects: readonly ModelObject[]): void {
  const damaged = objects.filter((object) => object === DAMAGED).length;
  checkReport(outcome, "saved", countOf(objects.filter((object) => object !== DAMAGED)));
  if (outcome.document !== undefined) assert.equal(outcome.document.unreadable.length, damaged);
  const told = /^tape: warning: (\d+) blocks? could not be read: marked/m.exec(outcome.errors)?.[1];
  assert.equal(Number(told ?? 0), damaged, "what is marked as damaged");
}

const SAVED = /^(?:tape: Interrupted|Before that): (\d+) records?, (\d+) bytes?[ ,]/m;
const SAVED_MARKS = /^tape: Interrupted: .* and (\d+) filemarks? are in/m;

/** An image that was not saved to its end has its beginning, and as much of it as is told; gives how many objects. */
function checkBeginning(
  outcome: Outcome,
  { bytes, old, objects }: {
    readonly bytes: Uint8Array;
    readonly old: Uint8Array | undefined;
    readonly objects: readonly ModelObject[];
  },
): number {
  const told = SAVED.exec(outcome.errors);
  const done = reported(outcome, "saved");
  if (told === null && done === undefined && old !== undefined) {
    assert.deepEqual(bytes, old, "an old image was changed");
    return 0;
  }
  const found = imageFile(bytes);
  const count = countOf(found.objects);
  assert.deepEqual(names(found.objects), names(objects.slice(0, found.objects.length)));
  const expected = done ?? { records: Number(told?.[1] ?? 0), bytes: Number(told?.[2] ?? 0) };
  assert.deepEqual([count.records, count.bytes], [expected.records, expected.bytes], "saved");
  const marks = SAVED_MARKS.exec(outcome.errors)?.[1] ?? done?.filemarks;
  if (marks === undefined) return found.objects.length;
  assert.equal(count.filemarks, Number(marks), "filemarks saved");
  assert.equal(found.excessBytes, 0, "the image is whole");
  return found.objects.length;
}

/** `tape image load` of one that was saved. */
export async function imageLoad(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  const name = `saved${bench.random.below(2)}.tap`;
  const bytes = bench.files.get(name);
  if (bytes === undefined) return;
  const where = bench.one(["--from-here", "--from-here", "--yes", "--yes", undefined]);
  const fromHere = where === "--from-here";
  const salvage = bench.chance(4);
  const args = [
    "image",
    "load",
    bench.path(name),
    ...where === undefined ? [] : [where],
    ...salvage ? ["--salvage"] : [],
    ...bench.form(),
  ];
  const { objects, excessBytes } = imageFile(bytes);
  const damaged = objects.filter((object) => object === DAMAGED).length;
  const planned = objects.filter((object) => object !== DAMAGED);
  const { model, blockBytes } = known;
  const isWhole = excessBytes === 0 && damaged === 0;
  const emptiesNothing = fromHere || objects.length > 0 || model.objects.length === 0;
  const isTaken = blockBytes === 0 && emptiesNothing &&
    (isWhole || (salvage && planned.length > 0));
  const isOverwrite = where === undefined && model.objects.length > 0;
  const outcome = await bench.run(args, { tape: known, faults: someFaults(bench, [known]) });
  if (!isTaken || isOverwrite) {
    assert.notEqual(outcome.status, 0, "it should be refused");
    const before = names(model.objects);
    await known.learn();
    assert.deepEqual(names(model.objects), before, "what was refused changed the tape");
    return checkPlace(outcome, known);
  }
  const place = model.cursor;
  if (!fromHere) model.cursor = 0;
  if (outcome.status === 0) {
    if (planned.length > 0) model.write(...planned);
    known.isDurable = true;
    await known.check();
    checkReport(outcome, "loaded", countOf(planned));
    if (outcome.document !== undefined) assert.equal(outcome.document.damaged, damaged);
    return;
  }
  const { capacityBytes, writeProtected, worm } = known.tape.cartridge;
  assert.ok(outcome.mayFail || capacityBytes || writeProtected || worm, outcome.errors);
  if (!fromHere && (await known.tape.look()).at === place) model.cursor = 0;
  const written = await checkPartly(bench, known, planned, outcome);
  checkTold(outcome, "loaded", known, planned, written);
  checkPlace(outcome, known);
}

/** `tape image inspect` of one that was saved. */
export async function imageInspect(bench: WalkBench): Promise<void> {
  const name = `saved${bench.random.below(2)}.tap`;
  const bytes = bench.files.get(name);
  if (bytes === undefined) return;
  const outcome = await bench.run(["image", "inspect", bench.path(name), ...bench.form()]);
  const { objects, excessBytes } = imageFile(bytes);
  const isWhole = excessBytes === 0 && !objects.includes(DAMAGED);
  assert.equal(outcome.status, isWhole ? 0 : 2, outcome.errors);
  if (isWhole) checkFiles(outcome, outcome.document?.image.files, filesFrom(objects, 0));
}
