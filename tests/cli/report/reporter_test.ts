import assert from "node:assert/strict";
import { columns, labelled, Reporter } from "../../../cli/report/reporter.ts";
import { MemoryHost } from "../memory_host.ts";

Deno.test("Reporter prints a result as text or as one JSON document", async () => {
  const text = new MemoryHost();
  await new Reporter(text, { json: false }).result({ a: 1 }, "a is 1");
  assert.equal(text.output, "a is 1\n");
  const json = new MemoryHost();
  await new Reporter(json, { json: true }).result({ raw: new Uint8Array([1, 255]) }, "text");
  assert.deepEqual(JSON.parse(json.output), { raw: "01ff" });
});

Deno.test("Reporter.summary() keeps text off standard output", async () => {
  const host = new MemoryHost();
  await new Reporter(host, { json: false }).summary({ a: 1 }, "a is 1");
  assert.equal(host.output, "");
  assert.equal(host.errors, "a is 1\n");
});

Deno.test("Reporter.summary() tells people what a document cannot", async () => {
  const host = new MemoryHost();
  host.stdout.capacityBytes = 3;
  const reporter = new Reporter(host, { json: true });
  await assert.rejects(reporter.summary({ a: 1 }, "a is 1"), { code: "ENOSPC" });
  assert.equal(host.errors, "a is 1\n");
});

Deno.test("Reporter.failure() prints a document only where no result was printed", async () => {
  const host = new MemoryHost();
  const reporter = new Reporter(host, { json: true });
  await reporter.result({ a: 1 }, "");
  await reporter.failure({ error: "b" });
  assert.deepEqual(JSON.parse(host.output), { a: 1 });
});

Deno.test("labelled() aligns values and leaves out rows without one", () => {
  const text = labelled([["Drive", "IBM"], ["Serial number", undefined], ["Density", "LTO-9"]]);
  assert.equal(text, "Drive    IBM\nDensity  LTO-9");
});

Deno.test("columns() aligns columns and leaves no trailing blanks", () => {
  assert.equal(columns([["a", "bb", "c"], ["aaa", "b", ""]]), "a    bb  c\naaa  b");
});

Deno.test("Colours are on terminals only, and never where NO_COLOR is set", () => {
  const cases = [
    [{ typed: "" }, "\x1b[31mtape:\x1b[0m oops\n\x1b[33mtape: warning:\x1b[0m hm\n"],
    [{ typed: "", env: { NO_COLOR: "1" } }, "tape: oops\ntape: warning: hm\n"],
    [{ typed: "", env: { TERM: "dumb" } }, "tape: oops\ntape: warning: hm\n"],
    [{}, "tape: oops\ntape: warning: hm\n"],
  ] as const;
  for (const [options, expected] of cases) {
    const host = new MemoryHost(options);
    const reporter = new Reporter(host, { json: false });
    reporter.fail("oops");
    reporter.warn("hm");
    assert.equal(host.errors, expected);
  }
});
