import assert from "node:assert/strict";
import { DataLostError, ProtocolError, type SessionOptions } from "../../../iscsi/mod.ts";
import { pattern, READ, REWIND, WRITE } from "./cdbs.ts";
import { ACKNOWLEDGE, STATUS, turn, type WireConnection } from "./wire_connection.ts";
import { FINAL, NO_TAG, Op, type WirePdu } from "./wire_pdu.ts";
import { type WireTargetOptions, withSession } from "./wire_target.ts";

const DATA = 0;
const STATUS_SNACK = 1;
const DATA_ACK = 2;
const SNACK_REJECT = 0x03;
const DATA_DIGEST_ERROR = 0x02;

/** A session at error recovery level 1, with digests where asked for. */
function levelOne(digests = false): WireTargetOptions {
  const value = digests ? "CRC32C" : "None";
  const session: Partial<SessionOptions> = {
    negotiation: { errorRecoveryLevel: 1 },
    headerDigest: digests ? "crc32c" : "none",
    dataDigest: digests ? "crc32c" : "none",
  };
  const keys = { ErrorRecoveryLevel: "1", HeaderDigest: value, DataDigest: value };
  return { session, keys: { ...keys, ImmediateData: "No" } };
}

/** RFC 7143 §11.16: type, tags and run of a SNACK. It is no command: no I bit, no CmdSN, F set. */
function checkSnack(
  pdu: WirePdu,
  type: number,
  expected: { itt?: number; ttt?: number; lun?: bigint; begRun: number; runLength: number },
): void {
  const { itt = NO_TAG, ttt = NO_TAG, lun = 0n, begRun, runLength } = expected;
  assert.deepEqual([pdu.u8(0), pdu.u8(1)], [Op.Snack, FINAL | type]);
  assert.deepEqual([pdu.itt, pdu.ttt, pdu.lun], [itt, ttt, lun]);
  assert.deepEqual([pdu.bufferOffset, pdu.runLength], [begRun, runLength]);
  assert.deepEqual([pdu.dataSegmentLength, pdu.u8(4)], [0, 0]);
}

const DATA_OF_READ = pattern(2048);

/** The PDU with this DataSN of a read in four. */
function part(dataSn: number): Uint8Array {
  return DATA_OF_READ.subarray(dataSn * 512, dataSn * 512 + 512);
}

Deno.test("UNH 13.1: Data-In that is missing is asked for by a Data SNACK: tag of the task, no target's tag, the run", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const dataIn = new Uint8Array(2048);
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn });
    const send = (dataSn: number, flags = 0) =>
      wire.dataIn(itt, part(dataSn), { flags, dataSn, offset: dataSn * 512 });
    send(0);
    send(3, FINAL);
    const snack = await wire.only(Op.Snack);
    checkSnack(snack, DATA, { itt, begRun: 1, runLength: 2 });
    send(1);
    send(2);
    wire.response(itt, { expDataSn: 4 });
    assert.equal((await execution.result).dataInLength, 2048);
    assert.deepEqual(dataIn, DATA_OF_READ);
    assert.equal((await target.begin(REWIND)).pdu.cmdSn, 2, "a SNACK takes no CmdSN");
  });
});

Deno.test("UNH 13.1: an R2T that is missing is asked for by an R2T SNACK, and both are answered in order", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const { pdu: { itt } } = await target.begin(WRITE, { dataOut: DATA_OF_READ });
    wire.r2t(itt, { ttt: 2, r2tSn: 1, offset: 1024, length: 1024 });
    checkSnack(await wire.only(Op.Snack), DATA, { itt, begRun: 0, runLength: 1 });
    wire.r2t(itt, { ttt: 1, r2tSn: 0, offset: 0, length: 1024 });
    const answers = await wire.received();
    assert.deepEqual(answers.map(({ ttt, bufferOffset }) => [ttt, bufferOffset]), [
      [1, 0],
      [2, 1024],
    ]);
  });
});

Deno.test("UNH 13.1: data that is missing at the end shows in ExpDataSN, and the response waits for it", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const dataIn = new Uint8Array(2048);
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn });
    [0, 1, 2].forEach((dataSn) =>
      wire.dataIn(itt, part(dataSn), { flags: 0, dataSn, offset: dataSn * 512 })
    );
    wire.response(itt, { expDataSn: 4 });
    checkSnack(await wire.only(Op.Snack), DATA, { itt, begRun: 3, runLength: 1 });
    assert.equal(execution.outcome, undefined);
    wire.nopIn({ ttt: 1 });
    const { expStatSn } = await wire.only(Op.NopOut);
    assert.equal(
      expStatSn,
      wire.statSn - 1,
      "to acknowledge the status would acknowledge the data",
    );
    wire.dataIn(itt, part(3), { dataSn: 3, offset: 1536 });
    assert.equal((await execution.result).dataInLength, 2048);
    assert.deepEqual(dataIn, DATA_OF_READ);
  });
});

