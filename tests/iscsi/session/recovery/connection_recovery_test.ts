import assert from "node:assert/strict";
import {
  ConnectError,
  ConnectionLostError,
  LoginError,
  SessionClosedError,
} from "../../../../iscsi/errors.ts";
import { RESERVED_TAG } from "../../../../iscsi/pdu/bhs.ts";
import { LogoutReason } from "../../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import { TaskManagementFunction } from "../../../../iscsi/pdu/task_management.ts";
import { failureOf, resultOf, ScriptedTarget, type ScriptOptions } from "../scripted_target.ts";

// Error recovery level 2: what a lost connection carried goes on over another (RFC 7143 §7.1.4.3, §7.2).

const READ = [0x08, 0, 0, 0x10, 0, 0];
const WRITE = [0x0a, 0, 0, 0x10, 0, 0];
const REWIND = [0x01, 0, 0, 0, 0, 0];
const TIME2WAIT_MS = 2000;
const TIME2RETAIN_MS = 20_000;

function loggedIn(level: number, connections: number, options: ScriptOptions = {}) {
  return ScriptedTarget.loggedIn({
    connections,
    ...options,
    answers: [
      ["ErrorRecoveryLevel", String(level)],
      ["MaxConnections", String(connections)],
      ...options.answers ?? [],
    ],
    login: { offers: { errorRecoveryLevel: level, maxConnections: connections } },
  });
}

/** What a replacement of the connection asks for: TASK REASSIGN, which must name `itt`. */
function reassignment(peer: ScriptedTarget, itt: number) {
  const { pdu } = peer.only(Opcode.TaskManagementRequest);
  assert.equal(pdu.function, TaskManagementFunction.TaskReassign);
  assert.equal(pdu.referencedTaskTag, itt);
  assert.equal(pdu.immediate, true);
  return pdu;
}

Deno.test("UNH 7.1: a read goes on over a new connection behind what had arrived", () => {
  const target = loggedIn(2, 1);
  const dataIn = new Uint8Array(30);
  const command = target.command(READ, { dataIn, lun: 3n << 48n });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataIn(itt, new Uint8Array(10).fill(1), { final: false });
  target.breakOff();
  assert.equal(target.initiator.phase, "recovering");
  target.advance(TIME2WAIT_MS - 1);
  assert.deepEqual(target.dialed, [], "Time2Wait has not passed");
  target.advance(1);
  assert.deepEqual(target.dialed, [0]);
  const peer = target.join(0, 500);
  const pdu = reassignment(peer, itt);
  assert.deepEqual([pdu.expDataSn, pdu.lun], [1, 3n << 48n]);
  peer.managed(pdu.itt);
  peer.dataIn(itt, new Uint8Array(20).fill(2), { dataSn: 1, bufferOffset: 10, hasStatus: true });
  assert.equal(resultOf(command).dataInLength, 30);
  assert.deepEqual([dataIn[0], dataIn[9], dataIn[10], dataIn[29]], [1, 1, 2, 2]);
});

Deno.test("The login in place of a lost connection has its CID, the session's TSIH and the StatSN expected there", () => {
  const target = loggedIn(2, 1);
  const expected = target.statSn;
  target.command(REWIND);
  target.sent();
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = new ScriptedTarget({}, { target, cid: 0 });
  peer.connection.start(target.now);
  const { pdu, data } = peer.only(Opcode.LoginRequest);
  assert.deepEqual([pdu.cid, pdu.tsih, pdu.expStatSn], [0, 1, expected]);
  assert.doesNotMatch(new TextDecoder().decode(data), /SessionType|MaxConnections/);
});

Deno.test("A write is asked for its data again, whatever the first R2T's number", () => {
  for (const r2tSn of [0, 1]) {
    const target = loggedIn(2, 1, { answers: [["ImmediateData", "No"]] });
    const dataOut = Uint8Array.from({ length: 60 }, (_, index) => index);
    const command = target.command(WRITE, { dataOut });
    const { itt } = target.only(Opcode.ScsiCommand).pdu;
    target.readyToTransfer(itt, { ttt: 1, desiredDataTransferLength: 60 });
    target.lost();
    target.breakOff();
    target.advance(TIME2WAIT_MS);
    const peer = target.join(0, 500);
    peer.managed(reassignment(peer, itt).itt);
    peer.readyToTransfer(itt, { ttt: 9, r2tSn, desiredDataTransferLength: 60 });
    const { pdu, data } = peer.only(Opcode.DataOut);
    assert.deepEqual([pdu.ttt, pdu.final, data[59]], [9, true, 59]);
    peer.respond(itt);
    assert.equal(resultOf(command).status, 0);
  }
});

