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
      `Read the portal${shown}: expected HOST, HOST:PORT or [IPV6]:PORT`,
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
    return parsePortal(text);
  } catch (cause) {
    throw new ProtocolError(`The target announced "${text}", which is no portal`, { cause });
  }
}

/** Writes a portal the way {@link parsePortal} reads it, port included. */
export function formatPortal({ hostname, port }: NetworkAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
