/**
 * From the options of a session to those of its core.
 *
 * @module
 */

import { defaultInitiatorName } from "../initiator_name.ts";
import { InvalidOptionError } from "../errors.ts";
import type { LoginOptions, OperationalOffers } from "../negotiation/login.ts";
import type { InitiatorOptions } from "./core/initiator_options.ts";
import type { SessionHooks } from "./session_hooks.ts";
import { type ConnectOptions, webCryptoBytes } from "./session_options.ts";

/** Bytes of the staging buffer: many small PDUs in one read, and not much of a large one to copy. */
const STAGING_BYTES = 64 * 1024;
/** What this side takes in one PDU, unless told otherwise: large, since payloads are read straight into place. */
const MAX_RECEIVE_SEGMENT = 1024 * 1024;

/** Whom a login is for. */
export interface LoginIdentity {
  /** iSCSI name of the target; `undefined` in a discovery session. */
  readonly targetName: string | undefined;
  readonly isid: Uint8Array;
  /** Whether the login begins in the operational stage. */
  readonly skipsSecurityStage: boolean;
}

/** The options of the core. */
export function initiatorOptions(
  options: ConnectOptions,
  identity: LoginIdentity,
  hooks: SessionHooks,
): InitiatorOptions {
  const { abortTimeoutMs = 5_000, loginTimeoutMs = 15_000, keepalive = {} } = options;
  const { connections = 1, abortEscalation = "none" } = options;
  checkConnections(connections);
  return {
    login: loginOptions(options, identity),
    loginConnection: {
      isid: identity.isid,
      tsih: 0,
      randomBytes: options.randomBytes ?? webCryptoBytes,
    },
    connections,
    stagingBytes: STAGING_BYTES,
    pdu: hooks.pdu,
    resetsUnits: abortEscalation === "logical-unit-reset",
    loginTimeoutMs,
    abortTimeoutMs,
    logoutTimeoutMs: abortTimeoutMs,
    // A discovery session takes text requests and a logout only (RFC 7143 §13.21).
    keepalive: identity.targetName === undefined ? false : keepalive,
  };
}

function loginOptions(
  options: ConnectOptions,
  { targetName, skipsSecurityStage }: LoginIdentity,
): LoginOptions {
  const { initiatorName = defaultInitiatorName() } = options;
  const { initiatorAlias, chap, headerDigest, dataDigest, extraKeys } = options;
  return {
    initiatorName,
    initiatorAlias,
    chap,
    skipSecurityStage: skipsSecurityStage,
    headerDigest,
    dataDigest,
    extraKeys,
    targetName,
    sessionType: targetName === undefined ? "discovery" : "normal",
    offers: offers(options),
  };
}

/** RFC 7143 §13.19: with recovery within a command, and sequences in order, one R2T at a time. */
function offers({ connections = 1, negotiation = {} }: ConnectOptions): OperationalOffers {
  const { errorRecoveryLevel = 0, dataSequenceInOrder = true } = negotiation;
  const isOneR2t = errorRecoveryLevel > 0 && dataSequenceInOrder;
  return {
    maxReceiveDataSegmentLength: MAX_RECEIVE_SEGMENT,
    maxConnections: connections,
    ...negotiation,
    ...(isOneR2t && { maxOutstandingR2T: 1 }),
  };
}

function checkConnections(connections: number): void {
  if (Number.isInteger(connections) && connections >= 1 && connections <= 65_535) return;
  throw new InvalidOptionError(
    "connections",
    `Connect: a session has 1 to 65535 connections, not ${connections}`,
  );
}
