/**
 * MISCOMPARE: the medium holds something else than the caller sent to compare with it (SPC-5 §4.4.7).
 *
 * @module
 */

import { CheckConditionError, type CheckConditionErrorOptions } from "../errors.ts";

/** Fields of a {@link MiscompareError}. */
export interface MiscompareErrorOptions extends CheckConditionErrorOptions {
  /** Byte offset of the first difference, where the device told it. */
  readonly offset?: number;
}

/**
 * A command compared what the caller sent with what the medium holds, and they differ. Nothing was written. It is
 * an error, not a result, so that no one takes a comparison that failed for one that held.
 */
export class MiscompareError extends CheckConditionError {
  /** `MiscompareError`. */
  override name = "MiscompareError";
  /**
   * Byte offset of the first difference in the data that was compared, as the device told it: some always say 0.
   * COMPARE AND WRITE has it; absent for VERIFY, and where the device left it out.
   */
  readonly offset: number | undefined;

  /** The message names command, unit and the sense data's meaning. */
  constructor(options: MiscompareErrorOptions) {
    super(options);
    this.offset = options.offset;
  }
}
