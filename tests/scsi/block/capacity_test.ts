import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import {
  decodeCapacity10,
  decodeCapacity16,
  encodeCapacity10,
  encodeCapacity16,
} from "../../../scsi/block/capacity.ts";
import { readCapacity, readCapacity10, readCapacity16 } from "../../../scsi/block/read_capacity.ts";
import { ScsiStatusError, UnexpectedResponseError } from "../../../scsi/errors.ts";
import { encodeSense } from "../../../scsi/sense.ts";
import { Status } from "../../../scsi/status.ts";
import { type Answer, FakeUnit, hex } from "../fake_unit.ts";

/** 2^33 blocks of 512 bytes, 8 in a physical block, aligned at 7, type 3 protection with 2 intervals, thin. */
const FULL = hex("00000001ffffffff 00000200 05 13 c007" + " 00".repeat(16));
const DECODED = {
  blocks: 2 ** 33,
  blockBytes: 512,
  blocksPerPhysicalBlock: 8,
  lowestAlignedLba: 7,
  protectionType: 3,
  protectionIntervals: 2,
  provisioned: true,
  unmappedReadsZeros: true,
};
const PLAIN = {
  blocksPerPhysicalBlock: 1,
  lowestAlignedLba: 0,
  protectionType: 0,
  protectionIntervals: 1,
  provisioned: false,
  unmappedReadsZeros: false,
};

function refused(asc: number): Answer {
  const sense = encodeSense({ key: 5, asc, ascq: 0 });
  return { status: Status.CheckCondition, sense };
}

/** A disk that is asked with READ CAPACITY(16) first. */
function disk(long: Answer, short: Answer): FakeUnit {
  return new FakeUnit((cdb) => cdb[0] === 0x9e ? long : short);
}

Deno.test("decodeCapacity16() and encodeCapacity16() agree on a disk with everything", () => {
  deepStrictEqual(decodeCapacity16(FULL), DECODED);
  deepStrictEqual(encodeCapacity16(DECODED), FULL);
});

Deno.test("decodeCapacity16() and encodeCapacity16() agree on a plain disk", () => {
  const bytes = encodeCapacity16({ blocks: 1, blockBytes: 4096 });
  deepStrictEqual(bytes, hex("0000000000000000 00001000" + " 00".repeat(20)));
  deepStrictEqual(decodeCapacity16(bytes), { blocks: 1, blockBytes: 4096, ...PLAIN });
});

Deno.test("decodeCapacity16() reads an answer cut after the block length", () => {
  const { blocks, blockBytes } = DECODED;
  deepStrictEqual(decodeCapacity16(FULL.subarray(0, 12)), { blocks, blockBytes, ...PLAIN });
  for (let length = 0; length < 12; length++) {
    throws(
      () => decodeCapacity16(FULL.subarray(0, length)),
      new RegExp(
        `READ CAPACITY\\(16\\) on the device: unusable answer: ${length} bytes, at least 12`,
      ),
    );
  }
});

Deno.test("decodeCapacity16() does not round a number of blocks", () => {
  const most = encodeCapacity16({ blocks: Number.MAX_SAFE_INTEGER, blockBytes: 512 });
  strictEqual(decodeCapacity16(most).blocks, Number.MAX_SAFE_INTEGER);
  for (const last of ["001fffffffffffff", "ffffffffffffffff"]) {
    throws(
      () => decodeCapacity16(hex(`${last} 00000200`)),
      (error: unknown) => error instanceof UnexpectedResponseError,
    );
  }
});

Deno.test("decodeCapacity10() and encodeCapacity10() agree, up to the address that says too many", () => {
  const most = { blocks: 0xffffffff, blockBytes: 512 };
  deepStrictEqual(decodeCapacity10(hex("fffffffe 00000200")), most);
  deepStrictEqual(encodeCapacity10(most), hex("fffffffe 00000200"));
  deepStrictEqual(decodeCapacity10(hex("ffffffff 00001000")), { blockBytes: 4096 });
  deepStrictEqual(encodeCapacity10({ blockBytes: 4096 }), hex("ffffffff 00001000"));
});

Deno.test("A block length of 0 is no capacity", () => {
  throws(() => decodeCapacity10(hex("00000000 00000000")), /a block length of 0/);
  throws(() => decodeCapacity16(new Uint8Array(32)), /a block length of 0/);
  throws(() => decodeCapacity10(hex("00000000 000002")), /7 bytes, at least 8 needed/);
});

Deno.test("The encoders of capacities refuse what does not fit", () => {
  const blocks = 1;
  const blockBytes = 512;
  throws(() => encodeCapacity10({ blocks: 2 ** 32, blockBytes }), RangeError);
  throws(() => encodeCapacity10({ blocks: 0, blockBytes }), RangeError);
  throws(() => encodeCapacity16({ blocks: 0, blockBytes }), RangeError);
  throws(() => encodeCapacity16({ blocks, blockBytes: 0 }), RangeError);
  throws(
    () => encodeCapacity16({ blocks, blockBytes, blocksPerPhysicalBlock: 3 }),
    /blocks per physical block: 3 is not a power of two/,
  );
  throws(() => encodeCapacity16({ blocks, blockBytes, lowestAlignedLba: 16384 }), RangeError);
});

Deno.test("readCapacity() asks with READ CAPACITY(16)", async () => {
  const unit = disk(FULL, refused(0x20));
  deepStrictEqual(await readCapacity(unit), DECODED);
  deepStrictEqual(
    unit.commands.map(({ cdb }) => cdb),
    [hex("9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00")],
  );
});

for (const asc of [0x20, 0x24]) {
  Deno.test(`readCapacity() falls back on READ CAPACITY(10) when refused with ${asc.toString(16)}h`, async () => {
    const unit = disk(refused(asc), hex("000007ff 00000200"));
    deepStrictEqual(await readCapacity(unit), { blocks: 2048, blockBytes: 512, ...PLAIN });
    deepStrictEqual(unit.commands[1].cdb, hex("25 00 00 00 00 00 00 00 00 00"));
  });
}

Deno.test("readCapacity() does not take FFFFFFFFh for a size", async () => {
  await rejects(
    readCapacity(disk(refused(0x20), hex("ffffffff 00000200"))),
    (error) =>
      error instanceof UnexpectedResponseError && /2\^32 blocks or more/.test(error.message),
  );
});

Deno.test("readCapacity() falls back for nothing but a refusal", async () => {
  const attention: Answer = {
    status: Status.CheckCondition,
    sense: encodeSense({ key: 6, asc: 0x29, ascq: 0 }),
  };
  const late: Answer = {
    status: Status.CheckCondition,
    sense: encodeSense({ key: 5, asc: 0x20, ascq: 0, deferred: true }),
  };
  for (const answer of [{ status: Status.Busy }, attention, late]) {
    const unit = disk(answer, hex("000007ff 00000200"));
    await rejects(readCapacity(unit), ScsiStatusError);
    strictEqual(unit.commands.length, 1);
  }
});

Deno.test("readCapacity10() and readCapacity16() ask what they are named for", async () => {
  const unit = disk(FULL, hex("000007ff 00000200"));
  deepStrictEqual(await readCapacity10(unit), { blocks: 2048, blockBytes: 512 });
  deepStrictEqual(await readCapacity16(unit), DECODED);
  await rejects(readCapacity10(disk(FULL, refused(0x20))), /READ CAPACITY\(10\) on fake: CHECK/);
  await rejects(readCapacity16(disk(refused(0x20), FULL)), /READ CAPACITY\(16\) on fake: CHECK/);
});
