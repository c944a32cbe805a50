/**
 * Extended INQUIRY data, vital product data page 86h (SPC-5).
 *
 * @module
 */

import { bits, type FieldTable, flag, readFields, uint } from "../bit_field.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { readVpdPage } from "../vpd.ts";

/** What a device says of itself beside INQUIRY. What an older device's page is too short for is absent. */
export interface ExtendedInquiry {
  /** ACTIVATE MICROCODE: what starts new microcode: 1 at once, 2 after a reset. */
  readonly activateMicrocode: number;
  /** UASK_SUP: unit attentions carry more about themselves. */
  readonly unitAttentionSenseKeySpecific: boolean;
  /** GROUP_SUP: commands can be counted in groups. */
  readonly grouping: boolean;
  /** HEADSUP: commands can go to the head of the queue. */
  readonly headOfQueue: boolean;
  /** ORDSUP: commands can be ordered. */
  readonly ordered: boolean;
  /** SIMPSUP: commands can be left to the device's order. */
  readonly simple: boolean;
  /** LUICLR: a unit attention is cleared as soon as one initiator has heard it. */
  readonly clearsAttentionOnReport: boolean;
  /** CBCS: commands can be restricted by capabilities. */
  readonly capabilityBasedSecurity: boolean;
  /** Minutes that an extended self-test takes; 0 when not told. */
  readonly extendedSelfTestMinutes: number;
  /** MAXIMUM SUPPORTED SENSE DATA LENGTH; 0 when not told. */
  readonly maximumSenseBytes: number;
}

/** Page code of the extended INQUIRY data. */
export const EXTENDED_INQUIRY_PAGE = 0x86;

// Offsets in the body of the page: four less than in the standard, which counts the header.
const FIELDS: FieldTable<ExtendedInquiry> = {
  activateMicrocode: bits(0, 6, 2),
  unitAttentionSenseKeySpecific: flag(1, 5),
  grouping: flag(1, 4),
  headOfQueue: flag(1, 2),
  ordered: flag(1, 1),
  simple: flag(1, 0),
  clearsAttentionOnReport: flag(3, 0),
  capabilityBasedSecurity: flag(4, 0),
  extendedSelfTestMinutes: uint(6, 2),
  maximumSenseBytes: uint(9),
};

/** Decodes the body of page 86h. Never throws. */
export function decodeExtendedInquiry(body: Uint8Array): Partial<ExtendedInquiry> {
  return readFields(body, FIELDS);
}

/** Reads the page; `undefined` when the device does not have it. Errors as {@link readVpdPage}. */
export async function readExtendedInquiry(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<Partial<ExtendedInquiry> | undefined> {
  const body = await readVpdPage(unit, EXTENDED_INQUIRY_PAGE, options);
  return body && decodeExtendedInquiry(body);
}
