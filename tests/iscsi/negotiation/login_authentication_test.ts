import assert from "node:assert/strict";
import { AuthenticationError, type AuthenticationFailure } from "../../../iscsi/errors.ts";
import {
  type Admission,
  type ChapAlgorithm,
  type ChapOptions,
  InitiatorLogin,
  type LoginOptions,
  type TargetChapPolicy,
  TargetLogin,
} from "../../../iscsi/negotiation/login.ts";
import {
  ask,
  CONNECTION,
  INITIATOR_NAME,
  logIn,
  OPTIONS,
  type PairOptions,
  policy,
  statusOf,
  TARGET_NAME,
} from "./login_pair.ts";

const SECRET = "secretsecret12";
const TARGET_SECRET = "mutualsecret34";
const CHAP: ChapOptions = { name: "user", secret: SECRET };
const MUTUAL: ChapOptions = { ...CHAP, target: { name: "drive", secret: TARGET_SECRET } };
const ACCOUNTS: TargetChapPolicy = {
  secretOf: (name) => name === "user" ? SECRET : undefined,
  target: { name: "drive", secret: TARGET_SECRET },
};
const NAMES = `InitiatorName=${INITIATOR_NAME}\0TargetName=${TARGET_NAME}\0`;

const demanding = (chap: TargetChapPolicy | undefined) =>
  policy({ admit: (): Admission => ({ kind: "admit", chap }) });

function login(
  chap: ChapOptions | undefined,
  theirs: TargetChapPolicy | undefined = ACCOUNTS,
  pair: PairOptions = {},
  options: Partial<LoginOptions> = {},
) {
  return logIn({ ...OPTIONS, chap, ...options }, demanding(theirs), pair);
}

function assertFails(reason: AuthenticationFailure, run: () => unknown): void {
  assert.throws(run, (error: Error) => {
    assert.ok(error instanceof AuthenticationError, `${error.name}: ${error.message}`);
    assert.equal(error.reason, reason);
    assert.equal(error.stage, "security");
    assert.ok(!error.message.includes(SECRET) && !error.message.includes(TARGET_SECRET));
    return true;
  });
}

Deno.test("CHAP goes AuthMethod, CHAP_A, challenge, response, and proves the name", () => {
  const { step, target, trace } = login(CHAP);
  assert.equal(step.kind, "done");
  assert.equal(target.progress === "done" && target.authenticatedAs, "user");
  const keys = (text: string) =>
    text.split("\0").map((pair) => pair.split("=")[0]).join(" ").trim();
  assert.deepEqual(trace.slice(0, 3).map((e) => [keys(e.requestText), keys(e.responseText)]), [
    ["InitiatorName TargetName SessionType AuthMethod", "TargetPortalGroupTag AuthMethod"],
    ["CHAP_A", "CHAP_A CHAP_I CHAP_C"],
    ["CHAP_N CHAP_R", ""],
  ]);
  assert.deepEqual(trace.map(({ request: r, response }) => [r.csg, r.transit, response.transit]), [
    [0, false, false],
    [0, false, false],
    [0, true, true],
    [1, true, true],
  ]);
});

Deno.test("Mutual CHAP proves both sides, with every algorithm", () => {
  for (const algorithm of ["md5", "sha1", "sha256", "sha3-256"] as ChapAlgorithm[]) {
    const { step, trace } = login({ ...MUTUAL, algorithms: [algorithm] });
    assert.equal(step.kind, "done", algorithm);
    assert.match(trace[2].requestText, /CHAP_N=user\0CHAP_R=0x\w+\0CHAP_I=\d+\0CHAP_C=0x/);
    assert.match(trace[2].responseText, /CHAP_N=drive\0CHAP_R=0x/);
  }
});

Deno.test("The target picks the first algorithm of the initiator's list that it accepts", () => {
  const chosen = (mine: ChapAlgorithm[], theirs?: ChapAlgorithm[]) => {
    const { trace } = login({ ...CHAP, algorithms: mine }, { ...ACCOUNTS, algorithms: theirs });
    return /CHAP_A=(\d)/.exec(trace[1].responseText)![1];
  };
  assert.equal(chosen(["sha256", "md5"]), "7");
  assert.equal(chosen(["md5", "sha256"]), "5");
  assert.equal(chosen(["sha3-256", "sha256", "md5"], ["md5"]), "5");
  assertFails("algorithm-refused", () => chosen(["md5"], ["sha256"]));
});

Deno.test("MD5 alone is offered by default", () => {
  assert.equal(login(CHAP).trace[1].requestText, "CHAP_A=5\0");
});

