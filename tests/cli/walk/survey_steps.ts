/** Commands that survey a tape, held against the model. */

import assert from "node:assert/strict";
import { isPlain, keepFile } from "./read_facts.ts";
import { checkReport } from "./reports.ts";
import { checkFiles, checkVerified, filesFrom, type FoundFile } from "./survey_facts.ts";
import { type KnownTape, names, type Outcome, type WalkBench } from "./walk_bench.ts";
import { badObject, someFaults } from "./walk_faults.ts";
import { DAMAGED } from "./walk_tape.ts";
import { checkPlace } from "./write_steps.ts";

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
    ...bench.form(),
  ];
  const from = fromHere ? cursor : 0;
  const plain = isPlain(known, from);
  const faults = someFaults(bench, [known], { sink: svg !== undefined });
  const outcome = await bench.run(args, { tape: known, faults });
  if (svg !== undefined) await keepFile(bench, svg);
  const place = badObject(bench, faults, known, "read");
  const isBad = place !== undefined && plain && place >= from &&
    objects[place] instanceof Uint8Array;
  const isUntold = !isBad && isMap && outcome.mayFail && outcome.status === 0 && plain &&
    / unreadable|"unreadable": \[[^\]]/.test(outcome.output);
  if (isUntold || (plain && outcome.status === 0) || isBad) {
    if (isBad) assert.equal(outcome.status, isMap ? 0 : 2, outcome.errors);
    known.model.cursor = objects.length;
    await known.check();
    if (isUntold) return;
    const expected = filesFrom(isBad ? objects.with(place, DAMAGED) : objects, from);
    return checkSurvey(outcome, expected, isMap);
  }
  assert.ok(outcome.mayFail || !plain, `it should not fail: ${outcome.errors}`);
  await known.learn();
  assert.deepEqual(names(known.model.objects), names(objects), "reading changed the tape");
  checkPlace(outcome, known);
}

function checkSurvey(outcome: Outcome, expected: readonly FoundFile[], isMap: boolean): void {
  if (isMap) return checkFiles(outcome, outcome.document?.files, expected);
  checkVerified(outcome, expected);
  const records = expected.reduce((sum, file) => sum + file.records, 0);
  const bytes = expected.reduce((sum, file) => sum + file.bytes, 0);
  checkReport(outcome, "read", { records, bytes });
}

/** A file as a manifest has it. */
interface ListedFile {
  readonly name: string;
  readonly position: number;
  readonly records: number;
  readonly bytes: number;
  readonly paddingBytes: number;
  readonly sha256: string;
  readonly paddedSha256?: string;
}

function isAsListed(file: ListedFile, found: FoundFile | undefined): boolean {
  return found !== undefined && file.records === found.records &&
    file.bytes + file.paddingBytes === found.bytes &&
    (file.paddedSha256 ?? file.sha256) === found.sha256;
}

function listIn(text: Uint8Array): ListedFile[] {
  try {
    return JSON.parse(new TextDecoder().decode(text)).files;
  } catch {
    return [];
  }
}

/** Says something else of one file, and all else as before. */
async function changedList(
  bench: WalkBench,
  name: string,
  text: Uint8Array,
): Promise<ListedFile[]> {
  const files = listIn(text);
  if (files.length === 0) return files;
  const number = bench.random.below(files.length);
  const file = files[number];
  const hash = file.paddedSha256 === undefined ? "sha256" : "paddedSha256";
  const digits = (file[hash] as string).replace(/.$/, (last) => last === "0" ? "1" : "0");
  const changed = bench.one([
    { [hash]: digits },
    { [hash]: digits },
    { records: file.records + 1 },
    { bytes: file.bytes + 1 },
  ]);
  const list = files.with(number, { ...file, ...changed });
  const manifest = { ...JSON.parse(new TextDecoder().decode(text)), files: list };
  await bench.putFile(name, new TextEncoder().encode(JSON.stringify(manifest)));
  return list;
}

/** `tape verify --manifest` with one that was written sometime. */
export async function verifyManifest(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  const name = `manifest${bench.random.below(2)}.json`;
  const text = bench.files.get(name);
  if (text === undefined || text.length === 0) return;
  const listed = bench.chance(2) ? listIn(text) : await changedList(bench, name, text);
  const { objects } = known.model;
  const isPresent = listed.length > 0 && listed[0].position <= objects.length;
  const found = isPresent ? filesFrom(objects, listed[0].position) : [];
  const different = listed.filter((file, index) => !isAsListed(file, found[index]));
  const isSame = isPresent && different.length === 0;
  const args = ["verify", "--manifest", bench.path(name), ...bench.form()];
  const outcome = await bench.run(args, { tape: known, faults: someFaults(bench, [known]) });
  if (outcome.status === 0) {
    assert.ok(isSame, "verified, and it is not the same");
    return await checkSame(outcome, known, found.slice(0, listed.length));
  }
  const plain = isPresent && isPlain(known, listed[0].position);
  assert.ok(outcome.mayFail || !isSame || !plain, `it should not fail: ${outcome.errors}`);
  await known.learn();
  assert.deepEqual(names(known.model.objects), names(objects), "reading changed the tape");
  checkPlace(outcome, known);
  if (plain && !outcome.mayFail) checkDifferent(outcome, different, listed.length);
}

async function checkSame(
  outcome: Outcome,
  known: KnownTape,
  found: readonly FoundFile[],
): Promise<void> {
  const last = found.at(-1)!;
  known.model.cursor = last.position + last.records + (last.end === "filemark" ? 1 : 0);
  await known.check();
  checkReport(outcome, "read", {
    records: found.reduce((sum, file) => sum + file.records, 0),
    bytes: found.reduce((sum, file) => sum + file.bytes, 0),
  });
  if (outcome.document === undefined) return;
  const records = outcome.document.files.map((file: ListedFile) => file.records);
  assert.deepEqual(records, found.map((file) => file.records));
}

/** The files that differ are named, and no others. */
function checkDifferent({ errors }: Outcome, different: readonly ListedFile[], all: number): void {
  const told = /: (\d+) of (\d+) files differ\n/.exec(errors);
  assert.deepEqual(told?.slice(1).map(Number), [different.length, all], errors);
  const lines = errors.split("\n");
  for (const { name } of different) {
    assert.ok(lines.some((line) => line.startsWith(`${name}: `)), `${name} differs, untold`);
  }
}
