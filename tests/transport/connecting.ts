import type { ConnectedStreams, Dialer, Listen } from "../../transport/mod.ts";

/** Listens on a free port of loopback, dials it, and accepts. */
export async function connectOver(
  dial: Dialer,
  listen: Listen,
  hostname = "127.0.0.1",
): Promise<ConnectedStreams> {
  const listener = await listen({ hostname, port: 0 });
  try {
    const [client, server] = await Promise.all([dial(listener.address), listener.accept()]);
    return { client, server: server!, close: () => listener.close() };
  } catch (error) {
    listener.close();
    throw error;
  }
}
