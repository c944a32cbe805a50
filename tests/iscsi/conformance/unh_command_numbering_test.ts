import assert from "node:assert/strict";
import { ConnectionLostError, ProtocolError } from "../../../iscsi/mod.ts";
import { REWIND } from "./cdbs.ts";
import { turn } from "./wire_connection.ts";
import { NO_TAG, Op } from "./wire_pdu.ts";
import { WireTarget, withSession, withTarget } from "./wire_target.ts";

Deno.test("UNH 1.1: CmdSN rises by one with each command, from the CmdSN of the first Login Request on", async () => {
  const target = new WireTarget();
  await withTarget(target, async () => {
    await target.logIn();
    const [login] = target.wire.stream.sent;
    for (let index = 0; index < 4; index++) target.execute(REWIND);
    const numbers = (await target.wire.received()).map(({ cmdSn }) => cmdSn);
    assert.deepEqual(numbers, [0, 1, 2, 3].map((index) => login.cmdSn + index));
  });
});

Deno.test("UNH 2.1: an immediate NOP-Out carries the CmdSN of the next command and does not use it up", async () => {
  await withSession({}, async (target, wire) => {
    const { pdu } = await target.begin(REWIND);
    wire.nopIn({ ttt: 9 });
    const ping = await wire.next(Op.NopOut);
    assert.deepEqual([ping.u8(0), ping.cmdSn], [0x40, pdu.cmdSn + 1]);
    assert.equal((await target.begin(REWIND)).pdu.cmdSn, pdu.cmdSn + 1);
  });
});

Deno.test("UNH 2.2: an immediate task management request carries the CmdSN of the next command and does not use it up", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    execution.cancel(new Error("called off"));
    const abort = await wire.next(Op.TaskRequest);
    assert.deepEqual([abort.u8(0), abort.cmdSn], [0x42, pdu.cmdSn + 1]);
    assert.equal((await target.begin(REWIND)).pdu.cmdSn, pdu.cmdSn + 1);
  });
});

Deno.test("UNH 3.1: while MaxCmdSN is ExpCmdSN - 1 no command goes out, until a NOP-In opens the window", async () => {
  await withSession({ window: 1 }, async (target, wire) => {
    const { pdu } = await target.begin(REWIND);
    target.execute(REWIND);
    target.maxCmdSn = pdu.cmdSn;
    wire.response(pdu.itt);
    await wire.quiet();
    target.maxCmdSn = pdu.cmdSn + 1;
    wire.nopIn();
    assert.equal((await wire.only(Op.Command)).cmdSn, pdu.cmdSn + 1);
  });
});

Deno.test("UNH 3.1: immediate PDUs go out though the window is closed", async () => {
  await withSession({ window: 1 }, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    target.maxCmdSn = pdu.cmdSn;
    target.execute(REWIND);
    wire.nopIn({ ttt: 1 });
    assert.equal((await wire.only(Op.NopOut)).cmdSn, pdu.cmdSn + 1);
    execution.cancel(new Error("called off"));
    assert.equal((await wire.only(Op.TaskRequest)).cmdSn, pdu.cmdSn + 1);
  });
});

Deno.test("UNH 3.2: a large window is used to its last number, MaxCmdSN itself", async () => {
  await withSession({ window: 7 }, async (target, wire) => {
    for (let index = 0; index < 10; index++) target.execute(REWIND);
    const sent = await wire.received();
    assert.deepEqual(sent.map(({ cmdSn }) => cmdSn), [1, 2, 3, 4, 5, 6, 7]);
    wire.response(sent[0].itt);
    assert.equal((await wire.received()).length, 3, "the answer lets in the rest");
  });
});

Deno.test("UNH 3.3: with a window of one, one command is under way at a time", async () => {
  await withSession({ window: 1 }, async (target, wire) => {
    for (let index = 0; index < 3; index++) target.execute(REWIND);
    for (let index = 0; index < 3; index++) wire.response((await wire.only(Op.Command)).itt);
    await wire.quiet();
  });
});

