import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { judge } from "../../tools/mutation/judge.ts";
import { mutantsOf, mutated } from "../../tools/mutation/mutants.ts";
import { relatedTests } from "../../tools/mutation/related_tests.ts";
import { tryTests } from "../../tools/mutation/trial.ts";

const CHANGES: ReadonlyArray<readonly [source: string, ...mutants: string[]]> = [
  ["if (a < b) f();", "if (true) f();", "if (false) f();", "if (a <= b) f();"],
  ["while (!done) g++;", "while (false) g++;", "while (!done) ;", "while (!done) g--;"],
  ["const x = a === b;", "const x = a !== b;"],
  ["const x = a && !b;", "const x = (a);", "const x = (!b);"],
  ["const x = a ?? b;", "const x = (a);", "const x = (b);"],
  ["const x = a?.b;", "const x = a.b;"],
  ["const x = a?.();", "const x = a();"],
  ["const x = a - 1;", "const x = a + 1;", "const x = a - 2;"],
  ["const x = `${a}` + b;"],
  ["await f(true);", "await undefined;", "await f(false);"],
  [
    "function f() { if (a) return; g(); return h(); }",
    "function f() { if (true) return; g(); return h(); }",
    "function f() { if (false) return; g(); return h(); }",
    "function f() { if (a) return; ; return h(); }",
    "function f() { if (a) return; g(); return undefined; }",
  ],
  ["const x = [a, b];", "const x = [...[], b];", "const x = [a, ...[]];"],
  ["const x = Math.min(a, b);", "const x = Math.max(a, b);"],
  ['import { a } from "./a.ts"; let x: 1 | 2;'],
  ["this.device.logger.debug(true);"],
  ["class A extends B { constructor() { super(); } }"],
];

/** A tree of its own, with a file, and a test that holds it to some of what it does. */
function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "tape-mutants-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

for (const [source, ...expected] of CHANGES) {
  Deno.test(`the mutants of ${source}`, () => {
    const found = mutantsOf(source).map((mutant) => mutated(source, mutant));
    assert.deepEqual(found.sort(), expected.sort());
  });
}

Deno.test("a mutant says on which line it is", () => {
  assert.deepEqual(mutantsOf("\nconst x =\n  true;").map(({ line }) => line), [3]);
});

Deno.test("related tests are those that reach the file by their imports", () => {
  const root = tree({
    "tape/a.ts": "export const a = 1;",
    "tape/b.ts": 'export { a } from "./a.ts";',
    "tests/tape/far_test.ts": 'import { a } from "../../tape/b.ts";\nconsole.log(a);',
    "tests/tape/other_test.ts": 'import assert from "node:assert/strict";\nassert(true);',
    "tests/other/near_test.ts": 'import { a } from "../../tape/a.ts";\nconsole.log(a);',
  });
  try {
    assert.deepEqual(relatedTests(root, "tape/a.ts"), ["tests/tape/far_test.ts"]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

Deno.test("a trial tells failures from tests that hang and from what does not load", async () => {
  const test = (body: string) => `Deno.test("it", () => {${body}});`;
  const root = tree({
    "good_test.ts": test(""),
    "bad_test.ts": test("throw new Error();"),
    "endless_test.ts": test("for (;;);"),
    "broken_test.ts": "const;",
  });
  try {
    const outcomes: unknown[] = [];
    for (const name of ["good", "bad", "endless", "broken"]) {
      const files = ["good_test.ts", `${name}_test.ts`];
      // On a machine that is busy with other things, the others take their time, too.
      const silenceMs = name === "endless" ? 2_000 : 120_000;
      const { outcome, failedIn } = await tryTests(root, files, silenceMs);
      outcomes.push([outcome, failedIn]);
    }
    assert.deepEqual(outcomes, [
      ["passes", undefined],
      ["fails", "bad_test.ts"],
      ["hangs", undefined],
      ["does not load", undefined],
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

Deno.test("a mutation that does not load, or does not fit, is not counted as noticed", async () => {
  const root = tree({
    "a.ts": "export const a = 1, b = 2;",
    "tests/a_test.ts": `import { a } from "../a.ts";
      Deno.test("it", () => { if (a !== 1) throw new Error(); });`,
  });
  try {
    const verdicts: unknown[] = [];
    for (const [old, changed] of [["a = 1", "a = 0"], ["b = 2", "b = 3"], ["1", "("], ["z", "y"]]) {
      const mutation = { file: "a.ts", old, new: changed, rule: "any" };
      verdicts.push(await judge(root, mutation, ["tests"]));
    }
    assert.deepEqual(verdicts, ["noticed", "survived", "does not load", "does not fit the source"]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
