import assert from "node:assert/strict";
import { RejectError } from "../../../iscsi/errors.ts";
import { AsyncEvent } from "../../../iscsi/pdu/async_message.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import { TaskManagementFunction } from "../../../iscsi/pdu/task_management.ts";
import { failureOf, ScriptedTarget } from "./scripted_target.ts";

const REWIND = [0x01, 0, 0, 0, 0, 0];

/** A target that keeps what it was sent for repetitions. */
function recovering(): ScriptedTarget {
  return ScriptedTarget.loggedIn({
    answers: [["ErrorRecoveryLevel", "1"]],
    login: { offers: { errorRecoveryLevel: 1 } },
  });
}

Deno.test("A command that the target refuses, and that was not damaged, is not sent again", () => {
  const target = recovering();
  const command = target.command(REWIND);
  const { bhs, pdu } = target.only(Opcode.ScsiCommand);
  target.countCommands(-1);
  target.reject(bhs, RejectReason.CommandNotSupported);
  assert.ok(failureOf(command) instanceof RejectError);
  assert.deepEqual(target.notices, ["The target rejected a PDU"]);
  assert.equal(target.only(Opcode.NopOut).pdu.cmdSn, pdu.cmdSn);
});

Deno.test("A text request that was damaged on the way is sent again with its tag and CmdSN", () => {
  const target = recovering();
  const text = target.text([["A", "1"]]);
  const first = target.only(Opcode.TextRequest);
  target.countCommands(-1);
  target.reject(first.bhs, RejectReason.DataDigestError);
  const again = target.only(Opcode.TextRequest);
  assert.deepEqual(
    [again.pdu.itt, again.pdu.cmdSn, again.data],
    [first.pdu.itt, first.pdu.cmdSn, first.data],
  );
  target.textResponse(again.pdu.itt, { final: true }, "A=2\0");
  assert.equal(text.outcome, "A=2\0");
});

Deno.test("An immediate text request that was damaged on the way is sent again, whatever the target has taken in", () => {
  const target = recovering();
  target.asyncMessage(AsyncEvent.NegotiationRequested);
  const first = target.only(Opcode.TextRequest);
  target.reject(first.bhs, RejectReason.DataDigestError);
  const again = target.only(Opcode.TextRequest);
  assert.deepEqual([again.pdu.immediate, again.pdu.itt], [true, first.pdu.itt]);
});

Deno.test("A function that the target rejects as damaged fails at once", () => {
  const target = recovering();
  const reset = target.manage(TaskManagementFunction.LogicalUnitReset, 0n);
  target.reject(target.only(Opcode.TaskManagementRequest).bhs, RejectReason.DataDigestError);
  assert.ok(failureOf(reset) instanceof RejectError);
});

Deno.test("A session that drains logs out as soon as its last text request is rejected", () => {
  const target = ScriptedTarget.loggedIn();
  const text = target.text([["A", "1"]]);
  const { bhs } = target.only(Opcode.TextRequest);
  target.initiator.drain(60_000, target.now);
  target.reject(bhs, RejectReason.CommandNotSupported);
  assert.ok(typeof text.outcome === "object" && text.outcome.error instanceof RejectError);
  target.only(Opcode.LogoutRequest);
});

Deno.test("A target whose negotiation failed may ask for another", () => {
  const target = ScriptedTarget.loggedIn();
  target.asyncMessage(AsyncEvent.NegotiationRequested);
  target.reject(target.only(Opcode.TextRequest).bhs, RejectReason.NegotiationReset);
  assert.ok(target.notices.includes("Negotiation failed"));
  target.asyncMessage(AsyncEvent.NegotiationRequested);
  target.only(Opcode.TextRequest);
});
