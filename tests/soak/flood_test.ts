import assert from "node:assert/strict";
import { soakFlood } from "./flood.ts";
import { randomNumbers } from "./random_numbers.ts";

/** `deno task soak:flood` sends 5,000. */
const STRANGERS = 300;
const SEED = 1;
const MAX_GROWTH_BYTES = 128 * 1024 * 1024;

Deno.test(`${STRANGERS} strangers that say nothing, half a login, nonsense or too much keep nobody from work`, async () => {
  const { strangers, closed, records, growthBytes } = await soakFlood(
    STRANGERS,
    randomNumbers(SEED),
  );
  assert.equal(strangers, STRANGERS);
  // All but the 32 that may be logging in.
  assert.ok(closed >= STRANGERS - 40, `${closed} sent away`);
  assert.equal(records, 28);
  assert.ok(growthBytes < MAX_GROWTH_BYTES, `${growthBytes} bytes`);
});
