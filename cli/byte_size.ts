import { message, text } from "@optique/core/message";
import type { ValueParser } from "@optique/core/valueparser";

/** Powers of 1024, or before a B of 1000. */
const POWERS: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4 };
const SYNTAX = /^(\d+)([kmgtKMGT]?)(iB|B)?$/;

/**
 * Bytes that `input` means, as dd has it: a number, or a number with k, m, g or t (or KiB, MiB and so on) for powers
 * of 1024, with kB, MB, GB or TB for powers of 1000; `undefined` for anything else.
 */
export function parseByteSize(input: string): number | undefined {
  const [, digits, prefix, unit] = SYNTAX.exec(input) ?? [];
  if (digits === undefined || (unit !== undefined && prefix === "")) return undefined;
  const bytes = Number(digits) * (unit === "B" ? 1000 : 1024) ** POWERS[prefix.toLowerCase()];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A command-line value that is a size in bytes, from `minBytes` to `maxBytes`. */
export function byteSize(
  minBytes = 1,
  maxBytes = Number.MAX_SAFE_INTEGER,
): ValueParser<"sync", number> {
  return {
    mode: "sync",
    metavar: "SIZE",
    placeholder: minBytes,
    parse(input) {
      const bytes = parseByteSize(input);
      if (bytes === undefined) {
        return {
          success: false,
          error: message`Expected a size like 65536, 256k, 1m or 2g, but got ${input}.`,
        };
      }
      if (bytes < minBytes) {
        return {
          success: false,
          error: message`Expected a size of at least ${text(String(minBytes))}, but got ${input}.`,
        };
      }
      if (bytes > maxBytes) {
        const limit = text(String(maxBytes));
        return {
          success: false,
          error: message`Expected a size of at most ${limit} bytes, but got ${input}.`,
        };
      }
      return { success: true, value: bytes };
    },
    format: String,
  };
}

const SCALES = [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]] as const;

/** A byte count for people, in powers of 1000 as drive makers and dd count: `67.1 MB`. */
export function formatBytes(bytes: number): string {
  for (const [scale, unit] of SCALES) {
    if (bytes >= scale) return `${(bytes / scale).toFixed(1)} ${unit}`;
  }
  return `${bytes} B`;
}

/** A number of things for people: `1 record`, `2 records`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A transfer rate for people: `398.2 MB/s`, powers of 1000. */
export function formatRate(bytes: number, milliseconds: number): string {
  return `${megabytesPerSecond(bytes, milliseconds).toFixed(1)} MB/s`;
}

/** 10^6 bytes a second; 0 when no time has passed. */
export function megabytesPerSecond(bytes: number, milliseconds: number): number {
  return milliseconds > 0 ? bytes / milliseconds / 1000 : 0;
}
