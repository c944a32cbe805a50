/**
 * What goes wrong between a device server and the kernel.
 *
 * @module
 */

/** Options of a {@link TcmuError}. */
export interface TcmuErrorOptions {
  /** The kernel device that it is about. @default none */
  readonly device?: string;
  /** What was behind it. @default nothing that is known */
  readonly cause?: unknown;
}

/**
 * The kernel did not do what was asked, or the memory that it shares does not hold what it should: modules that are
 * missing, rights, names that are taken, a ring that makes no sense.
 */
export class TcmuError extends Error {
  /** The name of this class. */
  override name = "TcmuError";
  /** The kernel device that it is about, if one is. */
  readonly device: string | undefined;

  /** Makes an error. */
  constructor(message: string, { device, cause }: TcmuErrorOptions = {}) {
    super(message, { cause });
    this.device = device;
  }
}
