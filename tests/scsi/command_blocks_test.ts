import { deepStrictEqual, throws } from "node:assert/strict";
import { BufferMode, readBufferCdb, writeBufferCdb } from "../../scsi/data_buffer.ts";
import { receiveDiagnosticCdb, SelfTest, sendDiagnosticCdb } from "../../scsi/diagnostics.ts";
import { logSelectCdb } from "../../scsi/log_select.ts";
import {
  ReadAttributeAction,
  readAttributeCdb,
  writeAttributeCdb,
} from "../../scsi/medium_attributes.ts";
import {
  securityProtocolInCdb,
  securityProtocolOutCdb,
} from "../../scsi/security/security_protocol.ts";
import { reportSupportedTaskManagementCdb } from "../../scsi/supported_task_management.ts";
import { encodeTimestamp, reportTimestampCdb, setTimestampCdb } from "../../scsi/timestamp.ts";
import { hex } from "./fake_unit.ts";

const { Supported, PartitionList } = ReadAttributeAction;

const CDBS: readonly (readonly [string, Uint8Array, string])[] = [
  ["LOG SELECT of a page", logSelectCdb(0x1234), "4c 00 40 00 000000 1234 00"],
  [
    "LOG SELECT, reset of one page",
    logSelectCdb(0, { reset: true, page: 0x2e }),
    "4c 02 6e 00 000000 0000 00",
  ],
  ["READ ATTRIBUTE", readAttributeCdb(0x4000), "8c 00 000000 00 00 00 0000 00004000 00 00"],
  [
    "READ ATTRIBUTE, supported ones of a partition",
    readAttributeCdb(4, { action: Supported, partition: 1, first: 0x0806 }),
    "8c 05 000000 00 00 01 0806 00000004 00 00",
  ],
  [
    "READ ATTRIBUTE, partition list",
    readAttributeCdb(4, { action: PartitionList }),
    "8c 03 000000 00 00 00 0000 00000004 00 00",
  ],
  [
    "WRITE ATTRIBUTE, through",
    writeAttributeCdb(41, 1),
    "8d 01 000000 00 00 01 0000 00000029 00 00",
  ],
  [
    "SECURITY PROTOCOL IN",
    securityProtocolInCdb(0x20, 0x0021, 2048),
    "a2 20 0021 00 00 00000800 00 00",
  ],
  [
    "SECURITY PROTOCOL OUT",
    securityProtocolOutCdb(0x20, 0x0010, 52),
    "b5 20 0010 00 00 00000034 00 00",
  ],
  ["REPORT SUPPORTED TMFs", reportSupportedTaskManagementCdb(), "a3 0d 00000000 00000004 00 00"],
  ["REPORT TIMESTAMP", reportTimestampCdb(), "a3 0f 00000000 0000000c 00 00"],
  ["SET TIMESTAMP", setTimestampCdb(), "a4 0f 00000000 0000000c 00 00"],
  [
    "SEND DIAGNOSTIC, default self-test",
    sendDiagnosticCdb(0, { selfTest: SelfTest.Default }),
    "1d 04 00 0000 00",
  ],
  [
    "SEND DIAGNOSTIC, extended in the foreground",
    sendDiagnosticCdb(0, { selfTest: SelfTest.ForegroundExtended, unitOffline: true }),
    "1d c1 00 0000 00",
  ],
  ["SEND DIAGNOSTIC of a page", sendDiagnosticCdb(8), "1d 10 00 0008 00"],
  ["RECEIVE DIAGNOSTIC RESULTS", receiveDiagnosticCdb(0x80, 4096), "1c 01 80 1000 00"],
  [
    "READ BUFFER, error history",
    readBufferCdb({ mode: BufferMode.ErrorHistory, id: 1, offset: 0x20000 }, 0x10000),
    "3c 1c 01 020000 010000 00",
  ],
  [
    "WRITE BUFFER, data",
    writeBufferCdb({ mode: BufferMode.Data, id: 2 }, 16),
    "3b 02 02 000000 000010 00",
  ],
];

for (const [name, cdb, expected] of CDBS) {
  Deno.test(`${name} has its fields where the standard has them`, () => {
    deepStrictEqual(cdb, hex(expected));
  });
}

Deno.test("SET TIMESTAMP sends 48 bits of milliseconds, and nothing that does not fit", () => {
  deepStrictEqual(encodeTimestamp(0x0123456789ab), hex("00000000 0123456789ab 0000"));
  throws(() => encodeTimestamp(2 ** 48), RangeError);
  throws(() => encodeTimestamp(NaN), RangeError);
});

Deno.test("Values that do not fit their field are refused", () => {
  throws(() => logSelectCdb(0x10000), RangeError);
  throws(() => readAttributeCdb(4, { partition: 256 }), RangeError);
  throws(() => readBufferCdb({ mode: 32 }, 0), RangeError);
  throws(() => receiveDiagnosticCdb(256, 4), RangeError);
  throws(() => securityProtocolInCdb(0x20, 0x10000, 4), RangeError);
});
