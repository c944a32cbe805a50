import assert from "node:assert/strict";
import { denoDialer, denoListen, nodeDialer, nodeListen } from "../../transport/mod.ts";
import { watchedEnds } from "./watched_ends.ts";

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
      // The port may have been another program's for a connection of its own.
      const others = watchedEnds(port);
      const accepting = listener.accept();
      const dialed = await dial({ hostname: "127.0.0.1", port });
      const accepted = await accepting;
      assert.equal(watchedEnds(port) - others, 2);
      dialed.close();
      accepted?.close();
      listener.close();
    },
  });
}
