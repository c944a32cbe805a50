/**
 * The text of a Login or Text PDU as it may be shown (RFC 7143 §6.1): `key=value` with secrets replaced.
 *
 * @module
 */

import { keyDefinition } from "../negotiation/keys.ts";
import { clipped, printable } from "./one_line.ts";
import { holdsSecret } from "./secret_keys.ts";

/** A login text has at most the default MaxRecvDataSegmentLength; of a longer one nobody reads the rest. */
const MAX_TEXT_BYTES = 8192;
/** RFC 7143 §6.1 allows key names of 63 bytes. */
const MAX_KEY_LENGTH = 63;
const MAX_VALUE_LENGTH = 100;

const NUL = 0;
const EQUALS = 0x3d;
const HIDDEN = "***";
/** Answers that say something about the negotiation and nothing about the value (RFC 7143 §6.2). */
const ANSWERS: ReadonlySet<string> = new Set(["NotUnderstood", "Irrelevant", "Reject"]);

/** How a text lies in the PDUs around it. */
export interface TextPlace {
  /** Whether it is known to begin inside a pair, the C bit of the PDU before having been set. */
  readonly continued: boolean;
  /** Whether it is the beginning of a longer text. */
  readonly cut: boolean;
}

/** One pair as it lies in the text. */
interface PairPlace {
  readonly first: boolean;
  readonly continued: boolean;
  /** Whether a NUL ends it. */
  readonly ended: boolean;
}

/**
 * The pairs of `text` in order, separated by spaces. The text may begin and end anywhere, for a pair may straddle
 * PDUs: what could be the rest of a secret is not shown. Never throws.
 */
export function redactedText(text: Uint8Array, place: TextPlace): string {
  const { continued } = place;
  const end = Math.min(text.length, MAX_TEXT_BYTES);
  const pairs: string[] = [];
  let ended = true;
  for (let at = 0; at < end;) {
    const nul = text.subarray(0, end).indexOf(NUL, at);
    ended = nul >= 0;
    const stop = ended ? nul : end;
    const pair = { first: at === 0, continued, ended };
    if (stop > at) pairs.push(describePair(text.subarray(at, stop), pair));
    at = stop + 1;
  }
  if (ended && (place.cut || text.length > end)) pairs.push("…");
  return pairs.join(" ");
}

function describePair(bytes: Uint8Array, { first, continued, ended }: PairPlace): string {
  const more = ended ? "" : "…";
  const equals = bytes.indexOf(EQUALS);
  const key = printable(utf8(equals < 0 ? bytes : bytes.subarray(0, equals)));
  if (first && mayBeRest(key, continued)) return HIDDEN + more;
  // Without an equals sign only a key that is cut off makes sense.
  if (equals < 0) return ended ? HIDDEN : clipped(key, MAX_KEY_LENGTH) + more;
  const value = utf8(bytes.subarray(equals + 1));
  const hidden = holdsSecret(key) && !(ended && ANSWERS.has(value));
  const shown = hidden ? HIDDEN : clipped(printable(value), MAX_VALUE_LENGTH);
  return `${clipped(key, MAX_KEY_LENGTH)}=${shown}${shown.endsWith("…") ? "" : more}`;
}

/** Whether what stands at the beginning of a text may be the rest of a pair; a base64 value may have `=` in it. */
function mayBeRest(key: string, continued: boolean): boolean {
  return continued || keyDefinition(key) === undefined;
}

/** Malformed sequences come out as U+FFFD. */
function utf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
