import assert from "node:assert/strict";
import {
  CommandTimeoutError,
  DataLostError,
  ProtocolError,
  SessionClosedError,
} from "../../../../iscsi/errors.ts";
import { RESERVED_TAG } from "../../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import type { ReadyToTransfer } from "../../../../iscsi/pdu/r2t.ts";
import { StreamedDataIn } from "../../../../iscsi/session/streaming/streamed_data_in.ts";
import { StreamedDataOut } from "../../../../iscsi/session/streaming/streamed_data_out.ts";
import { type Command, failureOf, ScriptedTarget, type ScriptOptions } from "../scripted_target.ts";

// The target, its PDUs and the time are the test's; so are the consumer and the source.

const READ = [0x08, 0, 0, 0x10, 0, 0];
const WRITE = [0x0a, 0, 0, 0x10, 0, 0];
const LEVEL_1: ScriptOptions = {
  answers: [["ErrorRecoveryLevel", "1"], ["ImmediateData", "No"], ["InitialR2T", "Yes"]],
  login: { offers: { errorRecoveryLevel: 1 } },
};

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);

/** A read of 400 bytes, of which 200 may wait for the consumer. */
function reading(target: ScriptedTarget, options: { timeoutMs?: number; maxBytes?: number } = {}) {
  const { timeoutMs, maxBytes = 200 } = options;
  const data = new StreamedDataIn(400, maxBytes, {
    arrived: () => {},
    roomMade: () => target.resume(),
  });
  const command = target.command(READ, { streamIn: data, timeoutMs });
  const { itt } = target.sent().at(-1)!.pdu;
  let dataSn = 0;
  /** The next 100 bytes. */
  const more = () =>
    target.dataIn(itt, bytes(100, dataSn), { dataSn, bufferOffset: 100 * dataSn++ });
  return { data, command, itt, more };
}

/** A connection that does not read, since nobody has taken the 200 bytes that are there. */
function paused(options: ScriptOptions = {}, timeoutMs?: number) {
  const target = ScriptedTarget.loggedIn(options);
  const read = reading(target, { timeoutMs });
  for (let i = 0; i < 3; i++) read.more();
  assert.ok(target.connection.isPaused);
  return { target, ...read };
}

Deno.test("A full buffer stops the reading, a ping behind it waits, and both go on once the consumer takes data", () => {
  const { target, data, itt, command, more } = paused();
  target.nopIn({ ttt: 7 });
  assert.deepEqual(target.sent(), []);
  assert.equal(data.take()?.[0], 0);
  assert.equal(target.connection.isPaused, false);
  assert.equal(target.only(Opcode.NopOut).pdu.ttt, 7);
  assert.deepEqual([data.take()?.[0], data.take()?.[0]], [1, 2]);
  more();
  target.respond(itt);
  assert.ok(command.outcome && "result" in command.outcome);
  assert.equal(command.outcome.result.dataInLength, 400);
  assert.equal(data.take()?.[0], 3);
});

Deno.test("With room for all of the data nothing waits", () => {
  const target = ScriptedTarget.loggedIn();
  const { more, itt, command, data } = reading(target, { maxBytes: 400 });
  for (let i = 0; i < 4; i++) more();
  target.respond(itt);
  assert.ok(command.outcome && "result" in command.outcome);
  assert.equal(data.bufferedBytes, 400);
});

for (const level of [0, 1]) {
  Deno.test(`A connection that is not read from is not taken for a dead one, at error recovery level ${level}`, () => {
    const target = ScriptedTarget.loggedIn({ ...level === 1 && LEVEL_1, keepalive: {} });
    const data = new StreamedDataIn(400, 200, {
      arrived: () => {},
      roomMade: () => target.initiator.resume(target.now),
    });
    target.command(READ, { streamIn: data, timeoutMs: 3_600_000 });
    for (const cdb of [READ, READ]) target.command(cdb, { timeoutMs: 3_600_000 });
    const [first, ...rest] = target.sent().map(({ pdu }) => pdu.itt);
    for (const dataSn of [0, 1]) {
      target.dataIn(first, bytes(100, dataSn), { dataSn, bufferOffset: 100 * dataSn });
    }
    const { statSn } = target;
    target.respond(rest[1], { statSn: statSn + 1 }); // The one before it is on its way.
    target.dataIn(first, bytes(100, 2), { dataSn: 2, bufferOffset: 200 }, 48);
    assert.ok(target.connection.isPaused);
    target.sent();
    target.advance(600_000);
    assert.deepEqual(target.sent(), []);
    data.take(); // The header of the third is there, its data is still to come.
    target.advance(500);
    assert.equal(target.closedWith, undefined);
    target.resume();
    target.respond(rest[0], { statSn });
    target.advance(5000);
    assert.deepEqual([target.closedWith, target.connection.isPaused], [undefined, false]);
  });
}

