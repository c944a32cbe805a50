import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { UnexpectedResponseError } from "../../../scsi/errors.ts";
import {
  readSecurityPage,
  readSecurityProtocols,
  securityProtocolInCdb,
  writeSecurityPage,
} from "../../../scsi/security/security_protocol.ts";
import { FakeUnit, hex } from "../fake_unit.ts";

Deno.test("readSecurityPage() asks again for a page that is longer than the first room, up to the longest", async () => {
  for (const length of [2044, 2045, 3000, 0xffff]) {
    const page = new Uint8Array(4 + length + 1);
    page.set([0x00, 0x11, length >> 8, length]);
    const unit = new FakeUnit(() => page);
    strictEqual((await readSecurityPage(unit, 0x20, 0x11)).length, 4 + length);
    const rooms = length <= 2044 ? [2048] : [2048, 4 + length];
    deepStrictEqual(unit.commands.map(({ dataIn }) => dataIn?.length), rooms);
  }
});

Deno.test("readSecurityPage() takes neither another page nor a part of a header for the page", async () => {
  const rows = [
    ["0011 0000", "page 11h came, 12h was asked for"],
    ["0112 0000", "page 112h came, 12h was asked for"],
    ["0012 00", "3 bytes, at least 4 needed"],
    ["", "0 bytes, at least 4 needed"],
  ];
  for (const [answer, problem] of rows) {
    await rejects(readSecurityPage(new FakeUnit(() => hex(answer)), 0x20, 0x12), (error) => {
      return error instanceof UnexpectedResponseError &&
        error.message === `SECURITY PROTOCOL IN on fake: unusable answer: ${problem}`;
    });
  }
});

Deno.test("SECURITY PROTOCOL IN and OUT have their fields where SPC-5 has them", async () => {
  deepStrictEqual(
    securityProtocolInCdb(0x20, 0x1234, 0x56789abc),
    hex("a2 20 1234 0000 56789abc 00 00"),
  );
  const unit = new FakeUnit(() => hex(""));
  await writeSecurityPage(unit, 0x20, hex("0010 0001 ff"));
  deepStrictEqual(unit.commands[0].cdb, hex("b5 20 0010 0000 00000005 00 00"));
  deepStrictEqual(unit.commands[0].dataOut, hex("0010 0001 ff"));
  const bad: readonly [number, number, number][] = [
    [256, 0, 0],
    [0, 65536, 0],
    [0, 0, 2 ** 32],
    [-1, 0, 0],
  ];
  for (const fields of bad) throws(() => securityProtocolInCdb(...fields), RangeError);
});

Deno.test("readSecurityProtocols() lists what came of what the device says it has", async () => {
  const rows = [
    ["000000000000 0002 00 20 21", [0x00, 0x20]],
    ["000000000000 0102 00 20", [0x00, 0x20]],
    ["000000000000 0000 20", []],
    ["000000000000 0001", []],
    ["000000000000 01", []],
  ] as const;
  for (const [answer, protocols] of rows) {
    const unit = new FakeUnit(() => hex(answer));
    deepStrictEqual(await readSecurityProtocols(unit), protocols, answer);
    deepStrictEqual(unit.commands[0].cdb, hex("a2 00 0000 0000 00000800 00 00"));
  }
});