Deno.test("UNH 13.2: a DataACK has no initiator's tag, the target's tag and LUN, and the next DataSN with run length 0", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const lun = 5n << 48n;
    const options = { dataIn: new Uint8Array(2048), lun };
    const { execution, pdu: { itt } } = await target.begin(READ, options);
    wire.dataIn(itt, part(0), { flags: 0, lun, ttt: NO_TAG });
    const flags = FINAL | ACKNOWLEDGE;
    wire.dataIn(itt, part(1), { flags, dataSn: 1, offset: 512, lun, ttt: 0xbeef });
    const acknowledgement = await wire.only(Op.Snack);
    checkSnack(acknowledgement, DATA_ACK, { ttt: 0xbeef, lun, begRun: 2, runLength: 0 });
    wire.response(itt, { expDataSn: 2, flags: 0x02, residual: 1024 });
    assert.equal((await execution.result).dataInLength, 1024);
  });
});

Deno.test("UNH 10.2: data with the A bit is acknowledged before its status is", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn: new Uint8Array(512) });
    const before = wire.statSn;
    wire.dataIn(itt, part(0), { flags: FINAL | ACKNOWLEDGE, ttt: 3 });
    wire.response(itt, { expDataSn: 1 });
    const acknowledgement = await wire.only(Op.Snack);
    checkSnack(acknowledgement, DATA_ACK, { ttt: 3, begRun: 1, runLength: 0 });
    assert.ok(acknowledgement.expStatSn === before || acknowledgement.expStatSn === before + 1);
    assert.equal((await execution.result).status, 0);
    wire.nopIn({ ttt: 1 });
    assert.equal((await wire.only(Op.NopOut)).expStatSn, before + 1);
  });
});

Deno.test("RFC 7143 §11.7.2: of several acknowledgements that are due at once one goes out, and none behind that of the status", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const flags = FINAL | ACKNOWLEDGE;
    const first = await target.begin(READ, { dataIn: new Uint8Array(2048) });
    await held(wire);
    for (const dataSn of [0, 1, 2]) {
      wire.dataIn(first.pdu.itt, part(dataSn), { flags, dataSn, offset: dataSn * 512, ttt: 3 });
    }
    await turn();
    wire.stream.go();
    checkSnack(await wire.only(Op.Snack), DATA_ACK, { ttt: 3, begRun: 3, runLength: 0 });
    wire.dataIn(first.pdu.itt, part(3), { flags: FINAL | STATUS, dataSn: 3, offset: 1536 });
    assert.equal((await first.execution.result).dataInLength, 2048);

    const second = await target.begin(READ, { dataIn: new Uint8Array(512) });
    await held(wire);
    wire.nopIn({ ttt: 9 });
    wire.dataIn(second.pdu.itt, part(0), { flags, ttt: 4 });
    wire.response(second.pdu.itt, { expDataSn: 1 });
    await turn();
    wire.stream.go();
    assert.equal((await wire.only(Op.NopOut)).expStatSn, wire.statSn);
    assert.equal((await second.execution.result).dataInLength, 512);
  });
});

/** From now on what the initiator has to say waits for the network. */
async function held(wire: WireConnection): Promise<void> {
  wire.stream.stall();
  wire.nopIn({ ttt: 8 });
  await wire.only(Op.NopOut);
}

Deno.test("UNH 10.2: data with the A bit is not acknowledged while data before it is missing", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const { pdu: { itt } } = await target.begin(READ, { dataIn: new Uint8Array(2048) });
    wire.dataIn(itt, part(1), {
      flags: FINAL | ACKNOWLEDGE,
      dataSn: 1,
      offset: 512,
      ttt: 9,
    });
    checkSnack(await wire.only(Op.Snack), DATA, { itt, begRun: 0, runLength: 1 });
    wire.dataIn(itt, part(0), { flags: 0 });
    checkSnack(await wire.only(Op.Snack), DATA_ACK, { ttt: 9, begRun: 2, runLength: 0 });
  });
});

