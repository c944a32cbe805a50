import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Ports of 127.0.0.1 where something out of the ordinary is found. */
export interface PeerPorts {
  /** Neither accepts nor refuses. */
  readonly unanswering: number;
  /** Breaks the connection once something came. */
  readonly resetting: number;
  /** Ends its direction and goes on to read. */
  readonly halfClosing: number;
  /** Writes {@link FLOOD_BYTES} bytes as fast as they are taken, byte `i` being `i % FLOOD_PERIOD`, and closes. */
  readonly flooding: number;
}

/** More than the buffers of two sockets hold. */
export const FLOOD_BYTES: number = 48 * 1024 * 1024;
export const FLOOD_PERIOD = 251;

/** Runs `use` with such peers, for programs on other runtimes. */
export async function withStrangePeers(use: (ports: PeerPorts) => Promise<void>): Promise<void> {
  const unanswering = await unansweringPeer();
  const resetting = await resettingPeer();
  const halfClosing = peer(halfClose);
  const flooding = peer(flood);
  try {
    await use({
      unanswering: unanswering.port,
      resetting: resetting.port,
      halfClosing: halfClosing.port,
      flooding: flooding.port,
    });
  } finally {
    unanswering.close();
    await Promise.all([resetting.close(), halfClosing.close(), flooding.close()]);
  }
}

/** A listener whose queue of connections is full, so that dialing it neither succeeds nor fails. */
export async function unansweringPeer(): Promise<{ port: number; close(): void }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { hostname, port } = listener.addr;
  const fill = [Deno.connect({ hostname, port }), Deno.connect({ hostname, port })];
  const queued = await Promise.all(fill);
  const close = (): void => {
    for (const connection of queued) connection.close();
    listener.close();
  };
  return { port, close };
}

async function resettingPeer() {
  const server = createServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const close = async (): Promise<void> => {
    await once(server.close(), "close");
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** Lets `serve` have each connection, one after the other, and closes it then. */
function peer(serve: (connection: Deno.Conn) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      // A client that gives up is the client's test to judge.
      await serve(connection).catch(() => {});
      connection.close();
    }
  })();
  const close = async (): Promise<void> => {
    listener.close();
    await serving;
  };
  return { port: listener.addr.port, close };
}

async function halfClose(connection: Deno.Conn): Promise<void> {
  await connection.closeWrite();
  const into = new Uint8Array(4096);
  while (await connection.read(into) !== null);
}

async function flood(connection: Deno.Conn): Promise<void> {
  const block = Uint8Array.from({ length: FLOOD_PERIOD * 4096 }, (_, i) => i % FLOOD_PERIOD);
  for (let left = FLOOD_BYTES; left > 0;) {
    const at = (FLOOD_BYTES - left) % FLOOD_PERIOD;
    left -= await connection.write(block.subarray(at, at + left));
  }
}
