import { message, text } from "@optique/core/message";
import type { NonEmptyString } from "@optique/core/nonempty";
import type { ValueParser } from "@optique/core/valueparser";
import { integer } from "@optique/core/valueparser";

/** Options of {@link wholeNumber}. */
export interface WholeNumberOptions {
  readonly min: number;
  /** @default as many as are exact: 2^53 - 1 */
  readonly max?: number;
  /** What help texts call it. */
  readonly metavar: NonEmptyString;
}

/** A command-line value that is a whole number. */
export function wholeNumber(options: WholeNumberOptions): ValueParser<"sync", number> {
  const { min, max = Number.MAX_SAFE_INTEGER, metavar } = options;
  const range = `${min} to ${max}`;
  return integer({
    min,
    max,
    metavar,
    errors: {
      unsafeInteger: (input) =>
        message`Expected a whole number from ${text(range)}, but got ${input}.`,
    },
  });
}
