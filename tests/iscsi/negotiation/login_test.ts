import assert from "node:assert/strict";
import {
  AuthenticationError,
  InvalidOptionError,
  LoginError,
  NegotiationError,
  ProtocolError,
} from "../../../iscsi/errors.ts";
import {
  type Admission,
  InitiatorLogin,
  type LoginOptions,
  type NegotiatedParameters,
  TargetLogin,
} from "../../../iscsi/negotiation/login.ts";
import { DEFAULT_PARAMETERS } from "../../../iscsi/negotiation/negotiate.ts";
import type { LoginResponse } from "../../../iscsi/pdu/login.ts";
import {
  ask,
  CONNECTION,
  INITIATOR_NAME,
  ISID,
  logIn,
  OPTIONS,
  policy,
  requestOf,
  responseOf,
  statusOf,
  TARGET_NAME,
} from "./login_pair.ts";

const NAMES = `InitiatorName=${INITIATOR_NAME}\0TargetName=${TARGET_NAME}\0`;

Deno.test("A login without credentials takes two rounds and agrees on the defaults of both sides", () => {
  const { step, target, trace } = logIn(OPTIONS, policy());
  assert.deepEqual(trace.map(({ request: { transit, csg, nsg } }) => [transit, csg, nsg]), [
    [true, 0, 1],
    [true, 1, 3],
  ]);
  assert.equal(trace[0].requestText, NAMES + "SessionType=Normal\0AuthMethod=None\0");
  assert.equal(trace[0].responseText, "TargetPortalGroupTag=1\0AuthMethod=None\0");
  assert.equal(step.kind, "done");
  assert.equal(target.progress, "done");
  if (step.kind !== "done" || target.progress !== "done") return;
  assert.equal(step.tsih, 7);
  assert.equal(target.tsih, 7);
  const expected: NegotiatedParameters = {
    ...DEFAULT_PARAMETERS,
    initialR2T: false,
    maxSendDataSegmentLength: 262144,
    maxReceiveDataSegmentLength: 262144,
    maxBurstLength: 16776192,
    firstBurstLength: 262144,
    maxOutstandingR2T: 8,
  };
  assert.deepEqual(step.parameters, { ...expected, targetPortalGroupTag: 1 });
  assert.deepEqual(target.parameters, expected);
});

Deno.test("The target tells its TSIH in the final response only", () => {
  const { trace } = logIn(OPTIONS, policy());
  assert.deepEqual(trace.map(({ response }) => response.tsih), [0, 7]);
});

Deno.test("A login that skips the security stage takes one round", () => {
  const { step, trace } = logIn({ ...OPTIONS, skipSecurityStage: true }, policy());
  assert.equal(step.kind, "done");
  assert.deepEqual(trace.map(({ request: { transit, csg, nsg } }) => [transit, csg, nsg]), [
    [true, 1, 3],
  ]);
  assert.match(trace[0].responseText, /^TargetPortalGroupTag=1\0/);
  assert.match(trace[0].responseText, /MaxRecvDataSegmentLength=262144\0/);
});

Deno.test("A discovery session needs no target name and gets no portal group tag and no digest", () => {
  const { step, target, trace } = logIn(
    { initiatorName: INITIATOR_NAME, sessionType: "discovery", headerDigest: "crc32c" },
    policy({ admit: () => ({ kind: "admit", headerDigest: "crc32c" }) }),
  );
  assert.equal(step.kind === "done" && step.parameters.headerDigest, false);
  assert.equal(target.progress === "done" && target.identity.sessionType, "discovery");
  assert.doesNotMatch(trace[0].responseText, /TargetPortalGroupTag/);
});

Deno.test("Aliases reach the other side", () => {
  const { step, target } = logIn(
    { ...OPTIONS, initiatorAlias: "backup host" },
    policy({ admit: () => ({ kind: "admit", targetAlias: "Bänder", targetPortalGroupTag: 0 }) }),
  );
  assert.equal(step.kind === "done" && step.parameters.targetAlias, "Bänder");
  assert.equal(step.kind === "done" && step.parameters.targetPortalGroupTag, 0);
  assert.equal(target.progress === "done" && target.parameters.initiatorAlias, "backup host");
});

