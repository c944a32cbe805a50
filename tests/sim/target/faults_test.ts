import assert from "node:assert/strict";
import type { KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { InvalidOptionError } from "../../../iscsi/errors.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { SnackType } from "../../../iscsi/pdu/snack.ts";
import {
  TaskManagementFunction,
  TaskManagementResponseCode,
} from "../../../iscsi/pdu/task_management.ts";
import { openTape } from "../../../mod.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import type { TargetFault } from "../../../sim/target/faults.ts";
import { loopbackTarget } from "../../../sim/target/loopback_target.ts";
import { Command } from "./scripted_device.ts";
import { pattern, type ScriptedInitiator, TARGET_NAME } from "./scripted_initiator.ts";
import { type TargetFixture, withTarget } from "./target_fixture.ts";

const LEVEL_1: KeyValuePair[] = [["ErrorRecoveryLevel", "1"]];
const LEVEL_2: KeyValuePair[] = [["ErrorRecoveryLevel", "2"], ["MaxConnections", "2"]];

/** A target with faults, and an initiator that has logged in. */
function withFaults(
  faults: readonly TargetFault[],
  keys: readonly KeyValuePair[],
  use: (initiator: ScriptedInitiator, fixture: TargetFixture) => Promise<void>,
): Promise<void> {
  return withTarget({ faults, headerDigest: "prefer-none" }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys });
    await use(initiator, fixture);
  });
}

const readFields = {
  read: true,
  expectedDataTransferLength: 2048,
  cdb: Command.read(2048),
} as const;
const SMALL: KeyValuePair[] = [...LEVEL_1, ["MaxRecvDataSegmentLength", "512"]];

Deno.test("A dropped Data-In is missing, and comes when it is asked for", () =>
  withFaults([{ kind: "drop", pdu: "data-in", nth: 2 }], SMALL, async (initiator, fixture) => {
    fixture.device.data = pattern(2048);
    const { itt } = await initiator.command(readFields);
    const { pdus } = await initiator.readData();
    assert.deepEqual(pdus.map(({ dataSn }) => dataSn), [0, 2, 3]);
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 1, runLength: 1 });
    const { pdu, data } = await initiator.expect(Opcode.DataIn);
    assert.equal(pdu.dataSn, 1);
    assert.deepEqual(data, pattern(2048).subarray(512, 1024));
  }));

Deno.test("A dropped status is numbered, and comes when it is asked for", () =>
  withFaults([{ kind: "drop", pdu: "scsi-response" }], LEVEL_1, async (initiator) => {
    const { itt } = await initiator.command({ cdb: Command.read(0) });
    await initiator.ping({ itt: 3 });
    const { pdu: pong } = await initiator.expect(Opcode.NopIn);
    await initiator.snack({ type: SnackType.Status, begRun: pong.statSn - 1, runLength: 1 });
    const { pdu } = await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual([pdu.itt, pdu.statSn], [itt, pong.statSn - 1]);
  }));

Deno.test("A dropped R2T comes when it is asked for", () =>
  withFaults([{ kind: "drop", pdu: "r2t" }], [...LEVEL_1, ["ImmediateData", "No"]], async (
    initiator,
    fixture,
  ) => {
    const fields = { write: true, expectedDataTransferLength: 100, cdb: Command.write(100) };
    const { itt } = await initiator.command(fields);
    await initiator.expectSilence();
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 0 });
    const { pdu: { ttt } } = await initiator.expect(Opcode.ReadyToTransfer);
    await initiator.dataOut({ itt, ttt, offset: 0 }, pattern(100));
    await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.written, [pattern(100)]);
  }));

Deno.test("A doubled PDU comes twice, with the same numbers", () =>
  withFaults([{ kind: "duplicate", pdu: "scsi-response", nth: 2 }], [], async (initiator) => {
    await initiator.command({ cdb: Command.read(0) });
    await initiator.expect(Opcode.ScsiResponse);
    await initiator.command({ cdb: Command.read(0) });
    const first = await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(await initiator.expect(Opcode.ScsiResponse), first);
    await initiator.expectSilence();
  }));

Deno.test("A late PDU holds back what is behind it until its time has come", () =>
  withFaults([{ kind: "delay", pdu: "scsi-response", ms: 500 }], [], async (initiator, fixture) => {
    const late = await initiator.command({ cdb: Command.read(0) });
    const next = await initiator.command({ cdb: Command.read(0) });
    const answer = initiator.next();
    const isEarly = await Promise.race([answer, fixture.settled().then(() => "nothing")]);
    assert.equal(isEarly, "nothing");
    fixture.clock.advance(499);
    assert.equal(await Promise.race([answer, fixture.settled().then(() => "nothing")]), "nothing");
    fixture.clock.advance(1);
    const received = await answer;
    assert.equal(received?.pdu.opcode === Opcode.ScsiResponse && received.pdu.itt, late.itt);
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.itt, next.itt);
  }));

