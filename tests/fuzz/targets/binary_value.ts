/** Binary values as CHAP sends them: hexadecimal and base64, held against a decoder of the runtime's. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { formatBinary, parseBinary, parseNumber } from "../../../iscsi/negotiation/text_values.ts";
import { ascii, type FuzzTarget } from "../fuzz_target.ts";

const MAX_BYTES = 1024;
const decoder = new TextDecoder("latin1");

export const binaryValueTarget: FuzzTarget = {
  name: "binary-value",
  seeds: [
    "0x0123456789abcdef",
    "0X1",
    "0bAAECAwQFBgcICQ==",
    "0BAAECAwQFBgcI",
    "0xf".padEnd(2052, "0"),
  ]
    .map(ascii),
  tokens: ["0x", "0b", "=", "==", "+/", "-_", " ", "\n"].map(ascii),
  maxBytes: 4096,
  run(input) {
    const text = decoder.decode(input);
    const number = parseNumber(text);
    assert.ok(number === undefined || Number.isSafeInteger(number));
    const bytes = parseBinary(text, MAX_BYTES);
    if (bytes === undefined) return;
    assert.ok(bytes.length >= 1 && bytes.length <= MAX_BYTES);
    const digits = text.slice(2);
    const expected = text[1].toLowerCase() === "x"
      ? Buffer.from(digits.padStart(digits.length + digits.length % 2, "0"), "hex")
      : Buffer.from(digits, "base64");
    assert.equal(formatBinary(bytes), formatBinary(expected));
  },
};
