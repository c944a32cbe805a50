import assert from "node:assert/strict";
import {
  ConnectionLostError,
  RejectError,
  SessionClosedError,
  TaskAbortedError,
  TaskManagementError,
} from "../../../iscsi/errors.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { TaskManagementFunction } from "../../../iscsi/pdu/task_management.ts";
import { failureOf, ScriptedTarget } from "./scripted_target.ts";

const WRITE = [0x0a, 0, 0, 0x10, 0, 0];
const REWIND = [0x01, 0, 0, 0, 0, 0];
const LUN = 3n << 48n;

const { AbortTaskSet, ClearTaskSet, LogicalUnitReset, TargetWarmReset, TargetColdReset } =
  TaskManagementFunction;

for (const code of [AbortTaskSet, ClearTaskSet, LogicalUnitReset]) {
  Deno.test(`19.4: function ${code} carries the LUN, no task and no RefCmdSN`, () => {
    const target = ScriptedTarget.loggedIn();
    target.command(REWIND, { lun: LUN });
    target.sent();
    target.manage(code, LUN);
    const { pdu } = target.only(Opcode.TaskManagementRequest);
    assert.deepEqual(
      [pdu.function, pdu.lun, pdu.referencedTaskTag, pdu.refCmdSn, pdu.cmdSn, pdu.immediate],
      [code, LUN, RESERVED_TAG, 0, 2, true],
    );
  });
}

for (const code of [TargetWarmReset, TargetColdReset]) {
  Deno.test(`Function ${code} is for the target: it has no LUN, and ends the commands of all units`, () => {
    const target = ScriptedTarget.loggedIn();
    const commands = [0n, LUN].map((lun) => target.command(REWIND, { lun }));
    target.sent();
    const reset = target.manage(code, undefined);
    const { pdu } = target.only(Opcode.TaskManagementRequest);
    assert.equal(pdu.lun, 0n);
    target.managed(pdu.itt);
    assert.equal(reset.outcome, "complete");
    for (const command of commands) assert.ok(failureOf(command) instanceof TaskAbortedError);
  });
}

Deno.test("19.4: a function that succeeds ends the commands of its unit, those that wait for the window too", () => {
  const target = ScriptedTarget.loggedIn({ window: 2 });
  const sent = target.command(REWIND, { lun: LUN });
  const other = target.command(REWIND);
  const unsent = target.command(REWIND, { lun: LUN });
  assert.equal(target.sent().length, 2);
  target.maxCmdSn = 2;
  const aborted = target.manage(AbortTaskSet, LUN, { name: "ABORT TASK SET" });
  target.managed(target.only(Opcode.TaskManagementRequest).pdu.itt);
  assert.equal(aborted.outcome, "complete");
  for (const [command, outcome] of [[sent, "unknown"], [unsent, "not-executed"]] as const) {
    const error = failureOf(command);
    assert.ok(error instanceof TaskAbortedError);
    assert.equal(error.outcome, outcome);
    assert.equal(error.message, "TEST COMMAND: ABORT TASK SET ended it");
  }
  assert.equal(other.outcome, undefined);
});

