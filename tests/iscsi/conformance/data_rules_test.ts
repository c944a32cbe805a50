import assert from "node:assert/strict";
import { IscsiError, ProtocolError, TargetFailureError } from "../../../iscsi/mod.ts";
import { Status } from "../../../scsi/status.ts";
import { pattern, READ, REWIND, WRITE } from "./cdbs.ts";
import { STATUS, turn, type WireConnection } from "./wire_connection.ts";
import { FINAL, NO_TAG, Op } from "./wire_pdu.ts";
import { type WireTargetOptions, withSession } from "./wire_target.ts";

const SOLICITED: WireTargetOptions = {
  keys: { ImmediateData: "No", MaxBurstLength: "4096", MaxOutstandingR2T: "2" },
};

type Misdeed = (wire: WireConnection, itt: number) => void;

const BAD_R2TS: readonly [what: string, misdeed: Misdeed][] = [
  ["reaches beyond the data", (wire, itt) => wire.r2t(itt, { ttt: 1, offset: 7000, length: 1193 })],
  ["asks for nothing", (wire, itt) => wire.r2t(itt, { ttt: 1, offset: 0, length: 0 })],
  ["exceeds MaxBurstLength", (wire, itt) => wire.r2t(itt, { ttt: 1, offset: 0, length: 4097 })],
  ["has no tag", (wire, itt) => wire.r2t(itt, { ttt: NO_TAG, offset: 0, length: 512 })],
  [
    "names another LUN",
    (wire, itt) => wire.r2t(itt, { ttt: 1, offset: 0, length: 512, lun: 5n << 48n }),
  ],
  [
    "skips an R2TSN",
    (wire, itt) => wire.r2t(itt, { ttt: 1, r2tSn: 1, offset: 0, length: 512 }),
  ],
  ["belongs to no command", (wire, itt) => wire.r2t(itt + 50, { ttt: 1, offset: 0, length: 512 })],
];

for (const [what, misdeed] of BAD_R2TS) {
  Deno.test(`RFC 7143 §11.8: an R2T that ${what} is not answered with data`, async () => {
    await withSession(SOLICITED, async (target, wire) => {
      const { execution, pdu } = await target.begin(WRITE, { dataOut: pattern(8192) });
      misdeed(wire, pdu.itt);
      await assert.rejects(execution.result, ProtocolError);
      await wire.quiet();
    });
  });
}

Deno.test("RFC 7143 §13.17: more R2Ts than MaxOutstandingR2T are a protocol error", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const { execution, pdu } = await target.begin(WRITE, { dataOut: pattern(8192) });
    const ask = (r2tSn: number) =>
      wire.r2t(pdu.itt, { ttt: r2tSn, r2tSn, offset: r2tSn * 512, length: 512 });
    wire.stream.stall();
    ask(0);
    await wire.only(Op.DataOut);
    [1, 2].forEach(ask);
    await turn();
    assert.equal(execution.outcome, undefined, "two are allowed");
    ask(3);
    await turn();
    wire.stream.go();
    await assert.rejects(execution.result, ProtocolError);
  });
});

Deno.test("RFC 7143 §13.17: R2Ts for lost data come on top of MaxOutstandingR2T, but not without end", async () => {
  const session = { negotiation: { errorRecoveryLevel: 1 } };
  const keys = { ...SOLICITED.keys, MaxOutstandingR2T: "1", ErrorRecoveryLevel: "1" };
  await withSession({ session, keys }, async (target, wire) => {
    const { execution, pdu } = await target.begin(WRITE, { dataOut: pattern(8192) });
    const ask = (r2tSn: number) =>
      wire.r2t(pdu.itt, { ttt: r2tSn, r2tSn, offset: 0, length: 4096 });
    wire.stream.stall();
    ask(0);
    await wire.only(Op.DataOut);
    [1, 2, 3].forEach(ask);
    await turn();
    assert.equal(execution.outcome, undefined, "they are for lost data");
    for (let r2tSn = 4; r2tSn < 5000 && !execution.outcome; r2tSn++) {
      ask(r2tSn);
      if (r2tSn % 100 === 0) await turn();
    }
    wire.stream.go();
    await assert.rejects(execution.result, ProtocolError);
  });
});

Deno.test("RFC 7143 §11.8: an R2T for a read is a protocol error", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(512) });
    wire.r2t(pdu.itt, { ttt: 1, offset: 0, length: 512 });
    await assert.rejects(execution.result, ProtocolError);
    await wire.quiet();
  });
});

