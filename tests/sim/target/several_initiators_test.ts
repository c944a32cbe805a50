import assert from "node:assert/strict";
import type { KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { decodeResponseSegment } from "../../../iscsi/pdu/scsi_response.ts";
import {
  TaskManagementFunction,
  TaskManagementResponseCode,
} from "../../../iscsi/pdu/task_management.ts";
import { decodeSense } from "../../../scsi/sense.ts";
import { RamDisk } from "../../../sim/disk/ram_disk.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { Command } from "./scripted_device.ts";
import { pattern, type ScriptedInitiator } from "./scripted_initiator.ts";
import { type TargetFixture, withTarget } from "./target_fixture.ts";

const { ClearTaskSet, LogicalUnitReset, TargetWarmReset, AbortTaskSet } = TaskManagementFunction;
const { FunctionComplete } = TaskManagementResponseCode;
const OTHER_ISID = [0x80, 5, 5, 5, 0, 1];
const FAST: KeyValuePair[] = [["TaskReporting", "FastAbort,ResponseFence,RFC3720"]];
const REPORTING = { negotiation: { taskReporting: ["FastAbort", "ResponseFence", "RFC3720"] } };

/** Two initiators, of which the second has a task that runs and one that waits, both at LUN 0. */
async function busyOther(
  fixture: TargetFixture,
  keys: readonly KeyValuePair[] = [],
): Promise<[ScriptedInitiator, ScriptedInitiator]> {
  const [initiator, other] = [await fixture.connect(), await fixture.connect()];
  await initiator.login();
  await other.login({ isid: OTHER_ISID, keys });
  await other.command({ cdb: Command.wait() });
  await other.command({ cdb: Command.read(2) });
  await other.expectSilence();
  return [initiator, other];
}

/** Status of a command, and its additional sense. */
async function outcome(initiator: ScriptedInitiator, cdb = Command.read(0)): Promise<number[]> {
  await initiator.command({ cdb });
  const { pdu, data } = await initiator.expect(Opcode.ScsiResponse);
  if (pdu.status === 0) return [0];
  const { asc, ascq } = decodeSense(decodeResponseSegment(data).sense);
  return [pdu.status, asc, ascq];
}

Deno.test("Without TAS, CLEAR TASK SET ends the tasks of others silently; a unit attention tells", () =>
  withTarget({ taskAbortedStatus: false }, async (fixture) => {
    const [initiator, other] = await busyOther(fixture);
    assert.equal(await initiator.manage({ function: ClearTaskSet }), FunctionComplete);
    fixture.device.answers[0]({ status: 0 });
    await other.expectSilence();
    // INQUIRY is carried out, and leaves it pending.
    const inquiry = Uint8Array.of(0x12, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    assert.deepEqual(await outcome(other, inquiry), [0]);
    assert.deepEqual(await outcome(other), [2, 0x2f, 0x00]);
    assert.deepEqual(await outcome(other), [0]);
    assert.deepEqual(await outcome(initiator), [0]);
    assert.ok(!fixture.device.log.includes("read 2"));
  }));

for (const [format, descriptor] of [["fixed", 0], ["descriptor", 1]] as const) {
  Deno.test(`REQUEST SENSE gives the unit attention about cleared tasks, in ${format} format, and clears it`, () =>
    withTarget({ taskAbortedStatus: false }, async (fixture) => {
      const [initiator, other] = await busyOther(fixture);
      await initiator.manage({ function: ClearTaskSet });
      fixture.device.answers[0]({ status: 0 });
      const cdb = Uint8Array.of(0x03, descriptor, 0, 0, 252, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      await other.command({ read: true, expectedDataTransferLength: 252, cdb });
      const { data, pdus } = await other.readData();
      const sense = decodeSense(data);
      assert.deepEqual([sense.format, sense.key, sense.asc], [format, 6, 0x2f]);
      assert.deepEqual([pdus[0].status, pdus[0].residual], [0, 252 - data.length]);
      assert.deepEqual(await outcome(other), [0]);
    }));
}

Deno.test("A window that others have opened is told by a NOP-In, since no answer tells", () =>
  withTarget({ taskAbortedStatus: false, limits: { commandWindow: 2 } }, async (fixture) => {
    const [initiator, other] = await busyOther(fixture);
    await initiator.manage({ function: ClearTaskSet });
    const { pdu } = await other.expect(Opcode.NopIn);
    assert.deepEqual([pdu.itt, pdu.ttt, pdu.maxCmdSn], [0xffffffff, 0xffffffff, pdu.expCmdSn + 1]);
  }));

for (const lun of [0n, 1n << 48n]) {
  Deno.test(`A unit attention is told at the logical unit that it is about, not at LUN ${lun}`, () =>
    withTarget({ taskAbortedStatus: false }, async (fixture) => {
      const [initiator, other] = await busyOther(fixture);
      await initiator.manage({ function: ClearTaskSet });
      fixture.device.answers[0]({ status: 0 });
      await other.command({ lun, cdb: Command.read(0) });
      const { pdu } = await other.expect(Opcode.ScsiResponse);
      assert.equal(pdu.status, lun === 0n ? 2 : 0);
    }));
}

for (
  const [name, code] of [["a logical unit", LogicalUnitReset], [
    "the target",
    TargetWarmReset,
  ]] as const
) {
  Deno.test(`Resetting ${name} leaves it to the device to tell others, without TAS`, () =>
    withTarget({ taskAbortedStatus: false }, async (fixture) => {
      const [initiator, other] = await busyOther(fixture);
      assert.equal(await initiator.manage({ function: code }), FunctionComplete);
      fixture.device.answers[0]({ status: 0 });
      assert.deepEqual(await outcome(other), [0]);
      assert.equal(fixture.device.log.filter((entry) => entry === "reset").length, 1);
    }));

  Deno.test(`Resetting ${name} ends the tasks of others with TASK ABORTED`, () =>
    withTarget({}, async (fixture) => {
      const [initiator, other] = await busyOther(fixture);
      assert.equal(await initiator.manage({ function: code }), FunctionComplete);
      for (let i = 0; i < 2; i++) {
        assert.equal((await other.expect(Opcode.ScsiResponse)).pdu.status, 0x40);
      }
    }));
}

for (const taskAbortedStatus of [true, false]) {
  Deno.test(`The control mode page says that TASK ABORTED is ${taskAbortedStatus ? "" : "not "}sent`, async () => {
    const unitAttentions = { newNexus: [], returningNexus: [] };
    const units = [new SimulatedDrive({ unitAttentions }), new RamDisk({ unitAttentions })]
      .map((device, lun) => ({ lun, device }));
    await withTarget({ units, taskAbortedStatus }, async (fixture) => {
      const initiator = await fixture.connect();
      await initiator.login();
      for (const lun of [0n, 1n << 48n]) {
        const cdb = Uint8Array.of(0x1a, 8, 0x0a, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        await initiator.command({ lun, read: true, expectedDataTransferLength: 64, cdb });
        const { data } = await initiator.readData();
        assert.equal((data[4 + 5] & 0x40) !== 0, taskAbortedStatus);
      }
    });
  });
}

Deno.test("TASK ABORTED says that no data was moved", () =>
  withTarget({}, async (fixture) => {
    const [initiator, other] = [await fixture.connect(), await fixture.connect()];
    await initiator.login();
    await other.login({ isid: OTHER_ISID });
    const read = { read: true, expectedDataTransferLength: 100, cdb: Command.wait() };
    await other.command(read);
    await other.expectSilence();
    await initiator.manage({ function: ClearTaskSet });
    const { pdu } = await other.expect(Opcode.ScsiResponse);
    assert.deepEqual([pdu.status, pdu.underflow, pdu.residual], [0x40, true, 100]);
  }));

Deno.test("With FastAbort, an Async Message stands for the answers of all tasks that were cleared", () =>
  withTarget(REPORTING, async (fixture) => {
    const [initiator, other] = await busyOther(fixture, FAST);
    const taskReporting = fixture.target.sessions().map(({ parameters }) =>
      parameters.taskReporting
    );
    assert.deepEqual(taskReporting, ["RFC3720", "FastAbort"]);
    assert.equal(await initiator.manage({ function: ClearTaskSet }), FunctionComplete);
    const { pdu } = await other.expect(Opcode.AsyncMessage);
    assert.deepEqual([pdu.asyncEvent, pdu.lun], [5, 0n]);
    fixture.device.answers[0]({ status: 0 });
    assert.deepEqual(await outcome(other), [0]);
  }));

Deno.test("With FastAbort, data for a task that was cleared is dropped", () =>
  withTarget(REPORTING, async (fixture) => {
    const [initiator, other] = [await fixture.connect(), await fixture.connect()];
    await initiator.login();
    await other.login({ isid: OTHER_ISID, keys: [...FAST, ["ImmediateData", "No"]] });
    const fields = { write: true, expectedDataTransferLength: 600, cdb: Command.write(600) };
    const { itt } = await other.command(fields);
    const { pdu: { ttt } } = await other.expect(Opcode.ReadyToTransfer);
    await initiator.manage({ function: LogicalUnitReset });
    await other.expect(Opcode.AsyncMessage);
    await other.dataOut({ itt, ttt, offset: 0 }, pattern(600));
    await other.expectSilence();
    assert.deepEqual(fixture.device.written, []);
  }));

Deno.test("The session that asked for it gets no Async Message, and no answers", () =>
  withTarget(REPORTING, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys: FAST });
    await initiator.command({ cdb: Command.wait() });
    await initiator.command({ cdb: Command.read(1) });
    assert.equal(await initiator.manage({ function: AbortTaskSet }), FunctionComplete);
    fixture.device.answers[0]({ status: 0 });
    await initiator.expectSilence();
  }));

Deno.test("Async Message 5 ends the tasks that it announces the end of", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command({ cdb: Command.wait() });
    await initiator.command({ lun: 1n << 48n, cdb: Command.wait() });
    await initiator.expectSilence();
    fixture.target.sendAsync({ event: 5, lun: 0 });
    const { pdu } = await initiator.expect(Opcode.AsyncMessage);
    assert.deepEqual([pdu.asyncEvent, pdu.lun], [5, 0n]);
    for (const device of [fixture.device, fixture.other]) device.answers[0]({ status: 0 });
    await initiator.expect(Opcode.ScsiResponse);
    await initiator.expectSilence();
  }));

