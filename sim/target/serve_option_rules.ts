/**
 * What the options of serving may be, when a program without types hands them over: a target that is served otherwise than was meant lets strangers in.
 *
 * @module
 */

import type { ChapAccount } from "../../iscsi/negotiation/login_options.ts";
import type { KeepaliveOptions } from "../../iscsi/connection/keepalive.ts";
import { InvalidOptionError } from "../../iscsi/errors.ts";
import {
  array,
  complaintAbout,
  count,
  group,
  having,
  listOf,
  logger,
  mapOf,
  method,
  milliseconds,
  object,
  oneOf,
  type Rule,
  type Rules,
  secret,
  text,
  tries,
  truth,
} from "../../scsi/option_rules.ts";
import type { NetworkAddress } from "../../transport/byte_stream.ts";
import type {
  PortalOptions,
  TargetChap,
  TargetOptions,
  TargetPortal,
  TargetRedirect,
  TargetUnit,
} from "./target_options.ts";

const MAX_U16 = 0xffff;

const LISTEN: Rules<NetworkAddress> = { hostname: text, port: count(0, MAX_U16) };

const ACCOUNT: Rules<ChapAccount> = { name: text, secret };
const account = group(ACCOUNT, ["name", "secret"]);

const CHAP: Rules<TargetChap> = {
  accounts: listOf(account),
  target: account,
  required: truth,
  discovery: truth,
  algorithms: array,
  allowShortSecrets: truth,
};

const UNIT: Rules<TargetUnit> = {
  lun: count(),
  device: having("a device", "dataOutLength", "execute", "nexusEstablished", "nexusLost", "reset"),
  initiators: listOf(text),
};

const REDIRECT: Rules<TargetRedirect> = { address: text, permanent: truth };
const TOLD_PORTAL: Rules<TargetPortal> = { address: text, groupTag: count(0, MAX_U16) };
const DIGEST = oneOf("none", "prefer-none", "prefer-crc32c", "crc32c");

const TARGET: Rules<TargetOptions> = {
  targetName: text,
  targetAlias: text,
  units: listOf(group(UNIT, ["lun", "device"])),
  chap: group(CHAP, ["accounts"]),
  initiators: listOf(text),
  redirect: group(REDIRECT, ["address"]),
  headerDigest: DIGEST,
  dataDigest: DIGEST,
  negotiation: object,
  extraKeys: mapOf(text),
  targetPortalGroupTag: count(0, MAX_U16),
  statusInDataIn: truth,
  taskAbortedStatus: truth,
  portals: listOf(group(TOLD_PORTAL, ["address"])),
};

const KEEPALIVE: Rules<KeepaliveOptions> = {
  intervalMs: milliseconds,
  timeoutMs: milliseconds,
  maxMissed: tries,
};

const PORTAL: Rules<PortalOptions> = {
  clock: having("a clock", "now", "schedule"),
  faults: listOf(object),
  initialStatSn: count(0, 0xffffffff),
  keepalive: (value, option) => value === false ? undefined : group(KEEPALIVE)(value, option),
  limits: object,
  logger,
  onEvent: method,
  randomBytes: method,
};

/** All of them, those of `loopbackTarget` too. */
const SERVE: Readonly<Record<string, Rule>> = {
  ...TARGET,
  ...PORTAL,
  advertise: text,
  closeDevices: truth,
  furtherTargets: listOf(group(TARGET, ["targetName", "units"])),
  listen: group(LISTEN, ["hostname", "port"]),
  listener: having("a listener", "accept", "close"),
  network: object,
};

/**
 * Checks the options of a target that is to be served.
 *
 * @throws {InvalidOptionError} when one is there that there is not, or is not what it has to be.
 */
export function checkServeOptions(options: TargetOptions): void {
  const complaint = object(options, "options") ??
    TARGET.targetName(options.targetName, "targetName") ??
    TARGET.units(options.units, "units") ?? complaintAbout({ ...options }, SERVE);
  if (complaint !== undefined) throw new InvalidOptionError(complaint.option, complaint.message);
}
