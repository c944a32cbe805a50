import { readFileSync } from "node:fs";

/** Ends of TCP connections of this machine at a port that have the keepalive timer running (Linux, proc_net_tcp). */
export function watchedEnds(port: number): number {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/net/tcp", "utf8").split("\n").filter((line) => {
    const [, local = "", remote = "", , , timer = ""] = line.trim().split(/\s+/);
    return (local.endsWith(hex) || remote.endsWith(hex)) && timer.startsWith("02:");
  }).length;
}
