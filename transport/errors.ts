/**
 * What can go wrong with a stream of bytes.
 *
 * @module
 */

import type { NetworkAddress } from "./byte_stream.ts";

/** What was attempted when a transport failed. */
export type TransportOperation = "dial" | "read" | "write" | "listen";

/**
 * Why a transport failed.
 *
 * - `refused`: the peer's host answered that nobody listens there.
 * - `timeout`: the operating system gave up waiting for the peer.
 * - `unreachable`: there is no route, or the address is none of this host's.
 * - `unknown-host`: the host name has no address.
 * - `reset`: the peer, or something between, broke the connection.
 * - `closed`: this side had closed the stream.
 * - `in-use`: somebody else listens on the address.
 * - `tls`: the peer does not speak TLS, or one side does not accept the other's certificate.
 * - `other`: see `cause`.
 */
export type TransportErrorReason =
  | "refused"
  | "timeout"
  | "unreachable"
  | "unknown-host"
  | "reset"
  | "closed"
  | "in-use"
  | "tls"
  | "other";

/** Fields of a {@link TransportError}. */
export interface TransportErrorOptions {
  /** What was attempted. */
  readonly op: TransportOperation;
  /** Why it failed. */
  readonly reason: TransportErrorReason;
  /** The address dialed or listened on, where there is one. */
  readonly address?: NetworkAddress;
  /** The error underneath. */
  readonly cause?: unknown;
}

/** A connection could not be made, or broke. The one class of error that a transport throws. */
export class TransportError extends Error {
  /** For error handlers that compare names. */
  override name = "TransportError";
  /** What was attempted. */
  readonly op: TransportOperation;
  /** Why it failed. */
  readonly reason: TransportErrorReason;
  /** The address dialed or listened on, where there is one. */
  readonly address?: NetworkAddress;

  /** Makes an error with a message of your own: what was attempted, a colon, what prevented it. */
  constructor(message: string, options: TransportErrorOptions) {
    super(message, { cause: options.cause });
    this.op = options.op;
    this.reason = options.reason;
    this.address = options.address;
  }
}

/** Reasons by the error codes of POSIX, Node and Bun, and by the names of Deno's error classes. */
const REASONS: ReadonlyMap<unknown, TransportErrorReason> = new Map<unknown, TransportErrorReason>([
  ["ECONNREFUSED", "refused"],
  ["ConnectionRefused", "refused"],
  ["ETIMEDOUT", "timeout"],
  ["TimedOut", "timeout"],
  ["EHOSTUNREACH", "unreachable"],
  ["ENETUNREACH", "unreachable"],
  ["EHOSTDOWN", "unreachable"],
  ["ENETDOWN", "unreachable"],
  ["EADDRNOTAVAIL", "unreachable"],
  ["NetworkUnreachable", "unreachable"],
  ["AddrNotAvailable", "unreachable"],
  ["ENOTFOUND", "unknown-host"],
  ["EAI_AGAIN", "unknown-host"],
  ["EAI_NONAME", "unknown-host"],
  ["EAI_NODATA", "unknown-host"],
  ["EAI_FAIL", "unknown-host"],
  // Bun resolves names with c-ares.
  ["DNS_ENOTFOUND", "unknown-host"],
  ["DNS_ENODATA", "unknown-host"],
  ["ECONNRESET", "reset"],
  ["ECONNABORTED", "reset"],
  ["EPIPE", "reset"],
  ["ENOTCONN", "reset"],
  ["ConnectionReset", "reset"],
  ["ConnectionAborted", "reset"],
  ["BrokenPipe", "reset"],
  ["NotConnected", "reset"],
  // A TLS peer that leaves without close_notify (RFC 8446 §6.1).
  ["UnexpectedEof", "reset"],
  ["ERR_STREAM_DESTROYED", "reset"],
  ["BadResource", "closed"],
  ["EADDRINUSE", "in-use"],
  ["AddrInUse", "in-use"],
  // Deno's class for every fault of a TLS record, handshake or certificate.
  ["InvalidData", "tls"],
]);

const STATES: Readonly<Record<Exclude<TransportErrorReason, "other">, string>> = {
  "refused": "connection refused",
  "timeout": "timed out",
  "unreachable": "address not reachable",
  "unknown-host": "unknown host",
  "reset": "connection broken by the peer",
  "closed": "stream is closed",
  "in-use": "address already in use",
  "tls": "TLS failed",
};

const ATTEMPTS: Readonly<Record<TransportOperation, string>> = {
  dial: "Cannot connect to",
  read: "Cannot read from",
  write: "Cannot write to",
  listen: "Cannot listen on",
};

/** The reason that the code or the class of a runtime's error stands for. */
export function reasonOf(cause: unknown): TransportErrorReason {
  const { code, name } = (cause ?? {}) as { code?: unknown; name?: unknown };
  const known = REASONS.get(code) ?? REASONS.get(name);
  if (known !== undefined) return known;
  return typeof code === "string" && /^ERR_(SSL|TLS)_/.test(code) ? "tls" : "other";
}

/** The error for a runtime's failure, with a message made from the fields. */
export function transportFailure(options: TransportErrorOptions): TransportError {
  const { op, reason, address, cause } = options;
  const place = address === undefined ? "the stream" : formatAddress(address);
  return new TransportError(`${ATTEMPTS[op]} ${place}: ${stateOf(reason, cause)}`, options);
}

function stateOf(reason: TransportErrorReason, cause: unknown): string {
  const detail = cause instanceof Error && cause.message !== "" ? cause.message : undefined;
  if (reason === "other") return detail ?? "unknown failure";
  return reason === "tls" && detail !== undefined ? `TLS failed, ${detail}` : STATES[reason];
}

function formatAddress({ hostname, port }: NetworkAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
