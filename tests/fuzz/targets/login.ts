/** Logins of both roles: sequences of mutated Login PDUs, through framer and codec, against the state machines. */

import assert from "node:assert/strict";
import { InvalidOptionError, IscsiError, ProtocolError } from "../../../iscsi/errors.ts";
import {
  type Admission,
  InitiatorLogin,
  type LoginOptions,
  type LoginStep,
  TargetLogin,
  type TargetLoginStep,
} from "../../../iscsi/negotiation/login.ts";
import { BHS_LENGTH, padded } from "../../../iscsi/pdu/bhs.ts";
import { PduFramer } from "../../../iscsi/pdu/framer.ts";
import {
  decodeLoginRequest,
  decodeLoginResponse,
  encodeLoginRequest,
  encodeLoginResponse,
} from "../../../iscsi/pdu/login.ts";
import { writeU24 } from "../../../scsi/big_endian.ts";
import { concat } from "../../../transport/concat.ts";
import {
  CONNECTION,
  logIn,
  OPTIONS,
  policy,
  requestOf,
  responseOf,
  seededBytes,
} from "../../iscsi/negotiation/login_pair.ts";
import { ascii, type FuzzTarget, orDocumented } from "../fuzz_target.ts";
import { changePdus } from "../pdu_mutation.ts";

const MAX_SEGMENT_BYTES = 8192;
const SECRET = "secretsecret12";
const MUTUAL_SECRET = "mutualsecret34";
const USER = "user";

/** The same bytes each time, so that the answers to a challenge that the seeds hold stay right. */
const initiatorBytes = () => seededBytes(0x1234567);
const targetBytes = () => seededBytes(0x7654321);

const target = { name: "drive", secret: MUTUAL_SECRET };
const VARIANTS: readonly Partial<LoginOptions>[] = [
  {},
  { skipSecurityStage: true },
  { chap: { name: USER, secret: SECRET } },
  { chap: { name: USER, secret: SECRET, target } },
  { sessionType: "discovery" },
];

const ADMISSIONS: readonly Admission[] = [
  { kind: "admit" },
  { kind: "admit" },
  { kind: "admit", chap: { secretOf, required: true } },
  { kind: "admit", chap: { secretOf, required: true, target } },
  { kind: "admit", chap: { secretOf, required: false }, targetAlias: "tape" },
];

function secretOf(name: string): string | undefined {
  return name === USER ? SECRET : undefined;
}

const TOKENS = [
  ..."CHAP_A=5\0;CHAP_I=300\0;CHAP_C=0x00\0;CHAP_R=0b\0;AuthMethod=None\0;AuthMethod=CHAP\0".split(
    ";",
  ),
  ..."MaxBurstLength=0x200\0;HeaderDigest=CRC32C\0;X-com.example.k=Reject\0;SendTargets=All\0"
    .split(";"),
  ..."TargetAddress=[::1]:3260,1\0;IFMarker=Yes\0;__proto__=1\0;ErrorRecoveryLevel=2\0".split(";"),
].map(ascii);

/** Logins as they should be, in the bytes of both sides. */
export function loginWires(): { requests: Uint8Array; responses: Uint8Array }[] {
  return VARIANTS.map((variant, index) => record(variant, ADMISSIONS[index]));
}

/** Both roles. */
export function loginTargets(): FuzzTarget[] {
  const recorded = loginWires();
  return [
    {
      name: "login-initiator",
      seeds: recorded.map(({ responses }, index) => concat([Uint8Array.of(index), responses])),
      tokens: TOKENS,
      change: changePdus,
      maxBytes: 20_000,
      run: runInitiator,
    },
    {
      name: "login-target",
      seeds: recorded.map(({ requests }, index) => concat([Uint8Array.of(index), requests])),
      tokens: TOKENS,
      change: changePdus,
      maxBytes: 20_000,
      run: runTarget,
    },
  ];
}

function record(variant: Partial<LoginOptions>, admission: Admission) {
  const connection = { ...CONNECTION, randomBytes: initiatorBytes() };
  const admit = { admit: () => admission, randomBytes: targetBytes() };
  const { trace } = logIn({ ...OPTIONS, ...variant }, policy(admit), { connection });
  const requests = trace.map(({ request, requestText }) => {
    const bhs = new Uint8Array(BHS_LENGTH);
    encodeLoginRequest(request, bhs);
    return wire(bhs, requestText);
  });
  const responses = trace.map(({ response, responseText }) => {
    const bhs = new Uint8Array(BHS_LENGTH);
    encodeLoginResponse(response, bhs);
    return wire(bhs, responseText);
  });
  return { requests: concat(requests), responses: concat(responses) };
}

function wire(bhs: Uint8Array, text: string): Uint8Array {
  const data = ascii(text);
  writeU24(bhs, 5, data.length);
  return concat([bhs, data, new Uint8Array(padded(data.length) - data.length)]);
}

/** Hands each PDU of the input to `take` until that has enough or the input is no PDU any more. */
function eachPdu(input: Uint8Array, take: (header: Uint8Array, data: Uint8Array) => boolean): void {
  let goesOn = true;
  const framer = new PduFramer({
    place: () => undefined,
    receive: (header, data) => goesOn &&= take(header, data),
  }, { maxDataSegmentLength: MAX_SEGMENT_BYTES, stagingBytes: 4096 });
  orDocumented(() => {
    for (let at = 1; at < input.length && goesOn;) {
      const destination = framer.destination();
      const piece = input.subarray(at, at + destination.length);
      destination.set(piece);
      framer.advance(piece.length);
      at += piece.length;
    }
  }, ProtocolError);
}

function runInitiator(input: Uint8Array): void {
  const variant = VARIANTS[(input[0] ?? 0) % VARIANTS.length];
  const connection = { ...CONNECTION, randomBytes: initiatorBytes() };
  const login = new InitiatorLogin(connection, { ...OPTIONS, ...variant, maxRounds: 30 });
  let step: LoginStep = login.start();
  let rounds = 0;
  const take = (header: Uint8Array, data: Uint8Array): boolean => {
    requestOf(step, connection);
    const next = orDocumented(() => {
      try {
        return login.receive(decodeLoginResponse(header), data);
      } catch (error) {
        assert.ok(!(error as Error).message.includes(SECRET), "no error tells a secret");
        throw error;
      }
    }, IscsiError);
    if (next === undefined) return false;
    step = next;
    assert.ok(++rounds <= 31, "a login has an end");
    if (step.kind === "send") assert.ok(step.request.data.length <= MAX_SEGMENT_BYTES);
    return step.kind === "send";
  };
  eachPdu(input, take);
}

function runTarget(input: Uint8Array): void {
  const admission = ADMISSIONS[(input[0] ?? 0) % ADMISSIONS.length];
  const admit = { admit: () => admission, randomBytes: targetBytes() };
  const login = new TargetLogin(policy(admit), { maxRounds: 30 });
  let rounds = 0;
  eachPdu(input, (header, data) => {
    const request = decodeLoginRequest(header);
    const step = orDocumented(() => login.receive(request, data), InvalidOptionError);
    assert.ok(step, "the policy is right, so nothing is thrown");
    assert.ok(++rounds <= 31, "a login has an end");
    assert.ok(step.data.length <= MAX_SEGMENT_BYTES, "no answer is longer than a segment");
    responseOf(request, step);
    checkEntry(step, admission);
    return step.progress === "continue";
  });
}

/** Nobody gets in who has not proven who he is. */
function checkEntry(step: TargetLoginStep, admission: Admission): void {
  if (step.progress !== "done" || !admission.chap?.required) return;
  assert.equal(step.authenticatedAs, USER);
}