Deno.test("UNH 5.1: at error recovery level 1 a response that is missing is asked for by a Status SNACK without tags", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const first = await target.begin(REWIND);
    const second = await target.begin(REWIND);
    const missing = wire.statSn++;
    wire.response(second.pdu.itt);
    const snack = await wire.only(Op.Snack);
    checkSnack(snack, STATUS_SNACK, { begRun: missing, runLength: 1 });
    assert.equal(snack.expStatSn, missing);
    wire.response(first.pdu.itt, { statSn: missing });
    assert.equal((await first.execution.result).status, 0);
    assert.equal((await second.execution.result).status, 0);
    assert.equal((await target.begin(REWIND)).pdu.expStatSn, wire.statSn);
  });
});

Deno.test("UNH 5.1: at error recovery level 1 a NOP-In shows that the last response is missing", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    const missing = wire.statSn++;
    wire.nopIn();
    checkSnack(await wire.only(Op.Snack), STATUS_SNACK, { begRun: missing, runLength: 1 });
    wire.response(pdu.itt, { statSn: missing });
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("UNH 4.1: a command whose data came damaged is retried with the same tag, flags, LUN, CDB and CmdSN", async () => {
  const options = levelOne(true);
  await withSession(
    { ...options, keys: { ...options.keys, ImmediateData: "Yes" } },
    async (target, wire) => {
      const { execution, pdu } = await target.begin(WRITE, { dataOut: pattern(300), lun: 3 });
      target.expCmdSn = pdu.cmdSn;
      wire.reject(pdu, DATA_DIGEST_ERROR);
      const retry = await wire.only(Op.Command);
      assert.deepEqual(retry.bhs.subarray(0, 28), pdu.bhs.subarray(0, 28));
      assert.deepEqual(retry.bhs.subarray(32), pdu.bhs.subarray(32));
      assert.deepEqual(retry.data, pdu.data);
      assert.equal(retry.expStatSn, wire.statSn, "only ExpStatSN is new");
      wire.response(retry.itt);
      assert.equal((await execution.result).status, 0);
    },
  );
});

Deno.test("UNH 4.1: a command that the target has taken in is not sent again: it asks for the data that came damaged", async () => {
  const options = levelOne(true);
  const keys = { ...options.keys, ImmediateData: "Yes" };
  await withSession({ ...options, keys }, async (target, wire) => {
    const dataOut = pattern(300);
    const { execution, pdu } = await target.begin(WRITE, { dataOut });
    wire.reject(pdu, DATA_DIGEST_ERROR);
    await wire.quiet();
    assert.equal(execution.outcome, undefined);
    wire.r2t(pdu.itt, { ttt: 4, offset: 0, length: 300 });
    assert.deepEqual((await wire.only(Op.DataOut)).data, dataOut);
    wire.response(pdu.itt);
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("UNH 16.4.2: after a rejected SNACK no partial data is taken for whole, and the next attempt is a new command", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const dataIn = new Uint8Array(2048);
    const first = await target.begin(READ, { dataIn });
    const { itt } = first.pdu;
    wire.dataIn(itt, part(0), { flags: 0 });
    wire.dataIn(itt, part(2), { dataSn: 2, offset: 1024 });
    wire.reject(await wire.only(Op.Snack), SNACK_REJECT);
    wire.response(itt, { expDataSn: 3, flags: 0x02, residual: 512 });
    await assert.rejects(first.execution.result, DataLostError);
    assert.ok(!wire.stream.closed);
    const second = await target.begin(READ, { dataIn });
    assert.equal(second.pdu.cmdSn, first.pdu.cmdSn + 1);
    assert.notEqual(second.pdu.itt, itt);
  });
});

Deno.test("UNH 16.4.2: where the target ends a command whose SNACK it rejected with sense data, that is the result", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn: new Uint8Array(2048) });
    wire.dataIn(itt, part(1), { dataSn: 1, offset: 512 });
    wire.reject(await wire.only(Op.Snack), SNACK_REJECT);
    const data = new Uint8Array([0, 18, 0x70, 0, 11, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 0x13, 0, 0]);
    wire.response(itt, { status: 2, data, expDataSn: 2 });
    const outcome = await execution.result.then(
      ({ status, dataInLength }) => ({ status, dataInLength }),
      (error) => error,
    );
    if (outcome instanceof Error) assert.ok(outcome instanceof DataLostError);
    else assert.deepEqual(outcome, { status: 2, dataInLength: 0 });
  });
});

