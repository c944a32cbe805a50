import assert from "node:assert/strict";
import { decodeSegmentOrder, encodeSegments } from "../../tape/access_order.ts";
import * as commands from "../../tape/extended_commands.ts";
import { hex } from "../scsi/fake_unit.ts";

const PLACE = { partition: 1, object: 0x123456789a };

const CDBS: readonly (readonly [string, Uint8Array, string])[] = [
  ["FORMAT MEDIUM", commands.formatMediumCdb(1, true), "04 01 01 0000 00"],
  ["SET CAPACITY", commands.setCapacityCdb(0x8000, false), "0b 00 00 8000 00"],
  ["ERASE long at once", commands.longEraseCdb(true), "19 03 000000 00"],
  ["VERIFY of a record", commands.verify6Cdb({ length: 1000 }), "13 00 0003e8 00"],
  [
    "VERIFY of blocks with their CRC",
    commands.verify6Cdb({ length: 3, fixed: true, protection: true }),
    "13 11 000003 00",
  ],
  ["VERIFY by filemarks", commands.verify6Cdb({ length: 2, byFilemarks: true }), "13 08 000002 00"],
  [
    "VERIFY to end of data",
    commands.verify6Cdb({ length: 0, toEndOfData: true }),
    "13 20 000000 00",
  ],
  [
    "VERIFY(16)",
    commands.verify16Cdb(PLACE, { length: 5 }),
    "8f 00 00 01 000000123456789a 000005 00",
  ],
  [
    "READ REVERSE, bytes as written",
    commands.readReverseCdb({ fixed: false, length: 512 }),
    "0f 04 000200 00",
  ],
  [
    "READ REVERSE of a block",
    commands.readReverseCdb({ fixed: true, length: 1 }),
    "0f 05 000001 00",
  ],
  ["READ(16)", commands.read16Cdb(PLACE, false, 512), "88 00 00 01 000000123456789a 000200 00"],
  [
    "WRITE(16), a sequence of its own",
    commands.write16Cdb(PLACE, true, 2),
    "8a 0d 00 01 000000123456789a 000002 00",
  ],
  [
    "ALLOW OVERWRITE",
    commands.allowOverwriteCdb(1, PLACE),
    "82 00 01 01 000000123456789a 00000000",
  ],
  ["LOAD that holds", commands.loadHoldingCdb(), "1b 00 0000 09 00"],
  ["GENERATE RAO", commands.generateAccessOrderCdb(72), "a4 1d 02 00 0000 00000048 00 00"],
  ["RECEIVE RAO", commands.receiveAccessOrderCdb(72), "a3 1d 00000000 00000048 00 00"],
];

for (const [name, cdb, expected] of CDBS) {
  Deno.test(`${name} has its fields where SSC has them`, () => {
    assert.deepEqual(cdb, hex(expected));
  });
}

Deno.test("Segments go out by name, and come back in another order", () => {
  const bytes = encodeSegments([{ first: 1, last: 2 }, {
    partition: 1,
    first: 3,
    last: 0x100000000,
  }]);
  assert.deepEqual(
    bytes,
    hex(`00000000 00000040
      001e 000000 30303030303030303030 00 0000000000000001 0000000000000002
      001e 000000 30303030303030303031 01 0000000000000003 0000000100000000`),
  );
  const swapped = new Uint8Array([
    ...bytes.subarray(0, 8),
    ...bytes.subarray(40),
    ...bytes.subarray(8, 40),
  ]);
  assert.deepEqual(decodeSegmentOrder(swapped), [1, 0]);
});
