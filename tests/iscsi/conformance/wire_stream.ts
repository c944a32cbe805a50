import type { ByteStream } from "../../../transport/byte_stream.ts";
import { concat } from "../../../transport/concat.ts";
import { transportFailure } from "../../../transport/errors.ts";
import { digest, WirePdu } from "./wire_pdu.ts";

/** Which digests PDUs carry. */
export interface Digests {
  readonly header: boolean;
  readonly data: boolean;
}

/** The initiator's end of a connection whose other end is a test: PDUs out, bytes in. Only promises, no timers. */
export class WireStream implements ByteStream {
  /** PDUs of the initiator that no test has looked at. */
  readonly sent: WirePdu[] = [];
  /** What was wrong with the digests of the initiator's PDUs. */
  readonly digestFaults: string[] = [];
  digests: Digests = { header: false, data: false };
  /** Whether the initiator has closed its end. */
  closed = false;
  /** Most bytes that one read returns. */
  readBytes = Infinity;
  #written: Uint8Array = new Uint8Array(0);
  #unread: Uint8Array = new Uint8Array(0);
  #ended: "no" | "end" | Error = "no";
  #reader: { into: Uint8Array; settle: () => void } | undefined;
  #stalled: (() => void)[] | undefined;

  /** Bytes of a PDU that has not come to its end. */
  get unfinishedBytes(): number {
    return this.#written.length;
  }

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#reader = undefined;
        if (this.#unread.length > 0) return resolve(this.#take(into));
        if (typeof this.#ended === "string") resolve(null);
        else reject(this.#ended);
      };
      this.#reader = { into, settle };
      this.#wake();
    });
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.closed || this.#ended !== "no") {
      throw transportFailure({ op: "write", reason: "closed" });
    }
    this.#written = concat([this.#written, ...chunks]);
    while (this.#takePdu());
    if (this.#stalled) await new Promise<void>((resolve) => this.#stalled!.push(resolve));
  }

  close(): void {
    this.closed = true;
    this.cut();
  }

  /** Bytes for the initiator. */
  deliver(bytes: Uint8Array): void {
    this.#unread = concat([this.#unread, bytes]);
    this.#wake();
  }

  /** The connection ends, in order or with an error. */
  cut(error?: Error): void {
    if (this.#ended === "no") this.#ended = error ?? "end";
    this.go();
    this.#wake();
  }

  /** From now on the network takes nothing more than the one write that comes. */
  stall(): void {
    this.#stalled = [];
  }

  /** Ends {@link stall}. */
  go(): void {
    const waiting = this.#stalled ?? [];
    this.#stalled = undefined;
    for (const resolve of waiting) resolve();
  }

  #wake(): void {
    if (this.#unread.length > 0 || this.#ended !== "no") this.#reader?.settle();
  }

  #take(into: Uint8Array): number {
    const count = Math.min(into.length, this.#unread.length, this.readBytes);
    into.set(this.#unread.subarray(0, count));
    this.#unread = this.#unread.subarray(count);
    return count;
  }

  /** Cuts the next PDU out of what was written: BHS, AHS, digest, data, padding, digest (RFC 7143 §11.2). */
  #takePdu(): boolean {
    const wire = this.#written;
    if (wire.length < 48) return false;
    const dataLength = new DataView(wire.buffer, wire.byteOffset).getUint32(4) & 0xffffff;
    const headerLength = 48 + wire[4] * 4;
    const dataAt = headerLength + (this.digests.header ? 4 : 0);
    const paddedEnd = dataAt + Math.ceil(dataLength / 4) * 4;
    const end = paddedEnd + (this.digests.data && dataLength > 0 ? 4 : 0);
    if (wire.length < end) return false;
    this.#checkDigest(
      "header",
      wire.subarray(0, headerLength),
      wire.subarray(headerLength, dataAt),
    );
    this.#checkDigest("data", wire.subarray(dataAt, paddedEnd), wire.subarray(paddedEnd, end));
    this.sent.push(
      new WirePdu(
        wire.slice(0, 48),
        wire.slice(48, headerLength),
        wire.slice(dataAt, dataAt + dataLength),
      ),
    );
    this.#written = wire.slice(end);
    return true;
  }

  #checkDigest(what: string, covered: Uint8Array, found: Uint8Array): void {
    if (found.length === 0) return;
    const expected = digest(covered);
    if (!expected.every((byte, index) => byte === found[index])) this.digestFaults.push(what);
  }
}
