import assert from "node:assert/strict";
import { ConnectError } from "../../../../iscsi/errors.ts";
import { LogoutReason } from "../../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import { resultOf } from "../scripted_target.ts";
import { loggedIn, REWIND } from "./recovery_script.ts";

// The connections of one session: what they share, how they come and go (RFC 7143 §4.2.1, §11.14).

const READ = [0x08, 0, 0, 0x10, 0, 0];

Deno.test("A connection that comes when it is not wanted any more is closed from the start", () => {
  const target = loggedIn(0, 2);
  target.initiator.logout(target.now);
  assert.ok(target.initiator.open(1).closed);
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
