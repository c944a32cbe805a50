import assert from "node:assert/strict";
import { ConnectError, ConnectionLostError, SessionClosedError } from "../../../../iscsi/errors.ts";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import { TaskManagementFunction } from "../../../../iscsi/pdu/task_management.ts";
import { failureOf, resultOf, ScriptedTarget } from "../scripted_target.ts";
import { loggedIn, reassignment, REWIND, TIME2RETAIN_MS, TIME2WAIT_MS } from "./recovery_script.ts";

// Error recovery level 2: what a lost connection carried goes on over another (RFC 7143 §7.1.4.3, §7.2).

const READ = [0x08, 0, 0, 0x10, 0, 0];
const WRITE = [0x0a, 0, 0, 0x10, 0, 0];

Deno.test("UNH 7.1: a read goes on over a new connection behind what had arrived", () => {
  const target = loggedIn(2, 1);
  const dataIn = new Uint8Array(30);
  const command = target.command(READ, { dataIn, lun: 3n << 48n });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataIn(itt, new Uint8Array(10).fill(1), { final: false });
  target.breakOff();
  assert.equal(target.initiator.phase, "recovering");
  target.advance(TIME2WAIT_MS - 1);
  assert.deepEqual(target.dialed, [], "Time2Wait has not passed");
  target.advance(1);
  assert.deepEqual(target.dialed, [0]);
  const peer = target.join(0, 500);
  const pdu = reassignment(peer, itt);
  assert.deepEqual([pdu.expDataSn, pdu.lun], [1, 3n << 48n]);
  peer.managed(pdu.itt);
  peer.dataIn(itt, new Uint8Array(20).fill(2), { dataSn: 1, bufferOffset: 10, hasStatus: true });
  assert.equal(resultOf(command).dataInLength, 30);
  assert.deepEqual([dataIn[0], dataIn[9], dataIn[10], dataIn[29]], [1, 1, 2, 2]);
});

Deno.test("The login in place of a lost connection has its CID, the session's TSIH and the StatSN expected there", () => {
  const target = loggedIn(2, 1);
  const expected = target.statSn;
  target.command(REWIND);
  target.sent();
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = new ScriptedTarget({}, { target, cid: 0 });
  peer.connection.start(target.now);
  const { pdu, data } = peer.only(Opcode.LoginRequest);
  assert.deepEqual([pdu.cid, pdu.tsih, pdu.expStatSn], [0, 1, expected]);
  assert.doesNotMatch(new TextDecoder().decode(data), /SessionType|MaxConnections/);
});

Deno.test("A write is asked for its data again, whatever the first R2T's number", () => {
  for (const r2tSn of [0, 1]) {
    const target = loggedIn(2, 1, { answers: [["ImmediateData", "No"]] });
    const dataOut = Uint8Array.from({ length: 60 }, (_, index) => index);
    const command = target.command(WRITE, { dataOut });
    const { itt } = target.only(Opcode.ScsiCommand).pdu;
    target.readyToTransfer(itt, { ttt: 1, desiredDataTransferLength: 60 });
    target.lost();
    target.breakOff();
    target.advance(TIME2WAIT_MS);
    const peer = target.join(0, 500);
    peer.managed(reassignment(peer, itt).itt);
    peer.readyToTransfer(itt, { ttt: 9, r2tSn, desiredDataTransferLength: 60 });
    const { pdu, data } = peer.only(Opcode.DataOut);
    assert.deepEqual([pdu.ttt, pdu.final, data[59]], [9, true, 59]);
    peer.respond(itt);
    assert.equal(resultOf(command).status, 0);
  }
});

Deno.test("A command that the target never took in is sent again with its tag and CmdSN", () => {
  const target = loggedIn(2, 1);
  const first = target.command(REWIND);
  target.only(Opcode.ScsiCommand);
  const second = target.command(WRITE, { dataOut: new Uint8Array(10).fill(7) });
  const [lost] = target.lost();
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const sent = peer.sent();
  const again = sent.find(({ pdu }) => pdu.opcode === Opcode.ScsiCommand)!;
  assert.deepEqual(again.bhs.subarray(0, 28), lost.bhs.subarray(0, 28), "up to ExpStatSN");
  assert.deepEqual(again.data, lost.data);
  peer.respond(again.pdu.itt);
  assert.equal(resultOf(second).status, 0);
  assert.equal(first.outcome, undefined, "it is to be reassigned");
});

Deno.test("Several tasks are reassigned one after the other", () => {
  const target = loggedIn(2, 1);
  const commands = [1, 2, 3].map(() => target.command(REWIND));
  const tags = target.sent().map(({ pdu }) => pdu.itt);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  for (const itt of tags) peer.managed(reassignment(peer, itt).itt);
  for (const itt of tags) peer.respond(itt);
  for (const command of commands) assert.equal(resultOf(command).status, 0);
});

for (const [code, name] of [[1, "task does not exist"], [4, "not supported"]] as const) {
  Deno.test(`A task whose reassignment is answered with "${name}" fails alone, its outcome unknown`, () => {
    const target = loggedIn(2, 1);
    const command = target.command(REWIND);
    const { itt } = target.only(Opcode.ScsiCommand).pdu;
    target.breakOff();
    target.advance(TIME2WAIT_MS);
    const peer = target.join(0, 500);
    peer.managed(reassignment(peer, itt).itt, code);
    const error = failureOf(command);
    assert.ok(error instanceof ConnectionLostError && error.outcome === "unknown");
    assert.equal(target.initiator.phase, "full-feature");
  });
}

