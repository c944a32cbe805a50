import assert from "node:assert/strict";
import { ConnectionLostError, DataLostError } from "../../../../iscsi/errors.ts";
import { BHS_LENGTH, RESERVED_TAG } from "../../../../iscsi/pdu/bhs.ts";
import { crc32c } from "../../../../iscsi/pdu/crc32c.ts";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import { encodePdu, type Pdu } from "../../../../iscsi/pdu/pdu.ts";
import { SnackType } from "../../../../iscsi/pdu/snack.ts";
import { writeU24 } from "../../../../scsi/big_endian.ts";
import { dataInPdu, scsiResponsePdu } from "../../pdu/target_pdus.ts";
import { failureOf, resultOf, ScriptedTarget, type SentPdu } from "../scripted_target.ts";

// Error recovery level 1: recovery within commands and within a connection (RFC 7143 §7.1.4, §7.8, §11.16).

const READ = [0x08, 0, 0, 0x10, 0, 0];
const WRITE = [0x0a, 0, 0, 0x10, 0, 0];
const REWIND = [0x01, 0, 0, 0, 0, 0];
const LEVEL_1 = [["ErrorRecoveryLevel", "1"]] as const;
const OFFER = { offers: { errorRecoveryLevel: 1 } };

function target(
  answers: readonly (readonly [string, string])[] = [],
): ScriptedTarget {
  return ScriptedTarget.loggedIn({ answers: [...LEVEL_1, ...answers], login: OFFER });
}

function reading(peer: ScriptedTarget, length: number) {
  const dataIn = new Uint8Array(length);
  const command = peer.command(READ, { dataIn });
  return { command, dataIn, itt: peer.only(Opcode.ScsiCommand).pdu.itt };
}