Deno.test("Async Message 0 brings its sense data, and 4 gives time to negotiate", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const sense = Uint8Array.of(0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x28, 0, 0, 0, 0, 0);
    fixture.target.sendAsync({ event: 0, lun: 1, sense });
    const { pdu, data } = await initiator.expect(Opcode.AsyncMessage);
    assert.equal(pdu.lun, 1n << 48n);
    assert.deepEqual(decodeResponseSegment(data).sense, sense);
    fixture.target.sendAsync({ event: 4, parameter3: 3 });
    await initiator.expect(Opcode.AsyncMessage);
    fixture.clock.advance(2999);
    await initiator.expectSilence();
    fixture.clock.advance(1);
    await initiator.expectEnd();
  }));

/** PERSISTENT RESERVE OUT: its service action, the nexus's own key, and that of the service action. */
async function reserveOut(
  initiator: ScriptedInitiator,
  [action, key, other]: readonly [number, number, number],
): Promise<void> {
  const cdb = new Uint8Array(16);
  cdb.set([0x5f, action, 1, 0, 0, 0, 0, 0, 24]);
  const list = new Uint8Array(24);
  list[7] = key;
  list[15] = other;
  await initiator.command({ write: true, expectedDataTransferLength: 24, cdb }, list);
}

for (
  const [name, action, taskAbortedStatus] of [
    ["PREEMPT AND ABORT ends the tasks of whom it preempts with TASK ABORTED", 5, true],
    ["PREEMPT AND ABORT ends the tasks of whom it preempts silently, without TAS", 5, false],
    ["PREEMPT leaves the tasks of whom it preempts", 4, true],
  ] as const
) {
  Deno.test(name, async () => {
    const unitAttentions = { newNexus: [], returningNexus: [] };
    const drive = new SimulatedDrive({ medium: new MemoryMedium(), unitAttentions });
    const units = [{ lun: 0, device: drive }];
    await withTarget({ units, taskAbortedStatus }, async (fixture) => {
      const [initiator, victim, bystander] = [
        await fixture.connect(),
        await fixture.connect(),
        await fixture.connect(),
      ];
      await initiator.login();
      await victim.login({ isid: OTHER_ISID });
      await bystander.login({ isid: [0x80, 6, 6, 6, 0, 1] });
      for (const [each, key] of [[initiator, 0xa], [victim, 0xb]] as const) {
        await reserveOut(each, [0, 0, key]);
        assert.equal((await each.expect(Opcode.ScsiResponse)).pdu.status, 0);
      }
      const writing = { write: true, expectedDataTransferLength: 100 };
      const cdb = Uint8Array.of(0x0a, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      const tasks = [];
      for (const each of [victim, bystander]) {
        const { itt } = await each.command({ ...writing, cdb });
        const { pdu: { ttt } } = await each.expect(Opcode.ReadyToTransfer);
        tasks.push({ itt, ttt });
      }
      await reserveOut(initiator, [action, 0xa, 0xb]);
      assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.status, 0);
      if (action === 5 && taskAbortedStatus) {
        assert.equal((await victim.expect(Opcode.ScsiResponse)).pdu.status, 0x40);
      }
      await victim.dataOut({ ...tasks[0], offset: 0 }, pattern(100));
      if (action === 4) await victim.expect(Opcode.ScsiResponse);
      await victim.expectSilence();
      await bystander.dataOut({ ...tasks[1], offset: 0 }, pattern(100));
      assert.equal((await bystander.expect(Opcode.ScsiResponse)).pdu.status, 0);
      assert.equal(drive.objects().length, 1);
    });
  });
}
