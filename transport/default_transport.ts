import type { ByteListener, ByteStream, Dialer, Listen } from "./byte_stream.ts";

/** Whether Deno's own sockets are there. */
export function runsOnDeno(): boolean {
  return "Deno" in globalThis;
}

/** Whether Bun's own sockets are there. */
function runsOnBun(): boolean {
  return "Bun" in globalThis;
}

/**
 * Dials TCP with Deno's own sockets; for Deno alone. The fastest way there.
 *
 * @throws {TransportError} when no connection could be made.
 */
export const denoDialer: Dialer = async (address, options): Promise<ByteStream> =>
  await (await import("./deno.ts")).dial(address, options);

/**
 * Listens on TCP with Deno's own sockets; for Deno alone.
 *
 * @throws {TransportError} when the address cannot be listened on.
 */
export const denoListen: Listen = async (address): Promise<ByteListener> =>
  await (await import("./deno.ts")).listen(address);

/**
 * Dials TCP with Bun's own sockets; for Bun alone. The fastest way there.
 *
 * Bun lets nobody take back an attempt: a dial that is aborted rejects at once, but what it has begun ends, and lets
 * the process end, only when the peer answers or the operating system gives up. Bun also says of every attempt that
 * failed that it was refused, unless the name is unknown.
 *
 * @throws {TransportError} when no connection could be made.
 */
export const bunDialer: Dialer = async (address, options): Promise<ByteStream> =>
  await (await import("./bun.ts")).dial(address, options);

/**
 * Listens on TCP with Bun's own sockets; for Bun alone.
 *
 * @throws {TransportError} when the address cannot be listened on.
 */
export const bunListen: Listen = async (address): Promise<ByteListener> =>
  await (await import("./bun.ts")).listen(address);

/**
 * Dials TCP with `node:net`; for Node, Bun and Deno.
 *
 * @throws {TransportError} when no connection could be made.
 */
export const nodeDialer: Dialer = async (address, options): Promise<ByteStream> =>
  await (await import("./node.ts")).dial(address, options);

/**
 * Listens on TCP with `node:net`; for Node, Bun and Deno.
 *
 * @throws {TransportError} when the address cannot be listened on.
 */
export const nodeListen: Listen = async (address): Promise<ByteListener> =>
  await (await import("./node.ts")).listen(address);

/**
 * Dials TCP with what the runtime does best: Deno's own sockets under Deno, Bun's own under Bun, `node:net` elsewhere.
 * Nagle's delay is off.
 *
 * @throws {TransportError} when no connection could be made.
 */
export const defaultDialer: Dialer = (address, options): Promise<ByteStream> => {
  const dial = runsOnDeno() ? denoDialer : runsOnBun() ? bunDialer : nodeDialer;
  return dial(address, options);
};

/**
 * Listens on TCP with what the runtime does best: Deno's own sockets under Deno, Bun's own under Bun, `node:net`
 * elsewhere.
 *
 * @throws {TransportError} when the address cannot be listened on.
 */
export const defaultListen: Listen = (address): Promise<ByteListener> => {
  const listen = runsOnDeno() ? denoListen : runsOnBun() ? bunListen : nodeListen;
  return listen(address);
};
