/**
 * Mode page policy, vital product data page 87h: which initiators share a mode page (SPC-5).
 *
 * @module
 */

import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { readVpdPage } from "../vpd.ts";

/** Whom one setting of a mode page is for. */
export type ModePageSharing = "shared" | "per-target-port" | "per-initiator-port" | "per-nexus";

/** The policy of one mode page. */
export interface ModePagePolicy {
  /** Page code; 3Fh for all that are not listed. */
  readonly page: number;
  /** Subpage code; FFh for all. */
  readonly subpage: number;
  /** Whom one setting is for: what one of those changes, the others of them meet. */
  readonly sharing: ModePageSharing;
  /** MLUS: other logical units of the target share it too. */
  readonly acrossLogicalUnits: boolean;
}

/** Page code of the mode page policy. */
export const MODE_PAGE_POLICY_PAGE = 0x87;

const DESCRIPTOR_LENGTH = 4;
const MLUS = 0x80;
const SHARING = ["shared", "per-target-port", "per-initiator-port", "per-nexus"] as const;

/** Decodes the body of page 87h; a descriptor that is cut is left out. */
export function decodeModePagePolicies(body: Uint8Array): ModePagePolicy[] {
  const policies: ModePagePolicy[] = [];
  for (let at = 0; at + DESCRIPTOR_LENGTH <= body.length; at += DESCRIPTOR_LENGTH) {
    policies.push({
      page: body[at] & 0x3f,
      subpage: body[at + 1],
      sharing: SHARING[body[at + 2] & 0x03],
      acrossLogicalUnits: (body[at + 2] & MLUS) !== 0,
    });
  }
  return policies;
}

/** Reads the page; empty when the device does not have it. Errors as {@link readVpdPage}. */
export async function readModePagePolicies(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<ModePagePolicy[]> {
  const body = await readVpdPage(unit, MODE_PAGE_POLICY_PAGE, options);
  return body ? decodeModePagePolicies(body) : [];
}
