/**
 * SendTargets: which targets there are, and where (RFC 7143 Appendix C).
 *
 * @module
 */

import type { KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";

/** A target as discovery lists it. */
export interface ListedTarget {
  readonly name: string;
  /** Each `host:port,tag`; none when it is the portal that the initiator has reached already. */
  readonly addresses: readonly string[];
}

/** The targets of a portal that the initiator with this name may see. */
export type SendTargets = (initiatorName: string) => readonly ListedTarget[];

/**
 * The records that a value of SendTargets asks for: `All` in a discovery session, a target's name, or nothing for the
 * session's own target. In a normal session, only that target is told of. Undefined when the value has no meaning.
 */
export function targetRecords(
  value: string,
  listed: readonly ListedTarget[],
  ownName: string | undefined,
): KeyValuePair[] | undefined {
  if (value === "" && ownName === undefined) return undefined;
  const visible = ownName === undefined ? listed : listed.filter(({ name }) => name === ownName);
  const isAll = value === "All" || value === "";
  const chosen = isAll ? visible : visible.filter(({ name }) => name === value.toLowerCase());
  return chosen.flatMap(({ name, addresses }): KeyValuePair[] => [
    ["TargetName", name],
    ...addresses.map((address) => ["TargetAddress", address] as const),
  ]);
}
