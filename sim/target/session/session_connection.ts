/**
 * What a session and its requests need of the connection that carries them.
 *
 * @module
 */

import type { NegotiatedParameters } from "../../../iscsi/negotiation/negotiated_parameters.ts";
import type { TargetAsyncMessage } from "../output/async_answer.ts";
import type { ConnectionOutput } from "../output/connection_output.ts";
import type { ConnectionEvent } from "../target_event.ts";
import type { TaskConnection } from "../tasks/target_task.ts";

/** What becomes of the tasks of a connection that is over: at error recovery level 2, others can take them over. */
export type TaskFate = "keep" | "end";

/** One connection of a session, in the full feature phase. */
export interface SessionConnection extends TaskConnection {
  /** Connection ID, which the initiator chose. */
  readonly cid: number;
  /** Whether it is over. */
  readonly closed: boolean;
  /** What was agreed for this connection and its session. */
  readonly parameters: NegotiatedParameters;
  /** What it has to say. */
  readonly output: ConnectionOutput;
  /** The initiator declared another segment length. */
  changeParameters(parameters: NegotiatedParameters): void;
  /** The initiator has begun the negotiation that an Async Message may have asked for. */
  negotiationBegan(): void;
  /** The initiator answered a ping. */
  pongReceived(ttt: number): void;
  /** Sends an Async Message, and holds the initiator and the session to what it says (RFC 7143 §11.9). */
  sendAsync(message: TargetAsyncMessage): void;
  /** Nothing more is taken in, and the connection closes when all answers have left. */
  closeWhenSent(fate?: TaskFate): void;
  /** Ends the connection at once; `error` is why, unless it ends in order. */
  close(error: unknown, fate?: TaskFate): void;
  report(event: ConnectionEvent): void;
}