Deno.test("A command that the target never took in is sent again with its tag and CmdSN", () => {
  const target = loggedIn(2, 1);
  const first = target.command(REWIND);
  target.only(Opcode.ScsiCommand);
  const second = target.command(WRITE, { dataOut: new Uint8Array(10).fill(7) });
  const [lost] = target.lost();
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const sent = peer.sent();
  const again = sent.find(({ pdu }) => pdu.opcode === Opcode.ScsiCommand)!;
  assert.deepEqual(again.bhs.subarray(0, 28), lost.bhs.subarray(0, 28), "up to ExpStatSN");
  assert.deepEqual(again.data, lost.data);
  peer.respond(again.pdu.itt);
  assert.equal(resultOf(second).status, 0);
  assert.equal(first.outcome, undefined, "it is to be reassigned");
});

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
  const target = loggedIn(2, 1);
  const command = target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
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

Deno.test("A function that was under way on a lost connection fails, and may have been carried out", () => {
  const target = loggedIn(2, 1);
  const reset = target.manage(TaskManagementFunction.LogicalUnitReset, 0n);
  target.only(Opcode.TaskManagementRequest);
  target.breakOff();
  const error = failureOf(reset);
  assert.ok(error instanceof ConnectionLostError);
  assert.equal(error.outcome, "unknown");
});

Deno.test("A text request that the target never took in goes out again, with its tag and CmdSN", () => {
  const target = loggedIn(2, 1);
  const text = target.text([["A", "1"]]);
  const [{ pdu: sent }] = target.lost();
  assert.ok(sent.opcode === Opcode.TextRequest);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const { pdu } = peer.only(Opcode.TextRequest);
  assert.deepEqual([pdu.itt, pdu.cmdSn], [sent.itt, sent.cmdSn]);
  peer.textResponse(pdu.itt, { final: true }, "A=2\0");
  assert.equal(text.outcome, "A=2\0");
});

Deno.test("A text request that the target took in fails with its connection, and lets the next go out", () => {
  const target = loggedIn(2, 1);
  const text = target.text([["A", "1"]]);
  target.only(Opcode.TextRequest);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const { outcome } = text;
  assert.ok(typeof outcome === "object" && outcome.error instanceof ConnectionLostError);
  assert.equal(outcome.error.outcome, "unknown");
  assert.deepEqual(peer.sent(), [], "it is not asked again");
  target.text([["B", "1"]]);
  peer.only(Opcode.TextRequest);
});

Deno.test("A session whose last connection cannot be had again by Time2Retain is over", () => {
  const target = loggedIn(2, 1);
  const command = target.command(REWIND);
  target.sent();
  target.breakOff();
  const refused = new ConnectError("Connect: refused", { address: "drive:3260" });
  for (let second = 0; second < 30 && !target.closedWith; second++) {
    target.advance(1000);
    if (target.dialed.splice(0).length > 0) target.initiator.dialFailed(0, refused, target.now);
  }
  const error = failureOf(command);
  assert.ok(error instanceof ConnectionLostError && error.outcome === "unknown");
  assert.ok(target.now <= TIME2WAIT_MS + TIME2RETAIN_MS, `it took ${target.now} ms`);
});

Deno.test("A command that is called off during an outage is aborted on the new connection", () => {
  const target = loggedIn(2, 1);
  const reason = new Error("called off");
  const command = target.command(REWIND);
  const { itt, cmdSn } = target.only(Opcode.ScsiCommand).pdu;
  target.breakOff();
  target.initiator.abort(command.task, reason, target.now);
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const { pdu } = peer.only(Opcode.TaskManagementRequest);
  assert.deepEqual(
    [pdu.function, pdu.referencedTaskTag, pdu.refCmdSn],
    [TaskManagementFunction.AbortTask, itt, cmdSn],
  );
  peer.managed(pdu.itt);
  assert.equal(failureOf(command), reason);
});

