import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { DriveQuirks } from "../../../sim/tape/drive_quirks.ts";
import {
  DriveBench,
  type Layout,
  read,
  space,
  summary,
  tapeOf,
  u64,
  write,
  writeFilemarks,
} from "./drive_bench.ts";

const FM = undefined;

// Objects:               0    1    2   3   4    5   6   7     8 is end of data
const LAYOUT: Layout = [100, 100, 60, FM, 100, FM, FM, 140];

/** A row: what is done at which object, what the drive answers, how many bytes come, where it stands then. */
interface Row {
  name: string;
  at: number;
  cdb: number[];
  blockBytes?: number;
  dataOut?: number;
  answer: string;
  data?: number;
  then: number;
}

const FIXED = { fixed: true };
const SILI = { sili: true };
const BLOCKS = 100;

const READ_ROWS: Row[] = [
  { name: "exact", at: 0, cdb: read(100), answer: "GOOD", data: 100, then: 1 },
  { name: "length 0", at: 0, cdb: read(0), answer: "GOOD", then: 0 },
  { name: "length 0 at a filemark", at: 3, cdb: read(0), answer: "GOOD", then: 3 },
  { name: "underlength", at: 0, cdb: read(150), answer: "0/0000 ILI 50", data: 100, then: 1 },
  { name: "underlength, SILI", at: 0, cdb: read(150, SILI), answer: "GOOD", data: 100, then: 1 },
  { name: "overlength", at: 0, cdb: read(60), answer: "0/0000 ILI -40", data: 60, then: 1 },
  { name: "overlength, SILI", at: 0, cdb: read(60, SILI), answer: "GOOD", data: 60, then: 1 },
  {
    name: "overlength, SILI, block length set",
    at: 0,
    cdb: read(60, SILI),
    blockBytes: BLOCKS,
    answer: "0/0000 ILI -40",
    data: 60,
    then: 1,
  },
  {
    name: "underlength, SILI, block length set",
    at: 0,
    cdb: read(150, SILI),
    blockBytes: BLOCKS,
    answer: "GOOD",
    data: 100,
    then: 1,
  },
  { name: "filemark", at: 3, cdb: read(100), answer: "0/0001 FM 100", then: 4 },
  { name: "filemark, SILI", at: 3, cdb: read(100, SILI), answer: "0/0001 FM 100", then: 4 },
  { name: "end of data", at: 8, cdb: read(100), answer: "8/0005 100", then: 8 },
  { name: "end of data, SILI", at: 8, cdb: read(100, SILI), answer: "8/0005 100", then: 8 },
  {
    name: "FIXED and SILI",
    at: 0,
    cdb: read(2, { fixed: true, sili: true }),
    blockBytes: BLOCKS,
    answer: "5/2400 2",
    then: 0,
  },
  {
    name: "FIXED without a block length",
    at: 0,
    cdb: read(2, FIXED),
    answer: "5/2400 2",
    then: 0,
  },
  {
    name: "FIXED, length 0",
    at: 0,
    cdb: read(0, FIXED),
    blockBytes: BLOCKS,
    answer: "GOOD",
    then: 0,
  },
  {
    name: "FIXED, exact",
    at: 0,
    cdb: read(2, FIXED),
    blockBytes: BLOCKS,
    answer: "GOOD",
    data: 200,
    then: 2,
  },
  {
    name: "FIXED, a shorter block after two good ones",
    at: 0,
    cdb: read(5, FIXED),
    blockBytes: BLOCKS,
    answer: "0/0000 ILI 3",
    data: 260,
    then: 3,
  },
  {
    name: "FIXED, a longer block",
    at: 7,
    cdb: read(2, FIXED),
    blockBytes: BLOCKS,
    answer: "0/0000 ILI 2",
    data: 100,
    then: 8,
  },
  {
    name: "FIXED, a filemark after a good block",
    at: 4,
    cdb: read(3, FIXED),
    blockBytes: BLOCKS,
    answer: "0/0001 FM 2",
    data: 100,
    then: 6,
  },
  {
    name: "FIXED, a filemark at once",
    at: 3,
    cdb: read(4, FIXED),
    blockBytes: BLOCKS,
    answer: "0/0001 FM 4",
    then: 4,
  },
  {
    name: "FIXED, end of data after a good block",
    at: 7,
    cdb: read(3, FIXED),
    blockBytes: 140,
    answer: "8/0005 2",
    data: 140,
    then: 8,
  },
  {
    name: "FIXED, end of data at once",
    at: 8,
    cdb: read(3, FIXED),
    blockBytes: BLOCKS,
    answer: "8/0005 3",
    then: 8,
  },
];

