/** Commands that bring a tape to another one, or to an image and back, held against the model. */

import assert from "node:assert/strict";
import type { ModelObject } from "../../tape/tape_model.ts";
import { readImage } from "./image_tape.ts";
import { concat, isPlain, keepFile } from "./read_facts.ts";
import { names, type WalkBench } from "./walk_bench.ts";
import { badObject, someFaults } from "./walk_faults.ts";
import { DAMAGED } from "./walk_tape.ts";
import { checkPartly, checkPlace, checkTold } from "./write_steps.ts";

/** `tape copy`. */
export async function copy(bench: WalkBench): Promise<void> {
  const source = bench.one(bench.tapes);
  const destination = bench.tapes.find((each) => each !== source)!;
  for (const each of [source, destination]) await bench.goSomewhere(each);
  const files = bench.chance(2) ? 1 + bench.random.below(3) : Infinity;
  const args = [
    "copy",
    destination.tape.address,
    ...files === Infinity ? [] : ["--files", String(files)],
    ...bench.chance(2) ? ["--read-ahead", bench.one(["0", "1", "16"])] : [],
    "--json",
  ];
  const { cursor, objects } = source.model;
  const rest = objects.slice(cursor);
  let planned = rest;
  let marks = 0;
  let endedBy = "end-of-data";
  for (const [index, object] of rest.entries()) {
    if (object !== "filemark" || ++marks < files) continue;
    planned = rest.slice(0, index + 1);
    endedBy = "count";
    break;
  }
  const fits = isPlain(source, cursor) && destination.blockBytes === 0 && source.blockBytes === 0;
  const faults = someFaults(bench, [source, destination]);
  const outcome = await bench.run(args, { tape: source, faults });
  if (outcome.status === 0 && fits) {
    destination.model.write(...planned);
    if (planned.length === 0) destination.model.objects = (await destination.tape.look()).objects;
    source.model.cursor += planned.length;
    await destination.check();
    await source.check();
    const { copied, filemarks } = outcome.document;
    const bytes = concat(planned).length;
    assert.deepEqual(
      [copied.records, copied.bytes, filemarks, outcome.document.endedBy],
      [planned.length - marks, bytes, marks, endedBy],
    );
    return;
  }
  if (!fits) {
    for (const each of [source, destination]) await each.learn();
    return;
  }
  const { capacityBytes, writeProtected, worm } = destination.tape.cartridge;
  assert.ok(outcome.mayFail || capacityBytes || writeProtected || worm, outcome.errors);
  const written = await checkPartly(destination, planned, outcome);
  checkTold(outcome, planned, written);
  const bad = badObject(bench, faults, source, "read");
  if (bad !== undefined && written !== undefined && planned[bad - cursor] instanceof Uint8Array) {
    assert.equal(cursor + written, bad, "copied up to the bad place");
  }
  await source.learn();
  assert.deepEqual(names(source.model.objects), names(objects), "reading changed the tape");
}

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
    "--json",
  ];
  const { cursor, objects } = known.model;
  const from = fromHere ? cursor : 0;
  const plain = isPlain(known, from) && known.blockBytes === 0;
  const isRefused = bench.files.has(name) && !force;
  const faults = someFaults(bench, [known], { sink: true });
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
    if (skips && outcome.mayFail && !isBad) return await known.learn();
    const saved = isBad ? objects.with(bad, DAMAGED) : objects;
    assert.deepEqual(names(readImage(bench.path(name)).objects), names(saved.slice(from)));
    known.model.cursor = objects.length;
    await known.check();
    return;
  }
  assert.ok(outcome.mayFail || !plain, `it should not fail: ${outcome.errors}`);
  await known.learn();
  assert.deepEqual(names(known.model.objects), names(objects), "reading changed the tape");
  checkPlace(outcome, known);
}

/** `tape image load` of one that was saved. */
export async function imageLoad(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  const name = `saved${bench.random.below(2)}.tap`;
  if (!bench.files.has(name)) return;
  const fromHere = bench.chance(2);
  const args = ["image", "load", bench.path(name), fromHere ? "--from-here" : "--yes", "--json"];
  let planned: ModelObject[] | undefined;
  try {
    planned = readImage(bench.path(name)).objects;
  } catch {
    planned = undefined;
  }
  const { model, blockBytes } = known;
  const isWhole = planned !== undefined && blockBytes === 0 && !planned.includes(DAMAGED);
  const outcome = await bench.run(args, { tape: known, faults: someFaults(bench, [known]) });
  if (!isWhole) return await known.learn();
  const place = model.cursor;
  if (!fromHere) model.cursor = 0;
  if (outcome.status === 0) {
    if (planned!.length > 0) model.write(...planned!);
    await known.check();
    return;
  }
  const { capacityBytes, writeProtected, worm } = known.tape.cartridge;
  const isCut = /--salvage/.test(outcome.errors); // Saving it may have failed.
  assert.ok(outcome.mayFail || capacityBytes || writeProtected || worm || isCut, outcome.errors);
  if (!fromHere && (await known.tape.look()).at === place) model.cursor = 0;
  const written = await checkPartly(known, planned!, outcome);
  checkTold(outcome, planned!, written);
  checkPlace(outcome, known);
}
