import assert from "node:assert/strict";
import { OutputBatch } from "../../../iscsi/connection/output_batch.ts";
import {
  CommandTimeoutError,
  ConnectionLostError,
  ProtocolError,
  RejectError,
  SessionClosedError,
  TaskAbortedError,
} from "../../../iscsi/errors.ts";
import { AsyncEvent } from "../../../iscsi/pdu/async_message.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import {
  TaskManagementFunction,
  TaskManagementResponseCode,
} from "../../../iscsi/pdu/task_management.ts";
import { SessionState } from "../../../iscsi/session/core/session_state.ts";
import { failureOf, ScriptedTarget } from "./scripted_target.ts";

const READ = [0x08, 0, 0, 0x10, 0, 0];
const WRITE = [0x0a, 0, 0, 0x10, 0, 0];
const REWIND = [0x01, 0, 0, 0, 0, 0];

/** A command whose data is in a batch that the socket has not taken yet. */
function writing() {
  const target = ScriptedTarget.loggedIn();
  const batch = new OutputBatch();
  const command = target.command(WRITE, { dataOut: new Uint8Array(5000), timeoutMs: 1000 });
  assert.ok(target.connection.produce(batch));
  target.countCommands(1);
  return { target, batch, command, itt: command.task.itt };
}

const endings: Record<string, (target: ScriptedTarget, itt: number) => void> = {
  "a result": (target, itt) => target.respond(itt, { status: 2 }),
  "a target failure": (target, itt) => target.respond(itt, { response: 1 }),
  "a Reject": (target, itt) => {
    const bhs = new Uint8Array(48);
    bhs[0] = Opcode.ScsiCommand;
    bhs[19] = itt;
    target.reject(bhs, 4);
  },
  "the end of the session": (target) => target.connection.connectionEnded(undefined),
};

for (const [what, end] of Object.entries(endings)) {
  Deno.test(`A command whose data the socket still has hears of ${what} when the socket lets go`, () => {
    const { target, command, itt } = writing();
    end(target, itt);
    assert.equal(command.outcome, undefined);
    target.connection.written();
    assert.ok(command.outcome);
  });
}

Deno.test("A result that came before the connection broke is delivered when the socket lets go of the data", () => {
  const { target, command, itt } = writing();
  target.respond(itt);
  target.connection.connectionEnded(new Error("cut"));
  assert.equal(command.outcome, undefined);
  target.connection.written();
  assert.ok(command.outcome && "result" in command.outcome);
});

Deno.test("A command into whose buffer the socket reads hears of the end when it does not any more", () => {
  const target = ScriptedTarget.loggedIn({
    login: { offers: { maxReceiveDataSegmentLength: 65536 } },
  });
  const dataIn = new Uint8Array(50_000);
  const reading = target.command(READ, { dataIn, timeoutMs: 1000 });
  const other = target.command(READ, { dataIn: new Uint8Array(10), timeoutMs: 1_000_000 });
  const [{ pdu: { itt } }] = target.sent();
  target.dataInBegins(itt, dataIn.length);
  assert.equal(target.connection.destination().buffer, dataIn.buffer);
  target.advance(1000);
  target.only(Opcode.TaskManagementRequest);
  target.advance(5000);
  assert.ok(target.initiator.closed);
  assert.ok(failureOf(other) instanceof ConnectionLostError);
  assert.equal(reading.outcome, undefined);
  target.connection.readEnded();
  assert.ok(failureOf(reading) instanceof CommandTimeoutError);
});

Deno.test("A command that a function on another connection has ended hears of it once its buffer is not filled any more", () => {
  const target = ScriptedTarget.loggedIn({
    connections: 2,
    answers: [["MaxConnections", "2"]],
    login: { offers: { maxReceiveDataSegmentLength: 65536, maxConnections: 2 } },
  });
  const peer = target.join(1, 500);
  const dataIn = new Uint8Array(50_000);
  const reading = target.command(READ, { dataIn });
  const { itt } = peer.only(Opcode.ScsiCommand).pdu;
  peer.dataInBegins(itt, dataIn.length);
  const managed = target.manage(TaskManagementFunction.AbortTaskSet, 0n);
  target.managed(target.only(Opcode.TaskManagementRequest).pdu.itt);
  assert.equal(managed.outcome, "complete");
  peer.feedBytes(new Uint8Array(20_000));
  assert.equal(reading.outcome, undefined, "the rest still goes into its buffer");
  peer.feedBytes(new Uint8Array(30_000));
  assert.ok(failureOf(reading) instanceof TaskAbortedError);
});

