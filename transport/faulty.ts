import type { ByteStream } from "./byte_stream.ts";
import { type TransportError, transportFailure } from "./errors.ts";

/** One bit to turn over. */
export interface BitFlip {
  /** Which byte, counted from 0 over all bytes of its direction. */
  readonly offset: number;
  /** Which bit of it: 0 is the least significant, 7 the most. @default 0 */
  readonly bit?: number;
}

/** Options of {@link faulty}: which faults to inject, each at a byte count, so that a run can be repeated exactly. */
export interface FaultOptions {
  /** Most bytes that one read returns. @default Infinity */
  readonly maxReadBytes?: number;
  /** Once so many bytes were read, reads hang until `close()`. @default Infinity */
  readonly stallReadAt?: number;
  /** Once so many bytes were read, the connection breaks. @default Infinity */
  readonly cutReadAt?: number;
  /** Once so many bytes were written, the connection breaks; bytes up to there reach the peer. @default Infinity */
  readonly cutWriteAt?: number;
  /** Bits that are turned over in what is read. @default [] */
  readonly flipRead?: readonly BitFlip[];
  /** Bits that are turned over in what is written; the caller's chunks stay as they are. @default [] */
  readonly flipWrite?: readonly BitFlip[];
}

/**
 * Wraps a stream so that it fails in the ways that networks do. The wrapper owns `stream`. A connection that is cut is
 * closed, and reads and writes reject with a {@link TransportError} of reason `reset`.
 */
export function faulty(stream: ByteStream, options: FaultOptions = {}): ByteStream {
  const {
    maxReadBytes = Infinity,
    stallReadAt = Infinity,
    cutReadAt = Infinity,
    cutWriteAt = Infinity,
    flipRead = [],
    flipWrite = [],
  } = options;
  const faults = { maxReadBytes, stallReadAt, cutReadAt, cutWriteAt, flipRead, flipWrite };
  return new FaultyStream(stream, faults);
}

class FaultyStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #faults: Required<FaultOptions>;
  #bytesRead = 0;
  #bytesWritten = 0;
  #cut = false;
  #closed = false;
  #endStall: (() => void) | undefined;

  constructor(stream: ByteStream, faults: Required<FaultOptions>) {
    this.#stream = stream;
    this.#faults = faults;
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#closed) return null;
    const { maxReadBytes, stallReadAt, cutReadAt, flipRead } = this.#faults;
    if (this.#bytesRead >= cutReadAt) this.#cutOff();
    if (this.#cut) throw broken("read");
    if (this.#bytesRead >= stallReadAt) return await this.#stall();
    const room = Math.min(maxReadBytes, Math.min(stallReadAt, cutReadAt) - this.#bytesRead);
    const count = await this.#stream.read(room < into.length ? into.subarray(0, room) : into);
    if (this.#cut && !this.#closed) throw broken("read");
    if (count === null) return null;
    flip(into.subarray(0, count), this.#bytesRead, flipRead);
    this.#bytesRead += count;
    return count;
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#cut && !this.#closed) throw broken("write");
    await this.#stream.write(this.#spoiled(chunks));
    if (this.#bytesWritten < this.#faults.cutWriteAt) return;
    this.#cutOff();
    throw broken("write");
  }

  close(): void {
    this.#closed = true;
    this.#stream.close();
    this.#endStall?.();
  }

  #cutOff(): void {
    this.#cut = true;
    this.#stream.close();
  }

  #stall(): Promise<null> {
    return new Promise((resolve) => {
      this.#endStall = () => resolve(null);
    });
  }

  /** The chunks as the peer gets them: cut where the connection breaks, with bits turned over. */
  #spoiled(chunks: readonly Uint8Array[]): Uint8Array[] {
    const { cutWriteAt, flipWrite } = this.#faults;
    return chunks.map((chunk) => {
      const at = this.#bytesWritten;
      const kept = chunk.subarray(0, cutWriteAt - at);
      this.#bytesWritten += kept.length;
      const hit = flipWrite.some(({ offset }) => offset >= at && offset < at + kept.length);
      return hit ? flip(kept.slice(), at, flipWrite) : kept;
    });
  }
}

function flip(bytes: Uint8Array, at: number, flips: readonly BitFlip[]): Uint8Array {
  for (const { offset, bit = 0 } of flips) {
    if (offset >= at && offset < at + bytes.length) bytes[offset - at] ^= 1 << bit;
  }
  return bytes;
}

function broken(op: "read" | "write"): TransportError {
  return transportFailure({ op, reason: "reset" });
}