Deno.test("UNH 3.3: a MaxCmdSN that goes back, or lies before ExpCmdSN - 1, changes nothing", async () => {
  await withSession({ window: 3 }, async (target, wire) => {
    target.maxCmdSn = 1;
    wire.nopIn();
    target.expCmdSn = 20;
    target.maxCmdSn = 10;
    wire.nopIn();
    target.expCmdSn = 1;
    await turn();
    for (let index = 0; index < 5; index++) target.execute(REWIND);
    assert.equal((await wire.received()).length, 3);
  });
});

Deno.test("UNH 5.1: a StatSN far ahead of what is expected ends the session at error recovery level 0", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    wire.response(pdu.itt, { statSn: wire.statSn + 5000 });
    await assert.rejects(execution.result, ProtocolError);
    assert.ok(wire.stream.closed);
    assert.ok(target.session.closed);
  });
});

Deno.test("UNH 5.1: ExpStatSN does not pass a StatSN that is missing, and a gap that lasts ends the session", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    const missing = wire.statSn++;
    wire.response(pdu.itt);
    wire.nopIn({ ttt: 3, statSn: missing });
    assert.equal((await wire.next(Op.NopOut)).expStatSn, missing);
    assert.equal(execution.outcome, undefined, "what lies behind the gap is not trusted");
    await target.advance(60_000);
    await assert.rejects(execution.result, ProtocolError);
    assert.ok(wire.stream.closed);
  });
});

Deno.test("UNH 5.1: ExpStatSN is one more than the last StatSN, in every PDU, past ffffffffh", async () => {
  await withSession({ statSn: 0xfffffffd }, async (target, wire) => {
    for (const expected of [0xfffffffe, 0xffffffff, 0, 1]) {
      const { pdu } = await target.begin(REWIND);
      assert.equal(pdu.expStatSn, expected);
      wire.nopIn({ ttt: 5 });
      assert.equal(
        (await wire.only(Op.NopOut)).expStatSn,
        expected,
        "a ping carries no new StatSN",
      );
      wire.response(pdu.itt);
    }
  });
});

Deno.test("UNH 16.1.1: the first command has the CmdSN of the login, the next ExpStatSN and a tag of its own", async () => {
  await withSession({}, async (target, wire) => {
    const [login] = wire.stream.sent;
    const cdb = Array.from({ length: 32 }, (_, index) => index + 1);
    const { pdu } = await target.begin(cdb);
    assert.equal(pdu.cmdSn, login.cmdSn);
    assert.equal(pdu.expStatSn, wire.statSn >>> 0, "one more than the last Login Response's");
    assert.notEqual(pdu.itt, login.itt);
    assert.notEqual(pdu.itt, NO_TAG);
    assert.equal(pdu.dataSegmentLength, 0);
    assert.equal(pdu.u8(4), 5, "TotalAHSLength in words: 3 bytes, 1 reserved, 16 of the CDB");
    assert.deepEqual([...pdu.ahs], [0, 17, 1, 0, ...cdb.slice(16)]);
    assert.deepEqual(pdu.cdb, cdb.slice(0, 16));
  });
});

Deno.test("UNH 16.5: a SCSI Response may close the window, and commands wait until it opens", async () => {
  await withSession({ window: 2 }, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    target.maxCmdSn = pdu.cmdSn + 1;
    wire.response(pdu.itt);
    assert.equal((await execution.result).status, 0);
    await target.begin(REWIND);
    target.maxCmdSn = pdu.cmdSn + 1;
    target.execute(REWIND);
    wire.nopIn();
    await wire.quiet();
    target.maxCmdSn = pdu.cmdSn + 2;
    wire.nopIn();
    await wire.only(Op.Command);
  });
});

Deno.test("UNH 4.1: at error recovery level 0 nothing is sent twice, and a lost connection is told to the command", async () => {
  await withSession({}, async (target, wire) => {
    const { execution } = await target.begin(REWIND);
    await target.advance(30_000);
    await wire.quiet();
    wire.stream.cut();
    await assert.rejects(execution.result, ConnectionLostError);
    assert.equal(target.connections.length, 1);
  });
});
