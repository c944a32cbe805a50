/** What programs without types hand over to the methods of a session: refused by its name, nothing is sent, and the session goes on. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { InvalidOptionError } from "../../../iscsi/errors.ts";
import { Session } from "../../../iscsi/session/session.ts";
import { RamDisk } from "../../../sim/disk/ram_disk.ts";
import { loopbackTarget } from "../../../sim/target/loopback_target.ts";

const targetName = "iqn.2026-03.com.example:disk";
const TEST_UNIT_READY = new Uint8Array(6);
const NO_LUNS = ["0", null, undefined, 1.5, NaN, -1, -1n, 1n << 64n, {}];

type Use = (session: Session, argument: never) => unknown;

const USES: Readonly<Record<string, { use: Use; option: string; refused: readonly unknown[] }>> = {
  "execute()": {
    use: (session, lun) => session.execute(lun, { cdb: TEST_UNIT_READY }),
    option: "lun",
    refused: [0, ...NO_LUNS],
  },
  "execute({ timeoutMs })": {
    use: (session, timeoutMs) => session.execute(0n, { cdb: TEST_UNIT_READY, timeoutMs }),
    option: "timeoutMs",
    refused: ["5s", "5000", null, -1],
  },
  "execute({ signal })": {
    use: (session, signal) => session.execute(0n, { cdb: TEST_UNIT_READY, signal }),
    option: "signal",
    refused: [new AbortController(), "x", null],
  },
  "execute({ dataOut })": {
    use: (session, dataOut) => session.execute(0n, { cdb: TEST_UNIT_READY, dataOut }),
    option: "dataOut",
    refused: ["text", null, 8, [1], new ArrayBuffer(8), new Uint16Array(4)],
  },
  "logicalUnit()": {
    use: (session, lun) => session.logicalUnit(lun),
    option: "lun",
    refused: NO_LUNS,
  },
  "stream()": {
    use: (session, lun) => session.stream(lun, { cdb: TEST_UNIT_READY }),
    option: "lun",
    refused: NO_LUNS,
  },
  "stream({ cdb })": {
    use: (session, cdb) => session.stream(0, { cdb }),
    option: "cdb",
    refused: [undefined, "000000", [0, 0, 0, 0, 0, 0]],
  },
  "abortTaskSet()": {
    use: (session, lun) => session.abortTaskSet(lun),
    option: "lun",
    refused: NO_LUNS,
  },
  "clearTaskSet()": {
    use: (session, lun) => session.clearTaskSet(lun),
    option: "lun",
    refused: NO_LUNS,
  },
  "logicalUnitReset()": {
    use: (session, lun) => session.logicalUnitReset(lun),
    option: "lun",
    refused: NO_LUNS,
  },
  "clearAca()": { use: (session, lun) => session.clearAca(lun), option: "lun", refused: NO_LUNS },
  "text()": {
    use: (session, request) => session.text(request),
    option: "request",
    refused: ["SendTargets=All\0", 5, null, undefined, new Uint16Array(4), []],
  },
  "renegotiate()": {
    use: (session, offers) => session.renegotiate(offers),
    option: "maxReceiveDataSegmentLength",
    refused: [
      null,
      undefined,
      8192,
      {},
      ...["8192", null].map((length) => ({
        maxReceiveDataSegmentLength: length,
      })),
    ],
  },
};

for (const [name, { use, option, refused }] of Object.entries(USES)) {
  Deno.test(`${name} refuses ${option} of another type, and the session goes on`, async () => {
    const device = new RamDisk();
    const target = await loopbackTarget({ targetName, units: [{ lun: 0, device }] });
    let sent = 0;
    const pdu = () => void sent++;
    const { dial } = target;
    const hooks = { pdu };
    const session = await Session.connect({ portal: "simulator", targetName, dial, hooks });
    try {
      const before = sent;
      for (const argument of refused) {
        await assert.rejects(async () => await use(session, argument as never), (error) => {
          assert.ok(error instanceof InvalidOptionError, `${inspect(argument)}: ${error}`);
          assert.equal(error.option, option, inspect(argument));
          return true;
        });
      }
      assert.equal(sent, before);
      await session.execute(0n, { cdb: TEST_UNIT_READY });
      assert.equal(sent, before + 2);
    } finally {
      await session.close();
      await target.close();
    }
  });
}
