/**
 * What the caller does wrong.
 *
 * @module
 */

/** An option given by the caller is missing, malformed, out of range, or contradicts another. */
export class InvalidOptionError extends Error {
  /** The name of the class. */
  override name = "InvalidOptionError";
  /** Name of the option as the caller writes it, with dots for nesting: `chap.secret`. */
  readonly option: string;

  /** Makes the error; `message` says what was attempted and what prevented it. */
  constructor(option: string, message: string) {
    super(message);
    this.option = option;
  }
}
