/**
 * The command line of the player.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { runParserSync } from "@optique/core/facade";
import { message, text } from "@optique/core/message";
import { optional, withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { float, integer, string, type ValueParser } from "@optique/core/valueparser";

/** Where the sound goes. */
export type SinkChoice =
  | { readonly kind: "device" | "silent" | "raw" }
  | { readonly kind: "wav"; readonly directory: string };

/** What the command line asks for. */
export interface PlayerOptionValues {
  /** The drive's address; `undefined` when it is to come from the environment. */
  readonly device: string | undefined;
  /** Where the sound goes. */
  readonly sink: SinkChoice;
  /** Bytes of tracks to keep in memory. */
  readonly cacheBytes: number;
  /** Seconds of sound to gather before any comes out. */
  readonly bufferSeconds: number;
  /** Records to ask the drive for ahead. */
  readonly readAhead: number;
}

/** The command line asks for something that makes no sense: exit status 1. */
export class PlayerUsageError extends Error {
  /** The name of this class. */
  override name = "PlayerUsageError";
}

const DEFAULT_CACHE_BYTES = 512 * 2 ** 20;
const MIN_CACHE_BYTES = 2 ** 20;
const MULTIPLIERS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** A size in bytes: a number, or one with k, m or g for 2^10, 2^20, 2^30. */
function cacheSize(): ValueParser<"sync", number> {
  return {
    mode: "sync",
    metavar: "SIZE",
    placeholder: DEFAULT_CACHE_BYTES,
    parse(input) {
      const match = /^(\d+)([kmg]?)$/i.exec(input);
      const value = match === null ? 0 : Number(match[1]) * MULTIPLIERS[match[2].toLowerCase()];
      return value >= MIN_CACHE_BYTES && Number.isSafeInteger(value)
        ? { success: true, value }
        : { success: false, error: message`Expected 1m or more, but got ${input}.` };
    },
    format: String,
  };
}

function sinkChoice(): ValueParser<"sync", SinkChoice> {
  return {
    mode: "sync",
    metavar: "SINK",
    placeholder: { kind: "device" },
    parse(input) {
      const value = parseSink(input);
      return value === undefined
        ? {
          success: false,
          error: message`Expected device, silent, wav:DIR or raw:-, but got ${input}.`,
        }
        : { success: true, value };
    },
    format: (value) => value.kind === "wav" ? `wav:${value.directory}` : value.kind,
  };
}

function parseSink(input: string): SinkChoice | undefined {
  if (input === "device" || input === "silent") return { kind: input };
  if (input === "raw:-") return { kind: "raw" };
  return /^wav:./.test(input) ? { kind: "wav", directory: input.slice("wav:".length) } : undefined;
}

const parser = object({
  device: optional(option("-f", "--device", string({ metavar: "DEVICE" }), {
    description: message`iscsi://HOST[:PORT]/TARGET/LUN or sim:FILE.tap; default: $TAPE.`,
  })),
  sink: withDefault(
    option("--sink", sinkChoice(), {
      description:
        message`Where the sound goes: device (the default), silent (keeps time without a device), wav:DIR (a file for each track), raw:- (samples to standard output).`,
    }),
    { kind: "device" } as SinkChoice,
  ),
  cacheBytes: withDefault(
    option("--cache", cacheSize(), {
      description: message`Tracks to keep in memory: a size with k, m or g. Default: 512m.`,
    }),
    DEFAULT_CACHE_BYTES,
  ),
  bufferSeconds: withDefault(
    option("--buffer", float({ min: 0.1, max: 600, metavar: "SECONDS" }), {
      description:
        message`Sound to gather before any comes out, at the beginning and when the tape was too slow. Default: 2.`,
    }),
    2,
  ),
  readAhead: withDefault(
    option("--read-ahead", integer({ min: 0, max: 256, metavar: "N" }), {
      description: message`Records to ask the drive for ahead. Default: 16.`,
    }),
    16,
  ),
});

/** What a command line comes to: options, or a text that parsing itself answers with. */
export type ParsedPlayerLine =
  | { readonly kind: "options"; readonly options: PlayerOptionValues }
  | { readonly kind: "text"; readonly text: string };

const KEYS_TEXT =
  "Keys: space or enter play and pause, s stop, n or right next, p or left previous, " +
  ", and . (down and up) back and forward 10 s, < and > a minute, r rewind, t retry, q quit. " +
  "Exit status: 0 done, 1 bad usage, 2 something failed.";

/**
 * Parses the arguments of the command.
 *
 * @param columns Width of the help text in characters.
 * @throws {PlayerUsageError} when they make no sense.
 */
export function parsePlayerLine(args: readonly string[], columns: number): ParsedPlayerLine {
  const lines: string[] = [];
  const errors: string[] = [];
  const asText = () => ({ kind: "text", text: lines.join("\n") }) as never;
  const parsed = parser.map((options): ParsedPlayerLine => ({ kind: "options", options }));
  return runParserSync(parsed, "tapeplayer", args, {
    brief: message`Plays the FLAC files on a tape.`,
    footer: message`${text(KEYS_TEXT)}`,
    maxWidth: columns,
    aboveError: "none",
    help: { option: { names: ["-h", "--help"] }, onShow: asText },
    stdout: (line) => lines.push(line),
    stderr: (line) => errors.push(line),
    onError: () => {
      throw new PlayerUsageError(errors.join("\n").replace(/^Error: /, "").trimEnd());
    },
  });
}
