import assert from "node:assert/strict";
import { encodeAhs } from "../../../iscsi/pdu/ahs.ts";
import { LogoutReason, LogoutResponseCode } from "../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import { decodeResponseSegment } from "../../../iscsi/pdu/scsi_response.ts";
import { SnackType } from "../../../iscsi/pdu/snack.ts";
import {
  decodeInquiry,
  decodeReportLuns,
  decodeSense,
  inquiryCdb,
  reportLunsCdb,
} from "../../../scsi/mod.ts";
import { Command, ScriptedDevice, SENSE } from "./scripted_device.ts";
import { pattern, type ScriptedInitiator } from "./scripted_initiator.ts";
import { type TargetFixture, withTarget } from "./target_fixture.ts";

async function read(initiator: ScriptedInitiator, length: number, expected = length) {
  await initiator.command({
    read: true,
    expectedDataTransferLength: expected,
    cdb: Command.read(length),
  });
  return await initiator.readData();
}

function readsIn(fixture: TargetFixture): string[] {
  return fixture.device.log.filter((line) => line.startsWith("read"));
}

Deno.test("A command whose CmdSN is beyond MaxCmdSN, or was used before, is ignored", () =>
  withTarget({ limits: { commandWindow: 4 } }, async (fixture) => {
    const initiator = await fixture.connect();
    const { expCmdSn, maxCmdSn } = await initiator.login();
    assert.equal(maxCmdSn, expCmdSn + 3);
    await initiator.command({ cmdSn: maxCmdSn + 1, cdb: Command.read(1) });
    await initiator.command({ cmdSn: expCmdSn - 1, cdb: Command.read(2) });
    await initiator.expectSilence();
    await initiator.command({ cdb: Command.read(3) });
    await initiator.expect(Opcode.ScsiResponse);
    await initiator.command({ cmdSn: expCmdSn, cdb: Command.read(4) });
    await initiator.expectSilence();
    assert.deepEqual(readsIn(fixture), ["read 3"]);
  }));

Deno.test("Commands are delivered in the order of CmdSN, whatever order they arrive in", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ cmdSn: 0xffffffff });
    await initiator.command({ cmdSn: 1, cdb: Command.read(3) });
    await initiator.command({ cmdSn: 0, cdb: Command.read(2) });
    await initiator.expectSilence();
    await initiator.command({ cmdSn: 0xffffffff, cdb: Command.read(1) });
    for (let i = 0; i < 3; i++) await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(readsIn(fixture), ["read 1", "read 2", "read 3"]);
  }));

Deno.test("The window closes while commands wait, and opens with their answers", () =>
  withTarget({ limits: { commandWindow: 2 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command({ cdb: Command.wait() });
    await initiator.command({ cdb: Command.wait() });
    await initiator.ping({ itt: 9 });
    const { pdu: ping } = await initiator.expect(Opcode.NopIn);
    assert.equal(ping.maxCmdSn, ping.expCmdSn - 1, "closed");
    await initiator.command({ cdb: Command.read(1) });
    await initiator.expectSilence();
    fixture.device.answers[0]({ status: 0 });
    const { pdu: answer } = await initiator.expect(Opcode.ScsiResponse);
    assert.equal(answer.maxCmdSn, answer.expCmdSn, "open for one");
  }));

Deno.test("An immediate command carries the CmdSN without using it up", () =>
  withTarget({ limits: { commandWindow: 1 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command({ cdb: Command.wait() });
    await initiator.command({ immediate: true, lun: 1n << 48n, cdb: Command.read(1) });
    const { pdu } = await initiator.expect(Opcode.ScsiResponse);
    assert.equal(pdu.expCmdSn, initiator.cmdSn);
  }));

Deno.test("Too many immediate commands are rejected", () =>
  withTarget({ limits: { maxImmediateCommands: 1 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command({ immediate: true, cdb: Command.wait() });
    const refused = await initiator.command({ immediate: true, cdb: Command.wait() });
    const { pdu, data } = await initiator.expect(Opcode.Reject);
    assert.equal(pdu.reason, RejectReason.ImmediateCommandReject);
    assert.equal(new DataView(data.buffer).getUint32(16), refused.itt, "with its header");
  }));

Deno.test("Data-In is cut to the initiator's segment length, with F where a burst ends", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({
      keys: [["MaxRecvDataSegmentLength", "1024"], ["MaxBurstLength", "2560"]],
    });
    fixture.device.data = pattern(6000);
    const { data, pdus, response } = await read(initiator, 6000);
    assert.deepEqual(data, fixture.device.data);
    assert.equal(response, undefined, "status came with the last data");
    assert.deepEqual(pdus.map((pdu) => pdu.bufferOffset), [0, 1024, 2048, 2560, 3584, 4608, 5120]);
    assert.deepEqual(pdus.map((pdu) => pdu.final), [false, false, true, false, false, true, true]);
    assert.deepEqual(pdus.map((pdu) => pdu.dataSn), [0, 1, 2, 3, 4, 5, 6]);
    assert.deepEqual(pdus.map((pdu) => pdu.hasStatus), [...Array(6).fill(false), true]);
  }));

Deno.test("With status in a response of its own, ExpDataSN counts the Data-In PDUs", () =>
  withTarget({ statusInDataIn: false }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys: [["MaxRecvDataSegmentLength", "1024"]] });
    fixture.device.data = pattern(3000);
    const { data, pdus, response } = await read(initiator, 3000);
    assert.equal(data.length, 3000);
    assert.ok(pdus.every((pdu) => !pdu.hasStatus));
    assert.equal(response?.expDataSn, 3);
  }));

