/**
 * Which numbers the options of a simulated drive and its cartridges may have.
 *
 * @module
 */

import { InvalidOptionError } from "../../iscsi/errors.ts";

/** One option: what it may be, in words and as a test. */
interface Limit {
  readonly words: string;
  readonly holds: (value: number) => boolean;
}

const COUNT: Limit = {
  words: "a whole number of 0 or more",
  holds: (value) => Number.isInteger(value) && value >= 0,
};
const BYTE: Limit = {
  words: "a whole number from 0 to 255",
  holds: (value) => COUNT.holds(value) && value <= 0xff,
};
const ADDRESS: Limit = {
  words: "a whole number from 0 to 65535",
  holds: (value) => COUNT.holds(value) && value <= 0xffff,
};
const SIZE: Limit = {
  words: "a whole number of 1 or more",
  holds: (value) => COUNT.holds(value) && value > 0,
};
const ROOM: Limit = {
  words: "a whole number of 0 or more, or Infinity",
  holds: (value) => COUNT.holds(value) || value === Infinity,
};
const RATIO: Limit = {
  words: "a number above 0",
  holds: (value) => Number.isFinite(value) && value > 0,
};

const LIMITS = {
  bufferBytes: ROOM,
  capacityBytes: SIZE,
  commandLogLength: ROOM,
  compressionRatio: RATIO,
  densityCode: BYTE,
  earlyWarningBytes: COUNT,
  elementAddress: ADDRESS,
} as const;

/**
 * Checks the numbers among some options.
 *
 * @param what what they are for: `drive`, `cartridge`
 * @throws {InvalidOptionError} when one is out of range.
 */
export function checkNumbers(
  what: string,
  options: { readonly [Name in keyof typeof LIMITS]?: number },
): void {
  for (const [name, { words, holds }] of Object.entries(LIMITS)) {
    const value = options[name as keyof typeof LIMITS];
    if (value === undefined || holds(value)) continue;
    throw new InvalidOptionError(
      name,
      `Cannot make a ${what}: ${name} is ${String(value)}, not ${words}`,
    );
  }
}

/**
 * Checks a number that a method is given.
 *
 * @throws {InvalidOptionError} when it is not a whole number from `least` to `most`.
 */
export function checkArgument(
  name: string,
  value: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER
    ? `of ${least} or more`
    : `from ${least} to ${most}`;
  throw new InvalidOptionError(
    name,
    `Cannot use ${String(value)} as ${name}: it is not a whole number ${range}`,
  );
}
