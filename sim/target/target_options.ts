/**
 * What a simulated target can be told, and what it does when it is told nothing.
 *
 * @module
 */

import type { Logger } from "../../scsi/logger.ts";
import type {
  ChapAccount,
  ChapAlgorithm,
  DigestPreference,
  OperationalOffers,
} from "../../iscsi/negotiation/login_options.ts";
import type { KeepaliveOptions } from "../../iscsi/connection/keepalive.ts";
import type { Clock } from "../../transport/clock.ts";
import type { DeviceServer } from "../device_server.ts";
import type { TargetFault } from "./faults.ts";
import type { TargetEvent } from "./target_event.ts";

/** A device at a LUN. */
export interface TargetUnit {
  /** The LUN as people count, 0 to 16777215. */
  readonly lun: number;
  /** The device; a target closes its devices when it is closed. */
  readonly device: DeviceServer;
  /** Names of the initiators that see it; others find nothing at its LUN. @default all */
  readonly initiators?: readonly string[];
}

/** How initiators prove who they are, and how the target does (RFC 7143 §12.1.3). */
export interface TargetChap {
  /** The accounts that may log in. Secrets have at least 12 bytes. */
  readonly accounts: readonly ChapAccount[];
  /** The account with which the target proves itself (mutual CHAP). @default none: being asked fails the login */
  readonly target?: ChapAccount;
  /** False lets initiators choose to do without. @default true */
  readonly required?: boolean;
  /** Whether a discovery session needs the same. @default true */
  readonly discovery?: boolean;
  /** Accepted hash algorithms; the initiator's order decides. @default ["sha3-256", "sha256", "sha1", "md5"] */
  readonly algorithms?: readonly ChapAlgorithm[];
  /** Accept secrets of fewer than 96 bits (RFC 7143 §9.2.1). @default false */
  readonly allowShortSecrets?: boolean;
}

/** Where a login is sent instead (RFC 7143 §11.13.5, status class 1). */
export interface TargetRedirect {
  /** `host[:port]`, IPv6 in brackets. */
  readonly address: string;
  /** Whether the initiator should remember it. @default false */
  readonly permanent?: boolean;
}

/** Where initiators reach a target, as discovery tells them (RFC 7143 §4.4.2, Appendix C). */
export interface TargetPortal {
  /** `host[:port]`, IPv6 in brackets. */
  readonly address: string;
  /** Its portal group, 0 to 65535: connections of one session may use portals of one group. @default that of the target */
  readonly groupTag?: number;
}

/**
 * The operational parameters that a target negotiates; those that are missing here have one value only. Unlike an
 * initiator, a target agrees to 8 connections a session and to error recovery level 2 when it is asked.
 */
export type TargetOffers = Pick<
  OperationalOffers,
  | "maxConnections"
  | "errorRecoveryLevel"
  | "taskReporting"
  | "initialR2T"
  | "immediateData"
  | "maxReceiveDataSegmentLength"
  | "maxBurstLength"
  | "firstBurstLength"
  | "defaultTime2Wait"
  | "defaultTime2Retain"
  | "maxOutstandingR2T"
>;

/** One target: its name, its devices, and whom it lets in. */
export interface TargetOptions {
  /** iSCSI name: `iqn.`, `eui.` or `naa.` (RFC 7143 §4.2.7). */
  readonly targetName: string;
  /** What people call it. @default none */
  readonly targetAlias?: string;
  /** Its devices; without one at LUN 0, the target itself answers INQUIRY and REPORT LUNS there. */
  readonly units: readonly TargetUnit[];
  /** CHAP. @default none: everybody is let in */
  readonly chap?: TargetChap;
  /** Names of the initiators that may log in. @default all */
  readonly initiators?: readonly string[];
  /** Sends every login elsewhere. @default none */
  readonly redirect?: TargetRedirect;
  /** CRC32C over headers: `crc32c` insists, `none` refuses. @default "prefer-none": as the initiator likes */
  readonly headerDigest?: DigestPreference;
  /** CRC32C over data. @default "prefer-none": as the initiator likes */
  readonly dataDigest?: DigestPreference;
  /**
   * Operational parameters to negotiate; the result never exceeds what the initiator offers. With `taskReporting`,
   * sessions have one connection, on which responses need no fence.
   *
   * @default those of `OperationalOffers`, but up to 8 connections and error recovery level 2
   */
  readonly negotiation?: TargetOffers;
  /** Answers to keys that RFC 7143 does not define; others get `NotUnderstood`. @default {} */
  readonly extraKeys?: Readonly<Record<string, string>>;
  /** Portal group tag, 0 to 65535. @default 1 */
  readonly targetPortalGroupTag?: number;
  /** Whether GOOD status goes with the last Data-In; false sends a SCSI Response instead. @default true */
  readonly statusInDataIn?: boolean;
  /**
   * Commands that another initiator clears end with TASK ABORTED. False: without an answer, and the next command hears
   * of it by a unit attention, 2F/00 (the TAS bit of SPC-5 §7.5.8).
   *
   * @default true
   */
  readonly taskAbortedStatus?: boolean;
  /** Portals that discovery tells of. @default the one that serves it */
  readonly portals?: readonly TargetPortal[];
}

