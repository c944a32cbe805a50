import type { ByteStream, NetworkAddress } from "./byte_stream.ts";
import { reasonOf, transportFailure } from "./errors.ts";
import { GatheringWriter } from "./gathering_writer.ts";

/** The part of Deno's connections, plain and TLS, that a stream needs. */
export interface DenoConnection {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** A {@link ByteStream} over one of Deno's connections; reads land in the caller's buffer without a copy. */
export class DenoStream implements ByteStream {
  readonly #connection: DenoConnection;
  readonly #address: NetworkAddress;
  readonly #writer: GatheringWriter;
  #closed = false;

  constructor(connection: DenoConnection, address: NetworkAddress) {
    this.#connection = connection;
    this.#address = address;
    this.#writer = new GatheringWriter(connection);
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#closed) return Promise.resolve(null);
    return this.#connection.read(into).then(undefined, this.#readFailed);
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#closed) return Promise.resolve().then(this.#writeFailed);
    return this.#writer.write(chunks).then(undefined, this.#writeFailed);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#connection.close();
    } catch {
      // Deno throws for a connection that is gone already, as after a TLS upgrade that failed.
    }
  }

  readonly #readFailed = (cause: unknown): null => {
    if (this.#closed) return null;
    throw transportFailure({ op: "read", reason: reasonOf(cause), address: this.#address, cause });
  };

  readonly #writeFailed = (cause?: unknown): never => {
    const reason = this.#closed ? "closed" : reasonOf(cause);
    throw transportFailure({ op: "write", reason, address: this.#address, cause });
  };
}
