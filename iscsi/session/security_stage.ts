/**
 * Whether a login begins in the security stage (RFC 7143 §6.3): without credentials there is nothing to do in it, and going
 * past it saves a round trip.
 *
 * @module
 */

import { LoginError } from "../errors.ts";
import { LoginStatus } from "../pdu/login_status.ts";

/** What a target may say that wants to hear of AuthMethod first, be it of None. */
const INSISTING: ReadonlySet<number> = new Set([
  LoginStatus.InitiatorError,
  LoginStatus.AuthenticationFailure,
  LoginStatus.MissingParameter,
  LoginStatus.InvalidDuringLogin,
]);

/** Whether a login that went past the security stage was refused for what may be that reason. */
export function mayInsistOnSecurityStage(error: unknown): boolean {
  if (!(error instanceof LoginError)) return false;
  const { statusClass, statusDetail } = error;
  if (statusClass === undefined || statusDetail === undefined) return false;
  return INSISTING.has((statusClass << 8) | statusDetail);
}
