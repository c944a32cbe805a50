/** Drives both roles of a login against each other, PDU by PDU, through the Login codec. */

import {
  InitiatorLogin,
  type LoginConnection,
  type LoginOptions,
  type LoginStep,
  TargetLogin,
  type TargetLoginOptions,
  type TargetLoginPolicy,
  type TargetLoginStep,
} from "../../../iscsi/negotiation/login.ts";
import {
  decodeLoginRequest,
  decodeLoginResponse,
  encodeLoginRequest,
  encodeLoginResponse,
  type LoginRequest,
  type LoginResponse,
} from "../../../iscsi/pdu/login.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";

export const ISID: Uint8Array = Uint8Array.of(0x80, 1, 2, 3, 4, 5);
export const INITIATOR_NAME = "iqn.2026-03.com.example:initiator";
export const TARGET_NAME = "iqn.2026-03.com.example:tape";

/** A deterministic source of bytes, xorshift32. */
export function seededBytes(seed: number): (length: number) => Uint8Array {
  let state = seed | 1;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 0xff;
    });
}

export const CONNECTION: LoginConnection = {
  isid: ISID,
  tsih: 0,
  randomBytes: seededBytes(0x1234567),
};

export const OPTIONS: LoginOptions = { initiatorName: INITIATOR_NAME, targetName: TARGET_NAME };

/** A policy that admits everyone, with changes. */
export function policy(changes: Partial<TargetLoginPolicy> = {}): TargetLoginPolicy {
  return {
    admit: () => ({ kind: "admit" }),
    establish: () => 7,
    randomBytes: seededBytes(0x7654321),
    ...changes,
  };
}

export interface Exchange {
  readonly request: LoginRequest;
  readonly requestText: string;
  readonly response: LoginResponse;
  readonly responseText: string;
}

export interface Outcome {
  readonly step: LoginStep;
  readonly target: TargetLoginStep;
  readonly trace: Exchange[];
}

export interface PairOptions {
  readonly connection?: LoginConnection;
  readonly targetOptions?: TargetLoginOptions;
  /** Changes a response, and its text, on the way. */
  readonly tamper?: (
    response: LoginResponse,
    text: string,
    round: number,
  ) => [LoginResponse, string];
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

export function requestOf(step: LoginStep, connection: LoginConnection = CONNECTION): LoginRequest {
  if (step.kind !== "send") throw new Error(`Nothing to send: ${step.kind}`);
  const { transit, continue: more, csg, nsg } = step.request;
  const bhs = new Uint8Array(48);
  encodeLoginRequest({
    opcode: Opcode.LoginRequest,
    transit,
    continue: more,
    csg,
    nsg,
    versionMax: 0,
    versionMin: 0,
    isid: connection.isid,
    tsih: connection.tsih,
    itt: 1,
    cid: 0,
    cmdSn: 1,
    expStatSn: 0,
  }, bhs);
  return decodeLoginRequest(bhs);
}

export function responseOf(request: LoginRequest, step: TargetLoginStep): LoginResponse {
  const bhs = new Uint8Array(48);
  encodeLoginResponse({
    opcode: Opcode.LoginResponse,
    ...step.response,
    isid: request.isid,
    itt: request.itt,
    statSn: 0,
    expCmdSn: 1,
    maxCmdSn: 1,
  }, bhs);
  return decodeLoginResponse(bhs);
}

/** Runs a login to its end; throws what the initiator throws. */
export function logIn(
  options: LoginOptions,
  targetPolicy: TargetLoginPolicy,
  { connection = CONNECTION, targetOptions, tamper }: PairOptions = {},
): Outcome {
  const initiator = new InitiatorLogin(connection, options);
  const target = new TargetLogin(targetPolicy, targetOptions);
  const trace: Exchange[] = [];
  let step = initiator.start();
  for (;;) {
    const request = requestOf(step, connection);
    const data = (step as LoginStep & { kind: "send" }).request.data;
    const answered = target.receive(request, data);
    let response = responseOf(request, answered);
    let responseText = textOf(answered.data);
    let responseData = answered.data;
    if (tamper) {
      [response, responseText] = tamper(response, responseText, trace.length);
      responseData = new TextEncoder().encode(responseText);
    }
    trace.push({ request, requestText: textOf(data), response, responseText });
    step = initiator.receive(response, responseData);
    if (step.kind !== "send") return { step, target: answered, trace };
  }
}

/** Sends one request with this text to a target. */
export function ask(
  target: TargetLogin,
  text: string | Uint8Array,
  fields: Partial<LoginRequest> = {},
): TargetLoginStep {
  const data = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return target.receive({
    transit: true,
    continue: false,
    csg: 0,
    nsg: 1,
    versionMin: 0,
    versionMax: 0,
    isid: ISID,
    tsih: 0,
    cid: 0,
    ...fields,
  }, data);
}

/** The status of a step as one number. */
export function statusOf(step: TargetLoginStep): number {
  return step.response.statusClass << 8 | step.response.statusDetail;
}