/** Bounds on what initiators can make a target spend. All lengths in bytes. */
export interface TargetLimits {
  /** Connections at a time; more are closed at once. @default 256 */
  readonly maxConnections?: number;
  /** Connections that have not logged in; one more ends the oldest of them. @default 32 */
  readonly maxPendingLogins?: number;
  /** Milliseconds for a login. @default 15000 */
  readonly loginTimeoutMs?: number;
  /** Milliseconds for one stage of a login, and for the first request to come. @default 10000 */
  readonly loginStageTimeoutMs?: number;
  /** Milliseconds for one PDU from its first byte to its last: ends peers that send a byte now and then. @default 60000 */
  readonly pduTimeoutMs?: number;
  /** Milliseconds for a peer to take what was sent to it. @default 120000 */
  readonly stallTimeoutMs?: number;
  /** Login Requests of one login. @default 64 */
  readonly maxLoginRounds?: number;
  /** One text, in a login or later, over all PDUs that it spans. @default 65536 */
  readonly maxTextBytes?: number;
  /**
   * Sessions of one target. One more ends the oldest of those that have lost all connections and wait for their
   * initiator; without such a one it is refused.
   *
   * @default 128
   */
  readonly maxSessions?: number;
  /** Non-immediate SCSI commands of a session that have no answer: the size of the CmdSN window. @default 64 */
  readonly commandWindow?: number;
  /**
   * Immediate SCSI commands of a session that have no answer, and task management functions of a connection that wait for
   * commands sent before them.
   *
   * @default 8
   */
  readonly maxImmediateCommands?: number;
  /** Data-Out of one command; one that asks for more gets INVALID FIELD IN CDB. @default 16777216 */
  readonly maxTransferBytes?: number;
  /**
   * Solicited Data-Out buffers of a session together; commands beyond wait for their R2T. At least `maxTransferBytes`.
   * Unsolicited data comes on top: at most FirstBurstLength for each command of the window.
   *
   * @default 67108864
   */
  readonly dataOutBytes?: number;
  /**
   * Data-In of a connection that waits to be sent, beyond which its next command is not executed yet; the last one
   * may exceed it.
   *
   * @default 33554432
   */
  readonly dataInBytes?: number;
  /** Other answers of a connection that wait to be sent; more end the connection. @default 1024 */
  readonly maxQueuedAnswers?: number;
  /** The data of those answers together; more end the connection. @default 4194304 */
  readonly queuedAnswerBytes?: number;
  /**
   * Sent answers of a connection that are kept until they are acknowledged, at error recovery level 1 and above. Beyond
   * it the oldest is forgotten, and a SNACK that asks for it is rejected.
   *
   * @default 1024
   */
  readonly maxRetainedAnswers?: number;
  /** The data of those answers together. @default 67108864 */
  readonly retainedBytes?: number;
}

/** How a target is served, whatever carries the connections. */
export interface PortalOptions {
  /** Bounds. @default those of {@link TargetLimits} */
  readonly limits?: TargetLimits;
  /** Pings to idle initiators. @default false: none */
  readonly keepalive?: KeepaliveOptions | false;
  /** StatSN of the first response on each connection; a high one tests an initiator's arithmetic. @default 1 */
  readonly initialStatSn?: number;
  /** Time. @default the runtime's own clock */
  readonly clock?: Clock;
  /** Random bytes of a cryptographic quality, for CHAP. @default WebCrypto */
  readonly randomBytes?: (length: number) => Uint8Array;
  /** What goes wrong, on purpose. @default [] */
  readonly faults?: readonly TargetFault[];
  /** Told of what happens. It must not throw. @default none */
  readonly onEvent?: (event: TargetEvent) => void;
  /** Where the target logs to. @default the LogTape category `["@uiscsi/tape", "sim"]` */
  readonly logger?: Logger;
}

/** The limits with their defaults. */
export const DEFAULT_LIMITS: Required<TargetLimits> = {
  maxConnections: 256,
  maxPendingLogins: 32,
  loginTimeoutMs: 15_000,
  loginStageTimeoutMs: 10_000,
  pduTimeoutMs: 60_000,
  stallTimeoutMs: 120_000,
  maxLoginRounds: 64,
  maxTextBytes: 65_536,
  maxSessions: 128,
  commandWindow: 64,
  maxImmediateCommands: 8,
  maxTransferBytes: 16 * 1024 * 1024,
  dataOutBytes: 64 * 1024 * 1024,
  dataInBytes: 32 * 1024 * 1024,
  maxQueuedAnswers: 1024,
  queuedAnswerBytes: 4 * 1024 * 1024,
  maxRetainedAnswers: 1024,
  retainedBytes: 64 * 1024 * 1024,
};
