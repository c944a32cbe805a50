import assert from "node:assert/strict";
import type { KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { LogoutReason, LogoutResponseCode } from "../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { decodeResponseSegment } from "../../../iscsi/pdu/scsi_response.ts";
import type { ScsiCommand } from "../../../iscsi/pdu/scsi_command.ts";
import { SnackType } from "../../../iscsi/pdu/snack.ts";
import {
  TaskManagementFunction,
  TaskManagementResponseCode,
} from "../../../iscsi/pdu/task_management.ts";
import { decodeSense } from "../../../scsi/sense.ts";
import { Command } from "./scripted_device.ts";
import { pattern, type ScriptedInitiator } from "./scripted_initiator.ts";
import { type TargetFixture, withTarget } from "./target_fixture.ts";

const {
  FunctionComplete,
  TaskDoesNotExist,
  TaskStillAllegiant,
  TaskAllegianceReassignmentNotSupported,
} = TaskManagementResponseCode;

/** Tasks are kept for 2 and 20 seconds. */
const LEVEL_2: KeyValuePair[] = [
  ["ErrorRecoveryLevel", "2"],
  ["MaxConnections", "4"],
  ["MaxRecvDataSegmentLength", "512"],
  ["MaxBurstLength", "1024"],
  ["FirstBurstLength", "512"],
];
const KEPT_MS = 22_000;

function read(length: number): Partial<ScsiCommand> {
  return { read: true, expectedDataTransferLength: length, cdb: Command.read(length) };
}

/** A session at level 2 with one connection. */
async function leading(
  fixture: TargetFixture,
  keys = LEVEL_2,
): Promise<[ScriptedInitiator, number]> {
  const initiator = await fixture.connect();
  const { tsih } = await initiator.login({ keys });
  return [initiator, tsih];
}

/** Another connection of the session. */
async function joining(
  fixture: TargetFixture,
  first: ScriptedInitiator,
  fields: { tsih: number; cid: number; keys?: KeyValuePair[] },
): Promise<ScriptedInitiator> {
  const initiator = await fixture.connect();
  initiator.expStatSn = first.expStatSn;
  await initiator.login({ keys: [], ...fields, cmdSn: first.cmdSn });
  return initiator;
}

/** Breaks the oldest connection of the only session. */
async function breakFirst(fixture: TargetFixture, first: ScriptedInitiator): Promise<void> {
  fixture.target.sessions()[0].connections[0].disconnect();
  await first.expectEnd();
}

/** The response to TASK REASSIGN. */
function reassign(
  initiator: ScriptedInitiator,
  { itt }: { itt: number },
  expDataSn = 0,
): Promise<number> {
  const { TaskReassign } = TaskManagementFunction;
  return initiator.manage({ function: TaskReassign, referencedTaskTag: itt, expDataSn });
}

Deno.test("A session that lost its connection waits for its initiator, and ends when time is over", () =>
  withTarget({}, async (fixture) => {
    const [first] = await leading(fixture);
    await first.command({ cdb: Command.wait() });
    await first.expectSilence();
    await breakFirst(fixture, first);
    fixture.clock.advance(KEPT_MS - 1);
    const [session] = fixture.target.sessions();
    assert.deepEqual([session.connections.length, session.commands], [0, 1]);
    fixture.clock.advance(1);
    assert.deepEqual(fixture.target.sessions(), []);
    assert.equal(fixture.device.log.at(-1), "nexus- 800102030001");
    assert.equal(fixture.clock.pending, 0, "no timer is left");
  }));

Deno.test("Without time to retain, a session ends with its last connection", () =>
  withTarget({}, async (fixture) => {
    const [first] = await leading(fixture, [...LEVEL_2, ["DefaultTime2Retain", "0"]]);
    await breakFirst(fixture, first);
    assert.deepEqual(fixture.target.sessions(), []);
  }));

Deno.test("A task that runs answers on the connection that it was reassigned to", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    const task = await first.command({ cdb: Command.wait() });
    await first.expectSilence();
    await breakFirst(fixture, first);
    const second = await joining(fixture, first, { tsih, cid: 1 });
    assert.equal(await reassign(second, task), FunctionComplete);
    fixture.device.answers[0]({ status: 0 });
    const { pdu } = await second.expect(Opcode.ScsiResponse);
    assert.deepEqual([pdu.itt, pdu.status], [task.itt, 0]);
    assert.deepEqual(fixture.device.log.slice(1), ["wait"], "it ran once");
    fixture.clock.advance(KEPT_MS);
    await second.expectSilence();
  }));

