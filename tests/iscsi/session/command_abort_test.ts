import assert from "node:assert/strict";
import { CommandTimeoutError, ConnectionLostError } from "../../../iscsi/errors.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { pattern } from "../../sim/target/scripted_initiator.ts";
import { failureOf as failure, resultOf as result, ScriptedTarget } from "./scripted_target.ts";

const READ = [0x08, 0, 0, 0x10, 0, 0];
const REWIND = [0x01, 0, 0, 0, 0, 0];

Deno.test("A command that waits in the queue past its deadline fails without a word on the wire", () => {
  const target = ScriptedTarget.loggedIn({ window: 1 });
  target.command(REWIND, { timeoutMs: 500_000 });
  target.sent();
  target.maxCmdSn = 1;
  const waiting = target.command(REWIND, { timeoutMs: 1000 });
  target.advance(1000);
  const error = failure(waiting);
  assert.ok(error instanceof CommandTimeoutError);
  assert.equal(error.outcome, "not-executed");
  assert.equal(
    error.message,
    "TEST COMMAND: it could not be sent within 1 s, since the target takes no more commands at present",
  );
  assert.equal(target.sent().length, 0);
});

Deno.test("19.2, 19.3: a timeout sends ABORT TASK with the LUN, tag and CmdSN of the command, and waits for the answer", () => {
  const target = ScriptedTarget.loggedIn();
  target.command(REWIND);
  const command = target.command(READ, { lun: 3n << 48n, timeoutMs: 1000 });
  const [, sent] = target.sent();
  target.advance(1000);
  assert.equal(command.outcome, undefined);
  const { pdu } = target.only(Opcode.TaskManagementRequest);
  assert.deepEqual(
    [pdu.function, pdu.lun, pdu.referencedTaskTag, pdu.refCmdSn, pdu.immediate, pdu.cmdSn],
    [1, 3n << 48n, sent.pdu.itt, 2, true, 3],
  );
  target.feed({
    opcode: Opcode.TaskManagementResponse,
    response: 0,
    itt: pdu.itt,
    statSn: target.statSn++,
    ...target.numbers(),
  });
  const error = failure(command);
  assert.ok(error instanceof CommandTimeoutError);
  assert.equal(error.timeoutMs, 1000);
  assert.equal(error.outcome, "unknown");
  assert.equal(target.closedWith, undefined);
});

Deno.test("An answer that overtakes the abort is the command's result", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.initiator.abort(command.task, new Error("called off"), 0);
  const abort = target.only(Opcode.TaskManagementRequest).pdu;
  target.respond(itt);
  assert.equal(result(command).status, 0);
  target.feed({
    opcode: Opcode.TaskManagementResponse,
    response: 1,
    itt: abort.itt,
    statSn: target.statSn++,
    ...target.numbers(),
  });
  assert.equal(target.closedWith, undefined);
});

Deno.test("An unanswered ABORT TASK ends the connection", () => {
  const target = ScriptedTarget.loggedIn();
  const reason = new Error("called off");
  const command = target.command(REWIND);
  target.sent();
  target.initiator.abort(command.task, reason, 0);
  target.sent();
  target.advance(5000);
  assert.ok(target.closedWith?.error instanceof ConnectionLostError);
  assert.equal(failure(command), reason);
});

Deno.test("An ABORT TASK that the target refuses ends the connection", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  target.sent();
  target.initiator.abort(command.task, new Error("called off"), 0);
  const { itt } = target.only(Opcode.TaskManagementRequest).pdu;
  target.feed({
    opcode: Opcode.TaskManagementResponse,
    response: 5,
    itt,
    statSn: target.statSn++,
    ...target.numbers(),
  });
  assert.ok(target.closedWith?.error instanceof ConnectionLostError);
  assert.ok(command.outcome);
});

Deno.test("Aborting a queued command takes no CmdSN and sends nothing", () => {
  const target = ScriptedTarget.loggedIn();
  const reason = new Error("called off");
  const command = target.command(REWIND);
  target.initiator.abort(command.task, reason, 0);
  assert.equal(failure(command), reason);
  target.command(REWIND);
  assert.equal(target.only(Opcode.ScsiCommand).pdu.cmdSn, 1);
});

Deno.test("Data that comes late for an aborted command is absorbed", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(READ, { dataIn: new Uint8Array(100) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.initiator.abort(command.task, new Error("called off"), 0);
  const abort = target.only(Opcode.TaskManagementRequest).pdu;
  target.feed({
    opcode: Opcode.TaskManagementResponse,
    response: 0,
    itt: abort.itt,
    statSn: target.statSn++,
    ...target.numbers(),
  });
  target.dataIn(itt, pattern(50), { hasStatus: true });
  assert.equal(target.closedWith, undefined);
  const next = target.command(REWIND);
  const { pdu } = target.only(Opcode.ScsiCommand);
  assert.equal(pdu.expStatSn, target.statSn);
  target.respond(pdu.itt);
  result(next);
});
