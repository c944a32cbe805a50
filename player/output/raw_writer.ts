import type { ByteSink } from "@uiscsi/tape/cli";
import type { TrackWriter } from "./file_sink.ts";

/** Samples alone, signed and little-endian, one track after the other. */
export class RawWriter implements TrackWriter {
  readonly name = "raw samples";
  readonly hasUnsignedBytes = false;
  readonly #output: ByteSink;

  /** @param output Standard output, or another place for bytes; closed with the writer. */
  constructor(output: ByteSink) {
    this.#output = output;
  }

  begin(): Promise<void> {
    return Promise.resolve();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#output.write(bytes);
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.#output.close();
  }
}