function locate16(destination: number, target: number): number[] {
  return [0x92, destination << 3, 0, 0, ...u64(target)];
}

const MOTION_ROWS: Row[] = [
  { name: "blocks forward", at: 0, cdb: space(0, 2), answer: "GOOD", then: 2 },
  { name: "no blocks", at: 3, cdb: space(0, 0), answer: "GOOD", then: 3 },
  { name: "blocks up to a filemark", at: 0, cdb: space(0, 3), answer: "GOOD", then: 3 },
  { name: "blocks into a filemark", at: 1, cdb: space(0, 5), answer: "0/0001 FM 3", then: 4 },
  { name: "blocks at a filemark", at: 3, cdb: space(0, 1), answer: "0/0001 FM 1", then: 4 },
  { name: "blocks into end of data", at: 7, cdb: space(0, 4), answer: "8/0005 3", then: 8 },
  { name: "blocks backward", at: 3, cdb: space(0, -2), answer: "GOOD", then: 1 },
  { name: "blocks back into a filemark", at: 5, cdb: space(0, -4), answer: "0/0001 FM 3", then: 3 },
  { name: "blocks back at a filemark", at: 4, cdb: space(0, -1), answer: "0/0001 FM 1", then: 3 },
  {
    name: "blocks back into the beginning",
    at: 2,
    cdb: space(0, -5),
    answer: "0/0004 EOM 3",
    then: 0,
  },
  { name: "filemarks forward", at: 0, cdb: space(1, 2), answer: "GOOD", then: 6 },
  { name: "no filemarks", at: 5, cdb: space(1, 0), answer: "GOOD", then: 5 },
  { name: "filemarks into end of data", at: 4, cdb: space(1, 5), answer: "8/0005 3", then: 8 },
  { name: "filemarks backward", at: 8, cdb: space(1, -2), answer: "GOOD", then: 5 },
  { name: "filemark just behind", at: 4, cdb: space(1, -1), answer: "GOOD", then: 3 },
  {
    name: "filemarks back into the beginning",
    at: 5,
    cdb: space(1, -3),
    answer: "0/0004 EOM 2",
    then: 0,
  },
  { name: "sequential filemarks", at: 0, cdb: space(2, 2), answer: "GOOD", then: 7 },
  { name: "sequential filemarks back", at: 8, cdb: space(2, -2), answer: "GOOD", then: 5 },
  { name: "no such run of filemarks", at: 0, cdb: space(2, 3), answer: "8/0005", then: 8 },
  { name: "no such run back", at: 8, cdb: space(2, -3), answer: "0/0004 EOM", then: 0 },
  { name: "end of data", at: 1, cdb: space(3, 0), answer: "GOOD", then: 8 },
  { name: "end of data, count ignored", at: 1, cdb: space(3, -7), answer: "GOOD", then: 8 },
  { name: "setmarks", at: 1, cdb: space(4, 1), answer: "5/2400", then: 1 },
  {
    name: "SPACE (16) blocks backward",
    at: 5,
    cdb: [0x91, 0, 0, 0, ...u64(-4)],
    answer: "0/0001 FM 3",
    then: 3,
  },
  { name: "SPACE (16) filemarks", at: 0, cdb: [0x91, 1, 0, 0, ...u64(3)], answer: "GOOD", then: 7 },
  { name: "LOCATE (10)", at: 0, cdb: [0x2b, 0, 0, 0, 0, 0, 5], answer: "GOOD", then: 5 },
  {
    name: "LOCATE (10) with a device-specific address",
    at: 0,
    cdb: [0x2b, 4, 0, 0, 0, 0, 5],
    answer: "GOOD",
    then: 5,
  },
  {
    name: "LOCATE (10) to another partition",
    at: 2,
    cdb: [0x2b, 2, 0, 0, 0, 0, 5, 0, 1],
    answer: "5/2400",
    then: 2,
  },
  {
    name: "LOCATE (10) beyond end of data",
    at: 0,
    cdb: [0x2b, 0, 0, 0, 0, 0, 9],
    answer: "8/0005",
    then: 8,
  },
  { name: "LOCATE (16)", at: 0, cdb: locate16(0, 7), answer: "GOOD", then: 7 },
  { name: "LOCATE (16) beyond", at: 0, cdb: locate16(0, 1e12), answer: "8/0005", then: 8 },
  { name: "LOCATE (16) file 0", at: 7, cdb: locate16(1, 0), answer: "GOOD", then: 0 },
  { name: "LOCATE (16) file 2", at: 7, cdb: locate16(1, 2), answer: "GOOD", then: 6 },
  { name: "LOCATE (16) last file", at: 0, cdb: locate16(1, 3), answer: "GOOD", then: 7 },
  { name: "LOCATE (16) no such file", at: 0, cdb: locate16(1, 4), answer: "8/0005", then: 8 },
  { name: "LOCATE (16) end of data", at: 0, cdb: locate16(3, 0), answer: "GOOD", then: 8 },
  { name: "LOCATE (16) to a set", at: 1, cdb: locate16(2, 0), answer: "5/2400", then: 1 },
  { name: "REWIND", at: 6, cdb: [0x01], answer: "GOOD", then: 0 },
];

