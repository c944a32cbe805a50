/**
 * Which negotiation keys carry what nobody else may see.
 *
 * @module
 */

import { keyDefinition } from "../negotiation/keys.ts";

/** With both, a secret can be guessed at leisure (RFC 7143 §9.2.1). */
const CHAP_SECRETS: ReadonlySet<string> = new Set(["CHAP_C", "CHAP_R"]);

/** RFC 7143 §6.1 allows no longer name. */
const MAX_KEY_LENGTH = 63;
/** A private extension key (RFC 7143 §13.22, §13.26). */
const PRIVATE_KEY = /^X[-#]/;
const SOUNDS_SECRET =
  /auth|chap|cred|challenge|cookie|hash|key|nonce|pass|pin|priv|pwd|response|salt|secret|sign|ticket|token/i;

/**
 * Whether the value of `key` must not be shown. What is not known to be harmless is taken for a secret: the keys of
 * other authentication methods (`SRP_M`, `KRB_AP_REQ`) among them, which RFC 7143's table of keys leaves out.
 */
export function holdsSecret(key: string): boolean {
  if (key.length > MAX_KEY_LENGTH) return true;
  if (PRIVATE_KEY.test(key)) return SOUNDS_SECRET.test(key);
  return keyDefinition(key) === undefined || CHAP_SECRETS.has(key);
}
