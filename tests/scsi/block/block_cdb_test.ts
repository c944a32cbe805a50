import { deepStrictEqual, throws } from "node:assert/strict";
import { compareAndWriteCdb } from "../../../scsi/block/compare_and_write.ts";
import { readCapacity10Cdb, readCapacity16Cdb } from "../../../scsi/block/read_capacity.ts";
import { read10Cdb, read16Cdb, write10Cdb, write16Cdb } from "../../../scsi/block/read_write.ts";
import { PowerCondition, startStopUnitCdb } from "../../../scsi/block/start_stop_unit.ts";
import {
  synchronizeCache10Cdb,
  synchronizeCache16Cdb,
} from "../../../scsi/block/synchronize_cache.ts";
import { unmapCdb } from "../../../scsi/block/unmap.ts";
import { verify10Cdb, verify16Cdb } from "../../../scsi/block/verify.ts";
import { writeSame10Cdb, writeSame16Cdb } from "../../../scsi/block/write_same.ts";
import { xdWriteRead10Cdb } from "../../../scsi/block/xd_write_read.ts";
import { hex } from "../fake_unit.ts";

const SHORT = { lba: 0x01020304, blocks: 0x0506 };
const LONG = { lba: 0x10203_04050607, blocks: 0x08090a0b };
const SHORT_REST = "01 02 03 04 00 05 06 00";
const LONG_REST = "00 01 02 03 04 05 06 07 08 09 0a 0b 00 00";
const BOTH = { fua: true, dpo: true };

const CDBS: [string, Uint8Array, string][] = [
  ["READ(10)", read10Cdb(SHORT), `28 00 ${SHORT_REST}`],
  ["READ(10) with FUA", read10Cdb(SHORT, { fua: true }), `28 08 ${SHORT_REST}`],
  ["READ(16)", read16Cdb(LONG), `88 00 ${LONG_REST}`],
  ["READ(16) with DPO", read16Cdb(LONG, { dpo: true }), `88 10 ${LONG_REST}`],
  ["WRITE(10) with both", write10Cdb(SHORT, BOTH), `2a 18 ${SHORT_REST}`],
  ["WRITE(16)", write16Cdb(LONG), `8a 00 ${LONG_REST}`],
  ["WRITE(16) with FUA", write16Cdb(LONG, { fua: true }), `8a 08 ${LONG_REST}`],
  [
    "READ(10) of the last block it can address",
    read10Cdb({ lba: 0xffffffff, blocks: 65535 }),
    "28 00 ff ff ff ff 00 ff ff 00",
  ],
  [
    "READ(16) of the last block a number can address",
    read16Cdb({ lba: Number.MAX_SAFE_INTEGER, blocks: 0xffffffff }),
    "88 00 00 1f ff ff ff ff ff ff ff ff ff ff 00 00",
  ],
  ["READ CAPACITY(10)", readCapacity10Cdb(), "25 00 00 00 00 00 00 00 00 00"],
  [
    "READ CAPACITY(16)",
    readCapacity16Cdb(32),
    "9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00",
  ],
  ["VERIFY(10)", verify10Cdb(SHORT), `2f 00 ${SHORT_REST}`],
  ["VERIFY(10) that compares", verify10Cdb(SHORT, { compare: true }), `2f 02 ${SHORT_REST}`],
  [
    "VERIFY(16) with everything",
    verify16Cdb(LONG, { compare: true, dpo: true }),
    `8f 12 ${LONG_REST}`,
  ],
  ["SYNCHRONIZE CACHE(10)", synchronizeCache10Cdb(SHORT), `35 00 ${SHORT_REST}`],
  [
    "SYNCHRONIZE CACHE(10) at once",
    synchronizeCache10Cdb({ lba: 0, blocks: 0 }, { immediate: true }),
    "35 02 00 00 00 00 00 00 00 00",
  ],
  ["SYNCHRONIZE CACHE(16)", synchronizeCache16Cdb(LONG), `91 00 ${LONG_REST}`],
  ["XDWRITEREAD(10)", xdWriteRead10Cdb(SHORT), `53 00 ${SHORT_REST}`],
  [
    "XDWRITEREAD(10) with everything",
    xdWriteRead10Cdb(SHORT, { ...BOTH, disableWrite: true }),
    `53 1c ${SHORT_REST}`,
  ],
  ["WRITE SAME(10)", writeSame10Cdb(SHORT), `41 00 ${SHORT_REST}`],
  ["WRITE SAME(10) that unmaps", writeSame10Cdb(SHORT, { unmap: true }), `41 08 ${SHORT_REST}`],
  ["WRITE SAME(16)", writeSame16Cdb(LONG), `93 00 ${LONG_REST}`],
  [
    "WRITE SAME(16) with everything",
    writeSame16Cdb(LONG, { unmap: true, anchor: true, noDataOut: true }),
    `93 19 ${LONG_REST}`,
  ],
  ["UNMAP", unmapCdb(0x0118), "42 00 00 00 00 00 00 01 18 00"],
  ["UNMAP that anchors", unmapCdb(24, { anchor: true }), "42 01 00 00 00 00 00 00 18 00"],
  [
    "COMPARE AND WRITE",
    compareAndWriteCdb({ lba: LONG.lba, blocks: 255 }),
    "89 00 00 01 02 03 04 05 06 07 00 00 00 ff 00 00",
  ],
  [
    "COMPARE AND WRITE with FUA and DPO",
    compareAndWriteCdb({ lba: 1, blocks: 1 }, BOTH),
    "89 18 00 00 00 00 00 00 00 01 00 00 00 01 00 00",
  ],
  ["START STOP UNIT to start", startStopUnitCdb({ start: true }), "1b 00 00 00 01 00"],
  ["START STOP UNIT to stop", startStopUnitCdb({ start: false }), "1b 00 00 00 00 00"],
  [
    "START STOP UNIT to eject at once",
    startStopUnitCdb({ start: false, loadEject: true }, { immediate: true }),
    "1b 01 00 00 02 00",
  ],
  [
    "START STOP UNIT to load, without flushing",
    startStopUnitCdb({ start: true, loadEject: true }, { noFlush: true }),
    "1b 00 00 00 07 00",
  ],
  [
    "START STOP UNIT to idle_c",
    startStopUnitCdb({ powerCondition: PowerCondition.Idle, modifier: 2 }),
    "1b 00 00 02 20 00",
  ],
  [
    "START STOP UNIT to forced standby",
    startStopUnitCdb({ powerCondition: PowerCondition.ForceStandby }),
    "1b 00 00 00 b0 00",
  ],
];

