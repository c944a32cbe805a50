import assert from "node:assert/strict";
import { decodeText, encodeText, type KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { LogoutReason } from "../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import { ScriptedDevice } from "./scripted_device.ts";
import { pattern, type ScriptedInitiator, TARGET_NAME } from "./scripted_initiator.ts";
import { withTarget } from "./target_fixture.ts";

const ADDRESS = "simulator:3260,1";
const REPEATABLE = ["TargetName", "TargetAddress"];

interface Round {
  readonly final?: boolean;
  readonly more?: boolean;
  readonly ttt?: number;
}

async function ask(
  initiator: ScriptedInitiator,
  text: readonly KeyValuePair[] | Uint8Array,
  { final = true, more = false, ttt = 0xffffffff }: Round = {},
) {
  await initiator.send({
    opcode: Opcode.TextRequest,
    immediate: true,
    final,
    continue: more,
    lun: 0n,
    itt: 60,
    ttt,
    cmdSn: initiator.cmdSn,
    expStatSn: 0,
  }, text instanceof Uint8Array ? text : encodeText(text));
}

async function answerTo(
  initiator: ScriptedInitiator,
  text: readonly KeyValuePair[],
): Promise<KeyValuePair[]> {
  await ask(initiator, text);
  const { pdu, data } = await initiator.expect(Opcode.TextResponse);
  assert.deepEqual([pdu.final, pdu.continue, pdu.ttt], [true, false, 0xffffffff]);
  return decodeText(data, { repeatable: REPEATABLE });
}

const OWN: KeyValuePair[] = [["TargetName", TARGET_NAME], ["TargetAddress", ADDRESS]];
const SECOND = "iqn.2026-03.com.example:second";
const further = { furtherTargets: [{ targetName: SECOND, units: [] }] };

for (
  const [name, discovery, value, expected] of [
    ["All lists every target in discovery", true, "All", [
      ...OWN,
      ["TargetName", SECOND],
      ["TargetAddress", ADDRESS],
    ]],
    ["a name lists that target in discovery", true, SECOND, [
      ["TargetName", SECOND],
      ["TargetAddress", ADDRESS],
    ]],
    ["an unknown name lists nothing", true, "iqn.2026-03.com.example:none", []],
    ["nothing has no meaning in discovery", true, "", [["SendTargets", "Reject"]]],
    ["All lists the session's own target in a normal session", false, "All", OWN],
    ["nothing means the session's own target", false, "", OWN],
    ["another target's name gives nothing in a normal session", false, SECOND, []],
  ] as const
) {
  Deno.test(`SendTargets: ${name}`, () =>
    withTarget(further, async (fixture) => {
      const initiator = await fixture.connect();
      await initiator.login({ discovery });
      assert.deepEqual(await answerTo(initiator, [["SendTargets", value]]), expected);
    }));
}

Deno.test("SendTargets hides a target from initiators that may not log in", () =>
  withTarget({
    furtherTargets: [{ targetName: SECOND, units: [], initiators: ["iqn.2026-03.com.example:x"] }],
  }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ discovery: true });
    assert.deepEqual(await answerTo(initiator, [["SendTargets", "All"]]), OWN);
  }));

Deno.test("A portal tells the address that it is told to advertise", () =>
  withTarget({ advertise: "tapes.example.com:3260" }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ discovery: true });
    const answer = new Map(await answerTo(initiator, [["SendTargets", "All"]]));
    assert.equal(answer.get("TargetAddress"), "tapes.example.com:3260,1");
  }));

