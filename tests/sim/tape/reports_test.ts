import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeDesignators } from "../../../scsi/designator.ts";
import { decodeInquiry } from "../../../scsi/inquiry.ts";
import { decodeLogPage, logNumber } from "../../../scsi/log_pages.ts";
import { decodeSupportedOperations } from "../../../scsi/supported_operations.ts";
import { decodeVpdPage } from "../../../scsi/vpd.ts";
import { tapePersonalities, type TapePersonalityName } from "../../../sim/personality.ts";
import { DriveBench, read, space, summary, tapeOf, write, writeFilemarks } from "./drive_bench.ts";

const LONG_ENOUGH = [0x04, 0x00];

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim();
}

function vpd(bench: DriveBench, page: number): Uint8Array {
  const data = decodeVpdPage(bench.ok([0x12, 1, page, ...LONG_ENOUGH]));
  strictEqual(data?.deviceType, 1);
  strictEqual(data?.pageCode, page);
  return data.body;
}

function log(bench: DriveBench, page: number): Map<number, number | undefined> {
  const data = bench.ok([0x4d, 0, 0x40 | page, 0, 0, 0, 0, ...LONG_ENOUGH]);
  const { parameters } = decodeLogPage(data);
  return new Map(parameters.map((parameter) => [parameter.code, logNumber(parameter)]));
}

Deno.test("INQUIRY tells who the drive is, for every personality", () => {
  for (const name of Object.keys(tapePersonalities) as TapePersonalityName[]) {
    const personality = tapePersonalities[name];
    const bench = new DriveBench({ personality });
    const data = decodeInquiry(bench.ok([0x12, 0, 0, ...LONG_ENOUGH]));
    const { vendor, product, revision, version, removable, deviceType } = data;
    deepStrictEqual({ vendor, product, revision, version, removable, deviceType }, {
      vendor: personality.vendor,
      product: personality.product,
      revision: personality.revision,
      version: personality.version,
      removable: true,
      deviceType: 1,
    });
    const limits = bench.ok([0x05]);
    strictEqual((limits[1] << 16) | (limits[2] << 8) | limits[3], personality.blockLimits.maxBytes);
    strictEqual(bench.ok([0x1a, 0, 0, 0, 255])[4], personality.densities[0].code);
  }
});

Deno.test("INQUIRY is cut to its allocation length and answered without a cartridge", () => {
  const bench = new DriveBench({ medium: undefined });
  strictEqual(bench.ok([0x12, 0, 0, 0, 5]).length, 5);
  strictEqual(summary(bench.run([0x12, 0, 1, 0, 5])), "5/2400");
  strictEqual(summary(bench.run([0x12, 1, 0xc0, 0, 255])), "5/2400");
});

Deno.test("Vital product data pages are listed, ascending, and all there", () => {
  const bench = new DriveBench({ serialNumber: "XYZ123" });
  const pages = [...vpd(bench, 0x00)];
  deepStrictEqual(pages, [0x00, 0x80, 0x83, 0x86, 0x87, 0xb0, 0xb1, 0xb2, 0xb3, 0xb5]);
  for (const page of pages) strictEqual(vpd(bench, page).length > 0, true);
  strictEqual(text(vpd(bench, 0x80)), "XYZ123");
  strictEqual(text(vpd(bench, 0xb1)), "XYZ123");
});

Deno.test("Device identification differs with the serial number", () => {
  const names = ["XYZ123", "XYZ124"].map((serialNumber) => {
    const [vendor, naa] = decodeDesignators(vpd(new DriveBench({ serialNumber }), 0x83));
    strictEqual(text(vendor.data), `UISCSI  Virtual Tape    ${serialNumber}`);
    strictEqual(naa.type, "naa");
    strictEqual(naa.data[0] >> 4, 3);
    return naa.data.join();
  });
  strictEqual(names[0] === names[1], false);
});