Deno.test("A wrong secret or an unknown name is refused with 0201h", () => {
  for (const chap of [{ ...CHAP, secret: "wrongwrongwrong" }, { ...CHAP, name: "nobody" }]) {
    assertFails("wrong-secret-or-name", () => login(chap));
  }
});

Deno.test("A target that demands CHAP is not satisfied without credentials, in any login order", () => {
  assertFails("no-credentials", () => login(undefined));
  assertFails(
    "no-credentials",
    () => login(undefined, ACCOUNTS, {}, { skipSecurityStage: true }),
  );
  const requests: [string, Parameters<typeof ask>[2]][] = [
    ["", { csg: 1, nsg: 3 }],
    ["", { csg: 1, nsg: 3, transit: false }],
    ["AuthMethod=None\0", {}],
    ["AuthMethod=KRB5,None\0", { nsg: 3 }],
    ["AuthMethod=\0", {}],
  ];
  for (const [text, fields] of requests) {
    const step = ask(new TargetLogin(demanding(ACCOUNTS)), NAMES + text, fields);
    assert.equal(statusOf(step), 0x0201, text);
  }
});

Deno.test("A target lets nobody out of the security stage before authentication is done", () => {
  const target = new TargetLogin(demanding(ACCOUNTS));
  const step = ask(target, NAMES, { nsg: 3 });
  assert.deepEqual([step.progress, step.response.transit], ["continue", false]);
  const methods = ask(target, "AuthMethod=CHAP\0", { nsg: 3 });
  assert.deepEqual([methods.progress, methods.response.transit], ["continue", false]);
  const challenge = ask(target, "CHAP_A=5\0", { nsg: 3 });
  assert.deepEqual([challenge.progress, challenge.response.transit], ["continue", false]);
  const empty = ask(target, "", { nsg: 3 });
  assert.deepEqual([empty.progress, empty.response.transit], ["continue", false]);
  assert.equal(statusOf(ask(target, "", { csg: 1, nsg: 3 })), 0x0200);
});

Deno.test("A target refuses CHAP keys that are missing, malformed or out of order", () => {
  const start = ["AuthMethod=CHAP\0"];
  const challenged = [...start, "CHAP_A=5\0"];
  const table: [string[], string, number][] = [
    [[], "CHAP_N=user\0CHAP_R=0x00\0", 0x0200],
    [start, "CHAP_N=user\0CHAP_R=0x00\0", 0x0200],
    [start, "AuthMethod=CHAP\0", 0x0200],
    [start, "CHAP_A=9\0", 0x0201],
    [start, "CHAP_A=\0", 0x0201],
    [challenged, "CHAP_A=5\0", 0x0200],
    [challenged, "CHAP_N=user\0", 0x0200],
    [challenged, "CHAP_R=0x00\0", 0x0200],
    [challenged, "CHAP_N=user\0CHAP_R=00\0", 0x0200],
    [challenged, "CHAP_N=user\0CHAP_R=0x00\0", 0x0201],
    [challenged, `CHAP_N=user\0CHAP_R=0x${"00".repeat(1025)}\0`, 0x0200],
    [challenged, "CHAP_X=user\0", 0x0200],
  ];
  for (const [before, text, status] of table) {
    const target = new TargetLogin(demanding(ACCOUNTS));
    ask(target, NAMES, { transit: false, nsg: 0 });
    for (const request of before) ask(target, request, { transit: false, nsg: 0 });
    assert.equal(statusOf(ask(target, text)), status, text.slice(0, 40));
  }
});

Deno.test("A target that goes on without the CHAP that was demanded is refused as a downgrade", () => {
  const none = (text: string) => text.replace("AuthMethod=CHAP", "AuthMethod=None");
  assertFails(
    "downgrade",
    () => login(CHAP, ACCOUNTS, { tamper: (response, text) => [response, none(text)] }),
  );
  assertFails(
    "downgrade",
    () =>
      login(CHAP, ACCOUNTS, {
        tamper: (r, text, round) => round === 0 ? [r, none(text)] : [r, text],
      }),
  );
});

Deno.test("A target that refuses CHAP says so in two ways", () => {
  assertFails("method-refused", () =>
    login(CHAP, undefined, {
      tamper: (response) => [{ ...response, statusClass: 0 }, "AuthMethod=Reject\0"],
    }));
  const refused = demanding(undefined);
  assertFails("method-refused", () => logIn({ ...OPTIONS, chap: CHAP }, refused));
});