Deno.test("The policy sees who asks, once, and establishes the session with what was agreed", () => {
  const calls: unknown[] = [];
  logIn(
    OPTIONS,
    policy({
      admit(identity) {
        calls.push(identity);
        return { kind: "admit" };
      },
      establish(identity, parameters, authenticatedAs) {
        calls.push([identity.initiatorName, parameters.maxOutstandingR2T, authenticatedAs]);
        return 1;
      },
    }),
  );
  assert.deepEqual(calls, [
    {
      initiatorName: INITIATOR_NAME,
      targetName: TARGET_NAME,
      sessionType: "normal",
      isid: ISID,
      tsih: 0,
      cid: 0,
    },
    [INITIATOR_NAME, 8, undefined],
  ]);
});

Deno.test("Long texts go over several PDUs in both directions, answered by empty ones", () => {
  const extraKeys: Record<string, string> = {};
  for (let i = 0; i < 5; i++) extraKeys[`X-com.example.k${i}`] = "ä".repeat(3000) + i;
  const { step, trace } = logIn(
    { ...OPTIONS, extraKeys },
    policy({ admit: () => ({ kind: "admit", extraKeys }) }),
  );
  assert.deepEqual(step.kind === "done" && step.parameters.extra, extraKeys);
  const sending = trace.filter(({ request }) => request.continue);
  const receiving = trace.filter(({ response }) => response.continue);
  assert.equal(sending.length, 3);
  assert.equal(receiving.length, 3);
  for (const { request, responseText } of sending) {
    assert.equal(responseText, "");
    assert.equal(request.transit, false);
  }
  assert.ok(trace.every(({ response }) => !(response.transit && response.continue)));
});

Deno.test("A target may take any number of rounds with T=0, and is asked again", () => {
  const initiator = new InitiatorLogin(CONNECTION, OPTIONS);
  const answer = (changes: Partial<LoginResponse>) => ({
    transit: false,
    continue: false,
    csg: 0,
    nsg: 0,
    versionMax: 0,
    versionActive: 0,
    isid: ISID,
    tsih: 0,
    statusClass: 0,
    statusDetail: 0,
    ...changes,
  });
  const text = (pairs: string) => new TextEncoder().encode(pairs);
  initiator.start();
  let step = initiator.receive(answer({}), text("AuthMethod=None\0"));
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(step, {
      kind: "send",
      request: { transit: true, continue: false, csg: 0, nsg: 1, data: new Uint8Array(0) },
    });
    step = initiator.receive(answer({}), text(""));
  }
  step = initiator.receive(answer({ transit: true, nsg: 1 }), text(""));
  assert.equal(step.kind === "send" && step.request.csg, 1);
  step = initiator.receive(answer({ csg: 1 }), text("HeaderDigest=None\0X-com.example.q=1\0"));
  assert.equal(
    step.kind === "send" && new TextDecoder().decode(step.request.data),
    "X-com.example.q=NotUnderstood\0",
  );
  step = initiator.receive(answer({ csg: 1, transit: true, nsg: 3, tsih: 9 }), text(""));
  assert.equal(step.kind === "done" && step.tsih, 9);
});

Deno.test("A target that never comes to an end is given up", () => {
  const stall = (response: LoginResponse): [LoginResponse, string] => [
    { ...response, transit: false, nsg: 0, continue: true, statusClass: 0, statusDetail: 0 },
    "",
  ];
  assert.throws(
    () => logIn({ ...OPTIONS, maxRounds: 5 }, policy(), { tamper: stall }),
    (error: Error) => error instanceof LoginError && /after 5 requests/.test(error.message),
  );
});

Deno.test("A response that breaks the rules of the header is a ProtocolError", () => {
  const table: [string, number, Partial<LoginResponse>][] = [
    ["another version", 0, { versionActive: 1 }],
    ["another ISID", 0, { isid: new Uint8Array(6) }],
    ["another stage", 0, { csg: 1 }],
    ["a stage that was not asked for", 0, { nsg: 3 }],
    ["the reserved stage", 1, { nsg: 2 }],
    ["no step forward", 0, { nsg: 0 }],
    ["T and C together", 1, { continue: true }],
    ["no TSIH at the end", 1, { tsih: 0 }],
  ];
  for (const [what, at, changes] of table) {
    const tamper = (response: LoginResponse, text: string, round: number) =>
      [round === at ? { ...response, ...changes } : response, text] as [LoginResponse, string];
    assert.throws(() => logIn(OPTIONS, policy(), { tamper }), ProtocolError, what);
  }
});

