import assert from "node:assert/strict";
import {
  eraseCdb,
  loadUnloadCdb,
  locate10Cdb,
  locate16Cdb,
  LocateDestination,
  PositionForm,
  readCdb,
  readPositionCdb,
  reportDensitySupportCdb,
  rewindCdb,
  spaceCdb,
  SpaceCode,
  writeCdb,
  writeFilemarksCdb,
} from "../../tape/commands.ts";
import { hex } from "../scsi/fake_unit.ts";

const { Object: OBJECT, File: FILE } = LocateDestination;

const CDBS: readonly (readonly [string, Uint8Array, string])[] = [
  ["REWIND", rewindCdb(), "01 00 000000 00"],
  ["READ, variable", readCdb({ fixed: false, sili: false, length: 0x123456 }), "08 00 123456 00"],
  ["READ, SILI", readCdb({ fixed: false, sili: true, length: 1 }), "08 02 000001 00"],
  ["READ, fixed", readCdb({ fixed: true, sili: false, length: 16 }), "08 01 000010 00"],
  ["WRITE, fixed", writeCdb(true, 3), "0a 01 000003 00"],
  ["WRITE, variable", writeCdb(false, 0xffffff), "0a 00 ffffff 00"],
  ["WRITE FILEMARKS", writeFilemarksCdb(2, true), "10 01 000002 00"],
  ["SPACE back", spaceCdb(SpaceCode.Blocks, -1), "11 00 ffffff 00"],
  ["SPACE filemarks", spaceCdb(SpaceCode.Filemarks, 0x7fffff), "11 01 7fffff 00"],
  ["SPACE far", spaceCdb(SpaceCode.Blocks, 0x800000), "91 00 0000 0000000000800000 0000 0000"],
  ["SPACE far back", spaceCdb(SpaceCode.Blocks, -0x800000), "91 00 0000 ffffffffff800000 00000000"],
  ["SPACE to end of data", spaceCdb(SpaceCode.EndOfData, 0), "11 03 000000 00"],
  ["ERASE long", eraseCdb(true), "19 01 000000 00"],
  ["LOAD", loadUnloadCdb(true), "1b 00 0000 01 00"],
  ["LOAD, retension", loadUnloadCdb(true, true), "1b 00 0000 03 00"],
  ["UNLOAD", loadUnloadCdb(false), "1b 00 0000 00 00"],
  [
    "LOCATE(16)",
    locate16Cdb({ number: 2 ** 40, destination: OBJECT }),
    "92 00 00 00 0000010000000000 00000000",
  ],
  [
    "LOCATE(16) file in partition",
    locate16Cdb({ number: 7, destination: FILE, partition: 1 }),
    "92 0a 00 01 0000000000000007 00000000",
  ],
  [
    "LOCATE(10)",
    locate10Cdb({ number: 0xfffffffe, destination: OBJECT, partition: 2 })!,
    "2b 02 00 fffffffe 00 02 00",
  ],
  ["READ POSITION", readPositionCdb(PositionForm.Long), "34 06 0000000000000000"],
  ["REPORT DENSITY SUPPORT", reportDensitySupportCdb(true, 8192), "44 01 0000000000 2000 00"],
];

for (const [name, cdb, bytes] of CDBS) {
  Deno.test(`the CDB of ${name} is right to the byte`, () => {
    assert.deepEqual(cdb, hex(bytes));
  });
}

Deno.test("LOCATE(10) is not made for what it cannot say", () => {
  assert.equal(locate10Cdb({ number: 2 ** 32, destination: OBJECT }), undefined);
  assert.equal(locate10Cdb({ number: 1, destination: FILE }), undefined);
});
