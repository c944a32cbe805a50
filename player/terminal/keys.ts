import type { PlayerCommand } from "../core/player_commands.ts";

/** What a key asks for. */
export type KeyMeaning = PlayerCommand | "quit";

const KEYS: Readonly<Record<string, KeyMeaning>> = {
  " ": "toggle",
  "\r": "toggle",
  "\n": "toggle",
  "s": "stop",
  "n": "next",
  "f": "next",
  "\x1b[C": "next",
  "\x1bOC": "next",
  "p": "previous",
  "b": "previous",
  "\x1b[D": "previous",
  "\x1bOD": "previous",
  "r": "rewind",
  "t": "retry",
  ".": "forward",
  "\x1b[A": "forward",
  "\x1bOA": "forward",
  ",": "back",
  "\x1b[B": "back",
  "\x1bOB": "back",
  ">": "far-forward",
  "<": "far-back",
  "q": "quit",
  "\x03": "quit",
  "\x04": "quit",
};

/** One key: a character, or a sequence that begins with escape (ECMA-48 §5.4). */
// deno-lint-ignore no-control-regex -- that is what keys are made of
const KEY = /\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[ -~]|\x1b|[^\x1b]/gu;

/** A sequence that is not over yet. */
// deno-lint-ignore no-control-regex -- that is what keys are made of
const HALF_KEY = /\x1b(\[[0-?]*[ -/]*|O)?$/;

/** Reads keys as they come: a slow line cuts the sequence of an arrow in two. */
export class KeyReader {
  #half = "";

  /** What the keys that are complete ask for; see {@link readKeys}. */
  read(text: string): KeyMeaning[] {
    const typed = this.#half + text;
    this.#half = HALF_KEY.exec(typed)?.[0] ?? "";
    return readKeys(typed.slice(0, typed.length - this.#half.length));
  }
}

/** What the keys in `text`, as a terminal sends them, ask for. Other keys ask for nothing. */
export function readKeys(text: string): KeyMeaning[] {
  return Array.from(text.matchAll(KEY), ([key]) => KEYS[key.length === 1 ? key.toLowerCase() : key])
    .filter((meaning) => meaning !== undefined);
}
