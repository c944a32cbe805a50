/**
 * What keeps a session from coming about: nobody is there, the target refuses, or nothing can be agreed.
 *
 * @module
 */

import { IscsiError, type IscsiErrorOptions } from "./iscsi_error.ts";

/** The part of a login or session in which something happened (RFC 7143 §6.3). */
export type LoginStage = "security" | "operational" | "full-feature";

/** Fields of a {@link ConnectError}. */
export interface ConnectErrorOptions extends IscsiErrorOptions {
  /** The portal that was dialed, as `host:port`. */
  readonly address: string;
  /** Milliseconds after which the attempt was given up, when that is why it failed. */
  readonly timeoutMs?: number;
}

/** No connection to the portal could be made. `cause` is the transport's error, if there is one. */
export class ConnectError extends IscsiError {
  /** The name of the class. */
  override name = "ConnectError";
  /** The portal that was dialed, as `host:port`. */
  readonly address: string;
  /** Milliseconds after which the attempt was given up; undefined when it failed by itself. */
  readonly timeoutMs: number | undefined;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: ConnectErrorOptions) {
    super(message, { ...options, outcome: options.outcome ?? "not-executed" });
    this.address = options.address;
    this.timeoutMs = options.timeoutMs;
  }
}

/** Fields of a {@link LoginError}. */
export interface LoginErrorOptions extends IscsiErrorOptions {
  /** Where in the login it happened. */
  readonly stage: LoginStage;
  /** Status-Class of the Login Response that refused the login, if one did. */
  readonly statusClass?: number;
  /** Status-Detail of that response. */
  readonly statusDetail?: number;
  /** What RFC 7143 calls that status. */
  readonly statusName?: string;
}

/** The login did not succeed: the target refused it, or we refused the target (RFC 7143 §11.13.5). */
export class LoginError extends IscsiError {
  /** The name of the class. */
  override name = "LoginError";
  /** Where in the login it happened. */
  readonly stage: LoginStage;
  /** 2: do not try again unchanged, 3: may work later; undefined when we refused, not the target. */
  readonly statusClass: number | undefined;
  /** Status-Detail, undefined like the class. */
  readonly statusDetail: number | undefined;
  /** What RFC 7143 calls the status, undefined like the class. */
  readonly statusName: string | undefined;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: LoginErrorOptions) {
    super(message, { ...options, outcome: options.outcome ?? "not-executed" });
    this.stage = options.stage;
    this.statusClass = options.statusClass;
    this.statusDetail = options.statusDetail;
    this.statusName = options.statusName;
  }
}

/**
 * Why authentication failed.
 *
 * - `wrong-secret-or-name`: the target did not accept our name and response (status 0201h).
 * - `no-credentials`: the target demands CHAP and none were given.
 * - `method-refused`: the target does not want CHAP at all.
 * - `algorithm-refused`: the target accepts none of the hash algorithms offered, or fails on the list; offering
 *   `md5` alone may help with an old target.
 * - `algorithm-unavailable`: this runtime has none of the hash algorithms asked for.
 * - `downgrade`: CHAP was demanded and the target went on without it.
 * - `not-offered`: the target chose an algorithm that was not offered.
 * - `target-silent`: the target was asked to prove itself and did not.
 * - `target-failed`: the target proved itself with the wrong secret or name.
 * - `reflection`: the peer sent our own challenge or response back.
 * - `secret-too-short`: a secret has fewer than 96 bits (RFC 7143 §9.2.1).
 * - `same-secret`: both directions have the same secret (RFC 7143 §9.2.1).
 */
export type AuthenticationFailure =
  | "wrong-secret-or-name"
  | "no-credentials"
  | "method-refused"
  | "algorithm-refused"
  | "algorithm-unavailable"
  | "downgrade"
  | "not-offered"
  | "target-silent"
  | "target-failed"
  | "reflection"
  | "secret-too-short"
  | "same-secret";

/** Fields of an {@link AuthenticationError}. */
export interface AuthenticationErrorOptions extends IscsiErrorOptions {
  /** Why it failed. */
  readonly reason: AuthenticationFailure;
  /** Status-Class of the Login Response that refused the login, if one did. */
  readonly statusClass?: number;
  /** Status-Detail of that response. */
  readonly statusDetail?: number;
  /** What RFC 7143 calls that status. */
  readonly statusName?: string;
}

/** One side could not prove who it is (RFC 7143 §9.2). Never holds a secret, a challenge or a response. */
export class AuthenticationError extends LoginError {
  /** The name of the class. */
  override name = "AuthenticationError";
  /** Why it failed. */
  readonly reason: AuthenticationFailure;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: AuthenticationErrorOptions) {
    super(message, { ...options, stage: "security" });
    this.reason = options.reason;
  }
}

/** The target sent us from portal to portal more often than allowed (RFC 7143 §11.13.5, status class 1). */
export class RedirectError extends LoginError {
  /** The name of the class. */
  override name = "RedirectError";
  /** The addresses that the targets named, in order. */
  readonly hops: readonly string[];

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, hops: readonly string[]) {
    super(message, { stage: "security", statusClass: 1 });
    this.hops = hops;
  }
}

/** Fields of a {@link NegotiationError}. */
export interface NegotiationErrorOptions extends IscsiErrorOptions {
  /** Name of the key, spelled as in RFC 7143 §13. */
  readonly key: string;
  /** The value offered, undefined when the key was not offered. */
  readonly offered?: string;
  /** The value answered or declared, undefined when there was none. */
  readonly answered?: string;
  /** Where it happened. */
  readonly stage: LoginStage;
}

/** The two sides found no legal value for a key, or the peer answered outside the key's rule (RFC 7143 §6.2). */
export class NegotiationError extends IscsiError {
  /** The name of the class. */
  override name = "NegotiationError";
  /** Name of the key, spelled as in RFC 7143 §13. */
  readonly key: string;
  /** The value offered, undefined when the key was not offered. */
  readonly offered: string | undefined;
  /** The value answered or declared, undefined when there was none. */
  readonly answered: string | undefined;
  /** Where it happened. */
  readonly stage: LoginStage;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: NegotiationErrorOptions) {
    const login = options.stage === "full-feature" ? "unknown" : "not-executed";
    super(message, { ...options, outcome: options.outcome ?? login });
    this.key = options.key;
    this.offered = options.offered;
    this.answered = options.answered;
    this.stage = options.stage;
  }
}
