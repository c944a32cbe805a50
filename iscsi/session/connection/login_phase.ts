/**
 * The login of a session's connection: Login Requests out, Login Responses in (RFC 7143 §6.3, §11.12, §11.13).
 *
 * @module
 */

import { LoginError, ProtocolError } from "../../errors.ts";
import {
  InitiatorLogin,
  type LoginConnection,
  type LoginOptions,
  type LoginStep,
} from "../../negotiation/login.ts";
import { OPCODE, OPCODE_MASK } from "../../pdu/bhs.ts";
import { decodeLoginResponse, LoginStage } from "../../pdu/login.ts";
import { Opcode } from "../../pdu/opcode.ts";
import { opcodeName } from "../../pdu/pdu.ts";
import type { InitiatorConnection } from "./initiator_connection.ts";
import { sendLogin } from "../core/outgoing.ts";
import type { SessionState } from "../core/session_state.ts";

/** How a login ends. */
export type LoginEnd = Exclude<LoginStep, { kind: "send" }>;

/** What a {@link LoginPhase} needs. */
export interface LoginPhaseOptions {
  readonly login: LoginOptions;
  readonly loginConnection: LoginConnection;
}

/** The login of one connection: one tag and one CmdSN for all of it. */
export class LoginPhase {
  readonly #state: SessionState;
  readonly #connection: InitiatorConnection;
  readonly #identity: LoginConnection;
  readonly #login: InitiatorLogin;
  #itt = 0;
  #cmdSn: number | undefined;
  #stage: number = LoginStage.SecurityNegotiation;

  /**
   * Checks the options; nothing is sent before {@link start}.
   *
   * @throws {InvalidOptionError} when an option cannot be right.
   * @throws {AuthenticationError} when a secret cannot be used.
   */
  constructor(state: SessionState, connection: InitiatorConnection, options: LoginPhaseOptions) {
    this.#state = state;
    this.#connection = connection;
    this.#identity = options.loginConnection;
    this.#login = new InitiatorLogin(options.loginConnection, options.login);
  }

  start(): void {
    this.#itt = this.#state.requests.allocate();
    this.#act(this.#login.start());
  }

  /** The first byte tells: what greets or answers in another protocol need not send a whole header to be found out. */
  checkFirstByte(byte: number): void {
    const opcode = byte & OPCODE_MASK;
    if (opcode === Opcode.LoginResponse || opcode === Opcode.Reject) return;
    throw notALogin(
      `the answer begins with ${opcodeName(opcode)}; what listens there does not speak iSCSI`,
    );
  }

  /**
   * Takes in a PDU. Returns how the login has ended, once it has.
   *
   * @throws {LoginError} and other errors of a login that cannot succeed.
   */
  receive(header: Uint8Array, data: Uint8Array): LoginEnd | undefined {
    const opcode = header[OPCODE] & OPCODE_MASK;
    if (opcode !== Opcode.LoginResponse) {
      throw notALogin(`the target answered with ${opcodeName(opcode)}`);
    }
    const response = decodeLoginResponse(header);
    if (response.itt !== this.#itt) {
      throw notALogin("the response has another tag than the request");
    }
    if (response.statusClass === 0) {
      this.#connection.status.begin(response.statSn);
      this.#state.window.update(response.expCmdSn, response.maxCmdSn);
    }
    return this.#act(this.#login.receive(response, data));
  }

  /** The error for a login that has taken too long. */
  timedOut(timeoutMs: number): LoginError {
    return new LoginError(`Log in: the target gave no answer within ${timeoutMs / 1000} s`, {
      stage: this.#stage === LoginStage.SecurityNegotiation ? "security" : "operational",
    });
  }

  #act(step: LoginStep): LoginEnd | undefined {
    if (step.kind !== "send") return step;
    this.#stage = step.request.csg;
    const { isid, tsih } = this.#identity;
    const cmdSn = () => this.#cmdSn ??= this.#state.window.cmdSn;
    sendLogin(this.#connection, { isid, tsih, itt: this.#itt, cmdSn }, step.request);
  }
}

function notALogin(state: string): ProtocolError {
  return new ProtocolError(`Log in: ${state}`, { outcome: "not-executed" });
}
