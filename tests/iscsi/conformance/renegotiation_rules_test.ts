import assert from "node:assert/strict";
import { IscsiError, NegotiationError } from "../../../iscsi/mod.ts";
import { pattern, READ, WRITE } from "./cdbs.ts";
import { STATUS, turn } from "./wire_connection.ts";
import { FINAL, NO_TAG, Op } from "./wire_pdu.ts";
import { withSession } from "./wire_target.ts";

const R_DATA = 3;
const LEVEL_ONE = {
  session: { negotiation: { errorRecoveryLevel: 1 } },
  keys: { ErrorRecoveryLevel: "1" },
};

Deno.test("RFC 7143 §13.12: another MaxRecvDataSegmentLength is declared by a Text Request, and limits the target from then on", async () => {
  await withSession({}, async (target, wire) => {
    const declaring = target.session.renegotiate({ maxReceiveDataSegmentLength: 4096 });
    const request = await wire.only(Op.TextRequest);
    assert.deepEqual(request.keys, { MaxRecvDataSegmentLength: "4096" });
    assert.deepEqual([request.u8(1), request.ttt], [FINAL, NO_TAG]);
    wire.textResponse(request.itt, "");
    await declaring;
    const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(8192) });
    wire.dataIn(pdu.itt, pattern(4097), { flags: 0 });
    await assert.rejects(execution.result);
    assert.ok(wire.stream.closed);
  });
});

Deno.test("RFC 7143 §13.12: what the target declares in its answer limits what is sent to it", async () => {
  await withSession({}, async (target, wire) => {
    const declaring = target.session.renegotiate({ maxReceiveDataSegmentLength: 4096 });
    const request = await wire.only(Op.TextRequest);
    wire.textResponse(request.itt, "MaxRecvDataSegmentLength=512\0");
    await declaring;
    const { pdu } = await target.begin(WRITE, { dataOut: pattern(4096) });
    assert.equal(pdu.dataSegmentLength, 512);
  });
});

Deno.test("RFC 7143 §11.16: once segments have another length, a SNACK asks for all of a command's data under a tag, which its response bears", async () => {
  await withSession(LEVEL_ONE, async (target, wire) => {
    const data = pattern(2048);
    const dataIn = new Uint8Array(2048);
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn });
    wire.dataIn(itt, data.subarray(0, 1024), { flags: 0 });
    const declaring = target.session.renegotiate({ maxReceiveDataSegmentLength: 512 });
    wire.textResponse((await wire.only(Op.TextRequest)).itt, "");
    await declaring;
    wire.response(itt, { expDataSn: 2, statSn: wire.statSn });
    const snack = await wire.only(Op.Snack);
    assert.deepEqual([snack.u8(1), snack.itt], [FINAL | R_DATA, itt]);
    assert.ok(snack.ttt !== 0 && snack.ttt !== NO_TAG, "a SNACK tag");
    assert.deepEqual([snack.bufferOffset, snack.runLength], [0, 0]);
    assert.equal(execution.outcome, undefined);
    for (let dataSn = 0; dataSn < 4; dataSn++) {
      const offset = dataSn * 512;
      wire.dataIn(itt, data.subarray(offset, offset + 512), { flags: 0, dataSn, offset });
    }
    wire.response(itt, { expDataSn: 4, snackTag: snack.ttt });
    assert.equal((await execution.result).dataInLength, 2048);
    assert.deepEqual(dataIn, data);
    await turn();
  });
});

Deno.test("RFC 7143 §11.4.6: once all data was asked for under a tag, a response without the tag does not count", async () => {
  await withSession(LEVEL_ONE, async (target, wire) => {
    const data = pattern(2048);
    const dataIn = new Uint8Array(2048);
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn });
    wire.dataIn(itt, data.subarray(0, 512), { flags: 0 });
    const declaring = target.session.renegotiate({ maxReceiveDataSegmentLength: 512 });
    wire.textResponse((await wire.only(Op.TextRequest)).itt, "");
    await declaring;
    wire.dataIn(itt, data.subarray(1024, 1536), { flags: 0, dataSn: 2, offset: 1024 });
    const snack = await wire.only(Op.Snack);
    assert.equal(snack.function, R_DATA);
    const { statSn } = wire;
    wire.response(itt, { expDataSn: 3 });
    for (let dataSn = 0; dataSn < 4; dataSn++) {
      await turn();
      assert.equal(execution.outcome, undefined);
      const offset = dataSn * 512;
      wire.dataIn(itt, data.subarray(offset, offset + 512), { flags: 0, dataSn, offset });
    }
    await turn();
    assert.equal(execution.outcome, undefined);
    wire.response(itt, { expDataSn: 4, statSn, snackTag: snack.ttt });
    assert.equal((await execution.result).dataInLength, 2048);
    assert.deepEqual(dataIn, data);
  });
});

for (
  const [what, answer] of [
    ["a length below 512", "MaxRecvDataSegmentLength=1\0"],
    ["a pair without an equals sign", "MaxRecvDataSegmentLength\0"],
    ["a key twice", "X-com.example.a=1\0X-com.example.a=2\0"],
    ["an offer that has no place there", "MaxBurstLength=512\0"],
  ]
) {
  Deno.test(`RFC 7143 §6.4: ${what} as the last word of a negotiation ends it with an error`, async () => {
    await withSession({}, async (target, wire) => {
      const declaring = target.session.renegotiate({ maxReceiveDataSegmentLength: 4096 });
      let error: unknown;
      declaring.catch((reason) => error = reason);
      wire.textResponse((await wire.only(Op.TextRequest)).itt, answer);
      await turn();
      assert.ok(error instanceof IscsiError, "the caller hears of it");
      assert.equal(target.session.phase, "closed");
    });
  });
}

for (const answer of ["Reject", "NotUnderstood", "Irrelevant"]) {
  Deno.test(`RFC 7143 §7.12: a declaration that is answered by ${answer} changes nothing, and its caller hears of it`, async () => {
    await withSession({}, async (target, wire) => {
      const before = target.session.parameters;
      const declaring = target.session.renegotiate({ maxReceiveDataSegmentLength: 512 });
      wire.textResponse(
        (await wire.only(Op.TextRequest)).itt,
        `MaxRecvDataSegmentLength=${answer}\0`,
      );
      await assert.rejects(
        declaring,
        (error) => error instanceof NegotiationError && error.answered === answer,
      );
      assert.deepEqual(target.session.parameters, before);
      const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(1024) });
      wire.dataIn(pdu.itt, pattern(1024), { flags: FINAL | STATUS });
      assert.equal((await execution.result).dataInLength, 1024);
    });
  });
}