Deno.test("A command that the target never took in and that was called off is not sent again; its number is used up", () => {
  const target = loggedIn(2, 1);
  const reason = new Error("called off");
  const command = target.command(REWIND);
  const [{ pdu }] = target.lost();
  assert.ok(pdu.opcode === Opcode.ScsiCommand);
  target.breakOff();
  target.initiator.abort(command.task, reason, target.now);
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  const ping = peer.only(Opcode.NopOut).pdu;
  assert.deepEqual([ping.immediate, ping.cmdSn], [false, pdu.cmdSn]);
  assert.equal(failureOf(command), reason);
});

Deno.test("Closing a session that has no connection ends it at once", () => {
  const target = loggedIn(2, 1);
  const command = target.command(REWIND);
  target.sent();
  target.breakOff();
  target.initiator.logout(target.now);
  assert.ok(failureOf(command) instanceof SessionClosedError);
  assert.equal(target.initiator.nextDeadline(), Infinity);
});

Deno.test("The time of an outage counts from the loss, however long the session was idle before", () => {
  const target = loggedIn(2, 1);
  target.connection.connectionEnded(new Error("cut"), 3_600_000);
  target.connection.readEnded();
  target.now = 3_600_000;
  assert.equal(target.initiator.phase, "recovering");
  target.advance(TIME2WAIT_MS);
  assert.deepEqual(target.dialed, [0]);
});

Deno.test("A connection that comes when it is not wanted any more is closed from the start", () => {
  const target = loggedIn(0, 2);
  target.initiator.logout(target.now);
  assert.ok(target.initiator.open(1).closed);
});

Deno.test("Nothing is taken over while the old socket may still write into a command's buffer", () => {
  const target = loggedIn(2, 1);
  target.command(READ, { dataIn: new Uint8Array(20) });
  target.sent();
  target.connection.connectionEnded(new Error("cut"));
  target.advance(TIME2WAIT_MS + 1000);
  assert.deepEqual(target.dialed, []);
  target.connection.readEnded();
  assert.deepEqual(target.dialed, [0]);
});

for (const level of [0, 1]) {
  Deno.test(`At error recovery level ${level} the loss of one of two connections ends the session`, () => {
    const target = loggedIn(level, 2);
    const peer = target.join(1, 500);
    const command = target.command(REWIND);
    target.sent();
    peer.breakOff();
    assert.ok(target.closedWith?.error instanceof ConnectionLostError);
    assert.ok(failureOf(command) instanceof ConnectionLostError);
    assert.deepEqual(target.disconnected.toSorted(), [0, 1]);
  });
}

Deno.test("Where a lost connection cannot be replaced, a logout on another one frees what it carried", () => {
  const target = loggedIn(2, 2);
  const peer = target.join(1, 500);
  const [first, second] = [target.command(REWIND), target.command(REWIND)];
  const [{ pdu: a }] = target.sent();
  const [{ pdu: b }] = peer.sent();
  target.dialed.length = 0;
  peer.breakOff();
  target.advance(TIME2WAIT_MS);
  assert.deepEqual(target.dialed, [1]);
  const refused = new ConnectError("Connect: refused", { address: "drive:3260" });
  target.initiator.dialFailed(1, refused, target.now);
  const { pdu } = target.only(Opcode.LogoutRequest);
  assert.deepEqual([pdu.reason, pdu.cid], [LogoutReason.RemoveConnectionForRecovery, 1]);
  target.initiator.tick(target.now += 1000);
  assert.deepEqual(target.sent(), [], "it is asked for once");
  target.loggedOut(pdu.itt);
  target.managed(reassignment(target, b.itt).itt);
  target.respond(b.itt);
  target.respond(a.itt);
  assert.deepEqual([resultOf(first).status, resultOf(second).status], [0, 0]);
  target.advance(0);
  assert.ok(target.dialed.includes(2), "another connection is wanted in its place");
});

Deno.test("What the target has let go of waits for a connection, and for no time that has passed", () => {
  const target = loggedIn(2, 2);
  const peer = target.join(1, 500);
  const commands = [target.command(REWIND), target.command(REWIND)];
  target.sent();
  peer.sent();
  peer.breakOff();
  target.advance(TIME2WAIT_MS);
  const refused = new ConnectError("Connect: refused", { address: "drive:3260" });
  target.initiator.dialFailed(1, refused, target.now);
  target.loggedOut(target.only(Opcode.LogoutRequest).pdu.itt, 0, 2);
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const lastDials = target.dialed.slice(-2).sort();
  assert.deepEqual(lastDials, [0, 1], "both are on their way, and stay there");
  target.advance(TIME2RETAIN_MS - 1);
  assert.deepEqual(commands.map(({ outcome }) => outcome), [undefined, undefined]);
  target.advance(60_000);
  assert.ok(target.initiator.closed);
});

