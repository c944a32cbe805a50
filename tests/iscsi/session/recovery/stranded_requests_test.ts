import assert from "node:assert/strict";
import { ConnectError, ConnectionLostError } from "../../../../iscsi/errors.ts";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import { TaskManagementFunction } from "../../../../iscsi/pdu/task_management.ts";
import { failureOf, resultOf } from "../scripted_target.ts";
import { loggedIn, REWIND, TIME2WAIT_MS } from "./recovery_script.ts";

// What becomes of each kind of request that a connection is lost under (RFC 7143 §7.2).

Deno.test("A function that was under way on a lost connection fails, and may have been carried out", () => {
  const target = loggedIn(2, 1);
  const reset = target.manage(TaskManagementFunction.LogicalUnitReset, 0n);
  target.only(Opcode.TaskManagementRequest);
  target.breakOff();
  const error = failureOf(reset);
  assert.ok(error instanceof ConnectionLostError);
  assert.equal(error.outcome, "unknown");
});

Deno.test("A text request that the target never took in goes out again, with its tag and CmdSN", () => {
  const target = loggedIn(2, 1);
  const text = target.text([["A", "1"]]);
  const [{ pdu: sent }] = target.lost();
  assert.ok(sent.opcode === Opcode.TextRequest);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const { pdu } = peer.only(Opcode.TextRequest);
  assert.deepEqual([pdu.itt, pdu.cmdSn], [sent.itt, sent.cmdSn]);
  peer.textResponse(pdu.itt, { final: true }, "A=2\0");
  assert.equal(text.outcome, "A=2\0");
});

Deno.test("A text request that the target took in fails with its connection, and lets the next go out", () => {
  const target = loggedIn(2, 1);
  const text = target.text([["A", "1"]]);
  target.only(Opcode.TextRequest);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const { outcome } = text;
  assert.ok(typeof outcome === "object" && outcome.error instanceof ConnectionLostError);
  assert.equal(outcome.error.outcome, "unknown");
  assert.deepEqual(peer.sent(), [], "it is not asked again");
  target.text([["B", "1"]]);
  peer.only(Opcode.TextRequest);
});

Deno.test("A command that is called off during an outage is aborted on the new connection", () => {
  const target = loggedIn(2, 1);
  const reason = new Error("called off");
  const command = target.command(REWIND);
  const { itt, cmdSn } = target.only(Opcode.ScsiCommand).pdu;
  target.breakOff();
  target.initiator.abort(command.task, reason, target.now);
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const { pdu } = peer.only(Opcode.TaskManagementRequest);
  assert.deepEqual(
    [pdu.function, pdu.referencedTaskTag, pdu.refCmdSn],
    [TaskManagementFunction.AbortTask, itt, cmdSn],
  );
  peer.managed(pdu.itt);
  assert.equal(failureOf(command), reason);
});

Deno.test("A command that the target never took in and that was called off is not sent again; its number is used up", () => {
  const target = loggedIn(2, 1);
  const reason = new Error("called off");
  const command = target.command(REWIND);
  const [{ pdu }] = target.lost();
  assert.ok(pdu.opcode === Opcode.ScsiCommand);
  target.breakOff();
  target.initiator.abort(command.task, reason, target.now);
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const ping = peer.only(Opcode.NopOut).pdu;
  assert.deepEqual([ping.immediate, ping.cmdSn], [false, pdu.cmdSn]);
  assert.equal(failureOf(command), reason);
});

Deno.test("What a session has to say goes out again once a function that it waited for was lost with its connection", () => {
  const target = loggedIn(2, 1);
  target.manage(TaskManagementFunction.LogicalUnitReset, 0n);
  target.only(Opcode.TaskManagementRequest);
  target.breakOff();
  const command = target.command(REWIND);
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  peer.respond(peer.only(Opcode.ScsiCommand).pdu.itt);
  assert.equal(resultOf(command).status, 0);
});