for (const [what, cdb, bytes] of CDBS) {
  Deno.test(`The builder lays out ${what} as the standard does`, () => {
    deepStrictEqual(cdb, hex(bytes));
  });
}

const one = (lba: number, blocks = 1) => ({ lba, blocks });

const OUT_OF_RANGE: [string, () => Uint8Array, RegExp][] = [
  ["an address for 10 bytes", () => read10Cdb(one(2 ** 32)), /address: 4294967296 is not in 0 to/],
  ["a count for 10 bytes", () => write10Cdb(one(0, 65536)), /blocks: 65536 is not in 0 to 65535/],
  ["an address", () => read16Cdb(one(2 ** 53)), /address: 9007199254740992 is not in/],
  ["a negative address", () => write16Cdb(one(-1)), /address: -1 is not in/],
  ["half an address", () => verify16Cdb(one(0.5)), /address: 0.5 is not in/],
  ["an address that is no number", () => verify10Cdb(one(NaN)), /address: NaN is not in/],
  ["a count", () => writeSame16Cdb(one(0, 2 ** 32)), /blocks: 4294967296 is not in/],
  ["a count to exchange", () => compareAndWriteCdb(one(0, 256)), /blocks: 256 is not in 0 to 255/],
  ["a list", () => unmapCdb(65536), /parameter list length: 65536/],
  ["room", () => readCapacity16Cdb(2 ** 32), /allocation length: 4294967296/],
  ["ANCHOR alone", () => writeSame10Cdb(one(0), { anchor: true }), /not to be unmapped/],
  [
    "a modifier",
    () => startStopUnitCdb({ powerCondition: PowerCondition.Idle, modifier: 16 }),
    /modifier: 16 is not in 0 to 15/,
  ],
];

for (const [what, build, message] of OUT_OF_RANGE) {
  Deno.test(`The builder of disk commands refuses ${what} that does not fit`, () => {
    throws(build, (error: unknown) => error instanceof RangeError && message.test(error.message));
  });
}
