import assert from "node:assert/strict";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import {
  TaskManagementFunction,
  TaskManagementResponseCode,
} from "../../../iscsi/pdu/task_management.ts";
import { Command } from "./scripted_device.ts";
import { pattern, type ScriptedInitiator } from "./scripted_initiator.ts";
import { withTarget } from "./target_fixture.ts";

const { FunctionComplete, TaskDoesNotExist, LunDoesNotExist } = TaskManagementResponseCode;
const { AbortTask, AbortTaskSet, ClearTaskSet, LogicalUnitReset } = TaskManagementFunction;
const LUN_1 = 1n << 48n;

interface Request {
  readonly function: number;
  readonly lun?: bigint;
  readonly task?: number;
  readonly refCmdSn?: number;
}

/** Sends an immediate request and returns the response code. */
async function manage(initiator: ScriptedInitiator, request: Request): Promise<number> {
  await initiator.send({
    opcode: Opcode.TaskManagementRequest,
    immediate: true,
    function: request.function,
    lun: request.lun ?? 0n,
    itt: initiator.tag(),
    referencedTaskTag: request.task ?? 0xffffffff,
    cmdSn: initiator.cmdSn,
    expStatSn: 0,
    refCmdSn: request.refCmdSn ?? 0,
    expDataSn: 0,
  });
  return (await initiator.expect(Opcode.TaskManagementResponse)).pdu.response;
}

Deno.test("ABORT TASK ends a task that waits; it never runs", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command({ cdb: Command.wait() });
    const { itt, cmdSn } = await initiator.command({ cdb: Command.read(1) });
    const request = { function: AbortTask, task: itt, refCmdSn: cmdSn };
    assert.equal(await manage(initiator, request), FunctionComplete);
    fixture.device.answers[0]({ status: 0 });
    await initiator.expect(Opcode.ScsiResponse);
    await initiator.expectSilence();
    assert.deepEqual(fixture.device.log.slice(1), ["wait"]);
    assert.equal(await manage(initiator, request), TaskDoesNotExist);
  }));

Deno.test("ABORT TASK drops the answer of a task that runs, and the next one runs after it", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const { itt, cmdSn } = await initiator.command({ cdb: Command.wait() });
    assert.equal(
      await manage(initiator, { function: AbortTask, task: itt, refCmdSn: cmdSn }),
      FunctionComplete,
    );
    const next = await initiator.command({ cdb: Command.read(1) });
    await initiator.expectSilence();
    fixture.device.answers[0]({ status: 0 });
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.itt, next.itt);
    await initiator.expectSilence();
  }));

Deno.test("ABORT TASK frees a task behind one that waited for its data", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys: [["InitialR2T", "Yes"], ["ImmediateData", "No"]] });
    const { itt, cmdSn } = await initiator.command({
      write: true,
      expectedDataTransferLength: 100,
      cdb: Command.write(100),
    });
    const { pdu: r2t } = await initiator.expect(Opcode.ReadyToTransfer);
    const next = await initiator.command({ cdb: Command.read(1) });
    await initiator.send({
      opcode: Opcode.TaskManagementRequest,
      immediate: true,
      function: AbortTask,
      lun: 0n,
      itt: 7,
      referencedTaskTag: itt,
      cmdSn: initiator.cmdSn,
      expStatSn: 0,
      refCmdSn: cmdSn,
      expDataSn: 0,
    });
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.itt, next.itt);
    await initiator.expect(Opcode.TaskManagementResponse);
    await initiator.dataOut({ itt, ttt: r2t.ttt, offset: 0 }, pattern(100));
    await initiator.expectSilence();
    assert.deepEqual(fixture.device.written, []);
  }));

