import assert from "node:assert/strict";
import { ConnectionLostError, SessionClosedError } from "../../../../iscsi/errors.ts";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import { TaskManagementFunction } from "../../../../iscsi/pdu/task_management.ts";
import { failureOf, resultOf, ScriptedTarget } from "../scripted_target.ts";
import { loggedIn, reassignment, REWIND, TIME2RETAIN_MS, TIME2WAIT_MS } from "./recovery_script.ts";

// TASK REASSIGN, and what a target may answer to it (RFC 7143 §7.2.2, §11.5.6, §11.6.1).

const READ = [0x08, 0, 0, 0x10, 0, 0];
const WRITE = [0x0a, 0, 0, 0x10, 0, 0];

/** A session whose only connection was lost under so many commands, and is set up again: their tags, and its new connection. */
function lostUnder(commands: number, connections = 1) {
  const target = loggedIn(2, connections);
  const lost = Array.from({ length: commands }, () => target.command(REWIND));
  const tags = target.sent().map(({ pdu }) => pdu.itt);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  return { target, commands: lost, tags, peer: target.join(0, 500) };
}

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
  const { target, commands: [command], tags: [itt], peer } = lostUnder(1);
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

Deno.test("While a task is reassigned, no deadline of those behind it stands in the past", () => {
  const { target, peer } = lostUnder(2);
  peer.only(Opcode.TaskManagementRequest);
  target.initiator.tick(target.now += 100);
  assert.ok(target.initiator.nextDeadline() > target.now);
});

for (const [response, afterMs] of [[3, 500], [255, 3000]] as const) {
  Deno.test(`What is to be done ${afterMs} ms after a TASK REASSIGN was answered with ${response} is due then, whatever is looked at before`, () => {
    const { target, tags: [itt], peer } = lostUnder(1);
    peer.managed(reassignment(peer, itt).itt, response);
    target.initiator.tick(target.now += 100);
    assert.equal(target.initiator.nextDeadline(), target.now + afterMs - 100);
  });
}

Deno.test("A task that stays allegiant until Time2Retain is over is lost", () => {
  const { target, commands: [command], tags: [itt], peer } = lostUnder(1);
  while (command.outcome === undefined) {
    peer.managed(reassignment(peer, itt).itt, 3);
    if (command.outcome === undefined) target.advance(500);
  }
  assert.ok(failureOf(command) instanceof ConnectionLostError);
  assert.equal(target.now, TIME2WAIT_MS + TIME2RETAIN_MS);
});

Deno.test("A TASK REASSIGN that was lost with its connection goes out again on the next", () => {
  const { target, commands: [command], tags: [itt], peer } = lostUnder(1);
  reassignment(peer, itt);
  peer.breakOff();
  target.advance(TIME2WAIT_MS);
  const next = target.join(0, 900);
  next.managed(reassignment(next, itt).itt);
  next.respond(itt);
  assert.equal(resultOf(command).status, 0);
});

Deno.test("Tasks are reassigned one at a time also when a connection is lost that has nothing to do with them", () => {
  const target = loggedIn(2, 2);
  const commands = [target.command(REWIND), target.command(REWIND)];
  const tags = target.sent().map(({ pdu }) => pdu.itt);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const { itt } = reassignment(peer, tags[0]);
  target.join(1, 900).breakOff();
  assert.deepEqual(peer.sent(), []);
  peer.managed(itt);
  peer.managed(reassignment(peer, tags[1]).itt);
  for (const tag of tags) peer.respond(tag);
  assert.deepEqual(commands.map((command) => resultOf(command).status), [0, 0]);
});

