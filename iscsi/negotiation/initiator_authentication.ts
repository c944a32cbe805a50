/**
 * The initiator's side of authentication: AuthMethod, then CHAP in one or both directions (RFC 7143 §12.1).
 *
 * @module
 */

import {
  AuthenticationError,
  type AuthenticationFailure,
  InvalidOptionError,
  ProtocolError,
} from "../errors.ts";
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
import type { ChapAlgorithm, ChapOptions } from "./login_options.ts";
import type { KeyValuePair } from "./text_keys.ts";
import { formatBinary, parseBinary, parseNumber } from "./text_values.ts";

/** What the target is to say next; in each state, these keys and no others are in order. */
type State = "method" | "challenge" | "proof" | "done";
const EXPECTED: Readonly<Record<State, readonly string[]>> = {
  method: ["AuthMethod"],
  challenge: ["CHAP_A", "CHAP_I", "CHAP_C"],
  proof: ["CHAP_N", "CHAP_R"],
  done: [],
};

/** One authentication: `first()`, then `receive()` with the target's keys of each round, then `finish()`. */
export class InitiatorAuthentication {
  readonly #chap: ChapOptions | undefined;
  readonly #algorithms: readonly ChapAlgorithm[];
  readonly #randomBytes: (length: number) => Uint8Array;
  #state: State = "method";
  #responded = false;
  #question: ChapChallenge | undefined;

  /**
   * Without `chap`, only AuthMethod None is offered.
   *
   * @throws {InvalidOptionError} when the options contradict each other.
   * @throws {AuthenticationError} when a secret is too short, both are the same, or no algorithm is available.
   */
  constructor(chap: ChapOptions | undefined, randomBytes: (length: number) => Uint8Array) {
    this.#chap = chap;
    this.#randomBytes = randomBytes;
    this.#algorithms = chap ? checkedAlgorithms(chap) : [];
  }

  /** Whether the target may go on to the next stage, as far as we are concerned. */
  get readyToTransit(): boolean {
    return this.#state === "method" ? this.#acceptsNone : this.#state !== "challenge";
  }

