/**
 * What a connection of a target is given by the portal that accepted it, and what it tells back.
 *
 * @module
 */

import type { KeepaliveOptions } from "../../../iscsi/connection/keepalive.ts";
import type { TargetLoginPolicy } from "../../../iscsi/negotiation/target_policy.ts";
import type { SendTargets } from "../requests/send_targets.ts";
import type { ConnectionEvent } from "../target_event.ts";
import type { TargetLimits } from "../target_options.ts";
import type { FaultyLine } from "./faulty_line.ts";

/** What a connection tells whoever drives it; called synchronously. */
export interface ConnectionEvents {
  /** The connection is over and the socket is to be closed. */
  closed(): void;
  /** There is something to write, or the next deadline is another. */
  changed(): void;
  report(event: ConnectionEvent): void;
}

/** Options of a {@link TargetConnection}. */
export interface TargetConnectionOptions {
  /** Whom to let in. */
  readonly policy: TargetLoginPolicy;
  /** What to answer to SendTargets. */
  readonly sendTargets: SendTargets;
  readonly limits: Required<TargetLimits>;
  readonly keepalive: KeepaliveOptions | false;
  readonly initialStatSn: number;
  /** Bytes of the staging buffer. */
  readonly stagingBytes: number;
  /** Milliseconds on the driver's clock. */
  readonly now: () => number;
  /** Whether this ping of the initiator gets no answer. */
  readonly ignoresPing: () => boolean;
  /** What goes wrong with outgoing PDUs; undefined when nothing does. */
  readonly line: FaultyLine | undefined;
}
