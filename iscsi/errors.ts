/**
 * What can go wrong on an iSCSI session, one class for each thing that a caller would catch.
 *
 * Everything that a peer or the network can cause extends {@link IscsiError}, and through it the
 * `ServiceDeliveryError` of SCSI. Misuse by the caller is an {@link InvalidOptionError}.
 *
 * @module
 */

export {
  CommandTimeoutError,
  type CommandTimeoutErrorOptions,
  DataLostError,
  DataSourceError,
  RejectError,
  type RejectErrorOptions,
  TargetFailureError,
  type TargetFailureErrorOptions,
  TaskAbortedError,
  type TaskAbortedErrorOptions,
  TaskManagementError,
  type TaskManagementErrorOptions,
} from "./errors/command_errors.ts";
export { InvalidOptionError } from "./errors/invalid_option_error.ts";
export { IscsiError, type IscsiErrorOptions } from "./errors/iscsi_error.ts";
export {
  AuthenticationError,
  type AuthenticationErrorOptions,
  type AuthenticationFailure,
  ConnectError,
  type ConnectErrorOptions,
  LoginError,
  type LoginErrorOptions,
  type LoginStage,
  NegotiationError,
  type NegotiationErrorOptions,
  RedirectError,
} from "./errors/login_errors.ts";
export {
  ConnectionLostError,
  DigestError,
  type DigestErrorOptions,
  LogoutError,
  type LogoutErrorOptions,
  ProtocolError,
  type ProtocolErrorOptions,
  SessionClosedError,
} from "./errors/session_errors.ts";