Deno.test("A task that is done answers again, with a StatSN of the new connection", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    fixture.device.data = pattern(800);
    const task = await first.command(read(800));
    await first.readData();
    await breakFirst(fixture, first);
    const second = await joining(fixture, first, { tsih, cid: 1 });
    assert.equal(await reassign(second, task), FunctionComplete);
    const { data, pdus: [{ statSn }] } = await second.readData();
    assert.deepEqual(data, pattern(800));
    assert.equal(statSn, 3, "after those of the login and of TASK REASSIGN");
    second.expStatSn = 4;
    await second.snack({ type: SnackType.DataR2t, itt: task.itt, begRun: 0 });
    await second.expect(Opcode.Reject);
    assert.deepEqual(fixture.device.log.slice(1), ["read 800"], "it ran once");
  }));

Deno.test("Data-In goes on behind what ExpDataSN says, cut as the new connection takes it", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    fixture.device.data = pattern(3000);
    const task = await first.command(read(3000));
    const { pdus } = await first.readData();
    await breakFirst(fixture, first);
    const keys: KeyValuePair[] = [["MaxRecvDataSegmentLength", "1024"]];
    const second = await joining(fixture, first, { tsih, cid: 1, keys });
    assert.equal(await reassign(second, task, 2), FunctionComplete);
    const again = await second.readData();
    assert.equal(pdus.length, 6);
    assert.deepEqual(again.pdus.map(({ dataSn }) => dataSn), [2, 3]);
    assert.deepEqual(again.pdus.map(({ bufferOffset }) => bufferOffset), [1024, 2048]);
    assert.deepEqual(again.data, pattern(3000).subarray(1024));
  }));

for (const expDataSn of [0, 99]) {
  Deno.test(`An ExpDataSN of ${expDataSn} leaves what DataACK said`, () =>
    withTarget({}, async (fixture) => {
      const [first, tsih] = await leading(fixture);
      fixture.device.data = pattern(3000);
      const task = await first.command(read(3000));
      const { pdus } = await first.readData();
      await first.snack({ type: SnackType.DataAck, ttt: pdus[1].ttt, begRun: 4 });
      await first.expectSilence();
      await breakFirst(fixture, first);
      const second = await joining(fixture, first, { tsih, cid: 1 });
      assert.equal(await reassign(second, task, expDataSn), FunctionComplete);
      const { data, pdus: [{ dataSn }] } = await second.readData();
      assert.equal(dataSn, 4);
      assert.deepEqual(data, pattern(3000).subarray(2048));
    }));
}

Deno.test("A write asks anew for what had not come, and keeps what had", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    const data = pattern(3000);
    const task = await first.command({
      write: true,
      expectedDataTransferLength: 3000,
      cdb: Command.write(3000),
    }, data.subarray(0, 500));
    const { pdu: r2t } = await first.expect(Opcode.ReadyToTransfer);
    const part = data.subarray(500, 900);
    await first.dataOut({ itt: task.itt, ttt: r2t.ttt, offset: 500, final: false }, part);
    await first.expectSilence();
    await breakFirst(fixture, first);
    const second = await joining(fixture, first, { tsih, cid: 1 });
    assert.equal(await reassign(second, task), FunctionComplete);
    const asked: number[][] = [];
    for (let i = 0; i < 3; i++) {
      const { pdu } = await second.expect(Opcode.ReadyToTransfer);
      const { itt, ttt, r2tSn, bufferOffset: offset, desiredDataTransferLength: length } = pdu;
      assert.notEqual(ttt, r2t.ttt);
      asked.push([r2tSn, offset, length]);
      await second.dataOut({ itt, ttt, offset }, data.subarray(offset, offset + length));
    }
    assert.deepEqual(asked, [[0, 900, 624], [1, 1524, 1024], [2, 2548, 452]]);
    assert.equal((await second.expect(Opcode.ScsiResponse)).pdu.status, 0);
    assert.deepEqual(fixture.device.written, [data]);
  }));