Deno.test("ABORT TASK of a command that never arrived counts it as received", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const lost = initiator.cmdSn++;
    await initiator.command({ cdb: Command.read(2) });
    await initiator.expectSilence();
    await initiator.send({
      opcode: Opcode.TaskManagementRequest,
      immediate: true,
      function: AbortTask,
      lun: 0n,
      itt: 7,
      referencedTaskTag: 4242,
      cmdSn: initiator.cmdSn,
      expStatSn: 0,
      refCmdSn: lost,
      expDataSn: 0,
    });
    await initiator.expect(Opcode.ScsiResponse);
    const { pdu } = await initiator.expect(Opcode.TaskManagementResponse);
    assert.deepEqual([pdu.response, pdu.expCmdSn], [FunctionComplete, initiator.cmdSn]);
  }));

Deno.test("ABORT TASK SET ends the initiator's own tasks of that logical unit alone", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const other = await fixture.connect();
    await other.login({ isid: [0x80, 5, 5, 5, 0, 1] });
    await initiator.command({ cdb: Command.wait() });
    await initiator.command({ cdb: Command.read(1) });
    await initiator.command({ lun: LUN_1, cdb: Command.wait() });
    await other.command({ cdb: Command.read(2) });
    assert.equal(await manage(initiator, { function: AbortTaskSet }), FunctionComplete);
    fixture.device.answers[0]({ status: 0 });
    fixture.other.answers[0]({ status: 0 });
    await other.expect(Opcode.ScsiResponse);
    await initiator.expect(Opcode.ScsiResponse);
    await initiator.expectSilence();
    assert.ok(!fixture.device.log.includes("read 1"));
  }));

Deno.test("CLEAR TASK SET tells other initiators TASK ABORTED", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const other = await fixture.connect();
    await other.login({ isid: [0x80, 5, 5, 5, 0, 1] });
    await other.command({ cdb: Command.wait() });
    await other.command({ cdb: Command.read(2) });
    await other.expectSilence();
    assert.equal(await manage(initiator, { function: ClearTaskSet }), FunctionComplete);
    for (let i = 0; i < 2; i++) {
      const { pdu } = await other.expect(Opcode.ScsiResponse);
      assert.deepEqual([pdu.status, pdu.maxCmdSn - pdu.expCmdSn], [0x40, 63]);
    }
  }));

Deno.test("LOGICAL UNIT RESET ends the tasks and resets the device", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command({ cdb: Command.wait() });
    assert.equal(await manage(initiator, { function: LogicalUnitReset }), FunctionComplete);
    assert.deepEqual(fixture.device.log.slice(1), ["wait", "reset"]);
    assert.deepEqual(fixture.other.log.slice(1), []);
    fixture.device.answers[0]({ status: 0 });
    await initiator.expectSilence();
  }));

Deno.test("TARGET WARM RESET resets all devices, and sessions stay", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const request = { function: TaskManagementFunction.TargetWarmReset };
    assert.equal(await manage(initiator, request), FunctionComplete);
    assert.equal(fixture.device.log.at(-1), "reset");
    assert.equal(fixture.other.log.at(-1), "reset");
    await initiator.expectSilence();
  }));

Deno.test("TARGET COLD RESET is answered, and ends all sessions", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const other = await fixture.connect();
    await other.login({ isid: [0x80, 5, 5, 5, 0, 1] });
    const request = { function: TaskManagementFunction.TargetColdReset };
    assert.equal(await manage(initiator, request), FunctionComplete);
    await initiator.expectEnd();
    await other.expectEnd();
    assert.deepEqual(fixture.target.sessions(), []);
  }));

for (
  const [name, request, response] of [
    ["a LUN without a device", { function: LogicalUnitReset, lun: 9n << 48n }, LunDoesNotExist],
    ["CLEAR ACA", { function: TaskManagementFunction.ClearAca }, 5],
    ["TASK REASSIGN", { function: TaskManagementFunction.TaskReassign, task: 3 }, 4],
    ["an unknown function", { function: 99 }, 5],
  ] as const
) {
  Deno.test(`The response to ${name} is ${response}`, () =>
    withTarget({}, async (fixture) => {
      const initiator = await fixture.connect();
      await initiator.login();
      assert.equal(await manage(initiator, request), response);
    }));
}