const BAD_DATA_INS: readonly [rule: string, what: string, misdeed: Misdeed][] = [
  ["§11.7.5", "skips a DataSN", (wire, itt) => wire.dataIn(itt, pattern(512), { dataSn: 1 })],
  ["§11.7.6", "leaves a hole", (wire, itt) => wire.dataIn(itt, pattern(512), { offset: 512 })],
  ["§11.7.6", "exceeds the expected length", (wire, itt) => wire.dataIn(itt, pattern(2049))],
  [
    "§11.7",
    "has a residual over and under at once",
    (wire, itt) => wire.dataIn(itt, pattern(512), { flags: FINAL | STATUS | 0x06, residual: 1 }),
  ],
  ["§4.2.5.3", "has a tag that no command has", (wire, itt) => wire.dataIn(itt + 50, pattern(512))],
];

for (const [rule, what, misdeed] of BAD_DATA_INS) {
  Deno.test(`RFC 7143 ${rule}: a Data-In that ${what} is a protocol error`, async () => {
    await withSession({}, async (target, wire) => {
      const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(2048) });
      misdeed(wire, pdu.itt);
      await assert.rejects(execution.result, ProtocolError);
      assert.ok(wire.stream.closed);
    });
  });
}

Deno.test("RFC 7143 §11.7.3: without S the StatSN of a Data-In means nothing", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(8) });
    wire.dataIn(pdu.itt, pattern(8), { statSn: 0xdeadbeef });
    wire.response(pdu.itt, { expDataSn: 1 });
    assert.equal((await execution.result).dataInLength, 8);
    assert.equal((await target.begin(REWIND)).pdu.expStatSn, wire.statSn);
  });
});

Deno.test("RFC 7143 §11.7.1: F within a read ends a sequence, not the command", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(24) });
    [0, 1, 2].forEach((dataSn) => wire.dataIn(pdu.itt, pattern(8), { dataSn, offset: dataSn * 8 }));
    await turn();
    assert.equal(execution.outcome, undefined);
    wire.response(pdu.itt, { expDataSn: 3 });
    assert.equal((await execution.result).dataInLength, 24);
  });
});

Deno.test("RFC 7143 §11.2.1: every PDU tells the newest ExpStatSN, Data-Out too", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const other = await target.begin(REWIND);
    const { pdu } = await target.begin(WRITE, { dataOut: pattern(100) });
    wire.response(other.pdu.itt);
    wire.r2t(pdu.itt, { ttt: 1, offset: 0, length: 100 });
    assert.equal((await wire.only(Op.DataOut)).expStatSn, wire.statSn);
  });
});

Deno.test("RFC 7143 §11.8.3, §11.19.2: an R2T and a target's ping carry StatSN and do not use it up", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const { execution, pdu } = await target.begin(WRITE, { dataOut: pattern(100) });
    wire.r2t(pdu.itt, { ttt: 1, offset: 0, length: 100 });
    assert.equal((await wire.only(Op.DataOut)).expStatSn, wire.statSn);
    wire.nopIn({ ttt: 2 });
    assert.equal((await wire.only(Op.NopOut)).expStatSn, wire.statSn);
    wire.response(pdu.itt);
    assert.equal((await execution.result).status, 0);
    assert.equal((await target.begin(REWIND)).pdu.expStatSn, wire.statSn);
  });
});

Deno.test("RFC 7143 §11.4.2: a status that comes before all data was asked for ends the command and its Data-Out", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const { execution, pdu } = await target.begin(WRITE, { dataOut: pattern(8192) });
    wire.response(pdu.itt, { status: 8, flags: 0x02, residual: 8192 });
    const result = await execution.result;
    assert.deepEqual([result.status, result.residual], [8, 8192]);
    await wire.quiet();
  });
});

Deno.test("RFC 7143 §11.4.3: a target failure is told as one, whatever status and residual stand beside it", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    wire.response(pdu.itt, { response: 1, status: 0, flags: 0x06, residual: 5 });
    await assert.rejects(
      execution.result,
      (error) => error instanceof TargetFailureError && error.response === 1,
    );
    assert.ok(!wire.stream.closed);
  });
});

Deno.test("RFC 7143 §11.4.5: a response whose residual is over and under at once is a protocol error", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(8) });
    wire.response(pdu.itt, { flags: 0x06, residual: 1 });
    await assert.rejects(execution.result, ProtocolError);
  });
});

for (const status of [Status.Good, Status.CheckCondition]) {
  Deno.test(`RFC 7143 §11.4.8: a response with status ${status} that counts more Data-In than has come is a protocol error`, async () => {
    await withSession({}, async (target, wire) => {
      const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(1024) });
      wire.dataIn(pdu.itt, pattern(512), { dataSn: 0, offset: 0 });
      wire.response(pdu.itt, { status, expDataSn: 2 });
      await assert.rejects(execution.result, ProtocolError);
    });
  });
}

