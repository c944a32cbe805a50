/**
 * What a session and its requests need of the connection that carries them.
 *
 * @module
 */

import type { NegotiatedParameters } from "../../iscsi/negotiation/negotiated_parameters.ts";
import type { TargetAsyncMessage } from "./async_answer.ts";
import type { Answer } from "./connection_output.ts";
import type { ConnectionEvent } from "./target_event.ts";
import type { TargetTask } from "./tasks/target_task.ts";

/** One connection of a session, in the full feature phase. */
export interface SessionConnection {
  /** Whether it is over. */
  readonly closed: boolean;
  /** What was agreed for this connection and its session. */
  readonly parameters: NegotiatedParameters;
  /** Queues an answer behind those that are queued. */
  send(answer: Answer): void;
  /** Queues an answer that overtakes those to commands. */
  sendUrgent(answer: Answer): void;
  /** Queues the answer to a SCSI command. */
  reply(task: TargetTask): void;
  /** Asks for the next part of a command's data, with this Target Transfer Tag. */
  sendR2t(task: TargetTask, ttt: number): void;
  /** Whether the Data-In that waits leaves room for more; when not, the session hears once it does. */
  hasRoomForData(): boolean;
  /** The initiator declared another segment length. */
  changeParameters(parameters: NegotiatedParameters): void;
  /** The initiator has begun the negotiation that an Async Message may have asked for. */
  negotiationBegan(): void;
  /** The initiator answered a ping. */
  pongReceived(ttt: number): void;
  /** Sends an Async Message, and holds the initiator and the connection to what it says (RFC 7143 §11.9). */
  sendAsync(message: TargetAsyncMessage): void;
  /** Nothing more is taken in, and the connection closes when all answers have left. */
  closeWhenSent(): void;
  /** Ends the connection at once; `error` is why, unless it ends in order. */
  close(error: unknown): void;
  report(event: ConnectionEvent): void;
}