const WRITE_ROWS: Row[] = [
  { name: "a record", at: 8, cdb: write(5), dataOut: 5, answer: "GOOD", then: 9 },
  { name: "no record", at: 2, cdb: write(0), answer: "GOOD", then: 2 },
  {
    name: "blocks",
    at: 8,
    cdb: write(3, FIXED),
    blockBytes: BLOCKS,
    dataOut: 300,
    answer: "GOOD",
    then: 11,
  },
  {
    name: "no blocks",
    at: 8,
    cdb: write(0, FIXED),
    blockBytes: BLOCKS,
    answer: "GOOD",
    then: 8,
  },
  {
    name: "FIXED without a block length",
    at: 8,
    cdb: write(3, FIXED),
    answer: "5/2400 3",
    then: 8,
  },
  { name: "less data than asked", at: 8, cdb: write(5), dataOut: 4, answer: "b/4b00", then: 8 },
  { name: "filemarks", at: 8, cdb: writeFilemarks(3), answer: "GOOD", then: 11 },
  { name: "filemarks, IMMED", at: 8, cdb: writeFilemarks(1, true), answer: "GOOD", then: 9 },
  { name: "a flush", at: 4, cdb: writeFilemarks(0), answer: "GOOD", then: 4 },
  { name: "setmarks", at: 4, cdb: [0x10, 2, 0, 0, 1], answer: "5/2400", then: 4 },
  { name: "ERASE", at: 8, cdb: [0x19], answer: "GOOD", then: 8 },
];

/** READ (16) and WRITE (16): object, length. */
function explicit(opcode: number, object: number, length: number, bits = 0): number[] {
  return [opcode, bits, 0, 0, ...u64(object), 0, 0, length];
}

function verify(length: number, bits = 0): number[] {
  return [0x13, bits, 0, 0, length];
}

function readReverse(length: number, bits = 0): number[] {
  return [0x0f, bits, 0, 0, length];
}

const [COMPARE, BY_FILEMARKS, TO_END] = [0x02, 0x08, 0x20];