for (
  const [name, length, expected, residual, overflow] of [
    ["less", 100, 512, 412, false],
    ["more", 512, 100, 412, true],
    ["nothing", 0, 512, 512, false],
  ] as const
) {
  Deno.test(`A read that gives ${name} than expected reports the residual`, () =>
    withTarget({}, async (fixture) => {
      const initiator = await fixture.connect();
      await initiator.login();
      fixture.device.data = pattern(512);
      const { data, pdus, response } = await read(initiator, length, expected);
      assert.deepEqual(data, pattern(Math.min(length, expected)));
      const status = response ?? pdus.at(-1)!;
      assert.deepEqual([status.overflow, status.underflow], [overflow, !overflow]);
      assert.equal(status.residual, residual);
    }));
}

Deno.test("CHECK CONDITION comes in a response behind the data, with sense and residual", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    fixture.device.data = pattern(40);
    const fields = { read: true, expectedDataTransferLength: 64, cdb: Command.shortRead(40) };
    await initiator.command(fields);
    const { pdu: data } = await initiator.expect(Opcode.DataIn);
    assert.ok(data.final && !data.hasStatus && !data.underflow);
    const { pdu, data: segment } = await initiator.expect(Opcode.ScsiResponse);
    assert.equal(pdu.status, 2);
    assert.deepEqual([pdu.underflow, pdu.residual, pdu.expDataSn], [true, 24, 1]);
    assert.deepEqual(decodeResponseSegment(segment).sense, SENSE);
  }));

Deno.test("The commands of one logical unit run one after the other, those of another go on", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const slow = await initiator.command({ cdb: Command.wait() });
    const next = await initiator.command({ cdb: Command.read(1) });
    const other = await initiator.command({ lun: 1n << 48n, cdb: Command.read(2) });
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.itt, other.itt);
    assert.deepEqual(fixture.device.log.slice(1), ["wait"]);
    fixture.device.answers[0]({ status: 0 });
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.itt, slow.itt);
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.itt, next.itt);
  }));

Deno.test("HEAD OF QUEUE runs before what waits", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command({ cdb: Command.wait() });
    await initiator.command({ cdb: Command.read(1) });
    await initiator.command({ attributes: 3, cdb: Command.read(2) });
    await initiator.expectSilence();
    fixture.device.answers[0]({ status: 0 });
    for (let i = 0; i < 3; i++) await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.log.slice(1), ["wait", "read 2", "read 1"]);
  }));

Deno.test("A device that throws is an internal target failure to the initiator, and an event", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command({ cdb: Command.fail() });
    const { data } = await initiator.expect(Opcode.ScsiResponse);
    const { key, asc } = decodeSense(decodeResponseSegment(data).sense);
    assert.deepEqual([key, asc], [4, 0x44]);
    assert.equal(fixture.eventsOf("device-failed").length, 1);
    await initiator.expectSilence();
  }));

