/** One part of the code that takes bytes from outside, and what may come of it. */

import type { Random } from "../scsi/random.ts";

/** What a fuzzer throws mutated bytes at. */
export interface FuzzTarget {
  readonly name: string;
  /** Valid inputs that mutations begin with. */
  readonly seeds: readonly Uint8Array[];
  /** What mutations may put in somewhere. @default none */
  readonly tokens?: readonly Uint8Array[];
  /** A change that knows how inputs are made up; half of all changes. The input is its own. @default none */
  readonly change?: (input: Uint8Array, random: Random) => Uint8Array;
  /** Longest input to make, in bytes. */
  readonly maxBytes: number;
  /** Takes one input. Returns whatever is right, errors of the documented classes included; throws for a defect. */
  run(input: Uint8Array): void | Promise<void>;
}

/** A class of errors, abstract ones included. */
// deno-lint-ignore no-explicit-any
export type ErrorClass = abstract new (...args: any[]) => Error;

/** What `action` returns; undefined when it threw an error of a documented class. Any other error is a defect. */
export function orDocumented<T>(action: () => T, ...documented: ErrorClass[]): T | undefined {
  try {
    return action();
  } catch (error) {
    if (documented.some((each) => error instanceof each)) return undefined;
    throw error;
  }
}

/** As {@link orDocumented}, for what takes time. */
export async function settledOrDocumented<T>(
  promise: Promise<T>,
  ...documented: ErrorClass[]
): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (documented.some((each) => error instanceof each)) return undefined;
    throw error;
  }
}

/** The bytes of ASCII text. */
export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