Deno.test("READ POSITION has its three forms", () => {
  const bench = new DriveBench({ medium: tapeOf([10, undefined, 10, undefined, 10]) });
  deepStrictEqual([...bench.ok([0x34])], [0x80, ...Array(19).fill(0)]);
  bench.locate(4);
  const short = [0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, ...Array(8).fill(0)];
  deepStrictEqual([...bench.ok([0x34])], short);
  deepStrictEqual([...bench.ok([0x34, 1])], short);
  const long = [...Array(15).fill(0), 4, ...Array(7).fill(0), 2, ...Array(8).fill(0)];
  deepStrictEqual([...bench.ok([0x34, 6])], long);
  const extended = [0, 0, 0, 28, ...Array(11).fill(0), 4, ...Array(7).fill(0), 4];
  deepStrictEqual([...bench.ok([0x34, 8, 0, 0, 0, 0, 0, 0, 32])], [
    ...extended,
    ...Array(8).fill(0),
  ]);
  strictEqual(bench.ok([0x34, 8, 0, 0, 0, 0, 0, 0, 4]).length, 4);
  strictEqual(summary(bench.run([0x34, 2])), "5/2400");
  strictEqual(summary(bench.run([0x34, 6, 0, 0, 0, 0, 0, 0, 32])), "5/2400");
});

Deno.test("REPORT DENSITY SUPPORT lists the drive's densities, or that of the cartridge", () => {
  const personality = tapePersonalities["ibm-ult3580-td5"];
  const bench = new DriveBench({ personality });
  const all = bench.ok([0x44, 0, 0, 0, 0, 0, 0, ...LONG_ENOUGH]);
  strictEqual((all[0] << 8) | all[1], 3 * 52 + 2);
  const codes = [0, 1, 2].map((n) => all[4 + n * 52]);
  deepStrictEqual(codes, [0x44, 0x46, 0x58]);
  deepStrictEqual([0, 1, 2].map((n) => all[6 + n * 52]), [0x00, 0x80, 0xa0]);
  const mine = bench.ok([0x44, 1, 0, 0, 0, 0, 0, ...LONG_ENOUGH]);
  strictEqual(mine.length, 4 + 52);
  strictEqual(text(mine.subarray(4 + 16, 4 + 24)), "LTO-CVE");
  strictEqual(text(mine.subarray(4 + 24, 4 + 32)), "U-516");
  strictEqual(text(mine.subarray(4 + 32, 4 + 52)), "Ultrium 5/16T");
  strictEqual(new DataView(mine.buffer).getUint32(4 + 12), 1_500_000);
  bench.drive.eject();
  strictEqual(summary(bench.run([0x44, 1, 0, 0, 0, 0, 0, 0, 255])), "2/3a00");
  strictEqual(summary(bench.run([0x44, 4, 0, 0, 0, 0, 0, 0, 255])), "5/2400");
});

Deno.test("REPORT SUPPORTED OPERATION CODES lists exactly what is executed", () => {
  const bench = new DriveBench();
  const data = bench.ok([0xa3, 0x0c, 0x80, 0, 0, 0, 0, 0, 0x10, 0]);
  const { operations } = decodeSupportedOperations(data);
  const listed = new Set(operations.map(({ opcode }) => opcode));
  for (let opcode = 0; opcode < 256; opcode++) {
    const answer = summary(bench.run([opcode, opcode === 0xa3 ? 0x0c : 0]));
    strictEqual(answer !== "5/2000", listed.has(opcode), `operation code ${opcode}`);
  }
  strictEqual(listed.has(0xa0), true, "REPORT LUNS");
  strictEqual(operations.every(({ recommendedSeconds }) => (recommendedSeconds ?? 0) >= 60), true);
});

Deno.test("REPORT SUPPORTED OPERATION CODES tells of one command", () => {
  const bench = new DriveBench();
  const one = (option: number, opcode: number, action = 0) =>
    bench.run([0xa3, 0x0c, option, opcode, 0, action, 0, 0, 1, 0]);
  deepStrictEqual([...one(1, 0x08).data], [0, 3, 0, 6, 0x08, 3, 0xff, 0xff, 0xff, 0xc0]);
  deepStrictEqual([...one(1, 0x25).data], [0, 1, 0, 0]);
  strictEqual(summary(one(1, 0xa3)), "5/2400");
  strictEqual(summary(one(2, 0x08)), "5/2400");
  strictEqual(one(2, 0xa3, 0x0c).data[1], 3);
  strictEqual(one(2, 0xa3, 0x0c).data[5], 0x0c);
  strictEqual(one(3, 0xa3, 0x10).data[1], 1);
  const timed = one(0x81, 0x01).data;
  deepStrictEqual([timed[1], timed.length], [0x83, 4 + 6 + 12]);
  strictEqual(summary(one(4, 0)), "5/2400");
  strictEqual(summary(bench.run([0xa3, 0x10])), "5/2400");
});

