/** What happens to a conversation at one of its PDUs. */

import { opcodeName } from "../../iscsi/pdu/pdu.ts";
import type { Direction } from "../../transport/tracing.ts";
import type { WirePdu } from "./pdu_splitter.ts";

/**
 * - `cut-before`, `cut-inside`, `cut-after`: the connection breaks; nothing, half, or all of the PDU has passed.
 * - `stall`: from this PDU on nothing passes in either direction, and nobody is told.
 * - `corrupt-header`, `corrupt-data`: one bit is turned over. A PDU without data loses one of its header.
 * - `call-off`: nothing happens to the PDU; the application calls off what it waits for.
 */
export type FaultKind =
  | "cut-before"
  | "cut-inside"
  | "cut-after"
  | "stall"
  | "corrupt-header"
  | "corrupt-data"
  | "call-off";

/** How a fault strikes again. */
export interface Repetition {
  /** PDUs from one strike to the next. @default Infinity */
  readonly period?: number;
  /** Strikes in all. @default Infinity */
  readonly times?: number;
}

/** One fault, at the PDU with this number, counted from 0 over both directions and all connections; or one after the other. */
export class Fault {
  readonly kind: FaultKind;
  readonly index: number;
  /** Whether it strikes more than once. */
  readonly isRepeated: boolean;
  /** The PDU that it struck, for messages. */
  struck: string | undefined;
  /** Called whenever a PDU is struck. */
  onStrike: () => void = () => {};
  readonly #period: number;
  #timesLeft: number;
  #passed = 0;

  constructor(kind: FaultKind, index: number, repetition: Repetition = {}) {
    const { period = Infinity, times = Infinity } = repetition;
    this.kind = kind;
    this.index = index;
    this.isRepeated = times > 1 && period < Infinity;
    this.#period = period;
    this.#timesLeft = times;
  }

  /** PDUs so far, the one that was struck included. */
  get passed(): number {
    return this.#passed;
  }

  /** Whether the fault strikes this PDU. */
  strikes({ bytes }: WirePdu, direction: Direction): boolean {
    const since = this.#passed++ - this.index;
    if (since !== 0 && (since < 0 || since % this.#period !== 0)) return false;
    if (--this.#timesLeft < 0) return false;
    this.onStrike();
    this.struck = `${direction} ${opcodeName(bytes[0] & 0x3f)}`;
    return true;
  }

  toString(): string {
    return `${this.kind} at PDU ${this.index} (${this.struck ?? "never came"})`;
  }
}

/** A copy with one bit turned over, always the same for the same fault. */
export function corrupted({ kind, index }: Fault, pdu: WirePdu): Uint8Array {
  const bytes = pdu.bytes.slice();
  const isData = kind === "corrupt-data" && pdu.dataLength > 0;
  const start = isData ? pdu.dataAt : 0;
  const length = isData ? pdu.dataLength : 48;
  const bit = (index * 2654435761 >>> 0) % (length * 8);
  bytes[start + (bit >>> 3)] ^= 1 << (bit & 7);
  return bytes;
}
