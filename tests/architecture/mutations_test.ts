import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { MUTATIONS } from "../../tools/mutations.ts";

Deno.test("each mistake that the mutation test makes still has its one place in the source", () => {
  for (const { file, old, rule } of MUTATIONS) {
    const source = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
    assert.equal(source.split(old).length, 2, `${file}: ${rule}: ${old}`);
  }
});
