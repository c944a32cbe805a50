import assert from "node:assert/strict";
import { type Circumstances, sectionText, withPart } from "../../../bench/report/saved_results.ts";

const AT: Circumstances = {
  date: "2026-11-21",
  machine: "a machine",
  versions: "Deno 2.9.6",
  rounds: 3,
  load: 0.2,
};
const SECTION = { title: "Title", about: "About.", table: { columns: ["A"], rows: [["1"]] } };

Deno.test("withPart() adds a part at the end, and then replaces it and nothing else", () => {
  const first = withPart("# Benchmarks\n", "codec", "old");
  const second = withPart(first, "digests", "other");
  const third = withPart(second, "codec", "new");
  assert.match(second, /# Benchmarks[^]*old[^]*other/);
  assert.equal(third, second.replace("old", "new"));
});

Deno.test("sectionText() says when others were using the machine", () => {
  assert.doesNotMatch(sectionText(SECTION, AT), /others/);
  assert.match(sectionText(SECTION, { ...AT, load: 3 }), /others were using the machine/);
});

Deno.test("sectionText() shows the plot that belongs to the section", () => {
  const plot = { file: "p.svg", description: "What", xLabel: "x", yLabel: "y", panels: [] };
  assert.match(sectionText({ ...SECTION, plot }, AT), /!\[What\]\(p\.svg\)/);
});
