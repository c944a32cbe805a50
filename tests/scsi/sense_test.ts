import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  decodeSense,
  describeSense,
  encodeSense,
  type Sense,
  type SenseFields,
  type SenseFormat,
  type SenseInput,
} from "../../scsi/sense.ts";
import { hex } from "./fake_unit.ts";

const QUIET: SenseFields = {
  deferred: false,
  key: 0,
  asc: 0,
  ascq: 0,
  filemark: false,
  endOfMedium: false,
  incorrectLength: false,
  informationValid: false,
};

function fieldsOf(sense: Sense): SenseFields {
  const { format: _format, responseCode: _code, raw: _raw, ...fields } = sense;
  return fields;
}

interface Fixture {
  what: string;
  format: SenseFormat;
  bytes: string;
  input: SenseInput;
  /** What decoding adds to the input. */
  decoded?: Partial<SenseFields>;
}

const FIXTURES: Fixture[] = [
  {
    what: "a filemark met by a variable read of 65536 bytes",
    format: "fixed",
    bytes: "f0 00 80 00010000 0a 00000000 00 01 00 000000",
    input: { key: 0, asc: 0, ascq: 1, filemark: true, information: 65536 },
    decoded: { informationValid: true },
  },
  {
    what: "an overlength record: negative information",
    format: "fixed",
    bytes: "f0 00 20 fffffc00 0a 00000000 00 00 00 000000",
    input: { key: 0, asc: 0, ascq: 0, incorrectLength: true, information: -1024 },
    decoded: { informationValid: true },
  },
  {
    what: "end of data in the early warning zone",
    format: "fixed",
    bytes: "f0 00 48 00000001 0a 00000000 00 05 00 000000",
    input: { key: 8, asc: 0, ascq: 5, endOfMedium: true, information: 1 },
    decoded: { informationValid: true },
  },
  {
    what: "a deferred write error with a unit code",
    format: "fixed",
    bytes: "71 00 03 00000000 0a 00000000 0c 00 30 000000",
    input: { key: 3, asc: 0x0c, ascq: 0, deferred: true, fieldReplaceableUnit: 0x30 },
  },
  {
    what: "an invalid field in byte 2, bit 3 of the CDB",
    format: "fixed",
    bytes: "70 00 05 00000000 0a 00000000 24 00 00 cb0002",
    input: {
      key: 5,
      asc: 0x24,
      ascq: 0,
      senseKeySpecific: { kind: "field", inCdb: true, byte: 2, bit: 3 },
    },
  },
  {
    what: "an invalid field in a parameter list, without a bit",
    format: "fixed",
    bytes: "70 00 05 00000000 0a 00000000 26 00 00 80000e",
    input: {
      key: 5,
      asc: 0x26,
      ascq: 0,
      senseKeySpecific: { kind: "field", inCdb: false, byte: 14 },
    },
  },
  {
    what: "a format a quarter done",
    format: "fixed",
    bytes: "70 00 02 00000000 0a 00000000 04 04 00 804000",
    input: {
      key: 2,
      asc: 4,
      ascq: 4,
      senseKeySpecific: { kind: "progress", progress: 0.25 },
    },
  },
  {
    what: "a recovered error with its retries and command-specific information",
    format: "fixed",
    bytes: "70 00 01 00000000 0a 8000000a 17 01 00 800005",
    input: {
      key: 1,
      asc: 0x17,
      ascq: 1,
      commandSpecific: 0x8000000a,
      senseKeySpecific: { kind: "retries", retries: 5 },
    },
  },
  {
    what: "lost unit attentions",
    format: "fixed",
    bytes: "70 00 06 00000000 0a 00000000 29 00 00 810000",
    input: {
      key: 6,
      asc: 0x29,
      ascq: 0,
      senseKeySpecific: { kind: "unit-attention", overflow: true },
    },
  },
  {
    what: "a drive that wants cleaning",
    format: "fixed",
    bytes: "70 00 00 00000000 0e 00000000 82 82 00 000000 000000 08",
    input: { key: 0, asc: 0x82, ascq: 0x82, cleaningRequested: true },
  },
  {
    what: "a filemark in descriptor format",
    format: "descriptor",
    bytes: "72 00 00 01 000000 10  00 0a 80 00 0000000000010000  04 02 00 80",
    input: { key: 0, asc: 0, ascq: 1, filemark: true, information: 65536 },
    decoded: { informationValid: true },
  },
  {
    what: "an overlength record in descriptor format: 64-bit negative information",
    format: "descriptor",
    bytes: "72 00 00 00 000000 10  00 0a 80 00 fffffffffffffc00  04 02 00 20",
    input: { key: 0, asc: 0, ascq: 0, incorrectLength: true, information: -1024 },
    decoded: { informationValid: true },
  },
  {
    what: "a deferred error with every descriptor",
    format: "descriptor",
    bytes: "73 03 0c 00 000000 28  00 0a 80 00 0000000100000000  01 0a 00 00 0000000000000007" +
      "  02 06 00 00 800009 00  03 02 00 21  04 02 00 e0",
    input: {
      key: 3,
      asc: 0x0c,
      ascq: 0,
      deferred: true,
      filemark: true,
      endOfMedium: true,
      incorrectLength: true,
      information: 0x100000000,
      commandSpecific: 7,
      senseKeySpecific: { kind: "retries", retries: 9 },
      fieldReplaceableUnit: 0x21,
    },
    decoded: { informationValid: true },
  },
];