Deno.test("A late PDU that nothing follows goes out when its time has come", () =>
  withFaults([{ kind: "delay", pdu: "scsi-response", ms: 500 }], [], async (initiator, fixture) => {
    const { itt } = await initiator.command({ cdb: Command.read(0) });
    const answer = initiator.next();
    await fixture.settled();
    fixture.clock.advance(500);
    const received = await Promise.race([answer, fixture.settled().then(() => undefined)]);
    assert.equal(received?.pdu.opcode === Opcode.ScsiResponse && received.pdu.itt, itt);
  }));

for (const [kind, isData] of [["corrupt-data", true], ["corrupt-header", false]] as const) {
  Deno.test(`${kind} damages the digest of the PDU that it names, and nothing else`, () =>
    withFaults([{ kind, pdu: "nop-in", nth: 2 }], [
      ["HeaderDigest", "CRC32C"],
      ["DataDigest", "CRC32C"],
    ], async (initiator) => {
      for (const length of [2000, 20]) {
        await initiator.ping({ itt: 1 }, pattern(length));
        if (length === 2000) {
          assert.deepEqual((await initiator.expect(Opcode.NopIn)).data, pattern(length));
        } else {
          await assert.rejects(
            initiator.next(),
            isData ? /data digest is right/ : { name: "DigestError" },
          );
        }
      }
    }));
}

Deno.test("Without digests, damaged data is other data", () =>
  withFaults([{ kind: "corrupt-data", pdu: "nop-in" }], [], async (initiator) => {
    await initiator.ping({ itt: 1 }, pattern(100));
    const { data } = await initiator.expect(Opcode.NopIn);
    assert.equal(data[0], pattern(100)[0] ^ 0xff);
    assert.deepEqual(data.subarray(1), pattern(100).subarray(1));
  }));

Deno.test("A connection breaks before, or after, the PDU that a fault names", async () => {
  for (const kind of ["disconnect-before", "disconnect-after"] as const) {
    await withFaults([{ kind, pdu: "scsi-response", nth: 2 }], [], async (initiator, fixture) => {
      await initiator.command({ cdb: Command.read(1) });
      await initiator.expect(Opcode.ScsiResponse);
      await initiator.command({ cdb: Command.read(2) });
      if (kind === "disconnect-after") await initiator.expect(Opcode.ScsiResponse);
      await initiator.expectEnd();
      assert.equal(fixture.device.log.filter((entry) => entry.startsWith("read")).length, 2);
    });
  }
});

for (
  const [kind, executed] of [
    ["disconnect-before-execution", []],
    ["disconnect-after-execution", ["write 100"]],
  ] as const
) {
  Deno.test(`${kind}: the connection is gone, and the device has seen ${executed.length} commands`, () =>
    withFaults([{ kind, operationCode: 0xc1 }], [], async (initiator, fixture) => {
      await initiator.command({ cdb: Command.read(0) });
      await initiator.expect(Opcode.ScsiResponse);
      const fields = { write: true, expectedDataTransferLength: 100, cdb: Command.write(100) };
      await initiator.command(fields, pattern(100));
      await initiator.expectEnd();
      assert.deepEqual(fixture.device.log.filter((entry) => entry.startsWith("write")), executed);
      assert.deepEqual(fixture.target.sessions(), []);
    }));

  Deno.test(`${kind}: at level 2 the command goes on when it is reassigned, and is executed once`, () =>
    withFaults([{ kind, operationCode: 0xc1 }], LEVEL_2, async (initiator, fixture) => {
      const [{ tsih }] = fixture.target.sessions();
      const fields = { write: true, expectedDataTransferLength: 100, cdb: Command.write(100) };
      const { itt } = await initiator.command(fields, pattern(100));
      await initiator.expectEnd();
      const second = await fixture.connect();
      await second.login({ tsih, cid: 1, cmdSn: initiator.cmdSn });
      const { TaskReassign: reassign } = TaskManagementFunction;
      const response = await second.manage({ function: reassign, referencedTaskTag: itt });
      assert.equal(response, TaskManagementResponseCode.FunctionComplete);
      assert.equal((await second.expect(Opcode.ScsiResponse)).pdu.itt, itt);
      assert.deepEqual(fixture.device.written, [pattern(100)]);
    }));
}

Deno.test("A command without an answer holds up those behind it until it is aborted", () =>
  withFaults([{ kind: "never-answer", nth: 2 }], [], async (initiator, fixture) => {
    await initiator.command({ cdb: Command.read(1) });
    await initiator.expect(Opcode.ScsiResponse);
    const { itt, cmdSn } = await initiator.command({ cdb: Command.read(2) });
    const behind = await initiator.command({ cdb: Command.read(3) });
    await initiator.expectSilence();
    const { AbortTask } = TaskManagementFunction;
    await initiator.send({
      opcode: Opcode.TaskManagementRequest,
      immediate: true,
      function: AbortTask,
      lun: 0n,
      itt: 9,
      referencedTaskTag: itt,
      cmdSn: initiator.cmdSn,
      expStatSn: 0,
      refCmdSn: cmdSn,
      expDataSn: 0,
    });
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.itt, behind.itt);
    const { pdu } = await initiator.expect(Opcode.TaskManagementResponse);
    assert.equal(pdu.response, TaskManagementResponseCode.FunctionComplete);
    assert.deepEqual(fixture.device.log.slice(1), ["read 1", "read 3"]);
  }));