Deno.test("RFC 7143 §7.8: at error recovery level 1 a Data-In with a wrong data digest is asked for again", async () => {
  for (const length of [512, 40_000]) {
    await withSession(levelOne(true), async (target, wire) => {
      const data = pattern(length);
      const dataIn = new Uint8Array(length);
      const { execution, pdu: { itt } } = await target.begin(READ, { dataIn });
      wire.dataIn(itt, data, {}, "data");
      checkSnack(await wire.only(Op.Snack), DATA, { itt, begRun: 0, runLength: 1 });
      wire.dataIn(itt, data);
      wire.response(itt, { expDataSn: 1 });
      assert.equal((await execution.result).dataInLength, length);
      assert.deepEqual(dataIn, data);
      assert.ok(!wire.stream.closed);
    });
  }
});

Deno.test("RFC 7143 §7.8: at error recovery level 1 a response with a wrong data digest is asked for again by a Status SNACK", async () => {
  await withSession(levelOne(true), async (target, wire) => {
    const { execution, pdu: { itt } } = await target.begin(REWIND);
    const statSn = wire.statSn;
    const data = new Uint8Array([0, 18, 0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 0, 0, 0]);
    wire.response(itt, { status: 2, data, spoil: "data" });
    checkSnack(await wire.only(Op.Snack), STATUS_SNACK, { begRun: statSn, runLength: 1 });
    wire.response(itt, { status: 2, data, statSn });
    const result = await execution.result;
    assert.deepEqual([result.status, result.sense.length], [2, data.length - 2]);
  });
});

Deno.test("RFC 7143 §7.8: at error recovery level 1 a wrong header digest still closes the connection", async () => {
  await withSession(levelOne(true), async (target, wire) => {
    const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(512) });
    wire.dataIn(pdu.itt, part(0), {}, "header");
    await assert.rejects(execution.result);
    assert.ok(wire.stream.closed);
  });
});

Deno.test("RFC 7143 §7.2.2: at error recovery level 1 what comes twice counts once", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const dataIn = new Uint8Array(1024);
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn });
    wire.dataIn(itt, part(0), { flags: 0 });
    wire.dataIn(itt, part(0), { flags: 0 });
    wire.dataIn(itt, part(1), { dataSn: 1, offset: 512 });
    const statSn = wire.statSn;
    wire.response(itt, { expDataSn: 2 });
    assert.equal((await execution.result).dataInLength, 1024);
    wire.response(itt, { expDataSn: 2, statSn });
    wire.nopIn({ ttt: 1 });
    assert.equal((await wire.only(Op.NopOut)).expStatSn, wire.statSn);
    const writing = await target.begin(WRITE, { dataOut: part(0) });
    const { itt: tag } = writing.pdu;
    wire.r2t(tag, { ttt: 1, offset: 0, length: 512 });
    wire.r2t(tag, { ttt: 1, offset: 0, length: 512 });
    await wire.only(Op.DataOut);
    wire.response(tag);
    assert.equal((await writing.execution.result).status, 0);
  });
});

Deno.test("RFC 7143 §7.9: SNACKs that are not answered are repeated so many times, and the command then ends", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const { execution, pdu: { itt } } = await target.begin(READ, {
      dataIn: new Uint8Array(2048),
      timeoutMs: 3_600_000,
    });
    wire.dataIn(itt, part(1), { dataSn: 1, offset: 512 });
    let snacks = 0;
    for (let seconds = 0; seconds < 600 && execution.outcome === undefined; seconds++) {
      await target.advance(1000);
      for (const pdu of await wire.received()) {
        if (pdu.opcode === Op.Snack) snacks++;
        else if (pdu.opcode === Op.TaskRequest) wire.taskResponse(pdu.itt);
      }
      await turn();
    }
    assert.ok(snacks >= 2 && snacks <= 10, `${snacks} SNACKs`);
    await assert.rejects(execution.result);
  });
});

Deno.test("RFC 7143 §13.19: at error recovery level 1 with sequences in order, one R2T at a time is what is offered", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const { keys } = wire.stream.sent[0];
    assert.deepEqual([keys.DataSequenceInOrder, keys.MaxOutstandingR2T], ["Yes", "1"]);
    assert.equal(target.session.parameters.maxOutstandingR2T, 1);
    await turn();
  });
});

Deno.test("RFC 7143 §11.7.1: Data-In that carries its status is asked for again as a whole where it is damaged", async () => {
  await withSession(levelOne(true), async (target, wire) => {
    const dataIn = new Uint8Array(512);
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn });
    const statSn = wire.statSn;
    wire.dataIn(itt, part(0), { flags: FINAL | STATUS }, "data");
    const snacks = await wire.received();
    assert.ok(snacks.length > 0 && snacks.every(({ opcode }) => opcode === Op.Snack));
    assert.equal(execution.outcome, undefined);
    wire.dataIn(itt, part(0), { flags: FINAL | STATUS, statSn });
    assert.equal((await execution.result).dataInLength, 512);
    assert.deepEqual(dataIn, part(0));
  });
});

