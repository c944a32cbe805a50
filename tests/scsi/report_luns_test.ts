import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { SelectReport } from "../../scsi/cdb.ts";
import { UnexpectedResponseError } from "../../scsi/errors.ts";
import { lunFromNumber, lunToNumber } from "../../scsi/lun.ts";
import { decodeReportLuns, encodeReportLuns, reportLuns } from "../../scsi/report_luns.ts";
import { FakeUnit, hex } from "./fake_unit.ts";

const LIST = hex("00000018 00000000 0000000000000000 0001000000000000 4100000000000000");

Deno.test("decodeReportLuns() and encodeReportLuns() agree on LUNs 0, 1 and 256", () => {
  const luns = [0, 1, 256].map(lunFromNumber);
  deepStrictEqual(encodeReportLuns(luns), LIST);
  deepStrictEqual(decodeReportLuns(LIST), { luns, count: 3 });
});

Deno.test("decodeReportLuns() of a cut list tells how many there are", () => {
  for (let length = 8; length <= LIST.length; length++) {
    const { luns, count } = decodeReportLuns(LIST.subarray(0, length));
    deepStrictEqual([luns.length, count], [Math.floor((length - 8) / 8), 3]);
  }
  throws(() => decodeReportLuns(LIST.subarray(0, 7)), UnexpectedResponseError);
});

Deno.test("reportLuns() asks once when the list fits", async () => {
  const unit = new FakeUnit(() => LIST);
  deepStrictEqual((await reportLuns(unit)).map(lunToNumber), [0, 1, 256]);
  deepStrictEqual(unit.commands[0].cdb, hex("a0 00 00 00 00 00 00 00 08 00 00 00"));
});

Deno.test("reportLuns() asks again with exactly enough room for a longer list", async () => {
  const luns = Array.from({ length: 1000 }, (_, number) => lunFromNumber(number));
  const unit = new FakeUnit(() => encodeReportLuns(luns));
  deepStrictEqual(await reportLuns(unit), luns);
  deepStrictEqual(unit.commands.map((command) => command.dataIn?.length), [2048, 8008]);
});

Deno.test("reportLuns() follows a list that grows while it reads it", async () => {
  const listOf = (length: number) =>
    encodeReportLuns(Array.from({ length }, (_, number) => lunFromNumber(number)));
  const unit = new FakeUnit((_, count) => listOf(255 + Math.min(count, 3)));
  strictEqual((await reportLuns(unit)).length, 258);
  strictEqual(unit.commands.length, 4);
});

Deno.test("reportLuns() does not believe a list without end", async () => {
  const unit = new FakeUnit(() => hex("fffffff8 00000000"));
  await rejects(reportLuns(unit), UnexpectedResponseError);
  strictEqual(unit.commands.length, 1);
});

Deno.test("reportLuns() gives up on a target that never sends what it announces", async () => {
  const unit = new FakeUnit(() => LIST.subarray(0, 16));
  await rejects(reportLuns(unit), /a list of 3 logical units did not come whole/);
  strictEqual(unit.commands.length, 4);
});

Deno.test("reportLuns() asks for well known logical units when told", async () => {
  const unit = new FakeUnit(() => encodeReportLuns([0xc101n << 48n]));
  deepStrictEqual(await reportLuns(unit, { select: SelectReport.WellKnown }), [0xc101n << 48n]);
  strictEqual(unit.commands[0].cdb[2], 1);
});
