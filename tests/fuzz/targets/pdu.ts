/** PDUs of both directions: codec, AHS, sense segment, and the line that describes them. */

import assert from "node:assert/strict";
import { decodeAhs, encodeAhs } from "../../../iscsi/pdu/ahs.ts";
import { ahsLength, BHS_LENGTH } from "../../../iscsi/pdu/bhs.ts";
import { decodePdu, encodePdu } from "../../../iscsi/pdu/pdu.ts";
import { decodeResponseSegment } from "../../../iscsi/pdu/scsi_response.ts";
import { describePdu } from "../../../iscsi/trace.ts";
import { concat } from "../../../transport/concat.ts";
import { INITIATOR_FIXTURES } from "../../iscsi/pdu/initiator_fixtures.ts";
import { TARGET_FIXTURES } from "../../iscsi/pdu/target_fixtures.ts";
import { ascii, type FuzzTarget } from "../fuzz_target.ts";

const TAILS = [
  new Uint8Array(0),
  Uint8Array.of(0, 18, 0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0),
  // Extended CDB and bidirectional length.
  Uint8Array.of(0, 5, 1, 0, 1, 2, 3, 4, 0, 5, 2, 0, 0, 0, 1, 0),
  ascii("AuthMethod=CHAP,None\0CHAP_R=0x1234\0X-com.example.key=value\0"),
];
const SECRET = / CHAP_R=0x1234/;
const INNOCENT = /[^\0]CHAP_R/;
const text = new TextDecoder("latin1");

const firstBhs = new Uint8Array(BHS_LENGTH);
const secondBhs = new Uint8Array(BHS_LENGTH);

export const pduTarget: FuzzTarget = {
  name: "pdu",
  seeds: [...INITIATOR_FIXTURES, ...TARGET_FIXTURES].flatMap(({ bytes, full }) =>
    TAILS.map((tail, index) => withAhs(concat([index % 2 ? full : bytes, tail]), index === 2))
  ),
  tokens: [ascii("CHAP_R=0x1234\0"), ascii("\u202e\0")],
  maxBytes: 2048,
  run(input) {
    if (input.length < BHS_LENGTH) return;
    const bhs = input.subarray(0, BHS_LENGTH);
    const header = input.subarray(0, BHS_LENGTH + ahsLength(bhs));
    const data = input.subarray(header.length);
    checkHeader(bhs);
    checkAhs(header.subarray(BHS_LENGTH));
    const { sense } = decodeResponseSegment(data);
    assert.ok(sense.length <= data.length);
    checkLine(header, data, input[5] < 128 ? "in" : "out");
  },
};

/** Decoding what was encoded gives the same, whatever came before. */
function checkHeader(bhs: Uint8Array): void {
  const pdu = decodePdu(bhs);
  if (pdu === undefined) return;
  encodePdu(pdu, firstBhs);
  encodePdu(decodePdu(firstBhs)!, secondBhs);
  for (let at = 0; at < BHS_LENGTH; at++) {
    if (firstBhs[at] !== secondBhs[at]) assert.fail(`byte ${at} does not come back`);
  }
}

function checkAhs(bytes: Uint8Array): void {
  const decoded = decodeAhs(bytes);
  if (!decoded.ok) return assert.ok(decoded.offset <= bytes.length);
  const again = decodeAhs(encodeAhs(decoded.segments));
  assert.deepEqual(again, decoded, "the segments come back");
}

function checkLine(header: Uint8Array, data: Uint8Array, direction: "in" | "out"): void {
  const line = describePdu(header, data, direction);
  assert.ok(line.length <= 512);
  // deno-lint-ignore no-control-regex
  assert.ok(!/[\0-\x1f\x7f\u2028\u2029]/.test(line), "a line has no control characters");
  // Behind a space that the peer has put before it, it is no key but part of a value.
  assert.ok(!SECRET.test(line) || INNOCENT.test(text.decode(data)), "a line has no secret");
}

function withAhs(bytes: Uint8Array, hasAhs: boolean): Uint8Array {
  const copy = bytes.slice();
  copy[4] = hasAhs ? (bytes.length - BHS_LENGTH) / 4 : 0;
  return copy;
}
