import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeSupportedOperations } from "../../../scsi/supported_operations.ts";
import { tapePersonalities, type TapePersonalityName } from "../../../sim/personality.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { VirtualClock } from "../../../sim/tape/virtual_clock.ts";
import { DriveBench, nexus, read, summary, tapeOf, u24, u32, u64 } from "./drive_bench.ts";

const FM = undefined;
const FIXED = 0x01;

function explicit(opcode: number, object: number, length: number, bits = 0): number[] {
  return [opcode, bits, 0, 0, ...u64(object), ...u24(length)];
}

Deno.test("Commands of 16 bytes go to the object that they name", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 20, FM, 30]) });
  strictEqual(bench.ok(explicit(0x88, 1, 20)).length, 20);
  strictEqual(summary(bench.run(explicit(0x88, 2, 20))), "0/0001 FM 20");
  strictEqual(summary(bench.run(explicit(0x88, 9, 20))), "8/0005");
  strictEqual(bench.position().object, 4);
  bench.ok(explicit(0x8a, 1, 5), new Uint8Array(5));
  deepStrictEqual(bench.drive.objects().length, 2);
  bench.ok(explicit(0x80, 2, 3));
  strictEqual(bench.position().object, 5);
  bench.ok([0x93, 0, 0, 0, ...u64(4)]);
  strictEqual(bench.drive.objects().length, 4);
  strictEqual(summary(bench.run([0x88, 0, 0, 1, ...u64(0), ...u24(5)])), "5/2400");
  strictEqual(summary(bench.run(explicit(0x8f, 0, 10))), "GOOD");
  bench.ok([0x91, 0, 0, 0, ...u64(-1)]);
  strictEqual(bench.position().object, 0);
});

Deno.test("No LTO drive has them, nor READ REVERSE", () => {
  const bench = new DriveBench({ personality: tapePersonalities["ibm-ult3580-td9"] });
  for (const opcode of [0x88, 0x8a, 0x80, 0x8f, 0x93, 0x0f, 0x81]) {
    strictEqual(summary(bench.run([opcode])), "5/2000");
  }
});

Deno.test("VERIFY compares with what was sent, and stands behind what differs", () => {
  const bench = new DriveBench({ medium: tapeOf([4, 4, 4]) });
  const verify = (fill: number) => bench.run([0x13, 0x02, ...u24(4)], new Uint8Array(4).fill(fill));
  strictEqual(summary(verify(0)), "GOOD");
  strictEqual(summary(verify(9)), "e/1d00");
  strictEqual(bench.position().object, 2);
  bench.setBlockBytes(4);
  bench.ok([0x01]);
  const blocks = new Uint8Array([...[0, 0, 0, 0], ...[1, 1, 1, 1], ...[2, 2, 2, 2]]);
  strictEqual(summary(bench.run([0x13, 0x02 | FIXED, ...u24(3)], blocks)), "GOOD");
});

Deno.test("VERIFY goes over filemarks, or to end of data, and meets bad places", () => {
  const bench = new DriveBench({ medium: tapeOf([4, FM, 5, 6, FM, 7]) });
  strictEqual(summary(bench.run([0x13, 0x08, ...u24(2)])), "GOOD");
  strictEqual(bench.position().object, 5);
  strictEqual(summary(bench.run([0x13, 0x08, ...u24(2)])), "8/0005 2");
  bench.ok([0x01]);
  strictEqual(summary(bench.run([0x13, 0x20])), "GOOD");
  strictEqual(bench.position().object, 6);
  bench.drive.addBadBlock({ object: 3 });
  bench.ok([0x01]);
  strictEqual(summary(bench.run([0x13, 0x20])), "3/1100");
  strictEqual(bench.position().object, 3);
});

