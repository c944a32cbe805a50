import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { AuthenticationError, type ChapOptions, type Session } from "../../../iscsi/mod.ts";
import { turn, type WireConnection } from "./wire_connection.ts";
import { FINAL, keysText, Op, type WirePdu } from "./wire_pdu.ts";
import { TSIH, WireTarget, withTarget } from "./wire_target.ts";

const OURS = { name: "reader", secret: "a secret of ours" };
const THEIRS = { name: "library", secret: "a secret of theirs" };
const MUTUAL: ChapOptions = { ...OURS, target: THEIRS };
const CHALLENGE = Uint8Array.from({ length: 1024 }, (_, index) => index * 7 + 1);
const IDENTIFIER = 0x5a;
const TO_OPERATIONAL = FINAL | 1;

/** MD5 of identifier, secret and challenge (RFC 1994 §4.1), by the runtime's own implementation. */
function answer(identifier: number, secret: string, challenge: Uint8Array): string {
  const hash = createHash("md5").update(new Uint8Array([identifier])).update(secret);
  return `0x${hash.update(challenge).digest("hex")}`;
}

function hex(bytes: Uint8Array): string {
  return `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function bytes(text: string): Uint8Array {
  assert.match(text, /^0x([0-9a-f]{2})+$/i);
  return Uint8Array.from(text.slice(2).match(/../g)!, (pair) => parseInt(pair, 16));
}

/** A login that has come as far as CHAP_A; the challenge is in the encoding given. */
async function challenged(
  chap: ChapOptions,
  use: (wire: WireConnection, proof: WirePdu, connecting: Promise<Session>) => Promise<void>,
  challenge: Readonly<Record<string, string>> = {},
): Promise<void> {
  const target = new WireTarget({ session: { chap } });
  await withTarget(target, async () => {
    const connecting = target.connect();
    const wire = await target.connection(1);
    const first = await wire.only(Op.LoginRequest);
    assert.equal(first.keys.AuthMethod, "CHAP");
    wire.loginResponse(first, keysText({ AuthMethod: "CHAP" }), { flags: 0 });
    const second = await wire.only(Op.LoginRequest);
    assert.deepEqual([second.keys, second.final], [{ CHAP_A: "5" }, false]);
    const asked = { CHAP_A: "5", CHAP_I: String(IDENTIFIER), CHAP_C: hex(CHALLENGE), ...challenge };
    wire.loginResponse(second, keysText(asked), { flags: 0 });
    await turn();
    await use(wire, wire.stream.sent[2], connecting);
    wire.stream.cut();
    await connecting.then((session) => session.close(), () => {});
  });
}

/** Goes on to the end of the login. */
async function finish(wire: WireConnection, request: WirePdu, text = ""): Promise<void> {
  await wire.next(Op.LoginRequest);
  wire.loginResponse(request, text, { flags: TO_OPERATIONAL });
  wire.loginResponse(await wire.only(Op.LoginRequest), "", { tsih: TSIH });
}

Deno.test("RFC 7143 §12.1.3: CHAP proves the secret with identifier, secret and challenge, up to 1024 bytes", async () => {
  await challenged(OURS, async (wire, proof, connecting) => {
    assert.deepEqual(proof.keys, {
      CHAP_N: "reader",
      CHAP_R: answer(IDENTIFIER, OURS.secret, CHALLENGE),
    });
    assert.equal(proof.u8(1), TO_OPERATIONAL);
    await finish(wire, proof);
    assert.ok(!(await connecting).closed);
  });
});

Deno.test("RFC 7143 §5.1: CHAP_I and CHAP_C may be hexadecimal or base64", async () => {
  const challenge = { CHAP_I: "0x5A", CHAP_C: `0b${btoa(String.fromCharCode(...CHALLENGE))}` };
  await challenged(OURS, async (_, proof) => {
    assert.equal(proof.keys.CHAP_R, answer(IDENTIFIER, OURS.secret, CHALLENGE));
    await turn();
  }, challenge);
});

Deno.test("RFC 7143 §12.1.3: with mutual CHAP the target proves itself, with a challenge of our own", async () => {
  await challenged(MUTUAL, async (wire, proof, connecting) => {
    const { CHAP_R, CHAP_I, CHAP_C } = proof.keys;
    assert.equal(CHAP_R, answer(IDENTIFIER, OURS.secret, CHALLENGE));
    const challenge = bytes(CHAP_C);
    assert.ok(challenge.length >= 16);
    assert.notDeepEqual(challenge, CHALLENGE);
    const response = answer(Number(CHAP_I), THEIRS.secret, challenge);
    await finish(wire, proof, keysText({ CHAP_N: "library", CHAP_R: response }));
    assert.ok(!(await connecting).closed);
  });
});

type Proof = (identifier: number, challenge: Uint8Array) => Record<string, string>;

const NO_PROOFS: readonly [what: string, proof: Proof][] = [
  ["says nothing", () => ({})],
  ["does not know its secret", (identifier, challenge) => ({
    CHAP_N: "library",
    CHAP_R: answer(identifier, "another secret", challenge),
  })],
  ["has another name", (identifier, challenge) => ({
    CHAP_N: "stranger",
    CHAP_R: answer(identifier, THEIRS.secret, challenge),
  })],
  ["answers with our own secret", (identifier, challenge) => ({
    CHAP_N: "library",
    CHAP_R: answer(identifier, OURS.secret, challenge),
  })],
];

for (const [what, proofOf] of NO_PROOFS) {
  Deno.test(`RFC 7143 §12.1.3: a target that ${what} has not proved who it is`, async () => {
    await challenged(MUTUAL, async (wire, proof, connecting) => {
      const { CHAP_I, CHAP_C } = proof.keys;
      await wire.next(Op.LoginRequest);
      const text = keysText(proofOf(Number(CHAP_I), bytes(CHAP_C)));
      wire.loginResponse(proof, text, { flags: TO_OPERATIONAL });
      await assert.rejects(connecting, AuthenticationError);
      assert.ok(wire.stream.closed);
    });
  });
}

Deno.test("RFC 7143 §12.1.3: a wrong secret is refused with 0201h, and is an AuthenticationError", async () => {
  await challenged(OURS, async (wire, proof, connecting) => {
    await wire.next(Op.LoginRequest);
    wire.loginResponse(proof, "", { flags: 0, status: 0x0201 });
    await assert.rejects(
      connecting,
      (error) => error instanceof AuthenticationError && error.reason === "wrong-secret-or-name",
    );
  });
});

Deno.test("RFC 7143 §6.2.1: a target that chooses no authentication where CHAP was demanded is refused", async () => {
  const target = new WireTarget({ session: { chap: OURS } });
  await withTarget(target, async () => {
    const connecting = target.connect();
    const wire = await target.connection(1);
    const first = await wire.only(Op.LoginRequest);
    wire.loginResponse(first, keysText({ AuthMethod: "None" }), { flags: 0 });
    await assert.rejects(
      connecting,
      (error) => error instanceof AuthenticationError && error.reason === "downgrade",
    );
    assert.ok(wire.stream.closed);
  });
});

Deno.test("RFC 7143 §12.1.3: an algorithm that was not offered is refused, before anything is proved", async () => {
  await challenged(OURS, async (wire, _, connecting) => {
    await assert.rejects(
      connecting,
      (error) => error instanceof AuthenticationError && error.reason === "not-offered",
    );
    assert.equal(wire.stream.sent.length, 2);
  }, { CHAP_A: "7" });
});

Deno.test("RFC 7143 §9.2.1: secrets of less than 96 bits are refused, and the same one for both sides", async () => {
  for (
    const chap of [
      { name: "reader", secret: "short" },
      { ...OURS, target: { name: "library", secret: OURS.secret } },
    ]
  ) {
    const target = new WireTarget({ session: { chap } });
    await assert.rejects(target.connect(), AuthenticationError);
    assert.equal(target.connections.length, 0, "nothing was dialed");
  }
});
