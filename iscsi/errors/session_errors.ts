/**
 * What ends a session or a connection of it: the network, or a peer that breaks the protocol.
 *
 * @module
 */

import { IscsiError, type IscsiErrorOptions } from "./iscsi_error.ts";

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

/** The session was closed by its owner before or while the command was under way. */
export class SessionClosedError extends IscsiError {
  /** The name of the class. */
  override name = "SessionClosedError";
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