function bytes(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

function snack({ pdu }: SentPdu) {
  assert.equal(pdu.opcode, Opcode.Snack);
  if (pdu.opcode !== Opcode.Snack) throw new Error("not a SNACK");
  const { type, itt, ttt, begRun, runLength } = pdu;
  return { type, itt, ttt, begRun, runLength };
}

/** A PDU with a data digest; header digests are off. */
function feedIntact(peer: ScriptedTarget, pdu: Pdu, data: Uint8Array): void {
  feedWithDigest(peer, pdu, data, crc32c(data));
}

/** A PDU whose data digest is wrong. */
function feedDamaged(peer: ScriptedTarget, pdu: Pdu, data: Uint8Array): void {
  feedWithDigest(peer, pdu, data, crc32c(data) ^ 1);
}

function feedWithDigest(peer: ScriptedTarget, pdu: Pdu, data: Uint8Array, digest: number): void {
  const wire = new Uint8Array(BHS_LENGTH + data.length + 4);
  encodePdu(pdu, wire.subarray(0, BHS_LENGTH));
  writeU24(wire, 5, data.length);
  wire.set(data, BHS_LENGTH);
  new DataView(wire.buffer).setUint32(BHS_LENGTH + data.length, digest, true);
  peer.feedBytes(wire);
}

Deno.test("UNH 13.1: a gap in DataSN is asked for by a Data SNACK, and what comes again completes the command", () => {
  const peer = target();
  const { command, dataIn, itt } = reading(peer, 40);
  peer.dataIn(itt, bytes(10, 1), { dataSn: 0, bufferOffset: 0, final: false });
  peer.dataIn(itt, bytes(10, 4), { dataSn: 3, bufferOffset: 30, hasStatus: true });
  assert.deepEqual(snack(peer.sent()[0]), {
    type: SnackType.DataR2t,
    itt,
    ttt: RESERVED_TAG,
    begRun: 1,
    runLength: 2,
  });
  assert.equal(command.outcome, undefined, "a command without all its data is not complete");
  peer.dataIn(itt, bytes(10, 2), { dataSn: 1, bufferOffset: 10, final: false });
  assert.equal(command.outcome, undefined);
  peer.dataIn(itt, bytes(10, 3), { dataSn: 2, bufferOffset: 20, final: false });
  assert.equal(resultOf(command).dataInLength, 40);
  assert.deepEqual([dataIn[0], dataIn[10], dataIn[20], dataIn[30]], [1, 2, 3, 4]);
});

Deno.test("A status is not acknowledged before the data of its command has come", () => {
  const peer = target();
  const { itt } = reading(peer, 20);
  const before = peer.statSn;
  peer.dataIn(itt, bytes(10, 2), { dataSn: 1, bufferOffset: 10, hasStatus: true });
  assert.equal((peer.sent()[0].pdu as { expStatSn: number }).expStatSn, before);
  peer.dataIn(itt, bytes(10, 1), { dataSn: 0, bufferOffset: 0, final: false });
  peer.nopIn({ ttt: 5 });
  assert.equal(peer.only(Opcode.NopOut).pdu.expStatSn, before + 1);
});

Deno.test("Data that is missing at the end shows by ExpDataSN and is asked for before the command completes", () => {
  const peer = target();
  const { command, itt } = reading(peer, 20);
  peer.dataIn(itt, bytes(10, 1), { dataSn: 0, bufferOffset: 0, final: false });
  peer.respond(itt, { expDataSn: 2 });
  assert.deepEqual(snack(peer.sent()[0]), {
    type: SnackType.DataR2t,
    itt,
    ttt: RESERVED_TAG,
    begRun: 1,
    runLength: 1,
  });
  peer.dataIn(itt, bytes(10, 2), { dataSn: 1, bufferOffset: 10 });
  assert.equal(resultOf(command).dataInLength, 20);
});

Deno.test("Data-In that comes twice is thrown away and leaves the buffer alone", () => {
  const peer = target();
  const { command, dataIn, itt } = reading(peer, 20);
  peer.dataIn(itt, bytes(10, 1), { dataSn: 0, bufferOffset: 0, final: false });
  peer.dataIn(itt, bytes(10, 9), { dataSn: 0, bufferOffset: 0, final: false });
  assert.equal(dataIn[0], 1);
  peer.dataIn(itt, bytes(10, 2), { dataSn: 1, bufferOffset: 10, hasStatus: true });
  assert.equal(resultOf(command).dataInLength, 20);
  assert.deepEqual(peer.sent(), []);
});

Deno.test("UNH 10.2: Data-In with the A bit is acknowledged with the target's tag and LUN, and no tag of ours", () => {
  const peer = target();
  const { itt } = reading(peer, 20);
  const lun = 5n << 48n;
  peer.dataIn(itt, bytes(10, 1), { acknowledge: true, ttt: 77, lun, final: true });
  const { pdu } = peer.only(Opcode.Snack);
  assert.deepEqual(
    [pdu.type, pdu.itt, pdu.ttt, pdu.lun, pdu.begRun, pdu.runLength],
    [SnackType.DataAck, RESERVED_TAG, 77, lun, 1, 0],
  );
});

Deno.test("Data is acknowledged only once everything before it has come", () => {
  const peer = target();
  const { itt } = reading(peer, 20);
  peer.dataIn(itt, bytes(10, 2), { acknowledge: true, ttt: 77, dataSn: 1, bufferOffset: 10 });
  assert.equal(snack(peer.sent()[0]).type, SnackType.DataR2t);
  peer.dataIn(itt, bytes(10, 1), { dataSn: 0, final: false });
  const { pdu } = peer.only(Opcode.Snack);
  assert.deepEqual([pdu.type, pdu.begRun], [SnackType.DataAck, 2]);
});

Deno.test("A gap in StatSN is asked for by a Status SNACK, and answers stay in order", () => {
  const peer = target();
  const [first, second] = [peer.command(REWIND), peer.command(REWIND)];
  const [{ pdu: a }, { pdu: b }] = peer.sent();
  const missing = peer.statSn++;
  peer.respond(b.itt);
  assert.deepEqual(snack(peer.sent()[0]), {
    type: SnackType.Status,
    itt: RESERVED_TAG,
    ttt: RESERVED_TAG,
    begRun: missing,
    runLength: 1,
  });
  assert.equal(second.outcome, undefined);
  peer.respond(a.itt, { statSn: missing });
  assert.equal(resultOf(first).status, 0);
  assert.equal(resultOf(second).status, 0);
});

Deno.test("A lost last response is found by a ping and asked for", () => {
  const peer = target();
  const command = peer.command(REWIND);
  const { itt } = peer.only(Opcode.ScsiCommand).pdu;
  const missing = peer.statSn++;
  peer.advance(10_000);
  const ping = peer.only(Opcode.NopOut).pdu;
  peer.nopIn({ itt: ping.itt });
  assert.deepEqual(snack(peer.sent()[0]).begRun, missing);
  peer.respond(itt, { statSn: missing });
  assert.equal(resultOf(command).status, 0);
});

Deno.test("The StatSN of a target's own ping shows that a response was lost", () => {
  const peer = target();
  peer.command(REWIND);
  peer.sent();
  const missing = peer.statSn++;
  peer.nopIn({});
  assert.deepEqual(snack(peer.sent()[0]).begRun, missing);
});

Deno.test("Responses that do not come, however often they are asked for, end the connection", () => {
  const peer = target();
  const command = peer.command(REWIND);
  peer.sent();
  peer.statSn++;
  peer.nopIn({});
  let asked = peer.sent().length;
  for (let second = 0; second < 10 && !peer.closedWith; second++) {
    peer.advance(1000);
    asked += peer.sent().filter(({ pdu }) => pdu.opcode === Opcode.Snack).length;
  }
  assert.equal(asked, 5);
  assert.ok(peer.closedWith?.error instanceof ConnectionLostError);
  assert.ok(failureOf(command) instanceof ConnectionLostError);
});

Deno.test("Data that does not come, however often it is asked for, aborts the command with DataLostError", () => {
  const peer = target();
  const { command, itt } = reading(peer, 20);
  peer.dataIn(itt, bytes(10, 2), { dataSn: 1, bufferOffset: 10, final: false });
  const snacks = [];
  for (let second = 0; second < 10; second++) {
    snacks.push(...peer.sent());
    if (snacks.at(-1)?.pdu.opcode === Opcode.TaskManagementRequest) break;
    peer.advance(1000);
  }
  const abort = snacks.pop()!.pdu;
  assert.ok(snacks.every(({ pdu }) => pdu.opcode === Opcode.Snack) && snacks.length === 5);
  peer.managed(abort.itt);
  assert.ok(failureOf(command) instanceof DataLostError);
});

Deno.test("UNH 16.4.2: a rejected SNACK never makes partial data a good result", () => {
  const peer = target();
  const { command, itt } = reading(peer, 20);
  peer.dataIn(itt, bytes(10, 2), { dataSn: 1, bufferOffset: 10, final: false });
  const [{ bhs }] = peer.sent();
  peer.reject(bhs, 0x03);
  peer.respond(itt, { expDataSn: 2 });
  assert.ok(failureOf(command) instanceof DataLostError);
  assert.equal(peer.closedWith, undefined, "the session goes on");
});

Deno.test("A rejected SNACK lets the target's own error through", () => {
  const peer = target();
  const { command, itt } = reading(peer, 20);
  peer.dataIn(itt, bytes(10, 2), { dataSn: 1, bufferOffset: 10, final: false });
  peer.reject(peer.sent()[0].bhs, 0x03);
  const sense = new Uint8Array([
    0,
    18,
    0x70,
    0,
    0x0b,
    0,
    0,
    0,
    0,
    10,
    0,
    0,
    0,
    0,
    0x11,
    0x13,
    0,
    0,
    0,
    0,
  ]);
  peer.respond(itt, { status: 2, expDataSn: 0 }, sense);
  assert.ok(
    command.outcome && ("error" in command.outcome || command.outcome.result.status === 2),
    "no good result",
  );
});

Deno.test("A missing R2T is asked for, and the early one answered after it", () => {
  const peer = target([["ImmediateData", "No"], ["MaxOutstandingR2T", "1"]]);
  peer.command(WRITE, { dataOut: new Uint8Array(200) });
  const { itt } = peer.only(Opcode.ScsiCommand).pdu;
  peer.readyToTransfer(itt, {
    r2tSn: 1,
    ttt: 2,
    bufferOffset: 100,
    desiredDataTransferLength: 100,
  });
  assert.deepEqual(snack(peer.sent()[0]), {
    type: SnackType.DataR2t,
    itt,
    ttt: RESERVED_TAG,
    begRun: 0,
    runLength: 1,
  });
  peer.readyToTransfer(itt, { r2tSn: 0, ttt: 1, bufferOffset: 0, desiredDataTransferLength: 100 });
  const tags = peer.sent().map(({ pdu }) => pdu.opcode === Opcode.DataOut && pdu.ttt);
  assert.deepEqual(tags, [1, 2]);
});

Deno.test("An R2T that asks again for data that was sent is answered with the same data", () => {
  const peer = target([["ImmediateData", "No"]]);
  const dataOut = Uint8Array.from({ length: 100 }, (_, index) => index);
  peer.command(WRITE, { dataOut });
  const { itt } = peer.only(Opcode.ScsiCommand).pdu;
  peer.readyToTransfer(itt, { r2tSn: 0, ttt: 1, desiredDataTransferLength: 100 });
  const [{ bhs }] = peer.sent();
  peer.reject(bhs, 0x02);
  peer.readyToTransfer(itt, { r2tSn: 1, ttt: 2, bufferOffset: 40, desiredDataTransferLength: 60 });
  const { pdu, data } = peer.only(Opcode.DataOut);
  assert.deepEqual([pdu.ttt, pdu.dataSn, pdu.bufferOffset, data[0]], [2, 0, 40, 40]);
});

Deno.test("UNH 4.1: a command that was damaged on the way is sent again with its tag and CmdSN", () => {
  const peer = target();
  const command = peer.command(WRITE, { dataOut: bytes(10, 3) });
  const first = peer.only(Opcode.ScsiCommand);
  peer.countCommands(-1);
  peer.reject(first.bhs, 0x02);
  const again = peer.only(Opcode.ScsiCommand);
  assert.deepEqual(
    [again.pdu.itt, again.pdu.cmdSn, again.pdu.final, again.data],
    [first.pdu.itt, first.pdu.cmdSn, first.pdu.final, first.data],
  );
  peer.respond(again.pdu.itt);
  assert.equal(resultOf(command).status, 0);
});

Deno.test("A command whose immediate data alone was damaged waits for the target's R2T", () => {
  const peer = target();
  peer.command(WRITE, { dataOut: bytes(10, 3) });
  const { bhs, pdu: { itt } } = peer.only(Opcode.ScsiCommand);
  peer.reject(bhs, 0x02);
  assert.deepEqual(peer.sent(), []);
  peer.readyToTransfer(itt, { desiredDataTransferLength: 10 });
  assert.equal(peer.only(Opcode.DataOut).data[0], 3);
});

Deno.test("A command that is damaged over and over fails at last, and its gap is closed", () => {
  const peer = target();
  const command = peer.command(WRITE, { dataOut: bytes(10, 3) });
  for (let tries = 0; tries < 9; tries++) {
    const { bhs } = peer.only(Opcode.ScsiCommand);
    peer.countCommands(-1);
    peer.reject(bhs, 0x02);
  }
  assert.ok(failureOf(command) instanceof Error);
  assert.equal(peer.only(Opcode.NopOut).pdu.cmdSn, 1);
});

Deno.test("After a new MaxRecvDataSegmentLength everything is asked for anew, and only the response with the tag counts", () => {
  const peer = target();
  const { command, dataIn, itt } = reading(peer, 1000);
  peer.dataIn(itt, bytes(600, 1), { dataSn: 0, bufferOffset: 0, final: false });
  peer.initiator.renegotiate(512, 1000, { completed: () => {}, failed: assert.fail }, 0);
  const text = peer.only(Opcode.TextRequest);
  assert.match(new TextDecoder().decode(text.data), /^MaxRecvDataSegmentLength=512\0$/);
  peer.textResponse(text.pdu.itt, { final: true }, "");
  peer.respond(itt, { expDataSn: 2 });
  const asked = snack(peer.sent()[0]);
  assert.deepEqual([asked.type, asked.begRun, asked.runLength], [SnackType.RData, 0, 0]);
  assert.ok(asked.ttt !== 0 && asked.ttt !== RESERVED_TAG);
  peer.statSn--;
  peer.dataIn(itt, bytes(512, 2), { dataSn: 0, bufferOffset: 0, final: false });
  peer.dataIn(itt, bytes(488, 3), { dataSn: 1, bufferOffset: 512 });
  peer.respond(itt, { expDataSn: 2, snackTag: asked.ttt });
  assert.equal(resultOf(command).dataInLength, 1000);
  assert.deepEqual([dataIn[0], dataIn[999]], [2, 3]);
});

Deno.test("A response that tells of less data than had come before it was asked for anew is no success", () => {
  const peer = target();
  const { command, itt } = reading(peer, 1000);
  peer.dataIn(itt, bytes(600, 1), { dataSn: 0, bufferOffset: 0, final: false });
  peer.initiator.renegotiate(512, 1000, { completed: () => {}, failed: assert.fail }, 0);
  peer.textResponse(peer.only(Opcode.TextRequest).pdu.itt, { final: true }, "");
  peer.respond(itt, { expDataSn: 2 });
  const asked = snack(peer.sent()[0]);
  peer.statSn--;
  peer.respond(itt, { expDataSn: 0, snackTag: asked.ttt });
  assert.ok(failureOf(command) instanceof DataLostError);
  assert.ok(!peer.initiator.closed);
});

Deno.test("A damaged Data-In is asked for again, whatever the garbage it left in the buffer", () =>
  withDataDigest((peer) => {
    const dataIn = new Uint8Array(1200);
    const command = peer.command(READ, { dataIn });
    const { itt } = peer.only(Opcode.ScsiCommand).pdu;
    const pdu = dataInPdu({ itt, ...peer.numbers() });
    feedDamaged(peer, pdu, bytes(1200, 9));
    assert.deepEqual(snack(peer.sent()[0]), {
      type: SnackType.DataR2t,
      itt,
      ttt: RESERVED_TAG,
      begRun: 0,
      runLength: 1,
    });
    feedIntact(peer, pdu, bytes(1200, 4));
    assert.equal(command.outcome, undefined);
    peer.respond(itt, { expDataSn: 1 });
    assert.equal(resultOf(command).dataInLength, 1200);
    assert.ok(dataIn.every((byte) => byte === 4));
  }));

Deno.test("A damaged response is asked for again by a Status SNACK", () =>
  withDataDigest((peer) => {
    const command = peer.command(REWIND);
    const { itt } = peer.only(Opcode.ScsiCommand).pdu;
    const statSn = peer.statSn;
    const pdu = scsiResponsePdu({ itt, status: 2, statSn, ...peer.numbers() });
    feedDamaged(peer, pdu, bytes(20, 0));
    assert.deepEqual([snack(peer.sent()[0]).type, command.outcome], [SnackType.Status, undefined]);
    peer.respond(itt, { statSn });
    assert.equal(resultOf(command).status, 0);
  }));

/** A target that puts digests on its data, which it negotiated. */
function withDataDigest(use: (peer: ScriptedTarget) => void): void {
  use(ScriptedTarget.loggedIn({
    answers: [...LEVEL_1, ["DataDigest", "CRC32C"]],
    login: { ...OFFER, dataDigest: "crc32c" },
  }));
}

Deno.test("A lost R2T with nothing behind it is asked for after a silence, and the write completes", () => {
  const peer = target([["ImmediateData", "No"], ["InitialR2T", "Yes"]]);
  const dataOut = bytes(3000, 5);
  const command = peer.command(WRITE, { dataOut, timeoutMs: 100_000 });
  const { itt } = peer.only(Opcode.ScsiCommand).pdu;
  peer.advance(10_000);
  const asked = peer.sent().filter(({ pdu }) => pdu.opcode === Opcode.Snack).map(snack);
  assert.deepEqual(asked, [
    { type: SnackType.DataR2t, itt, ttt: RESERVED_TAG, begRun: 0, runLength: 0 },
  ]);
  peer.readyToTransfer(itt, { desiredDataTransferLength: 3000 });
  peer.sent();
  peer.advance(20_000);
  assert.deepEqual(peer.sent().filter(({ pdu }) => pdu.opcode === Opcode.Snack), []);
  peer.respond(itt);
  assert.equal(resultOf(command).status, 0);
});
