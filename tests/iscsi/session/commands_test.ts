import assert from "node:assert/strict";
import {
  ConnectionLostError,
  ProtocolError,
  RejectError,
  TargetFailureError,
} from "../../../iscsi/errors.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { failureOf as failure, resultOf as result, ScriptedTarget } from "./scripted_target.ts";

const READ = [0x08, 0, 0, 0x10, 0, 0];
const WRITE = [0x0a, 0, 0, 0x10, 0, 0];
const REWIND = [0x01, 0, 0, 0, 0, 0];

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * 31 + 7);
}

Deno.test("16.1.1: the first command carries the CmdSN of the login, a tag of its own and the next ExpStatSN", () => {
  const target = new ScriptedTarget();
  target.connection.start(0);
  const loginItt = target.only(Opcode.LoginRequest).pdu.itt;
  const again = ScriptedTarget.loggedIn();
  again.command(REWIND);
  const { pdu } = again.only(Opcode.ScsiCommand);
  assert.equal(pdu.cmdSn, 1);
  assert.notEqual(pdu.itt, loginItt);
  assert.equal(pdu.expStatSn, again.statSn);
});

Deno.test("1.1, 3.2: commands that are submitted together leave together, in order, with rising CmdSN", () => {
  const target = ScriptedTarget.loggedIn();
  for (let index = 0; index < 5; index++) target.command([...REWIND.slice(0, 5), index]);
  const sent = target.sent();
  assert.deepEqual(
    sent.map(({ pdu }) => pdu.opcode === Opcode.ScsiCommand && [pdu.cmdSn, pdu.cdb[5]]),
    [[1, 0], [2, 1], [3, 2], [4, 3], [5, 4]],
  );
});

Deno.test("3.1: a window that is closed from the login on holds the first command back, too", () => {
  const target = ScriptedTarget.loggedIn({ window: 0 });
  const command = target.command(REWIND);
  assert.deepEqual(target.sent(), []);
  target.maxCmdSn = target.expCmdSn;
  target.nopIn();
  target.respond(target.only(Opcode.ScsiCommand).pdu.itt);
  assert.equal(result(command).status, 0);
});

Deno.test("3.1, 3.3: a closed window holds commands back until it opens", () => {
  const target = ScriptedTarget.loggedIn({ window: 2 });
  for (let index = 0; index < 4; index++) target.command(REWIND);
  const [first] = target.sent();
  assert.equal(target.sent().length, 0);
  target.maxCmdSn = 2;
  target.respond(first.pdu.itt);
  assert.equal(target.sent().length, 0, "MaxCmdSN has not moved");
  target.maxCmdSn = 4;
  target.feed({
    opcode: Opcode.NopIn,
    lun: 0n,
    itt: RESERVED_TAG,
    ttt: RESERVED_TAG,
    statSn: target.statSn,
    ...target.numbers(),
  });
  assert.equal(target.sent().length, 2);
});

Deno.test("3.1: the header of Data-In opens the window before its data is here", () => {
  const target = ScriptedTarget.loggedIn({ window: 1 });
  const dataIn = new Uint8Array(100_000);
  target.command(READ, { dataIn });
  target.command(REWIND);
  const [first] = target.sent();
  target.maxCmdSn++;
  target.dataInBegins(first.pdu.itt, dataIn.length);
  target.only(Opcode.ScsiCommand);
});

for (const chunk of [Infinity, 4096, 100, 1]) {
  Deno.test(`10.1, 11.1.2: Data-In lands in the caller's buffer, read ${chunk} bytes at a time`, () => {
    const target = ScriptedTarget.loggedIn({
      login: { offers: { maxReceiveDataSegmentLength: 65536 } },
    });
    const dataIn = new Uint8Array(40_000);
    const command = target.command(READ, { dataIn });
    const { itt } = target.only(Opcode.ScsiCommand).pdu;
    const data = pattern(39_001);
    target.dataIn(itt, data.subarray(0, 20_001), { final: false }, chunk);
    target.dataIn(itt, new Uint8Array(0), { bufferOffset: 20_001, dataSn: 1 }, chunk);
    target.dataIn(itt, data.subarray(20_001), {
      bufferOffset: 20_001,
      dataSn: 2,
      hasStatus: true,
      underflow: true,
      residual: 999,
    }, chunk);
    const answer = result(command);
    assert.equal(answer.status, 0);
    assert.equal(answer.dataInLength, 39_001);
    assert.equal(answer.residual, 999);
    assert.deepEqual(dataIn.subarray(0, 39_001), data);
  });
}