Deno.test("Of two connections that were lost, the one that comes back takes over what the other carried, which does not", () => {
  const target = loggedIn(2, 2);
  const peer = target.join(1, 500);
  const commands = [target.command(REWIND), target.command(REWIND)];
  const [first, second] = [target, peer].map((each) => each.only(Opcode.ScsiCommand).pdu.itt);
  target.breakOff();
  peer.breakOff();
  target.advance(TIME2WAIT_MS);
  const back = target.join(1, 900);
  back.managed(reassignment(back, second).itt);
  const refused = new LoginError("Log in: refused", { stage: "operational", statusClass: 2 });
  target.initiator.dialFailed(0, refused, target.now);
  const { pdu } = back.only(Opcode.LogoutRequest);
  assert.deepEqual([pdu.reason, pdu.cid], [LogoutReason.RemoveConnectionForRecovery, 0]);
  back.loggedOut(pdu.itt);
  back.managed(reassignment(back, first).itt);
  for (const itt of [first, second]) back.respond(itt);
  assert.deepEqual(commands.map((command) => resultOf(command).status), [0, 0]);
});

Deno.test("The connections of a session share CmdSN, and have a StatSN each", () => {
  const target = loggedIn(0, 3);
  assert.deepEqual(target.dialed, [1, 2]);
  const peers = [target, target.join(1, 500), target.join(2, 900)];
  const commands = Array.from(
    { length: 6 },
    () => target.command(READ, { dataIn: new Uint8Array(512) }),
  );
  const numbers: number[] = [];
  const tags: number[][] = [];
  for (let turn = 0; turn < 2; turn++) {
    for (const [index, peer] of peers.entries()) {
      for (const { pdu } of peer.sent()) {
        if (pdu.opcode !== Opcode.ScsiCommand) continue;
        numbers.push(pdu.cmdSn);
        (tags[index] ??= []).push(pdu.itt);
        assert.equal(pdu.expStatSn, peer.statSn);
      }
    }
  }
  assert.deepEqual(numbers.toSorted((a, b) => a - b), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(tags.map(({ length }) => length), [2, 2, 2], "each takes its share");
  for (const [index, peer] of peers.entries()) {
    for (const itt of tags[index]) {
      peer.dataIn(itt, new Uint8Array(512), { hasStatus: true });
    }
  }
  for (const command of commands) assert.equal(resultOf(command).status, 0);
});

Deno.test("While all sockets are busy, each connection takes one command a batch", () => {
  const target = loggedIn(0, 3);
  const peers = [target, target.join(1, 500), target.join(2, 900)];
  for (let index = 0; index < 9; index++) target.command(REWIND);
  assert.deepEqual(peers.map((peer) => peer.batch().length), [1, 1, 1]);
});

Deno.test("A stuck socket holds up no commands but those that it has", () => {
  const target = loggedIn(0, 2);
  const peer = target.join(1, 500);
  for (let index = 0; index < 5; index++) target.command(REWIND);
  assert.equal(target.batch().length, 1);
  let taken = 0;
  while (peer.sent().some(({ pdu }) => pdu.opcode === Opcode.ScsiCommand)) taken++;
  assert.equal(target.initiator.phase, "full-feature");
  assert.ok(taken > 0);
  assert.deepEqual(peer.sent(), [], "all that were left are under way");
});

Deno.test("The drivers of the other connections hear that one was lost: the next deadline is another", () => {
  const target = loggedIn(2, 2);
  const peer = target.join(1, 500);
  const { wakes } = target;
  peer.breakOff();
  assert.ok(target.wakes > wakes);
  assert.ok(target.initiator.nextDeadline() <= TIME2WAIT_MS);
});

Deno.test("An answer on another connection than its command's breaks the protocol", () => {
  const target = loggedIn(0, 2);
  const peer = target.join(1, 500);
  target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  peer.respond(itt);
  assert.match(String(target.closedWith?.error), /another connection/);
});

Deno.test("A connection that cannot be added is reported and given up; the session works", () => {
  const target = loggedIn(0, 2);
  const refused = new ConnectError("Connect: refused", { address: "drive:3260" });
  let attempts = 0;
  for (let second = 0; second < 60; second++) {
    if (target.dialed.splice(0).length > 0) {
      attempts++;
      target.initiator.dialFailed(1, refused, target.now);
    }
    target.advance(1000);
  }
  assert.equal(attempts, 4);
  assert.deepEqual(target.connectionChanges.at(-1), { cid: 1, to: "failed", error: refused });
  target.command(REWIND);
  target.only(Opcode.ScsiCommand);
});

Deno.test("UNH 14.2: a request to log out concerns the connection that it came on, and the others go on", () => {
  const target = loggedIn(0, 2);
  const peer = target.join(1, 500);
  peer.asyncMessage(1, { parameter3: 10 });
  const { pdu } = peer.only(Opcode.LogoutRequest);
  assert.deepEqual([pdu.reason, pdu.cid], [LogoutReason.CloseConnection, 1]);
  peer.loggedOut(pdu.itt);
  assert.deepEqual(target.initiator.cids, [0]);
  const command = target.command(REWIND);
  target.respond(target.only(Opcode.ScsiCommand).pdu.itt);
  assert.equal(resultOf(command).status, 0);
});

Deno.test("An announced loss names the connection, and its own Time2Wait counts", () => {
  const target = loggedIn(2, 2);
  const peer = target.join(1, 500);
  target.dialed.length = 0;
  target.asyncMessage(2, { parameter1: 1, parameter2: 7, parameter3: 30 });
  assert.deepEqual([target.initiator.cids, target.disconnected], [[0], [1]]);
  peer.connection.readEnded();
  target.advance(6999);
  assert.deepEqual(target.dialed, []);
  target.advance(1);
  assert.deepEqual(target.dialed, [1]);
});

Deno.test("The session's logout goes out on one connection, and nothing on the others", () => {
  const target = loggedIn(0, 2);
  const peer = target.join(1, 500);
  target.initiator.logout(target.now);
  const { pdu } = target.only(Opcode.LogoutRequest);
  assert.deepEqual([pdu.reason, pdu.cid], [LogoutReason.CloseSession, 0]);
  peer.nopIn({ ttt: 5 });
  assert.deepEqual(peer.sent(), []);
  target.loggedOut(pdu.itt);
  assert.deepEqual(target.disconnected.toSorted(), [0, 1]);
  assert.equal(target.closedWith?.error, undefined);
});

Deno.test("One connection of several is logged out once its commands have ended", () => {
  const target = loggedIn(0, 2);
  const peer = target.join(1, 500);
  let ended = "";
  target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  const owner = {
    completed: () => ended = "closed",
    failed: (error: unknown) => ended = `${error}`,
  };
  target.initiator.closeConnection(0, 1000, owner, target.now);
  target.command(REWIND);
  assert.deepEqual(target.sent(), [], "new commands go elsewhere");
  peer.only(Opcode.ScsiCommand);
  target.respond(itt);
  const { pdu } = target.only(Opcode.LogoutRequest);
  assert.deepEqual([pdu.reason, pdu.cid], [LogoutReason.CloseConnection, 0]);
  target.loggedOut(pdu.itt);
  assert.equal(ended, "closed");
  target.initiator.closeConnection(1, 1000, owner, target.now);
  assert.match(ended, /last of the session/);
});

Deno.test("A ping that falls due while a connection drains is not waited for", () => {
  const target = loggedIn(0, 2, { keepalive: { intervalMs: 60_000 } });
  target.join(1, 500);
  target.command(REWIND, { timeoutMs: 3_600_000 });
  target.only(Opcode.ScsiCommand);
  const owner = { completed: () => {}, failed: () => {} };
  target.initiator.closeConnection(0, 600_000, owner, target.now);
  target.advance(59_999);
  target.initiator.tick(target.now += 1);
  assert.ok(target.initiator.nextDeadline() > target.now, "no deadline stays in the past");
});

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

Deno.test("A session that logs out takes over nothing that was lost before, and dials nobody for it", () => {
  const target = loggedIn(2, 2);
  const peer = target.join(1, 500);
  const command = target.command(REWIND);
  peer.only(Opcode.ScsiCommand);
  peer.breakOff();
  const dialed = target.dialed.length;
  target.initiator.logout(target.now);
  target.only(Opcode.LogoutRequest);
  target.advance(TIME2WAIT_MS + 1000);
  assert.equal(target.dialed.length, dialed);
  assert.deepEqual(target.sent(), []);
  target.advance(TIME2RETAIN_MS);
  assert.ok(failureOf(command) instanceof SessionClosedError);
});