  get #acceptsNone(): boolean {
    return this.#chap === undefined || this.#chap.required === false;
  }

  /** The first offer. */
  first(): KeyValuePair[] {
    if (this.#chap === undefined) return [["AuthMethod", "None"]];
    return [["AuthMethod", this.#acceptsNone ? "CHAP,None" : "CHAP"]];
  }

  /**
   * Takes the authentication keys of one answer and returns what to say next; nothing means to keep asking.
   *
   * @throws {AuthenticationError} when one side does not accept the other.
   * @throws {ProtocolError} when a key is malformed, missing or out of order.
   */
  receive(pairs: readonly KeyValuePair[]): KeyValuePair[] {
    if (pairs.length === 0) return [];
    const state = this.#state;
    const unexpected = pairs.find(([key]) => !EXPECTED[state].includes(key));
    if (unexpected) {
      throw new ProtocolError(`Cannot authenticate: the target sent ${unexpected[0]} out of order`);
    }
    const said = new Map(pairs);
    if (state === "method") return this.#takeMethod(required(said, "AuthMethod"));
    if (state === "challenge") return this.#takeChallenge(said);
    return this.#takeProof(required(said, "CHAP_N"), required(said, "CHAP_R"));
  }

  #takeMethod(method: string): KeyValuePair[] {
    if (method === "CHAP" && this.#chap !== undefined) {
      this.#state = "challenge";
      return [["CHAP_A", this.#algorithms.map((name) => CHAP_CODES[name]).join(",")]];
    }
    if (method === "None" && this.#acceptsNone) {
      this.#state = "done";
      return [];
    }
    if (this.#chap === undefined) {
      throw failure("no-credentials", "the target demands a proof and no credentials were given");
    }
    throw method === "Reject"
      ? failure("method-refused", "the target refuses CHAP")
      : failure("downgrade", `CHAP was demanded and the target chose ${JSON.stringify(method)}`);
  }

  #takeChallenge(said: ReadonlyMap<string, string>): KeyValuePair[] {
    const algorithm = this.#chosenAlgorithm(required(said, "CHAP_A"));
    const identifier = parseNumber(required(said, "CHAP_I"));
    const challenge = parseBinary(required(said, "CHAP_C"), MAX_CHAP_BYTES);
    if (identifier === undefined || identifier > 255 || challenge === undefined) {
      throw new ProtocolError("Cannot authenticate: the target's CHAP_I or CHAP_C is malformed");
    }
    const { name, secret, target } = this.#chap!;
    const response = chapResponse({ algorithm, identifier, challenge }, secretBytes(secret));
    const proof: KeyValuePair[] = [["CHAP_N", name], ["CHAP_R", formatBinary(response)]];
    this.#responded = true;
    this.#state = target ? "proof" : "done";
    return target ? [...proof, ...this.#ask(algorithm, challenge)] : proof;
  }

  #chosenAlgorithm(code: string): ChapAlgorithm {
    const chosen = this.#algorithms.find((name) => CHAP_CODES[name] === code);
    if (chosen !== undefined) return chosen;
    const offered = this.#algorithms.join(", ");
    throw code === "Reject"
      ? failure("algorithm-refused", `the target refuses all of ${offered}`)
      : failure("not-offered", `the target chose CHAP_A ${JSON.stringify(code)}, not ${offered}`);
  }

  #ask(algorithm: ChapAlgorithm, theirs: Uint8Array): KeyValuePair[] {
    this.#question = newChallenge(algorithm, this.#randomBytes);
    const { identifier, challenge } = this.#question;
    // RFC 7143 §9.2.1: the other side's challenge must not be used again.
    if (equalBytes(challenge, theirs)) {
      throw failure("reflection", "the target's challenge is the one we were about to send");
    }
    return [["CHAP_I", String(identifier)], ["CHAP_C", formatBinary(challenge)]];
  }

  #takeProof(name: string, encoded: string): KeyValuePair[] {
    const response = parseBinary(encoded, MAX_CHAP_BYTES);
    if (response === undefined) {
      throw new ProtocolError("Cannot authenticate: the target's CHAP_R is malformed");
    }
    const { secret, target } = this.#chap!;
    const answerOf = (secret: string | Uint8Array) =>
      chapResponse(this.#question!, secretBytes(secret));
    if (equalBytes(response, answerOf(secret))) {
      throw failure("reflection", "the target answered our challenge with our own secret");
    }
    const proven = equalBytes(response, answerOf(target!.secret));
    if (!proven || (target!.name !== "" && target!.name !== name)) {
      throw failure("target-failed", "the target proved neither the name nor the secret expected");
    }
    this.#state = "done";
    return [];
  }

  /**
   * The target goes on to the next stage.
   *
   * @throws {AuthenticationError} when it has not authenticated us, or itself, as we demand.
   */
  finish(): void {
    if (this.#state === "done" || (this.#state === "method" && this.#acceptsNone)) return;
    throw this.#state === "proof"
      ? failure("target-silent", "the target did not prove who it is")
      : failure("downgrade", "the target went on without CHAP");
  }

  /**
   * Why a target that refuses the login with `status` now may do so; undefined when it is not about authentication.
   * Targets that break on a list of algorithms call that an initiator error.
   */
  refusal(
    status: number,
  ): { readonly reason: AuthenticationFailure; readonly why: string } | undefined {
    const isUnclear = status === LoginStatus.InitiatorError && this.#state === "challenge";
    if (status !== LoginStatus.AuthenticationFailure && !isUnclear) return undefined;
    if (this.#chap === undefined) {
      return {
        reason: "no-credentials",
        why: "the target demands a proof and no credentials were given",
      };
    }
    if (this.#responded) {
      const hint = this.#chap.target ? "" : "; it may insist on proving itself too";
      return {
        reason: "wrong-secret-or-name",
        why: `the target did not accept name and secret${hint}`,
      };
    }
    if (this.#state === "challenge") {
      const offered = this.#algorithms.join(", ");
      return { reason: "algorithm-refused", why: `the target accepts none of ${offered}` };
    }
    return { reason: "method-refused", why: "the target refuses CHAP" };
  }
}

function required(said: ReadonlyMap<string, string>, key: string): string {
  const value = said.get(key);
  if (value === undefined) {
    throw new ProtocolError(`Cannot authenticate: the target's answer lacks ${key}`);
  }
  return value;
}

function failure(reason: AuthenticationFailure, why: string): AuthenticationError {
  return new AuthenticationError(`Cannot authenticate: ${why}`, { reason });
}

/** Checks the options and returns the algorithms that can be offered. */
function checkedAlgorithms(chap: ChapOptions): readonly ChapAlgorithm[] {
  const { name, target, required = true, algorithms = ["md5"] } = chap;
  if (name === "" || new TextEncoder().encode(name).length > 255 || name.includes("\0")) {
    throw new InvalidOptionError("chap.name", "Cannot use CHAP: the name is empty or malformed");
  }
  if (target && !required) {
    throw new InvalidOptionError(
      "chap.required",
      "Cannot demand that the target proves itself: CHAP is not required",
    );
  }
  checkSecrets(chap);
  const unknown = algorithms.find((algorithm) => CHAP_CODES[algorithm] === undefined);
  if (unknown !== undefined || algorithms.length === 0) {
    throw new InvalidOptionError(
      "chap.algorithms",
      `Cannot use CHAP: ${unknown ?? "an empty list"} is no algorithm of it`,
    );
  }
  const available = algorithms.filter(isAvailable);
  if (available.length > 0) return available;
  throw failure("algorithm-unavailable", `this runtime has none of ${algorithms.join(", ")}`);
}

function checkSecrets({ secret, target, allowShortSecrets = false }: ChapOptions): void {
  if (!allowShortSecrets && (isShort(secret) || (target && isShort(target.secret)))) {
    throw failure("secret-too-short", "a secret has fewer than 12 bytes");
  }
  if (target && equalBytes(secretBytes(secret), secretBytes(target.secret))) {
    throw failure("same-secret", "both directions have the same secret");
  }
}
