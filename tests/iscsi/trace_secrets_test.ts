import assert from "node:assert/strict";
import { encodeText } from "../../iscsi/negotiation/text_keys.ts";
import { describePdu, PduRing } from "../../iscsi/trace.ts";
import type { Direction } from "../../transport/tracing.ts";
import { headerOf, line, loginRequest, loginResponse, NOTHING, read6 } from "./traced_pdus.ts";

Deno.test("describePdu() hides every value that could be a secret, and no other", () => {
  const text = encodeText([
    ["CHAP_N", "reader"],
    ["CHAP_R", "0xabcdef"],
    ["CHAP_I", "7"],
    ["CHAP_C", "0bQUJD=="],
    ["SRP_M", "0x1234"],
    ["chap_r", "lower"],
    ["X-com.example.Password", "open"],
    ["X-com.example.colour", "blue"],
    ["NobodyKnows", "what"],
    ["NobodyCares", "NotUnderstood"],
    ["CHAP_R", "Reject"],
    ["X-".padEnd(70, "y"), "too long a name"],
  ]);
  assert.equal(
    line(loginRequest, text).split("keys: ")[1],
    "CHAP_N=reader CHAP_R=*** CHAP_I=7 CHAP_C=*** SRP_M=*** chap_r=*** " +
      "X-com.example.Password=*** X-com.example.colour=blue NobodyKnows=*** " +
      `NobodyCares=NotUnderstood CHAP_R=Reject ${"X-".padEnd(62, "y")}…=***`,
  );
});

/** Capitals that stand nowhere else in a line. */
const SECRET = /[JQZ]/;
/** The second secret looks like a pair of its own in the middle. */
const TEXT_WITH_SECRETS = encodeText([
  ["InitiatorName", "iqn.2026-03.com.example:a"],
  ["CHAP_R", "0bQZJJ/ZQQZJ+QZZ=="],
  ["X-com.example.Secret", "Q=Z=J=CHAP_N=JQ"],
  ["CHAP_N", "reader"],
]);

Deno.test("describePdu() shows nothing of a secret, wherever its pair is cut", () => {
  const text = encodeText([["CHAP_R", "0bQZJJ/ZQQZJ+QZZ=="], ["X-com.example.Secret", "Q=Z=JQ"]]);
  for (let at = 0; at <= text.length; at++) {
    for (const length of [1, 2, 5, 16, 200]) {
      const part = text.subarray(at, at + length);
      assert.doesNotMatch(line(loginRequest, part), SECRET, `${length} bytes at ${at}`);
    }
  }
});

Deno.test("describePdu() hides the rest of a pair that is known to have begun before, whatever it looks like", () => {
  const header = headerOf(loginRequest, 30);
  const rest = encodeText([["CHAP_N", "reader"], ["CHAP_I", "7"]]);
  const describe = (continued: boolean) => describePdu(header, rest, "out", { continued });
  assert.match(describe(true), /keys: \*\*\* CHAP_I=7/);
  assert.match(describe(false), /keys: CHAP_N=reader CHAP_I=7/);
});

Deno.test("describePdu() shows where a text is cut, in a key, in a value and between pairs", () => {
  const text = encodeText([["CHAP_I", "7"], ["CHAP_N", "reader"]]);
  const header = headerOf(loginRequest, text.length);
  const keys = (length: number) =>
    describePdu(header, text.subarray(0, length), "out").split("keys: ")[1];
  assert.equal(keys(text.length), "CHAP_I=7 CHAP_N=reader");
  assert.equal(keys(text.length - 3), "CHAP_I=7 CHAP_N=read…");
  assert.equal(keys(13), "CHAP_I=7 CHAP…");
  assert.equal(keys(9), "CHAP_I=7 …");
});

Deno.test("describePdu() hides what is no pair, and reads no more than 8192 bytes of a text", () => {
  const noPair = new TextEncoder().encode("CHAP_I=7\0what is this\0CHAP_N=reader\0");
  assert.match(line(loginRequest, noPair), /keys: CHAP_I=7 \*\*\* CHAP_N=reader$/);
  const late = new Uint8Array([...new Uint8Array(8192), ...encodeText([["CHAP_I", "7"]])]);
  assert.match(line(loginRequest, late), /keys: …$/);
});

Deno.test("describePdu() leaves padding out of the text", () => {
  const text = encodeText([["CHAP_I", "7"]]);
  const padded = new Uint8Array([...text, 0, 0, 0, 0x51]);
  assert.match(describePdu(headerOf(loginRequest, text.length), padded, "out"), /CHAP_I=7$/);
});

Deno.test("PduRing shows nothing of a secret, wherever its pair straddles two PDUs or is cut", () => {
  for (let at = 0; at <= TEXT_WITH_SECRETS.length; at++) {
    const ring = new PduRing();
    const parts = [TEXT_WITH_SECRETS.subarray(0, at), TEXT_WITH_SECRETS.subarray(at)];
    for (const [index, part] of parts.entries()) {
      ring.add(headerOf({ ...loginRequest, continue: index === 0 }, part.length), part, "out");
      ring.add(headerOf(loginResponse, 0), NOTHING, "in");
    }
    const lines = ring.lines();
    assert.equal(lines.length, 4);
    for (const text of lines) assert.doesNotMatch(text, SECRET, `cut at ${at}`);
  }
});

Deno.test("PduRing hides what continues a pair though it looks like one, until the text has ended", () => {
  const ring = new PduRing();
  const add = (more: boolean, direction: Direction) => {
    const data = encodeText([["CHAP_N", "reader"]]);
    ring.add(headerOf({ ...loginRequest, continue: more }, data.length), data, direction);
  };
  add(true, "out");
  add(false, "in");
  ring.add(headerOf({ ...read6, read: false }, 0), NOTHING, "out");
  add(true, "out");
  add(false, "out");
  add(false, "out");
  assert.deepEqual(
    ring.lines().flatMap((text) => text.split("keys: ").slice(1)),
    ["CHAP_N=reader", "CHAP_N=reader", "***", "***", "CHAP_N=reader"],
  );
});