Deno.test("Bytes that come after the end of the session go nowhere", () => {
  const target = ScriptedTarget.loggedIn();
  const dataIn = new Uint8Array(100);
  target.command(READ, { dataIn });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  const destination = target.connection.destination();
  target.initiator.fail(new Error("enough"));
  destination.fill(0xff);
  target.connection.received(destination.length, 0);
  assert.ok(itt >= 0 && dataIn.every((byte) => byte === 0));
});

Deno.test("A NOP-In with the tag of a command is a ProtocolError, and the command hears of it", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  target.nopIn({ itt: target.only(Opcode.ScsiCommand).pdu.itt });
  assert.ok(target.closedWith?.error instanceof ProtocolError);
  assert.ok(failureOf(command) instanceof ProtocolError);
});

Deno.test("A residual that is over and under at once is a ProtocolError", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.respond(itt, { overflow: true, underflow: true, residual: 1 });
  assert.ok(failureOf(command) instanceof ProtocolError);
});

Deno.test("Held responses act in the order of their StatSN, the missing one first", () => {
  const target = ScriptedTarget.loggedIn();
  const ended: number[] = [];
  const commands = [0, 1, 2, 3].map(() => target.command(REWIND));
  commands.forEach((command, index) => {
    Object.defineProperty(command, "outcome", {
      set: () => ended.push(index),
      get: () => undefined,
    });
  });
  const tags = target.sent().map(({ pdu }) => pdu.itt);
  const first = target.statSn;
  for (const index of [3, 1, 2, 0]) target.respond(tags[index], { statSn: first + index });
  assert.deepEqual(ended, [0, 1, 2, 3]);
});

Deno.test("A response out of order makes the clock be looked at within a second", () => {
  const target = ScriptedTarget.loggedIn();
  target.command(REWIND, { timeoutMs: 1_000_000 });
  target.command(REWIND, { timeoutMs: 1_000_000 });
  const tags = target.sent().map(({ pdu }) => pdu.itt);
  target.respond(tags[1], { statSn: target.statSn + 1 });
  assert.ok(target.initiator.nextDeadline() <= 1000);
});

Deno.test("Responses that keep coming out of order do not end the session while the gaps close", () => {
  const target = ScriptedTarget.loggedIn({ window: 100 });
  const commands = Array.from({ length: 41 }, () => target.command(REWIND));
  const tags = target.sent().map(({ pdu }) => pdu.itt);
  const first = target.statSn;
  target.respond(tags[1], { statSn: first + 1 });
  for (let index = 0; index < 38; index += 2) {
    target.advance(600);
    target.respond(tags[index + 3], { statSn: first + index + 3 });
    target.respond(tags[index], { statSn: first + index });
  }
  assert.equal(target.closedWith, undefined);
  assert.equal(commands.filter(({ outcome }) => outcome).length, 38);
});

Deno.test("The answer to ABORT TASK waits for a response that it has overtaken", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.initiator.abort(command.task, new Error("called off"), 0);
  const abort = target.only(Opcode.TaskManagementRequest).pdu;
  const first = target.statSn;
  target.managed(abort.itt, 1, first + 1);
  assert.equal(command.outcome, undefined);
  target.respond(itt, { statSn: first });
  assert.ok(command.outcome && "result" in command.outcome, "the target has carried it out");
  assert.equal(target.closedWith, undefined);
});

Deno.test("A text request that was never sent times out by itself; one that the target has ends the session", () => {
  const target = ScriptedTarget.loggedIn();
  const first = target.textExchange([["A", "1"]], 5000);
  const second = target.textExchange([["B", "1"]], 1000);
  target.only(Opcode.TextRequest);
  target.advance(1000);
  assert.ok(!target.initiator.closed);
  const { outcome } = second.state;
  assert.ok(typeof outcome === "object" && outcome.error instanceof CommandTimeoutError);
  assert.equal(outcome.error.outcome, "not-executed");
  target.advance(4000);
  assert.ok(target.closedWith?.error instanceof CommandTimeoutError);
  assert.ok(typeof first.state.outcome === "object");
});

Deno.test("A text request that was called off is answered, ignored, and not gone on with", () => {
  const target = ScriptedTarget.loggedIn();
  const reason = new Error("called off");
  const { state, exchange } = target.textExchange([["A", "1"]]);
  const { itt } = target.only(Opcode.TextRequest).pdu;
  target.initiator.abortText(exchange, reason, 0);
  assert.deepEqual(state.outcome, { error: reason });
  target.textResponse(itt, { final: false, ttt: 4 }, "A=");
  assert.equal(target.sent().length, 0);
  target.text([["B", "1"]]);
  target.only(Opcode.TextRequest);
});