Deno.test("The deadline of the command drops what is buffered, and reads on up to the answer to ABORT TASK", () => {
  const { target, data, command } = paused({}, 1000);
  target.advance(1000);
  const { pdu } = target.only(Opcode.TaskManagementRequest);
  assert.deepEqual([data.bufferedBytes, target.connection.isPaused], [0, false]);
  assert.equal(command.outcome, undefined);
  target.managed(pdu.itt);
  assert.ok(failureOf(command) instanceof CommandTimeoutError);
});

Deno.test("A command whose data was dropped does not succeed when the target answers after all", () => {
  const { target, itt, more, command } = paused({}, 1000);
  target.advance(1000);
  const { pdu } = target.only(Opcode.TaskManagementRequest);
  more();
  target.respond(itt);
  assert.ok(failureOf(command) instanceof CommandTimeoutError);
  target.managed(pdu.itt, 1);
  assert.equal(target.closedWith, undefined);
});

Deno.test("Other commands that time out on a connection that is not read from do not end the session", () => {
  const { target, data } = paused({}, 100_000);
  const other = target.command(READ, { timeoutMs: 1000 });
  assert.equal(target.sent().length, 1);
  target.advance(1000);
  const { pdu } = target.only(Opcode.TaskManagementRequest);
  target.managed(pdu.itt);
  target.advance(60_000);
  assert.deepEqual([target.closedWith, other.outcome], [undefined, undefined]);
  data.take();
  assert.ok(failureOf(other) instanceof CommandTimeoutError);
  target.advance(10_000);
  assert.equal(target.closedWith, undefined);
});

Deno.test("A logout ends the wait for the consumer, and the command with it", () => {
  const { target, command } = paused({}, 100_000);
  target.initiator.logout(target.now);
  target.loggedOut(target.only(Opcode.LogoutRequest).pdu.itt);
  assert.deepEqual(target.closedWith, { error: undefined });
  assert.ok(failureOf(command) instanceof SessionClosedError);
});

Deno.test("A command that was called off hears why, though a logout ends it", () => {
  const { target, command } = paused();
  const reason = new Error("called off");
  target.initiator.abort(command.task, reason, target.now);
  target.sent();
  target.initiator.logout(target.now);
  target.loggedOut(target.only(Opcode.LogoutRequest).pdu.itt);
  assert.equal(failureOf(command), reason);
});

Deno.test("Other connections go on, and take the next commands", () => {
  const target = ScriptedTarget.loggedIn({
    connections: 2,
    answers: [["MaxConnections", "2"]],
    login: { offers: { maxConnections: 2 } },
  });
  const peer = target.join(1, 500);
  target.command(READ, { dataIn: new Uint8Array(100_000) });
  assert.equal(peer.only(Opcode.ScsiCommand).pdu.expectedDataTransferLength, 100_000);
  const read = reading(target, { timeoutMs: 100_000 });
  for (let i = 0; i < 3; i++) read.more();
  assert.ok(target.connection.isPaused);
  const other = target.command(READ, { dataIn: new Uint8Array(5) });
  assert.deepEqual(target.sent(), []);
  const { itt } = peer.only(Opcode.ScsiCommand).pdu;
  peer.dataIn(itt, bytes(5, 1), { hasStatus: true });
  assert.ok(other.outcome && "result" in other.outcome);
});

Deno.test("A gap in streamed Data-In is asked for, and the consumer gets it in its place", () => {
  const target = ScriptedTarget.loggedIn(LEVEL_1);
  const { data, itt, command } = reading(target, { maxBytes: 400 });
  const give = (dataSn: number) =>
    target.dataIn(itt, bytes(100, dataSn), { dataSn, bufferOffset: 100 * dataSn });
  for (const dataSn of [0, 2, 3]) give(dataSn);
  target.respond(itt, { expDataSn: 4 });
  assert.equal(target.only(Opcode.Snack).pdu.begRun, 1);
  assert.deepEqual([data.take()?.[0], data.take()], [0, undefined]);
  give(1);
  assert.deepEqual([data.take()?.[0], data.take()?.[0], data.take()?.[0]], [1, 2, 3]);
  assert.ok(command.outcome && "result" in command.outcome);
});

