/**
 * One negotiation or request by Text PDUs in full feature phase (RFC 7143 §11.10, §11.11).
 *
 * @module
 */

import { ProtocolError } from "../../errors.ts";
import { RESERVED_TAG } from "../../pdu/bhs.ts";
import type { TextResponse } from "../../pdu/text.ts";
import { NO_CONNECTION } from "./scsi_task.ts";
import { concat } from "../../../transport/concat.ts";

/** Who waits for the answer. Exactly one of the two is called, once; but {@link failed} follows where `completed` throws. */
export interface TextOwner {
  completed(text: Uint8Array): void;
  failed(error: unknown): void;
  /** It has gone out. */
  sent?(): void;
  /**
   * The target has ended a text but not the exchange: gives what to say next, in place of nothing. What was said until
   * now is not told again.
   */
  respond?(text: Uint8Array): Uint8Array;
}

/** One Text Request: keys, or an empty one with the target's tag while the target has more to say. */
export interface TextStep {
  readonly lun: bigint;
  readonly ttt: number;
  readonly data: Uint8Array;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Longest answer in bytes: some ten thousand targets with their portals. */
export const MAX_TEXT_BYTES: number = 4 * 1024 * 1024;

/** Milliseconds for an answer unless told otherwise. */
export const TEXT_TIMEOUT_MS: number = 30_000;

/** A text request and the parts of its answer. */
export class TextExchange {
  /** What the next Text Request carries. */
  next: TextStep;
  deadline: number;
  readonly timeoutMs: number;
  itt: number = RESERVED_TAG;
  /** CmdSN of the last request, unless that is immediate. */
  cmdSn = 0;
  /** How often a request was sent again. */
  retries = 0;
  /** The connection that it is for, or has gone out on: its answers come on one. */
  cid: number;
  /** Whether what it says concerns its connection, and is over with that. */
  readonly isBound: boolean;
  /** Whether it goes out with the I bit: it uses up no CmdSN, and waits for no window. */
  readonly isImmediate: boolean;
  readonly #owner: TextOwner;
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Bytes of all answers of the exchange. */
  #said = 0;
  #settled = false;

  /** `cid` binds it to a connection; without, the first that is ready takes it. */
  constructor(
    request: Uint8Array,
    now: number,
    timeoutMs: number,
    owner: TextOwner,
    cid: number = NO_CONNECTION,
    isImmediate = false,
  ) {
    this.cid = cid;
    this.isBound = cid !== NO_CONNECTION;
    this.isImmediate = isImmediate;
    this.next = { lun: 0n, ttt: RESERVED_TAG, data: request };
    this.timeoutMs = timeoutMs;
    this.deadline = now + timeoutMs;
    this.#owner = owner;
  }

  /** It goes out, or goes on. */
  goesOut(): void {
    this.#owner.sent?.();
  }

  /** Whether the target has heard of it. */
  get sent(): boolean {
    return this.itt !== RESERVED_TAG;
  }

  /**
   * Takes in one response. Returns true when the target has more to say and {@link next} is to be sent.
   *
   * @throws {ProtocolError} when F, C and the Target Transfer Tag contradict one another or the answer has no end.
   */
  receive(response: TextResponse, data: Uint8Array): boolean {
    this.#length += data.length;
    this.#said += data.length;
    if (this.#said > MAX_TEXT_BYTES) {
      throw new ProtocolError(`Text request: the answer is longer than ${MAX_TEXT_BYTES} bytes`);
    }
    if (data.length > 0) this.#parts.push(data.slice());
    if (response.final) {
      if (response.continue) {
        throw new ProtocolError("Text request: the response has both F and C set");
      }
      this.#complete();
      return false;
    }
    if (response.ttt === RESERVED_TAG) {
      throw new ProtocolError(
        "Text request: a response that is not final has no tag to go on with",
      );
    }
    // Nobody waits any more: a new exchange will end this one (RFC 7143 §11.10.4).
    if (this.#settled) return false;
    this.next = { lun: response.lun, ttt: response.ttt, data: this.#reply(response.continue) };
    return true;
  }

  /** Asks for the rest of a text with an empty request (RFC 7143 §6.2). */
  #reply(isCut: boolean): Uint8Array {
    if (isCut || this.#owner.respond === undefined) return NO_BYTES;
    return this.#owner.respond(this.#take());
  }

  /** Its owner waits no longer. Does nothing if the answer has come. */
  fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#owner.failed(error);
  }

  #complete(): void {
    if (this.#settled) return;
    // An answer that its owner cannot take ends the session, which then tells the owner: until it has, nothing is settled.
    this.#owner.completed(this.#take());
    this.#settled = true;
  }

  #take(): Uint8Array {
    const text = concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    return text;
  }
}
