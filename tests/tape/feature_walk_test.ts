import assert from "node:assert/strict";
import { walkFeatures } from "./feature_walk.ts";

const WALKS = 60;
const OPERATIONS = 60;

Deno.test("whatever a drive is used for and goes wrong, what succeeds is true and what fails is told", async () => {
  // Always the same here; `deno task property` takes others.
  const first = 1;
  let failures = 0;
  for (let walk = 0; walk < WALKS; walk++) {
    failures += (await walkFeatures(first + walk, OPERATIONS)).failures;
  }
  assert.ok(failures > 20, `${failures} failures`);
});
