import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { denoDialer, denoListen, nodeDialer, nodeListen } from "../../transport/mod.ts";

/** Ends of TCP connections of this machine at a port that have the keepalive timer running (Linux, proc_net_tcp). */
function watchedEnds(port: number): number {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/net/tcp", "utf8").split("\n").filter((line) => {
    const [, local = "", remote = "", , , timer = ""] = line.trim().split(/\s+/);
    return (local.endsWith(hex) || remote.endsWith(hex)) && timer.startsWith("02:");
  }).length;
}

for (
  const [name, dial, listen] of [
    ["Deno", denoDialer, denoListen],
    ["Node", nodeDialer, nodeListen],
  ] as const
) {
  Deno.test({
    name: `${name}'s TCP asks after silence whether the other host is still there, at both ends`,
    // Elsewhere the system does not tell.
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const listener = await listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.address;
      const accepting = listener.accept();
      const dialed = await dial({ hostname: "127.0.0.1", port });
      const accepted = await accepting;
      assert.equal(watchedEnds(port), 2);
      dialed.close();
      accepted?.close();
      listener.close();
    },
  });
}
