import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeTransportId, encodeTransportId } from "../../../scsi/reservation/transport_id.ts";
import { hex } from "../fake_unit.ts";

const ROWS: [string, string, ReturnType<typeof decodeTransportId>][] = [
  [
    "an iSCSI initiator",
    "05 00 0014 69716e2e612e623a63 0000000000000000000000",
    { protocol: 5, name: "iqn.a.b:c" },
  ],
  [
    "an iSCSI initiator port",
    "45 00 001c 69716e2e612e623a63 2c692c3078 303032336434303030303031 0000",
    { protocol: 5, name: "iqn.a.b:c", isid: "0023d4000001" },
  ],
  [
    "an iSCSI initiator whose name ends like an ISID",
    "05 00 0018 6575692e30323030343536376134323536373864 00000000",
    { protocol: 5, name: "eui.02004567a425678d" },
  ],
  [
    "an iSCSI initiator that names itself like a port",
    "05 00 0014 69716e2e612e62 2c692c3078 31 00000000000000",
    { protocol: 5, name: "iqn.a.b,i,0x1" },
  ],
  [
    "a Fibre Channel port",
    "00 000000 00000000 21000024ff123456 0000000000000000",
    { protocol: 0, name: "21000024ff123456" },
  ],
  [
    "an SRP port",
    "04 000000 00000000 000102030405060708090a0b0c0d0e0f",
    { protocol: 4, name: "000102030405060708090a0b0c0d0e0f" },
  ],
  [
    "a SAS port",
    "06 000000 5000c50012345678 000000000000000000000000",
    { protocol: 6, name: "5000c50012345678" },
  ],
  [
    "a port of an unknown protocol",
    "0a 000000 000102030405060708090a0b0c0d0e0f10111213",
    { protocol: 10, name: "000102030405060708090a0b0c0d0e0f10111213" },
  ],
];

for (const [what, bytes, id] of ROWS) {
  Deno.test(`decodeTransportId() and encodeTransportId() agree on ${what}`, () => {
    deepStrictEqual(decodeTransportId(hex(bytes)), id);
    deepStrictEqual(encodeTransportId(id!), hex(bytes));
  });

  Deno.test(`decodeTransportId() gives nothing for ${what} that is cut off`, () => {
    const whole = hex(bytes);
    for (let length = 0; length < whole.length; length++) {
      strictEqual(decodeTransportId(whole.subarray(0, length)), undefined);
    }
  });
}

Deno.test("encodeTransportId() ends every iSCSI name with a zero byte", () => {
  for (let length = 1; length <= 40; length++) {
    const name = "n".repeat(length);
    const bytes = encodeTransportId({ protocol: 5, name });
    strictEqual(bytes.at(-1), 0);
    strictEqual(bytes.length, length < 20 ? 24 : 4 + length + 4 - length % 4);
    deepStrictEqual(decodeTransportId(bytes), { protocol: 5, name });
  }
});

Deno.test("decodeTransportId() reads the name up to its zero byte, and no control character", () => {
  const odd = decodeTransportId(hex("45 00 000c 611b62 2c692c3078 41 00 7a 00"));
  deepStrictEqual(odd, { protocol: 5, name: "a\ufffdb", isid: "a" });
});

Deno.test("decodeTransportId() takes an ISID that is no number for none", () => {
  deepStrictEqual(
    decodeTransportId(hex("45 00 000c 6162 2c692c3078 7a 00000000")),
    { protocol: 5, name: "ab" },
  );
  deepStrictEqual(
    decodeTransportId(hex("45 00 0004 61620000")),
    { protocol: 5, name: "ab" },
    "nor one that is not there",
  );
});
