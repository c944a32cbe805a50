import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  type Ahs,
  AhsType,
  completeCdb,
  decodeAhs,
  encodeAhs,
  extendedCdb,
  MAX_TOTAL_AHS_LENGTH,
} from "../../../iscsi/pdu/ahs.ts";
import { hex } from "./header_fixture.ts";

const LISTS: { what: string; bytes: string; segments: Ahs[] }[] = [
  { what: "no segment", bytes: "", segments: [] },
  {
    what: "the shortest extended CDB",
    bytes: "0002 01 00 c0 000000",
    segments: [{ type: AhsType.ExtendedCdb, bytes: hex("c0") }],
  },
  {
    what: "an extended CDB that needs no padding",
    bytes: "0005 01 00 c0c1c2c3",
    segments: [{ type: AhsType.ExtendedCdb, bytes: hex("c0c1c2c3") }],
  },
  {
    what: "a bidirectional read length",
    bytes: "0005 02 00 fedcba98",
    segments: [{ type: AhsType.BidirectionalReadLength, expectedReadLength: 0xfedcba98 }],
  },
  {
    what: "a segment of another type",
    bytes: "0003 3f a0a1a2 0000",
    segments: [{ type: "unknown", code: 0x3f, bytes: hex("a0a1a2") }],
  },
  {
    what: "an empty segment of another type",
    bytes: "0000 03 00",
    segments: [{ type: "unknown", code: 3, bytes: hex("") }],
  },
  {
    what: "several segments, each padded",
    bytes: "0003 01 00 c0c1 0000  0005 02 00 00000001  0001 00 ee",
    segments: [
      { type: AhsType.ExtendedCdb, bytes: hex("c0c1") },
      { type: AhsType.BidirectionalReadLength, expectedReadLength: 1 },
      { type: "unknown", code: 0, bytes: hex("ee") },
    ],
  },
];

for (const { what, bytes, segments } of LISTS) {
  Deno.test(`the AHS codec carries ${what} both ways`, () => {
    assert.deepEqual(encodeAhs(segments), hex(bytes));
    assert.deepEqual(decodeAhs(hex(bytes)), { ok: true, segments });
  });
}

const MALFORMED: { what: string; bytes: string; offset: number; problem: RegExp }[] = [
  { what: "a cut-off header", bytes: "0005", offset: 0, problem: /cut off/ },
  { what: "a length beyond the end", bytes: "0006 02 00 00000000 ", offset: 0, problem: /beyond/ },
  { what: "the greatest length", bytes: "ffff 3f 00", offset: 0, problem: /65535 reaches beyond/ },
  { what: "an empty extended CDB", bytes: "0001 01 00", offset: 0, problem: /extended CDB .* 1$/ },
  { what: "an extended CDB of length 0", bytes: "0000 01 00", offset: 0, problem: /CDB .* 0$/ },
  { what: "a short read length", bytes: "0004 02 00 00000000", offset: 0, problem: /read .* 4$/ },
  { what: "a long read length", bytes: "0006 02 00 0000000000 000000", offset: 0, problem: / 6$/ },
  { what: "a bad second segment", bytes: "0001 3f 00 0009 01 00", offset: 4, problem: /beyond/ },
];

for (const { what, bytes, offset, problem } of MALFORMED) {
  Deno.test(`decodeAhs() says what is wrong with ${what}`, () => {
    const list = decodeAhs(hex(bytes));
    assert.ok(!list.ok);
    assert.equal(list.offset, offset);
    assert.match(list.problem, problem);
  });
}

Deno.test("decodeAhs() ignores the reserved bits of the type and the reserved byte", () => {
  const expected = { ok: true, segments: [{ type: AhsType.ExtendedCdb, bytes: hex("c0") }] };
  assert.deepEqual(decodeAhs(hex("0002 c1 ff c0 ffffff")), expected);
});

Deno.test("decodeAhs() keeps nothing of the buffer", () => {
  const bytes = Buffer.from(hex("0002 01 00 c0 000000 0001 3f a0"));
  const list = decodeAhs(bytes);
  bytes.fill(0xee);
  assert.deepEqual(list, {
    ok: true,
    segments: [
      { type: AhsType.ExtendedCdb, bytes: hex("c0") },
      { type: "unknown", code: 0x3f, bytes: hex("a0") },
    ],
  });
});

Deno.test("a CDB of any length is whole again behind the header and its segment", () => {
  for (const length of [6, 10, 12, 16, 17, 18, 19, 20, 21, 32, 260]) {
    const cdb = Uint8Array.from({ length }, (_, index) => index);
    const segment = extendedCdb(cdb);
    assert.equal(segment !== undefined, length > 16);
    const bytes = encodeAhs(segment === undefined ? [] : [segment]);
    assert.equal(bytes.length % 4, 0);
    assert.ok(bytes.length <= MAX_TOTAL_AHS_LENGTH);
    // AHSLength is CDBLength - 15 (RFC 7143 §11.2.2.3).
    if (length > 16) assert.equal((bytes[0] << 8) | bytes[1], length - 15);
    const list = decodeAhs(bytes);
    assert.ok(list.ok);
    assert.deepEqual(completeCdb(cdb.slice(0, 16), list.segments), cdb);
  }
});

Deno.test("completeCdb() passes over segments of other types", () => {
  const cdb = hex("0a0100020000");
  const other: Ahs = { type: AhsType.BidirectionalReadLength, expectedReadLength: 1 };
  const extension: Ahs = { type: AhsType.ExtendedCdb, bytes: hex("c0") };
  assert.equal(completeCdb(cdb, [other]), cdb);
  assert.deepEqual(completeCdb(cdb, [other, extension]), hex("0a0100020000c0"));
});
