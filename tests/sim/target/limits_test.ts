import assert from "node:assert/strict";
import { InvalidOptionError, IscsiError } from "../../../iscsi/errors.ts";
import type { KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { LogoutReason } from "../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import { TaskManagementFunction } from "../../../iscsi/pdu/task_management.ts";
import { loopbackTarget } from "../../../sim/target/loopback_target.ts";
import type { ServeOptions } from "../../../sim/target/serve_target.ts";
import { type Clock, VirtualClock } from "../../../transport/clock.ts";
import { Random, seed } from "../../scsi/random.ts";
import { Command, ScriptedDevice } from "./scripted_device.ts";
import {
  INITIATOR_NAME,
  pattern,
  type ScriptedInitiator,
  TARGET_NAME,
} from "./scripted_initiator.ts";
import { type TargetFixture, withTarget } from "./target_fixture.ts";

/** Why the last connection ended, as its event says. */
function lastError(fixture: TargetFixture): string {
  const { error } = fixture.eventsOf("disconnected").at(-1) as unknown as { error: Error };
  return error.message;
}

Deno.test("A connection that does not log in is closed when its time is over", () =>
  withTarget({ limits: { loginTimeoutMs: 5_000 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.loginRound({ csg: 0, transit: false }, [
      ["InitiatorName", INITIATOR_NAME],
      ["TargetName", TARGET_NAME],
    ]);
    fixture.clock.advance(4_999);
    await initiator.loginRound({ csg: 0, transit: false }, []);
    fixture.clock.advance(1);
    await initiator.expectEnd();
    assert.match(lastError(fixture), /did not log in in time/);
    assert.equal(fixture.clock.pending, 0, "no timer is left");
  }));

Deno.test("A session is not bound to the time of the login", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    fixture.clock.advance(10_000_000);
    await initiator.expectSilence();
  }));

Deno.test("A flood of connections that do not log in does not keep an initiator out", () =>
  withTarget({ limits: { maxPendingLogins: 3, maxConnections: 8 } }, async (fixture) => {
    const flood: ScriptedInitiator[] = [];
    for (let i = 0; i < 10; i++) flood.push(await fixture.connect());
    const initiator = await fixture.connect();
    await initiator.login();
    for (const early of flood.slice(0, 8)) await early.expectEnd();
    assert.equal(fixture.eventsOf("turned-away").length, 8);
    await initiator.expectSilence();
  }));

Deno.test("A portal that is full of sessions turns further connections away", () =>
  withTarget({ limits: { maxConnections: 2 } }, async (fixture) => {
    for (const last of [1, 2]) {
      await (await fixture.connect()).login({ isid: [0x80, 0, 0, 0, 0, last] });
    }
    await (await fixture.connect()).expectEnd();
    assert.equal(fixture.eventsOf("turned-away").length, 1);
  }));

Deno.test("A target that is full of sessions refuses another, but not one that comes back", () =>
  withTarget({ limits: { maxSessions: 1 } }, async (fixture) => {
    await (await fixture.connect()).login();
    const other = await fixture.connect();
    other.isid[5] = 9;
    const { pdu } = await other.loginRound({ csg: 1 }, [
      ["InitiatorName", INITIATOR_NAME],
      ["TargetName", TARGET_NAME],
    ]);
    assert.deepEqual([pdu.statusClass, pdu.statusDetail], [3, 2]);
    await (await fixture.connect()).login();
  }));

Deno.test("A login text without an end is refused", () =>
  withTarget({ limits: { maxTextBytes: 20_000 } }, async (fixture) => {
    const initiator = await fixture.connect();
    const fields = { csg: 1, transit: false, continue: true };
    for (let sent = 0; sent < 16_000; sent += 8000) {
      await initiator.loginRound(fields, new Uint8Array(8000).fill(65));
    }
    const { pdu } = await initiator.loginRound(fields, new Uint8Array(8000).fill(65));
    assert.equal(pdu.statusClass, 2);
    await initiator.expectEnd();
  }));

Deno.test("A data segment beyond what was declared ends the connection", () =>
  withTarget({ negotiation: { maxReceiveDataSegmentLength: 1024 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.ping({ itt: 1 }, pattern(1028));
    await initiator.expectEnd();
    assert.match(lastError(fixture), /MaxRecvDataSegmentLength/);
  }));

Deno.test("An initiator that pings on and takes no answers is disconnected", () =>
  withTarget({ limits: { queuedAnswerBytes: 200_000 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys: [["MaxRecvDataSegmentLength", "65536"]] });
    const flood = async () => {
      for (let i = 0; i < 100; i++) await initiator.ping({ itt: i }, pattern(20_000));
    };
    await assert.rejects(flood(), { name: "TransportError" });
    assert.match(lastError(fixture), /without taking its answers/);
  }));

