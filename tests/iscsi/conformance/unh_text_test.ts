import assert from "node:assert/strict";
import { ProtocolError, RejectError } from "../../../iscsi/mod.ts";
import { discover } from "../../../iscsi/mod.ts";
import { REWIND, WRITE } from "./cdbs.ts";
import { turn } from "./wire_connection.ts";
import { CONTINUE, FINAL, keysText, NO_TAG, Op } from "./wire_pdu.ts";
import { WireTarget, withSession, withTarget } from "./wire_target.ts";

const SEND_TARGETS = new TextEncoder().encode("SendTargets=All\0");
const NEGOTIATION_RESET = 0x0b;

/** A discovery that has come as far as its SendTargets. */
async function discovering(use: (target: WireTarget, found: Promise<unknown>) => Promise<void>) {
  const target = new WireTarget({ keys: { MaxRecvDataSegmentLength: "512" } });
  await withTarget(target, async () => {
    const found = discover("10.0.0.5:3260", { ...target.sessionOptions, abortTimeoutMs: 1000 });
    found.catch(() => {});
    await target.answerLogin(1);
    await use(target, found);
  });
}

Deno.test("UNH 18.1: a Text Request has F, a tag of its own, no target's tag, and takes the next CmdSN", async () => {
  await withSession({}, async (target, wire) => {
    const { pdu: before } = await target.begin(REWIND);
    const answer = target.session.text(SEND_TARGETS);
    const pdu = await wire.only(Op.TextRequest);
    assert.deepEqual([pdu.u8(0), pdu.u8(1)], [0x04, FINAL]);
    assert.deepEqual([pdu.ttt, pdu.lun, pdu.cmdSn], [NO_TAG, 0n, before.cmdSn + 1]);
    assert.ok(pdu.itt !== NO_TAG && pdu.itt !== before.itt);
    assert.equal((await target.begin(REWIND)).pdu.cmdSn, pdu.cmdSn + 1);
    wire.textResponse(pdu.itt, "TargetName=iqn.a\0");
    assert.equal(new TextDecoder().decode(await answer), "TargetName=iqn.a\0");
  });
});

Deno.test("UNH 18.1: one Text Request is under way at a time, and commands do not wait for it", async () => {
  await withSession({}, async (target, wire) => {
    const answers = [target.session.text(SEND_TARGETS), target.session.text(SEND_TARGETS)];
    const first = await wire.only(Op.TextRequest);
    target.execute(REWIND);
    await wire.only(Op.Command);
    wire.textResponse(first.itt, "A=1\0");
    const second = await wire.only(Op.TextRequest);
    assert.notEqual(second.itt, first.itt);
    wire.textResponse(second.itt, "B=2\0");
    assert.equal((await Promise.all(answers)).length, 2);
  });
});

Deno.test("UNH 18.2: an answer in parts is asked on for, by empty requests with its tag and LUN", async () => {
  await withSession({}, async (target, wire) => {
    const answer = target.session.text(SEND_TARGETS);
    const first = await wire.only(Op.TextRequest);
    const lun = 0x0102_0304_0506_0708n;
    wire.textResponse(first.itt, "TargetName=iq", { flags: CONTINUE, ttt: 0x77, lun });
    const second = await wire.only(Op.TextRequest);
    assert.deepEqual([second.itt, second.ttt, second.lun], [first.itt, 0x77, lun]);
    assert.deepEqual([second.dataSegmentLength, second.u8(1)], [0, FINAL]);
    assert.equal(second.cmdSn, first.cmdSn + 1);
    wire.textResponse(first.itt, "n.a\0Target", { flags: CONTINUE, ttt: 0x78, lun });
    assert.equal((await wire.only(Op.TextRequest)).ttt, 0x78);
    wire.textResponse(first.itt, "Alias=x\0");
    assert.equal(new TextDecoder().decode(await answer), "TargetName=iqn.a\0TargetAlias=x\0");
  });
});

Deno.test("UNH 18.3.1: a final Text Response with a tag all the same ends the exchange, and logout is next", async () => {
  await discovering(async ({ wire }, found) => {
    const request = await wire.only(Op.TextRequest);
    wire.textResponse(request.itt, "TargetName=iqn.2026-03.com.example:a\0", { ttt: 0x1234 });
    const logout = await wire.only(Op.LogoutRequest);
    wire.logoutResponse(logout.itt);
    assert.deepEqual(await found, [{
      name: "iqn.2026-03.com.example:a",
      portals: [{ hostname: "10.0.0.5", port: 3260 }],
    }]);
  });
});

Deno.test("UNH 18.3.2: a Text Response that is not final and has no tag ends the connection", async () => {
  await discovering(async ({ wire }, found) => {
    const request = await wire.only(Op.TextRequest);
    wire.textResponse(request.itt, "TargetName=iqn.a\0", { flags: 0 });
    await assert.rejects(found, ProtocolError);
    assert.ok(wire.stream.closed);
  });
});

Deno.test("RFC 7143 §11.11.1: a Text Response that is final and goes on at once ends the connection", async () => {
  await discovering(async ({ wire }, found) => {
    const request = await wire.only(Op.TextRequest);
    wire.textResponse(request.itt, "TargetName=iqn.a\0", { flags: FINAL | CONTINUE, ttt: 1 });
    await assert.rejects(found, ProtocolError);
    assert.ok(wire.stream.closed);
  });
});

Deno.test("UNH 18.4: keys that do not belong in an answer to SendTargets end the discovery session", async () => {
  await discovering(async (target, found) => {
    const { wire } = target;
    const request = await wire.only(Op.TextRequest);
    const text = keysText({ TargetName: "iqn.2026-03.com.example:a", HeaderDigest: "CRC32C" });
    wire.textResponse(request.itt, text);
    wire.logoutResponse((await wire.only(Op.LogoutRequest)).itt);
    await assert.rejects(found, ProtocolError);
    assert.ok(wire.stream.closed);
  });
});

Deno.test("UNH 18.5: a negotiation reset leaves the connection, and MaxRecvDataSegmentLength can be negotiated anew", async () => {
  await withSession({}, async (target, wire) => {
    const text = target.session.text(new TextEncoder().encode("MaxRecvDataSegmentLength=4096\0"));
    const first = await wire.only(Op.TextRequest);
    wire.reject(first, NEGOTIATION_RESET);
    await assert.rejects(text, RejectError);
    assert.ok(!wire.stream.closed);
    wire.async(4, [0, 0, 10]);
    const second = await wire.only(Op.TextRequest);
    assert.deepEqual([second.ttt, second.itt === first.itt], [NO_TAG, false]);
    wire.textResponse(second.itt, "MaxRecvDataSegmentLength=1024\0");
    await turn();
    const { pdu } = await target.begin(WRITE, { dataOut: new Uint8Array(3000) });
    assert.equal(pdu.dataSegmentLength, 1024);
  });
});
