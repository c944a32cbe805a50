import assert from "node:assert/strict";
import { InvalidOptionError } from "../../../iscsi/errors.ts";
import { decodeText, encodeText, type KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { LoginStatus } from "../../../iscsi/pdu/login_status.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { TaskManagementFunction } from "../../../iscsi/pdu/task_management.ts";
import { decodeReportLuns } from "../../../scsi/report_luns.ts";
import { loopbackTarget, SimulatedDrive } from "../../../sim/mod.ts";
import { answerChallenge } from "./chap_login.ts";
import { Command, ScriptedDevice } from "./scripted_device.ts";
import { INITIATOR_NAME, type ScriptedInitiator, TARGET_NAME } from "./scripted_initiator.ts";
import { withTarget } from "./target_fixture.ts";

const NAMES: KeyValuePair[] = [["InitiatorName", INITIATOR_NAME], ["TargetName", TARGET_NAME]];
const OTHER = "iqn.2026-03.com.example:other";
const SECRET = "secret-of-reader";
const TARGET = { name: "drive", secret: "secret-of-target" };
const CHAP = { accounts: [{ name: "reader", secret: SECRET }] };

async function statusOf(
  initiator: ScriptedInitiator,
  fields: { csg: number; nsg?: number; transit?: boolean },
  text: readonly KeyValuePair[],
): Promise<number> {
  const { pdu } = await initiator.loginRound(fields, text);
  return pdu.statusClass << 8 | pdu.statusDetail;
}

const { AuthenticationFailure, InitiatorError } = LoginStatus;

for (
  const [name, rounds, status] of [
    [
      "beginning in the operational stage",
      [[{ csg: 1 }, NAMES]],
      AuthenticationFailure,
    ],
    [
      "beginning in the operational stage, step by step",
      [[{ csg: 1, transit: false }, NAMES]],
      AuthenticationFailure,
    ],
    [
      "offering None alone",
      [[{ csg: 0 }, [...NAMES, ["AuthMethod", "None"]]]],
      AuthenticationFailure,
    ],
    [
      "changing the stage before CHAP is over",
      [[{ csg: 0, nsg: 1 }, [...NAMES, ["AuthMethod", "CHAP"]]], [{ csg: 1 }, []]],
      InitiatorError,
    ],
    [
      "answering before the challenge",
      [[{ csg: 0, nsg: 1 }, [...NAMES, ["AuthMethod", "CHAP"]]], [{ csg: 0, nsg: 1 }, [
        ["CHAP_N", "reader"],
        ["CHAP_R", "0x00"],
      ]]],
      InitiatorError,
    ],
    [
      "asking for the method a second time",
      [[{ csg: 0, nsg: 1 }, [...NAMES, ["AuthMethod", "CHAP"]]], [{ csg: 0, nsg: 1 }, [
        ["AuthMethod", "None"],
      ]]],
      InitiatorError,
    ],
    [
      "changing the initiator's name",
      [[{ csg: 0, nsg: 1 }, [...NAMES, ["AuthMethod", "CHAP"]]], [{ csg: 0, nsg: 1 }, [
        ["InitiatorName", OTHER],
        ["CHAP_A", "5"],
      ]]],
      InitiatorError,
    ],
    [
      "changing the target's name",
      [[{ csg: 0, nsg: 1 }, [...NAMES, ["AuthMethod", "CHAP"]]], [{ csg: 0, nsg: 1 }, [
        ["TargetName", OTHER],
        ["CHAP_A", "5"],
      ]]],
      InitiatorError,
    ],
    [
      "turning the session into one of discovery",
      [[{ csg: 0, nsg: 1 }, [...NAMES, ["AuthMethod", "CHAP"]]], [{ csg: 0, nsg: 1 }, [
        ["SessionType", "Discovery"],
      ]]],
      InitiatorError,
    ],
  ] as [string, [{ csg: number; nsg?: number; transit?: boolean }, KeyValuePair[]][], number][]
) {
  Deno.test(`CHAP cannot be got around by ${name}`, () =>
    withTarget({ chap: { ...CHAP, discovery: false } }, async (fixture) => {
      const initiator = await fixture.connect();
      let last = 0;
      for (const [fields, text] of rounds) {
        last = await statusOf(initiator, fields, text);
        if (last !== 0) break;
      }
      if (name === "turning the session into one of discovery") {
        // It may be said, and changes nothing: CHAP goes on.
        const { pdu } = await initiator.loginRound({ csg: 0, nsg: 3 }, []);
        assert.ok(!pdu.transit || pdu.statusClass !== 0);
      } else {
        assert.equal(last, status);
        await initiator.expectEnd();
      }
      assert.deepEqual(fixture.target.sessions(), []);
      assert.deepEqual(fixture.eventsOf("logged-in"), []);
    }));
}

Deno.test("A connection has one attempt at CHAP", () =>
  withTarget({ chap: CHAP }, async (fixture) => {
    const initiator = await fixture.connect();
    const { pdu } = await answerChallenge(initiator, "secret-of-nobody");
    assert.deepEqual([pdu.statusClass, pdu.statusDetail], [2, 1]);
    await initiator.send({
      opcode: Opcode.LoginRequest,
      transit: true,
      continue: false,
      csg: 0,
      nsg: 1,
      versionMax: 0,
      versionMin: 0,
      isid: Uint8Array.from(initiator.isid),
      tsih: 0,
      itt: 1,
      cid: 0,
      cmdSn: 1,
      expStatSn: 0,
    }, encodeText([["CHAP_A", "5"]])).catch(() => {});
    await initiator.expectEnd();
  }));

Deno.test("The target does not answer its own challenge, nor accept its own secret", () =>
  withTarget({ chap: { ...CHAP, target: TARGET } }, async (fixture) => {
    const echoing = await fixture.connect();
    const reflected = await answerChallenge(echoing, SECRET, {
      onChallenge: (said) => [["CHAP_I", said.get("CHAP_I")!], ["CHAP_C", said.get("CHAP_C")!]],
    });
    assert.deepEqual([reflected.pdu.statusClass, reflected.pdu.statusDetail], [2, 1]);
    const borrowed = await answerChallenge(await fixture.connect(), TARGET.secret);
    assert.deepEqual([borrowed.pdu.statusClass, borrowed.pdu.statusDetail], [2, 1]);
  }));

Deno.test("A joining connection must authenticate as any other", () =>
  withTarget({ chap: CHAP }, async (fixture) => {
    const first = await fixture.connect();
    await answerChallenge(first, SECRET);
    const { pdu: { tsih } } = await first.loginRound({ csg: 1 }, [["MaxConnections", "2"]]);
    const thief = await fixture.connect();
    thief.cid = 1;
    const { pdu } = await thief.loginRound({ csg: 1, tsih }, NAMES);
    assert.deepEqual([pdu.statusClass, pdu.statusDetail], [2, 1]);
    const second = await fixture.connect();
    second.cid = 1;
    await answerChallenge(second, SECRET, { tsih });
    assert.equal((await second.loginRound({ csg: 1, tsih }, [])).pdu.statusClass, 0);
    assert.equal(fixture.target.sessions()[0].connections.length, 2);
  }));

Deno.test("A logical unit is there for the initiators on its list alone", async () => {
  const [shared, own] = [new ScriptedDevice(), new ScriptedDevice()];
  const units = [{ lun: 0, device: shared }, { lun: 1, device: own, initiators: [INITIATOR_NAME] }];
  await withTarget({ units }, async (fixture) => {
    const [initiator, other] = [await fixture.connect(), await fixture.connect()];
    await initiator.login();
    await other.login({ initiatorName: OTHER });
    for (const [one, luns] of [[initiator, [0n, 1n << 48n]], [other, [0n]]] as const) {
      const cdb = Uint8Array.of(0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
      await one.command({ read: true, expectedDataTransferLength: 256, cdb });
      assert.deepEqual(decodeReportLuns((await one.readData()).data).luns, luns);
    }
    await initiator.command({ lun: 1n << 48n, cdb: Command.read(0) });
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.status, 0);
    await other.command({ lun: 1n << 48n, cdb: Command.read(0) });
    assert.equal((await other.expect(Opcode.ScsiResponse)).pdu.status, 2);
    const { LogicalUnitReset } = TaskManagementFunction;
    assert.equal(await other.manage({ function: LogicalUnitReset, lun: 1n << 48n }), 2);
    assert.deepEqual(own.log.filter((entry) => !entry.startsWith("nexus")), ["read 0"]);
  });
});

Deno.test("A hidden LUN 0 answers REPORT LUNS, and nothing of the device", async () => {
  const [first, second] = [new ScriptedDevice(), new ScriptedDevice()];
  const units = [{ lun: 0, device: first, initiators: [OTHER] }, { lun: 1, device: second }];
  await withTarget({ units }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const cdb = Uint8Array.of(0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
    await initiator.command({ read: true, expectedDataTransferLength: 256, cdb });
    assert.deepEqual(decodeReportLuns((await initiator.readData()).data).luns, [1n << 48n]);
    await initiator.command({ cdb: Command.read(0) });
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.status, 2);
    assert.deepEqual(first.log.filter((entry) => !entry.startsWith("nexus")), []);
  });
});