Deno.test("Log pages are listed and count what passed through", () => {
  const bench = new DriveBench({ capacityBytes: 100_000_000, earlyWarningBytes: 10_000_000 });
  const pages = bench.ok([0x4d, 0, 0x40, 0, 0, 0, 0, ...LONG_ENOUGH]);
  const codes = [
    ...[0x00, 0x02, 0x03, 0x0c, 0x0d, 0x11, 0x12, 0x14, 0x16, 0x17, 0x1b],
    0x2e,
    0x30,
    0x31,
  ];
  deepStrictEqual([...pages], [0, 0, 0, 16, ...codes, 0x32, 0x37]);
  for (let record = 0; record < 5; record++) bench.ok(write(1_000_000), new Uint8Array(1_000_000));
  bench.ok(writeFilemarks(1));
  bench.ok([0x01]);
  bench.ok(read(1_000_000));
  bench.run(read(400_000));
  const sequential = log(bench, 0x0c);
  strictEqual(sequential.get(0), 5_000_000);
  strictEqual(sequential.get(3), 1_400_000);
  deepStrictEqual([4, 5, 6, 7].map((code) => sequential.get(code)), [5, 90, 10, 2]);
  const volume = log(bench, 0x17);
  deepStrictEqual([0x16, 0x17, 0x80].map((code) => volume.get(code)), [100, 5, 0]);
  const partition = decodeLogPage(bench.ok([0x4d, 0, 0x57, 0, 0, 0x02, 0x04, ...LONG_ENOUGH]));
  deepStrictEqual(partition.parameters.map(({ code, value }) => [code, [...value]]), [
    [0x0204, [7, 0, 0, 0, 0, 0, 0, 94]],
  ]);
  strictEqual(log(bench, 0x31).get(3), 95);
});

Deno.test("Reading the TapeAlert page lowers its flags", () => {
  const bench = new DriveBench();
  bench.drive.raiseTapeAlert(20);
  const first = log(bench, 0x2e);
  strictEqual(first.size, 64);
  deepStrictEqual([...first].filter(([, flag]) => flag === 1), [[20, 1]]);
  deepStrictEqual([...log(bench, 0x2e)].filter(([, flag]) => flag !== 0), []);
});

Deno.test("LOG SENSE refuses what it does not have", () => {
  const bench = new DriveBench();
  strictEqual(summary(bench.run([0x4d, 0, 0x40 | 0x3e, 0, 0, 0, 0, 1, 0])), "5/2400");
  strictEqual(summary(bench.run([0x4d, 0, 0x0c, 0, 0, 0, 0, 1, 0])), "5/2400");
  strictEqual(summary(bench.run([0x4d, 0, 0x4c, 1, 0, 0, 0, 1, 0])), "5/2400");
  strictEqual(summary(bench.run([0x4d, 0, 0x4c, 0, 0, 0xff, 0xff, 1, 0])), "5/2400");
});

Deno.test("VERIFY moves and meets conditions as READ does, without data", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 20, undefined]) });
  const verify = (length: number) => bench.run([0x13, 0, 0, 0, length]);
  strictEqual(summary(verify(10)), "GOOD");
  const wrong = verify(10);
  strictEqual(summary(wrong), "0/0000 ILI -10");
  strictEqual(wrong.data.length, 0);
  strictEqual(summary(verify(10)), "0/0001 FM 10");
  strictEqual(bench.position().object, 3);
  strictEqual(summary(bench.run([0x13, 0x40, 0, 0, 1])), "5/2400");
});

Deno.test("A SCSI-2 drive lets the old LUN field of the CDB be", () => {
  const old = new DriveBench({ personality: tapePersonalities["quantum-dlt8000"] });
  strictEqual(summary(old.run([0x00, 0x20])), "GOOD");
  strictEqual(summary(old.run(space(0x20, 0))), "GOOD");
  strictEqual(summary(new DriveBench().run([0x00, 0x20])), "5/2400");
});
