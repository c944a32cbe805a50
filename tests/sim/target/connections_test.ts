import assert from "node:assert/strict";
import type { KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { LoginStatus } from "../../../iscsi/pdu/login_status.ts";
import { LogoutReason, LogoutResponseCode } from "../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { encodePdu } from "../../../iscsi/pdu/pdu.ts";
import { decodeResponseSegment } from "../../../iscsi/pdu/scsi_response.ts";
import {
  TaskManagementFunction,
  TaskManagementResponseCode,
} from "../../../iscsi/pdu/task_management.ts";
import { decodeSense } from "../../../scsi/sense.ts";
import { answerChallenge } from "./chap_login.ts";
import { Command } from "./scripted_device.ts";
import {
  INITIATOR_NAME,
  pattern,
  type ScriptedInitiator,
  TARGET_NAME,
} from "./scripted_initiator.ts";
import { type TargetFixture, withTarget } from "./target_fixture.ts";

const NAMES: KeyValuePair[] = [["InitiatorName", INITIATOR_NAME], ["TargetName", TARGET_NAME]];
const SEVERAL: KeyValuePair[] = [["MaxConnections", "4"]];

/** A session with two connections; the second has CID 1. */
async function twoConnections(
  fixture: TargetFixture,
  keys: readonly KeyValuePair[] = SEVERAL,
): Promise<[ScriptedInitiator, ScriptedInitiator, number]> {
  const first = await fixture.connect();
  const { tsih } = await first.login({ keys });
  const second = await fixture.connect();
  await second.login({ tsih, cid: 1, cmdSn: first.cmdSn });
  return [first, second, tsih];
}

/** Status of a login with this TSIH and CID. */
async function statusOf(fixture: TargetFixture, tsih: number, cid: number, isid?: number[]) {
  const initiator = await fixture.connect();
  initiator.cid = cid;
  if (isid) initiator.isid.splice(0, 6, ...isid);
  const { pdu } = await initiator.loginRound({ csg: 1, tsih }, NAMES);
  return pdu.statusClass << 8 | pdu.statusDetail;
}

Deno.test("A login with the session's TSIH and another CID joins it", () =>
  withTarget({}, async (fixture) => {
    const [first, second, tsih] = await twoConnections(fixture);
    const [session] = fixture.target.sessions();
    assert.deepEqual(session.connections.map(({ cid }) => cid), [0, 1]);
    assert.equal(session.tsih, tsih);
    assert.equal(fixture.target.sessions().length, 1);
    assert.deepEqual(fixture.device.log, ["nexus+ 800102030001"], "one nexus");
    await first.expectSilence();
    await second.expectSilence();
  }));

Deno.test("A joining login hears the numbers of the session, from its first response on", () =>
  withTarget({ limits: { commandWindow: 8 } }, async (fixture) => {
    const first = await fixture.connect();
    const { tsih } = await first.login({ keys: SEVERAL, cmdSn: 500 });
    await first.command({ cdb: Command.wait() });
    await first.expectSilence();
    const second = await fixture.connect();
    second.cid = 1;
    second.cmdSn = first.cmdSn;
    const text: KeyValuePair[] = [...NAMES, ["AuthMethod", "None"]];
    const { pdu: open } = await second.loginRound({ csg: 0, nsg: 1, tsih }, text);
    assert.deepEqual([open.tsih, open.expCmdSn, open.maxCmdSn], [tsih, 501, 507]);
    fixture.device.answers[0]({ status: 0 });
    await first.expect(Opcode.ScsiResponse);
    const { pdu: last } = await second.loginRound({ csg: 1, tsih }, []);
    assert.deepEqual([last.statusClass, last.expCmdSn, last.maxCmdSn], [0, 501, 508]);
  }));

Deno.test("The login table: every row of RFC 7143 §6.3.1", () =>
  withTarget({}, async (fixture) => {
    const [, second, tsih] = await twoConnections(fixture, [["MaxConnections", "2"]]);
    const { SessionDoesNotExist, TooManyConnections } = LoginStatus;
    const other = [0x80, 7, 7, 7, 0, 7];
    assert.equal(await statusOf(fixture, tsih, 0, other), SessionDoesNotExist, "new, known, any");
    assert.equal(await statusOf(fixture, 999, 0), SessionDoesNotExist, "known, unknown, any");
    assert.equal(await statusOf(fixture, tsih, 2), TooManyConnections, "a third of two");
    assert.equal(await statusOf(fixture, tsih, 1), 0, "connection reinstatement");
    await second.expectEnd();
    assert.equal(fixture.target.sessions()[0].connections.length, 2);
    assert.equal(await statusOf(fixture, 0, 0, other), 0, "a new session");
    assert.equal(fixture.target.sessions().length, 2);
    assert.equal(await statusOf(fixture, 0, 5), 0, "session reinstatement");
    const sessions = fixture.target.sessions().map(({ connections }) => connections.length);
    assert.deepEqual(sessions, [1, 1]);
    assert.ok(fixture.target.sessions().every((session) => session.tsih !== tsih));
  }));

Deno.test("Session reinstatement closes all connections before the last response goes out", () =>
  withTarget({}, async (fixture) => {
    const [first, second] = await twoConnections(fixture);
    await first.command({ cdb: Command.wait() });
    await first.expectSilence();
    await (await fixture.connect()).login();
    await first.expectEnd();
    await second.expectEnd();
    const isid = "800102030001";
    const nexus = fixture.device.log.filter((entry) => entry.startsWith("nexus"));
    assert.deepEqual(nexus, [`nexus+ ${isid}`, `nexus- ${isid}`, `nexus+ ${isid}`]);
  }));

Deno.test("Who proved another name, or none, cannot join a session", async () => {
  const secret = "a-secret-of-reader";
  const chap = { accounts: [{ name: "reader", secret }], required: false };
  await withTarget({ chap }, async (fixture) => {
    const first = await fixture.connect();
    const { tsih } = await first.login({ keys: SEVERAL });
    const second = await fixture.connect();
    second.cid = 1;
    await answerChallenge(second, secret, { tsih });
    const { pdu } = await second.loginRound({ csg: 1, tsih }, []);
    assert.equal(pdu.statusClass << 8 | pdu.statusDetail, LoginStatus.AuthorizationFailure);
    assert.equal(await statusOf(fixture, tsih, 1), 0, "the same, which is none");
  });
});

Deno.test("Commands run in the order of CmdSN, whichever connection brings them", () =>
  withTarget({}, async (fixture) => {
    const [first, second] = await twoConnections(fixture);
    const start = first.cmdSn;
    await second.command({ cmdSn: start + 2, cdb: Command.read(3) });
    await second.expectSilence();
    await first.command({ cmdSn: start + 1, cdb: Command.read(2) });
    await first.expectSilence();
    assert.deepEqual(fixture.device.log.slice(1), [], "both wait for the gap");
    await second.command({ cmdSn: start, cdb: Command.read(1) });
    await second.expect(Opcode.ScsiResponse);
    await second.expect(Opcode.ScsiResponse);
    const { pdu } = await first.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.log.slice(1), ["read 1", "read 2", "read 3"]);
    assert.equal(pdu.expCmdSn, start + 3);
  }));

