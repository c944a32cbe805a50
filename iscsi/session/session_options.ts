/**
 * What a session can be told, and what it does when it is told nothing.
 *
 * @module
 */

import type { Logger } from "../../scsi/logger.ts";
import type { Dialer } from "../../transport/byte_stream.ts";
import type { ChapOptions, DigestPreference, OperationalOffers } from "../negotiation/login.ts";
import type { Clock } from "../connection/clock.ts";
import type { KeepaliveOptions } from "../connection/keepalive.ts";
import type { SessionHooks } from "./session_hooks.ts";

/** Options that normal and discovery sessions share. */
export interface ConnectOptions {
  /** How to reach the portal. @default the runtime's own TCP */
  readonly dial?: Dialer;
  /**
   * iSCSI name of this initiator. Targets tie access rights and reservations to it: give each host its own.
   *
   * @default derived from the host's name
   */
  readonly initiatorName?: string;
  /** What people call this initiator; told to the target. @default none */
  readonly initiatorAlias?: string;
  /**
   * ISID, 6 bytes (RFC 7143 §11.12.5). A login with the name and ISID of a living session ends that session; a fixed
   * one keeps reservations over a restart.
   *
   * @default random, so that programs on one host do not end each other's sessions
   */
  readonly isid?: Uint8Array;
  /** CHAP credentials; with `chap.target`, the target must prove itself too. @default none */
  readonly chap?: ChapOptions;
  /** CRC32C over headers. @default "prefer-none": only where the target insists */
  readonly headerDigest?: DigestPreference;
  /** CRC32C over data: finds what TCP's checksum misses, at the price of CPU. @default "prefer-none" */
  readonly dataDigest?: DigestPreference;
  /** Operational parameters to offer. @default those of {@link OperationalOffers} */
  readonly negotiation?: OperationalOffers;
  /**
   * Connections of the session, 1 to 65535, as far as the target takes them; more than one helps where a single one does
   * not fill the line. The session works as soon as the first does. One that cannot be added is reported to the log and
   * to the hooks, and tried again a few times. At error recovery levels 0 and 1 the loss of any ends the session.
   *
   * @default 1
   */
  readonly connections?: number;
  /** Further text keys to offer at login. @default {} */
  readonly extraKeys?: Readonly<Record<string, string>>;
  /** Milliseconds for the TCP connection. @default 10000 */
  readonly connectTimeoutMs?: number;
  /** Milliseconds for the login. @default 15000 */
  readonly loginTimeoutMs?: number;
  /** Milliseconds to wait for the answer to an ABORT TASK or a logout before the connection is dropped. @default 5000 */
  readonly abortTimeoutMs?: number;
  /**
   * What follows an ABORT TASK that the target does not carry out in time, before the session is ended:
   * `logical-unit-reset` takes away the position and the commands of everybody who uses the device.
   *
   * @default "none"
   */
  readonly abortEscalation?: "none" | "logical-unit-reset";
  /**
   * Pings on an idle connection; `false` for none. None go out while a command is outstanding, because many targets answer
   * them only when it has ended, if at all: what notices then that the target is gone is the command's timeout, and the
   * TCP keepalive of the operating system, as a rule after two hours.
   *
   * @default one a minute
   */
  readonly keepalive?: KeepaliveOptions | false;
  /** Portals that a redirected login may visit (RFC 7143 §11.13.5). @default 8 */
  readonly maxRedirects?: number;
  /** Ends connecting and logging in; later calls have signals of their own. */
  readonly signal?: AbortSignal;
  /** Told of PDUs, states and commands; what is left out costs nothing. @default {} */
  readonly hooks?: SessionHooks;
  /** Where the session logs to. @default the LogTape category `["@uiscsi/tape", "iscsi"]` */
  readonly logger?: Logger;
  /** Time. @default the runtime's own clock */
  readonly clock?: Clock;
  /** Random bytes of a cryptographic quality, for the ISID and CHAP. @default WebCrypto */
  readonly randomBytes?: (length: number) => Uint8Array;
}

/** Options of a request that is no SCSI command. */
export interface RequestOptions {
  /** Milliseconds to wait for the answer. @default what the method says */
  readonly timeoutMs?: number;
  /** Ends the wait; the promise rejects with its reason. @default none */
  readonly signal?: AbortSignal;
}

/** Options of a discovery session. */
export interface DiscoverySessionOptions extends ConnectOptions {
  /** The portal: `host`, `host:port` or `[IPv6]:port`. */
  readonly portal: string;
}

/** Options of a session with a target. */
export interface SessionOptions extends DiscoverySessionOptions {
  /** iSCSI name of the target. */
  readonly targetName: string;
}

/** Random bytes of a cryptographic quality from WebCrypto. */
export function webCryptoBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** A random ISID: type 10b, 24 random bits, and a random qualifier (RFC 7143 §11.12.5). */
export function randomIsid(randomBytes: (length: number) => Uint8Array): Uint8Array {
  const isid = randomBytes(6);
  isid[0] = 0x80;
  return isid;
}