Deno.test("A long answer is cut to the initiator's segment length, and asked for part by part", () => {
  const furtherTargets = Array.from({ length: 40 }, (_, i) => ({
    targetName: `iqn.2026-03.com.example:drive-${i}`,
    units: [{ lun: 0, device: new ScriptedDevice() }],
  }));
  return withTarget({ furtherTargets }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ discovery: true, keys: [["MaxRecvDataSegmentLength", "512"]] });
    await ask(initiator, [["SendTargets", "All"]]);
    const parts: number[] = [];
    for (;;) {
      const { pdu, data } = await initiator.expect(Opcode.TextResponse);
      assert.ok(data.length <= 512);
      parts.push(...data);
      if (pdu.final) break;
      assert.ok(pdu.continue);
      assert.notEqual(pdu.ttt, 0xffffffff);
      await ask(initiator, [], { ttt: pdu.ttt });
    }
    const names = decodeText(Uint8Array.from(parts), { repeatable: REPEATABLE })
      .filter(([key]) => key === "TargetName");
    assert.equal(names.length, 41);
  });
});

Deno.test("A text in several requests is answered once it is whole", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    const text = encodeText([["SendTargets", ""]]);
    await ask(initiator, text.subarray(0, 5), { final: false, more: true });
    const { pdu, data } = await initiator.expect(Opcode.TextResponse);
    assert.deepEqual([pdu.final, pdu.continue, data.length], [false, false, 0]);
    await ask(initiator, text.subarray(5), { ttt: pdu.ttt });
    const answer = await initiator.expect(Opcode.TextResponse);
    assert.deepEqual(decodeText(answer.data), OWN);
  }));

Deno.test("Keys that are not known are not understood, and those of the login are rejected", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    assert.deepEqual(
      await answerTo(initiator, [["X-com.example.key", "1"], ["MaxBurstLength", "1024"]]),
      [["X-com.example.key", "NotUnderstood"], ["MaxBurstLength", "Reject"]],
    );
  }));

Deno.test("A segment length that is declared anew holds from then on", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    assert.deepEqual(await answerTo(initiator, [["MaxRecvDataSegmentLength", "512"]]), []);
    await initiator.ping({ itt: 9 }, pattern(2000));
    assert.equal((await initiator.expect(Opcode.NopIn)).data.length, 512);
  }));

for (
  const [name, text, round, reason] of [
    ["is malformed", Uint8Array.of(65, 66, 0), {}, RejectReason.ProtocolError],
    ["is too long", new Uint8Array(70_000).fill(65), {}, RejectReason.ProtocolError],
    ["continues nothing", new Uint8Array(0), { ttt: 7 }, RejectReason.InvalidPduField],
  ] as const
) {
  Deno.test(`A text that ${name} is rejected, and the session goes on`, () =>
    withTarget({}, async (fixture) => {
      const initiator = await fixture.connect();
      await initiator.login();
      await ask(initiator, text, round);
      assert.equal((await initiator.expect(Opcode.Reject)).pdu.reason, reason);
      assert.deepEqual(await answerTo(initiator, [["SendTargets", ""]]), OWN);
    }));
}

Deno.test("A discovery session takes no SCSI commands", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ discovery: true });
    await initiator.command({});
    const { pdu } = await initiator.expect(Opcode.Reject);
    assert.deepEqual([pdu.reason, pdu.expCmdSn], [RejectReason.ProtocolError, initiator.cmdSn]);
    assert.deepEqual(await answerTo(initiator, [["SendTargets", TARGET_NAME]]), OWN);
  }));

Deno.test("RFC 7143 §4.3: a discovery session rejects whatever is neither text nor a logout that closes it", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ discovery: true });
    const { cmdSn, expStatSn } = initiator;
    const requests = [
      () => initiator.ping({ itt: 7 }),
      ...[LogoutReason.CloseConnection, LogoutReason.RemoveConnectionForRecovery].map(
        (reason) => () =>
          initiator.send({
            opcode: Opcode.LogoutRequest,
            immediate: true,
            reason,
            itt: 8,
            cid: initiator.cid,
            cmdSn,
            expStatSn,
          }),
      ),
    ];
    for (const request of requests) {
      await request();
      const { pdu } = await initiator.expect(Opcode.Reject);
      assert.equal(pdu.reason, RejectReason.ProtocolError);
    }
    assert.deepEqual(await answerTo(initiator, [["SendTargets", TARGET_NAME]]), OWN);
    assert.equal((await initiator.logout(LogoutReason.CloseSession)).response, 0);
  }));
