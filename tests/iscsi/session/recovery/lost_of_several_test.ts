import assert from "node:assert/strict";
import {
  ConnectError,
  ConnectionLostError,
  LoginError,
  TaskAbortedError,
} from "../../../../iscsi/errors.ts";
import { LogoutReason, LogoutResponseCode } from "../../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import { TaskManagementFunction } from "../../../../iscsi/pdu/task_management.ts";
import { failureOf, resultOf } from "../scripted_target.ts";
import { loggedIn, reassignment, REWIND, TIME2RETAIN_MS, TIME2WAIT_MS } from "./recovery_script.ts";

// Error recovery level 2: one of several connections is lost, or several are (RFC 7143 §7.2).

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

Deno.test("The drivers of the other connections hear that one was lost: the next deadline is another", () => {
  const target = loggedIn(2, 2);
  const peer = target.join(1, 500);
  const { wakes } = target;
  peer.breakOff();
  assert.ok(target.wakes > wakes);
  assert.ok(target.initiator.nextDeadline() <= TIME2WAIT_MS);
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

Deno.test("The number of a command that the target never took in, and that a reset has ended meanwhile, is used up", () => {
  const target = loggedIn(2, 2);
  const peer = target.join(1, 500);
  const commands = [target.command(REWIND), target.command(REWIND)];
  target.respond(target.only(Opcode.ScsiCommand).pdu.itt);
  const [{ pdu }] = peer.lost();
  assert.ok(pdu.opcode === Opcode.ScsiCommand);
  peer.breakOff();
  target.manage(TaskManagementFunction.LogicalUnitReset, 0n);
  target.managed(target.only(Opcode.TaskManagementRequest).pdu.itt);
  assert.ok(failureOf(commands[1]) instanceof TaskAbortedError);
  target.advance(TIME2WAIT_MS);
  const ping = target.join(1, 900).only(Opcode.NopOut).pdu;
  assert.deepEqual([ping.immediate, ping.cmdSn], [false, pdu.cmdSn]);
});

const REFUSED = new ConnectError("Connect: refused", { address: "drive:3260" });

/** A session of two connections, one of which was lost under a command and cannot be replaced: the logout in its name. */
function removing() {
  const target = loggedIn(2, 2);
  const peer = target.join(1, 500);
  const commands = [target.command(REWIND), target.command(REWIND)];
  target.respond(target.only(Opcode.ScsiCommand).pdu.itt);
  const { itt } = peer.only(Opcode.ScsiCommand).pdu;
  peer.breakOff();
  target.advance(TIME2WAIT_MS);
  target.initiator.dialFailed(1, REFUSED, target.now);
  return { target, command: commands[1], itt, removal: target.only(Opcode.LogoutRequest).pdu };
}

Deno.test("What was lost with a connection that the target knows no more is taken over at once", () => {
  const { target, command, itt, removal } = removing();
  target.loggedOut(removal.itt, LogoutResponseCode.CidNotFound, 9);
  target.managed(reassignment(target, itt).itt);
  target.respond(itt);
  assert.equal(resultOf(command).status, 0);
});

Deno.test("From the Time2Wait of the logout response on there is Time2Retain for what is taken over", () => {
  const { target, command, itt, removal } = removing();
  target.feed({
    opcode: Opcode.LogoutResponse,
    response: LogoutResponseCode.Closed,
    itt: removal.itt,
    statSn: target.statSn++,
    time2Wait: 30,
    time2Retain: 2,
    ...target.numbers(),
  });
  target.advance(29_999);
  assert.deepEqual(target.sent(), []);
  target.advance(1);
  for (let asked = 0; asked < 4; asked++) {
    target.managed(reassignment(target, itt).itt, 3);
    target.advance(500);
  }
  target.managed(reassignment(target, itt).itt, 3);
  assert.ok(failureOf(command) instanceof ConnectionLostError);
});

const { CleanupFailed, ConnectionRecoveryNotSupported } = LogoutResponseCode;

for (const response of [ConnectionRecoveryNotSupported, CleanupFailed]) {
  Deno.test(`The session is over where a lost connection can neither be replaced nor removed: response ${response}`, () => {
    const { target, command, removal } = removing();
    target.loggedOut(removal.itt, response);
    const error = failureOf(command);
    assert.ok(error instanceof ConnectionLostError && error.outcome === "unknown");
    assert.match(`${target.closedWith?.error}`, /Recover connection 1: the target answered/);
  });
}

Deno.test("Of two connections that were lost, only the one that cannot be replaced is removed by a logout", () => {
  const target = loggedIn(2, 3);
  const peers = [target.join(1, 500), target.join(2, 900)];
  for (const peer of peers) peer.breakOff();
  target.advance(TIME2WAIT_MS);
  target.initiator.dialFailed(1, REFUSED, target.now);
  assert.equal(target.only(Opcode.LogoutRequest).pdu.cid, 1);
});

Deno.test("A logout in the name of a lost connection goes out again where the one that carried it is lost, too", () => {
  const target = loggedIn(2, 3);
  const peers = [target.join(1, 500), target.join(2, 900)];
  peers[0].breakOff();
  target.advance(TIME2WAIT_MS);
  target.initiator.dialFailed(1, REFUSED, target.now);
  const carriers = [target, peers[1]];
  const carried = carriers.map((each) => each.sent().length);
  const [carrier, other] = carried[0] === 1 ? carriers : carriers.toReversed();
  assert.deepEqual(carried.toSorted(), [0, 1]);
  carrier.breakOff();
  const { pdu } = other.only(Opcode.LogoutRequest);
  assert.deepEqual([pdu.reason, pdu.cid], [LogoutReason.RemoveConnectionForRecovery, 1]);
});
