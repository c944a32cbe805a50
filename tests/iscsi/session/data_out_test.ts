import assert from "node:assert/strict";
import { ProtocolError } from "../../../iscsi/errors.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { ScriptedTarget, type SentPdu } from "./scripted_target.ts";

const WRITE = [0x0a, 0, 0, 0x10, 0, 0];

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * 31 + 7);
}

interface WriteCase {
  readonly length: number;
  readonly initialR2T: boolean;
  readonly immediateData: boolean;
  /** Bytes in the command, then in each unsolicited Data-Out. */
  readonly expected: readonly number[];
}

const FIRST_BURST = 1000;
const SEGMENT = 600;

const cases: readonly WriteCase[] = [
  { length: 100, initialR2T: true, immediateData: true, expected: [100] },
  { length: 600, initialR2T: true, immediateData: true, expected: [600] },
  { length: 601, initialR2T: true, immediateData: true, expected: [600] },
  { length: 5000, initialR2T: true, immediateData: true, expected: [600] },
  { length: 5000, initialR2T: true, immediateData: false, expected: [0] },
  { length: 600, initialR2T: false, immediateData: true, expected: [600] },
  { length: 601, initialR2T: false, immediateData: true, expected: [600, 1] },
  { length: 1000, initialR2T: false, immediateData: true, expected: [600, 400] },
  { length: 5000, initialR2T: false, immediateData: true, expected: [600, 400] },
  { length: 600, initialR2T: false, immediateData: false, expected: [0, 600] },
  { length: 5000, initialR2T: false, immediateData: false, expected: [0, 600, 400] },
];

function writing(one: WriteCase, lun?: bigint) {
  const yesNo = (flag: boolean) => flag ? "Yes" : "No";
  const target = ScriptedTarget.loggedIn({
    answers: [
      ["InitialR2T", yesNo(one.initialR2T)],
      ["ImmediateData", yesNo(one.immediateData)],
      ["FirstBurstLength", String(FIRST_BURST)],
      ["MaxBurstLength", "2000"],
      ["MaxRecvDataSegmentLength", String(SEGMENT)],
      ["MaxOutstandingR2T", "4"],
    ],
  });
  const dataOut = pattern(one.length);
  const command = target.command(WRITE, { dataOut, lun });
  return { target, dataOut, command };
}

/** The conformance tests that a case belongs to. */
function idsOf({ length, initialR2T, immediateData }: WriteCase): string {
  if (initialR2T) return immediateData ? "8.1, 16.2.1, 16.3.1, 16.6" : "8.2, 16.1.2, 16.2.2";
  const sent = length <= SEGMENT ? "8.1" : "8.1, 8.3, 11.1.1, 11.2.1";
  return `${sent}, ${immediateData ? "16.2.4" : "16.2.3"}`;
}

function checkSequence(sent: readonly SentPdu[], dataOut: Uint8Array, from: number, ttt: number) {
  let offset = from;
  sent.forEach(({ pdu, data }, index) => {
    assert.ok(pdu.opcode === Opcode.DataOut);
    assert.equal(pdu.dataSn, index);
    assert.equal(pdu.bufferOffset, offset);
    assert.equal(pdu.ttt, ttt);
    assert.equal(pdu.final, index === sent.length - 1);
    assert.deepEqual(data, dataOut.subarray(offset, offset + data.length));
    offset += data.length;
  });
  return offset;
}

for (const one of cases) {
  const { length, initialR2T, immediateData, expected } = one;
  Deno.test(`${idsOf(one)}: a write of ${length} bytes, InitialR2T ${initialR2T}, ImmediateData ${immediateData}, goes out as ${expected.join("+")}`, () => {
    const { target, dataOut } = writing(one);
    const [first, ...rest] = target.sent();
    assert.ok(first.pdu.opcode === Opcode.ScsiCommand);
    assert.equal(first.pdu.expectedDataTransferLength, length);
    assert.equal(first.pdu.write, true);
    assert.equal(first.pdu.final, rest.length === 0);
    assert.deepEqual(first.data, dataOut.subarray(0, expected[0]));
    assert.deepEqual([first, ...rest].map(({ data }) => data.length), expected);
    checkSequence(rest, dataOut, expected[0], RESERVED_TAG);
  });
}

