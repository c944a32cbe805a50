import assert from "node:assert/strict";
import {
  ConnectionLostError,
  LoginError,
  ProtocolError,
  RejectError,
  SessionClosedError,
} from "../../../iscsi/errors.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { ScriptedTarget } from "./scripted_target.ts";

const REWIND = [0x01, 0, 0, 0, 0, 0];

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

Deno.test("The first Login Request is immediate: its first byte is 43h", () => {
  const target = new ScriptedTarget();
  target.connection.start(0);
  assert.equal(target.only(Opcode.LoginRequest).bhs[0], 0x43);
});

Deno.test("A login that gets no answer fails after its timeout", () => {
  const target = new ScriptedTarget();
  target.connection.start(0);
  target.sent();
  target.advance(14_999);
  assert.ok(!target.initiator.closed);
  target.advance(1);
  assert.ok(target.closedWith?.error instanceof LoginError);
});

Deno.test("A peer that closes during the login is a ConnectionLostError that says so", () => {
  const target = new ScriptedTarget();
  target.connection.start(0);
  target.connection.connectionEnded(undefined);
  assert.ok(target.closedWith?.error instanceof ConnectionLostError);
  assert.match(target.closedWith.error.message, /during the login/);
});

Deno.test("A Reject in the login is not taken for a successful login", () => {
  const target = new ScriptedTarget();
  target.connection.start(0);
  const { bhs } = target.only(Opcode.LoginRequest);
  target.feed(
    { opcode: Opcode.Reject, reason: 4, statSn: 1, dataSn: 0, expCmdSn: 1, maxCmdSn: 1 },
    bhs,
  );
  assert.ok(target.closedWith?.error instanceof ProtocolError);
});

Deno.test("Bytes that are no iSCSI are a ProtocolError", () => {
  const target = new ScriptedTarget();
  target.connection.start(0);
  target.feedBytes(text("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n".repeat(40)));
  assert.ok(target.closedWith?.error instanceof ProtocolError);
});

Deno.test("A greeting shorter than a header is found out at its first byte", () => {
  const target = new ScriptedTarget();
  target.connection.start(0);
  target.feedBytes(text("SSH-2.0-OpenSSH\r\n"));
  assert.ok(target.closedWith?.error instanceof ProtocolError);
  assert.match(target.closedWith.error.message, /does not speak iSCSI/);
});

Deno.test("18.2: an answer to a text request may come in parts: the tag and LUN are echoed until F is set", () => {
  const target = ScriptedTarget.loggedIn();
  const exchange = target.text([["SendTargets", "All"]]);
  const first = target.only(Opcode.TextRequest);
  assert.equal(new TextDecoder().decode(first.data), "SendTargets=All\0");
  assert.deepEqual(
    [first.pdu.final, first.pdu.continue, first.pdu.ttt],
    [true, false, RESERVED_TAG],
  );
  target.textResponse(first.pdu.itt, { final: false, continue: true, ttt: 5, lun: 3n }, "Targ");
  const second = target.only(Opcode.TextRequest);
  assert.deepEqual(
    [second.pdu.itt, second.pdu.ttt, second.pdu.lun, second.data.length, second.pdu.final],
    [first.pdu.itt, 5, 3n, 0, true],
  );
  target.textResponse(first.pdu.itt, { final: true }, "etName=iqn.a\0");
  assert.equal(exchange.outcome, "TargetName=iqn.a\0");
});

Deno.test("18.3.2: a text response that is not final and has no tag is a ProtocolError", () => {
  const target = ScriptedTarget.loggedIn();
  const exchange = target.text([["SendTargets", "All"]]);
  const { itt } = target.only(Opcode.TextRequest).pdu;
  target.textResponse(itt, { final: false }, "");
  assert.ok(target.closedWith?.error instanceof ProtocolError);
  assert.ok(typeof exchange.outcome === "object");
});

Deno.test("A rejected text request fails with the reason", () => {
  const target = ScriptedTarget.loggedIn();
  const exchange = target.text([["SendTargets", "All"]]);
  const { bhs } = target.only(Opcode.TextRequest);
  target.feed(
    { opcode: Opcode.Reject, reason: 5, statSn: target.statSn++, dataSn: 0, ...target.numbers() },
    bhs,
  );
  assert.ok(typeof exchange.outcome === "object" && exchange.outcome.error instanceof RejectError);
});

Deno.test("17.1: a logout is answered before the connection closes, and nothing follows it", () => {
  const target = ScriptedTarget.loggedIn();
  target.initiator.logout(0);
  const { pdu } = target.only(Opcode.LogoutRequest);
  assert.deepEqual([pdu.reason, pdu.immediate], [0, true]);
  const late = target.command(REWIND);
  assert.ok(
    late.outcome && "error" in late.outcome && late.outcome.error instanceof SessionClosedError,
  );
  assert.equal(target.sent().length, 0);
  target.feed({
    opcode: Opcode.LogoutResponse,
    response: 0,
    itt: pdu.itt,
    statSn: target.statSn++,
    time2Wait: 0,
    time2Retain: 0,
    ...target.numbers(),
  });
  assert.deepEqual(target.closedWith, { error: undefined });
});