Deno.test("READ REVERSE brings what is behind, as READ would or byte by byte from the end", () => {
  const medium = new MemoryMedium();
  for (const first of [1, 4, 7]) {
    medium.partitions[0].appendRecord(new Uint8Array([first, first + 1, first + 2]));
  }
  medium.partitions[0].appendFilemarks(1);
  const bench = new DriveBench({ medium });
  const reverse = (length: number, bits = 0) => bench.run([0x0f, bits, ...u24(length)]);
  bench.locate(4);
  strictEqual(summary(reverse(3)), "0/0001 FM 3");
  deepStrictEqual([...reverse(3).data], [9, 8, 7]);
  deepStrictEqual([...reverse(3, 0x04).data], [4, 5, 6]);
  strictEqual(summary(reverse(5)), "0/0000 ILI 2");
  strictEqual(summary(reverse(3)), "0/0004 EOM 3");
  bench.setBlockBytes(3);
  bench.locate(3);
  deepStrictEqual([...reverse(2, 0x04 | FIXED).data], [4, 5, 6, 7, 8, 9]);
  bench.locate(3);
  deepStrictEqual([...reverse(2, FIXED).data], [9, 8, 7, 6, 5, 4]);
  strictEqual(summary(reverse(3, FIXED)), "0/0004 EOM 2");
});

Deno.test("The timestamp counts from power on until it is set, and others hear of that", () => {
  const clock = new VirtualClock();
  const bench = new DriveBench({ clock: clock.now });
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  clock.advance(5000);
  const report = () => [...bench.ok([0xa3, 0x0f, 0, 0, 0, 0, ...u32(12)])];
  deepStrictEqual(report(), [0, 10, 0, 0, 0, 0, 0, 0, 0x13, 0x88, 0, 0]);
  const list = new Uint8Array([0, 0, 0, 0, 0x01, 0x9a, 0, 0, 0, 0, 0, 0]);
  bench.ok([0xa4, 0x0f, 0, 0, 0, 0, ...u32(12)], list);
  clock.advance(1);
  deepStrictEqual(report(), [0, 10, 2, 0, 0x01, 0x9a, 0, 0, 0, 1, 0, 0]);
  strictEqual(summary(bench.run([0x00], undefined, other)), "6/2a10");
  strictEqual(summary(bench.run([0xa4, 0x0f, 0, 0, 0, 0, ...u32(4)], list)), "5/1a00");
});

Deno.test("Task management functions, diagnostics and buffers answer those that ask", () => {
  const bench = new DriveBench();
  deepStrictEqual([...bench.ok([0xa3, 0x0d, 0, 0, 0, 0, ...u32(4)])], [0xd8, 0, 0, 0]);
  strictEqual(bench.ok([0xa3, 0x0d, 0x80, 0, 0, 0, ...u32(99)]).length, 16);
  bench.ok([0x1d, 0x04]);
  bench.ok([0x1d, 0x10, 0, 0, 8], new Uint8Array(8));
  deepStrictEqual([...bench.ok([0x1c, 1, 0, 0, 255])], [0, 0, 0, 1, 0]);
  strictEqual(summary(bench.run([0x1c, 1, 9, 0, 255])), "5/2400");
  const size = bench.ok([0x3c, 0x03, 1, 0, 0, 0, 0, 0, 4]);
  const bytes = (size[1] << 16) | (size[2] << 8) | size[3];
  strictEqual(bench.ok([0x3c, 0x02, 1, 0, 0, 0, ...u24(0xffff)]).length, bytes);
  strictEqual(bench.ok([0x3c, 0x1c, 0, 0, 0, 0, ...u24(0xffff)]).length, 32);
  bench.ok([0x3b, 0x0a, 0, 0, 0, 0, ...u24(3)], new Uint8Array([7, 8, 9]));
  deepStrictEqual([...bench.ok([0x3c, 0x0a, 0, 0, 0, 0, ...u24(99)])], [7, 8, 9]);
  strictEqual(summary(bench.run([0x3b, 0x05, 0, 0, 0, 0, ...u24(3)], new Uint8Array(3))), "5/2400");
});

/** What is asked for, and what is said to it. */
const REFUSED: readonly (readonly [name: string, cdb: readonly number[], said: string])[] = [
  ["READ BUFFER of an echo buffer that nothing was written to", [0x3c, 0x0a, 0, 0, 0, 0], "5/2c00"],
  ["READ BUFFER of a buffer that is not there", [0x3c, 0x02, 2], "5/2400"],
  ["READ BUFFER behind the end of one", [0x3c, 0x02, 0, 0, 0x10, 0x01], "5/2400"],
  ["SEND DIAGNOSTIC of a reserved self test", [0x1d, 0x60], "5/2400"],
  ["SEND DIAGNOSTIC of two self tests", [0x1d, 0x24], "5/2400"],
  ["SEND DIAGNOSTIC of a self test with a list", [0x1d, 0x04, 0, 0, 4], "5/2400"],
  ["MODE SENSE of one subpage of all pages", [0x1a, 0x08, 0x3f, 0x01, 255], "5/2400"],
];

