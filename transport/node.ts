import { connect, createServer, type Server, type Socket } from "node:net";
import process from "node:process";
import { AcceptQueue } from "./accept_queue.ts";
import type { ByteListener, ByteStream, Dialer, Listen, NetworkAddress } from "./byte_stream.ts";
import { reasonOf, transportFailure } from "./errors.ts";
import { HeldReader } from "./held_reader.ts";
import { NodeStream } from "./node_stream.ts";

/** Bytes of the receive buffer of a dialed connection: as much as one read of a busy socket brings. */
const RECEIVE_BYTES = 256 * 1024;

/** Dials TCP with `node:net`. */
export const dial: Dialer = (address, options = {}): Promise<ByteStream> => {
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(signal.reason);
  const { hostname: host, port } = address;
  const target = { host, port, noDelay: true, keepAlive: true };
  if ("bun" in process.versions) {
    // Bun neither pauses nor keeps the buffer when the callback below asks it to.
    return opening(connect(target), address, { signal });
  }
  const reader = new HeldReader();
  const socket = connect({
    ...target,
    onread: {
      buffer: new Uint8Array(RECEIVE_BYTES),
      callback: (count: number, buffer: Uint8Array) => reader.push(buffer.subarray(0, count)),
    },
  });
  return opening(socket, address, { signal, reader });
};

/** Options of {@link opening}. */
export interface OpeningOptions {
  /** Ends the attempt. */
  signal?: AbortSignal;
  /** The reader that the socket pushes into. */
  reader?: HeldReader;
  /** The event that says the stream can be used. @default "connect" */
  event?: "connect" | "secureConnect";
}

/** Resolves to the stream once the socket is open; leaves nothing behind otherwise. */
export function opening(
  socket: Socket,
  address: NetworkAddress,
  options: OpeningOptions = {},
): Promise<ByteStream> {
  const { signal, reader, event = "connect" } = options;
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      signal?.removeEventListener("abort", abandon);
      socket.off(event, open).off("error", fail).off("close", fail);
    };
    const abandon = (): void => {
      settle();
      socket.on("error", () => {}).destroy();
      reject(signal?.reason);
    };
    const open = (): void => {
      settle();
      resolve(new NodeStream(socket, address, reader));
    };
    const fail = (cause: unknown): void => {
      settle();
      socket.on("error", () => {}).destroy();
      reject(openingFailure(cause, address, event));
    };
    signal?.addEventListener("abort", abandon, { once: true });
    socket.once(event, open).once("error", fail).once("close", fail);
  });
}

function openingFailure(cause: unknown, address: NetworkAddress, event: string): Error {
  // "close" without an error hands over a boolean: the peer left during the handshake.
  if (!(cause instanceof Error)) return transportFailure({ op: "dial", reason: "reset", address });
  const known = reasonOf(cause);
  const reason = known === "other" && event === "secureConnect" ? "tls" : known;
  return transportFailure({ op: "dial", reason, address, cause });
}

/** Listens on TCP with `node:net`. */
export const listen: Listen = (address): Promise<ByteListener> =>
  startListening(createServer({ noDelay: true }), "connection", address);

/** Starts `server` and wraps it; `event` hands over its sockets. */
export function startListening(
  server: Server,
  event: "connection" | "secureConnection",
  address: NetworkAddress,
): Promise<ByteListener> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(transportFailure({ op: "listen", reason: reasonOf(cause), address, cause }));
    };
    server.once("error", fail);
    server.listen({ host: address.hostname, port: address.port }, () => {
      server.off("error", fail);
      resolve(new NodeListener(server, event));
    });
  });
}

class NodeListener implements ByteListener {
  readonly address: NetworkAddress;
  readonly #server: Server;
  readonly #queue = new AcceptQueue();
  #closed = false;

  constructor(server: Server, event: string) {
    const bound = server.address() as { address: string; port: number };
    this.address = { hostname: bound.address, port: bound.port };
    this.#server = server;
    server.on(event, (socket: Socket) => this.#arrive(socket));
    // Only a failed accept() of the operating system ends up here; the next one may succeed.
    server.on("error", () => {});
  }

  accept(): Promise<ByteStream | null> {
    return this.#queue.accept();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
    this.#queue.close();
  }

  #arrive(socket: Socket): void {
    const { remoteAddress: hostname = "", remotePort: port = 0 } = socket;
    // Deno's node:net does not heed that option of the server.
    socket.setKeepAlive(true);
    const stream = new NodeStream(socket, { hostname, port });
    if (!this.#queue.offer(stream)) stream.close();
  }
}
