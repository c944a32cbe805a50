import assert from "node:assert/strict";
import { ProtocolError } from "../../../iscsi/errors.ts";
import {
  decodeText,
  encodeText,
  type KeyValuePair,
  splitText,
  TextAccumulator,
} from "../../../iscsi/negotiation/text_keys.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("encodeText() ends every pair with a NUL, the last one too", () => {
  assert.deepEqual(encodeText([["A", "1"], ["B", ""]]), bytes("A=1\0B=\0"));
  assert.deepEqual(encodeText([]), new Uint8Array(0));
});

Deno.test("decodeText() keeps order, equals signs in values, empty values, case and UTF-8", () => {
  const pairs: KeyValuePair[] = [
    ["SendTargets", ""],
    ["X-com.example.k", "a=b=c"],
    ["x-com.example.k", "A"],
    ["TargetAlias", "Bänder €"],
  ];
  assert.deepEqual(decodeText(encodeText(pairs)), pairs);
});

Deno.test("decodeText() takes NULs after the last pair as padding", () => {
  assert.deepEqual(decodeText(bytes("A=1\0\0\0\0")), [["A", "1"]]);
  assert.deepEqual(decodeText(bytes("A=\0\0")), [["A", ""]]);
  assert.deepEqual(decodeText(new Uint8Array(4)), []);
  assert.deepEqual(decodeText(new Uint8Array(0)), []);
});

Deno.test("decodeText() refuses a text that breaks the format", () => {
  const table: [string, Uint8Array, RegExp][] = [
    ["no final NUL", bytes("A=1"), /does not end with a NUL/],
    ["no equals sign", bytes("A=1\0B\0"), /no equals sign/],
    ["an empty pair in the middle", bytes("A=1\0\0B=1\0"), /no equals sign/],
    ["an empty key", bytes("=1\0"), /key name is empty/],
    ["a space in a key", bytes("A B=1\0"), /not printable/],
    ["a key of 64 bytes", bytes("K".repeat(64) + "=1\0"), /more than 63 bytes/],
    ["a value of 8193 bytes", bytes("A=" + "v".repeat(8193) + "\0"), /more than 8192 bytes/],
    ["bytes that are not UTF-8", Uint8Array.of(0x41, 0x3d, 0xff, 0), /not UTF-8/],
    ["the same key twice", bytes("A=1\0A=1\0"), /A comes twice/],
  ];
  for (const [what, text, message] of table) {
    assert.throws(() => decodeText(text), (error: Error) => {
      assert.ok(error instanceof ProtocolError, what);
      assert.match(error.message, message, what);
      return true;
    });
  }
});

Deno.test("decodeText() accepts the longest key and value", () => {
  const pair: KeyValuePair = ["K".repeat(63), "v".repeat(8192)];
  assert.deepEqual(decodeText(encodeText([pair])), [pair]);
});

Deno.test("decodeText() accepts TargetAddress more than once", () => {
  assert.equal(decodeText(bytes("TargetAddress=a,1\0TargetAddress=b,1\0")).length, 2);
});

Deno.test("TextAccumulator joins a text that was cut anywhere", () => {
  const pairs: KeyValuePair[] = [["HeaderDigest", "None"], ["TargetAlias", "Bänder"]];
  const text = encodeText(pairs);
  for (let cut = 0; cut <= text.length; cut++) {
    const accumulator = new TextAccumulator();
    assert.equal(accumulator.push(text.subarray(0, cut), true), undefined);
    assert.deepEqual(accumulator.push(text.subarray(cut), false), pairs, `cut at ${cut}`);
    assert.deepEqual(accumulator.push(text, false), pairs, "begins anew");
  }
});

Deno.test("TextAccumulator copies what it is given", () => {
  const buffer = bytes("A=1");
  const accumulator = new TextAccumulator();
  accumulator.push(buffer, true);
  buffer.fill(0x58);
  assert.deepEqual(accumulator.push(bytes("2\0"), false), [["A", "12"]]);
});

Deno.test("TextAccumulator refuses to collect more than its bound", () => {
  const accumulator = new TextAccumulator({ maxTextBytes: 100 });
  accumulator.push(new Uint8Array(100), true);
  assert.throws(() => accumulator.push(new Uint8Array(1), true), ProtocolError);
});

Deno.test("splitText() cuts a text into segments that join to it again", () => {
  const text = bytes("0123456789");
  const lengths = (max: number) => splitText(text, max).map((part) => part.length);
  assert.deepEqual(lengths(4), [4, 4, 2]);
  assert.deepEqual(lengths(5), [5, 5]);
  assert.deepEqual(lengths(10), [10]);
  assert.deepEqual(lengths(99), [10]);
  assert.deepEqual(splitText(new Uint8Array(0), 8).map((part) => part.length), [0]);
  assert.deepEqual(splitText(text, 3).flatMap((part) => [...part]), [...text]);
});