for (const [name, cdb, said] of REFUSED) {
  Deno.test(`${name} is refused`, () => {
    strictEqual(summary(new DriveBench().run(cdb, new Uint8Array(4))), said);
  });
}

Deno.test("The descriptor of a buffer that is not there has no length", () => {
  deepStrictEqual([...new DriveBench().ok([0x3c, 0x03, 2, 0, 0, 0, 0, 0, 4])], [0, 0, 0, 0]);
});

Deno.test("WRITE FILEMARKS does not return at once where nothing is buffered", () => {
  const bench = new DriveBench();
  bench.ok([0x15, 0x10, 0, 0, 4], new Uint8Array(4));
  strictEqual(summary(bench.run([0x10, 1, 0, 0, 1])), "5/2400");
  bench.ok([0x10, 0, 0, 0, 1]);
  bench.ok([0x15, 0x10, 0, 0, 4], new Uint8Array([0, 0, 0x10, 0]));
  bench.ok([0x10, 1, 0, 0, 1]);
  strictEqual(bench.position().object, 2);
});

Deno.test("READ REVERSE with SILI tells of a record that is longer, as READ does, unless the block length is 0", () => {
  for (const [blockBytes, said] of [[10, "0/0000 ILI -20"], [0, "GOOD"]] as const) {
    const bench = new DriveBench({ medium: tapeOf([30]) });
    bench.setBlockBytes(blockBytes);
    strictEqual(summary(bench.run([0x08, 0x02, 0, 0, 10])), said);
    strictEqual(summary(bench.run([0x0f, 0x02, 0, 0, 10])), said);
    strictEqual(summary(bench.run([0x08, 0x02, 0, 0, 40])), "GOOD");
    strictEqual(summary(bench.run([0x0f, 0x02, 0, 0, 40])), "GOOD");
    strictEqual(bench.position().object, 0);
  }
});

Deno.test("Commands of 16 bytes that write take the marks of a sequence's ends", () => {
  const bench = new DriveBench();
  for (const opcode of [0x80, 0x93]) bench.ok([opcode, 0x0c, ...new Array(14).fill(0)]);
});

Deno.test("READ MEDIA SERIAL NUMBER gives the label, padded to four bytes", () => {
  const bench = new DriveBench({ medium: new MemoryMedium({ barcode: "AB1234L8X" }) });
  const data = bench.ok([0xab, 0x01, 0, 0, 0, 0, ...u32(99)]);
  strictEqual(new TextDecoder().decode(data.subarray(4)), "AB1234L8X   ");
  strictEqual(data[3], 12);
});

/** A user data segment: one object. */
function segment(object: number): number[] {
  return [0, 30, ...Array(13).fill(0), 0, ...u64(object), ...u64(object)];
}

Deno.test("The recommended access order visits every piece, the nearest first, and is shorter than the one given", () => {
  const bench = new DriveBench({
    personality: tapePersonalities["ibm-ult3580-td9"],
    medium: tapeOf(Array(1000).fill(1000)),
    capacityBytes: 1_000_000,
  });
  const limits = bench.ok([0xa3, 0x9d, 0, 0, 0, 0, ...u32(99)]);
  deepStrictEqual([...limits], [0x0a, 0xaa, 0, 32]);
  strictEqual(summary(bench.run([0xa3, 0x1d, 0, 0, 0, 0, ...u32(99)])), "5/2c00");
  const objects = [900, 3, 500, 1, 2];
  const segments = objects.flatMap(segment);
  const list = new Uint8Array([0, 0, 0, 0, ...u32(segments.length), ...segments]);
  bench.ok([0xa4, 0x1d, 1, 0, 0, 0, ...u32(list.length)], list);
  const order = bench.ok([0xa3, 0x1d, 0, 0, 0, 0, ...u32(0x1000)]);
  const visited = objects.map((_, index) =>
    Number(new DataView(order.buffer, order.byteOffset).getBigUint64(8 + index * 32 + 16))
  );
  deepStrictEqual([...visited].sort((a, b) => a - b), [1, 2, 3, 500, 900]);
  // Other wraps lead to the same place along the tape; what lies side by side comes one after another.
  strictEqual(Math.abs(visited.indexOf(1) - visited.indexOf(2)), 1);
  const broken = list.slice();
  broken[7] = 1;
  strictEqual(summary(bench.run([0xa4, 0x1d, 1, 0, 0, 0, ...u32(list.length)], broken)), "5/2600");
});