Deno.test("Of task management that waits for commands before it, only so much is kept, and none of a connection that is over", () =>
  withTarget({ limits: { maxImmediateCommands: 2 } }, async (fixture) => {
    const initiator = await fixture.connect();
    const { tsih } = await initiator.login({ keys: [["MaxConnections", "2"]] });
    const joined = await fixture.connect();
    await joined.login({ tsih, cid: 1 });
    const { cmdSn } = initiator;
    await askToReset(joined, cmdSn + 1);
    for (let i = 0; i < 3; i++) await askToReset(initiator, cmdSn + 1);
    const { pdu } = await initiator.expect(Opcode.Reject);
    assert.equal(pdu.reason, RejectReason.ImmediateCommandReject);
    await joined.logout(LogoutReason.CloseConnection);
    await initiator.command({ cdb: Command.read(0) });
    for (const code of [Opcode.ScsiResponse, Opcode.TaskManagementResponse] as const) {
      await initiator.expect(code);
    }
    await initiator.expect(Opcode.TaskManagementResponse);
    await initiator.expectSilence();
    assert.deepEqual(fixture.device.log.slice(-3), ["read 0", "reset", "reset"]);
  }));

/** An immediate LOGICAL UNIT RESET for all commands before `cmdSn`. */
function askToReset(initiator: ScriptedInitiator, cmdSn: number): Promise<void> {
  return initiator.send({
    opcode: Opcode.TaskManagementRequest,
    immediate: true,
    function: TaskManagementFunction.LogicalUnitReset,
    lun: 0n,
    itt: initiator.tag(),
    referencedTaskTag: 0xffffffff,
    cmdSn,
    expStatSn: 0,
    refCmdSn: 0,
    expDataSn: 0,
  });
}

Deno.test("However many R2Ts are agreed, they are no answers that an initiator does not take", async () => {
  const negotiation = { maxOutstandingR2T: 4096, maxBurstLength: 512, firstBurstLength: 512 };
  await withTarget({ negotiation, limits: { maxQueuedAnswers: 16 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({
      keys: [
        ["InitialR2T", "Yes"],
        ["ImmediateData", "No"],
        ["MaxBurstLength", "512"],
        ["MaxOutstandingR2T", "4096"],
      ],
    });
    const length = 512 * 100;
    await initiator.command({
      write: true,
      expectedDataTransferLength: length,
      cdb: Command.write(length),
    });
    for (let r2tSn = 0; r2tSn < 100; r2tSn++) {
      assert.equal((await initiator.expect(Opcode.ReadyToTransfer)).pdu.r2tSn, r2tSn);
    }
    await initiator.expectSilence();
  });
});

Deno.test("An initiator that stops answering pings is disconnected", () =>
  withTarget({
    keepalive: { intervalMs: 1000, timeoutMs: 500, maxMissed: 2 },
  }, async (fixture) => {
    const initiator = await fixture.connect();
    const { statSn } = await initiator.login();
    fixture.clock.advance(1000);
    const { pdu: first } = await initiator.expect(Opcode.NopIn);
    assert.deepEqual([first.itt, first.statSn], [0xffffffff, statSn + 1]);
    await initiator.ping({ itt: 0xffffffff, ttt: first.ttt });
    await initiator.expectSilence();
    fixture.clock.advance(1000);
    const { pdu: second } = await initiator.expect(Opcode.NopIn);
    assert.notEqual(second.ttt, first.ttt);
    fixture.clock.advance(500);
    await initiator.expect(Opcode.NopIn);
    fixture.clock.advance(500);
    await initiator.expectEnd();
    assert.deepEqual(fixture.eventsOf("notice"), []);
  }));

Deno.test("A ping that falls due while the last answers wait to be taken is not waited for", async () => {
  const clock = new VirtualClock();
  let timers = 0;
  const counting: Clock = {
    now: () => clock.now(),
    schedule: (callback, delayMs) => {
      assert.ok(++timers < 100, "the clock is looked at over and over again");
      return clock.schedule(callback, delayMs);
    },
  };
  await withTarget({ clock: counting, keepalive: { intervalMs: 500 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys: [["MaxRecvDataSegmentLength", "262144"]] });
    fixture.device.data = new Uint8Array(1_000_000);
    await initiator.command({
      read: true,
      expectedDataTransferLength: 1_000_000,
      cdb: Command.read(1_000_000),
    });
    await initiator.send({
      opcode: Opcode.LogoutRequest,
      immediate: true,
      reason: 0,
      itt: initiator.tag(),
      cid: 0,
      cmdSn: initiator.cmdSn,
      expStatSn: 0,
    });
    await fixture.turn();
    timers = 0;
    clock.advance(2000);
    assert.deepEqual(fixture.eventsOf("disconnected"), [], "it still waits");
  });
});

Deno.test("A connection that breaks ends its session, and what runs is dropped", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command({ cdb: Command.wait() });
    await initiator.expectSilence();
    initiator.close();
    const other = await fixture.connect();
    await other.login({ isid: [0x80, 5, 5, 5, 0, 1] });
    await other.command({ cdb: Command.read(1) });
    await other.expectSilence();
    fixture.device.answers[0]({ status: 0 });
    await other.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.target.sessions().map(({ isid }) => isid), ["800505050001"]);
    assert.ok(fixture.device.log.includes("nexus- 800102030001"));
  }));