Deno.test("A CmdSN that came on one connection is ignored on the other", () =>
  withTarget({}, async (fixture) => {
    const [first, second] = await twoConnections(fixture);
    const { cmdSn } = await first.command({ cdb: Command.read(1) });
    await first.expect(Opcode.ScsiResponse);
    await second.command({ cmdSn, itt: 9000, cdb: Command.read(9) });
    await second.expectSilence();
    assert.deepEqual(fixture.device.log.slice(1), ["read 1"]);
  }));

Deno.test("Each connection has a StatSN of its own, and all share one window", () =>
  withTarget({ limits: { commandWindow: 4 } }, async (fixture) => {
    const [first, second] = await twoConnections(fixture);
    const start = first.cmdSn;
    for (let i = 0; i < 3; i++) {
      await second.command({ cmdSn: start + i, itt: i, cdb: Command.read(0) });
    }
    const statSns: number[] = [];
    for (let i = 0; i < 3; i++) statSns.push((await second.expect(Opcode.ScsiResponse)).pdu.statSn);
    assert.deepEqual(statSns, [2, 3, 4]);
    await first.ping({ itt: 77 });
    const { pdu } = await first.expect(Opcode.NopIn);
    assert.deepEqual([pdu.statSn, pdu.expCmdSn, pdu.maxCmdSn], [2, start + 3, start + 6]);
  }));

