import assert from "node:assert/strict";
import { keyDefinition, KEYS } from "../../../iscsi/negotiation/keys.ts";

/** RFC 7143 §13, copied by hand: rule, default, use, scope, irrelevant in discovery, range. */
const EXPECTED: Record<string, string> = {
  HeaderDigest: "list None IO connection",
  DataDigest: "list None IO connection",
  MaxConnections: "min 1 LO session irrelevant 1..65535",
  InitialR2T: "or Yes LO session irrelevant",
  ImmediateData: "and Yes LO session irrelevant",
  MaxRecvDataSegmentLength: "declared-number 8192 ALL connection 512..16777215",
  MaxBurstLength: "min 262144 LO session irrelevant 512..16777215",
  FirstBurstLength: "min 65536 LO session irrelevant 512..16777215",
  DefaultTime2Wait: "max 2 LO session 0..3600",
  DefaultTime2Retain: "min 20 LO session 0..3600",
  MaxOutstandingR2T: "min 1 LO session irrelevant 1..65535",
  DataPDUInOrder: "or Yes LO session irrelevant",
  DataSequenceInOrder: "or Yes LO session irrelevant",
  ErrorRecoveryLevel: "min 0 LO session 0..2",
  TaskReporting: "list RFC3720 LO session irrelevant",
  iSCSIProtocolLevel: "min 1 LO session irrelevant 0..31",
};

Deno.test("KEYS holds every operational key of RFC 7143 §13 with its rule, default, use and range", () => {
  const actual = KEYS.filter(({ stage, rule }) =>
    stage === "operational" && rule.kind !== "obsolete"
  )
    .map((key) => {
      const range = "minimum" in key.rule ? `${key.rule.minimum}..${key.rule.maximum}` : "";
      const irrelevant = key.irrelevantInDiscovery ? "irrelevant" : "";
      const parts = [key.rule.kind, key.default, key.use, key.scope, irrelevant, range];
      return [key.name, parts.filter((part) => part !== "").join(" ")];
    });
  assert.deepEqual(Object.fromEntries(actual), EXPECTED);
});

Deno.test("KEYS lets only names, aliases, addresses and the portal group tag into any stage", () => {
  assert.deepEqual(KEYS.filter(({ stage }) => stage === "any").map(({ name }) => name), [
    "TargetName",
    "InitiatorName",
    "TargetAlias",
    "InitiatorAlias",
    "TargetAddress",
    "TargetPortalGroupTag",
    "SessionType",
    "X#NodeArchitecture",
  ]);
});

Deno.test("KEYS names each key once, and keyDefinition() finds it by its exact spelling", () => {
  assert.equal(new Set(KEYS.map(({ name }) => name)).size, KEYS.length);
  for (const key of KEYS) assert.equal(keyDefinition(key.name), key);
  assert.equal(keyDefinition("headerdigest"), undefined);
  assert.equal(keyDefinition("constructor"), undefined);
});