Deno.test("A T bit that was not asked for is a ProtocolError", () => {
  const chap = { name: "user", secret: "secretsecret12" };
  const tamper = (response: LoginResponse, text: string): [LoginResponse, string] => [
    { ...response, transit: true, nsg: 1 },
    text,
  ];
  const admission: Admission = { kind: "admit", chap: { secretOf: () => chap.secret } };
  assert.throws(
    () => logIn({ ...OPTIONS, chap }, policy({ admit: () => admission }), { tamper }),
    ProtocolError,
  );
});

Deno.test("A response that answers the middle of our text with data is a ProtocolError", () => {
  const extraKeys = { "X-com.example.a": "a".repeat(8000), "X-com.example.b": "b".repeat(8000) };
  const tamper = (response: LoginResponse, text: string) =>
    [response, text || "X-com.example.a=1\0"] as [LoginResponse, string];
  assert.throws(() => logIn({ ...OPTIONS, extraKeys }, policy(), { tamper }), ProtocolError);
});

Deno.test("A status of class 2 or 3 is a LoginError with class, detail, name and stage", () => {
  const table: [number, string][] = [
    [0x0200, "initiator error"],
    [0x0202, "authorization failure"],
    [0x0203, "target not found"],
    [0x0302, "out of resources"],
  ];
  for (const [status, name] of table) {
    assert.throws(
      () => logIn(OPTIONS, policy({ admit: () => ({ kind: "refuse", status }) })),
      (error: Error) => {
        assert.ok(error instanceof LoginError && !(error instanceof AuthenticationError), name);
        assert.equal(error.statusClass, status >> 8);
        assert.equal(error.statusDetail, status & 0xff);
        assert.equal(error.statusName, name);
        assert.equal(error.stage, "security");
        assert.equal(error.outcome, "not-executed");
        return true;
      },
    );
  }
});

Deno.test("A session that cannot be established is refused in the operational stage", () => {
  assert.throws(
    () => logIn(OPTIONS, policy({ establish: () => ({ kind: "refuse", status: 0x0302 }) })),
    { name: "LoginError", statusClass: 3, statusDetail: 2, stage: "operational" },
  );
});

Deno.test("A redirect gives the address without its portal group tag", () => {
  const table: [string, boolean, string][] = [
    ["10.0.0.9:3261", true, "10.0.0.9:3261"],
    ["[2001:db8::1]:3260,7", false, "[2001:db8::1]:3260"],
    ["host.example.com", false, "host.example.com"],
  ];
  for (const [address, permanent, expected] of table) {
    const { step, target } = logIn(
      OPTIONS,
      policy({ admit: () => ({ kind: "redirect", address, permanent }) }),
    );
    assert.deepEqual(step, { kind: "redirect", address: expected, permanent });
    assert.equal(statusOf(target), permanent ? 0x0102 : 0x0101);
  }
});

Deno.test("A redirect with detail 0 is temporary, one without an address a ProtocolError", () => {
  const moved = policy({ admit: () => ({ kind: "redirect", address: "a:1", permanent: true }) });
  const { step } = logIn(OPTIONS, moved, {
    tamper: (response, text) => [{ ...response, statusDetail: 0 }, text],
  });
  assert.deepEqual(step, { kind: "redirect", address: "a:1", permanent: false });
  assert.throws(
    () => logIn(OPTIONS, moved, { tamper: (response) => [response, ""] }),
    ProtocolError,
  );
});

Deno.test("An answer outside its offer ends the login with a NegotiationError", () => {
  assert.throws(
    () =>
      logIn(OPTIONS, policy(), {
        tamper: (response, text) => [
          response,
          text.replace("MaxOutstandingR2T=8", "MaxOutstandingR2T=9"),
        ],
      }),
    { name: "NegotiationError", key: "MaxOutstandingR2T", offered: "8", answered: "9" },
  );
});

Deno.test("Digests that cannot be agreed on fail the login on either side", () => {
  const login = (mine: LoginOptions["headerDigest"], theirs: LoginOptions["headerDigest"]) =>
    logIn(
      { ...OPTIONS, headerDigest: mine },
      policy({ admit: () => ({ kind: "admit", headerDigest: theirs }) }),
    );
  assert.throws(() => login("crc32c", "none"), NegotiationError);
  assert.throws(() => login("none", "crc32c"), { name: "LoginError", statusDetail: 0 });
  const { step } = login("prefer-none", "crc32c");
  assert.equal(step.kind === "done" && step.parameters.headerDigest, true);
});

