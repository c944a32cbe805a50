/** Where a soak runs: in memory, or on a port of this machine. */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { ByteListener, Dialer } from "../../transport/byte_stream.ts";
import { defaultDialer, defaultListen } from "../../transport/default_transport.ts";
import { LoopbackNetwork } from "../../transport/loopback_network.ts";

/** One end that accepts and a way to reach it. */
export interface Network {
  readonly name: string;
  readonly listener: ByteListener;
  readonly dial: Dialer;
}

/** A network in memory. */
export async function memoryNetwork(): Promise<Network> {
  const network = new LoopbackNetwork();
  const listener = await network.listen({ hostname: "simulator", port: 3260 });
  return { name: "in memory", listener, dial: network.dial };
}

/** TCP on a free port of this machine. */
export async function portNetwork(): Promise<Network> {
  const listener = await defaultListen({ hostname: "127.0.0.1", port: 0 });
  return { name: "on a port", listener, dial: defaultDialer };
}

/** How many sockets of the network this process has open. Those that the runtime makes for itself are local ones. */
export function openSockets(): number {
  const local = new Set(readFileSync("/proc/net/unix", "utf8").match(/\b\d+(?=( @?\/.*)?$)/gm));
  return readdirSync("/proc/self/fd").filter((descriptor) => {
    const inode = /^socket:\[(\d+)\]$/.exec(targetOf(`/proc/self/fd/${descriptor}`))?.[1];
    return inode !== undefined && !local.has(inode);
  }).length;
}

/** What a descriptor stands for; nothing when it was the one that the folder itself was read with. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** How many descriptors this process may have open. */
export function descriptorLimit(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
}