Deno.test("A task that is still allegiant is reassigned a little later", () => {
  const target = loggedIn(2, 1);
  const command = target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  peer.managed(reassignment(peer, itt).itt, 3);
  assert.deepEqual(peer.sent(), []);
  target.advance(500);
  peer.managed(reassignment(peer, itt).itt);
  peer.respond(itt);
  assert.equal(resultOf(command).status, 0);
});

Deno.test("A task whose reassignment was rejected goes on if the target does, and fails if nothing comes", () => {
  const target = loggedIn(2, 1);
  const [good, silent] = [target.command(REWIND), target.command(REWIND)];
  const [a, b] = target.sent().map(({ pdu }) => pdu.itt);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  for (const itt of [a, b]) peer.managed(reassignment(peer, itt).itt, 255);
  peer.respond(a);
  assert.equal(resultOf(good).status, 0);
  assert.equal(silent.outcome, undefined);
  target.advance(3000);
  assert.ok(failureOf(silent) instanceof ConnectionLostError);
});

Deno.test("A reassignment that the target rejects ends the task once nothing has come for it", () => {
  const target = loggedIn(2, 1);
  const command = target.command(REWIND);
  target.sent();
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const { bhs } = peer.only(Opcode.TaskManagementRequest);
  peer.reject(bhs, 5);
  target.advance(3000);
  assert.ok(failureOf(command) instanceof ConnectionLostError);
  assert.equal(target.closedWith, undefined);
});

for (const [what, response] of [["still allegiant", 3], ["in doubt", 255]] as const) {
  Deno.test(`A task that is ${what} when its new connection is lost, too, is taken over once more, and that alone counts`, () => {
    const target = ScriptedTarget.loggedIn({
      answers: [["ErrorRecoveryLevel", "2"], ["DefaultTime2Wait", "0"]],
      login: { offers: { errorRecoveryLevel: 2, defaultTime2Wait: 0 } },
    });
    const command = target.command(REWIND);
    const { itt } = target.only(Opcode.ScsiCommand).pdu;
    target.breakOff();
    const first = target.join(0, 500);
    first.managed(reassignment(first, itt).itt, response);
    target.advance(100);
    first.breakOff();
    const second = target.join(0, 600);
    second.managed(reassignment(second, itt).itt);
    target.advance(10_000);
    assert.deepEqual(second.sent(), [], "it is reassigned once");
    assert.equal(command.outcome, undefined);
    second.respond(itt);
    assert.equal(resultOf(command).status, 0);
  });
}

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

Deno.test("A session whose last connection cannot be had again by Time2Retain is over", () => {
  const target = loggedIn(2, 1);
  const command = target.command(REWIND);
  target.sent();
  target.breakOff();
  const refused = new ConnectError("Connect: refused", { address: "drive:3260" });
  for (let second = 0; second < 30 && !target.closedWith; second++) {
    target.advance(1000);
    if (target.dialed.splice(0).length > 0) target.initiator.dialFailed(0, refused, target.now);
  }
  const error = failureOf(command);
  assert.ok(error instanceof ConnectionLostError && error.outcome === "unknown");
  assert.ok(target.now <= TIME2WAIT_MS + TIME2RETAIN_MS, `it took ${target.now} ms`);
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

Deno.test("Closing a session that has no connection ends it at once", () => {
  const target = loggedIn(2, 1);
  const command = target.command(REWIND);
  target.sent();
  target.breakOff();
  target.initiator.logout(target.now);
  assert.ok(failureOf(command) instanceof SessionClosedError);
  assert.equal(target.initiator.nextDeadline(), Infinity);
});

Deno.test("The time of an outage counts from the loss, however long the session was idle before", () => {
  const target = loggedIn(2, 1);
  target.connection.connectionEnded(new Error("cut"), 3_600_000);
  target.connection.readEnded();
  target.now = 3_600_000;
  assert.equal(target.initiator.phase, "recovering");
  target.advance(TIME2WAIT_MS);
  assert.deepEqual(target.dialed, [0]);
});

Deno.test("Nothing is taken over while the old socket may still write into a command's buffer", () => {
  const target = loggedIn(2, 1);
  target.command(READ, { dataIn: new Uint8Array(20) });
  target.sent();
  target.connection.connectionEnded(new Error("cut"));
  target.advance(TIME2WAIT_MS + 1000);
  assert.deepEqual(target.dialed, []);
  target.connection.readEnded();
  assert.deepEqual(target.dialed, [0]);
});

Deno.test("A session that logs out takes over nothing that was lost before, and dials nobody for it", () => {
  const target = loggedIn(2, 2);
  const peer = target.join(1, 500);
  const command = target.command(REWIND);
  peer.only(Opcode.ScsiCommand);
  peer.breakOff();
  const dialed = target.dialed.length;
  target.initiator.logout(target.now);
  target.only(Opcode.LogoutRequest);
  target.advance(TIME2WAIT_MS + 1000);
  assert.equal(target.dialed.length, dialed);
  assert.deepEqual(target.sent(), []);
  target.advance(TIME2RETAIN_MS);
  assert.ok(failureOf(command) instanceof SessionClosedError);
});
