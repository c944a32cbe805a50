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
import type { SessionConnection } from "../session_connection.ts";
import type { TargetSession } from "../target_session.ts";

/**
 * Answers a Logout Request, and closes the connection behind the answer if it says so.
 *
 * @throws {ProtocolError} when the request has no legal reason.
 */
export function logOut(
  connection: SessionConnection,
  session: TargetSession,
  { itt, reason, cid }: LogoutRequest,
): void {
  const response = responseTo(reason, cid === session.identity.cid);
  connection.send({
    data: new Uint8Array(0),
    encode: (bhs, numbers) =>
      encodeLogoutResponse({
        opcode: Opcode.LogoutResponse,
        response,
        itt,
        statSn: numbers.takeStatSn(),
        expCmdSn: numbers.expCmdSn,
        maxCmdSn: numbers.maxCmdSn,
        time2Wait: 0,
        time2Retain: 0,
      }, bhs),
  });
  if (response === LogoutResponseCode.Closed) connection.closeWhenSent();
}

/** Recovering a connection takes ErrorRecoveryLevel 2. */
function responseTo(reason: number, isOurs: boolean): number {
  switch (reason) {
    case LogoutReason.CloseSession:
      return LogoutResponseCode.Closed;
    case LogoutReason.CloseConnection:
      return isOurs ? LogoutResponseCode.Closed : LogoutResponseCode.CidNotFound;
    case LogoutReason.RemoveConnectionForRecovery:
      return LogoutResponseCode.ConnectionRecoveryNotSupported;
    default:
      throw new ProtocolError(`Receive Logout Request: reason ${reason} is reserved`);
  }
}
