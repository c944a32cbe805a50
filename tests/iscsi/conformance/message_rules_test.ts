import assert from "node:assert/strict";
import {
  ConnectionLostError,
  ProtocolError,
  RejectError,
  TaskManagementError,
} from "../../../iscsi/mod.ts";
import { pattern, READ, REWIND, WRITE } from "./cdbs.ts";
import { turn, type WireConnection } from "./wire_connection.ts";
import { FINAL, header, NO_TAG, Op } from "./wire_pdu.ts";
import { withSession } from "./wire_target.ts";

const NOT_SUPPORTED_COMMAND = 0x05;
const INVALID_FIELD = 0x09;

Deno.test("RFC 7143 §7.3: a rejected command fails as not executed, and a NOP-Out fills the hole that it leaves in CmdSN", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    const later = await target.begin(REWIND);
    target.expCmdSn = pdu.cmdSn;
    wire.reject(pdu, NOT_SUPPORTED_COMMAND);
    await assert.rejects(
      execution.result,
      (error) =>
        error instanceof RejectError && error.outcome === "not-executed" &&
        error.reason === NOT_SUPPORTED_COMMAND,
    );
    const plug = await wire.only(Op.NopOut);
    assert.deepEqual([plug.u8(0), plug.cmdSn], [0x00, pdu.cmdSn]);
    assert.equal(later.execution.outcome, undefined);
    target.expCmdSn = later.pdu.cmdSn + 1;
    wire.response(later.pdu.itt);
    assert.equal((await later.execution.result).status, 0);
  });
});

Deno.test("RFC 7143 §7.3: a rejected command that the target has counted leaves no hole", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    wire.reject(pdu, INVALID_FIELD);
    await assert.rejects(execution.result, RejectError);
    await wire.quiet();
  });
});

Deno.test("RFC 7143 §7.3: a rejected Data-Out does not end its command, whose response follows", async () => {
  await withSession({ keys: { ImmediateData: "No" } }, async (target, wire) => {
    const { execution, pdu } = await target.begin(WRITE, { dataOut: pattern(100) });
    wire.r2t(pdu.itt, { ttt: 1, offset: 0, length: 100 });
    wire.reject(await wire.only(Op.DataOut), 0x02);
    await turn();
    assert.equal(execution.outcome, undefined);
    wire.response(pdu.itt, { status: 2, data: new Uint8Array([0, 0]) });
    assert.equal((await execution.result).status, 2);
  });
});

Deno.test("RFC 7143 §11.17: a Reject without the header it rejects is a protocol error", async () => {
  await withSession({}, async (target, wire) => {
    const { execution } = await target.begin(REWIND);
    const bhs = header(Op.Reject, FINAL, {
      2: [8, INVALID_FIELD],
      16: [32, NO_TAG],
      24: [32, wire.statSn++],
    });
    wire.send(bhs, new Uint8Array(20));
    await assert.rejects(execution.result, ProtocolError);
  });
});

type Misdeed = (wire: WireConnection, itt: number) => void;

const MISMATCHES: readonly [what: string, misdeed: Misdeed][] = [
  ["a task management response", (wire, itt) => wire.taskResponse(itt)],
  ["a Text Response", (wire, itt) => wire.textResponse(itt, "")],
  ["a Logout Response", (wire, itt) => wire.logoutResponse(itt)],
  ["the answer to a ping", (wire, itt) => wire.nopIn({ itt })],
  [
    "a Login Response",
    (wire, itt) =>
      wire.send(header(Op.LoginResponse, FINAL, { 16: [32, itt], 24: [32, wire.statSn++] })),
  ],
  ["a NOP-In with both tags", (wire, itt) => wire.nopIn({ itt, ttt: 3 })],
  ["a response to no command", (wire, itt) => wire.response(itt + 77)],
  [
    "a PDU of the initiator's own kind",
    (wire, itt) => wire.send(header(Op.Command, FINAL, { 16: [32, itt], 24: [32, wire.statSn++] })),
  ],
];

for (const [what, misdeed] of MISMATCHES) {
  Deno.test(`RFC 7143 §4.2.5.3: ${what} where a command's response belongs is a protocol error`, async () => {
    await withSession({}, async (target, wire) => {
      const { execution, pdu } = await target.begin(REWIND);
      misdeed(wire, pdu.itt);
      await assert.rejects(execution.result, ProtocolError);
      assert.ok(wire.stream.closed);
    });
  });
}

