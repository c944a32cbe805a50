/**
 * What the initiator's core is told, and what it tells.
 *
 * @module
 */

import type { KeepaliveOptions } from "../../connection/keepalive.ts";
import type { NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import type { LoginPhaseOptions } from "../connection/login_phase.ts";
import type { ConnectionChange, PduEvent, SessionStateChange } from "../session_hooks.ts";
import type { SessionConnection } from "./session_connection.ts";

/** What the core tells whoever drives it; called synchronously. */
export interface InitiatorEvents {
  /** The leading login is done. */
  loggedIn(parameters: NegotiatedParameters): void;
  /** The target is at another portal. The session is over. */
  redirected(address: string, permanent: boolean): void;
  /** A connection is wanted: it is to be dialed, then opened, or reported as failed. */
  dial(cid: number): void;
  /** Its socket is to be closed. */
  disconnected(connection: SessionConnection): void;
  /** Connections may have something to write, and the next deadline may be another. */
  outputDue(): void;
  /** The session is over; `error` is why, unless a logout ended it in order. */
  closed(error: unknown): void;
  stateChanged(change: SessionStateChange): void;
  connectionChanged(change: ConnectionChange): void;
  /** Something that whoever reads the log should know. */
  notice(message: string, properties: Record<string, unknown>): void;
}

/** Options of the core; all times in milliseconds. */
export interface InitiatorOptions extends LoginPhaseOptions {
  /** Connections to have, as far as the target takes them. */
  readonly connections: number;
  /** Bytes of the staging buffer of each connection. */
  readonly stagingBytes: number;
  /** Sees all PDUs. */
  readonly pdu?: (event: PduEvent) => void;
  readonly loginTimeoutMs: number;
  /** How long to wait for the answer to ABORT TASK before the connection is dropped. */
  readonly abortTimeoutMs: number;
  /** Whether LOGICAL UNIT RESET is tried where ABORT TASK failed. */
  readonly resetsUnits: boolean;
  readonly logoutTimeoutMs: number;
  /** `false` for none. */
  readonly keepalive: KeepaliveOptions | false;
  /** CmdSN of the login, and of the first command after it. @default 1 */
  readonly initialCmdSn?: number;
  /** The first Initiator Task Tag. @default 0 */
  readonly initialTag?: number;
}