Deno.test("A connection that joins a session keeps the session's parameters", () => {
  const session: NegotiatedParameters = {
    ...DEFAULT_PARAMETERS,
    maxConnections: 4,
    maxBurstLength: 8192,
    firstBurstLength: 4096,
  };
  const connection = { ...CONNECTION, tsih: 7, session };
  const join = policy({ admit: () => ({ kind: "admit", session, headerDigest: "crc32c" }) });
  const { step, target, trace } = logIn(OPTIONS, join, { connection });
  assert.ok(trace.every(({ requestText }) => !/SessionType|MaxBurst/.test(requestText)));
  assert.deepEqual(trace.map(({ response }) => response.tsih), [7, 7]);
  assert.equal(step.kind === "done" && step.parameters.maxBurstLength, 8192);
  assert.equal(step.kind === "done" && step.parameters.headerDigest, true);
  assert.equal(target.progress === "done" && target.parameters.maxConnections, 4);
  assert.throws(
    () => logIn(OPTIONS, join, { connection, tamper: (r, text) => [{ ...r, tsih: 8 }, text] }),
    ProtocolError,
  );
});

Deno.test("A TSIH for which the policy has no session is refused with 020ah", () => {
  const connection = { ...CONNECTION, tsih: 99 };
  assert.throws(() => logIn(OPTIONS, policy(), { connection }), {
    name: "LoginError",
    statusClass: 2,
    statusDetail: 0x0a,
  });
});

Deno.test("A target refuses a first request that does not name both sides, or breaks a rule", () => {
  const table: [string, string, Parameters<typeof ask>[2], number][] = [
    ["no text", "", {}, 0x0207],
    ["no InitiatorName", `TargetName=${TARGET_NAME}\0`, {}, 0x0207],
    ["no TargetName", `InitiatorName=${INITIATOR_NAME}\0`, {}, 0x0207],
    ["an empty TargetName", `InitiatorName=${INITIATOR_NAME}\0TargetName=\0`, {}, 0x0207],
    ["a long name", `InitiatorName=iqn.${"a".repeat(220)}\0TargetName=t\0`, {}, 0x0200],
    ["an unknown session type", NAMES + "SessionType=Other\0", {}, 0x0209],
    ["a later version", NAMES, { versionMin: 1, versionMax: 2 }, 0x0205],
    ["the full feature phase as stage", NAMES, { csg: 3 }, 0x0200],
    ["the reserved stage", NAMES, { csg: 2 }, 0x0200],
    ["the reserved next stage", NAMES, { nsg: 2 }, 0x0200],
    ["no step forward", NAMES, { nsg: 0 }, 0x0200],
    ["a step back", NAMES, { csg: 1, nsg: 1 }, 0x0200],
    ["T and C together", NAMES, { continue: true }, 0x0200],
    ["an operational key in the security stage", NAMES + "InitialR2T=No\0", {}, 0x0200],
    ["a key twice", NAMES + "TargetName=x\0", {}, 0x0200],
    ["a key of the target", NAMES + "TargetAlias=x\0", {}, 0x0200],
    ["CHAP without AuthMethod", NAMES + "CHAP_A=5\0", {}, 0x0200],
    ["a malformed text", NAMES + "x", {}, 0x0200],
  ];
  for (const [what, text, fields, status] of table) {
    const step = ask(new TargetLogin(policy()), text, fields);
    assert.equal(step.progress, "failed", what);
    assert.equal(statusOf(step), status, what);
    assert.equal(step.response.transit, false, what);
  }
});

Deno.test("A target refuses a login that changes its identity or goes back a stage", () => {
  const changes: Parameters<typeof ask>[2][] = [
    { csg: 0, nsg: 1 },
    { csg: 1, nsg: 3, cid: 1 },
    { csg: 1, nsg: 3, tsih: 1 },
    { csg: 1, nsg: 3, isid: new Uint8Array(6) },
  ];
  for (const fields of changes) {
    const target = new TargetLogin(policy());
    assert.equal(ask(target, NAMES + "AuthMethod=None\0").progress, "continue");
    assert.equal(statusOf(ask(target, "", fields)), 0x0200, JSON.stringify(fields));
  }
});