Deno.test("An answer, and an R2T, go where the command came from", () =>
  withTarget({}, async (fixture) => {
    const [first, second] = await twoConnections(fixture, [...SEVERAL, ["ImmediateData", "No"]]);
    const { itt } = await second.command({
      write: true,
      expectedDataTransferLength: 600,
      cdb: Command.write(600),
    });
    const { pdu } = await second.expect(Opcode.ReadyToTransfer);
    // Data-Out on another connection than the command's is none of its data.
    await first.dataOut({ itt, ttt: pdu.ttt, offset: 0 }, pattern(600, 9));
    await first.expectSilence();
    await second.dataOut({ itt, ttt: pdu.ttt, offset: 0 }, pattern(600));
    await second.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.written, [pattern(600)]);
  }));

Deno.test("Each connection has segment length and digests of its own", () =>
  withTarget({}, async (fixture) => {
    const first = await fixture.connect();
    const keys: KeyValuePair[] = [...SEVERAL, ["MaxRecvDataSegmentLength", "1024"]];
    const { tsih } = await first.login({ keys });
    const second = await fixture.connect();
    await second.login({
      tsih,
      cid: 1,
      cmdSn: first.cmdSn,
      keys: [["HeaderDigest", "CRC32C"], ["DataDigest", "CRC32C"]],
    });
    fixture.device.data = pattern(4000);
    const fields = { read: true, expectedDataTransferLength: 4000, cdb: Command.read(4000) };
    await first.command(fields);
    assert.equal((await first.readData()).pdus.length, 4);
    await second.command({ ...fields, cmdSn: first.cmdSn });
    const { pdus, data } = await second.readData();
    assert.equal(pdus.length, 1);
    assert.deepEqual(data, pattern(4000));
    const [{ connections }] = fixture.target.sessions();
    const digests = connections.map(({ parameters }) => parameters.headerDigest);
    assert.deepEqual(digests, [false, true]);
  }));

Deno.test("Session-wide keys are rejected on a joining connection", () =>
  withTarget({}, async (fixture) => {
    const first = await fixture.connect();
    const { tsih } = await first.login({ keys: [...SEVERAL, ["MaxBurstLength", "4096"]] });
    const second = await fixture.connect();
    await second.login({ tsih, cid: 1, keys: [["MaxBurstLength", "8192"]] });
    const [{ connections }] = fixture.target.sessions();
    assert.deepEqual(connections.map(({ parameters }) => parameters.maxBurstLength), [4096, 4096]);
  }));

Deno.test("A connection that breaks takes its tasks along, and the next command hears of it", () =>
  withTarget({}, async (fixture) => {
    const [first, second] = await twoConnections(fixture);
    await second.command({ cdb: Command.wait() });
    await second.command({ cdb: Command.read(5) });
    await second.expectSilence();
    fixture.target.sessions()[0].connections[1].disconnect();
    await second.expectEnd();
    fixture.device.answers[0]({ status: 0 });
    await first.command({ cmdSn: second.cmdSn, cdb: Command.read(1) });
    const { pdu, data } = await first.expect(Opcode.ScsiResponse);
    const { key, asc, ascq } = decodeSense(decodeResponseSegment(data).sense);
    assert.deepEqual([pdu.status, key, asc, ascq], [2, 6, 0x47, 0x7f]);
    await first.command({ cmdSn: second.cmdSn + 1, cdb: Command.read(1) });
    assert.equal((await first.expect(Opcode.ScsiResponse)).pdu.status, 0);
    assert.ok(!fixture.device.log.includes("read 5"));
  }));

/** The fields of a write of 4000 bytes, and its header with 256 bytes of immediate data announced. */
function begunWrite(itt: number, cmdSn: number) {
  const fields = { write: true, expectedDataTransferLength: 4000, cdb: Command.write(4000) };
  const bhs = new Uint8Array(48);
  encodePdu({
    opcode: Opcode.ScsiCommand,
    immediate: false,
    final: true,
    read: false,
    attributes: 1,
    lun: 0n,
    itt,
    cmdSn,
    expStatSn: 0,
    ...fields,
  }, bhs);
  bhs[6] = 1;
  return { fields, bhs };
}

