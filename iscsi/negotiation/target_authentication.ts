/**
 * The target's side of authentication: AuthMethod, then CHAP in one or both directions (RFC 7143 §12.1).
 *
 * @module
 */

import { LoginStatus } from "../pdu/login_status.ts";
import {
  CHAP_CODES,
  type ChapChallenge,
  chapResponse,
  equalBytes,
  isAvailable,
  isShort,
  MAX_CHAP_BYTES,
  newChallenge,
  secretBytes,
} from "./chap.ts";
import type { ChapAlgorithm } from "./login_options.ts";
import { LoginRefusal } from "./login_refusal.ts";
import type { TargetChapPolicy } from "./target_policy.ts";
import type { KeyValuePair } from "./text_keys.ts";
import { formatBinary, parseBinary, parseList, parseNumber } from "./text_values.ts";

const ALL_ALGORITHMS: readonly ChapAlgorithm[] = ["sha3-256", "sha256", "sha1", "md5"];

/** What the initiator is to say next; in each state, these keys and no others are in order. */
type State = "method" | "algorithm" | "response" | "done";
const EXPECTED: Readonly<Record<State, readonly string[]>> = {
  method: ["AuthMethod"],
  algorithm: ["CHAP_A"],
  response: ["CHAP_N", "CHAP_R", "CHAP_I", "CHAP_C"],
  done: [],
};

/** One authentication: `receive()` with the initiator's keys of each round. Refuses by throwing `LoginRefusal`. */
export class TargetAuthentication {
  readonly #chap: TargetChapPolicy | undefined;
  readonly #randomBytes: (length: number) => Uint8Array;
  #state: State = "method";
  #question: ChapChallenge | undefined;
  #name: string | undefined;

  /** Without `chap`, only AuthMethod None is accepted. */
  constructor(chap: TargetChapPolicy | undefined, randomBytes: (length: number) => Uint8Array) {
    this.#chap = chap;
    this.#randomBytes = randomBytes;
  }

  /** Whether the initiator may leave the security stage, or never enter it. */
  get satisfied(): boolean {
    return this.#state === "done" || (this.#state === "method" && this.#acceptsNone);
  }

  /** CHAP name that the initiator has proven. */
  get authenticatedAs(): string | undefined {
    return this.#name;
  }

  get #acceptsNone(): boolean {
    return this.#chap === undefined || this.#chap.required === false;
  }

  /** Takes the authentication keys of one request and returns the answer to them. */
  receive(pairs: readonly KeyValuePair[]): KeyValuePair[] {
    if (pairs.length === 0) return [];
    if (pairs.some(([key]) => !EXPECTED[this.#state].includes(key))) {
      throw new LoginRefusal(LoginStatus.InitiatorError);
    }
    const said = new Map(pairs);
    if (this.#state === "method") return this.#takeMethods(said.get("AuthMethod")!);
    if (this.#state === "algorithm") return this.#takeAlgorithms(said.get("CHAP_A")!);
    return this.#takeResponse(said);
  }

  #takeMethods(offered: string): KeyValuePair[] {
    const accepted = [
      ...(this.#chap ? ["CHAP"] : []),
      ...(this.#acceptsNone ? ["None"] : []),
    ];
    const method = parseList(offered).find((name) => accepted.includes(name));
    if (method === undefined) throw new LoginRefusal(LoginStatus.AuthenticationFailure);
    this.#state = method === "CHAP" ? "algorithm" : "done";
    return [["AuthMethod", method]];
  }

  #takeAlgorithms(offered: string): KeyValuePair[] {
    const accepted = (this.#chap!.algorithms ?? ALL_ALGORITHMS).filter(isAvailable);
    const algorithm = parseList(offered)
      .map((code) => accepted.find((name) => CHAP_CODES[name] === code))
      .find((name) => name !== undefined);
    if (algorithm === undefined) throw new LoginRefusal(LoginStatus.AuthenticationFailure);
    this.#question = newChallenge(algorithm, this.#randomBytes);
    this.#state = "response";
    return [
      ["CHAP_A", CHAP_CODES[algorithm]],
      ["CHAP_I", String(this.#question.identifier)],
      ["CHAP_C", formatBinary(this.#question.challenge)],
    ];
  }

  #takeResponse(said: ReadonlyMap<string, string>): KeyValuePair[] {
    const name = said.get("CHAP_N");
    const response = parseBinary(said.get("CHAP_R") ?? "", MAX_CHAP_BYTES);
    if (name === undefined || response === undefined) {
      throw new LoginRefusal(LoginStatus.InitiatorError);
    }
    this.#verify(name, response);
    const answer = this.#prove(said.get("CHAP_I"), said.get("CHAP_C"));
    this.#name = name;
    this.#state = "done";
    return answer;
  }

  #verify(name: string, response: Uint8Array): void {
    const { secretOf, target } = this.#chap!;
    const secret = secretOf(name);
    // An unknown name costs the same time as a wrong secret.
    const expected = chapResponse(this.#question!, secretBytes(secret ?? this.#randomBytes(16)));
    const proven = equalBytes(response, expected);
    const reflected = target !== undefined &&
      equalBytes(response, chapResponse(this.#question!, secretBytes(target.secret)));
    if (!proven || reflected || secret === undefined || this.#isTooShort(secret)) {
      throw new LoginRefusal(LoginStatus.AuthenticationFailure);
    }
  }

  #isTooShort(secret: string | Uint8Array): boolean {
    return isShort(secret) && !(this.#chap!.allowShortSecrets ?? false);
  }

  /** Mutual CHAP: the initiator asks for our proof with CHAP_I and CHAP_C, together or not at all. */
  #prove(identifierText: string | undefined, challengeText: string | undefined): KeyValuePair[] {
    if (identifierText === undefined && challengeText === undefined) return [];
    const identifier = parseNumber(identifierText ?? "");
    const challenge = parseBinary(challengeText ?? "", MAX_CHAP_BYTES);
    if (identifier === undefined || identifier > 255 || challenge === undefined) {
      throw new LoginRefusal(LoginStatus.InitiatorError);
    }
    const { target } = this.#chap!;
    const { algorithm, challenge: ours } = this.#question!;
    // RFC 7143 §9.2.1: our own challenge, sent back, would make us answer for the initiator.
    if (!target || equalBytes(challenge, ours) || this.#isTooShort(target.secret)) {
      throw new LoginRefusal(LoginStatus.AuthenticationFailure);
    }
    const response = chapResponse(
      { algorithm, identifier, challenge },
      secretBytes(target.secret),
    );
    return [["CHAP_N", target.name], ["CHAP_R", formatBinary(response)]];
  }
}
