/**
 * What the initiator's core is told, and what it tells.
 *
 * @module
 */

import type { KeepaliveOptions } from "../../connection/keepalive.ts";
import type { NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import type { ConnectionOptions } from "../connection/initiator_connection.ts";
import type { LoginPhaseOptions } from "../connection/login_phase.ts";
import type { SessionStateChange } from "../session_hooks.ts";

/** What the core tells whoever drives it; called synchronously. */
export interface InitiatorEvents {
  loggedIn(parameters: NegotiatedParameters): void;
  /** The target is at another portal. The connection is over. */
  redirected(address: string, permanent: boolean): void;
  /** The session is over and the socket is to be closed; `error` is why, unless a logout ended it in order. */
  closed(error: unknown): void;
  stateChanged(change: SessionStateChange): void;
  /** Something that whoever reads the log should know. */
  notice(message: string, properties: Record<string, unknown>): void;
}

/** Options of the core; all times in milliseconds. */
export interface InitiatorOptions extends LoginPhaseOptions {
  readonly connection: ConnectionOptions;
  readonly loginTimeoutMs: number;
  /** How long to wait for the answer to ABORT TASK before the connection is dropped. */
  readonly abortTimeoutMs: number;
  readonly logoutTimeoutMs: number;
  /** `false` for none. */
  readonly keepalive: KeepaliveOptions | false;
  /** CmdSN of the login, and of the first command after it. @default 1 */
  readonly initialCmdSn?: number;
  /** The first Initiator Task Tag. @default 0 */
  readonly initialTag?: number;
}