Deno.test("An ABORT TASK that was lost with its connection goes out again on the next, and the session can drain", () => {
  const target = loggedIn(2, 1);
  const reason = new Error("called off");
  const command = target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.initiator.abort(command.task, reason, target.now);
  target.only(Opcode.TaskManagementRequest);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  target.initiator.drain(60_000, target.now);
  const { pdu } = peer.only(Opcode.TaskManagementRequest);
  assert.deepEqual([pdu.function, pdu.referencedTaskTag], [TaskManagementFunction.AbortTask, itt]);
  peer.managed(pdu.itt);
  assert.equal(failureOf(command), reason);
  peer.only(Opcode.LogoutRequest);
});

for (const isTaken of [false, true]) {
  Deno.test(`A NOP-Out that closes a gap and is lost with its connection ${isTaken ? "on its way back is not sent" : "goes out"} again`, () => {
    const target = loggedIn(2, 1);
    const command = target.command(REWIND);
    target.lost();
    target.breakOff();
    target.initiator.abort(command.task, new Error("called off"), target.now);
    target.advance(TIME2WAIT_MS);
    const peer = target.join(0, 500);
    const [{ pdu: first }] = isTaken ? peer.sent() : peer.lost();
    assert.ok(first.opcode === Opcode.NopOut);
    if (isTaken) peer.nopIn({ ttt: 7 });
    peer.breakOff();
    target.advance(TIME2WAIT_MS);
    const next = target.join(0, 900);
    const numbers = next.sent().map(({ pdu }) => pdu.opcode === Opcode.NopOut && pdu.cmdSn);
    assert.deepEqual(numbers, isTaken ? [] : [first.cmdSn]);
  });
}

for (const isTaken of [false, true]) {
  Deno.test(`What a session declared on a connection that is lost is over; its number is ${isTaken ? "used up already" : "used up"}`, () => {
    const target = loggedIn(2, 1);
    let failure: unknown;
    const owner = { completed: assert.fail, failed: (error: unknown) => failure = error };
    target.initiator.renegotiate(8192, 30_000, owner, target.now);
    const [{ pdu }] = isTaken ? target.sent() : target.lost();
    assert.ok(pdu.opcode === Opcode.TextRequest);
    if (isTaken) target.nopIn({ ttt: 7 });
    target.breakOff();
    assert.ok(failure instanceof ConnectionLostError);
    target.advance(TIME2WAIT_MS);
    const numbers = target.join(0, 500).sent().map(({ pdu }) => {
      return pdu.opcode === Opcode.NopOut && pdu.cmdSn;
    });
    assert.deepEqual(numbers, isTaken ? [] : [pdu.cmdSn]);
  });
}

Deno.test("A session that drains logs out once the number of its last command, which was called off, is used up", () => {
  const target = loggedIn(2, 2);
  const peer = target.join(1, 500);
  const commands = [target.command(REWIND), target.command(REWIND)];
  target.respond(target.only(Opcode.ScsiCommand).pdu.itt);
  peer.lost();
  peer.breakOff();
  target.initiator.abort(commands[1].task, new Error("called off"), target.now);
  target.initiator.drain(60_000, target.now);
  target.advance(TIME2WAIT_MS);
  const refused = new ConnectError("Connect: refused", { address: "drive:3260" });
  target.initiator.dialFailed(1, refused, target.now);
  target.loggedOut(target.only(Opcode.LogoutRequest).pdu.itt);
  const opcodes = target.sent().map(({ pdu }) => pdu.opcode);
  assert.deepEqual(opcodes, [Opcode.NopOut, Opcode.LogoutRequest]);
});

Deno.test("A ping that is lost with its connection leaves no gap to close", () => {
  const target = loggedIn(2, 1, { keepalive: { intervalMs: 1000 } });
  target.advance(1000);
  target.only(Opcode.NopOut);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  assert.deepEqual(target.join(0, 500).sent(), []);
});

Deno.test("A text request that had more to say when its connection was lost says nothing more", () => {
  const target = loggedIn(2, 1);
  const text = target.text([["A", "1"]]);
  const { itt } = target.only(Opcode.TextRequest).pdu;
  target.textResponse(itt, { final: false, ttt: 5 }, "A=2\0");
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  assert.deepEqual(target.join(0, 500).sent(), []);
  assert.ok(typeof text.outcome === "object" && text.outcome.error instanceof ConnectionLostError);
});
