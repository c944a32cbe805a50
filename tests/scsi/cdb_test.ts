import { deepStrictEqual, throws } from "node:assert/strict";
import {
  inquiryCdb,
  logSenseCdb,
  modeSelect10Cdb,
  modeSelect6Cdb,
  modeSense10Cdb,
  modeSense6Cdb,
  PageControl,
  preventAllowMediumRemovalCdb,
  reportLunsCdb,
  reportSupportedOperationCodesCdb,
  requestSenseCdb,
  SelectReport,
  testUnitReadyCdb,
} from "../../scsi/cdb.ts";
import { hex } from "./fake_unit.ts";

const CDBS: [string, Uint8Array, string][] = [
  ["TEST UNIT READY", testUnitReadyCdb(), "00 00 00 00 00 00"],
  ["REQUEST SENSE", requestSenseCdb(252), "03 00 00 00 fc 00"],
  [
    "REQUEST SENSE in descriptor format",
    requestSenseCdb(255, { descriptor: true }),
    "03 01 00 00 ff 00",
  ],
  ["INQUIRY", inquiryCdb(96), "12 00 00 00 60 00"],
  ["INQUIRY with room for much", inquiryCdb(0x1234), "12 00 00 12 34 00"],
  ["INQUIRY for page 83h", inquiryCdb(252, { vpdPage: 0x83 }), "12 01 83 00 fc 00"],
  ["INQUIRY for page 00h", inquiryCdb(252, { vpdPage: 0 }), "12 01 00 00 fc 00"],
  ["REPORT LUNS", reportLunsCdb(0x01020304), "a0 00 00 00 00 00 01 02 03 04 00 00"],
  [
    "REPORT LUNS of all logical units",
    reportLunsCdb(16, { select: SelectReport.All }),
    "a0 00 02 00 00 00 00 00 00 10 00 00",
  ],
  ["MODE SENSE(6)", modeSense6Cdb(255, { page: 0x3f }), "1a 00 3f 00 ff 00"],
  [
    "MODE SENSE(6) with everything",
    modeSense6Cdb(12, {
      page: 0x10,
      subpage: 1,
      disableBlockDescriptors: true,
      pageControl: PageControl.Saved,
    }),
    "1a 08 d0 01 0c 00",
  ],
  [
    "MODE SENSE(10) of changeable values",
    modeSense10Cdb(0x0200, { page: 0x0f, pageControl: PageControl.Changeable }),
    "5a 00 4f 00 00 00 00 02 00 00",
  ],
  ["MODE SELECT(6)", modeSelect6Cdb(12), "15 10 00 00 0c 00"],
  ["MODE SELECT(6) that saves", modeSelect6Cdb(12, { savePages: true }), "15 11 00 00 0c 00"],
  [
    "MODE SELECT(10) without pages",
    modeSelect10Cdb(0x0110, { pageFormat: false }),
    "55 00 00 00 00 00 00 01 10 00",
  ],
  ["LOG SENSE", logSenseCdb(0x4000, { page: 0x2e }), "4d 00 6e 00 00 00 00 40 00 00"],
  [
    "LOG SENSE with everything",
    logSenseCdb(4, { page: 0x0d, subpage: 1, pageControl: 0, parameterPointer: 0x0203 }),
    "4d 00 0d 01 00 02 03 00 04 00",
  ],
  ["PREVENT MEDIUM REMOVAL", preventAllowMediumRemovalCdb(true), "1e 00 00 00 01 00"],
  ["ALLOW MEDIUM REMOVAL", preventAllowMediumRemovalCdb(false), "1e 00 00 00 00 00"],
  [
    "REPORT SUPPORTED OPERATION CODES for all",
    reportSupportedOperationCodesCdb(4096, { timeouts: true }),
    "a3 0c 80 00 00 00 00 00 10 00 00 00",
  ],
  [
    "REPORT SUPPORTED OPERATION CODES for one",
    reportSupportedOperationCodesCdb(64, { opcode: 0x92 }),
    "a3 0c 01 92 00 00 00 00 00 40 00 00",
  ],
  [
    "REPORT SUPPORTED OPERATION CODES for a service action",
    reportSupportedOperationCodesCdb(64, { opcode: 0xa3, serviceAction: 0x1d }),
    "a3 0c 02 a3 00 1d 00 00 00 40 00 00",
  ],
];

for (const [what, cdb, bytes] of CDBS) {
  Deno.test(`The builder lays out ${what} as the standard does`, () => {
    deepStrictEqual(cdb, hex(bytes));
  });
}

const OUT_OF_RANGE: [string, () => Uint8Array, RegExp][] = [
  ["an allocation length", () => requestSenseCdb(256), /allocation length 256 is not in 0 to 255/],
  ["a negative length", () => inquiryCdb(-1), /allocation length -1/],
  ["a fraction", () => inquiryCdb(1.5), /allocation length 1.5/],
  ["a VPD page", () => inquiryCdb(4, { vpdPage: 256 }), /page code 256/],
  ["a list length", () => reportLunsCdb(2 ** 32), /allocation length 4294967296/],
  ["a mode page", () => modeSense6Cdb(4, { page: 64 }), /page code 64 is not in 0 to 63/],
  ["a subpage", () => modeSense10Cdb(4, { page: 1, subpage: 256 }), /subpage code 256/],
  ["room for MODE SENSE(10)", () => modeSense10Cdb(65536, { page: 1 }), /allocation length 65536/],
  ["data for MODE SELECT(6)", () => modeSelect6Cdb(256), /parameter list length 256/],
  ["data for MODE SELECT(10)", () => modeSelect10Cdb(65536), /parameter list length 65536/],
  ["a log page", () => logSenseCdb(4, { page: 64 }), /page code 64/],
  ["a parameter", () => logSenseCdb(4, { page: 1, parameterPointer: 65536 }), /pointer 65536/],
  [
    "a service action alone",
    () => reportSupportedOperationCodesCdb(4, { serviceAction: 1 }),
    /a service action needs an operation code/,
  ],
];

for (const [what, build, message] of OUT_OF_RANGE) {
  Deno.test(`The builder refuses ${what} that does not fit`, () => {
    throws(build, (error: unknown) => error instanceof RangeError && message.test(error.message));
  });
}