Deno.test("Data that come for a task, or are asked for, prove that it was reassigned though that was rejected", () => {
  const target = loggedIn(2, 1, { answers: [["ImmediateData", "No"]] });
  const read = target.command(READ, { dataIn: new Uint8Array(20) });
  const write = target.command(WRITE, { dataOut: new Uint8Array(20) });
  const [a, b] = target.sent().map(({ pdu }) => pdu.itt);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  for (const itt of [a, b]) peer.managed(reassignment(peer, itt).itt, 255);
  peer.dataIn(a, new Uint8Array(10), { final: false });
  peer.readyToTransfer(b, { ttt: 1, desiredDataTransferLength: 20 });
  target.advance(3000);
  assert.deepEqual([read.outcome, write.outcome], [undefined, undefined]);
  peer.dataIn(a, new Uint8Array(10), { dataSn: 1, bufferOffset: 10, hasStatus: true });
  peer.only(Opcode.DataOut);
  peer.respond(b);
  assert.deepEqual([resultOf(read).status, resultOf(write).status], [0, 0]);
});

Deno.test("A session that drains logs out as soon as its last task is lost", () => {
  const { target, commands: [command], tags: [itt], peer } = lostUnder(1);
  target.initiator.drain(60_000, target.now);
  peer.managed(reassignment(peer, itt).itt, 1);
  assert.ok(failureOf(command) instanceof ConnectionLostError);
  peer.only(Opcode.LogoutRequest);
});

Deno.test("A command that is called off while it is reassigned, and that the target has lost, fails with the caller's reason", () => {
  const { target, commands: [command], tags: [itt], peer } = lostUnder(1);
  const { pdu } = peer.only(Opcode.TaskManagementRequest);
  const reason = new Error("called off");
  target.initiator.abort(command.task, reason, target.now);
  const abort = peer.only(Opcode.TaskManagementRequest).pdu;
  assert.deepEqual([abort.function, abort.referencedTaskTag], [
    TaskManagementFunction.AbortTask,
    itt,
  ]);
  peer.managed(pdu.itt, 1);
  assert.equal(failureOf(command), reason);
});

Deno.test("A command that is called off, or has ended, while it is still allegiant is not reassigned any more", () => {
  const { target, commands, tags, peer } = lostUnder(2);
  for (const itt of tags) peer.managed(reassignment(peer, itt).itt, 3);
  target.initiator.abort(commands[0].task, new Error("called off"), target.now);
  const { pdu } = peer.only(Opcode.TaskManagementRequest);
  assert.equal(pdu.function, TaskManagementFunction.AbortTask);
  peer.respond(tags[1]);
  target.advance(500);
  assert.deepEqual(peer.sent(), []);
});

Deno.test("A task that is still allegiant when its new connection is logged out, too, is taken over by another", () => {
  const { target, commands: [command], tags: [itt], peer } = lostUnder(1, 2);
  peer.managed(reassignment(peer, itt).itt, 3);
  const other = target.join(1, 900);
  const owner = { completed: () => {}, failed: () => {} };
  target.initiator.closeConnection(0, 100, owner, target.now);
  target.advance(100);
  const { pdu } = peer.only(Opcode.LogoutRequest);
  target.advance(500);
  peer.loggedOut(pdu.itt);
  peer.connection.readEnded();
  other.managed(reassignment(other, itt).itt);
  other.respond(itt);
  assert.equal(resultOf(command).status, 0);
});

Deno.test("A TASK REASSIGN that gets no answer for Time2Retain ends the session", () => {
  const { target, tags: [itt], peer } = lostUnder(1);
  reassignment(peer, itt);
  target.advance(TIME2RETAIN_MS - 1);
  assert.equal(target.initiator.phase, "full-feature");
  target.advance(1);
  assert.match(`${target.closedWith?.error}`, /TASK REASSIGN: the target did not answer/);
});

for (const [what, response] of [["still allegiant", 3], ["in doubt", 255]] as const) {
  Deno.test(`Nothing more is done for a task that is ${what} once the session logs out`, () => {
    const { target, commands: [command], tags: [itt], peer } = lostUnder(1);
    peer.managed(reassignment(peer, itt).itt, response);
    target.initiator.logout(target.now);
    const { pdu } = peer.only(Opcode.LogoutRequest);
    target.advance(3000);
    assert.deepEqual([peer.sent(), command.outcome], [[], undefined]);
    peer.loggedOut(pdu.itt);
    assert.ok(failureOf(command) instanceof SessionClosedError);
  });
}
