/**
 * Blanks what must not be seen in the bytes of a login, in one direction of a connection.
 *
 * @module
 */

import {
  ahsLength,
  BHS_LENGTH,
  dataSegmentLength,
  FLAGS,
  OPCODE,
  OPCODE_MASK,
  padded,
} from "../pdu/bhs.ts";
import { Opcode } from "../pdu/opcode.ts";
import { holdsSecret } from "./secret_keys.ts";

const CONTINUE = 0x40;
const BLANK = 0x2a;
const NUL = 0;
const EQUALS = 0x3d;
/** One more than a key name may have (RFC 7143 §6.1): what is longer is no known key, and need not be kept. */
const MAX_KEY_LENGTH = 64;

type Stage = "header" | "ahs" | "data" | "padding" | "over";

/**
 * Follows the PDUs of one direction from the first byte of the connection. As long as they are Login PDUs, the values
 * of secret keys become asterisks, byte by byte, so that all lengths stay; with the first other PDU the login is over
 * and everything passes as it is. During login there are no digests (RFC 7143 §13.1), so nothing else changes.
 */
export class LoginRedaction {
  #stage: Stage = "header";
  /** Bytes that the stage still takes. */
  #missing = BHS_LENGTH;
  readonly #header: Uint8Array = new Uint8Array(BHS_LENGTH);
  /** The key being read; `undefined` within a value. */
  #key: string | undefined = "";
  #blanking = false;

  /** Blanks secrets in the next bytes of the stream, in place; they may begin and end anywhere. */
  apply(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const part = bytes.subarray(at, at + this.#missing);
      this.#take(part);
      this.#missing -= part.length;
      at += part.length;
      while (this.#missing === 0) this.#nextStage();
    }
  }

  #take(part: Uint8Array): void {
    if (this.#stage === "header") this.#header.set(part, BHS_LENGTH - this.#missing);
    if (this.#stage === "data") this.#redact(part);
  }

  #nextStage(): void {
    const header = this.#header;
    const length = dataSegmentLength(header);
    switch (this.#stage) {
      case "header":
        return isLogin(header)
          ? this.#enter("ahs", ahsLength(header))
          : this.#enter("over", Infinity);
      case "ahs":
        return this.#enter("data", length);
      case "data":
        // A pair may straddle PDUs only where the C bit says so (RFC 7143 §6.1).
        if ((header[FLAGS] & CONTINUE) === 0) this.#beginPair();
        return this.#enter("padding", padded(length) - length);
      default:
        return this.#enter("header", BHS_LENGTH);
    }
  }

  #enter(stage: Stage, length: number): void {
    this.#stage = stage;
    this.#missing = length;
  }

  #redact(text: Uint8Array): void {
    for (let at = 0; at < text.length; at++) {
      const byte = text[at];
      if (byte === NUL) this.#beginPair();
      else if (this.#key !== undefined) this.#readKey(byte);
      else if (this.#blanking) text[at] = BLANK;
    }
  }

  #beginPair(): void {
    this.#key = "";
    this.#blanking = false;
  }

  #readKey(byte: number): void {
    const key = this.#key ?? "";
    if (byte === EQUALS) {
      this.#blanking = holdsSecret(key);
      this.#key = undefined;
    } else if (key.length < MAX_KEY_LENGTH) {
      this.#key = key + String.fromCharCode(byte);
    }
  }
}

function isLogin(header: Uint8Array): boolean {
  const opcode = header[OPCODE] & OPCODE_MASK;
  return opcode === Opcode.LoginRequest || opcode === Opcode.LoginResponse;
}
