/**
 * The target's side of command numbering and flow control (RFC 7143 §4.2.2.1): commands are delivered in the order of
 * their CmdSN, and no more are let in than there is room for.
 *
 * @module
 */

import {
  serialAdd,
  serialLess,
  serialLessOrEqual,
} from "../../../iscsi/connection/serial_number.ts";

/** A number that has come, and what acts in its turn; nothing where the request was lost. */
interface Arrived<Request> {
  readonly cmdSn: number;
  readonly request: Request | undefined;
}

/** ExpCmdSN and MaxCmdSN of one session, and the requests that arrived before their turn. */
export class CommandOrder<Request> {
  readonly #size: number;
  readonly #arrived: Arrived<Request>[] = [];
  #expCmdSn: number;
  #unanswered = 0;
  /** While the window is kept closed: what was announced last. */
  #frozen: number | undefined;

  /** The first non-immediate request carries `firstCmdSn`; at most `size` are unanswered at a time. */
  constructor(firstCmdSn: number, size: number) {
    this.#expCmdSn = firstCmdSn >>> 0;
    this.#size = size;
  }

  /** The number of the next request to be delivered. */
  get expCmdSn(): number {
    return this.#expCmdSn;
  }

  /** The highest number that is let in. It never goes back: what arrives takes the room that was announced. */
  get maxCmdSn(): number {
    return this.#frozen ?? serialAdd(this.#expCmdSn, this.#size - this.#unanswered - 1);
  }

  /** Whether no further request is let in. */
  get closed(): boolean {
    return serialLess(this.maxCmdSn, this.#expCmdSn);
  }

  /** Keeps the window from moving on: it is closed once `room` more requests have come. */
  close(room: number): void {
    const last = serialAdd(this.#expCmdSn, room - 1);
    this.#frozen = serialLess(last, this.maxCmdSn) ? last : this.maxCmdSn;
  }

  /** Lets the window follow the commands again. */
  open(): void {
    this.#frozen = undefined;
  }

  /** Whether a request with this number is new and within the window; others are to be ignored. */
  accepts(cmdSn: number): boolean {
    return serialLessOrEqual(this.#expCmdSn, cmdSn) && serialLessOrEqual(cmdSn, this.maxCmdSn) &&
      this.#indexOf(cmdSn) < 0;
  }

  /** Takes in a request that {@link accepts} lets in; {@link next} delivers it in its turn. */
  arrive(cmdSn: number, request: Request): void {
    this.#arrived.push({ cmdSn, request });
  }

  /**
   * Counts a number as received that will never come: ABORT TASK of a command that was lost (RFC 7143 §11.6.1).
   *
   * @returns false when the number is not one that is still missing before `before`
   */
  giveUp(cmdSn: number, before: number): boolean {
    if (!serialLess(cmdSn, before) || !this.accepts(cmdSn)) return false;
    this.#arrived.push({ cmdSn, request: undefined });
    return true;
  }

  /** The next request in order; undefined when it has not arrived. */
  next(): Request | undefined {
    for (let at = this.#indexOf(this.#expCmdSn); at >= 0; at = this.#indexOf(this.#expCmdSn)) {
      const [{ request }] = this.#arrived.splice(at, 1);
      this.#expCmdSn = serialAdd(this.#expCmdSn, 1);
      if (request !== undefined) return request;
    }
    return undefined;
  }

  #indexOf(cmdSn: number): number {
    return this.#arrived.findIndex((arrived) => arrived.cmdSn === cmdSn);
  }

  /** A delivered request holds a place in the window until {@link release}. */
  hold(): void {
    this.#unanswered++;
  }

  /** Its answer is on its way: there is room for another. */
  release(): void {
    this.#unanswered--;
  }
}
