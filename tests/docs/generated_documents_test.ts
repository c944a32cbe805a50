import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { GENERATED_DOCUMENTS } from "../../tools/generated_documents.ts";

for (const { path, make } of GENERATED_DOCUMENTS) {
  Deno.test(`${path} is what deno task docs makes of the code`, async () => {
    const text = await readFile(new URL(`../../${path}`, import.meta.url), "utf8");
    assert.equal(text, await make(), `${path} is out of date: run deno task docs`);
  });
}
