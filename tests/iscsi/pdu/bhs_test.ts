import assert from "node:assert/strict";
import {
  ahsLength,
  BHS_LENGTH,
  dataSegmentLength,
  padded,
  readLun,
  writeLun,
} from "../../../iscsi/pdu/bhs.ts";
import {
  readU16,
  readU24,
  readU32,
  writeU16,
  writeU24,
  writeU32,
} from "../../../scsi/big_endian.ts";
import { hex } from "./header_fixture.ts";

const NUMBERS = [
  { read: readU16, write: writeU16, width: 2, values: [0, 1, 0x0102, 0x8000, 0xffff] },
  { read: readU24, write: writeU24, width: 3, values: [0, 1, 0x010203, 0x800000, 0xffffff] },
  { read: readU32, write: writeU32, width: 4, values: [0, 1, 0x01020304, 2 ** 31, 2 ** 32 - 1] },
];

Deno.test("numbers are unsigned, most significant byte first, and leave their neighbours alone", () => {
  for (const { read, write, width, values } of NUMBERS) {
    for (const value of values) {
      const bytes = new Uint8Array(width + 2).fill(0xee);
      write(bytes, 1, value);
      const digits = value.toString(16).padStart(2 * width, "0");
      assert.deepEqual(bytes, hex(`ee ${digits} ee`));
      assert.equal(read(bytes, 1), value);
    }
  }
});

Deno.test("a LUN keeps all its 8 bytes", () => {
  for (
    const lun of [0n, 0x0001000000000000n, 0x40ff000000000000n, 0xfedcba9876543210n, 2n ** 64n - 1n]
  ) {
    const bhs = new Uint8Array(BHS_LENGTH);
    writeLun(bhs, lun);
    assert.deepEqual(bhs.subarray(8, 16), hex(lun.toString(16).padStart(16, "0")));
    assert.equal(readLun(bhs), lun);
  }
});

Deno.test("the AHS length counts words, the data segment length bytes", () => {
  const bhs = new Uint8Array(BHS_LENGTH);
  bhs.set(hex("ff fedcba"), 4);
  assert.equal(ahsLength(bhs), 1020);
  assert.equal(dataSegmentLength(bhs), 0xfedcba);
});

Deno.test("padded() rounds up to a whole number of words", () => {
  const expected = [0, 4, 4, 4, 4, 8];
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(padded), expected);
  assert.equal(padded(0xffffff), 0x1000000);
});
