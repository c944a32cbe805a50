import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { testNames } from "./test_names.ts";

const ROOT = new URL("../../", import.meta.url);
const CONFORMANCE = "tests/iscsi/conformance/";

/** The initiator tests of the UNH-IOL for the full feature phase. */
const UNH_IDS = [
  ["1.1", "2.1", "2.2", "3.1", "3.2", "3.3", "4.1", "5.1", "6.1", "7.1", "8.1", "8.2", "8.3"],
  ["9.1", "10.1", "10.2", "11.1.1", "11.1.2", "11.2.1", "11.2.2", "11.3", "11.4", "12.1", "12.2"],
  ["12.3", "12.4", "13.1", "13.2", "14.1", "14.2", "15.1", "15.2", "15.3", "16.1.1", "16.1.2"],
  ["16.2.1", "16.2.2", "16.2.3", "16.2.4", "16.3.1", "16.4.1", "16.4.2", "16.4.3", "16.4.4"],
  ["16.4.5", "16.4.6", "16.5", "16.6", "17.1", "18.1", "18.2", "18.3.1", "18.3.2", "18.4", "18.5"],
  ["19.1", "19.2", "19.3", "19.4.1", "19.4.2", "19.4.3", "19.5", "20.1", "20.2", "20.3", "20.4"],
].flat();

interface Row {
  readonly requirement: string;
  readonly file: string;
  readonly test: string;
}

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

/** Rows of four cells whose third is a link to a file. */
function rows(): Row[] {
  return read("COMPLIANCE.md").split("\n").flatMap((line) => {
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    const file = /^\[[^\]]+\]\(([^)]+)\)$/.exec(cells[2] ?? "")?.[1];
    return cells.length === 4 && file !== undefined
      ? [{ requirement: cells[0], file, test: cells[3] }]
      : [];
  });
}

function namesIn(path: string): string[] {
  return testNames(path, read(path));
}

Deno.test("every row of COMPLIANCE names a test that exists", () => {
  const names = new Map<string, readonly string[]>();
  const missing = rows().filter(({ file, test }) => {
    if (!names.has(file)) names.set(file, namesIn(file));
    return !names.get(file)!.includes(test);
  });
  assert.ok(rows().length > 100, "the table was read");
  assert.deepEqual(missing, []);
});

Deno.test("every initiator test of the UNH-IOL has a row in COMPLIANCE, and a test that bears its id", () => {
  const found = rows();
  const missing = UNH_IDS.filter((id) =>
    !found.some((row) => row.requirement === `UNH ${id}` && row.test.startsWith(`UNH ${id}:`))
  );
  assert.deepEqual(missing, []);
});

Deno.test("every conformance test has a row in COMPLIANCE", () => {
  const listed = new Set(rows().map(({ file, test }) => `${file}: ${test}`));
  const files = readdirSync(new URL(CONFORMANCE, ROOT)).filter((file) => file.endsWith("_test.ts"));
  const unlisted = files.map((file) => CONFORMANCE + file).flatMap((file) =>
    namesIn(file).map((test) => `${file}: ${test}`).filter((test) => !listed.has(test))
  );
  assert.ok(files.length > 5, "the folder was read");
  assert.deepEqual(unlisted, []);
});

Deno.test("testNames() reads literal names and templates", () => {
  const source =
    'Deno.test("one", () => {});\nDeno.test(`two ${2} of ${3}`, () => {});\nother("x");';
  assert.deepEqual(testNames("a_test.ts", source), ["one", "two … of …"]);
});
