import assert from "node:assert/strict";
import { crc32c, readDigest, RunningCrc32c, writeDigest } from "../../../iscsi/pdu/crc32c.ts";

/** RFC 7143, Appendix A: input, and the digest as it stands on the wire. */
const vectors: readonly (readonly [string, Uint8Array, readonly number[]])[] = [
  ["32 bytes of zeros", new Uint8Array(32), [0xaa, 0x36, 0x91, 0x8a]],
  ["32 bytes of ones", new Uint8Array(32).fill(0xff), [0x43, 0xab, 0xa8, 0x62]],
  ["32 rising bytes", Uint8Array.from({ length: 32 }, (_, i) => i), [0x4e, 0x79, 0xdd, 0x46]],
  ["32 falling bytes", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), [0x5c, 0xdb, 0x3f, 0x11]],
];

for (const [name, input, digest] of vectors) {
  Deno.test(`CRC32C of ${name} is that of RFC 7143, by table and in pieces`, () => {
    const wire = new Uint8Array(4);
    writeDigest(wire, 0, crc32c(input));
    assert.deepEqual([...wire], digest);
    const running = new RunningCrc32c();
    running.start();
    running.update(input);
    assert.equal(running.finish(), readDigest(wire, 0));
  });
}

Deno.test("CRC32C in pieces is that of the whole, wherever it is cut", () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i * 37 + 5);
  const running = new RunningCrc32c();
  for (const cut of [0, 1, 2, 3, 4, 47, 299, 300]) {
    const [head, tail] = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assert.equal(crc32c(tail, crc32c(head)), crc32c(bytes));
    running.start();
    running.update(head);
    running.update(tail);
    assert.equal(running.finish(), crc32c(bytes));
  }
});
