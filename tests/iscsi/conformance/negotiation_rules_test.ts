import assert from "node:assert/strict";
import { NegotiationError } from "../../../iscsi/mod.ts";
import { pattern, WRITE } from "./cdbs.ts";
import { loggingIn, operational } from "./login_dialogue.ts";
import { turn } from "./wire_connection.ts";
import { keysText, Op } from "./wire_pdu.ts";
import { TSIH, withSession } from "./wire_target.ts";

const UNFIT: readonly [key: string, value: string][] = [
  ["MaxBurstLength", "16777215"],
  ["MaxConnections", "2"],
  ["ErrorRecoveryLevel", "2"],
  ["HeaderDigest", "CRC32C,None"],
  ["ImmediateData", "Perhaps"],
  ["MaxOutstandingR2T", "9"],
  ["DefaultTime2Wait", "1"],
];

for (const [key, value] of UNFIT) {
  Deno.test(`RFC 7143 §6.2: ${key}=${value} is no answer to what was offered`, async () => {
    await loggingIn({}, async (wire, connecting) => {
      wire.loginResponse(await operational(wire), `${key}=${value}\0`, { tsih: TSIH });
      await assert.rejects(
        connecting,
        (error) =>
          error instanceof NegotiationError && error.key === key && error.answered === value,
      );
      assert.ok(wire.stream.closed);
    });
  });
}

Deno.test("RFC 7143 §6.2: values below the offers are agreements, and each side's rule decides", async () => {
  const keys = {
    MaxBurstLength: "65536",
    FirstBurstLength: "4096",
    MaxOutstandingR2T: "2",
    DefaultTime2Wait: "30",
    DefaultTime2Retain: "5",
    InitialR2T: "Yes",
    ImmediateData: "No",
  };
  await withSession({ keys }, async (target) => {
    const { parameters } = target.session;
    assert.equal(parameters.maxBurstLength, 65536);
    assert.equal(parameters.maxOutstandingR2T, 2);
    assert.equal(parameters.defaultTime2Wait, 30, "the larger one");
    assert.equal(parameters.defaultTime2Retain, 5, "the smaller one");
    assert.deepEqual([parameters.initialR2T, parameters.immediateData], [true, false]);
    await turn();
  });
});

Deno.test("RFC 7143 §13.15: Time2Wait is the larger of both values, Time2Retain the smaller", async () => {
  const session = { negotiation: { defaultTime2Wait: 1, defaultTime2Retain: 60 } };
  const keys = { DefaultTime2Wait: "9", DefaultTime2Retain: "20" };
  await withSession({ session, keys }, async (target, wire) => {
    const { keys } = wire.stream.sent[0];
    assert.deepEqual([keys.DefaultTime2Wait, keys.DefaultTime2Retain], ["1", "60"]);
    assert.equal(target.session.parameters.defaultTime2Wait, 9);
    assert.equal(target.session.parameters.defaultTime2Retain, 20);
    assert.equal(target.session.reconnectDelayMs, 9000);
    await turn();
  });
});

Deno.test("RFC 7143 §6.2: unknown keys are NotUnderstood, obsolete marker keys are refused and never that", async () => {
  await loggingIn({}, async (wire) => {
    const offers = "IFMarker=No\0OFMarker=No\0IFMarkInt=2048\0X-com.example.a=1\0";
    wire.loginResponse(await operational(wire), offers, { flags: 1 << 2 });
    const { keys } = await wire.only(Op.LoginRequest);
    assert.equal(keys["X-com.example.a"], "NotUnderstood");
    for (const key of ["IFMarker", "OFMarker", "IFMarkInt"]) {
      assert.match(keys[key], /^(No|Reject)$/, key);
    }
  });
});

Deno.test("RFC 7143 §6.2: Irrelevant and Reject leave the default, and are no failure", async () => {
  await loggingIn({}, async (wire, connecting) => {
    const text = "MaxBurstLength=Reject\0FirstBurstLength=Irrelevant\0ImmediateData=No\0";
    wire.loginResponse(await operational(wire), text, { tsih: TSIH });
    const { parameters } = await connecting;
    assert.deepEqual([parameters.maxBurstLength, parameters.firstBurstLength], [262144, 65536]);
  });
});

Deno.test("RFC 7143 §6.2.2: ImmediateData=No holds without an answer, which a target may leave out", async () => {
  const session = { negotiation: { immediateData: false, initialR2T: true } };
  await withSession({ session, unanswered: ["ImmediateData", "InitialR2T"] }, async (target) => {
    const { parameters } = target.session;
    assert.deepEqual([parameters.immediateData, parameters.initialR2T], [false, true]);
    const { pdu } = await target.begin(WRITE, { dataOut: pattern(512) });
    assert.equal(pdu.dataSegmentLength, 0);
  });
});

Deno.test("RFC 7143 §13: keys are offered within their ranges, once, and FirstBurstLength within MaxBurstLength", async () => {
  const session = { negotiation: { maxBurstLength: 8192 } };
  const keys = { MaxBurstLength: "8192", FirstBurstLength: "8192" };
  await withSession({ session, keys }, async (_, wire) => {
    const { keys } = wire.stream.sent[0];
    assert.equal(keys.MaxBurstLength, "8192");
    assert.ok(Number(keys.FirstBurstLength) <= 8192);
    assert.deepEqual(Object.keys(keys).sort(), [
      "DataDigest",
      "DataPDUInOrder",
      "DataSequenceInOrder",
      "DefaultTime2Retain",
      "DefaultTime2Wait",
      "ErrorRecoveryLevel",
      "FirstBurstLength",
      "HeaderDigest",
      "ImmediateData",
      "InitialR2T",
      "InitiatorName",
      "MaxBurstLength",
      "MaxConnections",
      "MaxOutstandingR2T",
      "MaxRecvDataSegmentLength",
      "SessionType",
      "TargetName",
    ], "one option changes one offer");
    await turn();
  });
});

Deno.test("RFC 7143 §13.9: the portal group tag is taken in, 0 too", async () => {
  await loggingIn({}, async (wire, connecting) => {
    const text = keysText({ TargetPortalGroupTag: "0" });
    wire.loginResponse(await wire.only(Op.LoginRequest), text, { tsih: TSIH });
    assert.equal((await connecting).parameters.targetPortalGroupTag, 0);
  });
});
