import type { Socket } from "node:net";
import type { ByteStream, NetworkAddress } from "./byte_stream.ts";
import {
  reasonOf,
  type TransportError,
  type TransportErrorReason,
  transportFailure,
} from "./errors.ts";
import { HeldReader } from "./held_reader.ts";
import { PendingWrite } from "./pending_write.ts";

/** Why the socket is of no more use. */
interface Failure {
  reason: TransportErrorReason;
  cause?: unknown;
}

/** A {@link ByteStream} over a socket of `node:net` or `node:tls`. */
export class NodeStream implements ByteStream {
  readonly #address: NetworkAddress;
  readonly #reader: HeldReader;
  readonly #socket: Socket;
  #closed = false;
  #failure: Failure | undefined;
  readonly #pending: PendingWrite = new PendingWrite();

  /** `reader` is handed in when the socket already pushes into it; otherwise the socket's data events do. */
  constructor(socket: Socket, address: NetworkAddress, reader?: HeldReader) {
    this.#socket = socket;
    this.#address = address;
    this.#reader = reader ?? readEvents(socket);
    this.#reader.attach(socket);
    socket.on("end", () => this.#end());
    socket.on("error", (cause) => this.#fail({ reason: reasonOf(cause), cause }));
    socket.on("close", () => this.#fail({ reason: "reset" }));
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#reader.read(into);
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#writeFailure());
    const written = this.#pending.wait();
    this.#send(chunks);
    return written;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = { reason: "closed" };
    this.#pending.settle(this.#writeFailure());
    this.#reader.discard();
    this.#socket.destroy();
  }

  /** One gathered write; the runtime calls back once the operating system has all of it. */
  #send(chunks: readonly Uint8Array[]): void {
    const filled = chunks.filter((chunk) => chunk.length > 0);
    const last = filled.pop();
    if (last === undefined) return this.#pending.settle();
    const socket = this.#socket;
    socket.cork();
    for (const chunk of filled) socket.write(chunk);
    socket.write(last, this.#written);
    socket.uncork();
  }

  /** A peer that ended its direction has closed both. Bun reports a broken connection in this way, too. */
  #end(): void {
    this.#reader.end();
    this.#fail({ reason: "reset" });
  }

  #fail(failure: Failure): void {
    if (this.#closed) return;
    this.#failure ??= failure;
    const address = this.#address;
    this.#reader.fail(transportFailure({ op: "read", ...this.#failure, address }));
    this.#pending.settle(this.#writeFailure());
  }

  #writeFailure(): TransportError {
    const { reason, cause } = this.#failure ?? { reason: "closed" };
    return transportFailure({ op: "write", reason, address: this.#address, cause });
  }

  readonly #written = (cause?: Error | null): void => {
    if (!cause) return this.#pending.settle();
    this.#failure ??= { reason: reasonOf(cause), cause };
    this.#pending.settle(this.#writeFailure());
  };
}

function readEvents(socket: Socket): HeldReader {
  const reader = new HeldReader();
  socket.on("data", (bytes: Uint8Array) => {
    if (!reader.push(bytes)) socket.pause();
  });
  return reader;
}