Deno.test("RFC 7143 §7.8: Data-Out that came damaged is sent again in answer to another R2T for the same bytes", async () => {
  const options = levelOne(true);
  for (const immediate of ["Yes", "No"]) {
    const keys = { ...options.keys, ImmediateData: immediate, InitialR2T: "No" };
    await withSession({ ...options, keys }, async (target, wire) => {
      const dataOut = pattern(20_000);
      const { execution, pdu: { itt } } = await target.begin(WRITE, { dataOut });
      const unsolicited = await wire.received();
      const last = unsolicited[unsolicited.length - 1];
      assert.ok(last.final && last.ttt === NO_TAG);
      wire.reject(last, DATA_DIGEST_ERROR);
      await turn();
      assert.equal(execution.outcome, undefined);
      const { bufferOffset: offset, data: { length } } = last;
      for (const r2tSn of [0, 1]) {
        wire.r2t(itt, { ttt: r2tSn, r2tSn, offset, length });
        const again = await wire.only(Op.DataOut);
        assert.deepEqual([again.ttt, again.bufferOffset, again.dataSn], [r2tSn, offset, 0]);
        assert.deepEqual(again.data, last.data);
        wire.reject(again, DATA_DIGEST_ERROR);
      }
      wire.response(itt);
      assert.equal((await execution.result).status, 0);
    });
  }
});

Deno.test("RFC 7143 §11.7.3: a Data-In with status that was lost is had again by its StatSN or its DataSN", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const dataIn = new Uint8Array(1024);
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn });
    wire.dataIn(itt, part(0), { flags: 0 });
    const statSn = wire.statSn++;
    wire.nopIn();
    const snack = await wire.only(Op.Snack);
    checkSnack(snack, STATUS_SNACK, { begRun: statSn, runLength: 1 });
    wire.dataIn(itt, part(1), { flags: FINAL | STATUS, dataSn: 1, offset: 512, statSn });
    assert.equal((await execution.result).dataInLength, 1024);
    assert.deepEqual(dataIn, DATA_OF_READ.subarray(0, 1024));
    assert.equal((await target.begin(REWIND)).pdu.expStatSn, wire.statSn);
  });
});

Deno.test("RFC 7143 §11.16: answers to text requests and task management are asked for again like all responses", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const text = target.session.text(new TextEncoder().encode("SendTargets=\0"));
    const { itt } = await wire.only(Op.TextRequest);
    const missing = wire.statSn++;
    const clearing = target.session.clearTaskSet(0);
    wire.taskResponse((await wire.only(Op.TaskRequest)).itt);
    checkSnack(await wire.only(Op.Snack), STATUS_SNACK, { begRun: missing, runLength: 1 });
    const next = wire.statSn;
    wire.statSn = missing;
    wire.textResponse(itt, "TargetName=iqn.a\0");
    wire.statSn = next;
    assert.equal(new TextDecoder().decode(await text), "TargetName=iqn.a\0");
    await clearing;
  });
});

Deno.test("RFC 7143 §7.8: a repetition that came damaged does not touch the data that has come, and is not asked for", async () => {
  await withSession(levelOne(true), async (target, wire) => {
    for (const length of [512, 40_000]) {
      const data = pattern(2 * length);
      const dataIn = new Uint8Array(2 * length);
      const { execution, pdu: { itt } } = await target.begin(READ, { dataIn });
      wire.dataIn(itt, data.subarray(0, length), { flags: 0 });
      wire.dataIn(itt, new Uint8Array(length), { flags: 0 }, "data");
      await wire.quiet();
      wire.dataIn(itt, data.subarray(length), { dataSn: 1, offset: length });
      wire.response(itt, { expDataSn: 2 });
      assert.equal((await execution.result).dataInLength, 2 * length);
      assert.deepEqual(dataIn, data);
    }
  });
});

Deno.test("RFC 7143 §11.7.6: data that came early leaves no hole behind what comes later", async () => {
  await withSession(levelOne(), async (target, wire) => {
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn: new Uint8Array(2048) });
    wire.dataIn(itt, part(0), { flags: 0 });
    wire.dataIn(itt, part(2), { flags: 0, dataSn: 2, offset: 1280 });
    await wire.only(Op.Snack);
    wire.dataIn(itt, part(1), { flags: 0, dataSn: 1, offset: 512 });
    wire.response(itt, { expDataSn: 3, flags: 0x02, residual: 512 });
    await assert.rejects(execution.result, ProtocolError);
  });
});
