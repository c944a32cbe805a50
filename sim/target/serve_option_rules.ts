/**
 * What the options of serving may be, when a program without types hands them over: a target that is served otherwise than was meant lets strangers in.
 *
 * @module
 */

import {
  account,
  clock,
  digest,
  keepalive,
  negotiation,
  refuse,
} from "../../iscsi/negotiation/option_rules.ts";
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
  object,
  optional,
  ownFields,
  record,
  type Rule,
  type Rules,
  text,
  truth,
} from "../../scsi/option_rules.ts";
import type { NetworkAddress } from "../../transport/byte_stream.ts";
import {
  DEFAULT_LIMITS,
  type PortalOptions,
  type TargetChap,
  type TargetOptions,
  type TargetPortal,
  type TargetRedirect,
  type TargetUnit,
} from "./target_options.ts";

const MAX_U16 = 0xffff;

const LISTEN: Rules<NetworkAddress> = { hostname: text, port: count(0, MAX_U16) };

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

const TARGET: Rules<TargetOptions> = {
  targetName: text,
  targetAlias: text,
  units: listOf(group(UNIT, ["lun", "device"])),
  chap: group(CHAP, ["accounts"]),
  initiators: listOf(text),
  redirect: group(REDIRECT, ["address"]),
  headerDigest: digest,
  dataDigest: digest,
  negotiation,
  extraKeys: mapOf(text),
  targetPortalGroupTag: count(0, MAX_U16),
  statusInDataIn: truth,
  taskAbortedStatus: truth,
  portals: listOf(group(TOLD_PORTAL, ["address"])),
};

const PORTAL: Rules<PortalOptions> = {
  clock,
  faults: listOf(object),
  initialStatSn: count(0, 0xffffffff),
  keepalive,
  limits: mapOf(optional(count(1)), "a limit", (name) => Object.hasOwn(DEFAULT_LIMITS, name)),
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
  listen: record(LISTEN),
  listener: having("a listener", "accept", "close"),
  network: object,
};

/**
 * Checks the options of a target that is to be served, and returns them as fields of their own.
 *
 * @throws {InvalidOptionError} when one is there that there is not, or is not what it has to be.
 */
export function checkedServeOptions<Options extends TargetOptions>(options: Options): Options {
  refuse(object(options, "options"));
  const fields = ownFields(options, SERVE);
  refuse(
    TARGET.targetName(fields.targetName, "targetName") ?? TARGET.units(fields.units, "units") ??
      complaintAbout(fields, SERVE),
  );
  return fields;
}