Deno.test("19.4.1: R2Ts and pings are answered while the target ends a task set", () => {
  const target = ScriptedTarget.loggedIn({ answers: [["ImmediateData", "No"]] });
  target.command(WRITE, { dataOut: new Uint8Array(100) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.manage(AbortTaskSet, 0n);
  target.only(Opcode.TaskManagementRequest);
  target.readyToTransfer(itt, { ttt: 5, desiredDataTransferLength: 100 });
  assert.equal(target.only(Opcode.DataOut).pdu.ttt, 5);
  target.nopIn({ ttt: 6 });
  assert.equal(target.only(Opcode.NopOut).pdu.ttt, 6);
});

Deno.test("19.4.2: a response that comes before the target has ended a task set counts", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.manage(AbortTaskSet, 0n);
  const function_ = target.only(Opcode.TaskManagementRequest).pdu;
  target.respond(itt);
  assert.ok(command.outcome && "result" in command.outcome);
  target.managed(function_.itt);
  assert.equal(target.closedWith, undefined);
});

Deno.test("19.4.3: commands that are issued meanwhile wait for the answer, and are not ended by it", () => {
  const target = ScriptedTarget.loggedIn();
  target.command(REWIND);
  target.sent();
  target.manage(AbortTaskSet, 0n);
  const { itt } = target.only(Opcode.TaskManagementRequest).pdu;
  const later = target.command(REWIND);
  assert.equal(target.sent().length, 0);
  target.managed(itt);
  assert.equal(target.only(Opcode.ScsiCommand).pdu.cmdSn, 2);
  assert.equal(later.outcome, undefined);
});

Deno.test("A function that the target refuses is a TaskManagementError, and the commands go on", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  const reset = target.manage(LogicalUnitReset, 0n, { name: "LOGICAL UNIT RESET" });
  target.managed(target.only(Opcode.TaskManagementRequest).pdu.itt, 5);
  const error = failureOf(reset);
  assert.ok(error instanceof TaskManagementError);
  assert.deepEqual([error.functionName, error.response], ["LOGICAL UNIT RESET", 5]);
  assert.equal(command.outcome, undefined);
  target.command(REWIND);
  target.only(Opcode.ScsiCommand);
  target.respond(itt);
  assert.ok(command.outcome);
});

Deno.test("A function that is rejected is a RejectError, and the session goes on", () => {
  const target = ScriptedTarget.loggedIn();
  const reset = target.manage(LogicalUnitReset, 0n);
  target.reject(target.only(Opcode.TaskManagementRequest).bhs, 6);
  assert.ok(failureOf(reset) instanceof RejectError);
  target.command(REWIND);
  target.only(Opcode.ScsiCommand);
});

Deno.test("A session that drains logs out as soon as its last function is rejected", () => {
  const target = ScriptedTarget.loggedIn();
  const reset = target.manage(LogicalUnitReset, 0n, { timeoutMs: 60_000 });
  const { bhs } = target.only(Opcode.TaskManagementRequest);
  target.initiator.drain(60_000, target.now);
  target.reject(bhs, 5);
  assert.ok(failureOf(reset) instanceof RejectError);
  target.only(Opcode.LogoutRequest);
});

Deno.test("A function that gets no answer ends the session", () => {
  const target = ScriptedTarget.loggedIn();
  const reset = target.manage(LogicalUnitReset, 0n, { timeoutMs: 1000 });
  target.sent();
  target.advance(999);
  assert.equal(reset.outcome, "pending");
  target.advance(1);
  const error = failureOf(reset);
  assert.ok(error instanceof ConnectionLostError);
  assert.equal(error.message, "TEST FUNCTION: the target did not answer");
  assert.ok(target.initiator.closed);
});

Deno.test("A function on a closed session fails at once, and one under way fails with the session", () => {
  const target = ScriptedTarget.loggedIn();
  const underWay = target.manage(TargetColdReset, undefined);
  target.sent();
  target.connection.connectionEnded(undefined);
  assert.ok(failureOf(underWay) instanceof ConnectionLostError);
  assert.ok(failureOf(target.manage(AbortTaskSet, 0n)) instanceof SessionClosedError);
});

Deno.test("A command that was being aborted hears its own reason when a task set ends", () => {
  const target = ScriptedTarget.loggedIn();
  const reason = new Error("called off");
  const command = target.command(REWIND);
  target.sent();
  target.initiator.abort(command.task, reason, 0);
  const abort = target.only(Opcode.TaskManagementRequest).pdu;
  target.manage(AbortTaskSet, 0n);
  target.managed(target.only(Opcode.TaskManagementRequest).pdu.itt);
  assert.equal(failureOf(command), reason);
  target.managed(abort.itt, 1);
  assert.equal(target.closedWith, undefined);
});
