import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { decodeUnmap, encodeUnmap, unmapBlocks } from "../../../scsi/block/unmap.ts";
import { writeSame } from "../../../scsi/block/write_same.ts";
import { CheckConditionError, UnexpectedResponseError } from "../../../scsi/errors.ts";
import { encodeSense } from "../../../scsi/sense.ts";
import { Status } from "../../../scsi/status.ts";
import { FakeUnit, hex } from "../fake_unit.ts";

const RANGES = [{ lba: 0x10203_04050607, blocks: 0x08090a0b }, { lba: 1, blocks: 2 }];
const LIST = hex(
  "0026 0020 00000000" +
    "  0001020304050607 08090a0b 00000000" +
    "  0000000000000001 00000002 00000000",
);

function good(): FakeUnit {
  return new FakeUnit(() => new Uint8Array(0));
}

Deno.test("encodeUnmap() and decodeUnmap() agree on two ranges and on none", () => {
  deepStrictEqual(encodeUnmap(RANGES), LIST);
  deepStrictEqual(decodeUnmap(LIST), RANGES);
  deepStrictEqual(encodeUnmap([]), hex("0006 0000 00000000"));
  deepStrictEqual(decodeUnmap(encodeUnmap([])), []);
});

Deno.test("decodeUnmap() of a list cut at any byte gives the ranges before the cut", () => {
  for (let length = 0; length <= LIST.length; length++) {
    const whole = Math.max(Math.floor((length - 8) / 16), 0);
    deepStrictEqual(decodeUnmap(LIST.subarray(0, length)), RANGES.slice(0, whole));
  }
});

Deno.test("decodeUnmap() leaves out what its length field does not cover", () => {
  const bytes = LIST.slice();
  bytes[3] = 0x1f;
  deepStrictEqual(decodeUnmap(bytes), RANGES.slice(0, 1));
});

Deno.test("decodeUnmap() of an address beyond all numbers gives one beyond every disk", () => {
  const bytes = encodeUnmap([{ lba: 0, blocks: 1 }]);
  bytes.fill(0xff, 8, 16);
  const [{ lba }] = decodeUnmap(bytes);
  strictEqual(lba > Number.MAX_SAFE_INTEGER, true);
});

Deno.test("encodeUnmap() takes as many ranges as its lengths can say", () => {
  const ranges = Array.from({ length: 4095 }, (_, lba) => ({ lba, blocks: 1 }));
  const bytes = encodeUnmap(ranges);
  deepStrictEqual(bytes.subarray(0, 4), hex("fff6 fff0"));
  deepStrictEqual(decodeUnmap(bytes), ranges);
  throws(() => encodeUnmap([...ranges, { lba: 0, blocks: 1 }]), /ranges: 4096 is not in 0 to 4095/);
  throws(() => encodeUnmap([{ lba: 0, blocks: 2 ** 32 }]), RangeError);
  throws(() => encodeUnmap([{ lba: -1, blocks: 1 }]), RangeError);
});

Deno.test("unmapBlocks() sends one list", async () => {
  const unit = good();
  await unmapBlocks(unit, RANGES, { anchor: true });
  deepStrictEqual(unit.commands[0].cdb, hex("42 01 00 00 00 00 00 00 28 00"));
  deepStrictEqual(unit.commands[0].dataOut, LIST);
  const sense = encodeSense({ key: 5, asc: 0x26, ascq: 0 });
  const refusing = new FakeUnit(() => ({ status: Status.CheckCondition, sense }));
  await rejects(unmapBlocks(refusing, RANGES), CheckConditionError);
});

Deno.test("unmapBlocks() takes GOOD for done, whatever residual comes with it", async () => {
  const unit = new FakeUnit(() => new Uint8Array(40));
  await unmapBlocks(unit, RANGES);
  strictEqual(unit.commands.length, 1);
});

Deno.test("writeSame() sends one block for many", async () => {
  const unit = good();
  const block = new Uint8Array(512).fill(0xaa);
  await writeSame(unit, { lba: 4, blocks: 1000, block });
  await writeSame(unit, { lba: 4, blocks: 0x10000, block }, { unmap: true });
  strictEqual(unit.commands[0].dataOut, block);
  deepStrictEqual(unit.commands.map(({ cdb }) => cdb), [
    hex("41 00 00 00 00 04 00 03 e8 00"),
    hex("93 08 00 00 00 00 00 00 00 04 00 01 00 00 00 00"),
  ]);
});

Deno.test("writeSame() without a block sends none, and takes the CDB that can say so", async () => {
  const unit = good();
  await writeSame(unit, { lba: 4, blocks: 2 }, { unmap: true });
  strictEqual(unit.commands[0].dataOut, undefined);
  deepStrictEqual(
    unit.commands[0].cdb,
    hex("93 09 00 00 00 00 00 00 00 04 00 00 00 02 00 00"),
  );
  await rejects(
    writeSame(unit, { lba: 4, blocks: 2 }, { cdbLength: 10 }),
    /RangeError: Cannot build WRITE SAME\(10\): it needs a block to write/,
  );
});

Deno.test("writeSame() writes to the end of the medium only when told so in words", async () => {
  const unit = good();
  const block = new Uint8Array(512);
  await rejects(writeSame(unit, { lba: 4, blocks: 0, block }), RangeError);
  strictEqual(unit.commands.length, 0);
  await writeSame(unit, { lba: 4, blocks: "to-end", block });
  deepStrictEqual(unit.commands[0].cdb, hex("41 00 00 00 00 04 00 00 00 00"));
});

Deno.test("writeSame() refuses an empty block, and reports one of another length", async () => {
  await rejects(writeSame(good(), { lba: 0, blocks: 1, block: new Uint8Array(0) }), RangeError);
  const wantsMore = new FakeUnit(() => new Uint8Array(3584));
  await rejects(
    writeSame(wantsMore, { lba: 0, blocks: 1, block: new Uint8Array(512) }),
    UnexpectedResponseError,
  );
});