Deno.test("Aborting a queued text request sends nothing and leaves the turn to the next", () => {
  const target = ScriptedTarget.loggedIn();
  const first = target.textExchange([["A", "1"]]);
  target.initiator.abortText(first.exchange, new Error("called off"), 0);
  target.text([["B", "1"]]);
  assert.equal(new TextDecoder().decode(target.only(Opcode.TextRequest).data), "B=1\0");
});

Deno.test("Pings that are never answered leave no more than the last one behind", () => {
  const state = new SessionState({ initialCmdSn: 1, initialTag: 0, changed: () => {} });
  const tags = Array.from({ length: 50 }, () => state.pingTag(0));
  assert.equal(state.requests.size, 1);
  assert.ok(tags.every((itt) => state.requests.wasUsed(itt)), "a late answer is no surprise");
  assert.equal(state.busy, false);
});

Deno.test("A late answer to a ping, and a Reject of one, harm nobody", () => {
  const keepalive = { intervalMs: 1000, timeoutMs: 200, maxMissed: 3 };
  const target = ScriptedTarget.loggedIn({ keepalive });
  target.advance(1000);
  const first = target.only(Opcode.NopOut);
  target.advance(200);
  const second = target.only(Opcode.NopOut);
  target.reject(second.bhs, 5);
  target.nopIn({ itt: first.pdu.itt });
  assert.ok(!target.initiator.closed);
});

Deno.test("A target that asks on without taking the answers loses the session", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  target.sent();
  for (let ttt = 0; ttt < 1024; ttt++) target.nopIn({ ttt });
  assert.ok(!target.initiator.closed);
  target.nopIn({ ttt: 2000 });
  assert.ok(target.closedWith?.error instanceof ProtocolError);
  assert.ok(failureOf(command) instanceof ProtocolError);
});

