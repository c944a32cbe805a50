import assert from "node:assert/strict";
import {
  CommandTimeoutError,
  ConnectionLostError,
  SessionClosedError,
} from "../../../iscsi/errors.ts";
import { AsyncEvent } from "../../../iscsi/pdu/async_message.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { TaskManagementFunction } from "../../../iscsi/pdu/task_management.ts";
import { failureOf, ScriptedTarget, type ScriptOptions } from "./scripted_target.ts";

const WRITE = [0x0a, 0, 0, 0x10, 0, 0];
const REWIND = [0x01, 0, 0, 0, 0, 0];
const REASON = new Error("called off");
const SEVERAL: ScriptOptions = {
  connections: 2,
  answers: [["MaxConnections", "2"]],
  login: { offers: { maxConnections: 2 } },
};

Deno.test("What an aborted command still had to send is not sent", () => {
  const target = ScriptedTarget.loggedIn({
    answers: [["ImmediateData", "No"], ["InitialR2T", "Yes"], ["MaxBurstLength", "4194304"]],
  });
  const length = 2 * 1024 * 1024;
  const command = target.command(WRITE, { dataOut: new Uint8Array(length) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.readyToTransfer(itt, { desiredDataTransferLength: length });
  target.initiator.abort(command.task, REASON, 0);
  const [abort, ...data] = target.batch().map(({ pdu }) => pdu);
  assert.ok(abort.opcode === Opcode.TaskManagementRequest && data.length > 0);
  target.managed(abort.itt);
  target.connection.written();
  assert.deepEqual(target.sent(), []);
  assert.equal(failureOf(command), REASON);
});

Deno.test("A session that drains logs out as soon as its last command is aborted", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  target.sent();
  target.asyncMessage(AsyncEvent.LogoutRequested, { parameter3: 600 });
  target.initiator.abort(command.task, REASON, 0);
  target.managed(target.only(Opcode.TaskManagementRequest).pdu.itt);
  target.only(Opcode.LogoutRequest);
});

Deno.test("Over several connections a number that is missing behind an abort may still be under way", () => {
  const target = ScriptedTarget.loggedIn(SEVERAL);
  target.join(1, 500);
  const expected = target.expCmdSn;
  const command = target.command(REWIND);
  target.sent();
  target.initiator.abort(command.task, REASON, 0);
  const { itt } = target.only(Opcode.TaskManagementRequest).pdu;
  target.expCmdSn = expected;
  target.managed(itt);
  assert.equal(failureOf(command), REASON);
  assert.equal(target.closedWith, undefined);
});

Deno.test("A command of a connection that is logged out is not called off behind the logout", () => {
  const target = ScriptedTarget.loggedIn({ ...SEVERAL, abortTimeoutMs: 1000 });
  target.join(1, 500);
  const command = target.command(REWIND);
  target.sent();
  const owner = { completed: () => {}, failed: assert.fail };
  target.initiator.closeConnection(0, 0, owner, target.now);
  target.advance(0);
  const { itt } = target.only(Opcode.LogoutRequest).pdu;
  target.initiator.abort(command.task, REASON, target.now);
  target.advance(2000);
  assert.equal(target.closedWith, undefined);
  target.loggedOut(itt);
  assert.equal(failureOf(command), REASON);
  assert.equal(target.closedWith, undefined);
});

Deno.test("What one connection has to declare goes out although another breaks", () => {
  const target = ScriptedTarget.loggedIn({
    connections: 2,
    answers: [["MaxConnections", "2"], ["ErrorRecoveryLevel", "2"]],
    login: { offers: { maxConnections: 2, errorRecoveryLevel: 2 } },
  });
  const peer = target.join(1, 500);
  peer.asyncMessage(AsyncEvent.NegotiationRequested);
  peer.only(Opcode.TextRequest);
  target.asyncMessage(AsyncEvent.NegotiationRequested);
  assert.deepEqual(target.sent(), [], "one exchange at a time");
  peer.breakOff();
  target.only(Opcode.TextRequest);
  assert.equal(target.closedWith, undefined);
});

Deno.test("What waits in the queue is told at once when the session logs out", () => {
  const target = ScriptedTarget.loggedIn({ window: 1 });
  const sent = target.command(REWIND);
  target.only(Opcode.ScsiCommand);
  const waiting = [target.command(REWIND), target.command(REWIND)];
  target.maxCmdSn = target.expCmdSn - 1;
  target.initiator.logout(0);
  for (const command of waiting) {
    const error = failureOf(command);
    assert.ok(error instanceof SessionClosedError);
    assert.equal(error.outcome, "not-executed");
  }
  assert.equal(sent.outcome, undefined);
});

Deno.test("A session that drains logs out as soon as its last text request is called off", () => {
  const target = ScriptedTarget.loggedIn({ window: 1 });
  target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.maxCmdSn = target.expCmdSn - 1;
  target.respond(itt);
  const { exchange } = target.textExchange([["A", "1"]]);
  assert.deepEqual(target.sent(), [], "the window is closed");
  target.initiator.drain(60_000, target.now);
  const refused = failureOf(target.command(REWIND));
  assert.ok(refused instanceof SessionClosedError);
  assert.equal(refused.message, "TEST COMMAND: a logout is near");
  target.initiator.abortText(exchange, REASON, target.now);
  target.only(Opcode.LogoutRequest);
});

Deno.test("A function fails at once while no connection works", () => {
  const target = ScriptedTarget.loggedIn({
    answers: [["ErrorRecoveryLevel", "2"]],
    login: { offers: { errorRecoveryLevel: 2 } },
  });
  target.breakOff();
  const error = failureOf(target.manage(TaskManagementFunction.LogicalUnitReset, 0n));
  assert.ok(error instanceof ConnectionLostError);
  assert.equal(error.outcome, "not-executed");
  assert.equal(target.closedWith, undefined);
});

Deno.test("A text request that the target does not answer says so, and may have been carried out", () => {
  const target = ScriptedTarget.loggedIn();
  const { state } = target.textExchange([["A", "1"]], 1000);
  target.only(Opcode.TextRequest);
  target.advance(1000);
  const { outcome } = state;
  assert.ok(typeof outcome === "object" && outcome.error instanceof CommandTimeoutError);
  assert.equal(outcome.error.outcome, "unknown");
});
