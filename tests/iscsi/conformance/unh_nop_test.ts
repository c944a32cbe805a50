import assert from "node:assert/strict";
import { REWIND, WRITE } from "./cdbs.ts";
import { NO_TAG, Op } from "./wire_pdu.ts";
import { withSession } from "./wire_target.ts";

Deno.test("UNH 15.1: a target's ping is answered with its tag and LUN, no tag of ours, I, and no data", async () => {
  await withSession({}, async (target, wire) => {
    const lun = 0x0003_0000_0000_0000n;
    wire.nopIn({ ttt: 0xcafe, lun });
    const pdu = await wire.only(Op.NopOut);
    assert.deepEqual([pdu.u8(0), pdu.u8(1)], [0x40, 0x80]);
    assert.deepEqual([pdu.itt, pdu.ttt, pdu.lun], [NO_TAG, 0xcafe, lun]);
    assert.deepEqual([pdu.dataSegmentLength, pdu.u8(4)], [0, 0]);
    assert.equal((await target.begin(REWIND)).pdu.cmdSn, pdu.cmdSn, "CmdSN was not used up");
  });
});

Deno.test("UNH 15.1: a NOP-In without a tag asks for nothing", async () => {
  await withSession({}, async (_, wire) => {
    wire.nopIn();
    await wire.quiet();
  });
});

Deno.test("UNH 15.1: pings are answered while commands and data are on their way, before them", async () => {
  const keys = { ImmediateData: "No", MaxRecvDataSegmentLength: "512" };
  await withSession({ keys }, async (target, wire) => {
    const { pdu } = await target.begin(WRITE, { dataOut: new Uint8Array(2_000_000) });
    wire.stream.stall();
    for (let r2tSn = 0, offset = 0; r2tSn < 1; r2tSn++, offset += 262_144) {
      wire.r2t(pdu.itt, { ttt: 1, r2tSn, offset, length: 262_144 });
    }
    await wire.received();
    target.execute(REWIND);
    wire.nopIn({ ttt: 6 });
    await wire.quiet();
    wire.stream.go();
    await wire.next(Op.NopOut);
    await wire.next(Op.Command);
  });
});

Deno.test("UNH 15.2: a ping of ours has a tag, no target's tag and LUN 0, and its answer is taken in", async () => {
  const keepalive = { intervalMs: 1000, timeoutMs: 500 };
  await withSession({ session: { keepalive } }, async (target, wire) => {
    await target.advance(1000);
    const ping = await wire.only(Op.NopOut);
    assert.deepEqual([ping.u8(0), ping.ttt, ping.lun], [0x40, NO_TAG, 0n]);
    assert.notEqual(ping.itt, NO_TAG);
    wire.nopIn({ itt: ping.itt });
    const { pdu } = await target.begin(REWIND);
    assert.equal(pdu.expStatSn, wire.statSn, "the answer's StatSN counts");
    assert.equal(pdu.cmdSn, ping.cmdSn);
    assert.notEqual(pdu.itt, ping.itt);
  });
});

Deno.test("UNH 15.3: a NOP-Out that only confirms StatSN has neither tag, and I", async () => {
  await withSession({ keys: { ImmediateData: "No" } }, async (target, wire) => {
    const lun = 0x0003_0000_0000_0000n;
    await target.begin(WRITE, { dataOut: new Uint8Array(100), lun });
    wire.async(5, [], lun);
    const pdu = await wire.only(Op.NopOut);
    assert.deepEqual([pdu.itt, pdu.ttt, pdu.u8(0)], [NO_TAG, NO_TAG, 0x40]);
    assert.deepEqual([pdu.lun, pdu.expStatSn], [lun, wire.statSn]);
  });
});
