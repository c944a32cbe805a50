import assert from "node:assert/strict";
import { DataLostError, ProtocolError } from "../../../iscsi/errors.ts";
import { AhsType, decodeAhs } from "../../../iscsi/pdu/ahs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { SnackType } from "../../../iscsi/pdu/snack.ts";
import { TaskManagementFunction } from "../../../iscsi/pdu/task_management.ts";
import { Command, exchanged } from "../../sim/target/scripted_device.ts";
import { ScriptedTarget, type ScriptOptions } from "./scripted_target.ts";
import { withSimulatedPair } from "./simulated_pair.ts";

// Commands with data in both directions (RFC 7143 §11.2.2.4, §11.3, §11.4.2, §11.7.5, §11.8).

const XDWRITEREAD = [0x53, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const LEVEL_1: ScriptOptions = {
  answers: [["ErrorRecoveryLevel", "1"]],
  login: { offers: { errorRecoveryLevel: 1 } },
};

function begun(options: ScriptOptions = {}, cdb: readonly number[] = XDWRITEREAD) {
  const target = ScriptedTarget.loggedIn({
    ...options,
    answers: [["ImmediateData", "No"], ["InitialR2T", "Yes"], ...options.answers ?? []],
  });
  const dataOut = Uint8Array.from({ length: 3000 }, (_, i) => i);
  const dataIn = new Uint8Array(2000);
  const command = target.command(cdb, { dataOut, dataIn });
  const sent = target.only(Opcode.ScsiCommand);
  return { target, dataOut, dataIn, command, sent, itt: sent.pdu.itt };
}

function resultOf({ command }: ReturnType<typeof begun>) {
  assert.ok(command.outcome && "result" in command.outcome, "the command has no result");
  return command.outcome.result;
}

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);

Deno.test("A command with both buffers has R, W, the length of its write, and that of its read in an AHS", () => {
  const { sent } = begun();
  const { read, write, expectedDataTransferLength } = sent.pdu;
  assert.deepEqual([read, write, expectedDataTransferLength], [true, true, 3000]);
  assert.deepEqual(decodeAhs(sent.ahs), {
    ok: true,
    segments: [{ type: AhsType.BidirectionalReadLength, expectedReadLength: 2000 }],
  });
});

Deno.test("A bidirectional command with a long CDB has both additional header segments", () => {
  const cdb = Array.from({ length: 21 }, (_, i) => i);
  const { sent } = begun({}, cdb);
  assert.deepEqual(decodeAhs(sent.ahs), {
    ok: true,
    segments: [
      { type: AhsType.ExtendedCdb, bytes: Uint8Array.from(cdb.slice(16)) },
      { type: AhsType.BidirectionalReadLength, expectedReadLength: 2000 },
    ],
  });
});

Deno.test("A command in one direction has no additional header segment", () => {
  const target = ScriptedTarget.loggedIn();
  target.command(XDWRITEREAD, { dataIn: new Uint8Array(5), dataOut: new Uint8Array(0) });
  const { ahs, pdu } = target.only(Opcode.ScsiCommand);
  assert.deepEqual([ahs.length, pdu.write, pdu.expectedDataTransferLength], [0, false, 5]);
});

Deno.test("R2Ts and Data-In of a bidirectional command count in one sequence, in any order", () => {
  const one = begun();
  const { target, itt, dataIn, dataOut } = one;
  target.readyToTransfer(itt, { r2tSn: 0, ttt: 1, desiredDataTransferLength: 1000 });
  const sent = target.sent();
  target.dataIn(itt, bytes(500, 1), { dataSn: 1 });
  target.readyToTransfer(itt, {
    r2tSn: 2,
    ttt: 2,
    bufferOffset: 1000,
    desiredDataTransferLength: 2000,
  });
  sent.push(...target.sent());
  target.dataIn(itt, bytes(1500, 2), { dataSn: 3, bufferOffset: 500 });
  target.respond(itt, { expDataSn: 2 });
  assert.deepEqual(sent.map(({ data }) => data.length), [1000, 2000]);
  assert.deepEqual(sent[1].data, dataOut.subarray(1000));
  const { dataInLength, residual, readResidual } = resultOf(one);
  assert.deepEqual([dataInLength, residual, readResidual], [2000, 0, 0]);
  assert.deepEqual(dataIn, Uint8Array.of(...bytes(500, 1), ...bytes(1500, 2)));
});

for (
  const [what, wrong] of [
    ["R2T", ({ target, itt }) => target.readyToTransfer(itt, { desiredDataTransferLength: 10 })],
    ["Data-In", ({ target, itt }) => target.dataIn(itt, bytes(5, 0), { bufferOffset: 5 })],
  ] as readonly [string, (one: ReturnType<typeof begun>) => void][]
) {
  Deno.test(`A number that ${what} of a bidirectional command uses a second time is a ProtocolError`, () => {
    const one = begun();
    one.target.dataIn(one.itt, bytes(5, 0), { dataSn: 0 });
    wrong(one);
    assert.ok(one.target.closedWith?.error instanceof ProtocolError);
  });
}

