import assert from "node:assert/strict";
import {
  CommandTimeoutError,
  ConnectionLostError,
  SessionClosedError,
} from "../../../iscsi/errors.ts";
import { AsyncEvent } from "../../../iscsi/pdu/async_message.ts";
import { TaskManagementFunction } from "../../../iscsi/pdu/task_management.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { ScriptedTarget } from "./scripted_target.ts";

const READ = [0x08, 0, 0, 0x10, 0, 0];
const SMALL = 512;
const LARGE = 2048;

function loggedIn(connections = 1, level = 0): ScriptedTarget {
  const offers = {
    errorRecoveryLevel: level,
    maxConnections: connections,
    maxReceiveDataSegmentLength: SMALL,
  };
  return ScriptedTarget.loggedIn({
    connections,
    answers: [["ErrorRecoveryLevel", String(level)], ["MaxConnections", String(connections)]],
    login: { offers },
  });
}

/** A declaration, and what became of it. */
function declaring(target: ScriptedTarget, length: number, timeoutMs = 30_000) {
  const declared: { outcome: "pending" | "done" | { error: unknown } } = { outcome: "pending" };
  target.initiator.renegotiate(length, timeoutMs, {
    completed: () => declared.outcome = "done",
    failed: (error) => declared.outcome = { error },
  }, target.now);
  return declared;
}

function failureOf({ outcome }: ReturnType<typeof declaring>): unknown {
  assert.ok(typeof outcome === "object", `it is ${JSON.stringify(outcome)}`);
  return outcome.error;
}

