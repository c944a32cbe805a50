/**
 * TEST UNIT READY: whether a device can take medium commands, and what it wants to be heard first (SPC-5 §6.47).
 *
 * @module
 */

import { testUnitReadyCdb } from "./cdb.ts";
import { CheckConditionError } from "./errors.ts";
import { type CommandOptions, executeChecked } from "./execute.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import type { Sense } from "./sense.ts";
import { SenseKey } from "./sense_codes.ts";

/** The answer to TEST UNIT READY. */
export type Readiness =
  | { readonly ready: true }
  | {
    readonly ready: false;
    /** Why not: NOT READY with its reason, a unit attention, or an error. */
    readonly sense: Sense;
  };

/**
 * Asks once whether the device is ready.
 *
 * @throws {ScsiStatusError} when it answered neither GOOD nor CHECK CONDITION.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function testUnitReady(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<Readiness> {
  try {
    const { signal, timeoutMs } = options;
    await executeChecked(unit, { cdb: testUnitReadyCdb(), signal, timeoutMs });
    return { ready: true };
  } catch (error) {
    if (error instanceof CheckConditionError) return { ready: false, sense: error.sense };
    throw error;
  }
}

/** Options of {@link drainUnitAttentions}. */
export interface DrainUnitAttentionsOptions extends CommandOptions {
  /** How many unit attentions to take at most, so that a device that never runs out cannot hold us. @default 10 */
  limit?: number;
}

/** What came out of {@link drainUnitAttentions}. */
export interface Drained {
  /** The unit attentions, in the order in which the device gave them. */
  readonly unitAttentions: readonly Sense[];
  /** The answer after the last of them. */
  readonly readiness: Readiness;
}

/** A current unit attention; a deferred error with that key is an error. */
function isUnitAttention(sense: Sense): boolean {
  return sense.format !== "none" && sense.key === SenseKey.UnitAttention && !sense.deferred;
}

/**
 * Sends TEST UNIT READY until the device reports no more unit attentions (SAM-5 §5.14): after a login there are
 * usually one or two. They are returned, not dropped: a medium change among them matters.
 *
 * @throws {ScsiStatusError} when the device answered neither GOOD nor CHECK CONDITION.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function drainUnitAttentions(
  unit: LogicalUnit,
  options: DrainUnitAttentionsOptions = {},
): Promise<Drained> {
  const { limit = 10 } = options;
  const unitAttentions: Sense[] = [];
  let readiness = await testUnitReady(unit, options);
  while (!readiness.ready && isUnitAttention(readiness.sense) && unitAttentions.length < limit) {
    unitAttentions.push(readiness.sense);
    readiness = await testUnitReady(unit, options);
  }
  return { unitAttentions, readiness };
}
