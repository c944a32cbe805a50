/**
 * Discovery by SendTargets (RFC 7143 §4.3, Appendix C).
 *
 * @module
 */

import { ownFields } from "../../scsi/option_rules.ts";
import type { NetworkAddress } from "../../transport/byte_stream.ts";
import { AuthenticationError, ProtocolError } from "../errors.ts";
import { decodeText, encodeText, type TextLimits } from "../negotiation/text_keys.ts";
import { parseNumber } from "../negotiation/text_values.ts";
import { parseAnnouncedPortal } from "../portal.ts";
import { Session } from "./session.ts";
import { CHAP_RULES, checkConnectOptions, CONNECT_RULES } from "./session_option_rules.ts";
import type { ConnectOptions } from "./session_options.ts";
import { MAX_TEXT_BYTES } from "./requests/text_exchange.ts";

/** A portal of a target. */
export interface TargetPortal extends NetworkAddress {
  /** Portal group tag; `undefined` when the target did not tell. */
  readonly portalGroupTag?: number;
}

/** A target and where it can be reached. */
export interface DiscoveredTarget {
  /** iSCSI name. */
  readonly name: string;
  /** Its portals; the one that was asked when the target names none. */
  readonly portals: readonly TargetPortal[];
}

/** A list of targets is longer than a negotiation, and its records repeat their keys. */
const SEND_TARGETS: TextLimits = {
  maxTextBytes: MAX_TEXT_BYTES,
  repeatable: ["TargetName", "TargetAddress", "TargetAlias", "TargetPortalGroupTag"],
};

/**
 * Asks a portal (`host`, `host:port` or `[IPv6]:port`) for its targets.
 *
 * Many portals demand CHAP of sessions with a target and none for discovery, or the reverse: `chap` is offered, and a
 * portal that does without is asked all the same. A list of names proves nothing; the login to a target does.
 *
 * @throws {IscsiError} the classes that {@link Session.connect} names.
 */
export async function discover(
  portal: string,
  options: ConnectOptions = {},
): Promise<DiscoveredTarget[]> {
  checkConnectOptions(options, portal);
  const session = await openDiscovery(portal, ownFields(options, CONNECT_RULES));
  try {
    const { signal } = options;
    const answer = await session.text(encodeText([["SendTargets", "All"]]), { signal });
    return readTargets(decodeText(answer, SEND_TARGETS), session.address);
  } finally {
    await session.close();
  }
}

async function openDiscovery(portal: string, options: ConnectOptions): Promise<Session> {
  const { chap } = options;
  const offered = chap && !chap.target ? { ...ownFields(chap, CHAP_RULES), required: false } : chap;
  try {
    return await Session.connectDiscovery({ ...options, portal, chap: offered });
  } catch (error) {
    const refused = error instanceof AuthenticationError && error.reason === "method-refused";
    if (!refused) throw error;
    return await Session.connectDiscovery({ ...options, portal, chap: undefined });
  }
}

/** Keys of a list of targets, beside those that vendors add (RFC 7143 Appendix C). */
const RECORD_KEYS: ReadonlySet<string> = new Set(SEND_TARGETS.repeatable);
const VENDOR_KEY = /^X[-#]/;
const MAX_PORTAL_GROUP_TAG = 0xffff;

/**
 * Each TargetName begins a record; the TargetAddress keys that follow belong to it.
 *
 * @throws {ProtocolError} when the list holds what does not belong in one.
 */
export function readTargets(
  pairs: readonly (readonly [string, string])[],
  asked: NetworkAddress,
): DiscoveredTarget[] {
  const found: { name: string; portals: TargetPortal[] }[] = [];
  for (const [key, value] of pairs) {
    if (key === "TargetName") found.push({ name: value, portals: [] });
    else if (key === "TargetAddress") targetAddress(found.at(-1), value);
    else if (!RECORD_KEYS.has(key) && !VENDOR_KEY.test(key)) {
      throw new ProtocolError(`Discover targets: ${key} does not belong in a list of targets`);
    }
  }
  return found.map(({ name, portals }) => ({
    name,
    portals: portals.length > 0 ? portals : [asked],
  }));
}

function targetAddress(record: { portals: TargetPortal[] } | undefined, value: string): void {
  if (!record) throw new ProtocolError("Discover targets: an address came before any target name");
  const [portal, tag] = value.split(",");
  const portalGroupTag = parseNumber(tag ?? "0");
  if (portalGroupTag === undefined || portalGroupTag > MAX_PORTAL_GROUP_TAG) {
    throw new ProtocolError(`Discover targets: "${tag}" is no portal group tag`);
  }
  record.portals.push({
    ...parseAnnouncedPortal(portal),
    ...(tag !== undefined && { portalGroupTag }),
  });
}
