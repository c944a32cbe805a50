/**
 * The text that goes back and forth in a login, cut and joined by the C bit (RFC 7143 §6.2, §11.12.2).
 *
 * @module
 */

import {
  encodeText,
  type KeyValuePair,
  splitText,
  TextAccumulator,
  type TextLimits,
} from "./text_keys.ts";

/** RFC 7143 §13.12: the limit in a login, whatever is declared. */
const MAX_LOGIN_DATA_BYTES = 8192;

const AUTHENTICATION_KEY = /^(?:AuthMethod|CHAP_.*)$/;

/** Segments to send and parts received, of one side. */
export class LoginText {
  readonly #received: TextAccumulator;
  #unsent: Uint8Array[] = [];

  /** Nothing to send, nothing received yet. */
  constructor(limits: TextLimits = {}) {
    this.#received = new TextAccumulator(limits);
  }

  /** Whether segments of a longer text have yet to go out. */
  get hasMore(): boolean {
    return this.#unsent.length > 0;
  }

  /** Makes `pairs` the next text. */
  load(pairs: readonly KeyValuePair[]): void {
    this.#unsent = splitText(encodeText(pairs), MAX_LOGIN_DATA_BYTES);
  }

  /** The next data segment, an empty one when there is none. The array is the caller's. */
  next(): Uint8Array {
    return this.#unsent.shift() ?? new Uint8Array(0);
  }

  /**
   * Takes a data segment; returns the pairs once the text is complete.
   *
   * @throws {ProtocolError} when the text is malformed or exceeds its bounds.
   */
  push(data: Uint8Array, more: boolean): KeyValuePair[] | undefined {
    return this.#received.push(data, more);
  }
}

/** Parts the keys of authentication from all others. */
export function partAuthentication(
  pairs: readonly KeyValuePair[],
): { readonly authentication: KeyValuePair[]; readonly others: KeyValuePair[] } {
  const isAuthentication = ([key]: KeyValuePair) => AUTHENTICATION_KEY.test(key);
  return {
    authentication: pairs.filter(isAuthentication),
    others: pairs.filter((pair) => !isAuthentication(pair)),
  };
}