Deno.test("A CHECK CONDITION gives its sense data, the bytes that came, and the residual", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(READ, { dataIn: new Uint8Array(4096) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataIn(itt, pattern(100));
  const sense = pattern(18);
  target.respond(
    itt,
    { status: 2, underflow: true, residual: 3996 },
    new Uint8Array([0, 18, ...sense]),
  );
  const answer = result(command);
  assert.equal(answer.status, 2);
  assert.deepEqual(answer.sense, sense);
  assert.equal(answer.dataInLength, 100);
  assert.equal(answer.residual, 3996);
});

const UNORDERED = {
  answers: [["DataPDUInOrder", "No"], ["DataSequenceInOrder", "No"]] as const,
  login: { offers: { dataPduInOrder: false, dataSequenceInOrder: false } },
};

Deno.test("A command that fails amid data in another order brought what has come without a hole", () => {
  const target = ScriptedTarget.loggedIn(UNORDERED);
  const command = target.command(READ, { dataIn: new Uint8Array(4096) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataIn(itt, pattern(100), { bufferOffset: 2000 });
  target.dataIn(itt, pattern(50), { dataSn: 1 });
  target.dataIn(itt, pattern(30), { dataSn: 2, bufferOffset: 50 });
  target.respond(itt, { status: 2 }, new Uint8Array([0, 18, ...pattern(18)]));
  const answer = result(command);
  assert.equal(answer.status, 2);
  assert.equal(answer.dataInLength, 80);
  assert.equal(target.closedWith, undefined);
});

Deno.test("A target failure amid data in another order ends its command alone", () => {
  const target = ScriptedTarget.loggedIn(UNORDERED);
  const command = target.command(READ, { dataIn: new Uint8Array(4096) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataIn(itt, pattern(100), { bufferOffset: 2000 });
  target.respond(itt, { response: 1 });
  assert.ok(command.outcome && "error" in command.outcome);
  assert.ok(command.outcome.error instanceof TargetFailureError);
  assert.equal(target.closedWith, undefined);
});

Deno.test("Data in another order that reaches beyond the buffer is a ProtocolError, though there is room for as much", () => {
  const target = ScriptedTarget.loggedIn(UNORDERED);
  const dataIn = new Uint8Array(100);
  const command = target.command(READ, { dataIn });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataIn(itt, pattern(20), { final: false, bufferOffset: 90 });
  const error = failure(command);
  assert.ok(error instanceof ProtocolError);
  assert.match(error.message, /reaches byte 110 of an expected data transfer length of 100$/);
  assert.deepEqual(dataIn, new Uint8Array(100), "nothing of it is in the caller's buffer");
});

Deno.test("An overflow is a negative residual", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(READ, { dataIn: new Uint8Array(4) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataIn(itt, pattern(4), { hasStatus: true, overflow: true, residual: 92 });
  assert.equal(result(command).residual, -92);
});

const violations: Record<string, (target: ScriptedTarget, itt: number) => void> = {
  "Data-In beyond the expected length": (target, itt) => target.dataIn(itt, pattern(5000)),
  "Data-In with a gap": (target, itt) => target.dataIn(itt, pattern(10), { bufferOffset: 10 }),
  "Data-In out of sequence": (target, itt) => target.dataIn(itt, pattern(10), { dataSn: 1 }),
  "a response with a StatSN far in the future": (target, itt) =>
    target.respond(itt, { statSn: target.statSn + 5000 }),
  "a tag that was never given out": (target) => target.respond(0x7777),
  "a Login Response": (target, itt) =>
    target.feed({
      opcode: Opcode.LoginResponse,
      transit: true,
      continue: false,
      csg: 1,
      nsg: 3,
      versionMax: 0,
      versionActive: 0,
      isid: new Uint8Array(6),
      tsih: 1,
      itt,
      statSn: target.statSn,
      ...target.numbers(),
      statusClass: 0,
      statusDetail: 0,
    }),
  "a PDU of an initiator": (target, itt) =>
    target.feed({
      opcode: Opcode.NopOut,
      immediate: true,
      lun: 0n,
      itt,
      ttt: RESERVED_TAG,
      cmdSn: 0,
      expStatSn: 0,
    }),
  "a PDU longer than declared": (target, itt) => {
    const bhs = new Uint8Array(48);
    bhs[0] = Opcode.ScsiResponse;
    bhs.set([0xff, 0xff, 0xff], 5);
    bhs[19] = itt;
    target.feedBytes(bhs);
  },
  "an R2T for a read": (target, itt) =>
    target.readyToTransfer(itt, { desiredDataTransferLength: 10 }),
  "a Text Response to a command": (target, itt) =>
    target.feed({
      opcode: Opcode.TextResponse,
      final: true,
      continue: false,
      lun: 0n,
      itt,
      ttt: RESERVED_TAG,
      statSn: target.statSn,
      ...target.numbers(),
    }),
  "a ping with two tags": (target, itt) =>
    target.feed({
      opcode: Opcode.NopIn,
      lun: 0n,
      itt,
      ttt: 4,
      statSn: target.statSn,
      ...target.numbers(),
    }),
};

for (const [what, play] of Object.entries(violations)) {
  Deno.test(`${what} is a ProtocolError that ends the session and settles every command`, () => {
    const target = ScriptedTarget.loggedIn();
    const sentCommand = target.command(READ, { dataIn: new Uint8Array(4096) });
    const { itt } = target.only(Opcode.ScsiCommand).pdu;
    const queued = target.command(REWIND);
    play(target, itt);
    assert.ok(target.closedWith?.error instanceof ProtocolError);
    const error = failure(sentCommand);
    assert.ok(error instanceof ProtocolError);
    assert.equal(error.outcome, "unknown");
    const untouched = failure(queued);
    assert.ok(untouched instanceof ProtocolError);
    assert.equal(untouched.outcome, "not-executed");
  });
}

Deno.test("5.1: responses may overtake one another: ExpStatSN stays at the first that is missing", () => {
  const target = ScriptedTarget.loggedIn();
  const commands = [0, 1, 2].map(() => target.command(REWIND));
  const tags = target.sent().map(({ pdu }) => pdu.itt);
  const first = target.statSn;
  target.respond(tags[1], { statSn: first + 1 });
  target.respond(tags[2], { statSn: first + 2 });
  target.command(REWIND);
  assert.equal(target.only(Opcode.ScsiCommand).pdu.expStatSn, first);
  commands.forEach((command) => assert.equal(command.outcome, undefined));
  target.respond(tags[0], { statSn: first });
  commands.forEach((command) => assert.equal(result(command).status, 0));
  target.command(REWIND);
  assert.equal(target.only(Opcode.ScsiCommand).pdu.expStatSn, first + 3);
});

Deno.test("5.1: a response that stays missing ends the session, and what came behind it is not trusted", () => {
  const target = ScriptedTarget.loggedIn();
  const [missing, behind] = [target.command(REWIND), target.command(REWIND)];
  const tags = target.sent().map(({ pdu }) => pdu.itt);
  target.respond(tags[1], { statSn: target.statSn + 1 });
  target.advance(999);
  assert.ok(!target.initiator.closed);
  target.advance(1);
  assert.ok(target.closedWith?.error instanceof ProtocolError);
  for (const command of [missing, behind]) assert.ok(failure(command) instanceof ProtocolError);
});

Deno.test("Silence in the middle of a PDU ends the session; silence between two does not", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(READ, { dataIn: new Uint8Array(4096), timeoutMs: 3_600_000 });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.advance(600_000);
  assert.ok(!target.initiator.closed);
  const header = new Uint8Array(48);
  header.set([Opcode.DataIn, 0x80, 0, 0, 0, 0, 0x10, 0]);
  header[19] = itt;
  target.feedBytes(header);
  target.feedBytes(new Uint8Array(100));
  target.advance(14_999);
  assert.ok(!target.initiator.closed);
  target.advance(5_000);
  assert.ok(failure(command) instanceof ConnectionLostError);
});

Deno.test("At error recovery level 0 a repeated StatSN is a ProtocolError: an answer has been mixed up", () => {
  const target = ScriptedTarget.loggedIn();
  const first = target.command(REWIND);
  target.respond(target.only(Opcode.ScsiCommand).pdu.itt);
  result(first);
  const second = target.command(REWIND);
  target.respond(target.only(Opcode.ScsiCommand).pdu.itt, { statSn: target.statSn - 1 });
  assert.ok(target.closedWith?.error instanceof ProtocolError);
  assert.ok(failure(second) instanceof ProtocolError);
});

Deno.test("15.1: R2T and a target's own ping carry StatSN without advancing it", () => {
  const target = ScriptedTarget.loggedIn({ answers: [["ImmediateData", "No"]] });
  const command = target.command(WRITE, { dataOut: pattern(100) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.readyToTransfer(itt, { desiredDataTransferLength: 100 });
  const before = target.only(Opcode.DataOut).pdu.expStatSn;
  target.feed({
    opcode: Opcode.NopIn,
    lun: 5n,
    itt: RESERVED_TAG,
    ttt: 77,
    statSn: target.statSn,
    ...target.numbers(),
  });
  const answer = target.only(Opcode.NopOut).pdu;
  assert.equal(before, target.statSn);
  assert.equal(answer.expStatSn, target.statSn);
  assert.deepEqual(
    [answer.itt, answer.ttt, answer.lun, answer.immediate],
    [RESERVED_TAG, 77, 5n, true],
  );
  target.respond(itt);
  assert.equal(result(command).status, 0);
});

Deno.test("Target failure is an error of its own, whatever status stands beside it", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  target.respond(target.only(Opcode.ScsiCommand).pdu.itt, { response: 1, status: 0 });
  assert.ok(failure(command) instanceof TargetFailureError);
  assert.equal(target.closedWith, undefined);
});

Deno.test("A rejected command fails, and a NOP-Out fills the gap that it leaves", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  const { pdu, bhs } = target.only(Opcode.ScsiCommand);
  target.expCmdSn--;
  target.feed(
    { opcode: Opcode.Reject, reason: 9, statSn: target.statSn++, dataSn: 0, ...target.numbers() },
    bhs,
  );
  assert.ok(failure(command) instanceof RejectError);
  const plug = target.only(Opcode.NopOut).pdu;
  assert.equal(plug.immediate, false);
  assert.equal(plug.cmdSn, pdu.cmdSn);
  assert.notEqual(plug.itt, RESERVED_TAG);
  assert.equal(plug.ttt, RESERVED_TAG);
});

Deno.test("A rejected Data-Out does not end its command: a response follows", () => {
  const target = ScriptedTarget.loggedIn({ answers: [["ImmediateData", "No"]] });
  const command = target.command(WRITE, { dataOut: pattern(100) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.readyToTransfer(itt, { desiredDataTransferLength: 100 });
  const { bhs } = target.only(Opcode.DataOut);
  target.feed(
    { opcode: Opcode.Reject, reason: 2, statSn: target.statSn++, dataSn: 0, ...target.numbers() },
    bhs,
  );
  assert.equal(command.outcome, undefined);
  target.respond(itt, { status: 2 }, new Uint8Array([0, 3, 0x70, 0, 0x0b]));
  assert.equal(result(command).status, 2);
});

Deno.test("When the connection ends, what was sent is unknown and what was queued is not executed", () => {
  const target = ScriptedTarget.loggedIn({ window: 1 });
  const sent = target.command(REWIND);
  target.sent();
  target.maxCmdSn = 1;
  const queued = target.command(REWIND);
  target.connection.connectionEnded(undefined);
  for (const [command, outcome] of [[sent, "unknown"], [queued, "not-executed"]] as const) {
    const error = failure(command);
    assert.ok(error instanceof ConnectionLostError);
    assert.equal(error.outcome, outcome);
    assert.match(error.message, /^TEST COMMAND: the target closed the connection/);
  }
});
