import { deepStrictEqual, throws } from "node:assert/strict";
import {
  bits,
  type FieldTable,
  flag,
  readFields,
  uint,
  writeFields,
} from "../../scsi/bit_field.ts";
import { UnexpectedResponseError } from "../../scsi/errors.ts";
import { hex } from "./fake_unit.ts";

interface Sample {
  readonly on: boolean;
  readonly few: number;
  readonly wide: number;
  readonly late: number;
}

const FIELDS: FieldTable<Sample> = {
  on: flag(0, 7),
  few: bits(0, 3, 2),
  wide: uint(1, 3),
  late: uint(4),
};

Deno.test("readFields() reads flags, bits and whole bytes, and leaves out what the page is too short for", () => {
  deepStrictEqual(readFields(hex("98 123456 07"), FIELDS), {
    on: true,
    few: 3,
    wide: 0x123456,
    late: 7,
  });
  deepStrictEqual(readFields(hex("08 000000"), FIELDS), { on: false, few: 1, wide: 0 });
  deepStrictEqual(readFields(hex(""), FIELDS), {});
});

Deno.test("writeFields() changes the bits of its fields and no other", () => {
  const full = hex("ff ffffff ff");
  writeFields(full, FIELDS, { on: false, few: 1, wide: 0x010203 });
  deepStrictEqual(full, hex("6f 010203 ff"));
  const empty = hex("00 000000 00");
  writeFields(empty, FIELDS, { on: true, few: 2, late: 9 });
  deepStrictEqual(empty, hex("90 000000 09"));
});

Deno.test("writeFields() refuses a value or a page that cannot hold it", () => {
  throws(() => writeFields(hex("00"), FIELDS, { few: 4 }), RangeError);
  throws(() => writeFields(hex("00000000"), FIELDS, { wide: 0x1000000 }), RangeError);
  throws(() => writeFields(hex("00000000"), FIELDS, { late: 1 }), UnexpectedResponseError);
});
