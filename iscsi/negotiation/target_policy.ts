/**
 * What a target decides about logins: whom it lets in, how they prove themselves, and what it offers them. Every
 * decision is a synchronous call.
 *
 * @module
 */

import type {
  ChapAccount,
  ChapAlgorithm,
  DigestPreference,
  OperationalOffers,
} from "./login_options.ts";
import type { LoginIdentity } from "./login_steps.ts";
import type { NegotiatedParameters } from "./negotiated_parameters.ts";

/** How initiators prove who they are, and how the target does. */
export interface TargetChapPolicy {
  /** The secret of a CHAP name, undefined when there is no such account. */
  readonly secretOf: (name: string) => string | Uint8Array | undefined;
  /** The account with which the target proves itself when asked. @default none: being asked fails the login */
  readonly target?: ChapAccount;
  /** False lets initiators choose AuthMethod None. @default true */
  readonly required?: boolean;
  /** Accepted hash algorithms; the initiator's order decides. @default ["sha3-256", "sha256", "sha1", "md5"] */
  readonly algorithms?: readonly ChapAlgorithm[];
  /** Accept secrets of fewer than 96 bits (RFC 7143 §9.2.1). @default false */
  readonly allowShortSecrets?: boolean;
}

/** A login that may go on to authentication. */
export interface Admission {
  /** The initiator may go on. */
  readonly kind: "admit";
  /** How the initiator authenticates. @default no authentication: AuthMethod None */
  readonly chap?: TargetChapPolicy;
  /** Portal group tag of the portal, 0 to 65535; told in normal sessions. @default 1 */
  readonly targetPortalGroupTag?: number;
  /** What people call the target. @default none */
  readonly targetAlias?: string;
  /** Digests over headers; discovery sessions have none. @default "prefer-none": the initiator's order decides */
  readonly headerDigest?: DigestPreference;
  /** Digests over data; discovery sessions have none. @default "prefer-none" */
  readonly dataDigest?: DigestPreference;
  /** Operational parameters that the target wants. Fields that are left out keep their defaults. @default {} */
  readonly offers?: OperationalOffers;
  /** Answers to keys that RFC 7143 does not define; others get `NotUnderstood`. @default {} */
  readonly extraKeys?: Readonly<Record<string, string>>;
  /** The session's parameters when a connection joins it (TSIH not 0): its session-wide keys stay. */
  readonly session?: NegotiatedParameters;
}

/** The target is elsewhere (RFC 7143 §11.13.5, status class 1). */
export interface Redirection {
  /** The initiator is to go elsewhere. */
  readonly kind: "redirect";
  /** `host[:port]`, IPv6 in brackets. */
  readonly address: string;
  /** True: 0102h, the initiator is to remember it. False: 0101h. */
  readonly permanent: boolean;
}

/** The login is refused with this status (RFC 7143 §11.13.5). */
export interface Refusal {
  /** The initiator may not go on. */
  readonly kind: "refuse";
  /** One of `LoginStatus`: Status-Class in the upper byte, Status-Detail in the lower. */
  readonly status: number;
}

/** Policy of a target. */
export interface TargetLoginPolicy {
  /**
   * Called once a login, when the first request has named both sides, before any authentication. The place to refuse an
   * unknown target (0203h), a forbidden initiator (0202h), an unknown TSIH (020ah), too many sessions (0302h), or
   * an unsupported session type (0209h).
   */
  admit(identity: LoginIdentity): Admission | Redirection | Refusal;
  /**
   * Called once a login, when everything is agreed and before the final response is made: registers the session, ends
   * the one that it reinstates, and returns its TSIH, 1 to 65535.
   */
  establish(
    identity: LoginIdentity,
    parameters: NegotiatedParameters,
    authenticatedAs: string | undefined,
  ): number | Refusal;
  /** Random bytes of a cryptographic quality. */
  randomBytes(length: number): Uint8Array;
}

/** Bounds on what one login may cost a target. */
export interface TargetLoginOptions {
  /** Login Requests of one login. @default 64 */
  readonly maxRounds?: number;
  /** Bytes of one text, over all PDUs that it spans. @default 65536 */
  readonly maxTextBytes?: number;
}
