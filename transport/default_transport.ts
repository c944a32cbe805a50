import type { ByteListener, ByteStream, Dialer, Listen } from "./byte_stream.ts";

/** Whether Deno's own sockets are there. */
export function runsOnDeno(): boolean {
  return "Deno" in globalThis;
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
 * Dials TCP with what the runtime does best: Deno's own sockets under Deno, `node:net` elsewhere. Nagle's delay is
 * off.
 *
 * @throws {TransportError} when no connection could be made.
 */
export const defaultDialer: Dialer = (address, options): Promise<ByteStream> =>
  runsOnDeno() ? denoDialer(address, options) : nodeDialer(address, options);

/**
 * Listens on TCP with what the runtime does best: Deno's own sockets under Deno, `node:net` elsewhere.
 *
 * @throws {TransportError} when the address cannot be listened on.
 */
export const defaultListen: Listen = (address): Promise<ByteListener> =>
  runsOnDeno() ? denoListen(address) : nodeListen(address);
