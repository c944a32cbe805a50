/**
 * Data-In and R2Ts of one command that were lost or damaged on the way, and what is done to get them again: recovery
 * within a command (RFC 7143 §7.1.4.1, §11.16).
 *
 * @module
 */

import { serialAdd, serialDistance } from "../../connection/serial_number.ts";
import type { ReadyToTransfer } from "../../pdu/r2t.ts";
import type { NumberRun } from "../connection/status_sequence.ts";

/** How far ahead of what is expected a DataSN or R2TSN may be: bounds what is remembered. */
export const MAX_AHEAD = 65_536;

/** That all Data-In before a DataSN has arrived; the tag and the LUN are those of the PDU with the A bit. */
export interface DataAcknowledgement {
  readonly ttt: number;
  readonly lun: bigint;
  readonly nextDataSn: number;
}

/** A response that has come while data of its command is still missing. */
export interface WithheldStatus {
  readonly statSn: number;
  /** One past the last DataSN of the command. */
  readonly endDataSn: number;
  readonly act: () => void;
}

/** What of one command has come out of order, and what waits for the rest. */
export class DataRecovery {
  /** Length of the data segments that came before earlier ones, by DataSN. */
  readonly #early: Map<number, number> = new Map();
  readonly #earlyR2ts: Map<number, ReadyToTransfer> = new Map();
  /** One past the highest DataSN or R2TSN that is known to have been sent. */
  #known: number;
  /** One past the highest number that was asked for since the last {@link askAgain}. */
  #asked: number;
  /** The response that waits for the data. */
  status: WithheldStatus | undefined;
  /** The A bit of Data-In that comes after what is missing: acknowledged once nothing is. */
  acknowledge: { readonly ttt: number; readonly lun: bigint } | undefined;
  /** What the last DataACK says, written or not. */
  latestAck: DataAcknowledgement | undefined;
  /** ExpStatSN since the task is over, its status among what that acknowledges. */
  endStatSn: number | undefined;
  /** When to ask once more; infinity while nothing is missing. */
  deadline = Infinity;
  /** How often something was asked for, and how often in a row that did not come. */
  requests = 0;
  rounds = 0;
  /** The tag of the last R-Data SNACK, which the response must carry; 0 when none was sent. */
  snackTag = 0;
  /** What the last DataACK acknowledged: the next DataSN, and the bytes before it. */
  ackedDataSn = 0;
  ackedBytes = 0;
  /** Bytes that came before all was cut anew: as many come again. */
  knownBytes = 0;
  /** The target has refused to send again: the data will not be whole. */
  refused = false;

  /** `expected` is the next DataSN or R2TSN. */
  constructor(expected: number) {
    this.#known = expected;
    this.#asked = expected;
  }

  /** The target has sent a PDU with this number. */
  sent(number: number): void {
    const next = serialAdd(number, 1);
    if (serialDistance(this.#known, next) > 0) this.#known = next;
  }

  /** Data that came early. */
  hold(dataSn: number, length: number): void {
    this.#early.set(dataSn, length);
    this.sent(dataSn);
  }

  /** Whether a PDU with this number has come already. */
  has(number: number): boolean {
    return this.#early.has(number) || this.#earlyR2ts.has(number);
  }

  /** Length of the data that came early with this number, which counts from now on; `undefined` if it has not come. */
  takeData(dataSn: number): number | undefined {
    const length = this.#early.get(dataSn);
    this.#early.delete(dataSn);
    return length;
  }

  /** An R2T that came early. */
  holdR2t(pdu: ReadyToTransfer): void {
    this.#earlyR2ts.set(pdu.r2tSn, pdu);
    this.sent(pdu.r2tSn);
  }

  /** The R2T that came early with this number. */
  takeR2t(r2tSn: number): ReadyToTransfer | undefined {
    const pdu = this.#earlyR2ts.get(r2tSn);
    this.#earlyR2ts.delete(r2tSn);
    return pdu;
  }

  /** Whether anything is missing before the last number that is known. */
  misses(expected: number): boolean {
    return serialDistance(expected, this.#known) > 0;
  }

  /** The first run of numbers that are missing and have not been asked for. */
  nextRun(expected: number): NumberRun | undefined {
    let begin = serialDistance(expected, this.#asked) > 0 ? this.#asked : expected;
    while (serialDistance(begin, this.#known) > 0 && this.has(begin)) begin = serialAdd(begin, 1);
    let end = begin;
    while (serialDistance(end, this.#known) > 0 && !this.has(end)) end = serialAdd(end, 1);
    this.#asked = end;
    const length = serialDistance(begin, end);
    return length > 0 ? { begin, length } : undefined;
  }

  /** A PDU that was asked for came damaged again, or did not come in time. */
  askAgain(expected: number): void {
    this.#asked = expected;
  }

  /** Everything that came early is thrown away: all is sent anew, cut in another way. */
  startOver(expected: number): void {
    this.#early.clear();
    this.#known = expected;
    this.#asked = expected;
    this.acknowledge = undefined;
  }

  /** Another connection takes over the command, from `expected` on: what came before counts as acknowledged. */
  moved(expected: number, bytes: number): void {
    this.startOver(expected);
    this.#earlyR2ts.clear();
    this.latestAck = undefined;
    this.status = undefined;
    this.deadline = Infinity;
    this.snackTag = 0;
    this.ackedDataSn = expected;
    this.ackedBytes = bytes;
  }
}
