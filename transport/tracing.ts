import type { ByteStream } from "./byte_stream.ts";

/** Which way bytes went, seen from the owner of the stream: `out` was written, `in` was read. */
export type Direction = "in" | "out";

/** Is called with bytes that passed a stream; the array is the hook's own. */
export type TraceHook = (direction: Direction, bytes: Uint8Array) => void;

/**
 * Wraps a stream so that `hook` sees all bytes: those read when their read settles, those written when their write
 * begins, each chunk by itself. The wrapper owns `stream`. What the hook throws, the read or write rejects with.
 */
export function tracing(stream: ByteStream, hook: TraceHook): ByteStream {
  return new TracingStream(stream, hook);
}

class TracingStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #hook: TraceHook;

  constructor(stream: ByteStream, hook: TraceHook) {
    this.#stream = stream;
    this.#hook = hook;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const count = await this.#stream.read(into);
    if (count !== null) this.#hook("in", into.slice(0, count));
    return count;
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      if (chunk.length > 0) this.#hook("out", chunk.slice());
    }
    await this.#stream.write(chunks);
  }

  close(): void {
    this.#stream.close();
  }
}
