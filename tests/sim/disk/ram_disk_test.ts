import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { InvalidOptionError } from "../../../iscsi/errors.ts";
import { decodeBlockLimits } from "../../../scsi/block/block_limits.ts";
import { decodeCapacity16 } from "../../../scsi/block/capacity.ts";
import { encodeUnmap } from "../../../scsi/block/unmap.ts";
import { decodeSupportedOperations } from "../../../scsi/supported_operations.ts";
import { decodeSense } from "../../../scsi/sense.ts";
import { BlockStore } from "../../../sim/disk/block_store.ts";
import { RamDisk, type RamDiskOptions } from "../../../sim/disk/ram_disk.ts";
import { Random, seed } from "../../scsi/random.ts";
import { field, UnitBench } from "../unit/unit_bench.ts";

const BLOCK = 512;
const BLOCKS = 1000;

function bench(options: RamDiskOptions = {}): UnitBench {
  return new UnitBench(new RamDisk({ blocks: BLOCKS, ...options }));
}

function pattern(blocks: number, first = 1): Uint8Array {
  return Uint8Array.from({ length: blocks * BLOCK }, (_, i) => first + Math.floor(i / BLOCK));
}

const cdb10 = (
  opcode: number,
  lba: number,
  blocks: number,
  flags = 0,
) => [opcode, flags, ...field(4, lba), 0, ...field(2, blocks), 0];
const cdb12 = (
  opcode: number,
  lba: number,
  blocks: number,
  flags = 0,
) => [opcode, flags, ...field(4, lba, blocks), 0, 0];
const cdb16 = (
  opcode: number,
  lba: number,
  blocks: number,
  flags = 0,
) => [opcode, flags, ...field(8, lba), ...field(4, blocks), 0, 0];
const cdb6 = (opcode: number, lba: number, blocks: number) => [opcode, ...field(3, lba), blocks, 0];

type Cdb = (opcode: number, lba: number, blocks: number, flags?: number) => number[];

/** READ, WRITE, VERIFY and WRITE AND VERIFY of each length. */
const FORMS:
  readonly (readonly [string, Cdb, number, number, number | undefined, number | undefined])[] = [
    ["6", cdb6, 0x08, 0x0a, undefined, undefined],
    ["10", cdb10, 0x28, 0x2a, 0x2f, 0x2e],
    ["12", cdb12, 0xa8, 0xaa, 0xaf, 0xae],
    ["16", cdb16, 0x88, 0x8a, 0x8f, 0x8e],
  ];

for (const [form, cdb, read, write, verify, writeAndVerify] of FORMS) {
  Deno.test(`READ(${form}) gives what WRITE(${form}) wrote, and zeros where nothing was`, () => {
    const disk = bench();
    strictEqual(disk.say(cdb(write, 7, 2), pattern(2)), "GOOD");
    deepStrictEqual(disk.data(cdb(read, 7, 2)), pattern(2));
    deepStrictEqual([...new Set(disk.data(cdb(read, 9, 1)))], [0]);
    if (form === "6") return;
    strictEqual(disk.data(cdb(read, 7, 0)).length, 0);
    strictEqual(disk.say(cdb(read, 7, 1, 0x18)), "GOOD");
    strictEqual(disk.say(cdb(read, 7, 1, 0x20)), "5/2400");
    strictEqual(disk.say(cdb(write, 7, 1, 0x20), pattern(1)), "5/2400");
  });

  Deno.test(`Beyond the last block, READ(${form}) and WRITE(${form}) are refused with its address`, () => {
    const disk = bench();
    strictEqual(disk.say(cdb(read, BLOCKS - 1, 1)), "GOOD");
    for (const [lba, blocks] of [[BLOCKS, 1], [BLOCKS - 1, 2]]) {
      strictEqual(disk.say(cdb(read, lba, blocks)), "5/2100");
      const { sense } = disk.run(cdb(write, lba, blocks), pattern(blocks));
      const { asc, information } = decodeSense(sense!);
      deepStrictEqual([asc, information], [0x21, lba]);
    }
  });

  if (verify === undefined || writeAndVerify === undefined) continue;
  Deno.test(`VERIFY(${form}) compares with what comes, whole or block by block, or with nothing`, () => {
    const disk = bench();
    strictEqual(disk.say(cdb(writeAndVerify, 3, 2, 0x02), pattern(2)), "GOOD");
    strictEqual(disk.say(cdb(verify, 3, 2)), "GOOD");
    strictEqual(disk.say(cdb(verify, 3, 2, 0x02), pattern(2)), "GOOD");
    strictEqual(disk.say(cdb(verify, 3, 2, 0x06), pattern(1)), "e/1d00");
    const { sense } = disk.run(cdb(verify, 3, 2, 0x02), pattern(2).fill(9, 700, 701));
    strictEqual(decodeSense(sense!).information, 700);
    strictEqual(disk.say(cdb(verify, 3, 2, 0x04), pattern(2)), "5/2400");
    strictEqual(disk.say(cdb(verify, BLOCKS, 1)), "5/2100");
  });
}

