import type { ByteSource } from "./host.ts";

/** Small pieces, so that no more than needed of a secret is in memory. */
const PIECE_BYTES = 256;

/** A source as a stream; cancelling it cancels the source. The chunks are the reader's. */
export function byteStream(source: ByteSource): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const piece = new Uint8Array(PIECE_BYTES);
      const length = await source.read(piece);
      if (length === 0) controller.close();
      else controller.enqueue(piece.subarray(0, length));
    },
    cancel: () => source.cancel(),
  });
}
