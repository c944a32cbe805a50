import { AcceptQueue } from "./accept_queue.ts";
import type {
  ByteListener,
  ByteStream,
  Dialer,
  DialOptions,
  Listen,
  NetworkAddress,
} from "./byte_stream.ts";
import { transportFailure } from "./errors.ts";
import { loopback, type LoopbackOptions } from "./loopback.ts";

/** The first port that is given out for port 0: the ephemeral range of RFC 6335 §6. */
const FIRST_EPHEMERAL_PORT = 49152;

/**
 * A network in memory: addresses to listen on and to dial, without a socket. Host names are compared letter by letter.
 *
 * ```ts ignore
 * const network = new LoopbackNetwork();
 * const listener = await network.listen({ hostname: "library", port: 3260 });
 * const client = await network.dial({ hostname: "library", port: 3260 });
 * const server = await listener.accept();
 * ```
 */
export class LoopbackNetwork {
  readonly #options: LoopbackOptions;
  readonly #listeners = new Map<string, LoopbackListener>();
  #nextPort = FIRST_EPHEMERAL_PORT;

  /** Makes a network without listeners; `options` hold for every connection. */
  constructor(options: LoopbackOptions = {}) {
    this.#options = options;
  }

  /**
   * Listens on an address of this network.
   *
   * @throws {TransportError} with reason `in-use` when somebody listens there already.
   */
  readonly listen: Listen = ({ hostname, port }): Promise<ByteListener> => {
    const address = { hostname, port: port === 0 ? this.#nextPort++ : port };
    const key = keyOf(address);
    if (this.#listeners.has(key)) {
      return Promise.reject(transportFailure({ op: "listen", reason: "in-use", address }));
    }
    const listener: LoopbackListener = new LoopbackListener(address, () => {
      if (this.#listeners.get(key) === listener) this.#listeners.delete(key);
    });
    this.#listeners.set(key, listener);
    return Promise.resolve(listener);
  };

  /**
   * Connects to a listener of this network.
   *
   * @throws {TransportError} with reason `refused` when nobody listens there, or 128 connections wait there already.
   */
  readonly dial: Dialer = (
    address: NetworkAddress,
    options: DialOptions = {},
  ): Promise<ByteStream> => {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const [near, far] = loopback(this.#options);
    if (this.#listeners.get(keyOf(address))?.offer(far)) return Promise.resolve(near);
    return Promise.reject(transportFailure({ op: "dial", reason: "refused", address }));
  };
}

function keyOf({ hostname, port }: NetworkAddress): string {
  return `${hostname} ${port}`;
}

class LoopbackListener implements ByteListener {
  readonly address: NetworkAddress;
  readonly #queue = new AcceptQueue();
  readonly #forget: () => void;

  constructor(address: NetworkAddress, forget: () => void) {
    this.address = address;
    this.#forget = forget;
  }

  offer(stream: ByteStream): boolean {
    return this.#queue.offer(stream);
  }

  accept(): Promise<ByteStream | null> {
    return this.#queue.accept();
  }

  close(): void {
    this.#forget();
    this.#queue.close();
  }
}