Deno.test("A running target sends logins elsewhere, and takes them in again", () =>
  withTarget({}, async (fixture) => {
    const before = await fixture.connect();
    await before.login();
    fixture.target.redirect({ address: "10.0.0.7:3260" });
    for (const [permanent, status] of [[false, 0x0101], [true, 0x0102]] as const) {
      fixture.target.redirect({ address: "10.0.0.7:3260", permanent });
      const initiator = await fixture.connect();
      const { pdu, data } = await initiator.loginRound({ csg: 1 }, NAMES);
      assert.equal(pdu.statusClass << 8 | pdu.statusDetail, status);
      assert.deepEqual(decodeText(data), [["TargetAddress", "10.0.0.7:3260"]]);
      await initiator.expectEnd();
    }
    await before.expectSilence();
    fixture.target.redirect(undefined);
    await (await fixture.connect()).login({ isid: [0x80, 3, 3, 3, 0, 3] });
    assert.throws(() => fixture.target.redirect(undefined, OTHER), { name: "InvalidOptionError" });
  }));

Deno.test("SendTargets tells all portals of a target with their groups, over as many PDUs as it takes", () => {
  const portals = Array.from({ length: 30 }, (_, i) => ({
    address: `[2001:db8::${i.toString(16)}]:3260`,
    ...(i % 2 === 1 && { groupTag: 7 }),
  }));
  return withTarget({ portals, targetPortalGroupTag: 3 }, async (fixture) => {
    const initiator = await fixture.connect();
    const { tsih } = await initiator.login({
      discovery: true,
      keys: [["MaxRecvDataSegmentLength", "512"]],
    });
    assert.notEqual(tsih, 0);
    const parts: number[] = [];
    let ttt = 0xffffffff;
    let rounds = 0;
    for (let final = false; !final; rounds++) {
      await initiator.send({
        opcode: Opcode.TextRequest,
        immediate: true,
        final: true,
        continue: false,
        lun: 0n,
        itt: 60,
        ttt,
        cmdSn: initiator.cmdSn,
        expStatSn: 0,
      }, rounds === 0 ? encodeText([["SendTargets", "All"]]) : undefined);
      const { pdu, data } = await initiator.expect(Opcode.TextResponse);
      parts.push(...data);
      ({ final, ttt } = pdu);
    }
    assert.equal(rounds, 3);
    const repeatable = ["TargetName", "TargetAddress"];
    const pairs = decodeText(Uint8Array.from(parts), { repeatable });
    assert.deepEqual(pairs.slice(0, 3), [
      ["TargetName", TARGET_NAME],
      ["TargetAddress", "[2001:db8::0]:3260,3"],
      ["TargetAddress", "[2001:db8::1]:3260,7"],
    ]);
    assert.equal(pairs.length, 31);
  });
});

for (const lun of [-1, 1.5, 0x1000000, undefined]) {
  Deno.test(`A device at LUN ${lun}, where no initiator finds it, is refused`, async () => {
    const unit = { lun: lun as number, device: new SimulatedDrive() };
    const attempt = loopbackTarget({ targetName: TARGET_NAME, units: [unit] });
    await assert.rejects(attempt, InvalidOptionError);
  });
}