Deno.test("READ BLOCK LIMITS gives the lengths of records, or the largest object number", () => {
  const bench = new DriveBench({ personality: tapePersonalities["ibm-ult3580-td5"] });
  deepStrictEqual([...bench.ok([0x05])], [0, ...u24(8_388_608), 0, 1]);
  const limit = bench.ok([0x05, 1]);
  deepStrictEqual([...limit.subarray(12)], u64(Number.MAX_SAFE_INTEGER));
  strictEqual(limit.length, 20);
});

Deno.test("VPD pages tell of WORM, TapeAlert flags and the element address", () => {
  const bench = new DriveBench({ elementAddress: 0x0101 });
  const body = (page: number) => [...bench.ok([0x12, 1, page, 0, 255]).subarray(4)];
  deepStrictEqual(body(0xb0), [1, 0]);
  deepStrictEqual(body(0xb2), Array(8).fill(0xff));
  deepStrictEqual(body(0xb4), [1, 1]);
  strictEqual(body(0x86).length, 60);
  deepStrictEqual(body(0x00).includes(0xb4), true);
  strictEqual(summary(new DriveBench().run([0x12, 1, 0xb4, 0, 255])), "5/2400");
});

Deno.test("Every personality lists commands that it has, with timeouts, and no others", () => {
  for (const name of Object.keys(tapePersonalities) as TapePersonalityName[]) {
    const bench = new DriveBench({ personality: tapePersonalities[name] });
    const data = bench.ok([0xa3, 0x0c, 0x80, 0, 0, 0, ...u32(0x10000)]);
    const { operations } = decodeSupportedOperations(data);
    for (const { opcode, serviceAction = 0, recommendedSeconds = 0 } of operations) {
      strictEqual(
        summary(bench.run([opcode, serviceAction])) !== "5/2000",
        true,
        `${name} ${opcode}`,
      );
      strictEqual(recommendedSeconds >= 60, true);
    }
    const features = tapePersonalities[name].features;
    const has = (opcode: number) => operations.some((each) => each.opcode === opcode);
    strictEqual(has(0xb5), features.encryption);
    strictEqual(has(0x8d), features.cartridgeMemory);
    const pages = [...bench.ok([0x4d, 0, 0x40, 0, 0, 0, 0, 0, 255]).subarray(4)];
    for (const page of pages) bench.ok([0x4d, 0, 0x40 | page, 0, 0, 0, 0, 0x10, 0]);
    bench.ok([0x1a, 0, 0x3f, 0, 255]);
    bench.ok([0x5a, 0, 0x3f, 0xff, 0, 0, 0, 4, 0]);
  }
});

Deno.test("REPORT DENSITY SUPPORT lists the types of cartridge too", () => {
  const bench = new DriveBench({ personality: tapePersonalities["ibm-ult3580-td9"] });
  const all = bench.ok([0x44, 2, 0, 0, 0, 0, 0, 4, 0]);
  strictEqual((all.length - 4) % 56, 0);
  const types = Array.from({ length: (all.length - 4) / 56 }, (_, index) => all[4 + index * 56]);
  deepStrictEqual(types, [0x88, 0x8c, 0x98, 0x9c]);
  strictEqual(bench.ok([0x44, 3, 0, 0, 0, 0, 0, 4, 0])[4], 0x98);
});

Deno.test("A read behind a motion finds the record; what was asked is logged with its CDB", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 20]) });
  bench.locate(1);
  bench.ok(read(20));
  const last = bench.drive.commands.at(-1);
  deepStrictEqual([...last?.cdb.subarray(0, 6) ?? []], [0x08, 0, 0, 0, 20, 0]);
});
