/**
 * The login phase of RFC 7143 §6.3 without I/O: one state machine a role, Login PDUs in, Login PDUs out.
 *
 * @module
 */

export type {
  ChapAccount,
  ChapAlgorithm,
  ChapOptions,
  DigestPreference,
  LoginConnection,
  LoginOptions,
  OperationalOffers,
} from "./login_options.ts";
export type {
  LoginIdentity,
  LoginRequestFields,
  LoginRequestHeader,
  LoginResponseFields,
  LoginResponseHeader,
  LoginStep,
  TargetLoginStep,
} from "./login_steps.ts";
export type { NegotiatedParameters } from "./negotiated_parameters.ts";
export type {
  Admission,
  Redirection,
  Refusal,
  TargetChapPolicy,
  TargetLoginOptions,
  TargetLoginPolicy,
} from "./target_policy.ts";
export { InitiatorLogin } from "./initiator_login.ts";
export { TargetLogin } from "./target_login.ts";
