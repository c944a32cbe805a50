/**
 * What the options of a session may be, when a program without types hands them over.
 *
 * @module
 */

import { isBytes } from "../../scsi/bytes.ts";
import {
  array,
  type Complaint,
  complaintAboutOwn,
  count,
  group,
  having,
  logger,
  mapOf,
  method,
  milliseconds,
  object,
  oneOf,
  rule,
  type Rules,
  secret,
  signal,
  text,
  tries,
  truth,
} from "../../scsi/option_rules.ts";
import type { KeepaliveOptions } from "../connection/keepalive.ts";
import { InvalidOptionError } from "../errors.ts";
import type { ChapAccount, ChapOptions, OperationalOffers } from "../negotiation/login.ts";
import type { ConnectOptions, SessionOptions } from "./session_options.ts";

const ACCOUNT: Rules<ChapAccount> = { name: text, secret };

const CHAP: Rules<ChapOptions> = {
  ...ACCOUNT,
  target: group(ACCOUNT, ["name", "secret"]),
  required: truth,
  algorithms: array,
  allowShortSecrets: truth,
};

const NEGOTIATION: Rules<OperationalOffers> = {
  maxConnections: count(),
  initialR2T: truth,
  immediateData: truth,
  maxReceiveDataSegmentLength: count(),
  maxBurstLength: count(),
  firstBurstLength: count(),
  defaultTime2Wait: count(),
  defaultTime2Retain: count(),
  maxOutstandingR2T: count(),
  dataPduInOrder: truth,
  dataSequenceInOrder: truth,
  errorRecoveryLevel: count(),
  taskReporting: array,
  protocolLevel: count(),
};

const KEEPALIVE: Rules<KeepaliveOptions> = {
  intervalMs: milliseconds,
  timeoutMs: milliseconds,
  maxMissed: tries,
};

const DIGEST = oneOf("none", "prefer-none", "prefer-crc32c", "crc32c");

/** What each option of a connection may be. */
export const CONNECT_RULES: Rules<ConnectOptions> = {
  abortEscalation: oneOf("none", "logical-unit-reset"),
  abortTimeoutMs: milliseconds,
  chap: group(CHAP, ["name", "secret"]),
  clock: having("a clock", "now", "schedule"),
  connections: count(1, 65_535),
  connectTimeoutMs: milliseconds,
  dataDigest: DIGEST,
  dial: method,
  extraKeys: mapOf(text),
  headerDigest: DIGEST,
  hooks: object,
  initiatorAlias: text,
  initiatorName: text,
  isid: rule("a Uint8Array of 6 bytes", (value) => isBytes(value) && value.length === 6),
  keepalive: (value, option) => value === false ? undefined : group(KEEPALIVE)(value, option),
  logger,
  loginTimeoutMs: milliseconds,
  maxRedirects: tries,
  negotiation: group(NEGOTIATION),
  randomBytes: method,
  signal,
};

/**
 * Checks the options of a session that is to be set up, the portal too.
 *
 * @throws {InvalidOptionError} when one is not what it has to be.
 */
export function checkConnectOptions(options: ConnectOptions, portal: unknown): void {
  refuse(complaintAboutOwn(options, CONNECT_RULES));
  refuse(text(portal, "portal"));
}

/**
 * Checks the options of a session with a target. Without a name, as from an environment variable that is not set, it would be one for discovery.
 *
 * @throws {InvalidOptionError} when one is not what it has to be.
 */
export function checkSessionOptions(options: SessionOptions): void {
  checkConnectOptions(options, options?.portal);
  refuse(text(options.targetName, "targetName"));
}

function refuse(complaint: Complaint | undefined): void {
  if (complaint !== undefined) throw new InvalidOptionError(complaint.option, complaint.message);
}
