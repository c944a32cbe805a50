import assert from "node:assert/strict";
import { ConnectionLostError, SessionClosedError } from "../../../../iscsi/errors.ts";
import { AsyncEvent } from "../../../../iscsi/pdu/async_message.ts";
import { LogoutReason } from "../../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import { TaskManagementFunction } from "../../../../iscsi/pdu/task_management.ts";
import { resultOf, ScriptedTarget } from "../scripted_target.ts";
import { REWIND, TIME2RETAIN_MS, TIME2WAIT_MS } from "./recovery_script.ts";

// Error recovery level 2: what a connection carried that was closed goes on over another (RFC 7143 §11.14, §11.15).

const PATIENCE_MS = 1000;
const LOGOUT_TIMEOUT_MS = 5000;

/** A session of two connections, one of which is asked to close under a command that goes on. */
function closing() {
  const target = ScriptedTarget.loggedIn({
    connections: 2,
    answers: [["ErrorRecoveryLevel", "2"], ["MaxConnections", "2"]],
    login: { offers: { errorRecoveryLevel: 2, maxConnections: 2 } },
  });
  const other = target.join(1, 500);
  target.dialed.length = 0;
  const command = target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  const close: { ended?: "closed" | { error: unknown } } = {};
  target.initiator.closeConnection(0, PATIENCE_MS, {
    completed: () => close.ended = "closed",
    failed: (error) => close.ended = { error },
  }, target.now);
  return { target, other, command, itt, close };
}

/** The target asks for nothing more than the task to be reassigned, and nobody dials again. */
function goesOn({ target, other, command, itt }: ReturnType<typeof closing>) {
  const { pdu } = other.only(Opcode.TaskManagementRequest);
  assert.deepEqual([pdu.function, pdu.referencedTaskTag], [
    TaskManagementFunction.TaskReassign,
    itt,
  ]);
  other.managed(pdu.itt);
  other.respond(itt);
  assert.equal(resultOf(command).status, 0);
  target.advance(60_000);
  assert.deepEqual([target.dialed, target.initiator.cids], [[], [1]]);
  assert.equal(target.closedWith, undefined);
}

Deno.test("What a connection carried that was logged out for recovery goes on over another once the response's Time2Wait has passed", () => {
  for (const time2Wait of [0, 1, 7]) {
    const session = closing();
    const { target, other, close } = session;
    target.advance(PATIENCE_MS);
    const { pdu } = target.only(Opcode.LogoutRequest);
    assert.deepEqual([pdu.reason, pdu.cid], [LogoutReason.RemoveConnectionForRecovery, 0]);
    target.loggedOut(pdu.itt, 0, time2Wait);
    assert.equal(close.ended, "closed");
    target.connection.readEnded();
    if (time2Wait > 0) {
      target.advance(time2Wait * 1000 - 1);
      assert.deepEqual(other.sent(), [], "not before the time that the target gave");
      target.advance(1);
    }
    goesOn(session);
  }
});

Deno.test("What the target has let go of is asked for also when its time is over before the old socket lets go", () => {
  const session = closing();
  const { target, other } = session;
  target.advance(PATIENCE_MS);
  target.loggedOut(target.only(Opcode.LogoutRequest).pdu.itt);
  target.advance(TIME2WAIT_MS + TIME2RETAIN_MS);
  target.initiator.tick(target.now);
  assert.deepEqual(other.sent(), []);
  target.connection.readEnded();
  goesOn(session);
});

Deno.test("A connection whose logout gets no answer is removed by a logout on another", () => {
  const session = closing();
  const { target, other, close } = session;
  target.advance(PATIENCE_MS);
  target.only(Opcode.LogoutRequest);
  target.advance(LOGOUT_TIMEOUT_MS);
  assert.equal(close.ended, "closed");
  target.connection.readEnded();
  target.advance(TIME2WAIT_MS);
  const { pdu } = other.only(Opcode.LogoutRequest);
  assert.deepEqual([pdu.reason, pdu.cid], [LogoutReason.RemoveConnectionForRecovery, 0]);
  other.loggedOut(pdu.itt);
  goesOn(session);
});