Deno.test("A CmdSN that came whole on one connection while it was coming on another is ignored there", () =>
  withTarget({}, async (fixture) => {
    const [first, second] = await twoConnections(fixture, [...SEVERAL, ["InitialR2T", "Yes"]]);
    const { bhs } = begunWrite(60_000, first.cmdSn);
    await second.sendBytes([bhs, new Uint8Array(100)]);
    await fixture.turn();
    await first.command({ cdb: Command.read(1) });
    await first.expect(Opcode.ScsiResponse);
    await second.sendBytes([new Uint8Array(156)]);
    await second.expectSilence();
    await first.command({ cdb: Command.read(2) });
    await first.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.log.slice(1), ["read 1", "read 2"]);
    assert.equal(fixture.target.sessions()[0].commands, 0, "nothing is left of it");
  }));

Deno.test("A tag that came into use on one connection while its command was coming on another is a format error", () =>
  withTarget({}, async (fixture) => {
    const [first, second] = await twoConnections(fixture, [...SEVERAL, ["InitialR2T", "Yes"]]);
    const { bhs } = begunWrite(60_000, first.cmdSn + 1);
    await second.sendBytes([bhs, new Uint8Array(100)]);
    await fixture.turn();
    await first.command({ itt: 60_000, cdb: Command.wait() });
    await first.expectSilence();
    await second.sendBytes([new Uint8Array(156)]);
    await second.expectEnd();
    await first.expectEnd();
    assert.equal(fixture.target.sessions().length, 0);
  }));

Deno.test("A command that a broken connection has cut in two leaves nothing behind", () => {
  const limits = { maxTransferBytes: 4096, dataOutBytes: 4096 };
  return withTarget({ limits }, async (fixture) => {
    const [first, second] = await twoConnections(fixture, [...SEVERAL, ["InitialR2T", "Yes"]]);
    const { fields, bhs } = begunWrite(60_000, first.cmdSn);
    await second.sendBytes([bhs, new Uint8Array(100)]);
    await fixture.turn();
    fixture.target.sessions()[0].connections[1].disconnect();
    await second.expectEnd();
    const { itt } = await first.command(fields, pattern(4000).subarray(0, 100));
    const { pdu: { ttt } } = await first.expect(Opcode.ReadyToTransfer);
    await first.dataOut({ itt, ttt, offset: 100 }, pattern(4000).subarray(100));
    await first.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.written, [pattern(4000)]);
  });
});

Deno.test("One connection may abort a task of another", () =>
  withTarget({}, async (fixture) => {
    const [first, second] = await twoConnections(fixture);
    const { itt, cmdSn } = await second.command({ cdb: Command.wait() });
    await second.expectSilence();
    const request = {
      function: TaskManagementFunction.AbortTask,
      referencedTaskTag: itt,
      refCmdSn: cmdSn,
      cmdSn: second.cmdSn,
    };
    assert.equal(await first.manage(request), TaskManagementResponseCode.FunctionComplete);
    fixture.device.answers[0]({ status: 0 });
    await second.expectSilence();
  }));

for (
  const name of ["AbortTaskSet", "ClearTaskSet", "LogicalUnitReset", "TargetWarmReset"] as const
) {
  Deno.test(`${name} waits for the commands that were sent before it, and ends them`, () =>
    withTarget({}, async (fixture) => {
      const [first, second] = await twoConnections(fixture);
      const { device } = fixture;
      const start = first.cmdSn;
      await second.command({ cmdSn: start + 1, cdb: Command.read(5) });
      let response: number | undefined;
      const request = { function: TaskManagementFunction[name], cmdSn: start + 2 };
      const answered = first.manage(request).then((code) => response = code);
      await fixture.settled();
      assert.equal(response, undefined, "a command is still on its way");
      await second.command({ cmdSn: start, cdb: Command.wait() });
      await answered;
      assert.equal(response, TaskManagementResponseCode.FunctionComplete);
      device.answers[0]({ status: 0 });
      await second.expectSilence();
      const executed = device.log.filter((entry) => entry === "wait" || entry.startsWith("read"));
      assert.deepEqual(executed, ["wait"], "nothing runs behind it");
    }));
}

