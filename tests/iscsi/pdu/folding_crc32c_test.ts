import assert from "node:assert/strict";
import { FOLD_DISTANCES, FoldingCrc32c } from "../../../iscsi/pdu/folding_crc32c.ts";
import { foldingModule } from "../../../iscsi/pdu/folding_module.ts";
import { crc32c } from "../../../scsi/crc32c.ts";

/** The Castagnoli polynomial, x^32 included. */
const POLYNOMIAL = 0x1_1edc_6f41n;
const SEED = 20261121;

/** Bytes that look random and are the same each time, xorshift32. */
function noise(length: number): Uint8Array {
  let state = SEED;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}

/** The remainder of division by the polynomial, over GF(2). */
function remainder(dividend: bigint): bigint {
  let rest = dividend;
  for (let length = rest.toString(2).length; length > 32; length = rest.toString(2).length) {
    rest ^= POLYNOMIAL << BigInt(length - 33);
  }
  return rest;
}

Deno.test("The fold distances are those of a multiple of the Castagnoli polynomial", () => {
  const degree = Math.max(...FOLD_DISTANCES);
  const exponents = [degree, ...FOLD_DISTANCES.map((distance) => degree - distance)];
  const multiple = exponents.reduce((sum, exponent) => sum ^ (1n << BigInt(exponent)), 0n);
  assert.equal(remainder(multiple), 0n);
  assert.notEqual(remainder(multiple ^ 2n), 0n, "the division itself");
});

Deno.test("Folding gives the table's CRC for every length up to 9000 bytes, whatever comes before", () => {
  const bytes = noise(18_000);
  const folding = new FoldingCrc32c();
  for (let length = 0; length <= 9000; length++) {
    const part = bytes.subarray(length, 2 * length);
    const before = Math.imul(length, 0x9e3779b1) >>> 0;
    assert.equal(folding.crc32c(part, before), crc32c(part, before), `${length} bytes`);
  }
});

Deno.test("Folding gives the table's CRC of long data, beyond the memory that it has", () => {
  const bytes = noise(800_000);
  const folding = new FoldingCrc32c();
  const lengths = [65_536, 262_143, 262_144, 262_145, 262_144 + 1000, 300_000, 524_288, 799_999];
  for (const length of lengths) {
    const part = bytes.subarray(1, 1 + length);
    assert.equal(folding.crc32c(part), crc32c(part), `${length} bytes`);
  }
  const short = bytes.subarray(0, 5000);
  assert.equal(folding.crc32c(short), crc32c(short), "nothing of the long data is left");
});

Deno.test("A flipped bit anywhere in a segment changes the folded CRC", () => {
  const bytes = noise(40_000);
  const folding = new FoldingCrc32c();
  const crc = folding.crc32c(bytes);
  for (let at = 0; at < bytes.length; at += 331) {
    bytes[at] ^= 1 << (at & 7);
    assert.notEqual(folding.crc32c(bytes), crc, `byte ${at}`);
    bytes[at] ^= 1 << (at & 7);
  }
});

Deno.test("Without WebAssembly the table serves", () => {
  const bytes = noise(10_000);
  const own = Object.getOwnPropertyDescriptor(globalThis, "WebAssembly")!;
  Object.defineProperty(globalThis, "WebAssembly", { value: undefined, configurable: true });
  try {
    assert.equal(new FoldingCrc32c().crc32c(bytes), crc32c(bytes));
  } finally {
    Object.defineProperty(globalThis, "WebAssembly", own);
  }
});

Deno.test("The folding module is valid WebAssembly whatever the distances", () => {
  for (const distances of [[16], [17, 63, 64, 65], [127, 128, 8191, 8192, 100_000]]) {
    assert.ok(WebAssembly.validate(foldingModule([distances, distances], 200)));
  }
});
