import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { crc32c, writeDigest } from "../../../iscsi/pdu/crc32c.ts";
import { decodeBlockProtectionMethods } from "../../../scsi/stream/stream_vpd.ts";
import { DriveBench, read, summary, tapeOf, write } from "./drive_bench.ts";

const DATA = new TextEncoder().encode("one block of data");

function protect(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 4);
  bytes.set(data);
  writeDigest(bytes, data.length, crc32c(data));
  return bytes;
}

/** Page 0A/F0: method 2 (CRC32C), 4 bytes, for writes and reads. */
function protection(bench: DriveBench, method: number, bits: number, length = 4): string {
  const page = [0x4a, 0xf0, 0, 0x1c, method, length, bits, 0, ...Array(24).fill(0)];
  return summary(
    bench.run([0x15, 0x10, 0, 0, 36], new Uint8Array([0, 0, 0x10, 0, ...page])),
  );
}

const [WRITES, READS] = [0x80, 0x40];

Deno.test("Blocks are written without their CRC, and read with it, where that is on", () => {
  const bench = new DriveBench();
  strictEqual(protection(bench, 2, WRITES | READS), "GOOD");
  const block = protect(DATA);
  bench.ok(write(block.length), block);
  const [object] = bench.drive.objects();
  deepStrictEqual(object.kind === "record" && new Uint8Array(object.data), DATA);
  bench.ok([0x01]);
  deepStrictEqual(new Uint8Array(bench.ok(read(block.length))), block);
  bench.ok([0x01]);
  strictEqual(summary(bench.run(read(DATA.length))), "0/0000 ILI -4");
  strictEqual(protection(bench, 2, WRITES), "GOOD");
  bench.ok([0x01]);
  deepStrictEqual(new Uint8Array(bench.ok(read(DATA.length))), DATA);
});

Deno.test("A block whose CRC is wrong is not written", () => {
  const bench = new DriveBench();
  protection(bench, 2, WRITES);
  const block = protect(DATA);
  block[2] ^= 1;
  strictEqual(summary(bench.run(write(block.length), block)), `4/1001 ${block.length}`);
  strictEqual(bench.drive.objects().length, 0);
});

Deno.test("In fixed mode the block length counts the CRC of each block", () => {
  const bench = new DriveBench();
  bench.setBlockBytes(14);
  protection(bench, 2, WRITES | READS);
  const first = protect(new Uint8Array(10).fill(1));
  const wrong = protect(new Uint8Array(10).fill(2));
  wrong[0] = 0;
  const blocks = new Uint8Array([...first, ...wrong]);
  strictEqual(summary(bench.run(write(2, { fixed: true }), blocks)), "4/1001 1");
  bench.ok([0x01]);
  deepStrictEqual(new Uint8Array(bench.ok(read(1, { fixed: true }))), first);
});

Deno.test("Protection is off by default, and takes no other method or length", () => {
  const bench = new DriveBench({ medium: tapeOf([10]) });
  strictEqual(bench.ok(read(10)).length, 10);
  strictEqual(protection(bench, 1, WRITES), "5/2600");
  strictEqual(protection(bench, 2, WRITES, 8), "5/2600");
  const page = bench.ok([0x12, 1, 0xb5, 0, 255]);
  deepStrictEqual([...page.subarray(8)], [4, 2, 4, 0xc0, 0]);
  strictEqual(bench.ok([0x12, 0, 0, 0, 36])[5] & 1, 1);
});

Deno.test("VPD page B5h has its descriptor behind four reserved bytes", () => {
  const page = new DriveBench().ok([0x12, 1, 0xb5, 0, 0xff]);
  deepStrictEqual([...page], [0x01, 0xb5, 0, 9, 0, 0, 0, 0, 4, 0x02, 0x04, 0xc0, 0]);
  const [method] = decodeBlockProtectionMethods(page.subarray(4));
  deepStrictEqual([method.method, method.informationBytes], [2, 4]);
});
