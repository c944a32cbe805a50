/**
 * Network portals as people and targets write them: `host`, `host:port`, `[IPv6]:port` (RFC 7143 §13.8).
 *
 * @module
 */

import type { NetworkAddress } from "../transport/byte_stream.ts";
import { InvalidOptionError, ProtocolError } from "./errors.ts";

/** The port that IANA assigned to iSCSI. */
export const ISCSI_PORT = 3260;

/**
 * Takes a portal apart. The port is 3260 when none is given; a portal group tag behind a comma is ignored.
 *
 * @throws {InvalidOptionError} when it is no portal.
 */
export function parsePortal(text: string): NetworkAddress {
  const [portal] = text.split(",");
  const match =
    /^(?:\[([0-9a-fA-F.]*:[0-9a-fA-F:.]*(?:%[^\[\]/\s]+)?)\]|([^:@%[\]/\s]+))(?::(\d{1,5}))?$/.exec(
      portal,
    );
  const port = match?.[3] === undefined ? ISCSI_PORT : Number(match[3]);
  if (!match || port < 1 || port > 65535) {
    // Anything else may be a name and a secret.
    const shown = /^[^@%:]*(?::\d*)?$/.test(text) ? ` "${text}"` : "";
    throw new InvalidOptionError(
      "portal",
      `Read the portal${shown}: expected HOST, HOST:PORT or [IPV6]:PORT, with a port up to 65535`,
    );
  }
  return { hostname: match[1] ?? match[2], port };
}

/**
 * Takes apart a portal that a target announced, by TargetAddress.
 *
 * @throws {ProtocolError} when it is no portal.
 */
export function parseAnnouncedPortal(text: string): NetworkAddress {
  try {
    return parsePortal(bracketed(text));
  } catch (cause) {
    throw new ProtocolError(`The target announced "${text}", which is no portal`, { cause });
  }
}

/**
 * A portal with the brackets that some targets leave out around an IPv6 address. What follows the last colon is its port
 * where it can be nothing else, or is the one that nearly all portals have.
 */
function bracketed(text: string): string {
  const [portal] = text.split(",");
  const at = portal.lastIndexOf(":");
  const head = portal.slice(0, at);
  const isAddress = isIpv6(portal) && !(isIpv6(head) && portal.slice(at) === `:${ISCSI_PORT}`);
  if (isAddress) return `[${portal}]`;
  return isIpv6(head) ? `[${head}]${portal.slice(at)}` : portal;
}

function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) && URL.canParse(`http://[${text}]`);
}

/** Writes a portal the way {@link parsePortal} reads it, port included. */
export function formatPortal({ hostname, port }: NetworkAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