Deno.test("CHAP that is not required accepts a target without it, and one that demands it", () => {
  const optional = { ...CHAP, required: false };
  const without = logIn({ ...OPTIONS, chap: optional }, demanding(undefined));
  assert.match(without.trace[0].requestText, /AuthMethod=CHAP,None\0/);
  assert.equal(without.target.progress === "done" && without.target.authenticatedAs, undefined);
  const { target } = login(optional);
  assert.equal(target.progress === "done" && target.authenticatedAs, "user");
});

Deno.test("A target that does not require CHAP takes both, and follows the initiator's order", () => {
  const optional = { ...ACCOUNTS, required: false };
  assert.equal(login(undefined, optional).step.kind, "done");
  assert.equal(login(undefined, optional, {}, { skipSecurityStage: true }).step.kind, "done");
  const { target } = login(CHAP, optional);
  assert.equal(target.progress === "done" && target.authenticatedAs, "user");
  assertFails(
    "wrong-secret-or-name",
    () => login({ ...CHAP, secret: "wrongwrongwrong" }, optional),
  );
});

Deno.test("A target that chooses an algorithm that was not offered is refused", () => {
  assertFails(
    "not-offered",
    () => login(CHAP, ACCOUNTS, { tamper: (r, text) => [r, text.replace("CHAP_A=5", "CHAP_A=7")] }),
  );
  assertFails(
    "algorithm-refused",
    () =>
      login(CHAP, ACCOUNTS, {
        tamper: (r, text) => [r, text.replace("CHAP_A=5", "CHAP_A=Reject")],
      }),
  );
  assertFails(
    "algorithm-refused",
    () =>
      login(CHAP, ACCOUNTS, {
        tamper: (r, text, round) => round === 1 ? [{ ...r, statusClass: 2 }, ""] : [r, text],
      }),
  );
});

Deno.test("A target that does not prove itself when asked is refused", () => {
  assertFails(
    "target-silent",
    () =>
      login(MUTUAL, ACCOUNTS, { tamper: (r, text, round) => round === 2 ? [r, ""] : [r, text] }),
  );
});

Deno.test("A target that proves the wrong secret or name is refused", () => {
  const drive = { name: "drive", secret: "anothersecret56" };
  assertFails("target-failed", () => login(MUTUAL, { ...ACCOUNTS, target: drive }));
  const other = { name: "other", secret: TARGET_SECRET };
  assertFails("target-failed", () => login(MUTUAL, { ...ACCOUNTS, target: other }));
  const anyName = { ...MUTUAL, target: { name: "", secret: TARGET_SECRET } };
  assert.equal(login(anyName, { ...ACCOUNTS, target: other }).step.kind, "done");
});

Deno.test("A target without an account of its own refuses to be asked", () => {
  assertFails("wrong-secret-or-name", () => login(MUTUAL, { ...ACCOUNTS, target: undefined }));
});

Deno.test("A target that answers with the initiator's own secret is refused as a reflection", () => {
  const mirror = { ...ACCOUNTS, target: { name: "drive", secret: SECRET } };
  // The mirror must not notice: it verifies with a secret of its own.
  const reflected = logInAgainstMirror(mirror);
  assertFails("reflection", reflected);
});

/** A target that computes its proof with the initiator's secret, and skips its own check for that. */
function logInAgainstMirror(mirror: TargetChapPolicy): () => unknown {
  let asked = 0;
  const target = {
    name: mirror.target!.name,
    // Read first for the check against reflection, then for the proof.
    get secret() {
      return asked++ < 1 ? "anothersecret56" : SECRET;
    },
  };
  return () => login(MUTUAL, { ...mirror, target, allowShortSecrets: true });
}

Deno.test("A target refuses an initiator that sends the target's challenge back", () => {
  const target = new TargetLogin(demanding(ACCOUNTS));
  const initiator = new InitiatorLogin(CONNECTION, { ...OPTIONS, chap: MUTUAL });
  let step = initiator.start();
  let challenge = "";
  for (let round = 0;; round++) {
    assert.equal(step.kind, "send");
    if (step.kind !== "send") return;
    let text = new TextDecoder().decode(step.request.data);
    if (challenge) text = text.replace(/CHAP_C=\w+/, `CHAP_C=${challenge}`);
    const { transit, csg, nsg } = step.request;
    const answer = ask(target, text, { transit, csg, nsg });
    if (round === 2) {
      assert.equal(statusOf(answer), 0x0201);
      return;
    }
    challenge = /CHAP_C=(\w+)/.exec(new TextDecoder().decode(answer.data))?.[1] ?? "";
    step = initiator.receive({ ...answer.response, isid: CONNECTION.isid }, answer.data);
  }
});

