/**
 * What an initiator brings to a login: names, credentials, and what it offers.
 *
 * @module
 */

import type { NegotiatedParameters } from "./negotiated_parameters.ts";

/** Whether CRC32C digests are wanted on the header or the data of every PDU (RFC 7143 §13.1). */
export type DigestPreference = "none" | "prefer-none" | "prefer-crc32c" | "crc32c";

/** A hash algorithm of CHAP (RFC 7143 §12.1.3 and the IANA registry of PPP authentication algorithms). */
export type ChapAlgorithm = "md5" | "sha1" | "sha256" | "sha3-256";

/** A name and the secret that proves it. */
export interface ChapAccount {
  /** CHAP_N. */
  readonly name: string;
  /** At least 12 bytes (96 bits), in UTF-8 when it is a string. */
  readonly secret: string | Uint8Array;
}

/** How an initiator proves who it is, and whether the target must (RFC 7143 §12.1.3). */
export interface ChapOptions extends ChapAccount {
  /**
   * The account that the target must prove itself with (mutual CHAP). An empty name accepts any name.
   *
   * @default none: the target proves nothing
   */
  readonly target?: ChapAccount;
  /**
   * False also offers AuthMethod None: the target may do without CHAP, as some do in discovery sessions. Not possible
   * together with `target`, which it would make worthless.
   *
   * @default true
   */
  readonly required?: boolean;
  /**
   * Hash algorithms to offer, the best first; the target picks the first that it knows. RFC 7143 wants `md5` among
   * them. Some targets fail on a list, and tgt 1.0.85 picks `sha256` and then refuses the response to it. What
   * protects CHAP is a long random secret, far more than the hash; name others where a target refuses MD5.
   *
   * @default ["md5"]
   */
  readonly algorithms?: readonly ChapAlgorithm[];
  /**
   * Accept secrets of fewer than 96 bits. RFC 7143 §9.2.1 allows these only where IPsec protects the connection.
   *
   * @default false
   */
  readonly allowShortSecrets?: boolean;
}

/** The operational parameters that one side wants; the result never exceeds what both sides can do. */
export interface OperationalOffers {
  /** Connections of the session, 1 to 65535. @default 1 */
  readonly maxConnections?: number;
  /** False: unsolicited Data-Out is welcome and saves a round trip on each write. @default false */
  readonly initialR2T?: boolean;
  /** Data in the SCSI Command PDU itself. @default true */
  readonly immediateData?: boolean;
  /** Bytes of data in one PDU that we accept, 512 to 16777215. A larger one means fewer PDUs. @default 262144 */
  readonly maxReceiveDataSegmentLength?: number;
  /** Bytes of one sequence of data, 512 to 16777215. A larger one means fewer R2Ts. @default 16776192 */
  readonly maxBurstLength?: number;
  /** Bytes of unsolicited data for one command, 512 to `maxBurstLength`. @default 262144, or `maxBurstLength` if that is less */
  readonly firstBurstLength?: number;
  /** Seconds to wait after a drop, 0 to 3600; the larger of both sides wins. @default 2 */
  readonly defaultTime2Wait?: number;
  /** Seconds that tasks are kept after a drop, 0 to 3600. @default 20 */
  readonly defaultTime2Retain?: number;
  /** R2Ts of one task at a time, 1 to 65535. @default 8 */
  readonly maxOutstandingR2T?: number;
  /** Data PDUs with increasing offsets only. @default true */
  readonly dataPduInOrder?: boolean;
  /** Data sequences with increasing offsets only. @default true */
  readonly dataSequenceInOrder?: boolean;
  /** 0 session, 1 digest, 2 connection recovery. @default 0 */
  readonly errorRecoveryLevel?: number;
  /** Values of TaskReporting, the best first. @default the key is not offered, and RFC3720 holds */
  readonly taskReporting?: readonly string[];
  /** iSCSIProtocolLevel, 0 to 31. @default the key is not offered, and 1 holds */
  readonly protocolLevel?: number;
}

/** Options of a login as initiator. */
export interface LoginOptions {
  /** iSCSI name of the initiator: `iqn.`, `eui.` or `naa.` (RFC 7143 §4.2.7). */
  readonly initiatorName: string;
  /** iSCSI name of the target. Required unless `sessionType` is `discovery`. */
  readonly targetName?: string;
  /** A session for SCSI commands, or one that only asks for targets. @default "normal" */
  readonly sessionType?: "normal" | "discovery";
  /** What people call this initiator, at most 255 bytes. @default none */
  readonly initiatorAlias?: string;
  /** CHAP credentials. With them, a target that would go on without CHAP is refused. @default none */
  readonly chap?: ChapOptions;
  /**
   * Digest over headers. `prefer-none` takes one only from a target that insists, `crc32c` refuses a target without.
   * Discovery sessions always offer none.
   *
   * @default "prefer-none"
   */
  readonly headerDigest?: DigestPreference;
  /** Digest over data, as above. Costs CPU, finds what TCP's checksum misses. @default "prefer-none" */
  readonly dataDigest?: DigestPreference;
  /** Operational parameters to offer. Fields that are left out keep their defaults. @default {} */
  readonly offers?: OperationalOffers;
  /**
   * Further keys to offer as they are, vendor keys (`X-…`) for instance. A key of RFC 7143 §13 replaces the offer of
   * that name and must have a legal value. The answers are in `NegotiatedParameters.extra`.
   *
   * @default {}
   */
  readonly extraKeys?: Readonly<Record<string, string>>;
  /**
   * Without credentials, begin in the operational stage: saves one round trip. A target that insists on the security
   * stage refuses this; `Session` does it, and where it is refused logs in again through the security stage.
   *
   * @default false
   */
  readonly skipSecurityStage?: boolean;
  /** Login Requests before the login is given up; bounds what a target can make us do. @default 64 */
  readonly maxRounds?: number;
}

/** Identity of the connection that a login is for. */
export interface LoginConnection {
  /** ISID, 6 bytes (RFC 7143 §11.12.5); the response must echo it. */
  readonly isid: Uint8Array;
  /** 0 for a new or reinstated session, else the session's TSIH. */
  readonly tsih: number;
  /** Parameters of the session when `tsih` is not 0: session-wide keys are not negotiated again. */
  readonly session?: NegotiatedParameters;
  /** Random bytes of a cryptographic quality. */
  readonly randomBytes: (length: number) => Uint8Array;
}
