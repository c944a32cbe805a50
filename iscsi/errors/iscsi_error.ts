/**
 * The base of what a peer or the network can cause.
 *
 * @module
 */

import { type CommandOutcome, ServiceDeliveryError } from "../../scsi/errors.ts";

/** Fields that every {@link IscsiError} takes. */
export interface IscsiErrorOptions {
  /**
   * Whether the device may have executed the command that failed with this error.
   *
   * @default "not-executed" for errors of connecting and logging in, "unknown" for all others
   */
  readonly outcome?: CommandOutcome;
  /** The error underneath. */
  readonly cause?: unknown;
}

/** Base class of every error of the iSCSI layer. */
export class IscsiError extends ServiceDeliveryError {
  /** The name of the class. */
  override name = "IscsiError";

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(message: string, options: IscsiErrorOptions = {}) {
    const { outcome = "unknown", cause } = options;
    super(message, { outcome, cause });
  }
}