const LATER_ROWS: Row[] = [
  { name: "READ (16)", at: 5, cdb: explicit(0x88, 1, 100), answer: "GOOD", data: 100, then: 2 },
  {
    name: "READ (16) filemark",
    at: 0,
    cdb: explicit(0x88, 3, 90),
    answer: "0/0001 FM 90",
    then: 4,
  },
  { name: "READ (16) nothing", at: 0, cdb: explicit(0x88, 3, 0), answer: "GOOD", then: 3 },
  { name: "READ (16) end of data", at: 0, cdb: explicit(0x88, 8, 9), answer: "8/0005 9", then: 8 },
  { name: "READ (16) beyond", at: 0, cdb: explicit(0x88, 9, 9), answer: "8/0005", then: 8 },
  {
    name: "READ (16) underlength",
    at: 0,
    cdb: explicit(0x88, 2, 100),
    answer: "0/0000 ILI 40",
    data: 60,
    then: 3,
  },
  { name: "WRITE (16)", at: 0, cdb: explicit(0x8a, 8, 5), dataOut: 5, answer: "GOOD", then: 9 },
  { name: "WRITE FILEMARKS (16)", at: 0, cdb: explicit(0x80, 8, 2), answer: "GOOD", then: 10 },
  { name: "VERIFY", at: 0, cdb: verify(100), answer: "GOOD", then: 1 },
  { name: "VERIFY underlength", at: 0, cdb: verify(120), answer: "0/0000 ILI 20", then: 1 },
  { name: "VERIFY overlength", at: 7, cdb: verify(120), answer: "0/0000 ILI -20", then: 8 },
  { name: "VERIFY filemark", at: 3, cdb: verify(120), answer: "0/0001 FM 120", then: 4 },
  { name: "VERIFY end of data", at: 8, cdb: verify(120), answer: "8/0005 120", then: 8 },
  {
    name: "VERIFY blocks into a filemark",
    at: 4,
    cdb: verify(3, 0x01),
    blockBytes: BLOCKS,
    answer: "0/0001 FM 2",
    then: 6,
  },
  {
    name: "VERIFY that differs",
    at: 1,
    cdb: verify(100, COMPARE),
    dataOut: 100,
    answer: "e/1d00",
    then: 2,
  },
  {
    name: "VERIFY that is the same",
    at: 0,
    cdb: verify(100, COMPARE),
    dataOut: 100,
    answer: "GOOD",
    then: 1,
  },
  { name: "VERIFY by filemarks", at: 0, cdb: verify(2, BY_FILEMARKS), answer: "GOOD", then: 6 },
  {
    name: "VERIFY by too many filemarks",
    at: 0,
    cdb: verify(5, BY_FILEMARKS),
    answer: "8/0005 2",
    then: 8,
  },
  { name: "VERIFY to the end", at: 0, cdb: verify(0, TO_END), answer: "GOOD", then: 8 },
  { name: "READ REVERSE", at: 8, cdb: readReverse(140), answer: "GOOD", data: 140, then: 7 },
  { name: "READ REVERSE nothing", at: 7, cdb: readReverse(0), answer: "GOOD", then: 7 },
  {
    name: "READ REVERSE underlength",
    at: 3,
    cdb: readReverse(100),
    answer: "0/0000 ILI 40",
    data: 60,
    then: 2,
  },
  {
    name: "READ REVERSE overlength",
    at: 8,
    cdb: readReverse(100),
    answer: "0/0000 ILI -40",
    data: 100,
    then: 7,
  },
  { name: "READ REVERSE filemark", at: 7, cdb: readReverse(9), answer: "0/0001 FM 9", then: 6 },
  { name: "READ REVERSE beginning", at: 0, cdb: readReverse(9), answer: "0/0004 EOM 9", then: 0 },
  {
    name: "READ REVERSE blocks into the beginning",
    at: 2,
    cdb: readReverse(5, 0x01),
    blockBytes: BLOCKS,
    answer: "0/0004 EOM 3",
    data: 200,
    then: 0,
  },
  { name: "ERASE (16)", at: 0, cdb: [0x93, 0, 0, 0, ...u64(8)], answer: "GOOD", then: 8 },
];

function benchAt(row: Row, quirks: DriveQuirks = {}): DriveBench {
  const bench = new DriveBench({ medium: tapeOf(LAYOUT), quirks });
  if (row.blockBytes !== undefined) bench.setBlockBytes(row.blockBytes);
  bench.locate(row.at);
  return bench;
}

function check(bench: DriveBench, row: Row, expected: string): void {
  const answer = bench.run(row.cdb, new Uint8Array(row.dataOut ?? 0));
  strictEqual(summary(answer), expected, row.name);
  strictEqual(answer.data.length, row.data ?? 0, `${row.name}: bytes`);
  strictEqual(bench.position().object, row.then, `${row.name}: position`);
}