Deno.test("At error recovery level 1, too, R2Ts without end are a ProtocolError", () => {
  const target = ScriptedTarget.loggedIn({
    answers: [["ErrorRecoveryLevel", "1"], ["ImmediateData", "No"]],
    login: { offers: { errorRecoveryLevel: 1, initialR2T: true } },
  });
  const command = target.command([0x0a, 0, 0, 1, 0, 0], { dataOut: new Uint8Array(100) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  for (let r2tSn = 0; r2tSn < 2000 && !target.closedWith; r2tSn++) {
    target.readyToTransfer(itt, { ttt: r2tSn, r2tSn, desiredDataTransferLength: 100 });
  }
  assert.ok(target.closedWith?.error instanceof ProtocolError);
  assert.ok(failureOf(command) instanceof ProtocolError);
});

Deno.test("A negotiation in which the target says more and more is a ProtocolError", () => {
  const target = ScriptedTarget.loggedIn();
  target.asyncMessage(AsyncEvent.NegotiationRequested);
  for (let i = 0; i < 1000 && !target.closedWith; i++) {
    const { itt } = target.only(Opcode.TextRequest).pdu;
    target.textResponse(itt, { final: false, ttt: 5 }, `X-${i}=${"v".repeat(8000)}\0`);
  }
  assert.ok(target.closedWith?.error instanceof ProtocolError);
});

Deno.test("A command that is refused because the session has ended knows why it ended", () => {
  const target = ScriptedTarget.loggedIn();
  target.connection.connectionEnded(undefined);
  const error = failureOf(target.command(REWIND));
  assert.ok(error instanceof SessionClosedError);
  assert.equal(error.outcome, "not-executed");
  assert.ok(error.cause instanceof ConnectionLostError);
});

Deno.test("An error of our own is a ConnectionLostError to the commands, with its cause", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  target.sent();
  const bug = new TypeError("x is not a function");
  target.initiator.fail(bug);
  const error = failureOf(command);
  assert.ok(error instanceof ConnectionLostError);
  assert.equal((error.cause as Error).cause, bug);
});

Deno.test("A logout that the target does not answer is given up in time, whatever else is due later", () => {
  const target = ScriptedTarget.loggedIn();
  target.command(REWIND, { timeoutMs: 1_000_000 });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.asyncMessage(1, { parameter3: 600 });
  target.respond(itt);
  target.only(Opcode.LogoutRequest);
  assert.equal(target.initiator.nextDeadline() - target.now <= 5000, true);
  target.advance(5000);
  assert.deepEqual(target.closedWith, { error: undefined });
});

Deno.test("Calling a command off during the logout leaves the target its time for the logout", () => {
  const target = ScriptedTarget.loggedIn({ abortTimeoutMs: 1000 });
  const reason = new Error("called off");
  const command = target.command(REWIND);
  target.sent();
  target.initiator.logout(0);
  target.only(Opcode.LogoutRequest);
  target.initiator.abort(command.task, reason, 0);
  target.advance(4999);
  assert.ok(!target.initiator.closed);
  target.advance(1);
  assert.deepEqual(target.closedWith, { error: undefined });
  assert.equal(failureOf(command), reason);
});

Deno.test("A session in the login closes at once, and a second close does nothing", () => {
  const target = new ScriptedTarget();
  target.connection.start(0);
  target.initiator.logout(0);
  assert.ok(target.closedWith?.error instanceof SessionClosedError);
  target.closedWith = undefined;
  target.initiator.logout(0);
  target.connection.connectionEnded(undefined);
  assert.equal(target.closedWith, undefined);
  assert.equal(target.initiator.nextDeadline(), Infinity);
});

Deno.test("A target that has lost a command before the one that was aborted loses the session", () => {
  const target = ScriptedTarget.loggedIn();
  const expected = target.expCmdSn;
  const reason = new Error("called off");
  const command = target.command(REWIND);
  target.sent();
  target.expCmdSn = expected;
  target.initiator.abort(command.task, reason, 0);
  const { itt } = target.only(Opcode.TaskManagementRequest).pdu;
  target.managed(itt);
  assert.equal(failureOf(command), reason);
  assert.ok(target.closedWith?.error instanceof ConnectionLostError);
});

Deno.test("A target that waits for what closes the gap of a rejected command has lost nothing", () => {
  const target = ScriptedTarget.loggedIn();
  const expected = target.expCmdSn;
  const rejected = target.command(REWIND);
  const called = target.command(REWIND);
  const [{ bhs }] = target.sent();
  target.expCmdSn = expected;
  target.initiator.abort(called.task, new Error("called off"), 0);
  const { itt } = target.only(Opcode.TaskManagementRequest).pdu;
  target.reject(bhs, RejectReason.CommandNotSupported);
  target.managed(itt);
  assert.ok(failureOf(rejected) instanceof RejectError);
  assert.equal(target.closedWith, undefined);
  const { pdu } = target.only(Opcode.NopOut);
  assert.deepEqual([pdu.immediate, pdu.cmdSn], [false, expected]);
});

/** A command that the target rejected since its data was damaged on the way, called off `before` or after that. */
function damagedAndCalledOff(before: boolean) {
  const target = ScriptedTarget.loggedIn({
    answers: [["ErrorRecoveryLevel", "1"]],
    login: { offers: { errorRecoveryLevel: 1 } },
  });
  const expected = target.expCmdSn;
  const reason = new Error("called off");
  const command = target.command(WRITE, { dataOut: new Uint8Array(10) });
  const { bhs } = target.only(Opcode.ScsiCommand);
  const callOff = () => target.initiator.abort(command.task, reason, 0);
  target.expCmdSn = expected;
  if (before) callOff();
  const early = target.sent();
  target.reject(bhs, RejectReason.DataDigestError);
  if (!before) callOff();
  const [abort, plug, ...rest] = [...early, ...target.lost()].map(({ pdu }) => pdu);
  assert.equal(abort.opcode, Opcode.TaskManagementRequest);
  assert.ok(plug.opcode === Opcode.NopOut && !plug.immediate, "the command goes out again");
  assert.deepEqual([plug.cmdSn, rest], [expected, []]);
  target.managed(abort.itt, TaskManagementResponseCode.TaskDoesNotExist);
  assert.equal(target.closedWith, undefined);
  assert.equal(failureOf(command), reason);
}

Deno.test("A command that arrived damaged while it was called off is not sent again, and the session goes on", () => {
  damagedAndCalledOff(true);
});

Deno.test("A command that is called off before it goes out again does not, and the session goes on", () => {
  damagedAndCalledOff(false);
});

Deno.test("The gap of the last command of a connection that is logged out is closed on another", () => {
  const target = ScriptedTarget.loggedIn({
    connections: 2,
    answers: [["MaxConnections", "2"]],
    login: { offers: { maxConnections: 2 } },
  });
  const peer = target.join(1, 500);
  const rejected = target.command(REWIND);
  const { pdu: sent, bhs } = target.only(Opcode.ScsiCommand);
  const owner = { completed: () => {}, failed: assert.fail };
  target.initiator.closeConnection(0, 60_000, owner, target.now);
  target.expCmdSn = sent.cmdSn;
  target.reject(bhs, RejectReason.CommandNotSupported);
  assert.ok(failureOf(rejected) instanceof RejectError);
  target.only(Opcode.LogoutRequest);
  const { pdu } = peer.only(Opcode.NopOut);
  assert.deepEqual([pdu.immediate, pdu.cmdSn], [false, sent.cmdSn]);
});
