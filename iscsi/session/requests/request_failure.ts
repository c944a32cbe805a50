/**
 * What the end of a session means to each of its requests.
 *
 * @module
 */

import type { CommandOutcome } from "../../../scsi/errors.ts";
import {
  CommandTimeoutError,
  ConnectionLostError,
  DigestError,
  IscsiError,
  ProtocolError,
  SessionClosedError,
} from "../../errors.ts";
import { ScsiTask } from "./scsi_task.ts";
import type { NumberedRequest } from "../core/session_state.ts";

/** What a request is called in messages. */
export function requestName(request: NumberedRequest): string {
  return request instanceof ScsiTask ? request.name : "Text request";
}

/** The error for a request of a session that ended with `error`, or in order when that is `undefined`. */
export function requestFailure(
  request: NumberedRequest,
  error: unknown,
  outcome: CommandOutcome,
): unknown {
  if (request instanceof ScsiTask && request.state === "aborting") return request.abortReason;
  return sessionFailure(requestName(request), error, outcome);
}

/** The error of a session as one of its requests sees it. */
export function sessionFailure(name: string, error: unknown, outcome: CommandOutcome): IscsiError {
  if (error === undefined) {
    return new SessionClosedError(`${name}: the session was closed`, { outcome });
  }
  const cause = error instanceof IscsiError
    ? error
    : new ConnectionLostError("The session failed", { cause: error });
  const message = cause.message.startsWith(`${name}: `)
    ? cause.message
    : `${name}: ${asClause(cause.message)}`;
  if (cause instanceof DigestError) {
    const { segment, recentPdus } = cause;
    return new DigestError(message, { outcome, cause, segment, recentPdus });
  }
  if (cause instanceof ProtocolError) {
    return new ProtocolError(message, { outcome, cause, recentPdus: cause.recentPdus });
  }
  return new ConnectionLostError(message, { outcome, cause });
}

/** A sentence behind a colon: in lower case, unless it begins with a name in capitals. */
function asClause(sentence: string): string {
  return /^[A-Z][A-Z]/.test(sentence)
    ? sentence
    : `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}

/** The error for a request that a session does not take any more. */
export function refusal(name: string, why: string, cause?: unknown): SessionClosedError {
  return new SessionClosedError(`${name}: ${why}`, { outcome: "not-executed", cause });
}

/** The error for a request whose deadline has passed; `unsent` is why it never went out, if it did not. */
export function timeoutFailure(request: NumberedRequest, unsent?: string): CommandTimeoutError {
  const commandName = requestName(request);
  const { timeoutMs } = request;
  const time = `within ${timeoutMs / 1000} s`;
  const state = unsent === undefined
    ? `no answer ${time}`
    : `it could not be sent ${time}, ${unsent}`;
  const outcome = unsent === undefined ? "unknown" : "not-executed";
  return new CommandTimeoutError(`${commandName}: ${state}`, { commandName, timeoutMs, outcome });
}
