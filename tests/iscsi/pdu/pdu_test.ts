import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { BHS_LENGTH } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { decodePdu, encodePdu, opcodeName, type Pdu } from "../../../iscsi/pdu/pdu.ts";
import { Random, seed } from "../../scsi/random.ts";
import { fullPdu, type HeaderFixture, zeroPdu } from "./header_fixture.ts";
import { INITIATOR_FIXTURES } from "./initiator_fixtures.ts";
import { TARGET_FIXTURES } from "./target_fixtures.ts";

const FIXTURES: readonly HeaderFixture[] = [...INITIATOR_FIXTURES, ...TARGET_FIXTURES];

for (const fixture of FIXTURES) {
  Deno.test(`${fixture.name} decodes to its fields`, () => {
    assert.deepEqual(decodePdu(fixture.bytes), fixture.pdu);
    assert.deepEqual(decodePdu(fixture.zero), zeroPdu(fixture));
    assert.deepEqual(decodePdu(fixture.full), fullPdu(fixture));
  });

  Deno.test(`${fixture.name} encodes over whatever the buffer held`, () => {
    for (const dirt of [0x00, 0xff]) {
      assert.deepEqual(encoded(fixture.pdu, dirt), fixture.bytes);
      assert.deepEqual(encoded(zeroPdu(fixture), dirt), fixture.zero);
      assert.deepEqual(encoded(fullPdu(fixture), dirt), fixture.full);
    }
  });

  Deno.test(`${fixture.name} carries each bit of its fields alone and ignores every other bit`, () => {
    const opcodeBits = 0x3f;
    for (let at = 0; at < BHS_LENGTH; at++) {
      for (let bit = 0x80; bit !== 0; bit >>>= 1) {
        if (at === 0 && (bit & opcodeBits) !== 0) continue;
        const bhs = fixture.zero.slice();
        bhs[at] ^= bit;
        const expected = fixture.zero.slice();
        expected[at] ^= bit & (fixture.zero[at] ^ fixture.full[at]);
        const pdu = decodePdu(bhs);
        assert.ok(pdu);
        assert.deepEqual(encoded(pdu), expected, `byte ${at}, bit ${bit}`);
      }
    }
  });

  Deno.test(`${fixture.name} keeps nothing of the buffer it was decoded from`, () => {
    const bhs = Buffer.from(fixture.bytes);
    const pdu = decodePdu(bhs);
    bhs.fill(0xee);
    assert.deepEqual(pdu, fixture.pdu);
  });
}

Deno.test("every operation code of the table has a codec, a name and a fixture", () => {
  for (const [key, opcode] of Object.entries(Opcode)) {
    const fixture = FIXTURES.find(({ pdu }) => pdu.opcode === opcode);
    assert.ok(fixture, `${key} has no fixture`);
    assert.equal(fixture.bytes[0] & 0x3f, opcode);
    assert.equal(opcodeName(opcode), fixture.name);
  }
  assert.equal(FIXTURES.length, Object.keys(Opcode).length);
});

Deno.test("the operation codes are those of RFC 7143 §11.2.1.2", () => {
  const initiator = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10];
  const target = [0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x31, 0x32, 0x3f];
  assert.deepEqual(INITIATOR_FIXTURES.map(({ pdu }) => pdu.opcode), initiator);
  assert.deepEqual(TARGET_FIXTURES.map(({ pdu }) => pdu.opcode), target);
});

Deno.test("decodePdu() gives undefined for an operation code that the standard does not define", () => {
  const defined = new Set<number>(Object.values(Opcode));
  for (let opcode = 0; opcode < 0x40; opcode++) {
    if (defined.has(opcode)) continue;
    const bhs = new Uint8Array(BHS_LENGTH);
    bhs[0] = opcode;
    assert.equal(decodePdu(bhs), undefined);
    assert.match(opcodeName(opcode), /^unknown opcode 0x[0-3][0-9a-f]$/);
  }
});

Deno.test("decodePdu() takes any 48 bytes, and what it makes of them survives the way back", () => {
  const random = new Random(seed());
  for (let round = 0; round < 5000; round++) {
    const pdu = decodePdu(random.bytes(BHS_LENGTH));
    if (pdu !== undefined) assert.deepEqual(decodePdu(encoded(pdu)), pdu);
  }
});

function encoded(pdu: Pdu, dirt: number = 0xff): Uint8Array {
  const bhs = new Uint8Array(BHS_LENGTH).fill(dirt);
  encodePdu(pdu, bhs);
  return bhs;
}
