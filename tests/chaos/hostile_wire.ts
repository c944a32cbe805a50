import { BHS_LENGTH, padded } from "../../iscsi/pdu/bhs.ts";
import type { Opcode } from "../../iscsi/pdu/opcode.ts";
import { decodePdu, encodePdu, type InitiatorPdu, type TargetPdu } from "../../iscsi/pdu/pdu.ts";
import { writeU24 } from "../../scsi/big_endian.ts";
import type { ByteStream } from "../../transport/byte_stream.ts";
import { PduSplitter } from "./pdu_splitter.ts";
import type { SkippingClock } from "./skipping_clock.ts";

/** What a hostile target goes by when it begins. */
export interface Provocation {
  /** The PDU that set it off; of the first one of a connection, when nothing has been said yet. */
  readonly pdu: InitiatorPdu;
  /** StatSN that the initiator expects next. */
  readonly statSn: number;
  readonly expCmdSn: number;
  readonly maxCmdSn: number;
}

/** Bytes, and the milliseconds that pass before them. */
export interface Utterance {
  readonly bytes: Uint8Array;
  readonly afterMs: number;
}

/** A target that behaves until it gets a certain PDU, and from then on does what it likes. */
export interface Hostility {
  /** What sets it off. It gets no proper answer any more. */
  readonly provokedBy: Opcode;
  /** What it says from then on; nothing any more when that ends. */
  says(provocation: Provocation): Iterator<Utterance>;
  /** Whether it reads what it is sent. @default true */
  readonly isListening?: boolean;
}

/** One connection to a target in front of which a hostile one sits. */
export class HostileWire implements ByteStream {
  /** Changes whenever anything passes. */
  activity = 0;
  /** When the target turned hostile. */
  provokedAtMs: number | undefined;
  readonly #stream: ByteStream;
  readonly #clock: SkippingClock;
  readonly #hostility: Hostility;
  readonly #out = new PduSplitter();
  readonly #in = new PduSplitter();
  readonly #buffer = new Uint8Array(65536);
  readonly #turned = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  #inbox: Uint8Array = new Uint8Array(0);
  #utterances: Iterator<Utterance> | undefined;
  #numbers = { statSn: 0, expCmdSn: 0, maxCmdSn: 0 };

  constructor(stream: ByteStream, clock: SkippingClock, hostility: Hostility) {
    this.#stream = stream;
    this.#clock = clock;
    this.#hostility = hostility;
  }

  /** Whether the proper target has yet to say its first word. */
  get isAwaitingTarget(): boolean {
    return this.#utterances === undefined && !this.#closing.signal.aborted &&
      this.#numbers.statSn === 0;
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#inbox.length === 0) {
      if (this.isClosed) return null;
      if (!await (this.#utterances ? this.#speak(this.#utterances) : this.#forward())) return null;
    }
    const count = Math.min(this.#inbox.length, into.length);
    into.set(this.#inbox.subarray(0, count));
    this.#inbox = this.#inbox.subarray(count);
    this.activity++;
    return count;
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) this.#out.push(chunk);
    for (let pdu = this.#out.next(); pdu; pdu = this.#out.next()) {
      if (this.#utterances === undefined) await this.#hear(pdu.bytes);
    }
    if (this.#utterances && this.#hostility.isListening === false) await this.#closed();
  }

  close(): void {
    this.#closing.abort();
    this.#stream.close();
  }

  async #hear(bytes: Uint8Array): Promise<void> {
    this.activity++;
    const pdu = decodePdu(bytes) as InitiatorPdu;
    if (pdu.opcode !== this.#hostility.provokedBy) return await this.#stream.write([bytes]);
    this.provokedAtMs = this.#clock.now();
    this.#utterances = this.#hostility.says({ pdu, ...this.#numbers });
    this.#turned.resolve();
  }

  /** What the proper target says, until the other one takes over. */
  async #forward(): Promise<boolean> {
    const count = await Promise.race([this.#stream.read(this.#buffer), this.#turned.promise]);
    if (count === undefined) return true;
    if (count === null) return false;
    const bytes = this.#buffer.slice(0, count);
    this.#in.push(bytes);
    for (let pdu = this.#in.next(); pdu; pdu = this.#in.next()) this.#note(pdu.bytes);
    this.#inbox = bytes;
    return true;
  }

  #note(bytes: Uint8Array): void {
    const pdu = decodePdu(bytes) as TargetPdu;
    const { expCmdSn, maxCmdSn } = pdu;
    this.#numbers = { statSn: pdu.statSn + 1, expCmdSn, maxCmdSn };
  }

  async #speak(utterances: Iterator<Utterance>): Promise<boolean> {
    const { value, done } = utterances.next();
    if (done) await this.#closed();
    if (done) return false;
    try {
      await this.#clock.sleep(value.afterMs, this.#closing.signal);
    } catch {
      return false;
    }
    this.#inbox = value.bytes;
    return true;
  }

  #closed(): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

/** A PDU of a target's with its data segment, claimed to be `claimedLength` bytes long. */
export function wirePdu(
  pdu: TargetPdu,
  data: Uint8Array = new Uint8Array(0),
  claimedLength: number = data.length,
): Uint8Array {
  const bytes = new Uint8Array(BHS_LENGTH + padded(data.length));
  encodePdu(pdu, bytes.subarray(0, BHS_LENGTH));
  writeU24(bytes, 5, claimedLength);
  bytes.set(data, BHS_LENGTH);
  return bytes;
}