Deno.test("A target answers nothing but 020bh once a login has ended", () => {
  const target = new TargetLogin(policy());
  assert.equal(ask(target, NAMES, { csg: 1, nsg: 3 }).progress, "done");
  assert.equal(statusOf(ask(target, NAMES)), 0x020b);
  const failed = new TargetLogin(policy());
  ask(failed, "");
  assert.equal(statusOf(ask(failed, NAMES)), 0x020b);
});

Deno.test("A target bounds the rounds and the text of a login", () => {
  const rounds = new TargetLogin(policy(), { maxRounds: 3 });
  const steps = [1, 2, 3, 4].map(() => ask(rounds, "", { transit: false, continue: true, nsg: 0 }));
  assert.deepEqual(steps.map(statusOf), [0, 0, 0, 0x0200]);

  const text = new TargetLogin(policy(), { maxTextBytes: 1000 });
  const part = new Uint8Array(600).fill(0x41);
  const more = { transit: false, continue: true, nsg: 0 };
  assert.deepEqual([statusOf(ask(text, part, more)), statusOf(ask(text, part, more))], [0, 0x0200]);
});

Deno.test("A target may be asked to go straight from the security stage to the full feature phase", () => {
  const step = ask(new TargetLogin(policy()), NAMES + "AuthMethod=None\0", { nsg: 3 });
  assert.equal(step.progress, "done");
  assert.equal(step.response.nsg, 3);
  assert.deepEqual(step.progress === "done" && step.parameters, DEFAULT_PARAMETERS);
});

Deno.test("A target grants no transition while its own text goes on", () => {
  const extraKeys = { "X-com.example.a": "a".repeat(8000), "X-com.example.b": "b".repeat(8000) };
  const target = new TargetLogin(policy({ admit: () => ({ kind: "admit", extraKeys }) }));
  ask(target, NAMES + "X-com.example.a=1\0", { csg: 1, transit: false, nsg: 0 });
  const first = ask(target, "X-com.example.b=1\0", { csg: 1, nsg: 3 });
  assert.equal(first.progress, "done");

  const both = new TargetLogin(policy({ admit: () => ({ kind: "admit", extraKeys }) }));
  const cut = ask(both, NAMES + "X-com.example.a=1\0X-com.example.b=1\0", { csg: 1, nsg: 3 });
  assert.deepEqual([cut.response.continue, cut.response.transit], [true, false]);
  assert.equal(ask(both, "", { csg: 1, nsg: 3 }).progress, "done");
});

Deno.test("What the policy throws is not taken for a fault of the initiator", () => {
  const broken = policy({
    admit() {
      throw new RangeError("Broken policy");
    },
  });
  assert.throws(() => ask(new TargetLogin(broken), NAMES), RangeError);
  const illegal = policy({ admit: () => ({ kind: "admit", offers: { maxConnections: 0 } }) });
  assert.throws(() => ask(new TargetLogin(illegal), NAMES), InvalidOptionError);
});

Deno.test("Names that no login could use are refused before anything is sent", () => {
  const table: [Partial<LoginOptions>, string][] = [
    [{ initiatorName: "" }, "initiatorName"],
    [{ initiatorName: "my-host" }, "initiatorName"],
    [{ initiatorName: "iqn." + "a".repeat(220) }, "initiatorName"],
    [{ initiatorName: "iqn.a\0b" }, "initiatorName"],
    [{ targetName: undefined }, "targetName"],
    [{ targetName: "" }, "targetName"],
    [{ initiatorAlias: "a".repeat(256) }, "initiatorAlias"],
  ];
  for (const [changes, option] of table) {
    assert.throws(
      () => new InitiatorLogin(CONNECTION, { ...OPTIONS, ...changes }),
      { name: "InvalidOptionError", option },
    );
  }
});

Deno.test("Requests and responses survive the Login codec", () => {
  const initiator = new InitiatorLogin(CONNECTION, OPTIONS);
  const step = initiator.start();
  const request = requestOf(step);
  assert.deepEqual([request.transit, request.csg, request.nsg], [true, 0, 1]);
  const answer = ask(new TargetLogin(policy()), NAMES);
  const response = responseOf(request, answer);
  assert.deepEqual(response.isid, ISID);
});