for (const { what, format, bytes, input, decoded } of FIXTURES) {
  Deno.test(`decodeSense() and encodeSense() agree on ${what}`, () => {
    const raw = hex(bytes);
    const sense = decodeSense(raw);
    deepStrictEqual(fieldsOf(sense), { ...QUIET, ...input, ...decoded });
    strictEqual(sense.format, format);
    strictEqual(sense.responseCode, raw[0] & 0x7f);
    strictEqual(sense.raw, raw);
    deepStrictEqual(encodeSense(input, format), raw);
  });
}

/** Fields that the data reaches at each length; the rest must look as if they had never been there. */
Deno.test("decodeSense() of fixed data cut at any byte gives exactly the fields that are whole", () => {
  const input = {
    key: 5,
    asc: 0x24,
    ascq: 1,
    filemark: true,
    information: -2,
    commandSpecific: 0x01020304,
    fieldReplaceableUnit: 9,
    senseKeySpecific: { kind: "field", inCdb: true, byte: 2 },
    cleaningRequested: true,
  } as const;
  const whole = encodeSense(input);
  strictEqual(whole.length, 22);
  for (let length = 0; length <= whole.length; length++) {
    const sense = decodeSense(whole.subarray(0, length));
    const has = (end: number) => length >= end;
    strictEqual(sense.format, has(3) ? "fixed" : "none", `format at ${length}`);
    strictEqual(sense.key, has(3) ? 5 : 0, `key at ${length}`);
    strictEqual(sense.filemark, has(3), `filemark at ${length}`);
    strictEqual(sense.informationValid, has(7), `valid at ${length}`);
    strictEqual(sense.information, has(7) ? -2 : undefined, `information at ${length}`);
    strictEqual(sense.commandSpecific, has(12) ? 0x01020304 : undefined);
    strictEqual(sense.asc, has(13) ? 0x24 : 0, `asc at ${length}`);
    strictEqual(sense.ascq, has(14) ? 1 : 0, `ascq at ${length}`);
    strictEqual(sense.fieldReplaceableUnit, has(15) ? 9 : undefined);
    deepStrictEqual(sense.senseKeySpecific, has(18) ? input.senseKeySpecific : undefined);
    strictEqual(sense.cleaningRequested, has(22) ? true : undefined);
  }
});

Deno.test("decodeSense() of descriptor data cut at any byte gives exactly the descriptors that are whole", () => {
  const input = {
    key: 3,
    asc: 0x11,
    ascq: 2,
    information: -3,
    commandSpecific: 4,
    senseKeySpecific: { kind: "retries", retries: 5 },
    fieldReplaceableUnit: 6,
    endOfMedium: true,
  } as const;
  const whole = encodeSense(input, "descriptor");
  strictEqual(whole.length, 48);
  for (let length = 0; length <= whole.length; length++) {
    const sense = decodeSense(whole.subarray(0, length));
    const has = (end: number) => length >= end;
    strictEqual(sense.format, has(2) ? "descriptor" : "none");
    strictEqual(sense.key, has(2) ? 3 : 0);
    strictEqual(sense.asc, has(3) ? 0x11 : 0);
    strictEqual(sense.ascq, has(4) ? 2 : 0);
    strictEqual(sense.informationValid, has(20));
    strictEqual(sense.information, has(20) ? -3 : undefined);
    strictEqual(sense.commandSpecific, has(32) ? 4 : undefined);
    // The descriptor's eighth byte is reserved: seven are enough.
    deepStrictEqual(sense.senseKeySpecific, has(39) ? input.senseKeySpecific : undefined);
    strictEqual(sense.fieldReplaceableUnit, has(44) ? 6 : undefined);
    strictEqual(sense.endOfMedium, has(48));
  }
});