Deno.test("A logout that gets no answer ends after its timeout", () => {
  const target = ScriptedTarget.loggedIn();
  target.initiator.logout(0);
  target.sent();
  target.advance(5000);
  assert.deepEqual(target.closedWith, { error: undefined });
});

Deno.test("14.1, 20.1: asked to log out, the session lets commands finish, takes no new ones, and logs out", () => {
  const target = ScriptedTarget.loggedIn();
  const running = target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.asyncMessage(1);
  const refused = target.command(REWIND);
  assert.ok(refused.outcome && "error" in refused.outcome);
  assert.equal(target.sent().length, 0);
  target.respond(itt);
  assert.ok(running.outcome && "result" in running.outcome);
  target.only(Opcode.LogoutRequest);
});

Deno.test("14.1: asked to log out while a command does not end, the session logs out within the time given", () => {
  const target = ScriptedTarget.loggedIn();
  target.command(REWIND);
  target.sent();
  target.asyncMessage(1, { parameter3: 10 });
  target.advance(9_999);
  target.only(Opcode.LogoutRequest);
});

for (const event of [2, 3]) {
  Deno.test(`${event === 2 ? "20.2" : "20.3"}: async event ${event} ends the session`, () => {
    const target = ScriptedTarget.loggedIn();
    const command = target.command(REWIND);
    target.sent();
    target.asyncMessage(event);
    assert.ok(target.closedWith?.error instanceof ConnectionLostError);
    assert.ok(command.outcome && "error" in command.outcome);
  });
}

Deno.test("20.4: async event 4 is answered with a Text Request", () => {
  const target = ScriptedTarget.loggedIn();
  target.asyncMessage(4);
  assert.equal(target.only(Opcode.TextRequest).data.length, 0);
});

Deno.test("A target that asks for negotiation again and again has one exchange at a time", () => {
  const target = ScriptedTarget.loggedIn();
  for (let times = 0; times < 3; times++) target.asyncMessage(4);
  const { itt } = target.only(Opcode.TextRequest).pdu;
  target.textResponse(itt, { final: true }, "");
  assert.equal(target.sent().length, 0);
  target.asyncMessage(4);
  target.only(Opcode.TextRequest);
});

const KEEPALIVE = { intervalMs: 1000, timeoutMs: 200, maxMissed: 2 };

Deno.test("15.2: an idle session pings, and any answer keeps it alive", () => {
  const target = ScriptedTarget.loggedIn({ keepalive: KEEPALIVE });
  target.advance(999);
  assert.equal(target.sent().length, 0);
  target.advance(1);
  const { pdu } = target.only(Opcode.NopOut);
  assert.deepEqual([pdu.immediate, pdu.ttt, pdu.lun], [true, RESERVED_TAG, 0n]);
  assert.notEqual(pdu.itt, RESERVED_TAG);
  target.feed({
    opcode: Opcode.NopIn,
    lun: 0n,
    itt: pdu.itt,
    ttt: RESERVED_TAG,
    statSn: target.statSn++,
    ...target.numbers(),
  });
  target.advance(999);
  assert.equal(target.sent().length, 0);
  target.advance(1);
  assert.equal(target.only(Opcode.NopOut).pdu.expStatSn, target.statSn);
});

Deno.test("An idle session dies of silence only after several pings", () => {
  const target = ScriptedTarget.loggedIn({ keepalive: KEEPALIVE });
  target.advance(1200);
  assert.ok(!target.initiator.closed);
  assert.deepEqual(target.notices, ["The target did not answer a ping"]);
  target.advance(200);
  assert.ok(target.closedWith?.error instanceof ConnectionLostError);
});

Deno.test("No ping goes out while a command is outstanding, however long it takes", () => {
  const target = ScriptedTarget.loggedIn({ keepalive: KEEPALIVE });
  const command = target.command(REWIND, { timeoutMs: 10_000_000 });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.advance(9_000_000);
  assert.equal(target.sent().length, 0);
  assert.ok(!target.initiator.closed);
  target.respond(itt);
  assert.ok(command.outcome && "result" in command.outcome);
  target.advance(1000);
  target.only(Opcode.NopOut);
});

Deno.test("A ping that falls due while the logout waits for its answer is not waited for", () => {
  const target = ScriptedTarget.loggedIn({ keepalive: KEEPALIVE });
  target.initiator.logout(0);
  target.only(Opcode.LogoutRequest);
  target.advance(1000);
  assert.ok(target.initiator.nextDeadline() > target.now, "no deadline stays in the past");
});
