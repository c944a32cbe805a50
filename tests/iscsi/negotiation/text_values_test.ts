import assert from "node:assert/strict";
import {
  formatBinary,
  parseBinary,
  parseBoolean,
  parseNumber,
} from "../../../iscsi/negotiation/text_values.ts";

Deno.test("parseNumber() reads decimal and hexadecimal constants and nothing else", () => {
  const table: [string, number | undefined][] = [
    ["0", 0],
    ["8192", 8192],
    ["16777215", 16777215],
    ["0x0", 0],
    ["0xFFffff", 16777215],
    ["0X10", 16],
    ["9007199254740991", 2 ** 53 - 1],
    ["9007199254740992", undefined],
    ["", undefined],
    ["-1", undefined],
    ["+1", undefined],
    ["01", undefined],
    ["1.0", undefined],
    ["1e3", undefined],
    [" 1", undefined],
    ["0x", undefined],
    ["0b11", undefined],
    ["Infinity", undefined],
  ];
  for (const [text, value] of table) assert.equal(parseNumber(text), value, text);
});

Deno.test("parseBoolean() knows Yes and No, in that spelling", () => {
  assert.equal(parseBoolean("Yes"), true);
  assert.equal(parseBoolean("No"), false);
  for (const text of ["yes", "NO", "", "1"]) assert.equal(parseBoolean(text), undefined, text);
});

Deno.test("parseBinary() reads hexadecimal, with an odd number of digits too, and base64", () => {
  const table: [string, number[]][] = [
    ["0x00", [0]],
    ["0xdeadBEEF", [0xde, 0xad, 0xbe, 0xef]],
    ["0XfF", [0xff]],
    ["0x123", [0x01, 0x23]],
    ["0x7", [7]],
    ["0bAAEC", [0, 1, 2]],
    ["0b/+8=", [0xff, 0xef]],
    ["0b/+8", [0xff, 0xef]],
    ["0BAQ==", [1]],
    ["0bAQ", [1]],
  ];
  for (const [text, bytes] of table) assert.deepEqual([...parseBinary(text, 64)!], bytes, text);
});

Deno.test("parseBinary() refuses what is malformed, empty, or longer than the bound", () => {
  for (const text of ["", "0x", "0b", "12", "0xgg", "0bA", "0b*A==", "0bAQ=", "0bAQ==A", "0x 1"]) {
    assert.equal(parseBinary(text, 64), undefined, text);
  }
  assert.equal(parseBinary("0x" + "ab".repeat(1024), 1024)!.length, 1024);
  assert.equal(parseBinary("0x" + "ab".repeat(1025), 1024), undefined);
  assert.equal(parseBinary("0b" + "AAAA".repeat(342), 1024), undefined);
});

Deno.test("formatBinary() writes two digits a byte", () => {
  assert.equal(formatBinary(Uint8Array.of(0, 1, 0xab, 0xff)), "0x0001abff");
});
