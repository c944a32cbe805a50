import assert from "node:assert/strict";
import { SessionClosedError } from "../../../iscsi/mod.ts";
import { RecoverableUnit } from "../../../iscsi/session/recoverable_unit.ts";
import { REWIND, WRITE } from "./cdbs.ts";
import { turn, type WireConnection } from "./wire_connection.ts";
import { FINAL, Op, type WirePdu } from "./wire_pdu.ts";
import { type WireTarget, withSession } from "./wire_target.ts";

const LOGOUT_REQUESTED = 1;
const CONNECTION_DROPPED = 2;
const SESSION_DROPPED = 3;
const NEGOTIATION_REQUESTED = 4;

/** A logout that closes the session (RFC 7143 §11.14): immediate, reason 0, the connection's CID, no data. */
function checkLogout(pdu: WirePdu): void {
  assert.deepEqual([pdu.u8(0), pdu.u8(1)], [0x46, FINAL]);
  assert.deepEqual([pdu.cid, pdu.dataSegmentLength, pdu.u8(4)], [0, 0, 0]);
}

Deno.test("UNH 17.1: nothing follows the Logout Request, and the connection closes after its response", async () => {
  await withSession({ keys: { ImmediateData: "No" } }, async (target, wire) => {
    const writing = await target.begin(WRITE, { dataOut: new Uint8Array(100) });
    const rewinding = await target.begin(REWIND, { timeoutMs: 1000 });
    const closing = target.session.close();
    const logout = await wire.only(Op.LogoutRequest);
    checkLogout(logout);
    wire.r2t(writing.pdu.itt, { ttt: 1, offset: 0, length: 100 });
    wire.nopIn({ ttt: 5 });
    writing.execution.cancel(new Error("called off"));
    await target.advance(1000);
    await assert.rejects(target.execute(REWIND).result, SessionClosedError);
    await wire.quiet();
    wire.response(rewinding.pdu.itt);
    assert.equal((await rewinding.execution.result).status, 0, "answers may still come");
    assert.ok(!wire.stream.closed);
    wire.logoutResponse(logout.itt);
    await closing;
    assert.ok(wire.stream.closed);
  });
});

/** What an initiator does that was asked to log out within so many seconds, with a command under way or not. */
async function logsOut(seconds: number, answered: boolean): Promise<void> {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    wire.async(LOGOUT_REQUESTED, [0, 0, seconds]);
    await turn();
    await assert.rejects(target.execute(REWIND).result, SessionClosedError);
    await wire.quiet();
    if (answered) wire.response(pdu.itt);
    else await target.advance(seconds * 1000 - 1);
    const logout = await wire.only(Op.LogoutRequest);
    checkLogout(logout);
    wire.logoutResponse(logout.itt);
    if (answered) assert.equal((await execution.result).status, 0);
    else await assert.rejects(execution.result, SessionClosedError);
    assert.ok(wire.stream.closed);
  });
}

Deno.test("UNH 14.1: asked to log out, the initiator sends no new command, and the Logout Request once the last has ended", async () => {
  await logsOut(10, true);
});

Deno.test("UNH 14.1: a command that does not end does not keep the Logout Request beyond the time given", async () => {
  await logsOut(10, false);
});

Deno.test("UNH 20.1: asked to log out at once with nothing under way, the initiator does", async () => {
  await withSession({}, async (target, wire) => {
    wire.async(LOGOUT_REQUESTED, [0, 0, 1]);
    checkLogout(await wire.only(Op.LogoutRequest));
    await assert.rejects(target.execute(REWIND).result, SessionClosedError);
    await wire.quiet();
  });
});

Deno.test("UNH 20.1: a Reject that waits for a logout is obeyed like the message that asks for one", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    wire.reject(pdu, 0x0c);
    await assert.rejects(execution.result);
    const sent = await wire.received();
    assert.equal(sent.at(-1)?.opcode, Op.LogoutRequest);
  });
});

/** A unit that comes back after its session was lost, and the wait before the new login in milliseconds. */
async function waitsBeforeLogin(
  target: WireTarget,
  lose: (wire: WireConnection) => void,
): Promise<number> {
  const unit = new RecoverableUnit(target.session, {
    lun: 0n,
    name: "tape",
    connect: () => target.connect(),
    clock: target.clock,
    randomBytes: (length) => new Uint8Array(length).fill(128),
  });
  lose(target.wire);
  await turn();
  assert.ok(target.wire.stream.closed, "the connection is closed from this side, too");
  const back = unit.reestablish();
  let waited = 0;
  for (; target.connections.length === 1 && waited < 100; waited++) await target.advance(1000);
  await target.answerLogin(2);
  await back;
  return waited * 1000;
}

/** After this event the connection closes, and the next login comes no earlier than the message says. */
async function comesBackAfter(event: number): Promise<void> {
  await withSession({}, async (target) => {
    const waited = await waitsBeforeLogin(target, (wire) => wire.async(event, [0, 7, 20]));
    assert.equal(waited, 7000);
  });
}

