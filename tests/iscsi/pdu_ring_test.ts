import assert from "node:assert/strict";
import { InvalidOptionError } from "../../iscsi/errors.ts";
import { encodeText } from "../../iscsi/negotiation/text_keys.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";
import type { Pdu } from "../../iscsi/pdu/pdu.ts";
import { PduRing } from "../../iscsi/trace.ts";
import type { Direction } from "../../transport/tracing.ts";
import {
  dataIn,
  headerOf,
  line,
  loginRequest,
  NOTHING,
  read6,
  scsiResponse,
  sense,
  window,
} from "./traced_pdus.ts";

Deno.test("PduRing keeps the last PDUs, 16 unless told otherwise, oldest first", () => {
  const ring = new PduRing();
  const small = new PduRing({ capacity: 3 });
  assert.deepEqual(ring.lines(), []);
  for (let itt = 0; itt < 40; itt++) {
    const header = headerOf({ ...read6, itt }, 0);
    ring.add(header, NOTHING, "out");
    small.add(header, NOTHING, "out");
    header.fill(0);
  }
  const tasks = (lines: string[]) => lines.map((text) => Number(/itt=(\d+)/.exec(text)?.[1]));
  assert.deepEqual(tasks(ring.lines()), Array.from({ length: 16 }, (_, index) => 24 + index));
  assert.deepEqual(tasks(small.lines()), [37, 38, 39]);
});

Deno.test("PduRing gives the lines of describePdu(), of a longer text its beginning", () => {
  const ring = new PduRing();
  const text = encodeText([["InitiatorName", "iqn.2026-03.com.example:a"], ["CHAP_N", "reader"], [
    "CHAP_R",
    "0xabcdef",
  ]]);
  const cases: [Pdu, Uint8Array, Direction][] = [
    [loginRequest, text, "out"],
    [{ ...scsiResponse, status: 2 }, sense, "in"],
    [
      { opcode: Opcode.Reject, reason: 4, statSn: 1, ...window, dataSn: 0 },
      headerOf(read6, 0),
      "in",
    ],
    [dataIn, new Uint8Array(9000).fill(65), "in"],
  ];
  for (const [pdu, data, direction] of cases) {
    ring.add(headerOf(pdu, data.length), data, direction);
  }
  const [login, ...others] = ring.lines();
  assert.ok(
    login.endsWith("keys: InitiatorName=iqn.2026-03.com.example:a CHAP_N=reader CHAP_R=***…"),
    login,
  );
  assert.deepEqual(others, cases.slice(1).map(([pdu, data]) => line(pdu, data)));
});

Deno.test("PduRing refuses a capacity that is no count", () => {
  for (const capacity of [0, -1, 1.5, NaN]) {
    assert.throws(
      () => new PduRing({ capacity }),
      (error) => error instanceof InvalidOptionError && error.option === "capacity",
    );
  }
});
