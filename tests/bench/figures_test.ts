import assert from "node:assert/strict";
import { median, ratio, sizeName } from "../../bench/figures.ts";

Deno.test("median() takes the middle, or the mean of the two in the middle", () => {
  assert.equal(median([9, 1, 100]), 9);
  assert.equal(median([4, 1, 2, 100]), 3);
});

Deno.test("ratio() has two digits, and a dash where a side is missing", () => {
  assert.equal(ratio(1, 3), "0.33");
  assert.equal(ratio(undefined, 3), "-");
  assert.equal(ratio(1, undefined), "-");
});

Deno.test("sizeName() names sizes as people write them", () => {
  assert.deepEqual([48, 4096, 262144, 1 << 20].map(sizeName), [
    "48 B",
    "4 KiB",
    "256 KiB",
    "1 MiB",
  ]);
});
