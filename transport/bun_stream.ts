import type { ByteStream, NetworkAddress } from "./byte_stream.ts";
import { ChunkGatherer } from "./chunk_gatherer.ts";
import {
  reasonOf,
  type TransportError,
  type TransportErrorReason,
  transportFailure,
} from "./errors.ts";
import { type CopyPart, HeldReader } from "./held_reader.ts";
import { PendingWrite } from "./pending_write.ts";

/** The part of Bun's TCP sockets that a stream needs. */
export interface BunSocket {
  /** Whatever the socket is to remember: its stream, from `open` on. */
  data: BunStream;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Offers bytes and says how many were taken, or -1 once closed; `drain` says when to offer the rest. */
  write(bytes: Uint8Array, offset: number, length: number): number;
  pause(): void;
  resume(): void;
  /** Closes both directions once what was taken is sent. */
  end(): void;
  setNoDelay(on: boolean): unknown;
  setKeepAlive(on: boolean): unknown;
}

/** What arrives: arrays of Node's kind, which copy a part of themselves without a view of it. */
export interface BunBytes extends Uint8Array {
  copy(into: Uint8Array, intoStart: number, start: number, end: number): number;
}

/** What Bun calls when something happens to a socket. */
export interface BunSocketHandlers {
  readonly binaryType: "buffer";
  open(socket: BunSocket): void;
  data(socket: BunSocket, bytes: BunBytes): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  error(socket: BunSocket, cause: unknown): void;
  close(socket: BunSocket, cause?: unknown): void;
}

/** Options of {@link handlersFor}. */
export interface BunHandlerOptions {
  /** What was dialed. @default the address of the peer */
  address?: NetworkAddress;
  /** Is handed the stream of each socket that was opened. */
  opened?(stream: BunStream): void;
}

/** Makes a stream of each socket, without Nagle's delay and with keepalive, and leads to it what Bun tells of it. */
export function handlersFor({ address, opened }: BunHandlerOptions): BunSocketHandlers {
  return {
    binaryType: "buffer",
    open: (socket) => {
      socket.setNoDelay(true);
      socket.setKeepAlive(true);
      const peer = { hostname: socket.remoteAddress, port: socket.remotePort };
      socket.data = new BunStream(socket, address ?? peer);
      opened?.(socket.data);
    },
    data: (socket, bytes) => socket.data.received(bytes),
    drain: (socket) => socket.data.drained(),
    end: (socket) => socket.data.ended(),
    error: (socket, cause) => socket.data.failed(cause),
    close: (socket, cause) => socket.data.failed(cause),
  };
}

/** Why the socket is of no more use. */
interface Failure {
  reason: TransportErrorReason;
  cause?: unknown;
}

/** Without a view of it: in JavaScriptCore that gives an array a second object, for which the collector has to pay. */
const copyPart: CopyPart = (from, start, end, into) => {
  (from as BunBytes).copy(into, 0, start, end);
};

const NO_BYTES: Uint8Array = new Uint8Array(0);
const WRITTEN: Promise<void> = Promise.resolve();

/** A {@link ByteStream} over one of Bun's sockets: what the system takes at once costs no promise. */
export class BunStream implements ByteStream {
  readonly #socket: BunSocket;
  readonly #address: NetworkAddress;
  readonly #reader: HeldReader = new HeldReader(copyPart);
  readonly #gatherer: ChunkGatherer = new ChunkGatherer();
  /** What is being written: a piece, and how much of it was taken. */
  #piece = NO_BYTES;
  #taken = 0;
  #closed = false;
  #failure: Failure | undefined;
  readonly #pending: PendingWrite = new PendingWrite();

  constructor(socket: BunSocket, address: NetworkAddress) {
    this.#socket = socket;
    this.#address = address;
    this.#reader.attach(socket);
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#reader.read(into);
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#writeFailure());
    this.#gatherer.begin(chunks);
    this.#piece = NO_BYTES;
    this.#taken = 0;
    if (this.#sendsAll()) return WRITTEN;
    return this.#failure ? Promise.reject(this.#writeFailure()) : this.#pending.wait();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = { reason: "closed" };
    this.#pending.settle(this.#writeFailure());
    this.#reader.discard();
    this.#socket.end();
  }

  /** Bytes have arrived; they are the stream's. */
  received(bytes: BunBytes): void {
    if (!this.#reader.push(bytes)) this.#socket.pause();
  }

  /** The socket takes bytes again. Bun says so without having been asked, too. */
  drained(): void {
    if (this.#pending.isThere && this.#sendsAll()) this.#pending.settle();
  }

  /** A peer that ended its direction has closed both. */
  ended(): void {
    this.#reader.end();
    this.failed();
  }

  /** The socket is closed, because of `cause` if there is one. */
  failed(cause?: unknown): void {
    if (this.#closed) return;
    this.#failure ??= { reason: cause === undefined ? "reset" : reasonOf(cause), cause };
    const address = this.#address;
    this.#reader.fail(transportFailure({ op: "read", ...this.#failure, address }));
    this.#pending.settle(this.#writeFailure());
  }

  /** Offers what is left; false when the socket does not take all of it now. */
  #sendsAll(): boolean {
    for (;;) {
      if (this.#taken === this.#piece.length) {
        this.#piece = this.#gatherer.next();
        this.#taken = 0;
        if (this.#piece.length === 0) return true;
      }
      const left = this.#piece.length - this.#taken;
      const count = this.#socket.write(this.#piece, this.#taken, left);
      if (count < 0) this.failed();
      else this.#taken += count;
      if (count < left) return false;
    }
  }

  #writeFailure(): TransportError {
    const { reason, cause } = this.#failure ?? { reason: "closed" };
    return transportFailure({ op: "write", reason, address: this.#address, cause });
  }
}