Deno.test("READ(6) takes 0 blocks for 256", () => {
  strictEqual(bench().data(cdb6(0x08, 0, 0)).length, 256 * BLOCK);
});

Deno.test("One command moves no more than page B0h tells", () => {
  const disk = bench({ blocks: 100_000 });
  const page = disk.data([0x12, 1, 0xb0, 0, 255, 0]);
  const { maxTransferBlocks, maxCompareAndWriteBlocks } = decodeBlockLimits(page.subarray(4));
  strictEqual(maxCompareAndWriteBlocks, 255);
  strictEqual(disk.data(cdb10(0x28, 0, maxTransferBlocks)).length, 16 * 1024 * 1024);
  strictEqual(disk.say(cdb10(0x28, 0, maxTransferBlocks + 1)), "5/2400");
});

Deno.test("READ CAPACITY(10) and (16) tell the last block, and that blocks are provisioned as they are written", () => {
  const disk = bench();
  deepStrictEqual([...disk.data([0x25])], [...field(4, BLOCKS - 1, BLOCK)]);
  const { blocks, blockBytes, provisioned, unmappedReadsZeros } = decodeCapacity16(
    disk.data([0x9e, 0x10, ...field(8, 0), ...field(4, 32)]),
  );
  deepStrictEqual([blocks, blockBytes, provisioned, unmappedReadsZeros], [
    BLOCKS,
    BLOCK,
    true,
    true,
  ]);
  const large = bench({ blocks: 2 ** 40, blockBytes: 4096 });
  deepStrictEqual([...large.data([0x25])], [...field(4, 0xffffffff, 4096)]);
  strictEqual(large.say(cdb16(0x8a, 2 ** 39, 1), new Uint8Array(4096)), "GOOD");
});

Deno.test("WRITE SAME repeats a block, to the end for 0 blocks, and unmaps where asked", () => {
  const disk = bench();
  strictEqual(disk.say(cdb10(0x41, 10, 3), pattern(1, 5)), "GOOD");
  deepStrictEqual([...new Set(disk.data(cdb10(0x28, 10, 3)))], [5]);
  strictEqual(disk.say(cdb16(0x93, 990, 0), pattern(1, 6)), "GOOD");
  deepStrictEqual([...new Set(disk.data(cdb10(0x28, 990, 10)))], [6]);
  strictEqual(disk.say(cdb16(0x93, 11, 1, 0x09)), "GOOD");
  deepStrictEqual([...new Set(disk.data(cdb10(0x28, 11, 1)))], [0]);
  strictEqual(disk.say(cdb16(0x93, 995, 6), pattern(1)), "5/2100");
  strictEqual(disk.say(cdb10(0x41, 0, 1, 0x10), pattern(1)), "5/2400");
});

