/**
 * The command lines of the developers' tasks.
 *
 * @module
 */

import { type Message, message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { option } from "@optique/core/primitives";
import { run } from "@optique/run";
import { wholeNumber } from "../cli/whole_number.ts";

/** What a number may be, and what it is for. */
interface NumberFacts {
  /** @default 0 */
  readonly min?: number;
  readonly max?: number;
  readonly about: Message;
}

/**
 * What the command line of `deno task NAME` asks for. `--help` tells how to use it; what makes no sense is told, with
 * status 1, before anything is done.
 */
export function taskOptions<T>(name: string, parser: Parser<"sync", T, unknown>): T {
  return run(parser, { programName: `deno task ${name}`, help: "option", showDefault: true });
}

/** `NAME N`. */
export function numberOption(
  name: `--${string}`,
  { min = 0, max, about }: NumberFacts,
): Parser<"sync", number | undefined, unknown> {
  const value = wholeNumber({ min, max, metavar: "N" });
  return optional(option(name, value, { description: about }));
}

/** `NAME N`, or a number that is meant where it is not given. */
export function countOption(
  name: `--${string}`,
  { min = 0, max, about, byDefault }: NumberFacts & { readonly byDefault: number },
): Parser<"sync", number, unknown> {
  const value = wholeNumber({ min, max, metavar: "N" });
  return withDefault(option(name, value, { description: about }), byDefault);
}

/** `--seed N`: of what is drawn at random. */
export const seedOption: Parser<"sync", number, unknown> = map(
  numberOption("--seed", {
    max: 2 ** 32 - 1,
    about: message`Draws the same once more. Default: another one each time.`,
  }),
  (seed) => seed ?? crypto.getRandomValues(new Uint32Array(1))[0] >>> 1,
);
