/** Negotiation text: pairs, lists of targets, values, and how long texts are put together. */

import assert from "node:assert/strict";
import { ProtocolError } from "../../../iscsi/errors.ts";
import {
  decodeText,
  encodeText,
  type KeyValuePair,
  TextAccumulator,
} from "../../../iscsi/negotiation/text_keys.ts";
import {
  formatBinary,
  parseBinary,
  parseBoolean,
  parseList,
  parseNumber,
} from "../../../iscsi/negotiation/text_values.ts";
import { readTargets } from "../../../iscsi/session/discovery.ts";
import { ascii, type FuzzTarget, orDocumented } from "../fuzz_target.ts";

const PORTAL = { hostname: "host", port: 3260 };
const LISTS = { repeatable: ["TargetName", "TargetAddress"] };
const MAX_BINARY_BYTES = 1024;

export const textTarget: FuzzTarget = {
  name: "text",
  seeds: [
    "InitiatorName=iqn.2026-03.com.example:a\0TargetName=iqn.2026-03.com.example:b\0",
    "HeaderDigest=CRC32C,None\0MaxRecvDataSegmentLength=8192\0InitialR2T=No\0",
    "CHAP_A=5,7\0CHAP_I=0x1f\0CHAP_C=0bAAECAwQFBgc=\0CHAP_R=0xabcdef0\0",
    "TargetName=iqn.a\0TargetAddress=10.0.0.1:3260,1\0TargetAddress=[::1]:3260,2\0TargetName=iqn.b\0",
  ].map(ascii),
  tokens: [
    "=",
    "\0",
    "TargetAddress=",
    "TargetName=",
    "0x",
    "0b",
    ",",
    "X-a=",
    "é",
    "[fe80::1%e]:1",
  ]
    .map(ascii),
  maxBytes: 70_000,
  run(input) {
    const pairs = orDocumented(() => decodeText(input, LISTS), ProtocolError);
    if (pairs === undefined) return;
    assert.deepEqual(decodeText(encodeText(pairs), LISTS), pairs, "the text comes back");
    assert.deepEqual(inPieces(input, 1 + input.length % 7), pairs, "in pieces, too");
    for (const [, value] of pairs) checkValue(value);
    checkList(pairs);
  },
};

function inPieces(input: Uint8Array, count: number): KeyValuePair[] | undefined {
  const accumulator = new TextAccumulator(LISTS);
  const length = Math.ceil(input.length / count);
  for (let piece = 0; piece < count - 1; piece++) {
    const data = input.subarray(piece * length, (piece + 1) * length);
    assert.equal(accumulator.push(data, true), undefined);
  }
  return accumulator.push(input.subarray((count - 1) * length), false);
}

function checkValue(value: string): void {
  const number = parseNumber(value);
  assert.ok(number === undefined || (Number.isSafeInteger(number) && number >= 0));
  parseBoolean(value);
  parseList(value);
  const bytes = parseBinary(value, MAX_BINARY_BYTES);
  if (bytes === undefined) return;
  assert.ok(bytes.length > 0 && bytes.length <= MAX_BINARY_BYTES);
  assert.deepEqual(parseBinary(formatBinary(bytes), MAX_BINARY_BYTES), bytes);
}

function checkList(pairs: readonly KeyValuePair[]): void {
  const found = orDocumented(() => readTargets(pairs, PORTAL), ProtocolError);
  for (const { portals } of found ?? []) {
    for (const { port, portalGroupTag } of portals) {
      assert.ok(port >= 1 && port <= 65535);
      assert.ok(portalGroupTag === undefined || Number.isInteger(portalGroupTag), "a tag is one");
    }
  }
}
