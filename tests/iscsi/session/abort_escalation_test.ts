import assert from "node:assert/strict";
import { ConnectionLostError } from "../../../iscsi/errors.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { TaskManagementFunction } from "../../../iscsi/pdu/task_management.ts";
import { failureOf, resultOf, ScriptedTarget } from "./scripted_target.ts";

// What follows an ABORT TASK that did not help (RFC 7143 §11.5.1).

const REWIND = [0x01, 0, 0, 0, 0, 0];

Deno.test("Where that was asked for, LOGICAL UNIT RESET follows an ABORT TASK without an answer", () => {
  const target = ScriptedTarget.loggedIn({ resetsUnits: true, abortTimeoutMs: 1000 });
  const reason = new Error("called off");
  const command = target.command(REWIND, { lun: 2n << 48n });
  target.sent();
  target.initiator.abort(command.task, reason, target.now);
  const abort = target.only(Opcode.TaskManagementRequest).pdu;
  target.advance(1000);
  const { pdu } = target.only(Opcode.TaskManagementRequest);
  assert.deepEqual(
    [pdu.function, pdu.lun, pdu.referencedTaskTag],
    [TaskManagementFunction.LogicalUnitReset, 2n << 48n, RESERVED_TAG],
  );
  target.managed(pdu.itt);
  assert.equal(failureOf(command), reason);
  target.managed(abort.itt);
  assert.equal(target.closedWith, undefined, "a late answer harms nobody");
});

Deno.test("One reset of a unit does for all of its commands that could not be aborted", () => {
  const target = ScriptedTarget.loggedIn({ resetsUnits: true, abortTimeoutMs: 1000 });
  const reason = new Error("called off");
  const luns = [0n, 0n, 2n << 48n];
  const commands = luns.map((lun) => target.command(REWIND, { lun }));
  target.sent();
  for (const { task } of commands) target.initiator.abort(task, reason, target.now);
  target.sent();
  target.advance(1000);
  const resets = target.sent().map(({ pdu }) => pdu);
  assert.deepEqual(resets.map((pdu) => "lun" in pdu && pdu.lun), [0n, 2n << 48n]);
  for (const { itt } of resets) target.managed(itt);
  assert.deepEqual(commands.map(failureOf), [reason, reason, reason]);
  const later = target.command(REWIND);
  target.sent();
  target.initiator.abort(later.task, reason, target.now);
  target.sent();
  target.advance(1000);
  target.managed(target.only(Opcode.TaskManagementRequest).pdu.itt);
  assert.equal(failureOf(later), reason);
});

Deno.test("A rejected ABORT TASK is one that did not help: LOGICAL UNIT RESET follows where that was asked for", () => {
  for (const resetsUnits of [true, false]) {
    const target = ScriptedTarget.loggedIn({ resetsUnits });
    const reason = new Error("called off");
    const command = target.command(REWIND);
    target.sent();
    target.initiator.abort(command.task, reason, target.now);
    target.reject(target.only(Opcode.TaskManagementRequest).bhs, 5);
    if (resetsUnits) {
      const { pdu } = target.only(Opcode.TaskManagementRequest);
      assert.equal(pdu.function, TaskManagementFunction.LogicalUnitReset);
      target.managed(pdu.itt);
      assert.equal(failureOf(command), reason);
    } else {
      assert.ok(target.closedWith?.error instanceof ConnectionLostError);
    }
  }
});

Deno.test("A rejected ABORT TASK of a command that has ended harms nobody", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.initiator.abort(command.task, new Error("called off"), target.now);
  const { bhs } = target.only(Opcode.TaskManagementRequest);
  target.respond(itt);
  target.reject(bhs, 5);
  assert.equal(resultOf(command).status, 0);
  assert.equal(target.closedWith, undefined);
});

for (const resetsUnits of [true, false]) {
  const escalation = resetsUnits ? "with resets" : "without resets";
  Deno.test(`An unanswered ABORT TASK of a command that has ended harms nobody, ${escalation}`, () => {
    const target = ScriptedTarget.loggedIn({ resetsUnits, abortTimeoutMs: 1000 });
    const command = target.command(REWIND);
    const { itt } = target.only(Opcode.ScsiCommand).pdu;
    target.initiator.abort(command.task, new Error("called off"), target.now);
    const abort = target.only(Opcode.TaskManagementRequest).pdu;
    target.respond(itt);
    assert.equal(resultOf(command).status, 0);
    target.initiator.drain(60_000, target.now);
    target.advance(999);
    assert.deepEqual(target.sent(), []);
    target.advance(1);
    target.only(Opcode.LogoutRequest);
    target.managed(abort.itt, 1);
    assert.equal(target.closedWith, undefined, "a late answer harms nobody");
  });
}

Deno.test("A unit is not reset once more for a command that its reset has ended", () => {
  const target = ScriptedTarget.loggedIn({ resetsUnits: true, abortTimeoutMs: 1000 });
  const reason = new Error("called off");
  const commands = [target.command(REWIND), target.command(REWIND)];
  target.sent();
  for (const { task } of commands) {
    target.initiator.abort(task, reason, target.now);
    target.only(Opcode.TaskManagementRequest);
    target.advance(500);
  }
  target.managed(target.only(Opcode.TaskManagementRequest).pdu.itt);
  assert.deepEqual(commands.map(failureOf), [reason, reason]);
  const later = target.command(REWIND);
  target.only(Opcode.ScsiCommand);
  target.advance(1000);
  assert.deepEqual(target.sent(), []);
  assert.equal(later.outcome, undefined);
});

Deno.test("A reset without an answer ends the session", () => {
  const target = ScriptedTarget.loggedIn({ resetsUnits: true, abortTimeoutMs: 1000 });
  const command = target.command(REWIND);
  target.sent();
  target.initiator.abort(command.task, new Error("called off"), target.now);
  target.advance(2000);
  assert.ok(target.closedWith?.error instanceof ConnectionLostError);
});
