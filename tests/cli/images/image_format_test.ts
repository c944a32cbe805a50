import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { ImageBytes } from "../../../cli/images/image_bytes.ts";
import { imageFormat, type ImageFormatName } from "../../../cli/images/image_format.ts";
import type { ImageStep } from "../../../cli/images/image_step.ts";
import { ImageFormatError } from "../../../sim/images/errors.ts";
import { MemorySource, patternBytes } from "../memory_host.ts";

type Part = Uint8Array | string | readonly number[];

function bytesOf(...parts: readonly Part[]): Uint8Array {
  const flat = parts.flatMap((part) =>
    typeof part === "string" ? [...new TextEncoder().encode(part)] : [...part]
  );
  return Uint8Array.from(flat);
}

const u16 = (value: number) => [value & 0xff, value >>> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];

/** The steps of an image that comes in pieces of `piece` bytes, after the name of the format that it was taken for. */
async function steps(
  image: Uint8Array,
  piece = Infinity,
  named?: ImageFormatName,
): Promise<unknown[]> {
  const bytes = new ImageBytes(new MemorySource(image, { pieces: [piece] }), "an image");
  const format = await imageFormat(bytes, named);
  const found: unknown[] = [format.name];
  for await (const step of format.walk(bytes)) found.push(copyOf(step));
  return found;
}

/** A step's data is valid until the next one. */
function copyOf(step: ImageStep): unknown {
  return "data" in step ? { ...step, data: step.data.slice() } : step;
}

const record = (data: Uint8Array) => ({ kind: "record", data });
const FILEMARK = { kind: "filemark" };
const A = patternBytes(300, 1);
const B = patternBytes(77, 2);
/** Its first bytes are EBCDIC blanks: 40h is the flag of a tape mark in AWSTAPE. */
const BLANKS = new Uint8Array(80).fill(0x40);

const tapRecord = (data: Uint8Array) =>
  bytesOf(u32(data.length), data, data.length % 2 === 0 ? [] : [0], u32(data.length));
const awsChunk = (data: Uint8Array, previous: number, flags = 0xa0) =>
  bytesOf(u16(data.length), u16(previous), [flags, 0], data);
const cptpRecord = (data: Uint8Array) =>
  bytesOf(`CPTP:BLK ${String(data.length).padStart(6, "0")}\n`, data, "\n");
const zipA = new Uint8Array(deflateSync(A));

const IMAGES: readonly (readonly [what: string, image: Uint8Array, expected: unknown[]])[] = [
  ["an empty file", new Uint8Array(0), ["SIMH .tap"]],
  [".tap", bytesOf(tapRecord(A), u32(0), tapRecord(B), u32(0), u32(0)), [
    "SIMH .tap",
    record(A),
    FILEMARK,
    record(B),
    FILEMARK,
    FILEMARK,
  ]],
  [".tap with an end of medium", bytesOf(tapRecord(B), u32(0xffffffff), "anything"), [
    "SIMH .tap",
    record(B),
  ]],
  [
    ".tap with gaps, halves of gaps, markers and private records",
    bytesOf(
      u32(0xfffffffe),
      [0xff, 0xff],
      u32(0xfffffffe),
      u32(0xe0000001),
      tapRecord(B),
      u32(0x90000002),
      [1, 2],
      u32(0x90000002),
      u32(0),
    ),
    ["SIMH .tap", record(B), FILEMARK],
  ],
  [".tap with a damaged record", bytesOf(u32(0x80000002), [1, 2], u32(0x80000002), u32(0)), [
    "SIMH .tap",
    { kind: "damaged", data: Uint8Array.of(1, 2) },
    FILEMARK,
  ]],
  [
    ".tap that a drive has encrypted",
    bytesOf(
      u32(0xd0000002),
      [1, 2],
      u32(0xd0000002),
      tapRecord(B),
      tapRecord(A),
    ),
    ["SIMH .tap", { ...record(B), sealed: true }, record(A)],
  ],
  [".tap that begins with tape marks", bytesOf(u32(0), u32(0), tapRecord(B)), [
    "SIMH .tap",
    FILEMARK,
    FILEMARK,
    record(B),
  ]],
  [".tap whose first record looks like an AWSTAPE header", tapRecord(BLANKS), [
    "SIMH .tap",
    record(BLANKS),
  ]],
  [".tap that is cut within a record", tapRecord(A).subarray(0, 200), [
    "SIMH .tap",
    { kind: "cut", offset: 0, problem: "cut within a record of 300 bytes" },
  ]],
  [".tap that is cut within a header", bytesOf(tapRecord(B), [1, 2]), [
    "SIMH .tap",
    record(B),
    { kind: "cut", offset: 86, problem: "cut within a header" },
  ]],
  ["AWSTAPE", bytesOf(awsChunk(A, 0), u16(0), u16(300), [0x40, 0], awsChunk(B, 0)), [
    "AWSTAPE or HET",
    record(A),
    FILEMARK,
    record(B),
  ]],
  ["AWSTAPE with a record of two chunks", bytesOf(awsChunk(A, 0, 0x80), awsChunk(B, 300, 0x20)), [
    "AWSTAPE or HET",
    record(bytesOf(A, B)),
  ]],
  ["AWSTAPE that begins with a tape mark", bytesOf([0, 0, 0, 0, 0x40, 0], awsChunk(B, 0)), [
    "AWSTAPE or HET",
    FILEMARK,
    record(B),
  ]],
  ["HET with zlib", bytesOf(awsChunk(zipA, 0, 0xa1), u16(0), u16(zipA.length), [0x40, 0]), [
    "AWSTAPE or HET",
    record(A),
    FILEMARK,
  ]],
  [
    "AWSTAPE that is cut within a chunk",
    bytesOf(awsChunk(B, 0), awsChunk(A, 77).subarray(0, 100)),
    [
      "AWSTAPE or HET",
      record(B),
      { kind: "cut", offset: 83, problem: "cut within a chunk of 300 bytes" },
    ],
  ],
  ["AWSTAPE whose last record has no end", bytesOf(awsChunk(B, 0), awsChunk(A, 77, 0x80)), [
    "AWSTAPE or HET",
    record(B),
    { kind: "cut", offset: 83, problem: "the last record has no end" },
  ]],
  ["copytape", bytesOf(cptpRecord(A), "CPTP:MRK\n", cptpRecord(B), "CPTP:MRK\nCPTP:EOT\n"), [
    "copytape",
    record(A),
    FILEMARK,
    record(B),
    FILEMARK,
  ]],
  ["copytape without its end", bytesOf(cptpRecord(B), "CPTP:M"), [
    "copytape",
    record(B),
    { kind: "cut", offset: 94, problem: "it does not end with CPTP:EOT" },
  ]],
  ["copytape that is cut within a record", cptpRecord(A).subarray(0, 100), [
    "copytape",
    { kind: "cut", offset: 0, problem: "cut within a record of 300 bytes" },
  ]],
];