Deno.test("R2TSN goes on from ExpDataSN", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture, [...LEVEL_2, ["ImmediateData", "No"]]);
    const fields = { write: true, expectedDataTransferLength: 900, cdb: Command.write(900) };
    const task = await first.command(fields);
    await first.expect(Opcode.ReadyToTransfer);
    await breakFirst(fixture, first);
    const second = await joining(fixture, first, { tsih, cid: 1 });
    assert.equal(await reassign(second, task, 1), FunctionComplete);
    assert.equal((await second.expect(Opcode.ReadyToTransfer)).pdu.r2tSn, 1);
  }));

Deno.test("Unsolicited data that a lost connection still owed is solicited on the other", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture, [...LEVEL_2, ["InitialR2T", "No"]]);
    const data = pattern(512);
    const task = await first.command({
      write: true,
      final: false,
      expectedDataTransferLength: 512,
      cdb: Command.write(512),
    }, data.subarray(0, 100));
    await first.expectSilence();
    await breakFirst(fixture, first);
    const second = await joining(fixture, first, { tsih, cid: 1 });
    assert.equal(await reassign(second, task), FunctionComplete);
    const { pdu: { ttt, bufferOffset } } = await second.expect(Opcode.ReadyToTransfer);
    assert.equal(bufferOffset, 100);
    await second.dataOut({ itt: task.itt, ttt, offset: 100 }, data.subarray(100));
    await second.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.written, [data]);
  }));

Deno.test("A command that waits for others is kept too, and runs in its turn", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    const early = await first.command({ cmdSn: first.cmdSn + 1, cdb: Command.read(2) });
    await first.expectSilence();
    await breakFirst(fixture, first);
    const second = await joining(fixture, first, { tsih, cid: 1 });
    assert.equal(await reassign(second, early), FunctionComplete);
    const lost = await second.command({ cdb: Command.read(1) });
    for (const { itt } of [lost, early]) {
      assert.equal((await second.expect(Opcode.ScsiResponse)).pdu.itt, itt);
    }
    assert.deepEqual(fixture.device.log.slice(1), ["read 1", "read 2"]);
  }));

Deno.test("TASK REASSIGN tells apart why it cannot be", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    const task = await first.command({ cdb: Command.wait() });
    const second = await joining(fixture, first, { tsih, cid: 1 });
    assert.equal(await reassign(second, task), TaskStillAllegiant);
    assert.equal(await reassign(first, task), TaskStillAllegiant);
    assert.equal(await reassign(second, { itt: 4242 }), TaskDoesNotExist);
    await breakFirst(fixture, first);
    const other = { function: TaskManagementFunction.TaskReassign, lun: 1n << 48n };
    const response = await second.manage({ ...other, referencedTaskTag: task.itt });
    assert.equal(response, TaskDoesNotExist);
    const lower = await fixture.connect();
    await lower.login({ isid: [0x80, 4, 4, 4, 0, 4], keys: [["ErrorRecoveryLevel", "1"]] });
    assert.equal(await reassign(lower, task), TaskAllegianceReassignmentNotSupported);
  }));

Deno.test("A task whose status was acknowledged does not exist any more", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    const tasks = [await first.command(read(0)), await first.command(read(0))];
    const { pdu } = await first.expect(Opcode.ScsiResponse);
    await first.expect(Opcode.ScsiResponse);
    await breakFirst(fixture, first);
    // The login of a connection in place of another acknowledges what that one sent.
    first.expStatSn = pdu.statSn + 1;
    const second = await joining(fixture, first, { tsih, cid: 0 });
    second.expStatSn = 0;
    assert.equal(await reassign(second, tasks[0]), TaskDoesNotExist);
    assert.equal(await reassign(second, tasks[1]), FunctionComplete);
    assert.equal((await second.expect(Opcode.ScsiResponse)).pdu.itt, tasks[1].itt);
  }));

