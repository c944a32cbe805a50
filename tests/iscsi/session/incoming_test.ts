import assert from "node:assert/strict";
import {
  ConnectionLostError,
  DigestError,
  ProtocolError,
  TargetFailureError,
} from "../../../iscsi/errors.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { failureOf, resultOf, ScriptedTarget, type ScriptOptions } from "./scripted_target.ts";

const READ = [0x08, 0, 0, 0x10, 0, 0];
const WRITE = [0x0a, 0, 0, 0x10, 0, 0];
const REWIND = [0x01, 0, 0, 0, 0, 0];
const LEVEL_1: ScriptOptions = {
  answers: [["ErrorRecoveryLevel", "1"]],
  login: { offers: { errorRecoveryLevel: 1 } },
};

function reading(options: ScriptOptions = {}) {
  const target = ScriptedTarget.loggedIn(options);
  const command = target.command(READ, { dataIn: new Uint8Array(20) });
  return { target, command, itt: target.only(Opcode.ScsiCommand).pdu.itt };
}

for (const status of [0x00, 0x04, 0x10, 0x14]) {
  Deno.test(`Status ${status} may come with the last Data-In, and has no sense data`, () => {
    const { target, command, itt } = reading();
    target.dataIn(itt, new Uint8Array(20), { hasStatus: true, status });
    const { sense, ...result } = resultOf(command);
    assert.deepEqual(result, { status, dataInLength: 20, residual: 0 });
    assert.equal(sense.length, 0);
  });
}

Deno.test("At error recovery level 1, too, the StatSN of a Data-In without status means nothing", () => {
  const { target, command, itt } = reading(LEVEL_1);
  const { statSn } = target;
  target.dataIn(itt, new Uint8Array(10), { final: false, statSn });
  assert.equal(command.outcome, undefined);
  target.dataIn(itt, new Uint8Array(10), { dataSn: 1, bufferOffset: 10, hasStatus: true });
  assert.equal(resultOf(command).dataInLength, 20);
});

Deno.test("A target failure before any data is told at once, and no data is asked for", () => {
  const { target, command, itt } = reading(LEVEL_1);
  target.respond(itt, { response: 1 });
  assert.ok(failureOf(command) instanceof TargetFailureError);
  assert.deepEqual(target.sent(), []);
});

Deno.test("A piece of one byte counts where data may come in any order", () => {
  const { target, command, itt } = reading({
    answers: [["DataPDUInOrder", "No"], ["DataSequenceInOrder", "No"]],
    login: { offers: { dataPduInOrder: false, dataSequenceInOrder: false } },
  });
  target.dataIn(itt, new Uint8Array(1), { bufferOffset: 19, final: false });
  target.dataIn(itt, new Uint8Array(0), { dataSn: 1, bufferOffset: 5, final: false });
  target.dataIn(itt, new Uint8Array(19), { dataSn: 2, hasStatus: true });
  assert.equal(resultOf(command).dataInLength, 20);
});

Deno.test("A response whose tag is that of a request of another kind is a ProtocolError", () => {
  const target = ScriptedTarget.loggedIn();
  target.text([["A", "1"]]);
  target.respond(target.only(Opcode.TextRequest).pdu.itt);
  assert.ok(target.closedWith?.error instanceof ProtocolError);
});

Deno.test("The answer to a ping of ours that asks for one itself is a ProtocolError", () => {
  const target = ScriptedTarget.loggedIn({
    keepalive: { intervalMs: 1000, timeoutMs: 200, maxMissed: 3 },
  });
  target.advance(1000);
  target.nopIn({ itt: target.only(Opcode.NopOut).pdu.itt, ttt: 5 });
  assert.ok(target.closedWith?.error instanceof ProtocolError);
});

const lateAnswers: Record<string, (target: ScriptedTarget, itt: number) => void> = {
  "a SCSI Response": (target, itt) => target.respond(itt, { expDataSn: 3 }),
  "a Task Management Response": (target, itt) => target.managed(itt),
  "a Text Response": (target, itt) => target.textResponse(itt, { final: true }, ""),
  "a Logout Response": (target, itt) => target.loggedOut(itt),
  "a NOP-In": (target, itt) => target.nopIn({ itt }),
};

for (const [what, answer] of Object.entries(lateAnswers)) {
  Deno.test(`${what} to a request that is over is ignored`, () => {
    const { target, command, itt } = reading();
    target.respond(itt);
    answer(target, itt);
    assert.equal(resultOf(command).status, 0);
    assert.equal(target.closedWith, undefined);
  });
}

Deno.test("A connection that has nothing under way does not ask for its numbers", () => {
  const target = ScriptedTarget.loggedIn(LEVEL_1);
  const command = target.command(REWIND);
  target.respond(target.only(Opcode.ScsiCommand).pdu.itt);
  resultOf(command);
  target.advance(60_000);
  assert.deepEqual(target.sent(), []);
});

Deno.test("A silent connection asks for lost R2Ts of its own commands alone", () => {
  const target = ScriptedTarget.loggedIn({
    connections: 2,
    answers: [
      ["MaxConnections", "2"],
      ["ErrorRecoveryLevel", "1"],
      ["ImmediateData", "No"],
      ["InitialR2T", "Yes"],
    ],
    login: { offers: { maxConnections: 2, errorRecoveryLevel: 1 } },
  });
  const peer = target.join(1, 500);
  const peers = [target, peer];
  for (let i = 0; i < 2; i++) target.command(WRITE, { dataOut: new Uint8Array(100) });
  const tags = peers.map((one) => one.only(Opcode.ScsiCommand).pdu.itt);
  target.advance(10_000);
  const asked = peers.map((one) =>
    one.sent().flatMap(({ pdu }) => pdu.opcode === Opcode.Snack ? [pdu.itt] : [])
  );
  assert.deepEqual(asked, tags.map((itt) => [itt]));
});

Deno.test("A connection that breaks before the answer to the logout is a ConnectionLostError", () => {
  const target = ScriptedTarget.loggedIn();
  target.initiator.logout(0);
  target.only(Opcode.LogoutRequest);
  target.breakOff();
  assert.ok(target.closedWith?.error instanceof ConnectionLostError);
});

Deno.test("Data that came damaged is no result where it cannot be asked for again", () => {
  const target = ScriptedTarget.loggedIn({
    answers: [["DataDigest", "CRC32C"]],
    login: { dataDigest: "crc32c" },
  });
  const command = target.command(READ, { dataIn: new Uint8Array(4) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataInBegins(itt, 4);
  target.feedBytes(new Uint8Array(8));
  assert.ok(failureOf(command) instanceof DigestError);
});
