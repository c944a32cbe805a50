import assert from "node:assert/strict";
import { TaskAbortedError } from "../../../iscsi/mod.ts";
import { pattern, REWIND, WRITE } from "./cdbs.ts";
import { turn } from "./wire_connection.ts";
import { FINAL, NO_TAG, Op } from "./wire_pdu.ts";
import { withSession } from "./wire_target.ts";

const ABORT_TASK = 1;
const ABORT_TASK_SET = 2;
const TASK_DOES_NOT_EXIST = 1;

Deno.test("UNH 19.1: a task management request is immediate and carries the CmdSN of the next command", async () => {
  await withSession({}, async (target, wire) => {
    const { pdu } = await target.begin(REWIND);
    const clearing = target.session.clearTaskSet(0);
    const request = await wire.only(Op.TaskRequest);
    assert.deepEqual([request.u8(0), request.u8(1)], [0x42, FINAL | 4]);
    assert.equal(request.cmdSn, pdu.cmdSn + 1);
    wire.taskResponse(request.itt);
    await clearing;
    assert.equal((await target.begin(REWIND)).pdu.cmdSn, pdu.cmdSn + 1);
  });
});

Deno.test("UNH 19.2: ABORT TASK names the LUN of its command", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND, { lun: 16383 });
    assert.equal(pdu.lun, 0x7fff_0000_0000_0000n);
    execution.cancel(new Error("called off"));
    const request = await wire.only(Op.TaskRequest);
    assert.equal(request.lun, pdu.lun);
    wire.taskResponse(request.itt);
    await assert.rejects(execution.result, /called off/);
  });
});

Deno.test("UNH 19.3: ABORT TASK names the tag and the CmdSN of its command, and has a tag of its own", async () => {
  await withSession({}, async (target, wire) => {
    await target.begin(REWIND);
    const { execution, pdu } = await target.begin(REWIND, { timeoutMs: 1000 });
    await target.begin(REWIND);
    await target.advance(1000);
    const request = await wire.only(Op.TaskRequest);
    assert.deepEqual([request.function, request.ttt, request.refCmdSn], [
      ABORT_TASK,
      pdu.itt,
      pdu.cmdSn,
    ]);
    assert.ok(request.itt !== pdu.itt && request.itt !== NO_TAG);
    assert.equal(execution.outcome, undefined, "the command is not forgotten before the answer");
    wire.taskResponse(request.itt, TASK_DOES_NOT_EXIST);
    await assert.rejects(execution.result);
  });
});

Deno.test("UNH 19.3: functions that act on many tasks reference none", async () => {
  await withSession({}, async (target, wire) => {
    const { session } = target;
    const calls: readonly [() => Promise<void>, number, bigint][] = [
      [() => session.abortTaskSet(1), ABORT_TASK_SET, 1n << 48n],
      [() => session.clearAca(1), 3, 1n << 48n],
      [() => session.clearTaskSet(1), 4, 1n << 48n],
      [() => session.logicalUnitReset(1), 5, 1n << 48n],
      [() => session.targetWarmReset(), 6, 0n],
      [() => session.targetColdReset(), 7, 0n],
    ];
    for (const [call, code, lun] of calls) {
      const done = call();
      const request = await wire.only(Op.TaskRequest);
      assert.deepEqual([request.function, request.lun], [code, lun]);
      assert.deepEqual([request.ttt, request.refCmdSn, request.u32(36)], [NO_TAG, 0, 0]);
      wire.taskResponse(request.itt);
      await done;
    }
  });
});

Deno.test("UNH 19.4.1: after ABORT TASK SET, R2Ts and pings are answered until its response", async () => {
  await withSession({ keys: { ImmediateData: "No" } }, async (target, wire) => {
    const { execution, pdu } = await target.begin(WRITE, { dataOut: pattern(100) });
    const aborting = target.session.abortTaskSet(0);
    const request = await wire.only(Op.TaskRequest);
    wire.r2t(pdu.itt, { ttt: 3, offset: 0, length: 100 });
    const answer = await wire.only(Op.DataOut);
    assert.deepEqual([answer.ttt, answer.final], [3, true]);
    wire.nopIn({ ttt: 4 });
    assert.equal((await wire.only(Op.NopOut)).ttt, 4);
    wire.taskResponse(request.itt);
    await aborting;
    await assert.rejects(execution.result, TaskAbortedError);
  });
});

Deno.test("UNH 19.4.2: after ABORT TASK SET, responses that come before its own count", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(REWIND);
    const aborting = target.session.abortTaskSet(0);
    const request = await wire.only(Op.TaskRequest);
    wire.response(pdu.itt);
    wire.taskResponse(request.itt);
    await aborting;
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("UNH 19.4.3: after ABORT TASK SET, new commands wait for its response", async () => {
  await withSession({}, async (target, wire) => {
    await target.begin(REWIND);
    const aborting = target.session.abortTaskSet(0);
    const request = await wire.only(Op.TaskRequest);
    const later = target.execute(REWIND);
    await wire.quiet();
    wire.taskResponse(request.itt);
    await aborting;
    wire.response((await wire.only(Op.Command)).itt);
    assert.equal((await later.result).status, 0);
    await turn();
  });
});
