/**
 * Gathers the Data-Out of one command: immediate, unsolicited, and solicited by R2Ts, and checks that it comes as
 * announced (RFC 7143 §4.2.5.2, §11.7, §11.8, table in §13.11).
 *
 * @module
 */

import { ProtocolError } from "../../../iscsi/errors.ts";
import type { NegotiatedParameters } from "../../../iscsi/negotiation/negotiated_parameters.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import type { DataOut } from "../../../iscsi/pdu/data_out.ts";
import type { BufferPool } from "./buffer_pool.ts";

/**
 * What was wrong with the data (RFC 7143 §11.4.7.2): a digest or a DataSN, data that was not asked for, or another
 * amount than was due.
 */
export type DataFault = "crc" | "unexpected" | "amount";

/** What a command announces about its data. All lengths in bytes. */
export interface AnnouncedData {
  /** Expected data transfer length. */
  readonly expected: number;
  /** What the device is to get of it. */
  readonly wanted: number;
  /** Length of the data segment of the command itself. */
  readonly immediate: number;
  /** F bit of the command: no unsolicited Data-Out follows. */
  readonly final: boolean;
}

/** The part of a command's data that one R2T asks for. */
export interface SolicitedRange {
  readonly offset: number;
  readonly length: number;
}

/** An R2T whose data has not come whole. */
export interface OpenRequest extends SolicitedRange {
  readonly ttt: number;
  readonly r2tSn: number;
}

/** One run of Data-Out PDUs that ends with an F bit. DataSN counts from 0 in each. */
interface Sequence {
  next: number;
  readonly end: number;
  dataSn: number;
}

/** A run that an R2T asked for. */
interface SolicitedSequence extends Sequence {
  readonly request: OpenRequest;
}

/** Bytes that did not come, or came damaged. */
interface Hole {
  offset: number;
  readonly end: number;
}

/**
 * The data of one command on its way in. Once something is wrong with it, the rest is only counted: the command can end
 * when every sequence that was begun has come to its F bit (RFC 7143 §7.8). At error recovery level 1 and above, data
 * that was lost or damaged is asked for again instead (RFC 7143 §7.1.4.1).
 */
export class DataCollection {
  /** Bytes that come without being asked for. */
  readonly unsolicitedBytes: number;
  /** Bytes of buffer that the whole transfer needs. */
  readonly totalBytes: number;
  readonly #pool: BufferPool;
  readonly #wanted: number;
  readonly #maxBurst: number;
  readonly #maxOutstanding: number;
  readonly #recovers: boolean;
  readonly #announcesUnsolicited: boolean;
  readonly #solicited = new Map<number, SolicitedSequence>();
  #unsolicited: Sequence | undefined;
  /** Of the PDU that is arriving; undefined when it is of no use. */
  #arriving: Sequence | undefined;
  #holes: Hole[] = [];
  /** A connection that broke may still hold a part of the buffer. */
  #shared = false;
  #buffer: Uint8Array | undefined;
  #begun = false;
  #granted = false;
  /** The buffer, once it is needed, holds all of the data. */
  #whole = false;
  #nextOffset: number;
  #fault: DataFault | undefined;

