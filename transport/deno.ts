import type {
  ByteListener,
  ByteStream,
  Dialer,
  DialOptions,
  Listen,
  NetworkAddress,
} from "./byte_stream.ts";
import { type DenoConnection, DenoStream } from "./deno_stream.ts";
import { reasonOf, type TransportError, transportFailure } from "./errors.ts";

/** Dials TCP with Deno's own socket. */
export const dial: Dialer = async (address, options): Promise<ByteStream> =>
  new DenoStream(await connectTcp(address, options), address);

/** Listens on TCP with Deno's own socket. */
export const listen: Listen = (address): Promise<ByteListener> =>
  startListening(address, () => {
    const { hostname, port } = address;
    return Deno.listen({ hostname, port });
  });

/**
 * Opens a TCP connection without Nagle's delay, and with the operating system's keepalive: after hours of silence it asks
 * the peer's system, which answers however busy the peer itself is. So a host that vanished without a word is noticed.
 */
export async function connectTcp(
  address: NetworkAddress,
  options: DialOptions = {},
): Promise<Deno.TcpConn> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { hostname, port } = address;
  let connection: Deno.TcpConn;
  try {
    connection = await Deno.connect({ hostname, port, signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw dialFailure(cause, address);
  }
  if (signal?.aborted) {
    connection.close();
    throw signal.reason;
  }
  connection.setNoDelay(true);
  connection.setKeepAlive(true);
  return connection;
}

function dialFailure(cause: unknown, address: NetworkAddress): TransportError {
  const reason = isFailedLookup(cause) ? "unknown-host" : reasonOf(cause);
  return transportFailure({ op: "dial", reason, address, cause });
}

/** A name without an address is the one failure that Deno reports with neither a class nor a code of its own. */
function isFailedLookup(cause: unknown): boolean {
  return cause instanceof Error && cause.constructor === Error && !("code" in cause);
}

/** The part of Deno's listeners, plain and TLS, that a {@link ByteListener} needs. */
export interface DenoListener {
  readonly addr: Deno.NetAddr;
  accept(): Promise<DenoConnection>;
  close(): void;
}

/** Calls `open` and wraps what it gives. */
export function startListening(
  address: NetworkAddress,
  open: () => DenoListener,
): Promise<ByteListener> {
  try {
    return Promise.resolve(new DenoByteListener(open()));
  } catch (cause) {
    const reason = isFailedLookup(cause) ? "unknown-host" : reasonOf(cause);
    return Promise.reject(transportFailure({ op: "listen", reason, address, cause }));
  }
}

class DenoByteListener implements ByteListener {
  readonly address: NetworkAddress;
  readonly #listener: DenoListener;
  #closed = false;

  constructor(listener: DenoListener) {
    this.#listener = listener;
    this.address = { hostname: listener.addr.hostname, port: listener.addr.port };
  }

  async accept(): Promise<ByteStream | null> {
    while (!this.#closed) {
      try {
        return accepted(await this.#listener.accept());
      } catch (cause) {
        // A connection that its peer gave up before it was accepted does not concern the listener.
        const reason = reasonOf(cause);
        if (this.#closed || reason === "reset") continue;
        throw transportFailure({ op: "listen", reason, address: this.address, cause });
      }
    }
    return null;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }
}

function accepted(connection: DenoConnection): ByteStream {
  const socket = connection as DenoConnection & Partial<Deno.TcpConn>;
  socket.setNoDelay?.(true);
  socket.setKeepAlive?.(true);
  const { remoteAddr } = socket;
  const { hostname = "", port = 0 } = remoteAddr ?? {};
  return new DenoStream(connection, { hostname, port });
}