Deno.test("6.1, 9.1, 11.3, 11.4, 12.2, 12.3: several R2Ts are answered in the order of their arrival, each counted from DataSN 0", () => {
  const { target, dataOut, command } = writing({
    length: 5000,
    initialR2T: true,
    immediateData: true,
    expected: [],
  }, 7n);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.readyToTransfer(itt, { ttt: 9, bufferOffset: 600, desiredDataTransferLength: 2000 });
  target.readyToTransfer(itt, {
    ttt: 4,
    r2tSn: 1,
    bufferOffset: 2600,
    desiredDataTransferLength: 1300,
    lun: 7n,
  });
  const sent = target.sent();
  assert.equal(checkSequence(sent.slice(0, 4), dataOut, 600, 9), 2600);
  assert.equal(checkSequence(sent.slice(4), dataOut, 2600, 4), 3900);
  assert.ok(sent[4].pdu.opcode === Opcode.DataOut && sent[4].pdu.lun === 7n);
  target.respond(itt);
  assert.ok(command.outcome && "result" in command.outcome);
});

Deno.test("12.4: R2Ts of several commands are answered in the order of their arrival", () => {
  const { target } = writing({ length: 900, initialR2T: true, immediateData: false, expected: [] });
  target.command(WRITE, { dataOut: pattern(900) });
  const [one, two] = target.sent().map(({ pdu }) => pdu.itt);
  target.readyToTransfer(two, { ttt: 2, desiredDataTransferLength: 900 });
  target.readyToTransfer(one, { ttt: 1, desiredDataTransferLength: 900 });
  const tags = target.sent().map(({ pdu }) => pdu.opcode === Opcode.DataOut && pdu.ttt);
  assert.deepEqual(tags, [2, 2, 1, 1]);
});

const impossible: Record<string, Parameters<ScriptedTarget["readyToTransfer"]>[1]> = {
  "beyond the data": { bufferOffset: 4000, desiredDataTransferLength: 1500 },
  "for nothing": { desiredDataTransferLength: 0 },
  "beyond MaxBurstLength": { desiredDataTransferLength: 2001 },
  "for another logical unit": { lun: 5n, desiredDataTransferLength: 10 },
  "out of sequence": { r2tSn: 1, desiredDataTransferLength: 10 },
  "without a tag": { ttt: RESERVED_TAG, desiredDataTransferLength: 10 },
};

for (const [what, fields] of Object.entries(impossible)) {
  Deno.test(`An R2T ${what} is a ProtocolError`, () => {
    const { target } = writing({
      length: 5000,
      initialR2T: true,
      immediateData: true,
      expected: [],
    });
    const { itt } = target.only(Opcode.ScsiCommand).pdu;
    target.readyToTransfer(itt, fields);
    assert.ok(target.closedWith?.error instanceof ProtocolError);
  });
}

Deno.test("More R2Ts than MaxOutstandingR2T are a ProtocolError", () => {
  const { target } = writing({ length: 5000, initialR2T: true, immediateData: true, expected: [] });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  for (let r2tSn = 0; r2tSn < 5; r2tSn++) {
    target.readyToTransfer(itt, {
      r2tSn,
      ttt: r2tSn,
      bufferOffset: 600 + r2tSn * 10,
      desiredDataTransferLength: 10,
    });
  }
  assert.ok(target.closedWith?.error instanceof ProtocolError);
});

Deno.test("Unsolicited data does not count among the R2Ts that are answered", () => {
  const target = ScriptedTarget.loggedIn({
    answers: [
      ["InitialR2T", "No"],
      ["ImmediateData", "No"],
      ["FirstBurstLength", "512"],
      ["MaxOutstandingR2T", "1"],
    ],
  });
  target.command(WRITE, { dataOut: pattern(5000) });
  const [{ pdu: { itt } }] = target.sent();
  for (const r2tSn of [0, 1]) {
    assert.ok(!target.initiator.closed);
    target.readyToTransfer(itt, {
      r2tSn,
      ttt: r2tSn,
      bufferOffset: 512 + r2tSn * 10,
      desiredDataTransferLength: 10,
    });
  }
  assert.ok(target.closedWith?.error instanceof ProtocolError);
});

Deno.test("A status that comes before all data was asked for ends the command and its Data-Out", () => {
  const { target, command } = writing({
    length: 5000,
    initialR2T: true,
    immediateData: true,
    expected: [],
  });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.readyToTransfer(itt, { ttt: 9, bufferOffset: 600, desiredDataTransferLength: 2000 });
  target.respond(itt, { status: 8 });
  assert.ok(command.outcome && "result" in command.outcome);
  assert.equal(target.sent().length, 0);
});

Deno.test("A CDB longer than 16 bytes goes on in an additional header segment", () => {
  const target = ScriptedTarget.loggedIn();
  const cdb = Array.from({ length: 32 }, (_, index) => index + 1);
  target.command(cdb);
  const { pdu, ahs } = target.only(Opcode.ScsiCommand);
  assert.deepEqual([...pdu.cdb], cdb.slice(0, 16));
  assert.deepEqual([...ahs], [0, 17, 1, 0, ...cdb.slice(16)]);
});