Deno.test("UNH 20.2: told that the connection will be dropped, the initiator closes it, and logs in after Time2Wait", async () => {
  await comesBackAfter(CONNECTION_DROPPED);
});

Deno.test("UNH 20.3: told that all connections will be dropped, the initiator closes them, and logs in after Time2Wait", async () => {
  await comesBackAfter(SESSION_DROPPED);
});

Deno.test("UNH 20.2: without a message the next login waits for DefaultTime2Wait as agreed", async () => {
  await withSession({ keys: { DefaultTime2Wait: "3" } }, async (target) => {
    assert.equal(await waitsBeforeLogin(target, (wire) => wire.stream.cut()), 3000);
  });
});

Deno.test("UNH 20.4: asked to negotiate, the initiator sends a Text Request at once, without a limit of the target's as its own", async () => {
  await withSession({}, async (_, wire) => {
    wire.async(NEGOTIATION_REQUESTED, [0, 0, 3]);
    const request = await wire.only(Op.TextRequest);
    assert.ok(!request.text.includes("MaxRecvDataSegmentLength=8192"), "the target's own limit");
  });
});

Deno.test("UNH 20.4: what the target then declares limits what is sent, from the end of the exchange on", async () => {
  await withSession({}, async (target, wire) => {
    const before = target.session.parameters.maxReceiveDataSegmentLength;
    wire.async(NEGOTIATION_REQUESTED, [0, 0, 3]);
    const { itt } = await wire.only(Op.TextRequest);
    wire.textResponse(
      itt,
      "MaxRecvDataSegmentLength=1024\0MaxBurstLength=512\0X-com.example.a=1\0",
      { flags: 0, ttt: 8 },
    );
    const answer = await wire.only(Op.TextRequest);
    assert.deepEqual(
      [answer.keys.MaxBurstLength, answer.keys["X-com.example.a"]],
      ["Reject", "NotUnderstood"],
    );
    const early = await target.begin(WRITE, { dataOut: new Uint8Array(3000) });
    assert.equal(early.pdu.dataSegmentLength, 3000);
    wire.textResponse(itt, "");
    await turn();
    const late = await target.begin(WRITE, { dataOut: new Uint8Array(3000) });
    assert.equal(late.pdu.dataSegmentLength, 1024);
    assert.equal(target.session.parameters.maxReceiveDataSegmentLength, before);
  });
});

Deno.test("UNH 20.4: a text that is cut in the middle of a pair and has no C is a protocol error", async () => {
  await withSession({}, async (_, wire) => {
    wire.async(NEGOTIATION_REQUESTED, [0, 0, 3]);
    const { itt } = await wire.only(Op.TextRequest);
    wire.textResponse(itt, "MaxRecvDataSegmentLength=1024\0HeaderDig", { flags: 0, ttt: 8 });
    await turn();
    assert.ok(wire.stream.closed);
  });
});

for (const seconds of [0, 3]) {
  Deno.test(`UNH 20.4: a limit of ${seconds} s is one for the Text Request; the answer may take longer`, async () => {
    await withSession({}, async (target, wire) => {
      wire.async(NEGOTIATION_REQUESTED, [0, 0, seconds]);
      const { itt } = await wire.only(Op.TextRequest);
      await target.advance(5000);
      wire.textResponse(itt, "MaxRecvDataSegmentLength=1024\0");
      await turn();
      const { pdu } = await target.begin(WRITE, { dataOut: new Uint8Array(3000) });
      assert.equal(pdu.dataSegmentLength, 1024);
    });
  });
}

Deno.test("UNH 20.4: the Text Request is immediate, and goes out through a closed window", async () => {
  await withSession({ window: 1 }, async (target, wire) => {
    const running = await target.begin(REWIND);
    target.maxCmdSn = target.expCmdSn - 1;
    target.execute(REWIND);
    wire.async(NEGOTIATION_REQUESTED, [0, 0, 3]);
    const request = await wire.only(Op.TextRequest);
    assert.deepEqual([request.immediate, request.cmdSn], [true, running.pdu.cmdSn + 1]);
    wire.textResponse(request.itt, "X-com.example.a=1\0", { flags: 0, ttt: 8 });
    const answer = await wire.only(Op.TextRequest);
    assert.deepEqual([answer.immediate, answer.ttt], [true, 8]);
    wire.textResponse(answer.itt, "");
    target.maxCmdSn = target.expCmdSn;
    wire.nopIn();
    const late = await wire.only(Op.Command);
    assert.equal(late.cmdSn, request.cmdSn, "no number was used up");
  });
});

Deno.test("UNH 20.4: a target that says nothing more about its negotiation loses the session", async () => {
  await withSession({}, async (target, wire) => {
    wire.async(NEGOTIATION_REQUESTED, [0, 0, 3]);
    await wire.only(Op.TextRequest);
    await target.advance(29_999);
    assert.ok(!wire.stream.closed);
    await target.advance(1);
    assert.ok(wire.stream.closed);
  });
});
