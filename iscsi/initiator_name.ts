/**
 * The iSCSI name that this host goes by unless it is given another: stable for a host, different between hosts, since
 * targets tell initiators apart by it (RFC 7143 §4.2.7).
 *
 * @module
 */

import { hostname } from "node:os";

const PREFIX = "iqn.2026-03.io.github.uiscsi";

/** The default initiator name: derived from the host's name, `unnamed` where that may not be read. */
export function defaultInitiatorName(): string {
  return `${PREFIX}:${hostLabel()}`;
}

function hostLabel(): string {
  try {
    return hostname().toLowerCase().replace(/[^a-z0-9.-]/g, "-").slice(0, 180) || "unnamed";
  } catch {
    return "unnamed";
  }
}
