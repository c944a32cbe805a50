/**
 * CHAP secrets from the environment, so that they need not stand in addresses or scripts.
 *
 * @module
 */

import process from "node:process";

const VARIABLES = {
  initiator: "TAPE_CHAP_SECRET",
  target: "TAPE_CHAP_TARGET_SECRET",
} as const;

/** The secret of one side, `undefined` when the environment has none or may not be read. */
export function environmentSecret(side: keyof typeof VARIABLES): string | undefined {
  try {
    return process.env[VARIABLES[side]] || undefined;
  } catch {
    return undefined;
  }
}