Deno.test("Logging out of the session closes all connections", () =>
  withTarget({}, async (fixture) => {
    const [first, second] = await twoConnections(fixture);
    const { response } = await first.logout(LogoutReason.CloseSession);
    assert.equal(response, LogoutResponseCode.Closed);
    await first.expectEnd();
    await second.expectEnd();
    assert.deepEqual(fixture.target.sessions(), []);
    const errors = fixture.eventsOf("disconnected") as { error?: unknown }[];
    assert.deepEqual(errors.map(({ error }) => error), [undefined, undefined], "in order");
  }));

for (const [name, cid] of [["its own", 1], ["another", 0]] as const) {
  Deno.test(`Logging out of ${name} connection leaves the session to the rest`, () =>
    withTarget({}, async (fixture) => {
      const pair = await twoConnections(fixture);
      const { response } = await pair[1].logout(LogoutReason.CloseConnection, cid);
      assert.equal(response, LogoutResponseCode.Closed);
      await pair[cid].expectEnd();
      await pair[cid === 0 ? 1 : 0].expectSilence();
      const left = fixture.target.sessions()[0].connections.map((one) => one.cid);
      assert.deepEqual(left, [1 - cid]);
    }));
}

Deno.test("An Async Message concerns the connection that it names, or all of them", () =>
  withTarget({}, async (fixture) => {
    const [first, second, tsih] = await twoConnections(fixture);
    const [session] = fixture.target.sessions();
    session.connections[0].sendAsync({ event: 2, parameter1: 1, parameter2: 3 });
    const { pdu } = await first.expect(Opcode.AsyncMessage);
    assert.deepEqual([pdu.parameter1, pdu.parameter2], [1, 3]);
    await second.expectEnd();
    await first.expectSilence();
    const third = await fixture.connect();
    await third.login({ tsih, cid: 2 });
    fixture.target.sendAsync({ event: 3 });
    await first.expect(Opcode.AsyncMessage);
    await first.expectEnd();
    await third.expectEnd();
    assert.deepEqual(fixture.target.sessions(), []);
  }));

Deno.test("A PDU that cannot be ends all connections of its session, and no other session", () =>
  withTarget({}, async (fixture) => {
    const [first, second, other] = [
      await fixture.connect(),
      await fixture.connect(),
      await fixture.connect(),
    ];
    const { tsih } = await first.login({
      keys: [["MaxConnections", "2"], ["ErrorRecoveryLevel", "2"]],
    });
    await second.login({ tsih, cid: 1 });
    await other.login({ isid: [0x80, 5, 5, 5, 0, 1] });
    await first.command({ attributes: 7, cdb: Command.read(4) });
    await first.expectEnd();
    await second.expectEnd();
    await other.expectSilence();
    assert.equal(fixture.target.sessions().length, 1);
  }));

Deno.test("A request that breaks a rule in its turn ends its own connection, not that which brought the turn", () =>
  withTarget({}, async (fixture) => {
    const [first, second] = await twoConnections(fixture);
    await second.send({
      opcode: Opcode.LogoutRequest,
      immediate: false,
      reason: 9,
      itt: 60_000,
      cid: 1,
      cmdSn: first.cmdSn + 1,
      expStatSn: 0,
    });
    await second.expectSilence();
    await first.command({ cdb: Command.read(0) });
    await first.expect(Opcode.ScsiResponse);
    await second.expectEnd();
    await first.expectSilence();
  }));

Deno.test("Immediate commands of all connections share one limit", () =>
  withTarget({ limits: { maxImmediateCommands: 2 } }, async (fixture) => {
    const [first, second] = await twoConnections(fixture);
    await first.command({ immediate: true, cdb: Command.wait() });
    await second.command({ immediate: true, cdb: Command.wait() });
    await first.expectSilence();
    await second.expectSilence();
    await second.command({ immediate: true, cdb: Command.wait() });
    await second.expect(Opcode.Reject);
  }));
