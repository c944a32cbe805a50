/** What a survey finds on a tape, and what it says of that. */

import assert from "node:assert/strict";
import type { ModelObject } from "../../tape/tape_model.ts";
import { sha256 } from "./read_facts.ts";
import type { Outcome } from "./walk_bench.ts";
import { DAMAGED } from "./walk_tape.ts";

/** Runs of records that are told of one file. */
const MOST_RUNS = 256;
/** The table for people shows fewer of them. */
const SHOWN_RUNS = 4;

export interface FoundFile {
  readonly position: number;
  readonly records: number;
  readonly bytes: number;
  readonly runs: readonly { readonly bytes: number; readonly count: number }[];
  readonly moreRuns: boolean;
  readonly shortestRecord: number;
  readonly longestRecord: number;
  readonly sha256: string;
  /** Numbers of the objects that could not be read. */
  readonly unreadable: readonly number[];
  readonly end: string;
}

/** What a survey finds from an object on. */
export function filesFrom(objects: readonly ModelObject[], from: number): FoundFile[] {
  const files: FoundFile[] = [];
  for (let position = from; position < objects.length;) {
    const mark = objects.indexOf("filemark", position);
    const end = mark < 0 ? objects.length : mark;
    const all = objects.slice(position, end) as Uint8Array[];
    files.push({
      position,
      ...recordFacts(all.filter((record) => record !== DAMAGED)),
      unreadable: all.flatMap((record, index) => record === DAMAGED ? [position + index] : []),
      end: mark < 0 ? "end-of-data" : "filemark",
    });
    position = end + 1;
  }
  return files;
}

function recordFacts(records: readonly Uint8Array[]) {
  const lengths = records.map(({ length }) => length);
  const starts = lengths.flatMap((bytes, index) => bytes === lengths[index - 1] ? [] : [index]);
  const runs = starts.map((start, run) => ({
    bytes: lengths[start],
    count: (starts[run + 1] ?? lengths.length) - start,
  }));
  return {
    records: records.length,
    bytes: lengths.reduce((sum, length) => sum + length, 0),
    runs: runs.slice(0, MOST_RUNS),
    moreRuns: runs.length > MOST_RUNS,
    shortestRecord: records.length === 0 ? 0 : Math.min(...lengths),
    longestRecord: Math.max(0, ...lengths),
    sha256: sha256(records),
  };
}

// deno-lint-ignore no-explicit-any -- as it is printed
type PrintedFile = any;

/** The files of a map are those, in the document or in the table. */
export function checkFiles(
  { document, output }: Outcome,
  printed: readonly PrintedFile[] | undefined,
  expected: readonly FoundFile[],
): void {
  if (document !== undefined) {
    assert.deepEqual(
      printed!.map(facts),
      expected.map(({ sha256: _, ...rest }, file) => ({ file, ...rest })),
    );
    return;
  }
  if (expected.length === 0) return assert.match(output, /holds? no data/);
  const lines = output.trimEnd().split("\n");
  const heading = lines.findIndex((line) => line.startsWith("FILE "));
  const rows = lines.slice(heading + 1, -1).map((line) => line.split(/ {2,}/));
  assert.deepEqual(rows, expected.map(row));
  const records = expected.reduce((sum, file) => sum + file.records, 0);
  const bytes = expected.reduce((sum, file) => sum + file.bytes, 0);
  assert.match(
    lines.at(-1)!,
    new RegExp(`^${expected.length} files?, ${records} records?, ${bytes} bytes?( \\(|,|$)`),
  );
}

function facts({ sha256: _, unreadable, ...rest }: PrintedFile) {
  return { ...rest, unreadable: unreadable.map(({ object }: PrintedFile) => object) };
}

function row(file: FoundFile, number: number): string[] {
  const { position, records, bytes, runs, shortestRecord, longestRecord, unreadable, end } = file;
  const sizes = runs.length > SHOWN_RUNS
    ? `mixed, ${shortestRecord} to ${longestRecord}`
    : runs.map(({ count, bytes }) => `${count} x ${bytes}`).join(", ");
  const bad = unreadable.length === 0 ? "" : `, ${unreadable.length} unreadable`;
  return [
    ...[number, position, records, bytes].map(String),
    sizes || "none",
    `${end.replaceAll("-", " ")}${bad}`,
  ];
}

/** The same of `tape verify`, which hashes the files. */
export function checkVerified(
  { document, output }: Outcome,
  expected: readonly FoundFile[],
): void {
  if (document !== undefined) {
    assert.deepEqual(
      document.files.map((file: PrintedFile) => ({ ...facts(file), sha256: file.sha256 })),
      expected.map((found, file) => ({ file, ...found })),
    );
    return;
  }
  const rows = output.split("\n").filter(Boolean).map((line) => line.split(/ {2,}/));
  assert.deepEqual(
    rows,
    expected.map(({ sha256, position, records, bytes, unreadable }, file) => [
      sha256,
      `file ${file}`,
      `block ${position}`,
      `${records} record${records === 1 ? "" : "s"}`,
      `${bytes} byte${bytes === 1 ? "" : "s"}`,
      ...unreadable.length > 0 ? [`${unreadable.length} unreadable`] : [],
    ]),
  );
}
