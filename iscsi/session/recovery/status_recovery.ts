/**
 * Responses of one connection that were lost or damaged, from error recovery level 1 on (RFC 7143 §7.1.4.4, §11.16).
 *
 * @module
 */

import { serialAdd, serialLess } from "../../connection/serial_number.ts";
import { ConnectionLostError } from "../../errors.ts";
import type { InitiatorConnection } from "../connection/initiator_connection.ts";
import type { NumberRun } from "../connection/status_sequence.ts";
import { sendStatusSnack } from "./snacks.ts";

/** How long to wait for what was asked for, and how often to ask. */
const ASK_AGAIN_MS = 1000;
const MAX_ROUNDS = 5;

/** Asks for missing responses until they come. */
export class StatusRecovery {
  readonly #connection: InitiatorConnection;
  /** One past the last StatSN that was asked for. */
  #asked: number | undefined;
  #rounds = 0;
  #deadline = Infinity;

  constructor(connection: InitiatorConnection) {
    this.#connection = connection;
  }

  /** When to ask again; infinity while nothing is missing. */
  get deadline(): number {
    return this.#deadline;
  }

  /** A PDU has come: asks for what its numbers show to be missing. */
  check(now: number): void {
    const missing = this.#connection.status.missing();
    if (missing === undefined) this.#settled();
    else if (this.#asked === undefined || !serialLess(missing.begin, this.#asked)) {
      this.#ask(missing, now);
    }
  }

  /** A response will come by itself: it is asked for only if it takes too long. */
  expect(statSn: number, now: number): void {
    this.#asked = serialAdd(statSn, 1);
    this.#deadline = now + ASK_AGAIN_MS;
  }

  /** A response that was asked for came damaged: it is asked for again. */
  askAgain(): void {
    this.#asked = undefined;
  }

  /**
   * Time has passed.
   *
   * @throws {ConnectionLostError} when the responses do not come, however often they are asked for.
   */
  tick(now: number): void {
    if (now < this.#deadline) return;
    const missing = this.#connection.status.missing();
    if (missing === undefined) return this.#settled();
    if (++this.#rounds >= MAX_ROUNDS) {
      throw new ConnectionLostError(
        `Receive responses: the one with StatSN ${missing.begin} was asked for ${MAX_ROUNDS} times and did not come`,
      );
    }
    this.#ask(missing, now);
  }

  #ask(missing: NumberRun, now: number): void {
    this.#asked = serialAdd(missing.begin, missing.length);
    this.#deadline = now + ASK_AGAIN_MS;
    sendStatusSnack(this.#connection, missing);
  }

  #settled(): void {
    this.#asked = undefined;
    this.#rounds = 0;
    this.#deadline = Infinity;
  }
}
