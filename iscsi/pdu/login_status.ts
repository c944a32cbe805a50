/**
 * Status-Class and Status-Detail of the Login Response (RFC 7143 §11.13.5).
 *
 * @module
 */

import { type CodeNames, hexByte } from "./code_name.ts";

/** Status classes: what the initiator is to do with a failed login. */
export const LoginStatusClass = {
  Success: 0,
  Redirection: 1,
  InitiatorError: 2,
  TargetError: 3,
} as const;

/** Statuses as one number, Status-Class in the upper byte and Status-Detail in the lower. */
export const LoginStatus = {
  Success: 0x0000,
  TargetMovedTemporarily: 0x0101,
  TargetMovedPermanently: 0x0102,
  InitiatorError: 0x0200,
  AuthenticationFailure: 0x0201,
  AuthorizationFailure: 0x0202,
  NotFound: 0x0203,
  TargetRemoved: 0x0204,
  UnsupportedVersion: 0x0205,
  TooManyConnections: 0x0206,
  MissingParameter: 0x0207,
  CannotIncludeInSession: 0x0208,
  SessionTypeNotSupported: 0x0209,
  SessionDoesNotExist: 0x020a,
  InvalidDuringLogin: 0x020b,
  TargetError: 0x0300,
  ServiceUnavailable: 0x0301,
  OutOfResources: 0x0302,
} as const;

const CLASS_NAMES: CodeNames = {
  [LoginStatusClass.Success]: "success",
  [LoginStatusClass.Redirection]: "redirection",
  [LoginStatusClass.InitiatorError]: "initiator error",
  [LoginStatusClass.TargetError]: "target error",
};

const NAMES: CodeNames = {
  [LoginStatus.Success]: "success",
  [LoginStatus.TargetMovedTemporarily]: "target moved temporarily",
  [LoginStatus.TargetMovedPermanently]: "target moved permanently",
  [LoginStatus.InitiatorError]: "initiator error",
  [LoginStatus.AuthenticationFailure]: "authentication failure",
  [LoginStatus.AuthorizationFailure]: "authorization failure",
  [LoginStatus.NotFound]: "target not found",
  [LoginStatus.TargetRemoved]: "target removed",
  [LoginStatus.UnsupportedVersion]: "unsupported version",
  [LoginStatus.TooManyConnections]: "too many connections",
  [LoginStatus.MissingParameter]: "missing parameter",
  [LoginStatus.CannotIncludeInSession]: "cannot include in session",
  [LoginStatus.SessionTypeNotSupported]: "session type not supported",
  [LoginStatus.SessionDoesNotExist]: "session does not exist",
  [LoginStatus.InvalidDuringLogin]: "invalid request type during login",
  [LoginStatus.TargetError]: "target error",
  [LoginStatus.ServiceUnavailable]: "service unavailable",
  [LoginStatus.OutOfResources]: "out of resources",
};

/** The status of a Login Response in words; for a detail the standard does not define, its class's. */
export function loginStatusName(statusClass: number, statusDetail: number): string {
  const name = NAMES[(statusClass << 8) | statusDetail];
  if (name !== undefined) return name;
  const className = CLASS_NAMES[statusClass] ?? `unknown status class ${hexByte(statusClass)}`;
  return `${className} (detail ${hexByte(statusDetail)})`;
}