Deno.test("An initiator refuses to send the target's challenge back", () => {
  const predictable = (length: number) => new Uint8Array(length).fill(0x55);
  const connection = { ...CONNECTION, randomBytes: predictable };
  const challenge = `CHAP_C=0x${"55".repeat(16)}`;
  assertFails(
    "reflection",
    () =>
      login(MUTUAL, ACCOUNTS, {
        connection,
        tamper: (r, text) => [r, text.replace(/CHAP_C=\w+/, challenge)],
      }),
  );
});

Deno.test("A target whose secret is the same in both directions lets nobody in", () => {
  const careless = { ...ACCOUNTS, target: { name: "drive", secret: SECRET } };
  assertFails("wrong-secret-or-name", () => login(CHAP, careless));
});

Deno.test("Secrets of fewer than 96 bits are refused on both sides unless allowed", () => {
  const short = { name: "user", secret: "short" };
  assertFails("secret-too-short", () => login(short));
  assertFails(
    "secret-too-short",
    () => login({ ...CHAP, target: { name: "drive", secret: "short" } }),
  );
  const mine = { ...short, allowShortSecrets: true };
  const theirs = { secretOf: () => "short" };
  assertFails("wrong-secret-or-name", () => login(mine, theirs));
  assert.equal(login(mine, { ...theirs, allowShortSecrets: true }).step.kind, "done");
});

Deno.test("The same secret in both directions is refused before anything is sent", () => {
  const same = { ...CHAP, target: { name: "drive", secret: new TextEncoder().encode(SECRET) } };
  assertFails("same-secret", () => new InitiatorLogin(CONNECTION, { ...OPTIONS, chap: same }));
});

Deno.test("CHAP options that make no sense are an InvalidOptionError", () => {
  const table: [ChapOptions, string][] = [
    [{ ...CHAP, name: "" }, "chap.name"],
    [{ ...MUTUAL, required: false }, "chap.required"],
    [{ ...CHAP, algorithms: [] }, "chap.algorithms"],
    [{ ...CHAP, algorithms: ["sha512" as ChapAlgorithm] }, "chap.algorithms"],
  ];
  for (const [chap, option] of table) {
    assert.throws(() => new InitiatorLogin(CONNECTION, { ...OPTIONS, chap }), {
      name: "InvalidOptionError",
      option,
    });
  }
});

Deno.test("Challenges in base64, with odd digits, long, and a hexadecimal identifier are understood", () => {
  const rewrite = (text: string, challenge: string, identifier: string) =>
    text.replace(/CHAP_C=\w+/, `CHAP_C=${challenge}`).replace(/CHAP_I=\w+/, `CHAP_I=${identifier}`);
  const responses = ["0xabc", "0x0abc", "0bCrw=", "0bCrw"].map((challenge) => {
    const initiator = new InitiatorLogin(CONNECTION, { ...OPTIONS, chap: CHAP });
    return responseTo(initiator, rewrite("CHAP_A=5\0CHAP_I=1\0CHAP_C=x\0", challenge, "0x10"));
  });
  assert.equal(new Set(responses).size, 1);
  const long = new InitiatorLogin(CONNECTION, { ...OPTIONS, chap: CHAP });
  assert.match(responseTo(long, `CHAP_A=5\0CHAP_I=255\0CHAP_C=0x${"ab".repeat(1024)}\0`), /^0x/);
  for (
    const bad of [
      `CHAP_A=5\0CHAP_I=255\0CHAP_C=0x${"ab".repeat(1025)}\0`,
      "CHAP_A=5\0CHAP_I=256\0CHAP_C=0xab\0",
      "CHAP_A=5\0CHAP_I=1\0CHAP_C=ab\0",
      "CHAP_A=5\0CHAP_I=1\0",
      "CHAP_A=5\0CHAP_I=1\0CHAP_C=0xab\0CHAP_N=x\0",
    ]
  ) {
    const initiator = new InitiatorLogin(CONNECTION, { ...OPTIONS, chap: CHAP });
    assert.throws(() => responseTo(initiator, bad), { name: "ProtocolError" });
  }
});

/** CHAP_R of an initiator that is challenged with `text`. */
function responseTo(initiator: InitiatorLogin, text: string): string {
  const header = {
    transit: false,
    continue: false,
    csg: 0,
    nsg: 0,
    versionMax: 0,
    versionActive: 0,
    isid: CONNECTION.isid,
    tsih: 0,
    statusClass: 0,
    statusDetail: 0,
  };
  initiator.start();
  initiator.receive(header, new TextEncoder().encode("AuthMethod=CHAP\0"));
  const step = initiator.receive(header, new TextEncoder().encode(text));
  const data = step.kind === "send" ? new TextDecoder().decode(step.request.data) : "";
  return /CHAP_R=(\w+)/.exec(data)?.[1] ?? "";
}
