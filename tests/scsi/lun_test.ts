import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import {
  decodeLun,
  formatLun,
  type LunAddress,
  lunFromNumber,
  lunToNumber,
} from "../../scsi/lun.ts";

/** Plain numbers and the eight bytes that stand for them (SAM-5 §4.7). */
const NUMBERS: [number, bigint, LunAddress["method"]][] = [
  [0, 0x0000_0000_0000_0000n, "peripheral"],
  [1, 0x0001_0000_0000_0000n, "peripheral"],
  [255, 0x00ff_0000_0000_0000n, "peripheral"],
  [256, 0x4100_0000_0000_0000n, "flat"],
  [16383, 0x7fff_0000_0000_0000n, "flat"],
  [16384, 0xd200_4000_0000_0000n, "extended-flat"],
  [16777215, 0xd2ff_ffff_0000_0000n, "extended-flat"],
];

for (const [number, lun, method] of NUMBERS) {
  Deno.test(`LUN ${number} is ${lun.toString(16).padStart(16, "0")} on the wire`, () => {
    strictEqual(lunFromNumber(number), lun);
    strictEqual(lunToNumber(lun), number);
    deepStrictEqual(decodeLun(lun), { method, number });
    strictEqual(formatLun(lun), String(number));
  });
}

const OTHERS: [string, bigint, LunAddress][] = [
  ["flat space that a peripheral address could hold", 0x4005n << 48n, {
    method: "flat",
    number: 5,
  }],
  ["a peripheral address behind a bus", 0x0105n << 48n, { method: "peripheral" }],
  ["a peripheral address with a second level", 0x0000_0001_0000_0000n, { method: "peripheral" }],
  ["flat space with a second level", 0x4001_0000_0000_0001n, { method: "flat" }],
  ["logical unit addressing", 0x8123n << 48n, { method: "logical-unit" }],
  ["the REPORT LUNS well known logical unit", 0xc101n << 48n, {
    method: "well-known",
    wellKnown: 1,
  }],
  ["a 40-bit extended flat address", 0xe201_0203_0405_0000n, {
    method: "extended-flat",
    number: 0x0102030405,
  }],
  ["an extended flat address with a second level", 0xd200_0001_0001_0000n, {
    method: "extended-flat",
  }],
  ["no logical unit specified", 0xffff_ffff_ffff_ffffn, { method: "unknown" }],
];

for (const [what, lun, address] of OTHERS) {
  Deno.test(`decodeLun() knows ${what}`, () => {
    deepStrictEqual(decodeLun(lun), address);
    strictEqual(lunToNumber(lun), address.number);
  });
}

Deno.test("lunToNumber() undoes lunFromNumber() for every number up to 17000", () => {
  for (let number = 0; number <= 17000; number++) {
    strictEqual(lunToNumber(lunFromNumber(number)), number);
  }
});

Deno.test("lunFromNumber() refuses what no LUN can hold", () => {
  for (const number of [-1, 1.5, NaN, 16777216]) throws(() => lunFromNumber(number), RangeError);
});

Deno.test("formatLun() prints all digits of a LUN without a number", () => {
  strictEqual(formatLun(0x0105n << 48n), "0x0105000000000000");
});
