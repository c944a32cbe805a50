import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { decodeLogPage } from "../../../scsi/log_pages.ts";
import { LOG_PAGE_TABLE, logPageFacts } from "../../../scsi/stream/log_page_table.ts";
import { decodePartitionValues, nameLogPage } from "../../../scsi/stream/named_log_page.ts";
import { hex } from "../fake_unit.ts";

function named(bytes: string) {
  return nameLogPage(decodeLogPage(hex(bytes)));
}

Deno.test("Volume statistics come with names, units, text, and one value for each partition", () => {
  const partitions =
    "0202 03 20 07 00 0000 00000064 07 00 0001 00000065 07 00 0002 00000066 07 00 0003 ffffffff";
  const page = named(`17 00 003c  0016 03 04 000186a0  0042 01 08 4142433132334c39  ${partitions}`);
  strictEqual(page.name, "volume statistics");
  deepStrictEqual(page.parameters, [
    { code: 0x16, name: "native capacity", value: 100_000, unit: "MB" },
    { code: 0x42, name: "barcode", value: "ABC123L9" },
    {
      code: 0x202,
      name: "native capacity of partitions (MB)",
      value: [
        { partition: 0, value: 100 },
        { partition: 1, value: 101 },
        { partition: 2, value: 102 },
        { partition: 3 },
      ],
    },
  ]);
});

Deno.test("Counters, flags and what keeps the drive busy are read by what they are", () => {
  deepStrictEqual(named("02 00 0010  0005 00 08 00000000000f4240").parameters, [
    { code: 5, name: "total bytes processed", value: 1_000_000, unit: "bytes" },
  ]);
  deepStrictEqual(named("0c 00 0008  0100 03 04 00000001").parameters, [
    { code: 0x100, name: "cleaning required", value: true },
  ]);
  deepStrictEqual(named("0c 00 0008  0100 03 04 00000000").parameters[0].value, false);
  deepStrictEqual(named("11 00 0008  0000 03 04 00000b00").parameters, [
    { code: 0, name: "activity", value: "calibrating" },
  ]);
  deepStrictEqual(named("0d 00 0006  0000 03 02 001e").parameters, [
    { code: 0, name: "temperature", value: 30, unit: "°C" },
  ]);
});

Deno.test("What keeps the drive busy is told by the codes of SSC-4, and a code beyond them is no activity of theirs", () => {
  const activities = Array.from({ length: 17 }, (_, code) => {
    const digits = code.toString(16).padStart(2, "0");
    return named(`11 00 0008  0000 03 04 ffff${digits}ff`).parameters[0].value;
  });
  deepStrictEqual(activities, [
    "no activity",
    "cleaning",
    "loading",
    "unloading",
    "other tape activity",
    "reading",
    "writing",
    "locating",
    "rewinding",
    "erasing",
    "formatting",
    "calibrating",
    "other drive activity",
    "updating microcode",
    "reading encrypted data",
    "writing encrypted data",
    "unknown activity",
  ]);
  strictEqual(named("11 00 0006  0000 03 02 0000").parameters[0].value, "unknown activity");
});

Deno.test("A number that is too great, or has no bytes, stays what came", () => {
  const great = "ffffffffffffffff";
  const values = [`0005 00 08 ${great}`, "0005 00 00", `7fff 00 08 ${great}`].map((parameter) => {
    const length = hex(parameter).length.toString(16).padStart(4, "0");
    return named(`02 00 ${length} ${parameter}`).parameters[0].value;
  });
  deepStrictEqual(values, [hex(great), hex(""), hex(great)]);
});

Deno.test("A parameter without a name keeps its code, and is read as its control byte says", () => {
  const page = named("37 00 0017  0001 00 02 0102  7001 01 03 494244  7002 03 02 0102");
  deepStrictEqual(page.parameters, [
    { code: 1, name: "parameter 0001h", value: 0x0102 },
    { code: 0x7001, name: "parameter 7001h", value: "IBD" },
    { code: 0x7002, name: "parameter 7002h", value: hex("0102") },
  ]);
  strictEqual(named("3e 00 0000").name, "page 3Eh");
});

Deno.test("Partition records are taken by the lengths that they give, cut ones left out", () => {
  deepStrictEqual(decodePartitionValues(hex("0b 00 0001 0000000000000001 07 00 0002 0000")), [
    { partition: 1, value: 1 },
  ]);
  deepStrictEqual(decodePartitionValues(hex("07 00 0003 ff00ffff 04 00 0004 ff")), [
    { partition: 3, value: 0xff00ffff },
    { partition: 4 },
  ]);
  deepStrictEqual(decodePartitionValues(hex("04 ff 0100 07")), [{ partition: 256, value: 7 }]);
  deepStrictEqual(decodePartitionValues(hex("00000000")), []);
  deepStrictEqual(decodePartitionValues(hex("03 00 0001")), []);
});

Deno.test("The log page table has each page and each parameter once", () => {
  const seen = new Set<number>();
  for (const { page, subpage, parameters, name } of LOG_PAGE_TABLE) {
    ok(!seen.has(page * 256 + subpage), name);
    seen.add(page * 256 + subpage);
    strictEqual(new Set(parameters.map(({ code }) => code)).size, parameters.length, name);
  }
  strictEqual(logPageFacts("TapeAlert")?.page, 0x2e);
  strictEqual(logPageFacts(0x2e)?.parameters.length, 64);
  strictEqual(logPageFacts(0x2e, 1), undefined);
});
