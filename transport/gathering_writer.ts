import { ChunkGatherer } from "./chunk_gatherer.ts";

/** What takes bytes and says how many it took; the caller offers the rest again. */
export interface PartialWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes lists of chunks in few writes, as much of a piece at a time as the writer takes. */
export class GatheringWriter {
  readonly #writer: PartialWriter;
  readonly #gatherer: ChunkGatherer = new ChunkGatherer();

  constructor(writer: PartialWriter) {
    this.#writer = writer;
  }

  /** Resolves once all bytes are taken; rejects with the writer's error. One write at a time. */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    const gatherer = this.#gatherer;
    gatherer.begin(chunks);
    for (let piece = gatherer.next(); piece.length > 0; piece = gatherer.next()) {
      for (let at = 0; at < piece.length;) {
        at += await this.#writer.write(at === 0 ? piece : piece.subarray(at));
      }
    }
  }
}
