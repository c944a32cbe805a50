import assert from "node:assert/strict";
import { ConnectError, ConnectionLostError, SessionClosedError } from "../../../../iscsi/errors.ts";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import { failureOf, resultOf, ScriptedTarget } from "../scripted_target.ts";
import { loggedIn, reassignment, REWIND, TIME2RETAIN_MS, TIME2WAIT_MS } from "./recovery_script.ts";

// Error recovery level 2: what a lost connection carried goes on over another (RFC 7143 §7.1.4.3, §7.2).

const READ = [0x08, 0, 0, 0x10, 0, 0];
const WRITE = [0x0a, 0, 0, 0x10, 0, 0];

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
  assert.deepEqual(target.notices, [
    "A connection was lost",
    "Another connection took over what a lost one carried",
  ]);
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

Deno.test("A command that is sent again is as new, though its target asked for data without a word that it had it", () => {
  const target = loggedIn(2, 1, { answers: [["ImmediateData", "No"]] });
  const command = target.command(WRITE, { dataOut: new Uint8Array(60) });
  const [{ pdu: { itt } }] = target.lost();
  target.readyToTransfer(itt, { ttt: 1, desiredDataTransferLength: 60 });
  target.breakOff();
  target.advance(TIME2WAIT_MS);
  const peer = target.join(0, 500);
  peer.only(Opcode.ScsiCommand);
  peer.readyToTransfer(itt, { ttt: 9, desiredDataTransferLength: 60 });
  assert.equal(peer.only(Opcode.DataOut).pdu.ttt, 9);
  peer.respond(itt);
  assert.equal(resultOf(command).status, 0);
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

Deno.test("What was lost is given up once its time is over, also where the old socket does not let go", () => {
  const target = loggedIn(2, 1);
  const command = target.command(REWIND);
  target.sent();
  target.connection.connectionEnded(new Error("cut"));
  target.advance(TIME2WAIT_MS + TIME2RETAIN_MS - 1);
  assert.equal(command.outcome, undefined);
  target.advance(1);
  assert.ok(failureOf(command) instanceof ConnectionLostError);
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
