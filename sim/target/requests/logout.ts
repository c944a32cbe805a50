/**
 * Logout: the initiator ends its session, or a connection of it (RFC 7143 §11.14, §11.15).
 *
 * @module
 */

import { ProtocolError } from "../../../iscsi/errors.ts";
import {
  encodeLogoutResponse,
  LogoutReason,
  type LogoutRequest,
  LogoutResponseCode,
} from "../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import type { SessionConnection } from "../session/session_connection.ts";
import type { TargetSession } from "../session/target_session.ts";

const { Closed, CidNotFound, ConnectionRecoveryNotSupported } = LogoutResponseCode;

/**
 * Answers a Logout Request, and closes behind the answer what it names.
 *
 * @throws {ProtocolError} when the request has no legal reason.
 */
export function logOut(
  connection: SessionConnection,
  session: TargetSession,
  request: LogoutRequest,
): void {
  const response = responseTo(session, request);
  const keeps = response === Closed && keepsTasks(request) && session.keepMs > 0;
  connection.output.send({
    data: new Uint8Array(0),
    encode: (bhs, numbers) =>
      encodeLogoutResponse({
        opcode: Opcode.LogoutResponse,
        response,
        itt: request.itt,
        statSn: numbers.takeStatSn(),
        expCmdSn: numbers.expCmdSn,
        maxCmdSn: numbers.maxCmdSn,
        time2Wait: 0,
        time2Retain: keeps ? session.parameters.defaultTime2Retain : 0,
      }, bhs),
  });
  if (response === Closed) close(connection, session, request);
}

function keepsTasks({ reason }: LogoutRequest): boolean {
  return reason === LogoutReason.RemoveConnectionForRecovery;
}

/** Taking over the tasks of a connection needs error recovery level 2 (RFC 7143 §11.14.1). */
function responseTo(session: TargetSession, { reason, cid }: LogoutRequest): number {
  switch (reason) {
    case LogoutReason.CloseSession:
      return Closed;
    case LogoutReason.CloseConnection:
      return session.knows(cid) ? Closed : CidNotFound;
    case LogoutReason.RemoveConnectionForRecovery:
      if (session.parameters.errorRecoveryLevel < 2) return ConnectionRecoveryNotSupported;
      return session.knows(cid) ? Closed : CidNotFound;
    default:
      throw new ProtocolError(`Receive Logout Request: reason ${reason} is reserved`);
  }
}

function close(connection: SessionConnection, session: TargetSession, request: LogoutRequest) {
  if (request.reason === LogoutReason.CloseSession) {
    connection.closeWhenSent();
    session.end(undefined);
  } else if (request.cid === connection.cid) {
    connection.closeWhenSent(keepsTasks(request) ? "keep" : "end");
  } else {
    session.logOutConnection(request.cid, keepsTasks(request) ? "keep" : "end");
  }
}
