import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { surveyImage } from "../../../cli/images/image_survey.ts";
import { walkImage } from "../../../cli/images/image_walk.ts";
import { type ImageFormatName, openedImage } from "../../../cli/images/opened_image.ts";
import { ImageFormatError } from "../../../sim/images/errors.ts";
import { patternBytes } from "../memory_host.ts";

type Part = Uint8Array | string | readonly number[];

function bytesOf(...parts: readonly Part[]): Uint8Array {
  const flat = parts.flatMap((part) =>
    typeof part === "string" ? [...new TextEncoder().encode(part)] : [...part]
  );
  return Uint8Array.from(flat);
}

const u16 = (value: number) => [value & 0xff, value >>> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];

/** What an image is taken for, its objects, and what its end cuts. */
async function found(image: Uint8Array, named?: ImageFormatName): Promise<unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), "tape-image-"));
  try {
    const path = join(folder, "image");
    await writeFile(path, image);
    const opened = await openedImage(path, named);
    const { format, cut } = surveyImage(opened);
    const steps: unknown[] = [format];
    await walkImage(opened, (step) => {
      steps.push("data" in step ? { ...step, data: step.data.slice() } : step);
      return Promise.resolve(true);
    });
    opened.close();
    return cut === undefined ? steps : [...steps, cut];
  } finally {
    await rm(folder, { recursive: true });
  }
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
    { kind: "damaged" },
    FILEMARK,
  ]],
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
    { offset: 0, problem: "cut within a record of 300 bytes" },
  ]],
  [".tap that is cut within a header", bytesOf(tapRecord(B), [1, 2]), [
    "SIMH .tap",
    record(B),
    { offset: 86, problem: "cut within a header" },
  ]],
  ["AWSTAPE", bytesOf(awsChunk(A, 0), u16(0), u16(300), [0x40, 0], awsChunk(B, 0)), [
    "AWSTAPE",
    record(A),
    FILEMARK,
    record(B),
  ]],
  ["AWSTAPE with a record of two chunks", bytesOf(awsChunk(A, 0, 0x80), awsChunk(B, 300, 0x20)), [
    "AWSTAPE",
    record(bytesOf(A, B)),
  ]],
  ["AWSTAPE that begins with a tape mark", bytesOf([0, 0, 0, 0, 0x40, 0], awsChunk(B, 0)), [
    "AWSTAPE",
    FILEMARK,
    record(B),
  ]],
  ["HET with zlib", bytesOf(awsChunk(zipA, 0, 0xa1), u16(0), u16(zipA.length), [0x40, 0]), [
    "HET",
    record(A),
    FILEMARK,
  ]],
  ["HET that is damaged", awsChunk(A, 0, 0xa1), ["HET", { kind: "damaged" }]],
  ["E11", bytesOf(tapRecord(A), u32(3), "abc", u32(3), u32(0)), [
    "E11",
    record(A),
    record(bytesOf("abc")),
    FILEMARK,
  ]],
  [
    "AWSTAPE that is cut within a chunk",
    bytesOf(awsChunk(B, 0), awsChunk(A, 77).subarray(0, 100)),
    [
      "AWSTAPE",
      record(B),
      { offset: 83, problem: "cut within a chunk of 300 bytes" },
    ],
  ],
  ["AWSTAPE whose last record has no end", bytesOf(awsChunk(B, 0), awsChunk(A, 77, 0x80)), [
    "AWSTAPE",
    record(B),
    { offset: 83, problem: "cut between the chunks of a record" },
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
    { offset: 94, problem: "cut within a line" },
  ]],
  ["copytape without its last line", bytesOf(cptpRecord(B), "CPTP:MRK\n"), [
    "copytape",
    record(B),
    FILEMARK,
    { offset: 103, problem: "cut off before CPTP:EOT" },
  ]],
  ["copytape that is cut within a record", cptpRecord(A).subarray(0, 100), [
    "copytape",
    { offset: 0, problem: "cut within a record of 300 bytes" },
  ]],
];

for (const [what, image, expected] of IMAGES) {
  Deno.test(`An image: ${what}`, async () => {
    assert.deepEqual(await found(image), expected);
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
    ["HET with bzip2", bytesOf(awsChunk(A, 0, 0xa2), awsChunk(B, 300, 0xa2)), /bzip2/],
    ["HET with bzip2 that is one record", awsChunk(A, 0, 0xa2), /bzip2/],
    ["copytape with something else", bytesOf(cptpRecord(B), "something else in it"), /offset 94/],
  ] as const
) {
  Deno.test(`No image: ${what}`, async () => {
    await assert.rejects(found(image), (error) => {
      assert.ok(error instanceof ImageFormatError, String(error));
      assert.match(error.message, why);
      return true;
    });
  });
}

Deno.test("A format may be named where a file looks like another", async () => {
  await assert.rejects(found(tapRecord(A), "copytape"), ImageFormatError);
  assert.deepEqual(await found(tapRecord(A), "tap"), ["SIMH .tap", record(A)]);
  assert.deepEqual(await found(bytesOf(u16(3), "abc", [0], u16(0), u16(0xffff)), "tpc"), [
    "TPC",
    record(bytesOf("abc")),
    FILEMARK,
  ]);
  assert.deepEqual(await found(bytesOf(u32(0), u32(0)), "e11"), ["E11", FILEMARK, FILEMARK]);
});
