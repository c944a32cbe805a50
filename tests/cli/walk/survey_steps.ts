/** Commands that survey a tape, held against the model. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ModelObject } from "../../tape/tape_model.ts";
import { isPlain, keepFile } from "./read_facts.ts";
import { names, type WalkBench } from "./walk_bench.ts";
import { badObject, someFaults } from "./walk_faults.ts";
import { checkPlace } from "./write_steps.ts";

interface FoundFile {
  readonly position: number;
  readonly records: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly end: string;
}

/** What a survey finds from an object on. */
function filesFrom(objects: readonly ModelObject[], from: number): FoundFile[] {
  const files: FoundFile[] = [];
  for (let position = from; position < objects.length;) {
    const mark = objects.indexOf("filemark", position);
    const end = mark < 0 ? objects.length : mark;
    const records = objects.slice(position, end) as Uint8Array[];
    const hash = createHash("sha256");
    for (const record of records) hash.update(record);
    files.push({
      position,
      records: records.length,
      bytes: records.reduce((sum, { length }) => sum + length, 0),
      sha256: hash.digest("hex"),
      end: mark < 0 ? "end-of-data" : "filemark",
    });
    position = end + 1;
  }
  return files;
}

/** `tape map`, `tape verify`. */
export async function survey(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  await bench.goSomewhere(known);
  const { cursor, objects } = known.model;
  const isMap = bench.chance(2);
  const fromHere = !isMap || bench.chance(2);
  const svg = isMap && bench.chance(4) ? "map.svg" : undefined;
  const args = [
    isMap ? "map" : "verify",
    ...isMap && fromHere ? ["--from-here"] : [],
    ...svg === undefined ? [] : ["--svg", bench.path(svg)],
    ...bench.chance(2) ? ["--read-ahead", bench.one(["0", "1", "16"])] : [],
    "--json",
  ];
  const from = fromHere ? cursor : 0;
  const expected = filesFrom(objects, from);
  const plain = isPlain(known, from);
  const faults = someFaults(bench, [known], { sink: svg !== undefined });
  const outcome = await bench.run(args, { tape: known, faults });
  if (svg !== undefined) await keepFile(bench, svg);
  const place = badObject(bench, faults, known, "read");
  const isBad = place !== undefined && plain && place >= from &&
    objects[place] instanceof Uint8Array;
  if (isBad) {
    assert.equal(outcome.status, isMap ? 0 : 2, outcome.errors);
    const expected = filesFrom(objects.toSpliced(place, 1), from);
    const { files } = outcome.document;
    assert.equal(
      files.reduce((sum: number, file: FoundFile) => sum + file.records, 0),
      expected.reduce((sum, file) => sum + file.records, 0),
    );
    const unreadable = files.flatMap((file: { unreadable: { object: number }[] }) =>
      file.unreadable
    );
    assert.deepEqual(unreadable.map((each: { object: number }) => each.object), [place]);
    known.model.cursor = objects.length;
    return await known.check();
  }
  if (outcome.status === 0 && plain) {
    const bad = outcome.document.files.some((file: { unreadable: unknown[] }) =>
      file.unreadable.length > 0
    );
    assert.ok(!bad || (isMap && outcome.mayFail), "unreadable");
    known.model.cursor = objects.length;
    await known.check();
    if (bad) return;
    const found = outcome.document.files.map((
      { position, records, bytes, sha256, end }: FoundFile,
    ) => ({ position, records, bytes, ...!isMap && { sha256 }, end }));
    assert.deepEqual(
      found,
      expected.map(({ sha256, ...rest }) => isMap ? rest : { ...rest, sha256 }),
    );
    return;
  }
  assert.ok(outcome.mayFail || !plain, `it should not fail: ${outcome.errors}`);
  await known.learn();
  assert.deepEqual(names(known.model.objects), names(objects), "reading changed the tape");
  checkPlace(outcome, known);
}

/** `tape verify --manifest` with one that was written sometime. */
export async function verifyManifest(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  const name = `manifest${bench.random.below(2)}.json`;
  const text = bench.files.get(name);
  if (text === undefined || text.length === 0) return;
  let listed: (FoundFile & { paddingBytes: number; paddedSha256?: string })[];
  try {
    listed = JSON.parse(new TextDecoder().decode(text)).files;
  } catch {
    listed = [];
  }
  const { objects } = known.model;
  const isPresent = listed.length > 0 && listed[0].position <= objects.length;
  const found = isPresent ? filesFrom(objects, listed[0].position) : [];
  const isSame = isPresent &&
    listed.every((file, index) =>
      file.sha256 !== undefined && found[index] !== undefined &&
      file.records === found[index].records &&
      (file.paddedSha256 ?? file.sha256) === found[index].sha256
    );
  const outcome = await bench.run(["verify", "--manifest", bench.path(name), "--json"], {
    tape: known,
    faults: someFaults(bench, [known]),
  });
  if (outcome.status === 0) {
    assert.ok(isSame, "verified, and it is not the same");
    const last = found[listed.length - 1];
    known.model.cursor = last.position + last.records + (last.end === "filemark" ? 1 : 0);
    await known.check();
    assert.equal(outcome.document.files, listed.length);
    return;
  }
  const plain = isPresent && isPlain(known, listed[0].position);
  assert.ok(outcome.mayFail || !isSame || !plain, `it should not fail: ${outcome.errors}`);
  await known.learn();
  assert.deepEqual(names(known.model.objects), names(objects), "reading changed the tape");
  checkPlace(outcome, known);
}
