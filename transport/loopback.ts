import type { ByteStream } from "./byte_stream.ts";
import type { Clock } from "./clock.ts";
import { DirectPipe } from "./direct_pipe.ts";
import { LatentPipe } from "./latent_pipe.ts";
import type { Pipe } from "./pipe.ts";

/** Options of {@link loopback}. */
export interface LoopbackOptions {
  /**
   * Most bytes that one read returns. Small values show readers that take it for granted that what was written
   * together arrives together.
   *
   * @default Infinity
   */
  readonly chunkBytes?: number;
  /**
   * Bytes that each direction buffers while nobody reads. Without latency, a write that does not fit is pending until
   * its last byte is read; with latency, until it fits, so that it limits the throughput to `bufferBytes` in
   * `latencyMs`.
   *
   * @default 65536, with latency 16777216
   */
  readonly bufferBytes?: number;
  /** Milliseconds from a write to when its bytes can be read, in each direction. @default 0 */
  readonly latencyMs?: number;
  /** What measures `latencyMs`: needed with it, unused without. @default none */
  readonly clock?: Clock;
}

const BUFFER_BYTES = 64 * 1024;
const LATENT_BUFFER_BYTES = 16 * 1024 * 1024;

/**
 * Makes two streams in memory, connected to each other: what is written to one is read from the other. Without latency
 * it uses no timer, and a large write is copied once, from the writer's chunks to the reader's buffer.
 *
 * When one side closes, the other reads what is buffered, then `null`; its writes reject with a
 * {@link TransportError} of reason `reset`.
 *
 * @throws {RangeError} when an option is out of range.
 * @throws {TypeError} when there is a latency but no clock.
 */
export function loopback(options: LoopbackOptions = {}): [ByteStream, ByteStream] {
  const { chunkBytes = Infinity, latencyMs = 0, clock } = options;
  const { bufferBytes = latencyMs > 0 ? LATENT_BUFFER_BYTES : BUFFER_BYTES } = options;
  if (!(chunkBytes >= 1) || !(bufferBytes >= 0) || !(latencyMs >= 0)) {
    throw new RangeError(
      `Cannot make a loopback: chunkBytes ${chunkBytes}, bufferBytes ${bufferBytes} or latencyMs ${latencyMs} is out of range`,
    );
  }
  if (latencyMs > 0 && clock === undefined) {
    throw new TypeError("Cannot make a loopback: latencyMs needs a clock");
  }
  const pipe = (): Pipe =>
    latencyMs > 0
      ? new LatentPipe({ chunkBytes, bufferBytes, latencyMs, clock: clock! })
      : new DirectPipe({ chunkBytes, bufferBytes });
  const there = pipe();
  const back = pipe();
  return [new LoopbackStream(back, there), new LoopbackStream(there, back)];
}

class LoopbackStream implements ByteStream {
  readonly #inbound: Pipe;
  readonly #outbound: Pipe;

  constructor(inbound: Pipe, outbound: Pipe) {
    this.#inbound = inbound;
    this.#outbound = outbound;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#inbound.read(into);
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    return this.#outbound.write(chunks);
  }

  close(): void {
    this.#outbound.end();
    this.#inbound.abandon();
  }
}
