import assert from "node:assert/strict";
import { IscsiError } from "../../../iscsi/errors.ts";
import {
  type Admission,
  InitiatorLogin,
  type LoginOptions,
  type LoginResponseHeader,
  TargetLogin,
} from "../../../iscsi/negotiation/login.ts";
import {
  ask,
  CONNECTION,
  INITIATOR_NAME,
  ISID,
  OPTIONS,
  policy,
  TARGET_NAME,
} from "./login_pair.ts";

const SEED = 0x5eed1234;
const RUNS = 3000;
const SECRET = "secretsecret12";

/** Whole numbers below `bound` from a seed, mulberry32. */
function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

const KEYS = [
  ..."AuthMethod CHAP_A CHAP_I CHAP_C CHAP_N CHAP_R HeaderDigest DataDigest MaxConnections".split(
    " ",
  ),
  ..."SendTargets TargetName InitiatorName TargetAlias InitiatorAlias TargetAddress".split(" "),
  ..."TargetPortalGroupTag InitialR2T ImmediateData MaxRecvDataSegmentLength".split(" "),
  ..."MaxBurstLength FirstBurstLength DefaultTime2Wait MaxOutstandingR2T SessionType".split(" "),
  ..."ErrorRecoveryLevel TaskReporting iSCSIProtocolLevel IFMarker OFMarkInt".split(" "),
  ..."X-com.example.k __proto__ constructor toString".split(" "),
];
const VALUES = [
  ..."Yes No None CHAP CHAP,None CRC32C None,CRC32C 0 1 5 5,7 512 8192 0x10000 16777215".split(" "),
  ..."-1 99999999999999999999 0x 0b Reject Irrelevant NotUnderstood Normal Discovery".split(" "),
  ..."RFC3720 0xabc 0bAAEC 10.0.0.1:3260,1 , ,, = a=b".split(" "),
  INITIATOR_NAME,
  TARGET_NAME,
  "",
  "0x" + "5".repeat(2050),
  "v".repeat(300),
];

type Pick = ReturnType<typeof numbers>;

function randomText(pick: Pick): Uint8Array {
  let text = "";
  for (let pairs = pick(6); pairs > 0; pairs--) {
    text += `${KEYS[pick(KEYS.length)]}=${VALUES[pick(VALUES.length)]}\0`;
  }
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > 0 && pick(4) === 0) bytes[pick(bytes.length)] = pick(256);
  return pick(8) === 0 ? bytes.subarray(0, pick(bytes.length + 1)) : bytes;
}

Deno.test(`A target answers any login with a Login Response and never throws (seed ${SEED})`, () => {
  const pick = numbers(SEED);
  const outcomes = new Map<string, number>();
  for (let run = 0; run < RUNS; run++) {
    const secretOf = (name: string) => name === "5" ? SECRET : undefined;
    const chap = pick(2) === 0 ? undefined : { secretOf, required: pick(2) === 0 };
    const admission: Admission = { kind: "admit", chap };
    const target = new TargetLogin(policy({ admit: () => admission }), { maxRounds: 20 });
    const names = `InitiatorName=${INITIATOR_NAME}\0TargetName=${TARGET_NAME}\0`;
    let step = ask(target, pick(4) === 0 ? randomText(pick) : names, {
      csg: pick(2),
      transit: pick(2) === 0,
      nsg: 1 + 2 * pick(2),
    });
    for (let round = 0; step.progress === "continue"; round++) {
      assert.ok(round < 20, `run ${run} goes on for ever`);
      step = ask(target, randomText(pick), {
        csg: pick(8) === 0
          ? pick(4)
          : step.response.transit
          ? step.response.nsg
          : step.response.csg,
        nsg: pick(8) === 0 ? pick(4) : 3,
        transit: pick(2) === 0,
        continue: pick(8) === 0,
      });
    }
    if (step.progress === "done" && chap?.required) {
      assert.fail(`run ${run} got in without authentication`);
    }
    outcomes.set(step.progress, (outcomes.get(step.progress) ?? 0) + 1);
  }
  // Both ways out must have been taken, or the test has tested nothing.
  assert.ok(outcomes.get("failed")! > 100 && outcomes.get("done")! > 10, `${[...outcomes]}`);
});

Deno.test(`An initiator throws nothing but iSCSI errors at whatever a target answers (seed ${SEED})`, () => {
  const pick = numbers(SEED);
  const outcomes = new Map<string, number>();
  const target = { name: "drive", secret: "mutualsecret34" };
  const variants: Partial<LoginOptions>[] = [
    {},
    { skipSecurityStage: true },
    { chap: { name: "user", secret: SECRET } },
    { chap: { name: "user", secret: SECRET, target } },
    { sessionType: "discovery" },
  ];
  for (let run = 0; run < RUNS; run++) {
    const variant = variants[pick(variants.length)];
    const initiator = new InitiatorLogin(CONNECTION, { ...OPTIONS, ...variant, maxRounds: 20 });
    let outcome = "";
    try {
      let step = initiator.start();
      for (let round = 0; step.kind === "send"; round++) {
        assert.ok(round < 21, `run ${run} goes on for ever`);
        const { csg, nsg, transit } = step.request;
        const isWild = pick(10) === 0;
        const statusClass = pick(12) === 0 ? pick(5) : 0;
        const response: LoginResponseHeader = {
          transit: isWild ? pick(2) === 0 : transit && pick(3) > 0,
          continue: pick(12) === 0,
          csg: isWild ? pick(4) : csg,
          nsg: isWild ? pick(4) : nsg,
          versionMax: 0,
          versionActive: pick(100) === 0 ? 1 : 0,
          isid: ISID,
          tsih: pick(3),
          statusClass,
          statusDetail: pick(4),
        };
        step = initiator.receive(
          response,
          statusClass > 0 || pick(3) === 0 ? randomText(pick) : new Uint8Array(0),
        );
      }
      outcome = step.kind;
      assert.ok(outcome !== "done" || variant.chap === undefined, `run ${run}: no CHAP took place`);
    } catch (error) {
      if (!(error instanceof IscsiError)) throw new Error(`Run ${run} failed`, { cause: error });
      assert.ok(!error.message.includes(SECRET));
      outcome = error.name;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  for (const outcome of ["done", "redirect", "ProtocolError", "NegotiationError", "LoginError"]) {
    assert.ok(outcomes.get(outcome)! > 0, `${outcome} never happened: ${[...outcomes]}`);
  }
});