const TABLES: [string, Row[]][] = [
  ["READ", READ_ROWS],
  ["SPACE, LOCATE and REWIND", MOTION_ROWS],
  ["WRITE, WRITE FILEMARKS and ERASE", WRITE_ROWS],
  ["VERIFY, READ REVERSE and the commands of 16 bytes", LATER_ROWS],
];

for (const [name, rows] of TABLES) {
  Deno.test(`${name} answer as the table of conditions says, sense in fixed format`, () => {
    for (const row of rows) check(benchAt(row), row, row.answer);
  });

  Deno.test(`${name} answer the same with sense in descriptor format`, () => {
    for (const row of rows) {
      const bench = benchAt(row);
      bench.setDescriptorSense();
      check(bench, row, row.answer);
    }
  });

  Deno.test(`${name} leave out INFORMATION with missingInformation`, () => {
    for (const row of rows) {
      const bare = row.answer.replace(/ -?\d+$/, "");
      check(benchAt(row, { missingInformation: true }), row, bare);
    }
  });

  Deno.test(`${name} give ASC 00/00 with a flag under flagsWithoutAsc`, () => {
    for (const row of rows) {
      const bare = /FM|EOM|ILI/.test(row.answer)
        ? row.answer.replace(/\/..../, "/0000")
        : row.answer;
      check(benchAt(row, { flagsWithoutAsc: true }), row, bare);
    }
  });
}

Deno.test("SPACE backwards has a negative INFORMATION with negativeReverseResidual", () => {
  for (const row of MOTION_ROWS) {
    const isReverse = row.cdb[0] === 0x11 && (row.cdb[2] & 0x80) !== 0 ||
      row.cdb[0] === 0x91 && (row.cdb[4] & 0x80) !== 0;
    const expected = isReverse ? row.answer.replace(/ (\d+)$/, " -$1") : row.answer;
    check(benchAt(row, { negativeReverseResidual: true }), row, expected);
  }
});

Deno.test("READ gives the bytes of the records, those of the wrong block last", () => {
  const bench = new DriveBench({ medium: tapeOf(LAYOUT) });
  bench.setBlockBytes(100);
  const { data } = bench.run(read(5, FIXED));
  const expected = [...Array(100).fill(0), ...Array(100).fill(1), ...Array(60).fill(2)];
  deepStrictEqual([...data], expected);
});

Deno.test("WRITE in the middle of the tape drops everything after it", () => {
  for (const cdb of [write(5), writeFilemarks(1), [0x19, 0], [0x19, 1], [0x19, 3]]) {
    const bench = new DriveBench({ medium: tapeOf(LAYOUT) });
    bench.locate(2);
    bench.ok(cdb, new Uint8Array(5));
    const isErase = cdb[0] === 0x19;
    strictEqual(bench.drive.objects().length, isErase ? 2 : 3);
    bench.ok(space(3, 0));
    strictEqual(bench.position().object, isErase ? 2 : 3);
  }
});

Deno.test("Sense data is byte-exact in both formats", () => {
  const row = READ_ROWS.find(({ name }) => name === "overlength") as Row;
  const fixed = benchAt(row).run(row.cdb).sense.raw;
  deepStrictEqual(
    [...fixed],
    [0xf0, 0, 0x20, 0xff, 0xff, 0xff, 0xd8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  );
  const bench = benchAt(row);
  bench.setDescriptorSense();
  const information = [0x00, 0x0a, 0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xd8];
  const { raw } = bench.run(row.cdb).sense;
  deepStrictEqual([...raw.subarray(0, 4)], [0x72, 0, 0, 0]);
  deepStrictEqual([...raw.subarray(8, 20)], information);
});

Deno.test("A refused field of the CDB is pointed at", () => {
  const bench = new DriveBench({ medium: tapeOf(LAYOUT) });
  const pointer = (cdb: number[]) => bench.run(cdb).sense.senseKeySpecific;
  const field = (byte: number, bit: number) => ({ kind: "field", inCdb: true, byte, bit });
  deepStrictEqual(pointer(read(1, FIXED)), field(1, 0));
  deepStrictEqual(pointer(space(4, 1)), field(1, 3));
  deepStrictEqual(pointer([0x10, 2, 0, 0, 1]), field(1, 1));
  deepStrictEqual(pointer([0x00, 0, 0, 0x40]), field(3, 6));
});