Deno.test("Pings are ignored as often as a fault says, and count as received", () =>
  withFaults([{ kind: "ignore-pings", times: 2 }], [], async (initiator) => {
    await initiator.ping({ itt: 1 });
    await initiator.ping({ itt: 2, immediate: false, cmdSn: initiator.cmdSn++ });
    await initiator.ping({ itt: 3 });
    const { pdu } = await initiator.expect(Opcode.NopIn);
    assert.deepEqual([pdu.itt, pdu.expCmdSn], [3, initiator.cmdSn]);
  }));

Deno.test("A window that stays closed lets in so many commands, and opens with a NOP-In", () =>
  withTarget({ faults: [{ kind: "close-window", afterCommands: 2, forMs: 1000 }] }, async (
    fixture,
  ) => {
    const initiator = await fixture.connect();
    const { expCmdSn, maxCmdSn } = await initiator.login();
    assert.equal(maxCmdSn, expCmdSn + 1);
    for (let i = 0; i < 3; i++) await initiator.command({ cdb: Command.read(i) });
    await initiator.expect(Opcode.ScsiResponse);
    const { pdu } = await initiator.expect(Opcode.ScsiResponse);
    assert.equal(pdu.maxCmdSn, pdu.expCmdSn - 1, "closed");
    await initiator.expectSilence();
    fixture.clock.advance(1000);
    const { pdu: nop } = await initiator.expect(Opcode.NopIn);
    assert.deepEqual([nop.itt, nop.ttt], [0xffffffff, 0xffffffff]);
    assert.ok(nop.maxCmdSn > nop.expCmdSn);
    initiator.cmdSn--;
    await initiator.command({ cdb: Command.read(2) });
    await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.log.slice(1), ["read 0", "read 1", "read 2"]);
  }));

Deno.test("A window that is closed from the beginning is told so by the login", () =>
  withTarget({ faults: [{ kind: "close-window" }] }, async (fixture) => {
    const initiator = await fixture.connect();
    const { expCmdSn, maxCmdSn } = await initiator.login();
    assert.equal(maxCmdSn, expCmdSn - 1);
  }));

Deno.test("A fault concerns the initiator and the connection that it names", () =>
  withFaults(
    [{ kind: "drop", pdu: "scsi-response", cid: 1, times: Infinity }, {
      kind: "drop",
      pdu: "scsi-response",
      initiatorName: "iqn.2026-03.com.example:other",
    }],
    LEVEL_2,
    async (first, fixture) => {
      const [{ tsih }] = fixture.target.sessions();
      const second = await fixture.connect();
      await second.login({ tsih, cid: 1, cmdSn: first.cmdSn });
      await second.command({ cdb: Command.read(0) });
      await second.expectSilence();
      await first.command({ cmdSn: second.cmdSn, cdb: Command.read(0) });
      await first.expect(Opcode.ScsiResponse);
    },
  ));

Deno.test("A login can be faulty, too", () =>
  withTarget(
    { faults: [{ kind: "disconnect-before", pdu: "login-response" }] },
    async (fixture) => {
      const first = await fixture.connect();
      await assert.rejects(first.login());
      await (await fixture.connect()).login();
    },
  ));

for (
  const fault of [
    { kind: "drop", pdu: "r2t", nth: 0 },
    { kind: "drop", pdu: "r2t", times: 0.5 },
    { kind: "delay", pdu: "r2t", ms: -1 },
    { kind: "close-window", afterCommands: -1 },
    { kind: "close-window", forMs: NaN },
    { kind: "disconect-after-execution" },
    { kind: "drop", pdu: "data-inn" },
    { kind: "drop" },
    { kind: "disconnect-after-execution", operationCode: "WRITE" },
    { kind: "disconnect-after-execution", operationCode: 256 },
  ] as TargetFault[]
) {
  Deno.test(`An impossible fault is refused: ${JSON.stringify(fault)}`, async () => {
    const attempt = loopbackTarget({ targetName: TARGET_NAME, units: [], faults: [fault] });
    await assert.rejects(attempt, (error) => {
      assert.ok(error instanceof InvalidOptionError);
      assert.equal(error.option, "faults.0");
      return true;
    });
  });
}

for (const kind of ["corrupt-data", "corrupt-header", "disconnect-before"] as const) {
  Deno.test(`The package's own initiator reports ${kind} with an error of its own`, async () => {
    const target = await loopbackTarget({
      targetName: TARGET_NAME,
      units: [{ lun: 0, device: new SimulatedDrive({ medium: new MemoryMedium() }) }],
      headerDigest: "crc32c",
      dataDigest: "crc32c",
      faults: [{ kind, pdu: "data-in", times: Infinity }],
    });
    try {
      const digests = { headerDigest: "crc32c", dataDigest: "crc32c" } as const;
      const opening = openTape(target.urls[0], {
        dial: target.dial,
        recovery: "none",
        ...digests,
      });
      await assert.rejects(opening, { name: "TransportLostError" });
    } finally {
      await target.close();
    }
  });
}
