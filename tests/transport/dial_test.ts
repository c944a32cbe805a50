import assert from "node:assert/strict";
import {
  defaultDialer,
  defaultListen,
  denoDialer,
  denoListen,
  type Dialer,
  type Listen,
  nodeDialer,
  nodeListen,
  tlsDialer,
} from "../../transport/mod.ts";
import { client } from "./certificates.ts";
import { connectOver } from "./connecting.ts";
import { rejectsWith } from "./rejects_with.ts";
import { unansweringPeer } from "./strange_peers.ts";

/** A port of loopback that nobody listens on. */
async function closedPort(): Promise<number> {
  const listener = await denoListen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.address.port;
}

/** The one way to dial for which Deno has no signal. */
const uninterruptible = tlsDialer(client);

const dialers: Record<string, Dialer> = {
  "the default dialer": defaultDialer,
  "the Deno dialer": denoDialer,
  "the Node dialer": nodeDialer,
  "the TLS dialer": tlsDialer(),
  "the TLS dialer with a certificate": uninterruptible,
};

for (const [name, dial] of Object.entries(dialers)) {
  Deno.test(`${name} says that a closed port refuses`, async () => {
    const address = { hostname: "127.0.0.1", port: await closedPort() };
    const error = await rejectsWith(dial(address), "dial", "refused");
    assert.deepEqual(error.address, address);
    assert.ok(error.cause instanceof Error);
    assert.equal(error.message, `Cannot connect to 127.0.0.1:${address.port}: connection refused`);
  });

  Deno.test(`${name} says that a host is unknown`, async () => {
    await rejectsWith(
      dial({ hostname: "nonexistent.invalid", port: 3260 }),
      "dial",
      "unknown-host",
    );
  });

  Deno.test(`${name} does not start when the signal is aborted already`, async () => {
    const reason = new Error("not wanted");
    const address = { hostname: "127.0.0.1", port: await closedPort() };
    await assert.rejects(dial(address, { signal: AbortSignal.abort(reason) }), reason);
  });

  Deno.test(`${name} rejects with the signal's reason at once`, async () => {
    const { port, close } = await unansweringPeer();
    try {
      const controller = new AbortController();
      const reason = new Error("no patience");
      const dialing = dial({ hostname: "127.0.0.1", port }, { signal: controller.signal });
      controller.abort(reason);
      await assert.rejects(dialing, reason);
    } finally {
      close();
    }
  });

  if (dial === uninterruptible) continue;
  Deno.test(`${name} ends an attempt that is under way when the signal says so`, async () => {
    const { port, close } = await unansweringPeer();
    try {
      const controller = new AbortController();
      const reason = new Error("no patience");
      const dialing = dial({ hostname: "127.0.0.1", port }, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 0);
      await assert.rejects(dialing, reason);
    } finally {
      close();
    }
  });
}

Deno.test("the Deno transport says that it cannot listen on a foreign address", async () => {
  await rejectsWith(denoListen({ hostname: "192.0.2.1", port: 0 }), "listen", "unreachable");
});

const transports: Record<string, [Dialer, Listen]> = {
  "the default transport": [defaultDialer, defaultListen],
  "the Deno transport": [denoDialer, denoListen],
  "the Node transport": [nodeDialer, nodeListen],
};

for (const [name, [dial, listen]] of Object.entries(transports)) {
  Deno.test(`${name} says that a port is in use`, async () => {
    const listener = await listen({ hostname: "127.0.0.1", port: 0 });
    try {
      await rejectsWith(listen(listener.address), "listen", "in-use");
    } finally {
      listener.close();
    }
  });

  Deno.test(`${name} says that the name to listen on is unknown`, async () => {
    await rejectsWith(
      listen({ hostname: "nonexistent.invalid", port: 0 }),
      "listen",
      "unknown-host",
    );
  });

  Deno.test(`${name} speaks IPv6`, async () => {
    const { client, server, close } = await connectOver(dial, listen, "::1");
    try {
      await client.write([Uint8Array.of(1, 2, 3)]);
      assert.equal(await server.read(new Uint8Array(10)), 3);
    } finally {
      client.close();
      server.close();
      await close();
    }
  });

  Deno.test(`${name} keeps a stream open when the signal aborts after the dial`, async () => {
    const controller = new AbortController();
    const signalled: Dialer = (address) => dial(address, { signal: controller.signal });
    const { client, server, close } = await connectOver(signalled, listen);
    try {
      controller.abort();
      await client.write([Uint8Array.of(1, 2, 3)]);
      assert.equal(await server.read(new Uint8Array(10)), 3);
    } finally {
      client.close();
      server.close();
      await close();
    }
  });

  Deno.test(`${name} ends accept() when the listener closes, and keeps accepted streams`, async () => {
    const listener = await listen({ hostname: "127.0.0.1", port: 0 });
    const [client, server] = await Promise.all([dial(listener.address), listener.accept()]);
    try {
      const waiting = listener.accept();
      listener.close();
      listener.close();
      assert.equal(await waiting, null);
      assert.equal(await listener.accept(), null);
      await client.write([Uint8Array.of(7)]);
      assert.equal(await server!.read(new Uint8Array(1)), 1);
    } finally {
      client.close();
      server!.close();
    }
  });

  Deno.test(`${name} accepts connections in the order in which they were made`, async () => {
    const listener = await listen({ hostname: "127.0.0.1", port: 0 });
    const streams = [];
    try {
      for (const byte of [1, 2, 3]) {
        const client = await dial(listener.address);
        streams.push(client);
        await client.write([Uint8Array.of(byte)]);
      }
      const into = new Uint8Array(1);
      for (const byte of [1, 2, 3]) {
        const server = await listener.accept();
        streams.push(server!);
        await server!.read(into);
        assert.equal(into[0], byte);
      }
    } finally {
      for (const stream of streams) stream.close();
      listener.close();
    }
  });
}
