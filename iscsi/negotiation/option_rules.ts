/**
 * What those options may be that initiators and simulated targets share, when a program without types hands them over.
 *
 * @module
 */

import {
  array,
  type Complaint,
  count,
  group,
  having,
  milliseconds,
  oneOf,
  record,
  type Rule,
  type Rules,
  secret,
  text,
  tries,
  truth,
} from "../../scsi/option_rules.ts";
import type { KeepaliveOptions } from "../connection/keepalive.ts";
import { InvalidOptionError } from "../errors.ts";
import type { ChapAccount, OperationalOffers } from "./login_options.ts";

/** What each option of a CHAP account may be. */
export const ACCOUNT_RULES: Rules<ChapAccount> = { name: text, secret };
/** A CHAP account. */
export const account: Rule = record(ACCOUNT_RULES);
/** Which digests to want. */
export const digest: Rule = oneOf("none", "prefer-none", "prefer-crc32c", "crc32c");
/** Where the time comes from. */
export const clock: Rule = having("a clock", "now", "schedule");

const KEEPALIVE: Rules<KeepaliveOptions> = {
  intervalMs: milliseconds,
  timeoutMs: milliseconds,
  maxMissed: tries,
};
const OFFERS: Rules<OperationalOffers> = {
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

/** What to negotiate. */
export const negotiation: Rule = group(OFFERS);

const keepaliveOptions = group(KEEPALIVE);

/** When to ping; `false` for never. */
export const keepalive: Rule = (value, option) =>
  value === false ? undefined : keepaliveOptions(value, option);

/** @throws {InvalidOptionError} when there is something wrong. */
export function refuse(complaint: Complaint | undefined): void {
  if (complaint !== undefined) throw new InvalidOptionError(complaint.option, complaint.message);
}
