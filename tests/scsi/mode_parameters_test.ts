import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { UnexpectedResponseError } from "../../scsi/errors.ts";
import {
  decodeModeParameters,
  decodeTapeParameter,
  encodeModeSelectData,
  encodeModeSenseData,
  encodeTapeParameter,
  type ModeForm,
  type ModeParameters,
} from "../../scsi/mode_parameters.ts";
import { hex } from "./fake_unit.ts";

const COMPRESSION = hex("8f 0e c0 80 00000001 00000001 00000000");
const EXTENSION = hex("50 01 0004 00000000");

/** A write-protected LTO-5 in variable mode, buffered, with pages 0Fh and 10h/01h. */
const PARAMETERS: ModeParameters = {
  mediumType: 0x58,
  deviceSpecific: 0x90,
  blockDescriptor: { densityCode: 0x58, blockCount: 0, blockBytes: 0 },
  pages: [
    { page: 0x0f, subpage: 0, saveable: true, bytes: COMPRESSION },
    { page: 0x10, subpage: 1, saveable: false, bytes: EXTENSION },
  ],
};

const LISTS: [ModeForm, string, string][] = [
  [
    6,
    "23 58 90 08  58 000000 00 000000  8f0ec080 00000001 00000001 00000000  5001000400000000",
    "00 58 10 08  58 000000 00 000000  0f0ec080 00000001 00000001 00000000  5001000400000000",
  ],
  [
    10,
    "0026 58 90 00 00 0008  58 000000 00 000000  8f0ec080 00000001 00000001 00000000" +
    "  5001000400000000",
    "0000 58 10 00 00 0008  58 000000 00 000000  0f0ec080 00000001 00000001 00000000" +
    "  5001000400000000",
  ],
];

for (const [form, sense, select] of LISTS) {
  Deno.test(`Mode parameters of the ${form}-byte form decode and encode byte for byte`, () => {
    const bytes = hex(sense);
    deepStrictEqual(decodeModeParameters(bytes, form), {
      ...PARAMETERS,
      truncated: false,
      totalLength: bytes.length,
    });
    deepStrictEqual(encodeModeSenseData(PARAMETERS, form), bytes);
  });

  Deno.test(`MODE SELECT(${form}) data has no length, no PS bit and no write protection`, () => {
    const bytes = hex(select);
    deepStrictEqual(encodeModeSelectData(PARAMETERS, form), bytes);
    const decoded = decodeModeParameters(bytes, form);
    strictEqual(decoded.truncated, false);
    strictEqual(decoded.totalLength, bytes.length);
    deepStrictEqual(decoded.pages.map(({ page, subpage }) => [page, subpage]), [[15, 0], [16, 1]]);
  });

  Deno.test(`Mode parameters of the ${form}-byte form cut at any byte give what is whole`, () => {
    const bytes = hex(sense);
    const header = form === 6 ? 4 : 8;
    for (let length = header; length < bytes.length; length++) {
      const decoded = decodeModeParameters(bytes.subarray(0, length), form);
      strictEqual(decoded.truncated, true, `at ${length}`);
      strictEqual(decoded.totalLength, bytes.length);
      strictEqual(decoded.blockDescriptor !== undefined, length >= header + 8);
      const pages = length >= header + 8 + 16 ? 1 : 0;
      deepStrictEqual(decoded.pages, PARAMETERS.pages.slice(0, pages));
    }
    for (let length = 0; length < header; length++) {
      throws(
        () => decodeModeParameters(bytes.subarray(0, length), form),
        UnexpectedResponseError,
      );
    }
  });

  Deno.test(`Mode parameters of the ${form}-byte form may be a header alone`, () => {
    const bare = { mediumType: 0, deviceSpecific: 0x10, pages: [] };
    const bytes = encodeModeSenseData(bare, form);
    deepStrictEqual(decodeModeParameters(bytes, form), {
      ...bare,
      truncated: false,
      totalLength: bytes.length,
    });
  });
}

Deno.test("decodeModeParameters() ignores what follows the mode data length", () => {
  const decoded = decodeModeParameters(hex("0b 00 10 08 40 000000 00 000200 8f0e0000"), 6);
  deepStrictEqual(decoded.blockDescriptor, { densityCode: 0x40, blockCount: 0, blockBytes: 512 });
  deepStrictEqual([decoded.pages.length, decoded.truncated], [0, false]);
});

Deno.test("decodeModeParameters() leaves long block descriptors out and finds the pages behind them", () => {
  const bytes = hex("001b 00 00 01 00 0010 0000000000000010 00000000 00000200 0a 03 001000");
  const { blockDescriptor, pages, truncated } = decodeModeParameters(bytes, 10);
  strictEqual(blockDescriptor, undefined);
  deepStrictEqual(pages.map(({ page }) => page), [0x0a]);
  strictEqual(truncated, false);
});

Deno.test("decodeModeParameters() says so when the block descriptors reach beyond the end", () => {
  strictEqual(decodeModeParameters(hex("03 00 10 08"), 6).truncated, true);
});

Deno.test("encodeModeSenseData() refuses what the six-byte form cannot tell", () => {
  const bytes = new Uint8Array(253);
  const long = { ...PARAMETERS, pages: [{ page: 0, subpage: 0, saveable: false, bytes }] };
  throws(() => encodeModeSenseData(long, 6), RangeError);
  strictEqual(encodeModeSenseData(long, 10).length, 269);
});

Deno.test("The device-specific parameter of a tape decodes and encodes in every combination", () => {
  deepStrictEqual(decodeTapeParameter(0x90), { writeProtected: true, bufferedMode: 1, speed: 0 });
  for (let byte = 0; byte < 256; byte++) {
    strictEqual(encodeTapeParameter(decodeTapeParameter(byte)), byte);
  }
});
