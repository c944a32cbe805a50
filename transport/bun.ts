import { AcceptQueue } from "./accept_queue.ts";
import {
  type BunSocket,
  type BunSocketHandlers,
  type BunStream,
  handlersFor,
} from "./bun_stream.ts";
import type { ByteListener, ByteStream, Dialer, Listen, NetworkAddress } from "./byte_stream.ts";
import { reasonOf, type TransportError, transportFailure } from "./errors.ts";
import { orAborted } from "./or_aborted.ts";

/** What is used of Bun, whose own types are not at hand. */
declare const Bun: {
  connect(options: BunSocketOptions): Promise<BunSocket>;
  listen(options: BunSocketOptions): BunSocketListener;
  readonly dns: { lookup(hostname: string): Promise<unknown> };
};

interface BunSocketOptions {
  hostname: string;
  port: number;
  socket: BunSocketHandlers;
}

interface BunSocketListener {
  readonly hostname: string;
  readonly port: number;
  stop(): void;
}

/** Dials TCP with Bun's own socket. */
export const dial: Dialer = async (address, options = {}): Promise<ByteStream> => {
  const { signal } = options;
  signal?.throwIfAborted();
  return await orAborted(connect(address), signal, (late) => late.close());
};

async function connect(address: NetworkAddress): Promise<BunStream> {
  const { hostname, port } = address;
  const socket = handlersFor({ address });
  try {
    return (await Bun.connect({ hostname, port, socket })).data;
  } catch (cause) {
    throw await dialFailure(cause, address);
  }
}

/** Bun calls every failure a refused connection, that to find the name's address as well: so it is asked for again. */
async function dialFailure(cause: unknown, address: NetworkAddress): Promise<TransportError> {
  const actual = await Bun.dns.lookup(address.hostname).then(() => cause, (unknown) => unknown);
  return transportFailure({ op: "dial", reason: reasonOf(actual), address, cause: actual });
}

/** Listens on TCP with Bun's own socket. */
export const listen: Listen = (address): Promise<ByteListener> => {
  try {
    return Promise.resolve(new BunListener(address));
  } catch (cause) {
    // A name without an address is the one failure that Bun reports without a code.
    const isFailedLookup = cause instanceof Error && !("code" in cause);
    const reason = isFailedLookup ? "unknown-host" : reasonOf(cause);
    return Promise.reject(transportFailure({ op: "listen", reason, address, cause }));
  }
};

class BunListener implements ByteListener {
  readonly address: NetworkAddress;
  readonly #listener: BunSocketListener;
  readonly #queue = new AcceptQueue();
  #closed = false;

  constructor({ hostname, port }: NetworkAddress) {
    const socket = handlersFor({ opened: (stream) => this.#arrive(stream) });
    this.#listener = Bun.listen({ hostname, port, socket });
    this.address = { hostname: this.#listener.hostname, port: this.#listener.port };
  }

  accept(): Promise<ByteStream | null> {
    return this.#queue.accept();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.stop();
    this.#queue.close();
  }

  #arrive(stream: BunStream): void {
    if (!this.#queue.offer(stream)) stream.close();
  }
}