Deno.test("Closing a target ends sessions and closes its devices, once", async () => {
  const device = new ScriptedDevice();
  await withTarget({ units: [{ lun: 0, device }] }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await Promise.all([fixture.target.close(), fixture.target.close()]);
    await initiator.expectEnd();
    assert.equal(device.closed, 1);
    await assert.rejects(fixture.connect(), { name: "TransportError" });
  });
});

Deno.test("A target can leave its devices open", async () => {
  const device = new ScriptedDevice();
  await withTarget({ units: [{ lun: 0, device }], closeDevices: false }, async () => {});
  assert.equal(device.closed, 0);
});

Deno.test("A device that cannot be closed is reported, and the others are closed all the same", async () => {
  const [broken, other] = [new ScriptedDevice(), new ScriptedDevice()];
  broken.close = () => Promise.reject(new Error("The disk is full"));
  const units = [{ lun: 0, device: broken }, { lun: 1, device: other }];
  const target = await loopbackTarget({ targetName: TARGET_NAME, units });
  await assert.rejects(target.close(), /The disk is full/);
  assert.equal(other.closed, 1);
});

for (
  const [option, options] of [
    ["targetName", { targetName: "tape" }],
    ["units", { units: [0, 0].map((lun) => ({ lun, device: new ScriptedDevice() })) }],
    ["offers.maxBurstLength", { negotiation: { maxBurstLength: 5 } }],
    ["negotiation.taskReporting", {
      negotiation: { taskReporting: ["ResponseFence", "RFC3720"], maxConnections: 2 },
    }],
    ["limits.commandWindow", { limits: { commandWindow: 0 } }],
    ["limits.dataOutBytes", { limits: { dataOutBytes: 10 } }],
    ["furtherTargets", { furtherTargets: [{ targetName: TARGET_NAME.toUpperCase(), units: [] }] }],
  ] as [string, Partial<ServeOptions>][]
) {
  Deno.test(`An impossible ${option} is refused before anything is served`, async () => {
    const attempt = loopbackTarget({ targetName: TARGET_NAME, units: [], ...options });
    await assert.rejects(attempt, (error) => {
      assert.ok(error instanceof InvalidOptionError);
      assert.equal(error.option, option);
      return true;
    });
  });
}

const LEVELS: readonly KeyValuePair[][] = [[], [["ErrorRecoveryLevel", "1"]], [
  ["ErrorRecoveryLevel", "2"],
  ["MaxConnections", "3"],
  ["DefaultTime2Retain", "20"],
]];
const OPCODES = [0x40, 0x00, 0x41, 0x01, 0x42, 0x43, 0x44, 0x05, 0x46, 0x50, 0x20, 0x1c, 0x3f];

Deno.test("Random PDUs end a connection with a documented error at worst, and the target goes on", () =>
  withTarget({}, async (fixture) => {
    const numbers = new Random(seed());
    const random = () => numbers.uint32() / 2 ** 32;
    for (let round = 0; round < 150; round++) {
      const initiator = await fixture.connect();
      const loggedIn = random() < 0.8;
      const keys = LEVELS[Math.floor(random() * LEVELS.length)];
      if (loggedIn) await initiator.login({ keys });
      for (let i = 0; i < 5; i++) {
        await initiator.sendBytes(randomPdu(random, initiator.cmdSn)).catch(() => {});
      }
      initiator.close();
    }
    const witness = await fixture.connect();
    await witness.login();
    await witness.command({ lun: 1n << 48n, cdb: Command.read(1) });
    await witness.expect(Opcode.ScsiResponse);
    for (const event of fixture.events) {
      if (event.kind !== "disconnected" || event.error === undefined) continue;
      assert.ok(event.error instanceof IscsiError, `${event.error}`);
    }
    assert.deepEqual(fixture.eventsOf("device-failed"), []);
  }));

/** A header with a likely operation code and mostly likely fields, and data as long as it says. */
function randomPdu(random: () => number, cmdSn: number): Uint8Array[] {
  const bhs = Uint8Array.from(
    { length: 48 },
    () => random() < 0.5 ? 0 : Math.floor(random() * 256),
  );
  const view = new DataView(bhs.buffer);
  bhs[0] = OPCODES[Math.floor(random() * OPCODES.length)];
  bhs[4] = random() < 0.1 ? 2 : 0;
  bhs[5] = 0;
  view.setUint16(6, random() < 0.5 ? 0 : Math.floor(random() * 300));
  if (random() < 0.8) bhs.fill(0, 8, 16);
  if (random() < 0.5) view.setUint32(20, 0xffffffff);
  if (random() < 0.8) view.setUint32(24, cmdSn);
  if (bhs[32] === 0xc2 || bhs[32] === 0xc4) bhs[32] = 0xc0;
  const length = bhs[4] * 4 + (view.getUint16(6) + 3 & ~3);
  return [bhs, Uint8Array.from({ length }, () => Math.floor(random() * 256))];
}
