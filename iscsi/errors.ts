/**
 * What can go wrong on an iSCSI session, one class for each thing that a caller would catch.
 *
 * Everything that a peer or the network can cause extends {@link IscsiError}, and through it the
 * `ServiceDeliveryError` of SCSI. Misuse by the caller is an {@link InvalidOptionError}.
 *
 * @module
 */

import { type CommandOutcome, ServiceDeliveryError } from "../scsi/errors.ts";

/** The part of a login or session in which something happened (RFC 7143 §6.3). */
export type LoginStage = "security" | "operational" | "full-feature";

/** An option given by the caller is missing, malformed, out of range, or contradicts another. */
export class InvalidOptionError extends Error {
  /** The name of the class. */
  override name = "InvalidOptionError";
  /** Name of the option as the caller writes it, with dots for nesting: `chap.secret`. */
  readonly option: string;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(option: string, message: string) {
    super(message);
    this.option = option;
  }
}

/** Fields that every {@link IscsiError} takes. */
export interface IscsiErrorOptions {
  /**
   * Whether the device may have executed the command that failed with this error.
   *
   * @default "not-executed" for errors of connecting and logging in, "unknown" for all others
   */
  readonly outcome?: CommandOutcome;
  /** The error underneath. */
  readonly cause?: unknown;
}

/** Base class of every error of the iSCSI layer. */
export class IscsiError extends ServiceDeliveryError {
  /** The name of the class. */
  override name = "IscsiError";

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: IscsiErrorOptions = {}) {
    const { outcome = "unknown", cause } = options;
    super(message, { outcome, cause });
  }
}

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

/** Fields of a {@link ProtocolError}. */
export interface ProtocolErrorOptions extends IscsiErrorOptions {
  /** One line each for the last PDUs that went over the connection, oldest first. */
  readonly recentPdus?: readonly string[];
}

/** The peer broke RFC 7143; the message names the rule. The connection cannot be used any further. */
export class ProtocolError extends IscsiError {
  /** The name of the class. */
  override name = "ProtocolError";
  /** One line each for the last PDUs that went over the connection, oldest first; no secrets. */
  recentPdus: readonly string[] | undefined;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: ProtocolErrorOptions = {}) {
    super(message, options);
    this.recentPdus = options.recentPdus;
  }
}

/** Fields of a {@link DigestError}. */
export interface DigestErrorOptions extends ProtocolErrorOptions {
  /** The part of the PDU whose digest is wrong. */
  readonly segment: "header" | "data";
}

/** A CRC32C digest does not match what it covers (RFC 7143 §7.8). */
export class DigestError extends ProtocolError {
  /** The name of the class. */
  override name = "DigestError";
  /** The part of the PDU whose digest is wrong. */
  readonly segment: "header" | "data";

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: DigestErrorOptions) {
    super(message, options);
    this.segment = options.segment;
  }
}

/** The connection broke, the peer closed it, or it stopped answering. */
export class ConnectionLostError extends IscsiError {
  /** The name of the class. */
  override name = "ConnectionLostError";
}

/**
 * Part of a command's data was lost or damaged on the way, and the target did not send it again. The command itself may
 * have been executed; nothing of its data counts (RFC 7143 §7.8, §11.16).
 */
export class DataLostError extends IscsiError {
  /** The name of the class. */
  override name = "DataLostError";
}

/**
 * The source of a command's Data-Out did not give what was promised: it ended early, gave too much or no bytes at all, or
 * failed by itself, with `cause` then. The command was aborted.
 */
export class DataSourceError extends IscsiError {
  /** The name of the class. */
  override name = "DataSourceError";
}

/** Fields of a {@link CommandTimeoutError}. */
export interface CommandTimeoutErrorOptions extends IscsiErrorOptions {
  /** Name of the SCSI command or iSCSI request. */
  readonly commandName: string;
  /** The deadline that passed, in milliseconds from the call. */
  readonly timeoutMs: number;
}

