/**
 * Data of a write that goes out before the target asks for any (RFC 7143 §4.2.5.2).
 *
 * @module
 */

import type { NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";

/** How the first data of a write goes out. */
export interface UnsolicitedData {
  /** Bytes in the data segment of the command PDU itself. */
  readonly immediate: number;
  /** Where the unsolicited Data-Out that follows ends; equal to `immediate` when none follows. */
  readonly end: number;
}

/**
 * How much of a write goes out before any R2T: immediate data up to FirstBurstLength and the target's segment length;
 * then, without InitialR2T, Data-Out up to exactly the first burst or the end.
 */
export function unsolicitedData(
  length: number,
  parameters: NegotiatedParameters,
): UnsolicitedData {
  const burst = Math.min(length, parameters.firstBurstLength);
  const immediate = parameters.immediateData
    ? Math.min(burst, parameters.maxSendDataSegmentLength)
    : 0;
  return { immediate, end: parameters.initialR2T ? immediate : burst };
}