const residuals: readonly [string, Parameters<ScriptedTarget["respond"]>[1], number, number][] = [
  ["none", {}, 0, 0],
  [
    "underflows",
    {
      underflow: true,
      residual: 7,
      bidirectionalUnderflow: true,
      bidirectionalResidual: 9,
    },
    7,
    9,
  ],
  [
    "overflows",
    {
      overflow: true,
      residual: 7,
      bidirectionalOverflow: true,
      bidirectionalResidual: 9,
    },
    -7,
    -9,
  ],
  [
    "one of each",
    { underflow: true, residual: 3, bidirectionalOverflow: true, bidirectionalResidual: 4 },
    3,
    -4,
  ],
];

for (const [what, fields, residual, readResidual] of residuals) {
  Deno.test(`Residuals of both directions are told apart: ${what}`, () => {
    const one = begun();
    one.target.respond(one.itt, fields);
    const result = resultOf(one);
    assert.deepEqual([result.residual, result.readResidual], [residual, readResidual]);
  });
}

Deno.test("A residual of a read that is over and under at once is a ProtocolError", () => {
  const { target, itt } = begun();
  target.respond(itt, { bidirectionalOverflow: true, bidirectionalUnderflow: true });
  assert.ok(target.closedWith?.error instanceof ProtocolError);
});

Deno.test("The residual beside a status that comes with Data-In is that of the read", () => {
  const one = begun();
  one.target.dataIn(one.itt, bytes(1900, 1), { hasStatus: true, underflow: true, residual: 100 });
  const { residual, readResidual } = resultOf(one);
  assert.deepEqual([residual, readResidual], [0, 100]);
});

for (const hasStatus of [true, false]) {
  const how = hasStatus ? "with its data" : "behind its data";
  Deno.test(`The result of a command in one direction has no second residual, ${how}`, () => {
    const target = ScriptedTarget.loggedIn();
    const command = target.command(XDWRITEREAD, { dataIn: new Uint8Array(5) });
    const { itt } = target.only(Opcode.ScsiCommand).pdu;
    target.dataIn(itt, bytes(5, 1), { hasStatus });
    if (!hasStatus) target.respond(itt);
    assert.ok(command.outcome && "result" in command.outcome);
    assert.equal("readResidual" in command.outcome.result, false);
  });
}

Deno.test("A lost R2T of a bidirectional command is asked for by its number in the common sequence", () => {
  const one = begun(LEVEL_1);
  const { target, itt, dataIn } = one;
  target.dataIn(itt, bytes(500, 1), { dataSn: 0 });
  target.dataIn(itt, bytes(1500, 2), { dataSn: 2, bufferOffset: 500 });
  const { pdu } = target.only(Opcode.Snack);
  assert.deepEqual([pdu.type, pdu.begRun, pdu.runLength], [SnackType.DataR2t, 1, 1]);
  target.readyToTransfer(itt, { r2tSn: 1, ttt: 3, desiredDataTransferLength: 3000 });
  assert.equal(target.sent().reduce((sum, { data }) => sum + data.length, 0), 3000);
  target.respond(itt, { expDataSn: 2 });
  assert.equal(resultOf(one).dataInLength, 2000);
  assert.deepEqual(dataIn.subarray(499, 501), Uint8Array.of(1, 2));
});

Deno.test("An R2T behind lost Data-In of a bidirectional command is answered once that has come", () => {
  const one = begun(LEVEL_1);
  const { target, itt } = one;
  target.readyToTransfer(itt, { r2tSn: 1, ttt: 3, desiredDataTransferLength: 3000 });
  const { pdu } = target.only(Opcode.Snack);
  assert.deepEqual([pdu.begRun, pdu.runLength], [0, 1]);
  target.dataIn(itt, bytes(2000, 1), { dataSn: 0 });
  assert.equal(target.sent().length > 0, true);
  target.respond(itt, { expDataSn: 1 });
  assert.equal(resultOf(one).dataInLength, 2000);
});

Deno.test("ExpDataSN counts Data-In alone: data that is missing at the end is asked for behind the R2Ts", () => {
  const one = begun(LEVEL_1);
  const { target, itt } = one;
  target.readyToTransfer(itt, { r2tSn: 0, ttt: 3, desiredDataTransferLength: 3000 });
  target.sent();
  target.dataIn(itt, bytes(500, 1), { dataSn: 1 });
  target.respond(itt, { expDataSn: 2 });
  const { pdu } = target.only(Opcode.Snack);
  assert.deepEqual([pdu.begRun, pdu.runLength], [2, 1]);
  assert.equal(one.command.outcome, undefined);
  target.dataIn(itt, bytes(1500, 2), { dataSn: 2, bufferOffset: 500 });
  assert.equal(resultOf(one).dataInLength, 2000);
});