Deno.test("RFC 7143 §11.9.1: sense data and vendors' events in async messages use up a StatSN, and harm nobody", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    const sense = new Uint8Array([0, 18, 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0]);
    wire.async(0, [], 0n, sense);
    wire.async(250, [1, 2, 3], 0n, new Uint8Array(9));
    wire.nopIn({ ttt: 1 });
    assert.equal((await wire.only(Op.NopOut)).expStatSn, wire.statSn);
    wire.response(pdu.itt);
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("RFC 7143 §11.2.1.8: tags are unique for the life of the session, after an abort too", async () => {
  await withSession({}, async (target, wire) => {
    const seen = new Set([wire.stream.sent[0].itt]);
    for (let round = 0; round < 5; round++) {
      const { execution, pdu } = await target.begin(REWIND);
      execution.cancel(new Error("called off"));
      const abort = await wire.only(Op.TaskRequest);
      wire.taskResponse(abort.itt);
      await assert.rejects(execution.result, /called off/);
      for (const { itt } of [pdu, abort]) {
        assert.ok(!seen.has(itt) && itt !== NO_TAG);
        seen.add(itt);
      }
    }
  });
});

Deno.test("RFC 7143 §11.6.1: an answer that overtakes the abort is the command's result", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    execution.cancel(new Error("called off"));
    const abort = await wire.only(Op.TaskRequest);
    wire.response(pdu.itt);
    wire.taskResponse(abort.itt, 1);
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("RFC 7143 §11.6.1: data for a command that was aborted is taken off the wire and thrown away", async () => {
  await withSession({}, async (target, wire) => {
    const dataIn = new Uint8Array(100);
    const { execution, pdu } = await target.begin(READ, { dataIn });
    execution.cancel(new Error("called off"));
    wire.taskResponse((await wire.only(Op.TaskRequest)).itt);
    await assert.rejects(execution.result, /called off/);
    wire.dataIn(pdu.itt, pattern(100));
    wire.nopIn({ ttt: 1 });
    await wire.only(Op.NopOut);
    assert.deepEqual(dataIn, new Uint8Array(100), "the buffer is its owner's again");
  });
});

Deno.test("RFC 7143 §7.11: a command whose ABORT TASK gets no answer ends with the connection, never before it", async () => {
  await withSession({ session: { abortTimeoutMs: 2000 } }, async (target, wire) => {
    const { execution } = await target.begin(REWIND, { timeoutMs: 1000 });
    await target.advance(1000);
    await wire.only(Op.TaskRequest);
    await target.advance(1999);
    assert.equal(execution.outcome, undefined);
    await target.advance(1);
    await assert.rejects(execution.result);
    assert.ok(wire.stream.closed);
  });
});

for (const response of [2, 5, 255]) {
  Deno.test(`RFC 7143 §11.6.1: a command that cannot be aborted (response ${response}) ends with the connection`, async () => {
    await withSession({}, async (target, wire) => {
      const { execution } = await target.begin(REWIND);
      const other = await target.begin(REWIND);
      execution.cancel(new Error("called off"));
      wire.taskResponse((await wire.only(Op.TaskRequest)).itt, response);
      await assert.rejects(execution.result, /called off/);
      await assert.rejects(other.execution.result, ConnectionLostError);
      assert.ok(wire.stream.closed);
    });
  });

  Deno.test(`RFC 7143 §11.6.1: a task set that is not aborted (response ${response}) goes on`, async () => {
    await withSession({}, async (target, wire) => {
      const { execution, pdu } = await target.begin(REWIND);
      const aborting = target.session.abortTaskSet(0);
      wire.taskResponse((await wire.only(Op.TaskRequest)).itt, response);
      await assert.rejects(aborting, TaskManagementError);
      wire.response(pdu.itt);
      assert.equal((await execution.result).status, 0);
    });
  });
}

Deno.test("RFC 7143 §4.2.2.1: a PDU's ExpCmdSN and MaxCmdSN count though its command is over", async () => {
  await withSession({ window: 1 }, async (target, wire) => {
    const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(8) });
    execution.cancel(new Error("called off"));
    target.maxCmdSn = pdu.cmdSn;
    wire.taskResponse((await wire.only(Op.TaskRequest)).itt);
    target.execute(REWIND);
    await wire.quiet();
    target.maxCmdSn = pdu.cmdSn + 1;
    wire.dataIn(pdu.itt, pattern(8));
    await wire.only(Op.Command);
  });
});

Deno.test("RFC 7143 §11.9.1: FastAbort stops the data of the unit's tasks, whose responses still count", async () => {
  await withSession({ keys: { ImmediateData: "No" } }, async (target, wire) => {
    const { execution, pdu } = await target.begin(WRITE, { dataOut: pattern(100_000) });
    wire.stream.stall();
    wire.r2t(pdu.itt, { ttt: 1, offset: 0, length: 100_000 });
    await wire.received();
    wire.async(5);
    await turn();
    wire.stream.go();
    await wire.next(Op.NopOut);
    await wire.quiet();
    wire.response(pdu.itt, { status: 0x40 });
    assert.equal((await execution.result).status, 0x40);
  });
});