Deno.test("UNMAP gives blocks back, all ranges or none, and GET LBA STATUS tells which are there", () => {
  const disk = bench();
  disk.say(cdb10(0x2a, 0, 20), pattern(20));
  const unmap = (...ranges: { lba: number; blocks: number }[]) => {
    const list = encodeUnmap(ranges);
    return disk.say([0x42, 0, 0, 0, 0, 0, 0, ...field(2, list.length), 0], list);
  };
  strictEqual(unmap({ lba: 2, blocks: 3 }, { lba: BLOCKS, blocks: 1 }), "5/2100");
  deepStrictEqual(disk.data(cdb10(0x28, 2, 1)), pattern(1, 3));
  strictEqual(unmap({ lba: 2, blocks: 3 }, { lba: 10, blocks: 10 }), "GOOD");
  deepStrictEqual([...new Set(disk.data(cdb10(0x28, 2, 3)))], [0]);
  const status = disk.data([0x9e, 0x12, ...field(8, 0), ...field(4, 4096), 0, 0]);
  const extents = Array.from({ length: (status.length - 8) / 16 }, (_, i) => {
    const at = 8 + i * 16;
    const view = new DataView(status.buffer, status.byteOffset + at);
    return [Number(view.getBigUint64(0)), view.getUint32(8), status[at + 12]];
  });
  deepStrictEqual(extents, [[0, 2, 0], [2, 3, 1], [5, 5, 0], [10, 990, 1]]);
  strictEqual(disk.say([0x42, 0, 0, 0, 0, 0, 0, 0, 4, 0], new Uint8Array(4)), "5/1a00");
});

Deno.test("COMPARE AND WRITE writes only over what it expects", () => {
  const disk = bench();
  const both = (expected: Uint8Array, written: Uint8Array) =>
    Uint8Array.from([...expected, ...written]);
  const cdb = [0x89, 0, ...field(8, 4), 0, 0, 0, 1, 0, 0];
  strictEqual(disk.say(cdb, both(new Uint8Array(BLOCK), pattern(1, 7))), "GOOD");
  strictEqual(disk.say(cdb, both(new Uint8Array(BLOCK), pattern(1, 8))), "e/1d00");
  deepStrictEqual(disk.data(cdb10(0x28, 4, 1)), pattern(1, 7));
});

Deno.test("A write-protected disk refuses every way of writing, and so does SWP", () => {
  const writes = [
    cdb10(0x2a, 0, 1),
    cdb10(0x2e, 0, 1),
    cdb10(0x41, 0, 1),
    [0x89, 0, ...field(8, 0), 0, 0, 0, 1, 0, 0],
  ];
  const disk = bench({ writeProtected: true });
  for (const cdb of writes) strictEqual(disk.say(cdb, pattern(2)), "7/2700");
  strictEqual(disk.data([0x1a, 8, 0x0a, 0, 255, 0])[2] & 0x80, 0x80);
  const soft = bench();
  const page = soft.data([0x1a, 8, 0x0a, 0, 255, 0]);
  page[0] = page[2] = 0;
  page[8] |= 0x08;
  strictEqual(soft.say([0x15, 0x10, 0, 0, page.length, 0], page), "GOOD");
  strictEqual(soft.say(cdb10(0x2a, 0, 1), pattern(1)), "7/2702");
  strictEqual(soft.say([0x00], undefined, soft.second), "6/2a01");
});