/** A command had no answer in its time. */
export class CommandTimeoutError extends IscsiError {
  /** The name of the class. */
  override name = "CommandTimeoutError";
  /** Name of the SCSI command or iSCSI request. */
  readonly commandName: string;
  /** The deadline that passed, in milliseconds from the call. */
  readonly timeoutMs: number;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: CommandTimeoutErrorOptions) {
    super(message, options);
    this.commandName = options.commandName;
    this.timeoutMs = options.timeoutMs;
  }
}

/** The session was closed by its owner before or while the command was under way. */
export class SessionClosedError extends IscsiError {
  /** The name of the class. */
  override name = "SessionClosedError";
}

/** Fields of a {@link RejectError}. */
export interface RejectErrorOptions extends IscsiErrorOptions {
  /** Reason code of the Reject PDU. */
  readonly reason: number;
  /** What RFC 7143 calls that reason. */
  readonly reasonName: string;
}

/** The target answered a request with a Reject PDU (RFC 7143 §11.17). */
export class RejectError extends IscsiError {
  /** The name of the class. */
  override name = "RejectError";
  /** Reason code of the Reject PDU (RFC 7143 §11.17.1). */
  readonly reason: number;
  /** What RFC 7143 calls that reason. */
  readonly reasonName: string;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: RejectErrorOptions) {
    super(message, options);
    this.reason = options.reason;
    this.reasonName = options.reasonName;
  }
}

/** Fields of a {@link LogoutError}. */
export interface LogoutErrorOptions extends IscsiErrorOptions {
  /** Response code of the Logout Response. */
  readonly response: number;
  /** What RFC 7143 calls that response. */
  readonly responseName: string;
}

/** The target did not carry out a logout (RFC 7143 §11.15.1). */
export class LogoutError extends IscsiError {
  /** The name of the class. */
  override name = "LogoutError";
  /** Response code of the Logout Response. */
  readonly response: number;
  /** What RFC 7143 calls that response. */
  readonly responseName: string;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: LogoutErrorOptions) {
    super(message, options);
    this.response = options.response;
    this.responseName = options.responseName;
  }
}

/** Fields of a {@link TaskManagementError}. */
export interface TaskManagementErrorOptions extends IscsiErrorOptions {
  /** Name of the task management function, `ABORT TASK` for instance. */
  readonly functionName: string;
  /** Response code of the Task Management Function Response. */
  readonly response: number;
  /** What RFC 7143 calls that response. */
  readonly responseName: string;
}

/** The target did not carry out a task management function (RFC 7143 §11.6.1). */
export class TaskManagementError extends IscsiError {
  /** The name of the class. */
  override name = "TaskManagementError";
  /** Name of the task management function. */
  readonly functionName: string;
  /** Response code of the Task Management Function Response. */
  readonly response: number;
  /** What RFC 7143 calls that response. */
  readonly responseName: string;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: TaskManagementErrorOptions) {
    super(message, options);
    this.functionName = options.functionName;
    this.response = options.response;
    this.responseName = options.responseName;
  }
}

/** Fields of a {@link TaskAbortedError}. */
export interface TaskAbortedErrorOptions extends IscsiErrorOptions {
  /** Name of the task management function, `LOGICAL UNIT RESET` for instance. */
  readonly functionName: string;
}

/** A task management function that acts on many commands ended this one, and it gets no status (RFC 7143 §4.2.3). */
export class TaskAbortedError extends IscsiError {
  /** The name of the class. */
  override name = "TaskAbortedError";
  /** Name of the task management function. */
  readonly functionName: string;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: TaskAbortedErrorOptions) {
    super(message, options);
    this.functionName = options.functionName;
  }
}

/** Fields of a {@link TargetFailureError}. */
export interface TargetFailureErrorOptions extends IscsiErrorOptions {
  /** Response code of the SCSI Response. */
  readonly response: number;
}

/** The target could not carry a command to the device or its status back (RFC 7143 §11.4.3). */
export class TargetFailureError extends IscsiError {
  /** The name of the class. */
  override name = "TargetFailureError";
  /** Response code of the SCSI Response; 01h is target failure. */
  readonly response: number;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: TargetFailureErrorOptions) {
    super(message, options);
    this.response = options.response;
  }
}