Deno.test("A gap that closes once nobody wants the data any more ends the command, and not the session", () => {
  const target = ScriptedTarget.loggedIn(LEVEL_1);
  const { itt, command } = reading(target, { maxBytes: 400 });
  target.dataIn(itt, bytes(100, 0), { dataSn: 0 });
  for (const dataSn of [2, 3]) {
    target.dataIn(itt, bytes(100, dataSn), { dataSn, bufferOffset: 100 * dataSn });
  }
  const reason = new Error("enough");
  target.initiator.abort(command.task, reason, target.now);
  target.sent();
  target.dataIn(itt, bytes(100, 1), { dataSn: 1, bufferOffset: 100 });
  target.respond(itt, { expDataSn: 4 });
  assert.deepEqual(command.outcome, { error: reason });
  assert.ok(!target.initiator.closed);
});

Deno.test("Data behind a gap that finds no room is thrown away and asked for again", () => {
  const target = ScriptedTarget.loggedIn({
    ...LEVEL_1,
    login: { offers: { errorRecoveryLevel: 1, maxReceiveDataSegmentLength: 512 } },
  });
  const data = new StreamedDataIn(2000, 700, {
    arrived: () => {},
    roomMade: () => target.resume(),
  });
  const command = target.command(READ, { streamIn: data });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  const give = (dataSn: number) =>
    target.dataIn(itt, bytes(500, dataSn), { dataSn, bufferOffset: 500 * dataSn });
  give(1);
  assert.equal(data.bufferedBytes, 0);
  const { begRun, runLength } = target.only(Opcode.Snack).pdu;
  assert.deepEqual([begRun, runLength], [0, 2]);
  for (let dataSn = 0; dataSn < 4; dataSn++) {
    give(dataSn);
    assert.equal(data.take()?.[0], dataSn);
  }
  target.respond(itt, { expDataSn: 4 });
  assert.ok(command.outcome && "result" in command.outcome);
});

Deno.test("Streamed data that is sent anew in other pieces comes once, and leaves nothing behind", () => {
  const target = ScriptedTarget.loggedIn(LEVEL_1);
  const { data, itt, command } = reading(target, { maxBytes: 400 });
  target.dataIn(itt, bytes(100, 0), { dataSn: 0 });
  target.dataIn(itt, bytes(100, 9), { dataSn: 2, bufferOffset: 200 });
  target.sent();
  const { parameters } = target.connection.wire;
  target.connection.renegotiated({ ...parameters, maxReceiveDataSegmentLength: 1024 });
  target.dataIn(itt, bytes(50, 9), { dataSn: 4, bufferOffset: 350 });
  const { pdu } = target.only(Opcode.Snack);
  for (const [dataSn, length] of [160, 240].entries()) {
    target.dataIn(itt, bytes(length, dataSn + 1), { dataSn, bufferOffset: 160 * dataSn });
  }
  target.respond(itt, { expDataSn: 2, snackTag: pdu.ttt });
  const lengths = [data.take(), data.take(), data.take(), data.take()].map((part) => part?.length);
  assert.deepEqual(lengths, [100, 60, 240, undefined]);
  assert.equal(data.bufferedBytes, 0);
  assert.ok(command.outcome && "result" in command.outcome);
});

/** A write of 400 bytes that come as they are wanted, and of which 100 are in memory. */
function writing(target: ScriptedTarget, maxBytes = 100) {
  const data = new StreamedDataOut(400, maxBytes, target.parameters!, () => {});
  const command = target.command(WRITE, { streamOut: data });
  let given = 0;
  const pour = () => {
    for (let space = data.space(); space.length > 0; space = data.space()) {
      for (let i = 0; i < space.length; i++) space[i] = given++;
      data.fill(space.length);
    }
    if (data.awaitsEnd) data.ended();
  };
  return { data, command, pour };
}

Deno.test("A command whose source has not given its first data lets others pass", () => {
  const target = ScriptedTarget.loggedIn();
  const { pour } = writing(target, 400);
  const other = target.command(READ);
  assert.equal(target.only(Opcode.ScsiCommand).pdu.itt, other.task.itt);
  pour();
  const { pdu, data } = target.only(Opcode.ScsiCommand);
  assert.deepEqual([pdu.write, pdu.final, data.length], [true, true, 400]);
});