Deno.test("What the target refuses by itself has moved no data: the residual is all that was expected", () =>
  withTarget({ limits: { maxTransferBytes: 1000 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const read = { read: true, expectedDataTransferLength: 512 };
    const write = { write: true, expectedDataTransferLength: 2000, cdb: Command.write(2000) };
    for (
      const [fields, residual] of [
        [{ ...read, cdb: Command.fail() }, 512],
        [{ ...read, lun: 9n << 48n, cdb: Command.read(4) }, 512],
        [write, 2000],
      ] as const
    ) {
      await initiator.command(fields);
      const { pdu } = await initiator.expect(Opcode.ScsiResponse);
      assert.deepEqual([pdu.status, pdu.underflow, pdu.residual], [2, true, residual]);
    }
  }));

Deno.test("Commands wait while unsent Data-In leaves no room", () =>
  withTarget({ limits: { dataInBytes: 100_000 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    fixture.device.data = pattern(100_000);
    const expected = 100_000;
    for (let i = 0; i < 8; i++) {
      const cdb = Command.read(expected);
      await initiator.command({ read: true, expectedDataTransferLength: expected, cdb });
    }
    assert.ok(readsIn(fixture).length < 8, `${readsIn(fixture).length} of 8 have run`);
    for (let i = 0; i < 8; i++) {
      assert.deepEqual((await initiator.readData()).data, fixture.device.data);
    }
  }));

Deno.test("INQUIRY finds nothing at a LUN without a device, and other commands are refused", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    for (const lun of [7n << 48n, 0x4007n << 48n, 0xc101n << 48n]) {
      await initiator.command({
        lun,
        read: true,
        expectedDataTransferLength: 96,
        cdb: inquiryCdb(96),
      });
      const { data } = await initiator.readData();
      const { peripheralQualifier, deviceType } = decodeInquiry(data);
      assert.deepEqual([peripheralQualifier, deviceType], [3, 0x1f]);
      await initiator.command({ lun });
      const response = await initiator.expect(Opcode.ScsiResponse);
      const { key, asc, ascq } = decodeSense(decodeResponseSegment(response.data).sense);
      assert.deepEqual([key, asc, ascq], [5, 0x25, 0]);
    }
  }));

Deno.test("REPORT LUNS lists the devices, at LUN 0 even when none is there", async () => {
  const units = [300, 2].map((lun) => ({ lun, device: new ScriptedDevice() }));
  await withTarget({ units }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    for (const lun of [0n, 2n << 48n]) {
      const cdb = reportLunsCdb(256);
      await initiator.command({ lun, read: true, expectedDataTransferLength: 256, cdb });
      const { data, pdus } = await initiator.readData();
      assert.deepEqual(decodeReportLuns(data).luns, [2n << 48n, 0x412cn << 48n]);
      assert.equal(pdus[0].residual, 256 - 24);
    }
    assert.deepEqual(fixture.target.urls.map((url) => url.split("/").at(-1)), ["2", "300"]);
  });
});

for (
  const [name, byte, bits] of [
    ["a reserved bit", 1, 0x01],
    ["a reserved byte", 10, 0xff],
    ["NACA", 11, 0x04],
    ["a report that there is not", 2, 0x7f],
  ] as const
) {
  Deno.test(`REPORT LUNS with ${name} is refused, and says where`, () =>
    withTarget({}, async (fixture) => {
      const initiator = await fixture.connect();
      await initiator.login();
      const cdb = new Uint8Array(reportLunsCdb(256));
      cdb[byte] = bits;
      await initiator.command({ read: true, expectedDataTransferLength: 256, cdb });
      const { data } = await initiator.expect(Opcode.ScsiResponse);
      const { asc, senseKeySpecific } = decodeSense(decodeResponseSegment(data).sense);
      assert.equal(asc, 0x24);
      assert.ok(senseKeySpecific?.kind === "field" && senseKeySpecific.byte === byte);
    }));
}

Deno.test("A CDB of more than 16 bytes arrives whole", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    let seen: Uint8Array | undefined;
    const execute = fixture.device.execute.bind(fixture.device);
    fixture.device.execute = (task) => {
      seen = task.cdb;
      return execute(task);
    };
    const cdb = pattern(20, 0x7f);
    const ahs = encodeAhs([{ type: 1, bytes: cdb.subarray(16) }]);
    await initiator.command({ cdb: cdb.subarray(0, 16) }, undefined, { ahs });
    await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(seen, cdb);
  }));

Deno.test("A ping comes back, cut to what the initiator takes", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys: [["MaxRecvDataSegmentLength", "512"]] });
    await initiator.ping({ itt: 3 }, pattern(600));
    const { pdu, data } = await initiator.expect(Opcode.NopIn);
    assert.deepEqual([pdu.itt, pdu.ttt], [3, 0xffffffff]);
    assert.deepEqual(data, pattern(512));
    await initiator.ping({ itt: 4, immediate: false, cmdSn: initiator.cmdSn });
    assert.equal((await initiator.expect(Opcode.NopIn)).pdu.expCmdSn, initiator.cmdSn + 1);
  }));