  constructor(announced: AnnouncedData, parameters: NegotiatedParameters, pool: BufferPool) {
    const { expected, wanted, immediate, final } = announced;
    const firstBurst = Math.min(parameters.firstBurstLength, expected);
    this.#pool = pool;
    this.#wanted = wanted;
    this.#maxBurst = parameters.maxBurstLength;
    this.#maxOutstanding = parameters.maxOutstandingR2T;
    this.#recovers = parameters.errorRecoveryLevel > 0;
    this.#fault = unsolicitedFault(announced, firstBurst, parameters);
    const end = final || this.#fault ? immediate : firstBurst;
    this.#announcesUnsolicited = !final;
    if (!final) this.#unsolicited = { next: immediate, end, dataSn: 0 };
    this.unsolicitedBytes = this.#fault ? 0 : end;
    this.totalBytes = Math.max(this.unsolicitedBytes, this.#fault ? 0 : wanted);
    this.#nextOffset = end;
  }

  /** What went wrong, if anything. */
  get fault(): DataFault | undefined {
    return this.#fault;
  }

  /** Whether no more data is due. */
  get complete(): boolean {
    return this.#unsolicited === undefined && this.#solicited.size === 0 &&
      (this.#fault !== undefined ||
        (this.#holes.length === 0 && this.#nextOffset >= this.#wanted));
  }

  /** The data that the device is to get; the collection is complete, and no fault was found. */
  get data(): Uint8Array {
    return this.#room().subarray(0, this.#wanted);
  }

  /** The device is done with the data, and the collection is complete: the buffer is free for another. */
  release(): void {
    if (this.#buffer && !this.#shared) this.#pool.give(this.#buffer);
    this.#buffer = undefined;
  }

  /** There may be a buffer for all of the data now: from then on, R2Ts may be sent. */
  grant(): void {
    this.#granted = true;
    if (this.#buffer === undefined) this.#whole = true;
    else this.#expand();
  }

  /** The command itself has arrived, with its immediate data. */
  begin(): void {
    this.#begun = true;
    this.#expand();
  }

  /** Where the data segment of the command itself belongs; undefined when it is of no use. */
  placeImmediate(length: number): Uint8Array | undefined {
    return this.#fault ? undefined : this.#room().subarray(0, length);
  }

  /**
   * Checks a Data-Out PDU and says where its data segment belongs; undefined when it is of no use.
   *
   * @throws {ProtocolError} when it answers an R2T that was not sent.
   */
  place(pdu: DataOut, length: number): Uint8Array | undefined {
    const sequence = this.#arriving = this.#sequenceOf(pdu);
    if (sequence === undefined) return undefined;
    if (this.#recovers) this.#passOver(sequence, pdu);
    this.#fault ??= sequenceFault(sequence, pdu, length);
    if (this.#fault) return undefined;
    return this.#room().subarray(sequence.next, sequence.next + length);
  }

  /** The PDU that {@link place} has checked is here; `intact` is false when its data digest was wrong. */
  arrived(pdu: DataOut, length: number, intact: boolean): void {
    const sequence = this.#arriving;
    if (sequence === undefined) return;
    const { next } = sequence;
    sequence.next += length;
    sequence.dataSn++;
    if (!intact && this.#recovers) this.#miss(next, sequence.next);
    else if (!intact) this.#fault ??= "crc";
    if (!pdu.final) return;
    if (sequence.next !== sequence.end) this.#fault ??= "amount";
    if (pdu.ttt !== RESERVED_TAG) {
      this.#solicited.delete(pdu.ttt);
    } else {
      this.#unsolicited = undefined;
      this.#expand();
    }
  }

  /** Whether another R2T is due. */
  get r2tDue(): boolean {
    return this.#begun && this.#whole && this.#fault === undefined &&
      (this.#hasHoleToFill || this.#nextOffset < this.#wanted) &&
      this.#solicited.size < this.#maxOutstanding;
  }

  /** Begins the sequence that an R2T with this tag and R2TSN asks for: what is missing before what is new. */
  solicit(ttt: number, r2tSn: number): SolicitedRange {
    const { offset, end } = this.#hasHoleToFill ? this.#takeHole() : this.#takeNext();
    const request = { ttt, r2tSn, offset, length: end - offset };
    this.#solicited.set(ttt, { next: offset, end, dataSn: 0, request });
    return request;
  }

  /** The R2Ts that have been sent, and whose data has not come whole. */
  openRequests(): OpenRequest[] {
    return [...this.#solicited.values()].map(({ request }) => request);
  }

  /** The connection is gone: all that it still owed is asked for anew, on another (RFC 7143 §7.2.2). */
  restart(): void {
    const open: Sequence[] = [...this.#solicited.values()];
    if (this.#unsolicited) open.push(this.#unsolicited);
    this.#solicited.clear();
    this.#unsolicited = undefined;
    this.#arriving = undefined;
    this.#shared = true;
    for (const { next, end } of open) this.#miss(next, end);
    this.#expand();
  }

  get #hasHoleToFill(): boolean {
    return this.#holes.length > 0 && this.#unsolicited === undefined;
  }

  #takeHole(): Hole {
    const [hole] = this.#holes;
    const end = Math.min(hole.offset + this.#maxBurst, hole.end);
    const part = { offset: hole.offset, end };
    hole.offset = end;
    if (end === hole.end) this.#holes.shift();
    return part;
  }

  #takeNext(): Hole {
    const offset = this.#nextOffset;
    this.#nextOffset = Math.min(offset + this.#maxBurst, this.#wanted);
    return { offset, end: this.#nextOffset };
  }

  /** What the device does not want need not come. */
  #miss(offset: number, end: number): void {
    const wantedEnd = Math.min(end, this.#wanted);
    if (offset < wantedEnd) this.#holes.push({ offset, end: wantedEnd });
  }

  /** A jump in DataSN says that what lies between was lost (RFC 7143 §7.9). */
  #passOver(sequence: Sequence, { dataSn, bufferOffset }: DataOut): void {
    const isJump = dataSn > sequence.dataSn && bufferOffset >= sequence.next;
    if (!isJump || bufferOffset > sequence.end) return;
    this.#miss(sequence.next, bufferOffset);
    sequence.next = bufferOffset;
    sequence.dataSn = dataSn;
  }

  /** The buffer is made when the first byte needs it. */
  #room(): Uint8Array {
    return this.#buffer ??= this.#pool.take(this.#whole ? this.totalBytes : this.unsolicitedBytes);
  }

  /** Moves the unsolicited data to a buffer for all, once no more of it is on its way into the old one. */
  #expand(): void {
    if (!this.#granted || this.#whole || !this.#begun || this.#unsolicited) return;
    this.#whole = true;
    if (this.totalBytes === this.unsolicitedBytes) return;
    const whole = this.#pool.take(this.totalBytes);
    if (this.#buffer) whole.set(this.#buffer);
    this.#buffer = whole;
  }

  /** Undefined for what has come before, which a retried command brings along (RFC 7143 §7.2.1). */
  #sequenceOf(pdu: DataOut): Sequence | undefined {
    const sequence = pdu.ttt === RESERVED_TAG
      ? this.#unsolicitedSequence(pdu)
      : this.#solicited.get(pdu.ttt);
    const isRepeated = this.#recovers && pdu.dataSn < (sequence?.dataSn ?? Infinity);
    if (sequence || isRepeated) return isRepeated ? undefined : sequence;
    throw new ProtocolError(`Receive SCSI Data-Out: no R2T of its command has the tag ${pdu.ttt}`);
  }

  #unsolicitedSequence({ bufferOffset }: DataOut): Sequence | undefined {
    if (this.#unsolicited) return this.#unsolicited;
    if (this.#recovers && this.#announcesUnsolicited) return undefined;
    this.#fault ??= "unexpected";
    return this.#unsolicited = { next: bufferOffset, end: bufferOffset, dataSn: 0 };
  }
}

/** What is wrong with unsolicited data before any of it is looked at. */
function unsolicitedFault(
  { immediate, final }: AnnouncedData,
  firstBurst: number,
  { immediateData, initialR2T }: NegotiatedParameters,
): DataFault | undefined {
  if ((immediate > 0 && !immediateData) || (!final && initialR2T)) return "unexpected";
  return immediate > firstBurst ? "amount" : undefined;
}

/** A DataSN out of order means that a PDU was lost to a header digest (RFC 7143 §7.9). */
function sequenceFault(sequence: Sequence, pdu: DataOut, length: number): DataFault | undefined {
  if (pdu.dataSn !== sequence.dataSn) return "crc";
  if (pdu.bufferOffset !== sequence.next || sequence.next + length > sequence.end) return "amount";
  return undefined;
}