Deno.test("START STOP UNIT stops and starts, and ejects where the medium is removable and not held", () => {
  const disk = bench();
  strictEqual(disk.say([0x1b, 0, 0, 0, 0, 0]), "GOOD");
  strictEqual(disk.say([0x00]), "2/0402");
  strictEqual(disk.say([0x1b, 0, 0, 0, 2, 0]), "5/2400");
  strictEqual(disk.say([0x1b, 0, 0, 0, 1, 0]), "GOOD");
  strictEqual(disk.say([0x00]), "GOOD");
  const removable = bench({ removable: true });
  removable.say([0x1e, 0, 0, 0, 1, 0], undefined, removable.second);
  strictEqual(removable.say([0x1b, 0, 0, 0, 2, 0]), "5/5302");
  removable.say([0x1e, 0, 0, 0, 0, 0], undefined, removable.second);
  strictEqual(removable.say([0x1b, 0, 0, 0, 2, 0]), "GOOD");
  strictEqual(removable.say([0x00]), "2/3a00");
  strictEqual(removable.say([0x1b, 0, 0, 0, 3, 0]), "GOOD");
  strictEqual(removable.say([0x00]), "6/2800");
});

Deno.test("SYNCHRONIZE CACHE and PRE-FETCH look at their range alone", () => {
  const disk = bench();
  for (const cdb of [cdb10(0x35, 0, 0), cdb16(0x91, 0, 10, 0x02), cdb10(0x34, 0, 10)]) {
    strictEqual(disk.say(cdb), "GOOD");
  }
  strictEqual(disk.say(cdb10(0x35, BLOCKS, 1)), "5/2100");
});

Deno.test("REPORT SUPPORTED OPERATION CODES lists every command with its CDB length", () => {
  const disk = bench();
  const { operations } = decodeSupportedOperations(
    disk.data([0xa3, 0x0c, 0, 0, 0, 0, ...field(4, 65535), 0, 0]),
  );
  ok(operations.length > 40);
  const lengths = operations.map(({ opcode, cdbLength }) => [opcode, cdbLength]);
  for (const row of [[0x28, 10], [0xa8, 12], [0x88, 16], [0x08, 6], [0x5f, 10], [0xa3, 12]]) {
    ok(lengths.some((one) => one[0] === row[0] && one[1] === row[1]), `${row}`);
  }
  strictEqual(disk.data([0xa3, 0x0c, 1, 0x28, 0, 0, ...field(4, 100), 0, 0])[1], 0x03);
  strictEqual(disk.data([0xa3, 0x0c, 1, 0xff, 0, 0, ...field(4, 100), 0, 0])[1], 0x01);
});

Deno.test("A disk of an impossible size is refused", () => {
  for (
    const options of [{ blocks: 0 }, { blocks: 1.5 }, { blockBytes: 500 }, { blockBytes: 131072 }]
  ) {
    throws(() => new RamDisk(options), InvalidOptionError);
  }
});

Deno.test("BlockStore is an array of blocks: any writes, fills and unmaps, against a plain one", () => {
  const random = new Random(seed());
  const blocks = 5000;
  const store = new BlockStore(blocks, 1024);
  const model = new Uint8Array(blocks);
  const mapped = new Uint8Array(blocks);
  for (let step = 0; step < 400; step++) {
    const lba = random.below(blocks);
    const count = Math.min(1 + random.below(2000), blocks - lba);
    const value = 1 + random.below(255);
    const what = random.below(3);
    if (what === 0) store.write(lba, new Uint8Array(count * 1024).fill(value));
    if (what === 1) store.fill(lba, count, new Uint8Array(1024).fill(value));
    if (what === 2) store.unmap(lba, count);
    model.fill(what === 2 ? 0 : value, lba, lba + count);
    mapped.fill(what === 2 ? 0 : 1, lba, lba + count);
    const at = random.below(blocks - 8);
    deepStrictEqual(
      Array.from({ length: 8 }, (_, i) => store.read(at, 8)[i * 1024 + 5]),
      [...model.subarray(at, at + 8)],
    );
    const from = random.below(blocks);
    const end = mapped.findIndex((bit, i) => i >= from && bit !== mapped[from]);
    deepStrictEqual(store.extent(from), {
      mapped: mapped[from] === 1,
      blocks: (end < 0 ? blocks : end) - from,
    });
  }
});