Deno.test("Data-Out that waits for its source does not hold up that of other commands", () => {
  const target = ScriptedTarget.loggedIn(LEVEL_1);
  const { pour, command } = writing(target);
  const other = target.command(WRITE, { dataOut: bytes(50, 5) });
  target.sent();
  target.readyToTransfer(command.task.itt, { ttt: 1, desiredDataTransferLength: 400 });
  target.readyToTransfer(other.task.itt, { ttt: 2, desiredDataTransferLength: 50 });
  const tags = () => target.sent().map(({ pdu }) => pdu.opcode === Opcode.DataOut && pdu.ttt);
  assert.deepEqual(tags(), [2]);
  pour();
  assert.deepEqual(tags(), [1]);
  for (let i = 0; i < 3; i++) {
    pour();
    assert.deepEqual(tags(), [1]);
  }
});

Deno.test("Data-Out goes out whole and in order through a window that is smaller than a segment", () => {
  const target = ScriptedTarget.loggedIn(LEVEL_1);
  const { pour, command } = writing(target, 70);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.readyToTransfer(itt, { ttt: 1, desiredDataTransferLength: 400 });
  const all: number[] = [];
  for (let dataSn = 0; all.length < 400; dataSn++) {
    pour();
    const { pdu, data } = target.only(Opcode.DataOut);
    assert.deepEqual([pdu.dataSn, pdu.bufferOffset], [dataSn, all.length]);
    assert.equal(pdu.final, all.length + data.length === 400);
    all.push(...data);
  }
  assert.deepEqual(Uint8Array.from(all), Uint8Array.from({ length: 400 }, (_, i) => i));
  target.respond(itt);
  assert.ok(command.outcome && "result" in command.outcome);
});

/** A write of which the first 300 bytes have gone out, and of these the first 50 are asked for again. */
function askAgain(target: ScriptedTarget, maxBytes: number): Command {
  const { pour, command } = writing(target, maxBytes);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.readyToTransfer(itt, { ttt: 1, desiredDataTransferLength: 300 });
  for (let i = 0; i < 4; i++) {
    pour();
    target.sent();
  }
  target.readyToTransfer(itt, { ttt: 2, r2tSn: 1, desiredDataTransferLength: 50 });
  return command;
}

for (const maxBytes of [400, 100]) {
  const what = maxBytes === 400 ? "is kept goes out again" : "is gone aborts the command";
  Deno.test(`Data that the target asks for again and that ${what}`, () => {
    const target = ScriptedTarget.loggedIn(LEVEL_1);
    const command = askAgain(target, maxBytes);
    if (maxBytes === 400) {
      const { pdu, data } = target.only(Opcode.DataOut);
      assert.deepEqual([pdu.ttt, pdu.bufferOffset, data.length, data[49]], [2, 0, 50, 49]);
      return;
    }
    target.managed(target.only(Opcode.TaskManagementRequest).pdu.itt);
    assert.ok(failureOf(command) instanceof DataLostError);
  });
}

Deno.test("At error recovery level 0 an R2T for data that is gone is a ProtocolError, and is not answered", () => {
  const target = ScriptedTarget.loggedIn({
    answers: [["ImmediateData", "No"], ["InitialR2T", "Yes"]],
  });
  const command = askAgain(target, 100);
  assert.ok(failureOf(command) instanceof ProtocolError);
  assert.deepEqual(target.sent(), []);
});

Deno.test("An R2T that breaks a rule is no request for data that is gone", () => {
  const rules: readonly [Partial<ReadyToTransfer>, RegExp][] = [
    [{ bufferOffset: 400, desiredDataTransferLength: 49 }, /up to byte 449 of 400/],
    [{ bufferOffset: 200, desiredDataTransferLength: 49 }, /from byte 200 out of its order/],
  ];
  for (const [fields, message] of rules) {
    const target = ScriptedTarget.loggedIn(LEVEL_1);
    const { command } = writing(target);
    const { itt } = target.only(Opcode.ScsiCommand).pdu;
    target.readyToTransfer(itt, { ttt: 1, ...fields });
    assert.ok(target.closedWith?.error instanceof ProtocolError);
    assert.match(target.closedWith.error.message, message);
    assert.ok(failureOf(command) instanceof ProtocolError);
  }
});

Deno.test("A write whose source gives nothing is not sent, and its deadline ends it", () => {
  const target = ScriptedTarget.loggedIn();
  const { command } = writing(target, 400);
  target.advance(60_000);
  assert.deepEqual(target.sent(), []);
  const error = failureOf(command);
  assert.ok(error instanceof CommandTimeoutError);
  assert.equal(error.outcome, "not-executed");
  assert.match(error.message, /could not be sent .* its source has not given its first data/);
  assert.equal(command.task.itt, RESERVED_TAG);
});
