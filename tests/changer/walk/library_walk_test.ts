import assert from "node:assert/strict";
import { walkLibrary } from "./library_walk.ts";

const WALKS = 20;
const STEPS = 60;

Deno.test("Whatever happens to a library, nothing is moved twice or in silence, and tapes hold what was written to them", async () => {
  // Always the same here; `deno task walk:changer` takes others.
  const first = 1;
  let done = 0;
  for (let walk = 0; walk < WALKS; walk++) done += (await walkLibrary(first + walk, STEPS)).done;
  assert.ok(done > 200, `${done} operations succeeded`);
});