/** Data of this length in one PDU. */
function accepts(target: ScriptedTarget, length: number): void {
  const command = target.command(READ, { dataIn: new Uint8Array(length) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataIn(itt, new Uint8Array(length), { hasStatus: true });
  assert.ok(command.outcome && "result" in command.outcome, String(target.closedWith?.error));
}

Deno.test("A declaration waits for no turn of its connection: no other can take it", () => {
  const target = loggedIn(2);
  const peer = target.join(1, 500);
  target.command(READ, { dataIn: new Uint8Array(4096), timeoutMs: 3_600_000 });
  target.only(Opcode.ScsiCommand);
  const declared = declaring(target, LARGE);
  for (const each of [target, peer]) {
    assert.equal(declared.outcome, "pending");
    const { pdu } = each.only(Opcode.TextRequest);
    each.textResponse(pdu.itt, { final: true }, "");
  }
  assert.equal(declared.outcome, "done");
});

Deno.test("The target may send longer segments from the declaration on, before it answers that", () => {
  const target = loggedIn();
  const command = target.command(READ, { dataIn: new Uint8Array(LARGE) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  const declared = declaring(target, LARGE);
  const { pdu } = target.only(Opcode.TextRequest);
  target.dataIn(itt, new Uint8Array(LARGE), { hasStatus: true });
  assert.ok(command.outcome && "result" in command.outcome);
  target.textResponse(pdu.itt, { final: true }, "");
  assert.equal(declared.outcome, "done");
});

Deno.test("A declaration that is refused leaves the limit where it was", () => {
  const target = loggedIn();
  const declared = declaring(target, LARGE);
  const { pdu } = target.only(Opcode.TextRequest);
  target.textResponse(
    pdu.itt,
    { final: true },
    "MaxRecvDataSegmentLength=Reject\0",
  );
  assert.ok(failureOf(declared) instanceof Error);
  const command = target.command(READ, { dataIn: new Uint8Array(LARGE) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataIn(itt, new Uint8Array(LARGE), { hasStatus: true });
  assert.ok(command.outcome && "error" in command.outcome);
});

Deno.test("A declaration that is never sent takes nothing back of one that waits for its answer", () => {
  const target = loggedIn();
  const declared = declaring(target, LARGE);
  const unsent = declaring(target, SMALL, 100);
  const { pdu } = target.only(Opcode.TextRequest);
  target.advance(100);
  assert.ok(failureOf(unsent) instanceof CommandTimeoutError);
  accepts(target, LARGE);
  target.textResponse(pdu.itt, { final: true }, "");
  assert.equal(declared.outcome, "done");
});

Deno.test("A negotiation that the target has asked for takes nothing back of one that ends before it", () => {
  const target = loggedIn();
  const declared = declaring(target, LARGE);
  const first = target.only(Opcode.TextRequest).pdu;
  target.asyncMessage(AsyncEvent.NegotiationRequested);
  target.textResponse(first.itt, { final: true }, "");
  assert.equal(declared.outcome, "done");
  const second = target.only(Opcode.TextRequest).pdu;
  target.textResponse(second.itt, { final: true }, "");
  accepts(target, LARGE);
});

Deno.test("A declaration that waits when its connection is lost fails with it", () => {
  const target = loggedIn(1, 2);
  const declared = declaring(target, LARGE);
  target.breakOff();
  const error = failureOf(declared);
  assert.ok(error instanceof ConnectionLostError);
  assert.equal(error.outcome, "not-executed");
  target.advance(2000);
  const peer = target.join(0, 500);
  assert.deepEqual(peer.sent(), [], "it does not go out on another");
});

Deno.test("A declaration that was on its way when its connection was lost fails, and its number is used up", () => {
  const target = loggedIn(1, 2);
  const declared = declaring(target, LARGE);
  const [{ pdu: sent }] = target.lost();
  assert.ok(sent.opcode === Opcode.TextRequest);
  target.breakOff();
  const error = failureOf(declared);
  assert.ok(error instanceof ConnectionLostError);
  assert.equal(error.outcome, "unknown");
  target.advance(2000);
  const peer = target.join(0, 500);
  const { pdu } = peer.only(Opcode.NopOut);
  assert.deepEqual([pdu.immediate, pdu.cmdSn], [false, sent.cmdSn]);
  accepts(peer, SMALL);
});

Deno.test("A declaration that waits for a connection that is logged out fails with it", () => {
  const target = loggedIn(2);
  const peer = target.join(1, 500);
  const declared = declaring(target, LARGE);
  let isClosed = false;
  target.initiator.closeConnection(1, 1000, {
    completed: () => isClosed = true,
    failed: assert.fail,
  }, 0);
  const { pdu } = peer.only(Opcode.LogoutRequest);
  peer.loggedOut(pdu.itt);
  assert.ok(isClosed);
  const error = failureOf(declared);
  assert.ok(error instanceof ConnectionLostError);
  assert.equal(error.outcome, "not-executed");
});

Deno.test("Without a connection that works nothing is declared", () => {
  const target = loggedIn(1, 2);
  target.breakOff();
  const whileLost = failureOf(declaring(target, LARGE));
  assert.ok(whileLost instanceof ConnectionLostError);
  assert.equal(whileLost.outcome, "not-executed");
  target.initiator.logout(0);
  assert.ok(failureOf(declaring(target, LARGE)) instanceof SessionClosedError);
});

Deno.test("A text that has begun goes on on a connection that is to be logged out, and nothing else does", () => {
  const target = loggedIn(2);
  target.join(1, 500);
  const text = target.text([["SendTargets", "All"]]);
  const { itt } = target.only(Opcode.TextRequest).pdu;
  const owner = { completed: () => {}, failed: assert.fail };
  target.initiator.closeConnection(0, 60_000, owner, target.now);
  target.command(READ, { dataIn: new Uint8Array(4096) });
  target.textResponse(itt, { final: false, continue: true, ttt: 9 }, "TargetName=");
  const { pdu } = target.only(Opcode.TextRequest);
  assert.deepEqual([pdu.itt, pdu.ttt], [itt, 9]);
  target.textResponse(itt, { final: true }, "iqn.a\0");
  assert.equal(text.outcome, "TargetName=iqn.a\0");
  target.only(Opcode.LogoutRequest);
});

Deno.test("A text that waits for the window when its connection is logged out fails alone", () => {
  const target = loggedIn(2);
  target.join(1, 500);
  const text = target.text([["SendTargets", "All"]]);
  const { itt } = target.only(Opcode.TextRequest).pdu;
  const owner = { completed: () => {}, failed: assert.fail };
  target.initiator.closeConnection(0, 1000, owner, target.now);
  target.manage(TaskManagementFunction.AbortTaskSet, 0n, { timeoutMs: 600_000 });
  target.textResponse(itt, { final: false, ttt: 9 }, "");
  target.advance(1000);
  target.loggedOut(target.sent().at(-1)!.pdu.itt);
  assert.ok(typeof text.outcome === "object");
  assert.ok(text.outcome.error instanceof ConnectionLostError);
  target.advance(60_000);
  assert.equal(target.closedWith, undefined);
});