Deno.test("A connection that is lost while it is being closed is not set up again where another works", () => {
  const session = closing();
  const { target, other, close } = session;
  target.breakOff();
  assert.ok(typeof close.ended === "object" && close.ended.error instanceof ConnectionLostError);
  target.advance(TIME2WAIT_MS);
  const { pdu } = other.only(Opcode.LogoutRequest);
  assert.deepEqual([pdu.reason, pdu.cid], [LogoutReason.RemoveConnectionForRecovery, 0]);
  other.loggedOut(pdu.itt);
  goesOn(session);
});

Deno.test("A connection that is lost while it is being closed, and that no logout removes, is logged in again for what it carries", () => {
  const { target, other, command, itt } = closing();
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  other.loggedOut(other.only(Opcode.LogoutRequest).pdu.itt, 3);
  assert.deepEqual(target.dialed, [0]);
  const peer = target.join(0, 900);
  peer.managed(peer.only(Opcode.TaskManagementRequest).pdu.itt);
  peer.respond(itt);
  assert.equal(resultOf(command).status, 0);
});

Deno.test("A connection that the target does not log out for recovery is logged in again for what it carries", () => {
  for (const response of [2, 3]) {
    const { target, command, itt } = closing();
    target.advance(PATIENCE_MS);
    target.loggedOut(target.only(Opcode.LogoutRequest).pdu.itt, response);
    target.connection.readEnded();
    target.advance(TIME2WAIT_MS);
    assert.deepEqual(target.dialed, [0]);
    const peer = target.join(0, 900);
    peer.managed(peer.only(Opcode.TaskManagementRequest).pdu.itt);
    peer.respond(itt);
    assert.equal(resultOf(command).status, 0);
  }
});

Deno.test("A closed connection is set up again for what it carried where no other works any more", () => {
  const { target, other, command, itt } = closing();
  target.advance(PATIENCE_MS);
  target.loggedOut(target.only(Opcode.LogoutRequest).pdu.itt, 0, 0);
  other.breakOff();
  target.connection.readEnded();
  target.advance(0);
  assert.deepEqual(target.dialed, [0]);
  const peer = target.join(0, 900);
  const { pdu } = peer.only(Opcode.TaskManagementRequest);
  assert.equal(pdu.referencedTaskTag, itt);
  peer.managed(pdu.itt);
  peer.respond(itt);
  assert.equal(resultOf(command).status, 0);
});

Deno.test("Of two connections that are closed at once the second is the last of the session, and stays", () => {
  const { target, other, close, itt } = closing();
  target.command(REWIND);
  const later = other.only(Opcode.ScsiCommand).pdu.itt;
  let refused: unknown;
  target.initiator.closeConnection(1, PATIENCE_MS, {
    completed: assert.fail,
    failed: (error) => refused = error,
  }, target.now);
  assert.ok(refused instanceof SessionClosedError);
  assert.match(refused.message, /it is the last of the session/);
  target.respond(itt);
  target.loggedOut(target.only(Opcode.LogoutRequest).pdu.itt);
  assert.equal(close.ended, "closed");
  other.respond(later);
  assert.deepEqual(other.sent(), [], "no logout");
  target.command(REWIND);
  other.only(Opcode.ScsiCommand);
});

Deno.test("A connection that is being closed stays where it has come to be the last of the session", () => {
  const { target, other, close, command, itt } = closing();
  const stranded = target.command(REWIND);
  const lost = other.only(Opcode.ScsiCommand).pdu.itt;
  other.breakOff();
  target.respond(itt);
  assert.equal(resultOf(command).status, 0);
  assert.ok(typeof close.ended === "object" && close.ended.error instanceof SessionClosedError);
  assert.match(close.ended.error.message, /it is the last of the session/);
  assert.deepEqual(target.connectionChanges.at(-1), { cid: 0, to: "up" });
  target.command(REWIND);
  target.only(Opcode.ScsiCommand);
  target.advance(TIME2WAIT_MS);
  assert.deepEqual(target.dialed, [1]);
  const peer = target.join(1, 900);
  peer.managed(peer.only(Opcode.TaskManagementRequest).pdu.itt);
  peer.respond(lost);
  assert.equal(resultOf(stranded).status, 0);
  assert.equal(target.initiator.phase, "full-feature");
});

Deno.test("The last connection is logged out all the same where the target asked for that, too", () => {
  const { target, other, itt } = closing();
  target.asyncMessage(AsyncEvent.LogoutRequested);
  other.breakOff();
  target.respond(itt);
  assert.equal(target.only(Opcode.LogoutRequest).pdu.reason, LogoutReason.CloseSession);
});
