/**
 * What the options of a session may be, when a program without types hands them over.
 *
 * @module
 */

import { isBytes } from "../../scsi/bytes.ts";
import {
  array,
  complaintAboutOwn,
  count,
  group,
  logger,
  mapOf,
  method,
  milliseconds,
  object,
  oneOf,
  rule,
  type Rules,
  signal,
  text,
  tries,
  truth,
} from "../../scsi/option_rules.ts";
import type { ChapOptions } from "../negotiation/login.ts";
import {
  account,
  ACCOUNT_RULES,
  clock,
  digest,
  keepalive,
  negotiation,
  refuse,
} from "../negotiation/option_rules.ts";
import type { ConnectOptions, SessionOptions } from "./session_options.ts";

/** What each of the CHAP options may be. */
export const CHAP_RULES: Rules<ChapOptions> = {
  ...ACCOUNT_RULES,
  target: account,
  required: truth,
  algorithms: array,
  allowShortSecrets: truth,
};

/** What each option of a connection may be. */
export const CONNECT_RULES: Rules<ConnectOptions> = {
  abortEscalation: oneOf("none", "logical-unit-reset"),
  abortTimeoutMs: milliseconds,
  chap: group(CHAP_RULES, ["name", "secret"]),
  clock,
  connections: count(1, 65_535),
  connectTimeoutMs: milliseconds,
  dataDigest: digest,
  dial: method,
  extraKeys: mapOf(text),
  headerDigest: digest,
  hooks: object,
  initiatorAlias: text,
  initiatorName: text,
  isid: rule("a Uint8Array of 6 bytes", (value) => isBytes(value) && value.length === 6),
  keepalive,
  logger,
  loginTimeoutMs: milliseconds,
  maxRedirects: tries,
  negotiation,
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
