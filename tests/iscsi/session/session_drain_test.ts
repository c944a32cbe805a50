import assert from "node:assert/strict";
import { SessionClosedError } from "../../../iscsi/errors.ts";
import { AsyncEvent } from "../../../iscsi/pdu/async_message.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { failureOf, resultOf } from "./scripted_target.ts";
import { loggedIn, REWIND } from "./recovery/recovery_script.ts";

// A logout that waits for the commands under way (RFC 7143 §11.9.1, §11.14).

Deno.test("A session that drains takes no more requests, ends those it has, and logs out", () => {
  const target = loggedIn(0, 1, { window: 1 });
  const [first, second] = [target.command(REWIND), target.command(REWIND)];
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.initiator.drain(5000, target.now);
  assert.ok(failureOf(target.command(REWIND)) instanceof SessionClosedError);
  target.respond(itt);
  const queued = target.only(Opcode.ScsiCommand);
  target.respond(queued.pdu.itt);
  target.only(Opcode.LogoutRequest);
  assert.deepEqual([resultOf(first).status, resultOf(second).status], [0, 0]);
});

Deno.test("A session that drains for too long logs out all the same", () => {
  const target = loggedIn(0, 1);
  target.command(REWIND);
  target.sent();
  target.initiator.drain(5000, target.now);
  target.advance(5000);
  target.only(Opcode.LogoutRequest);
  assert.equal(target.changes.at(-1)?.reason, "the time for commands under way is over");
});

Deno.test("A target that asks for the logout of a session that drains already is not kept waiting beyond its time", () => {
  const target = loggedIn(0, 1);
  target.command(REWIND);
  target.sent();
  target.initiator.drain(60_000, target.now);
  target.asyncMessage(AsyncEvent.LogoutRequested, { parameter3: 10 });
  target.advance(4999);
  assert.deepEqual(target.sent(), []);
  target.advance(1);
  target.only(Opcode.LogoutRequest);
  assert.equal(target.changes.filter(({ to }) => to === "draining").length, 1);
});

Deno.test("A session that drains does not wait longer because the target leaves more time", () => {
  const target = loggedIn(0, 1);
  target.command(REWIND);
  target.sent();
  target.initiator.drain(1000, target.now);
  target.asyncMessage(AsyncEvent.LogoutRequested, { parameter3: 10 });
  target.advance(1000);
  target.only(Opcode.LogoutRequest);
});

Deno.test("A target that asks for the logout of a connection that drains already is not kept waiting beyond its time", () => {
  const target = loggedIn(0, 2);
  target.join(1, 500);
  target.command(REWIND);
  target.only(Opcode.ScsiCommand);
  const owner = { completed: () => {}, failed: () => {} };
  target.initiator.closeConnection(0, 60_000, owner, target.now);
  target.asyncMessage(AsyncEvent.LogoutRequested, { parameter3: 10 });
  target.advance(4999);
  assert.deepEqual(target.sent(), []);
  target.advance(1);
  target.only(Opcode.LogoutRequest);
  assert.equal(target.connectionChanges.filter(({ to }) => to === "draining").length, 1);
});