Deno.test("A bidirectional command whose data does not come again fails with DataLostError", () => {
  const { target, itt, command } = begun(LEVEL_1);
  target.dataIn(itt, bytes(500, 2), { dataSn: 2, bufferOffset: 500 });
  for (let second = 0; second < 10; second++) {
    target.advance(1000);
    const abort = target.sent().find(({ pdu }) => pdu.opcode === Opcode.TaskManagementRequest);
    if (abort?.pdu.opcode !== Opcode.TaskManagementRequest) continue;
    assert.equal(abort.pdu.function, TaskManagementFunction.AbortTask);
    target.managed(abort.pdu.itt);
    break;
  }
  assert.ok(command.outcome && "error" in command.outcome);
  assert.ok(command.outcome.error instanceof DataLostError);
});

const LEVELS = [
  { level: 0, faults: [] },
  { level: 1, faults: [{ kind: "drop", pdu: "data-in", nth: 2 }] },
  { level: 1, faults: [{ kind: "drop", pdu: "r2t", nth: 2 }] },
  { level: 1, faults: [{ kind: "duplicate", pdu: "scsi-response", nth: 1 }] },
  { level: 2, faults: [{ kind: "disconnect-before", pdu: "data-in", nth: 2 }] },
  { level: 2, faults: [{ kind: "disconnect-after", pdu: "r2t", nth: 2 }] },
  { level: 2, faults: [{ kind: "disconnect-before", pdu: "scsi-response", nth: 1 }] },
] as const;

for (const { level, faults } of LEVELS) {
  const what = faults.map(({ kind, pdu }) => `${kind} ${pdu}`).join() || "no fault";
  Deno.test(`Bidirectional commands cross the simulator at error recovery level ${level} with ${what}`, () =>
    withSimulatedPair({ faults }, async ({ connect, clock, device }) => {
      const session = await connect({
        keepalive: false,
        negotiation: {
          errorRecoveryLevel: level,
          defaultTime2Wait: 0,
          initialR2T: true,
          maxBurstLength: 8192,
          firstBurstLength: 4096,
          maxReceiveDataSegmentLength: 8192,
        },
      });
      const turning = turn(clock);
      try {
        const dataOut = Uint8Array.from({ length: 40_000 }, (_, i) => i * 7);
        for (const readLength of [1, 33_333]) {
          const dataIn = new Uint8Array(readLength + 5);
          const cdb = Command.exchange(dataOut.length - 1, readLength);
          const result = await session.execute(0n, { cdb, dataOut, dataIn });
          assert.deepEqual(device.written.at(-1), dataOut.subarray(0, -1));
          assert.deepEqual([result.status, result.dataInLength], [0, readLength]);
          assert.deepEqual([result.residual, result.readResidual], [1, 5]);
          assert.deepEqual(
            dataIn.subarray(0, readLength),
            exchanged(dataOut.subarray(0, -1), readLength),
          );
        }
        assert.equal(device.written.length, 2);
      } finally {
        turning.stop();
        await session.close();
      }
    }));
}

/** Lets virtual time pass while there is nothing else to do. */
function turn(clock: { advance(ms: number): void }): { stop(): void } {
  const timer = setInterval(() => clock.advance(100), 2);
  return { stop: () => clearInterval(timer) };
}

Deno.test("After a new MaxRecvDataSegmentLength the Data-In of a bidirectional command is asked for anew behind its R2Ts", () => {
  const one = begun(LEVEL_1);
  const { target, itt } = one;
  target.readyToTransfer(itt, { r2tSn: 0, ttt: 1, desiredDataTransferLength: 3000 });
  target.sent();
  target.dataIn(itt, bytes(500, 1), { dataSn: 1 });
  const { parameters } = target.connection.wire;
  target.connection.renegotiated({ ...parameters, maxReceiveDataSegmentLength: 1024 });
  target.dataIn(itt, bytes(500, 3), { dataSn: 3, bufferOffset: 1000 });
  const { pdu } = target.only(Opcode.Snack);
  assert.equal(pdu.type, SnackType.RData);
  target.dataIn(itt, bytes(1000, 7), { dataSn: 1 });
  target.dataIn(itt, bytes(1000, 8), { dataSn: 2, bufferOffset: 1000 });
  target.respond(itt, { expDataSn: 2, snackTag: pdu.ttt });
  assert.equal(resultOf(one).dataInLength, 2000);
  assert.deepEqual([one.dataIn[0], one.dataIn[1500]], [7, 8]);
});