Deno.test("RFC 3720 §10.4.8: an ExpDataSN that counts R2Ts, too, and one that is left empty, are no protocol errors", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const write = await target.begin(WRITE, { dataOut: pattern(512) });
    wire.r2t(write.pdu.itt, { ttt: 1, offset: 0, length: 512 });
    await wire.only(Op.DataOut);
    wire.response(write.pdu.itt, { expDataSn: 1 });
    assert.equal((await write.execution.result).status, 0);
    const read = await target.begin(READ, { dataIn: new Uint8Array(512) });
    wire.dataIn(read.pdu.itt, pattern(512), { dataSn: 0, offset: 0 });
    wire.response(read.pdu.itt, { expDataSn: 0 });
    assert.equal((await read.execution.result).dataInLength, 512);
  });
});

for (const inOrder of [true, false]) {
  const order = inOrder ? "Yes" : "No";
  Deno.test(`RFC 7143 §13.18, §13.19: with DataPDUInOrder and DataSequenceInOrder ${order}, Data-In lands where Buffer Offset says`, async () => {
    const session = { negotiation: { dataPduInOrder: inOrder, dataSequenceInOrder: inOrder } };
    const keys = { DataPDUInOrder: order, DataSequenceInOrder: order };
    await withSession({ session, keys }, async (target, wire) => {
      const dataIn = new Uint8Array(2048);
      const { execution, pdu } = await target.begin(READ, { dataIn });
      const data = pattern(2048);
      const offsets = inOrder ? [0, 512, 1024, 1536] : [1536, 1024, 0, 512];
      offsets.forEach((offset, dataSn) =>
        wire.dataIn(pdu.itt, data.subarray(offset, offset + 512), { dataSn, offset })
      );
      wire.response(pdu.itt, { expDataSn: 4 });
      assert.equal((await execution.result).dataInLength, 2048);
      assert.deepEqual(dataIn, data);
    });
  });
}

Deno.test("RFC 7143 §13.18: where data may come in any order, more than was expected is not waited for", async () => {
  const session = { negotiation: { dataPduInOrder: false, dataSequenceInOrder: false } };
  const keys = { DataPDUInOrder: "No", DataSequenceInOrder: "No" };
  await withSession({ session, keys }, async (target, wire) => {
    const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(2048) });
    const again = (dataSn: number) =>
      wire.dataIn(pdu.itt, pattern(512), { dataSn, offset: 1024, flags: 0 });
    [0, 1, 2, 3].forEach(again);
    await turn();
    assert.equal(execution.outcome, undefined);
    again(4);
    await assert.rejects(execution.result, ProtocolError);
  });
});

for (const level of [0, 1]) {
  Deno.test(`RFC 7143 §13.18: where data may come in any order, data with a hole or an overlap is not taken for whole (error recovery level ${level})`, async () => {
    const order = { dataPduInOrder: false, dataSequenceInOrder: false };
    const session = { negotiation: { ...order, errorRecoveryLevel: level } };
    const orders = { DataPDUInOrder: "No", DataSequenceInOrder: "No" };
    const keys = { ...orders, ErrorRecoveryLevel: String(level) };
    for (const offsets of [[0, 1024], [512, 1024], [0, 256], [0, 1024, 1024]]) {
      await withSession({ session, keys }, async (target, wire) => {
        const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(2048) });
        offsets.forEach((offset, dataSn) => wire.dataIn(pdu.itt, pattern(512), { dataSn, offset }));
        wire.response(pdu.itt, { expDataSn: offsets.length, flags: 0x02, residual: 512 });
        await assert.rejects(execution.result, IscsiError, `offsets ${offsets}`);
      });
    }
  });
}

Deno.test("RFC 7143 §11.3: a command has W or R and its length as direction has it, F, and a SIMPLE attribute", async () => {
  await withSession({}, async (target, wire) => {
    const { pdu: read } = await target.begin(READ, { dataIn: new Uint8Array(512) });
    assert.deepEqual([read.u8(0), read.u8(1), read.expectedLength], [0x01, 0xc1, 512]);
    const { pdu: write } = await target.begin(WRITE, { dataOut: new Uint8Array(512) });
    assert.deepEqual([write.u8(1), write.expectedLength], [0xa1, 512]);
    const { pdu: none } = await target.begin(REWIND);
    assert.deepEqual([none.u8(1), none.expectedLength, none.dataSegmentLength], [0x81, 0, 0]);
    await wire.quiet();
  });
});