Deno.test("A SNACK is rejected, since recovery within a connection is not negotiated", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const fields = { type: SnackType.Status, lun: 0n, itt: 0xffffffff, ttt: 0xffffffff };
    await initiator.send({
      opcode: Opcode.Snack,
      ...fields,
      expStatSn: 0,
      begRun: 0,
      runLength: 0,
    });
    assert.equal((await initiator.expect(Opcode.Reject)).pdu.reason, RejectReason.SnackReject);
    await initiator.expectSilence();
  }));

for (
  const [name, fields] of [
    ["neither W nor F", { final: false }],
    ["a reserved task attribute", { attributes: 7 }],
    ["a reserved tag", { itt: 0xffffffff }],
  ] as const
) {
  Deno.test(`A SCSI Command with ${name} ends the connection`, () =>
    withTarget({}, async (fixture) => {
      const initiator = await fixture.connect();
      await initiator.login();
      await initiator.command(fields);
      await initiator.expectEnd();
      const [{ error }] = fixture.eventsOf("disconnected") as { error?: Error }[];
      assert.equal(error?.name, "ProtocolError");
    }));
}

Deno.test("A tag that is in use ends the connection", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command({ itt: 5, cdb: Command.wait() });
    await initiator.command({ itt: 5, cdb: Command.read(1) });
    await initiator.expectEnd();
  }));

for (
  const [name, reason, cid, response] of [
    ["the session", LogoutReason.CloseSession, 0, LogoutResponseCode.Closed],
    ["the connection", LogoutReason.CloseConnection, 0, LogoutResponseCode.Closed],
    ["an unknown connection", LogoutReason.CloseConnection, 5, LogoutResponseCode.CidNotFound],
    [
      "a connection for recovery",
      LogoutReason.RemoveConnectionForRecovery,
      0,
      LogoutResponseCode.ConnectionRecoveryNotSupported,
    ],
  ] as const
) {
  Deno.test(`Logging out of ${name} is answered with response ${response}`, () =>
    withTarget({}, async (fixture) => {
      const initiator = await fixture.connect();
      await initiator.login();
      await initiator.command({ cdb: Command.wait() });
      const { cmdSn } = initiator;
      await initiator.send({
        opcode: Opcode.LogoutRequest,
        immediate: true,
        reason,
        itt: 50,
        cid,
        cmdSn,
        expStatSn: 0,
      });
      assert.equal((await initiator.expect(Opcode.LogoutResponse)).pdu.response, response);
      if (response !== LogoutResponseCode.Closed) return await initiator.expectSilence();
      await initiator.expectEnd();
      assert.equal(fixture.target.sessions().length, 0);
      assert.equal(fixture.device.log.at(-1), "nexus- 800102030001");
    }));
}

Deno.test("What was sent behind a logout does not happen, even if it arrived before", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const cmdSn = initiator.cmdSn++;
    await initiator.command({ cdb: Command.read(1) });
    await initiator.send({
      opcode: Opcode.LogoutRequest,
      immediate: false,
      reason: LogoutReason.CloseSession,
      itt: 50,
      cid: 0,
      cmdSn,
      expStatSn: 0,
    });
    await initiator.expect(Opcode.LogoutResponse);
    await initiator.expectEnd();
    assert.deepEqual(readsIn(fixture), []);
  }));

Deno.test("An Async Message that asks for logout is followed by the end when nobody obeys", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    const { statSn } = await initiator.login();
    fixture.target.sessions()[0].sendAsync({ event: 1, parameter3: 10 });
    const { pdu } = await initiator.expect(Opcode.AsyncMessage);
    assert.deepEqual([pdu.asyncEvent, pdu.parameter3, pdu.statSn], [1, 10, statSn + 1]);
    fixture.clock.advance(9_999);
    await initiator.expectSilence();
    fixture.clock.advance(2);
    await initiator.expectEnd();
  }));

Deno.test("An Async Message that announces the end is followed by it", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    fixture.target.sessions()[0].sendAsync({ event: 3, parameter2: 2 });
    await initiator.expect(Opcode.AsyncMessage);
    await initiator.expectEnd();
  }));
