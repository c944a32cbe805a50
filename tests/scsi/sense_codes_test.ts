import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ASC_LINES } from "../../scsi/asc_table.ts";
import { describeAsc, senseKeyName } from "../../scsi/sense_codes.ts";

/** Codes that tapes, changers and iSCSI targets give, as the T10 list words them. */
const MEANINGS: [number, string][] = [
  [0x0000, "no additional sense information"],
  [0x0001, "filemark detected"],
  [0x0007, "programmable early warning detected"],
  [0x0018, "erase operation in progress"],
  [0x0402, "logical unit not ready, initializing command required"],
  [0x0c00, "write error"],
  [0x1001, "logical block guard check failed"],
  [0x1403, "end-of-data not found"],
  [0x2000, "invalid command operation code"],
  [0x2101, "invalid element address"],
  [0x2400, "invalid field in CDB"],
  [0x2610, "data decryption key fail limit reached"],
  [0x2700, "write protected"],
  [0x2800, "not ready to ready change, medium may have changed"],
  [0x2801, "import or export element accessed"],
  [0x2907, "I_T nexus loss occurred"],
  [0x2a11, "data encryption parameters changed by another I_T nexus"],
  [0x2c0b, "not reserved"],
  [0x300c, "WORM medium - overwrite attempted"],
  [0x3a04, "medium not present - medium auxiliary memory accessible"],
  [0x3b0d, "medium destination element full"],
  [0x3b0e, "medium source element empty"],
  [0x3b1c, "too many logical objects on partition to support operation"],
  [0x3f0e, "reported LUNs data has changed"],
  [0x3f12, "iSCSI IP address added"],
  [0x477f, "some commands cleared by iSCSI protocol event"],
  [0x5001, "write append position error"],
  [0x5302, "medium removal prevented"],
  [0x5303, "medium removal prevented by data transfer element"],
  [0x5a01, "operator medium removal request"],
  [0x5dff, "failure prediction threshold exceeded (false)"],
  [0x7100, "decompression exception long algorithm ID"],
  [0x7403, "incorrect data encryption key"],
  [0x740a, "encrypted block not raw read enabled"],
];

Deno.test("describeAsc() words the codes of tapes, changers and iSCSI as T10 does", () => {
  for (const [code, meaning] of MEANINGS) strictEqual(describeAsc(code >> 8, code & 0xff), meaning);
});

Deno.test("describeAsc() composes the codes that carry a number", () => {
  strictEqual(describeAsc(0x40, 0x9a), "diagnostic failure on component 9Ah");
  strictEqual(describeAsc(0x40, 0x00), "RAM failure (should use 40 nn)");
  strictEqual(describeAsc(0x4d, 0x05), "tagged overlapped commands (task tag 05h)");
  strictEqual(describeAsc(0x70, 0x01), "decompression exception short algorithm ID of 01h");
  strictEqual(describeAsc(0x5d, 0x10), "hardware impending failure general hard drive failure");
  strictEqual(describeAsc(0x5d, 0x6c), "firmware impending failure drive calibration retry count");
});

Deno.test("describeAsc() falls back on the general meaning of the ASC", () => {
  strictEqual(
    describeAsc(0x04, 0x7e),
    "logical unit not ready, cause not reportable (unknown qualifier)",
  );
  strictEqual(describeAsc(0x44, 0x90), "internal target failure (vendor specific qualifier)");
  strictEqual(describeAsc(0x7f, 0x00), "unknown additional sense code");
  strictEqual(describeAsc(0x80, 0x00), "vendor specific");
  strictEqual(
    describeAsc(0x5d, 0x6d),
    "failure prediction threshold exceeded (unknown qualifier)",
  );
});

Deno.test("describeAsc() uses a vendor's table for that vendor only", () => {
  strictEqual(describeAsc(0x82, 0x52, { vendor: "IBM     " }), "degraded medium");
  strictEqual(describeAsc(0x82, 0x52, { vendor: "HP" }), "vendor specific");
  strictEqual(describeAsc(0x24, 0x00, { vendor: "IBM" }), "invalid field in CDB");
});

Deno.test("describeAsc() has an answer for every code", () => {
  for (let code = 0; code <= 0xffff; code++) ok(describeAsc(code >> 8, code & 0xff).length > 0);
});

Deno.test("The table of additional sense codes is sorted, without duplicates, and well formed", () => {
  const lines = ASC_LINES.split("\n");
  ok(lines.length > 650);
  for (const line of lines) ok(/^[0-9a-f]{4} \S.*\S$/.test(line), line);
  const codes = lines.map((line) => line.slice(0, 4));
  deepStrictEqual(codes, [...new Set(codes)].sort());
});

Deno.test("senseKeyName() names all sixteen keys", () => {
  strictEqual(senseKeyName(0x2), "NOT READY");
  strictEqual(senseKeyName(0xd), "VOLUME OVERFLOW");
  strictEqual(senseKeyName(0x18), "BLANK CHECK");
  strictEqual(new Set(Array.from({ length: 16 }, (_, key) => senseKeyName(key))).size, 16);
});
