/**
 * Command numbering and flow control of a session (RFC 7143 §4.2.2.1).
 *
 * @module
 */

import { serialAdd, serialLess, serialLessOrEqual } from "../../connection/serial_number.ts";

/** The initiator's CmdSN, ExpCmdSN and MaxCmdSN. */
export class CommandWindow {
  #cmdSn: number;
  #expCmdSn: number;
  #maxCmdSn: number;
  /** Whether the target has said what it lets in. */
  #isKnown = false;

  /** Before the target has spoken, the window holds one command. */
  constructor(initialCmdSn: number) {
    this.#cmdSn = initialCmdSn >>> 0;
    this.#expCmdSn = this.#cmdSn;
    this.#maxCmdSn = this.#cmdSn;
  }

  /** The number that the next non-immediate command gets, and that an immediate one carries. */
  get cmdSn(): number {
    return this.#cmdSn;
  }

  /** The number of the next command that the target expects. */
  get expCmdSn(): number {
    return this.#expCmdSn;
  }

  /** Whether the target takes another non-immediate command: the window includes MaxCmdSN. */
  get open(): boolean {
    return serialLessOrEqual(this.#cmdSn, this.#maxCmdSn);
  }

  /** Takes the next number, at the moment its command is written: a number once taken must reach the target. */
  take(): number {
    const cmdSn = this.#cmdSn;
    this.#cmdSn = serialAdd(cmdSn, 1);
    return cmdSn;
  }

  /** Takes in what a PDU of the target says; older values and impossible pairs change nothing. */
  update(expCmdSn: number, maxCmdSn: number): void {
    if (serialLess(maxCmdSn, serialAdd(expCmdSn, -1))) return;
    // What was assumed gives way: a window may be closed from the start.
    if (!this.#isKnown && expCmdSn === this.#expCmdSn) this.#maxCmdSn = maxCmdSn;
    this.#isKnown = true;
    if (serialLess(this.#expCmdSn, expCmdSn)) this.#expCmdSn = expCmdSn;
    if (serialLess(this.#maxCmdSn, maxCmdSn)) this.#maxCmdSn = maxCmdSn;
  }
}