Deno.test("A connection with the same CID takes the place of one that the target still has", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    const task = await first.command({ cdb: Command.wait() });
    await first.expectSilence();
    const second = await joining(fixture, first, { tsih, cid: 0 });
    await first.expectEnd();
    assert.equal(await reassign(second, task), FunctionComplete);
    fixture.device.answers[0]({ status: 0 });
    assert.equal((await second.expect(Opcode.ScsiResponse)).pdu.itt, task.itt);
  }));

Deno.test("Below level 2, a connection with the same CID ends the tasks of the one before", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture, [["ErrorRecoveryLevel", "1"]]);
    const task = await first.command({ cdb: Command.wait() });
    await first.expectSilence();
    const second = await joining(fixture, first, { tsih, cid: 0 });
    await first.expectEnd();
    fixture.device.answers[0]({ status: 0 });
    assert.equal(await reassign(second, task), TaskAllegianceReassignmentNotSupported);
    await second.command(read(0));
    const { data } = await second.expect(Opcode.ScsiResponse);
    const { asc, ascq } = decodeSense(decodeResponseSegment(data).sense);
    assert.deepEqual([asc, ascq], [0x47, 0x7f]);
  }));

Deno.test("The last Login Response comes before all that joining the session brings about", () =>
  withTarget({ limits: { commandWindow: 2 } }, async (fixture) => {
    const [first, tsih] = await leading(fixture, [["ErrorRecoveryLevel", "1"]]);
    for (let i = 0; i < 2; i++) await first.command({ cdb: Command.wait() });
    await first.expectSilence();
    // The tasks of the connection before it end, which opens the window.
    const second = await joining(fixture, first, { tsih, cid: 0 });
    const { pdu } = await second.expect(Opcode.NopIn);
    assert.deepEqual([pdu.itt, pdu.maxCmdSn], [0xffffffff, pdu.expCmdSn + 1]);
  }));

for (const [name, fields] of [["another", { from: 1 }], ["its own", { from: 0 }]] as const) {
  Deno.test(`Logging a connection out for recovery on ${name} keeps its tasks`, () =>
    withTarget({}, async (fixture) => {
      const [first, tsih] = await leading(fixture);
      const task = await first.command({ cdb: Command.wait() });
      const second = await joining(fixture, first, { tsih, cid: 1 });
      const speaker = [first, second][fields.from];
      const reason = LogoutReason.RemoveConnectionForRecovery;
      const { response, time2Wait, time2Retain } = await speaker.logout(reason, 0);
      assert.deepEqual([response, time2Wait, time2Retain], [LogoutResponseCode.Closed, 0, 20]);
      await first.expectEnd();
      assert.equal(await reassign(second, task), FunctionComplete);
      fixture.device.answers[0]({ status: 0 });
      await second.expect(Opcode.ScsiResponse);
      const again = await second.logout(reason, 7);
      assert.equal(again.response, LogoutResponseCode.CidNotFound);
    }));
}

Deno.test("Logging out a lost connection for good ends its tasks", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    const task = await first.command({ cdb: Command.wait() });
    const second = await joining(fixture, first, { tsih, cid: 1 });
    await breakFirst(fixture, first);
    const { response } = await second.logout(LogoutReason.CloseConnection, 0);
    assert.equal(response, LogoutResponseCode.Closed);
    assert.equal(await reassign(second, task), TaskDoesNotExist);
    fixture.clock.advance(KEPT_MS);
    await second.expectSilence();
  }));

Deno.test("Tasks that nobody takes over end in time, and the next command hears of it", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    const task = await first.command({ cdb: Command.wait() });
    const second = await joining(fixture, first, { tsih, cid: 1 });
    await breakFirst(fixture, first);
    fixture.clock.advance(KEPT_MS - 1);
    const waiting = await second.command(read(0));
    await second.expectSilence();
    fixture.clock.advance(1);
    fixture.device.answers[0]({ status: 0 });
    const { pdu, data } = await second.expect(Opcode.ScsiResponse);
    assert.equal(pdu.itt, waiting.itt);
    const { asc, ascq } = decodeSense(decodeResponseSegment(data).sense);
    assert.deepEqual([asc, ascq], [0x47, 0x7f]);
    assert.equal(await reassign(second, task), TaskDoesNotExist);
  }));