Deno.test("decodeSense() does not read beyond the additional sense length", () => {
  const fixed = hex("70 00 02 00000000 04 00000000 3a 00 07 800001");
  deepStrictEqual(fieldsOf(decodeSense(fixed)), { ...QUIET, key: 2 });
  const descriptor = hex("72 02 3a 00 000000 00  04 02 00 e0");
  deepStrictEqual(fieldsOf(decodeSense(descriptor)), { ...QUIET, key: 2, asc: 0x3a });
});

Deno.test("decodeSense() leaves out information whose VALID bit is 0", () => {
  for (
    const bytes of [
      "70 00 20 00000005 0a 00000000 0000 00 000000",
      "72 00 00 00 000000 0c 00 0a 00 00 0000000000000005",
    ]
  ) {
    const sense = decodeSense(hex(bytes));
    strictEqual(sense.informationValid, false);
    strictEqual("information" in sense, false);
  }
});

Deno.test("decodeSense() leaves out 64-bit information that a number cannot hold, and says that it was valid", () => {
  const sense = decodeSense(hex("72 00 00 00 000000 0c 00 0a 80 00 0020000000000000"));
  strictEqual(sense.informationValid, true);
  strictEqual(sense.information, undefined);
});

Deno.test("decodeSense() takes ILI from a block commands descriptor, and progress from its own", () => {
  const block = decodeSense(hex("72 03 11 00 000000 04 05 02 00 20"));
  strictEqual(block.incorrectLength, true);
  const progress = decodeSense(hex("72 06 29 00 000000 08 0a 06 02 04 04 00 8000"));
  deepStrictEqual(progress.senseKeySpecific, { kind: "progress", progress: 0.5 });
});

Deno.test("decodeSense() skips descriptors that it does not know", () => {
  const sense = decodeSense(hex("72 00 00 01 000000 0a 80 04 aabbccdd 04 02 00 80"));
  strictEqual(sense.filemark, true);
});

Deno.test("decodeSense() gives format none for data that is no sense data", () => {
  for (const bytes of ["", "00", "7f 00 05 00", "00 00 05 00000000 0a", "70", "7000", "72"]) {
    const sense = decodeSense(hex(bytes));
    strictEqual(sense.format, "none", bytes);
    deepStrictEqual(fieldsOf(sense), QUIET);
  }
});

Deno.test("encodeSense() leaves INFORMATION that 32 bits cannot hold invalid in fixed format", () => {
  for (const information of [0x80000000, -0x80000001, 2 ** 40]) {
    const bytes = encodeSense({ key: 0, asc: 0, ascq: 0, information });
    deepStrictEqual(bytes.subarray(0, 8), hex("70 00 00 00000000 0a"));
  }
  for (const information of [0x7fffffff, -0x80000000, 0, -1]) {
    const bytes = encodeSense({ key: 0, asc: 0, ascq: 0, information });
    strictEqual(decodeSense(bytes).information, information);
  }
});

Deno.test("encodeSense() never tells progress as more than the field can", () => {
  for (const [progress, seen] of [[1, 65535 / 65536], [-1, 0], [2, 65535 / 65536], [0.5, 0.5]]) {
    const senseKeySpecific = { kind: "progress", progress } as const;
    const sense = decodeSense(encodeSense({ key: 2, asc: 4, ascq: 7, senseKeySpecific }));
    deepStrictEqual(sense.senseKeySpecific, { kind: "progress", progress: seen });
  }
});

const LINES: [string, string][] = [
  [
    "70 00 02 00000000 0a 00000000 04 01 00 000000",
    "NOT READY (2), 04/01: logical unit is in process of becoming ready",
  ],
  [
    "f0 00 60 00010000 0a 00000000 00 02 00 000000",
    "NO SENSE (0), 00/02: end-of-partition/medium detected [end of medium, incorrect length]",
  ],
  [
    "71 00 03 00000000 0a 00000000 0c 00 00 000000",
    "deferred MEDIUM ERROR (3), 0C/00: write error",
  ],
  ["72 0d 00 02 00000000", "VOLUME OVERFLOW (D), 00/02: end-of-partition/medium detected"],
  ["", "no sense data"],
  ["6f 00 02", "unreadable sense data (response code 6Fh)"],
];

for (const [bytes, line] of LINES) {
  Deno.test(`describeSense() says: ${line}`, () => {
    strictEqual(describeSense(decodeSense(hex(bytes))), line);
  });
}

Deno.test("describeSense() knows a vendor's own codes when told the vendor", () => {
  const sense = decodeSense(encodeSense({ key: 0, asc: 0x82, ascq: 0x82 }));
  strictEqual(
    describeSense(sense, { vendor: "IBM" }),
    "NO SENSE (0), 82/82: drive requires cleaning",
  );
  strictEqual(describeSense(sense), "NO SENSE (0), 82/82: vendor specific");
});
