/**
 * Text from the wire made fit for one line of bounded length.
 *
 * @module
 */

/** Control and format characters, line ends, lone surrogates: what would break a line or play tricks on a terminal. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const REPLACEMENT = "\ufffd";

/** `text` with what cannot be printed replaced by U+FFFD. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, REPLACEMENT);
}

/** `text`, or its beginning and an ellipsis, `maxLength` characters at most. */
export function clipped(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  // Half of a surrogate pair is not a character.
  return `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
