/**
 * The login of one connection on the target's side: Login Requests in, Login Responses out (RFC 7143 §6.3, §11.12).
 *
 * @module
 */

import { ProtocolError } from "../../../iscsi/errors.ts";
import type { TargetLoginStep } from "../../../iscsi/negotiation/login_steps.ts";
import { loginResponseTo, TargetLogin } from "../../../iscsi/negotiation/target_login.ts";
import type {
  TargetLoginOptions,
  TargetLoginPolicy,
} from "../../../iscsi/negotiation/target_policy.ts";
import { IMMEDIATE, OPCODE, OPCODE_MASK } from "../../../iscsi/pdu/bhs.ts";
import {
  decodeLoginRequest,
  encodeLoginResponse,
  type LoginRequest,
} from "../../../iscsi/pdu/login.ts";
import { LoginStatus } from "../../../iscsi/pdu/login_status.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { opcodeName } from "../../../iscsi/pdu/pdu.ts";
import type { Answer } from "../output/answer.ts";

/** A Login Response, and what it means for the connection. */
export interface LoginAnswer {
  readonly answer: Answer;
  readonly step: TargetLoginStep;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Takes the PDUs of one login. */
export class LoginPhase {
  readonly #login: TargetLogin;
  readonly #begun: (first: LoginRequest) => void;
  #first: LoginRequest | undefined;

  /** `begun` hears the first request before the policy is asked. */
  constructor(
    policy: TargetLoginPolicy,
    options: TargetLoginOptions,
    begun: (first: LoginRequest) => void,
  ) {
    this.#login = new TargetLogin(policy, options);
    this.#begun = begun;
  }

  /**
   * Takes one PDU; both arrays are valid during the call only.
   *
   * @throws {ProtocolError} when the first PDU of the connection is no Login Request: there is nobody to answer.
   */
  receive(header: Uint8Array, data: Uint8Array): LoginAnswer {
    const opcode = header[OPCODE] & OPCODE_MASK;
    const isLogin = opcode === Opcode.LoginRequest;
    if (!isLogin && !this.#first) {
      throw new ProtocolError(`Receive ${opcodeName(opcode)}: the initiator has not logged in`);
    }
    const request = isLogin ? decodeLoginRequest(header) : this.#first!;
    if (!isLogin) return this.#refuse(request, LoginStatus.InvalidDuringLogin);
    if (!this.#first) this.#begun(request);
    this.#first ??= request;
    // RFC 7143 §11.12: I is 1, the tag and the CmdSN stay the same through the whole login.
    const isImmediate = (header[OPCODE] & IMMEDIATE) !== 0;
    const isSame = request.itt === this.#first.itt && request.cmdSn === this.#first.cmdSn;
    if (!isImmediate || !isSame) return this.#refuse(request, LoginStatus.InitiatorError);
    return answerWith(request, this.#login.receive(request, data));
  }

  #refuse(request: LoginRequest, status: number): LoginAnswer {
    return answerWith(request, {
      progress: "failed",
      response: loginResponseTo(request, status),
      data: NO_BYTES,
    });
  }
}

function answerWith({ isid, itt }: LoginRequest, step: TargetLoginStep): LoginAnswer {
  const { response, data } = step;
  return {
    step,
    answer: {
      data,
      plain: true,
      encode: (bhs, numbers) =>
        encodeLoginResponse({
          opcode: Opcode.LoginResponse,
          ...response,
          isid,
          itt,
          statSn: numbers.takeStatSn(),
          expCmdSn: numbers.expCmdSn,
          maxCmdSn: numbers.maxCmdSn,
        }, bhs),
    },
  };
}