Deno.test("However often a session loses connections, it keeps no more than so many, and their tasks to the last", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    const task = await first.command({ cdb: Command.wait() });
    await first.expectSilence();
    await breakFirst(fixture, first);
    for (let cid = 1; cid <= 50; cid++) {
      await breakFirst(fixture, await joining(fixture, first, { tsih, cid }));
    }
    assert.equal(fixture.clock.pending, 4 + 8, "a timer for each");
    const second = await joining(fixture, first, { tsih, cid: 51 });
    assert.equal(await reassign(second, task), FunctionComplete);
    fixture.device.answers[0]({ status: 0 });
    await second.expect(Opcode.ScsiResponse);
  }));

Deno.test("An Async Message that drops a connection leaves its tasks to others", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    const task = await first.command({ cdb: Command.wait() });
    const second = await joining(fixture, first, { tsih, cid: 1 });
    fixture.target.sessions()[0].sendAsync({ event: 2, parameter2: 2, parameter3: 20 });
    await first.expect(Opcode.AsyncMessage);
    await first.expectEnd();
    assert.equal(await reassign(second, task), FunctionComplete);
    fixture.device.answers[0]({ status: 0 });
    await second.expect(Opcode.ScsiResponse);
  }));

Deno.test("An answer that is half way out goes on on the other connection, from where it was", () =>
  withTarget({}, async (fixture) => {
    const [first, tsih] = await leading(fixture, [
      ...LEVEL_2.slice(0, 2),
      ["MaxRecvDataSegmentLength", "65536"],
    ]);
    const second = await joining(fixture, first, { tsih, cid: 1 });
    fixture.device.data = pattern(2_000_000);
    const task = await first.command(read(2_000_000));
    // Nobody reads: most of it waits, and the announcement that the connection will be dropped waits behind it.
    await fixture.turn();
    fixture.target.sessions()[0].connections[0].sendAsync({ event: 2 });
    assert.equal(await reassign(second, task), FunctionComplete);
    const { data, pdus } = await second.readData();
    assert.ok(
      data.length === 2_000_000 && data.every((byte, i) => byte === fixture.device.data[i]),
    );
    assert.deepEqual(pdus.map(({ dataSn }) => dataSn), pdus.map((_, i) => i));
    let received = await first.next();
    while (received?.pdu.opcode === Opcode.DataIn) received = await first.next();
    assert.equal(received?.pdu.opcode, Opcode.AsyncMessage);
    await first.expectEnd();
  }));

Deno.test("Sessions without a connection make room for new ones", () =>
  withTarget({ limits: { maxSessions: 2 } }, async (fixture) => {
    const [first] = await leading(fixture);
    await breakFirst(fixture, first);
    for (const last of [1, 2]) {
      const other = await fixture.connect();
      await other.login({ isid: [0x80, 9, 9, 9, 0, last] });
    }
    const isids = fixture.target.sessions().map(({ isid }) => isid);
    assert.deepEqual(isids, ["800909090001", "800909090002"]);
  }));

Deno.test("Closing the target ends sessions that wait", () =>
  withTarget({}, async (fixture) => {
    const [first] = await leading(fixture);
    await breakFirst(fixture, first);
    await fixture.target.close();
    assert.deepEqual(fixture.target.sessions(), []);
    assert.equal(fixture.clock.pending, 0, "no timer is left");
  }));

Deno.test("Answers that nobody takes are bounded: what waits behind them does not run", () =>
  withTarget({ limits: { dataInBytes: 1000 } }, async (fixture) => {
    const [first, tsih] = await leading(fixture);
    fixture.device.data = pattern(800);
    await first.command({ cdb: Command.wait() });
    const tasks: ScsiCommand[] = [];
    for (let i = 0; i < 4; i++) tasks.push(await first.command(read(800)));
    await first.expectSilence();
    await breakFirst(fixture, first);
    fixture.device.answers[0]({ status: 0 });
    const second = await joining(fixture, first, { tsih, cid: 1 });
    await second.expectSilence();
    assert.equal(fixture.device.log.filter((entry) => entry === "read 800").length, 2);
    for (const task of tasks) {
      assert.equal(await reassign(second, task), FunctionComplete);
      assert.deepEqual((await second.readData()).data, pattern(800));
    }
  }));