for (const [what, image, expected] of IMAGES) {
  Deno.test(`An image: ${what}`, async () => {
    assert.deepEqual(await steps(image), expected);
    assert.deepEqual(await steps(image, 1), expected);
  });
}

for (
  const [what, image, why] of [
    [
      "text",
      bytesOf("This file is no tape image at all, whatever its name says"),
      /begins like none/,
    ],
    [".tap with a reserved word", bytesOf(tapRecord(B), u32(0x10000005)), /10000005h at offset 86/],
    [
      ".tap with a wrong trailer",
      bytesOf(tapRecord(A), u32(4), "abcd", u32(6)),
      /trailer 00000006h/,
    ],
    ["E11", bytesOf(tapRecord(A), u32(3), "abc", u32(3), u32(0)), /E11/],
    [
      "AWSTAPE whose chunks do not follow each other",
      bytesOf(awsChunk(A, 0), awsChunk(B, 300), awsChunk(B, 1)),
      /offset 389/,
    ],
    [
      "AWSTAPE with a tape mark within a record",
      bytesOf(awsChunk(A, 0, 0x80), u16(0), u16(300), [0x40, 0]),
      /offset 306/,
    ],
    ["HET with bzip2", awsChunk(A, 0, 0xa2), /bzip2/],
    ["HET that is damaged", awsChunk(A, 0, 0xa1), /cannot be decompressed/],
    ["copytape with something else", bytesOf(cptpRecord(B), "something else in it"), /offset 94/],
  ] as const
) {
  Deno.test(`No image: ${what}`, async () => {
    await assert.rejects(steps(image), (error) => {
      assert.ok(error instanceof ImageFormatError, String(error));
      assert.match(error.message, why);
      return true;
    });
  });
}

Deno.test("A format may be named where a file looks like another", async () => {
  await assert.rejects(steps(tapRecord(A), Infinity, "copytape"), ImageFormatError);
  assert.deepEqual(await steps(tapRecord(A), Infinity, "tap"), ["SIMH .tap", record(A)]);
});

Deno.test("Whatever a file holds, reading it ends or throws ImageFormatError, and a length that lies takes no memory", async () => {
  let seed = 20260301;
  for (let round = 0; round < 400; round++) {
    const [, image] = IMAGES[round % IMAGES.length];
    const mutated = image.slice();
    for (let change = 0; change < 1 + round % 4 && mutated.length > 0; change++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      mutated[seed % mutated.length] = seed >>> 24;
    }
    try {
      await steps(mutated);
    } catch (error) {
      assert.ok(error instanceof ImageFormatError, `round ${round}: ${error}`);
    }
  }
});
