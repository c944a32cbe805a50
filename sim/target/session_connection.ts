/**
 * What a session and its requests need of the connection that carries them.
 *
 * @module
 */

import type { NegotiatedParameters } from "../../iscsi/negotiation/negotiated_parameters.ts";
import type { Answer } from "./answer.ts";
import type { TargetAsyncMessage } from "./async_answer.ts";
import type { RetainedAnswers } from "./retained_answers.ts";
import type { ConnectionEvent } from "./target_event.ts";
import type { RepeatedReply } from "./repeated_reply.ts";
import type { OpenRequest } from "./tasks/data_collection.ts";
import type { TargetTask, TaskConnection } from "./tasks/target_task.ts";

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
  /** The StatSN that the next status will carry. */
  readonly statSn: number;
  /** Answers that are not acknowledged; undefined at error recovery level 0. */
  readonly retained: RetainedAnswers | undefined;
  /** Queues an answer behind those that are queued. */
  send(answer: Answer): void;
  /** Queues an answer that overtakes those to commands. */
  sendUrgent(answer: Answer): void;
  /** Queues an answer that was sent before with this StatSN. */
  sendAgain(answer: Answer, statSn: number): void;
  /** Queues part of the answer to a SCSI command that was sent before. */
  repeat(part: RepeatedReply): void;
  /** Sends the data of a task anew from what was acknowledged, and then its status. */
  replyAnew(task: TargetTask): void;
  /** Sends an R2T again. */
  repeatR2t(task: TargetTask, request: OpenRequest): void;
  /** Tells the initiator where the CmdSN window is, without being asked. */
  announceWindow(): void;
  /** The initiator has all answers before `expStatSn`. */
  acknowledge(expStatSn: number): void;
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
