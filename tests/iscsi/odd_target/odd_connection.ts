/** A target's end of one connection: PDUs and digests, and bytes that arrive in pieces of any size. */

import { completeCdb, decodeAhs } from "../../../iscsi/pdu/ahs.ts";
import { ahsLength, BHS_LENGTH, dataSegmentLength, padded } from "../../../iscsi/pdu/bhs.ts";
import { crc32c } from "../../../iscsi/pdu/crc32c.ts";
import { decodePdu, encodePdu, type InitiatorPdu, type TargetPdu } from "../../../iscsi/pdu/pdu.ts";
import type { LoginResponse } from "../../../iscsi/pdu/login.ts";
import { serialAdd } from "../../../iscsi/connection/serial_number.ts";
import { readU32, writeU24 } from "../../../scsi/big_endian.ts";
import type { ByteStream } from "../../../transport/byte_stream.ts";
import { concat } from "../../../transport/concat.ts";

const DIGEST_LENGTH = 4;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** A PDU of the initiator's. */
export interface Received {
  readonly pdu: InitiatorPdu;
  readonly bhs: Uint8Array;
  readonly data: Uint8Array;
  readonly ahs: Uint8Array;
}

/** Who takes the PDUs of a connection. */
export interface OddConnectionOwner {
  receive(connection: OddConnection, received: Received): void;
  /** The initiator has broken a rule. */
  violated(what: string): void;
}

/** A PDU as bytes, spoilt on purpose or not. */
export interface WireOptions {
  /** DataSegmentLength, if it is not that of the data. */
  readonly length?: number;
  readonly ahs?: Uint8Array;
  readonly badHeaderDigest?: boolean;
  readonly badDataDigest?: boolean;
  /** Changes the header before its digest is taken. */
  readonly spoil?: (bhs: Uint8Array) => void;
}

export class OddConnection {
  cid = -1;
  statSn: number;
  headerDigest = false;
  dataDigest = false;
  /** The initiator has closed it, or this side has. */
  isClosed = false;
  /** Nothing is said any more. */
  isSilent = false;
  isFullFeature = false;
  hasLoggedOut = false;
  /** All text of its login. */
  said: Uint8Array = NO_BYTES;
  /** What each further Login Request is answered with, without an end. */
  talksOn: LoginResponse | undefined;
  /** Bytes that passed, both ways. */
  activity = 0;
  readonly #stream: ByteStream;
  readonly #owner: OddConnectionOwner;
  #in: Uint8Array = NO_BYTES;
  #out: Uint8Array[] = [];
  #isWriting = false;
  #endsWithQueue = false;

  constructor(stream: ByteStream, statSn: number, owner: OddConnectionOwner) {
    this.#stream = stream;
    this.statSn = statSn;
    this.#owner = owner;
    this.#read();
  }

  /** Whether there are bytes that have not been delivered. */
  get hasOutput(): boolean {
    return this.#out.length > 0 && !this.#isWriting && !this.isClosed;
  }

  get queuedPdus(): number {
    return this.#out.length;
  }

  /** StatSN of a PDU that uses it up. */
  nextStatSn(): number {
    const statSn = this.statSn;
    this.statSn = serialAdd(statSn, 1);
    return statSn;
  }

  send(pdu: TargetPdu, data: Uint8Array = NO_BYTES, options: WireOptions = {}): void {
    if (this.isSilent || this.isClosed) return;
    const bhs = new Uint8Array(BHS_LENGTH);
    encodePdu(pdu, bhs);
    this.sendRaw(bhs, data, options);
  }

  sendRaw(bhs: Uint8Array, data: Uint8Array, options: WireOptions = {}): void {
    const { length = data.length, ahs = NO_BYTES, badHeaderDigest, badDataDigest, spoil } = options;
    writeU24(bhs, 5, length);
    bhs[4] = ahs.length / 4;
    spoil?.(bhs);
    const header = concat([bhs, ahs]);
    const segment = new Uint8Array(padded(data.length));
    segment.set(data);
    this.#out.push(concat([
      header,
      this.headerDigest ? digest(header, badHeaderDigest) : NO_BYTES,
      segment,
      this.dataDigest && data.length > 0 ? digest(segment, badDataDigest) : NO_BYTES,
    ]));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#out.push(bytes);
  }

  /** Hands over so many bytes of what has been sent. */
  deliver(count: number): void {
    if (!this.hasOutput) return;
    const bytes = concat(this.#out);
    this.#out = count < bytes.length ? [bytes.subarray(count)] : [];
    this.#isWriting = true;
    this.activity++;
    this.#stream.write([bytes.slice(0, count)]).then(() => {}, () => this.isClosed = true).finally(
      () => {
        this.activity++;
        this.#isWriting = false;
        if (this.#endsWithQueue && this.#out.length === 0) this.close();
      },
    );
  }

  /** Closes once all that has been sent is delivered. */
  end(): void {
    if (this.#out.length === 0 && !this.#isWriting) this.close();
    else this.#endsWithQueue = true;
  }

  close(): void {
    this.isClosed = true;
    this.#out = [];
    this.#stream.close();
  }

  async #read(): Promise<void> {
    const into = new Uint8Array(65_536);
    for (;;) {
      const count = await this.#stream.read(into).catch(() => null);
      if (count === null) break;
      this.activity++;
      this.#in = concat([this.#in, into.subarray(0, count)]);
      while (this.#takePdu());
    }
    this.isClosed = true;
    this.#stream.close();
  }

  #takePdu(): boolean {
    if (this.#in.length < BHS_LENGTH) return false;
    const headerLength = BHS_LENGTH + ahsLength(this.#in);
    const dataLength = dataSegmentLength(this.#in);
    const dataAt = headerLength + (this.headerDigest ? DIGEST_LENGTH : 0);
    const dataEnd = dataAt + padded(dataLength);
    const end = dataEnd + (this.dataDigest && dataLength > 0 ? DIGEST_LENGTH : 0);
    if (this.#in.length < end) return false;
    const header = this.#in.slice(0, headerLength);
    const segment = this.#in.slice(dataAt, dataEnd);
    this.#check(header, headerLength, dataAt);
    this.#check(segment, dataEnd, end);
    this.#in = this.#in.slice(end);
    const pdu = decodePdu(header) as InitiatorPdu;
    const bhs = header.slice(0, BHS_LENGTH);
    const data = segment.subarray(0, dataLength);
    this.#owner.receive(this, { pdu, bhs, data, ahs: header.slice(BHS_LENGTH) });
    return true;
  }

  #check(bytes: Uint8Array, at: number, end: number): void {
    if (at === end || readU32(digest(bytes), 0) === readU32(this.#in, at)) return;
    this.#owner.violated("a digest is wrong");
  }
}

/** The whole CDB of a command. */
export function wholeCdb(cdb: Uint8Array, ahs: Uint8Array): Uint8Array {
  const list = decodeAhs(ahs);
  if (!list.ok) throw new Error(list.problem);
  return completeCdb(cdb, list.segments);
}

function digest(bytes: Uint8Array, isBad = false): Uint8Array {
  const value = new Uint8Array(DIGEST_LENGTH);
  new DataView(value.buffer).setUint32(0, crc32c(bytes) ^ (isBad ? 0x100 : 0), true);
  return value;
}
