import assert from "node:assert/strict";
import { formatBytes, formatRate, parseByteSize } from "../../cli/byte_size.ts";

const SIZES: readonly (readonly [string, number | undefined])[] = [
  ["0", 0],
  ["1", 1],
  ["65536", 65536],
  ["256k", 262144],
  ["256K", 262144],
  ["1m", 1048576],
  ["2g", 2147483648],
  ["1t", 1099511627776],
  ["64KiB", 65536],
  ["64kB", 64000],
  ["2GB", 2000000000],
  ["7B", undefined],
  ["7iB", undefined],
  ["", undefined],
  ["k", undefined],
  ["-1", undefined],
  ["1.5k", undefined],
  ["1 k", undefined],
  ["1kb", undefined],
  ["0x10", undefined],
  ["9007199254740993", undefined],
  ["9007199254740991k", undefined],
];

for (const [text, bytes] of SIZES) {
  Deno.test(`parseByteSize() makes ${bytes} of "${text}"`, () => {
    assert.equal(parseByteSize(text), bytes);
  });
}

Deno.test("formatBytes() counts in powers of 1000", () => {
  assert.deepEqual([0, 999, 1000, 67108864, 3.2e9, 18e12].map(formatBytes), [
    "0 B",
    "999 B",
    "1.0 kB",
    "67.1 MB",
    "3.2 GB",
    "18.0 TB",
  ]);
});

Deno.test("formatRate() is 0 before time has passed", () => {
  assert.equal(formatRate(1000, 0), "0.0 MB/s");
  assert.equal(formatRate(400_000_000, 1000), "400.0 MB/s");
});
