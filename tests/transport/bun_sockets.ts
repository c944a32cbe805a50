/**
 * What Bun's transport has to do beside the compliance suite: `bun bun_sockets.ts PEERS`, where PEERS are the ports of
 * peers on 127.0.0.1 as JSON ({@link PeerPorts}). Prints what failed, and exits with 1 when something did.
 */

import assert from "node:assert/strict";
import process from "node:process";
import { dial } from "../../transport/bun.ts";
import {
  bunDialer,
  bunListen,
  type ByteListener,
  type ByteStream,
  type ComplianceTest,
  defaultDialer,
  defaultListen,
} from "../../transport/mod.ts";
import { connectOver } from "./connecting.ts";
import { rejectsWith } from "./rejects_with.ts";
import { runCases } from "./run_cases.ts";
import { FLOOD_BYTES, FLOOD_PERIOD, type PeerPorts } from "./strange_peers.ts";
import { watchedEnds } from "./watched_ends.ts";

const peers: PeerPorts = JSON.parse(process.argv[2]);
const LOCAL = { hostname: "127.0.0.1", port: 0 };
const UNKNOWN = { hostname: "nonexistent.invalid", port: 3260 };

const dialPeer = (port: number): Promise<ByteStream> => bunDialer({ ...LOCAL, port });

async function listening(use: (listener: ByteListener) => Promise<void>): Promise<void> {
  const listener = await bunListen(LOCAL);
  try {
    await use(listener);
  } finally {
    listener.close();
  }
}

async function connected(use: (client: ByteStream, server: ByteStream) => Promise<void>) {
  const { client, server, close } = await connectOver(bunDialer, bunListen);
  try {
    await use(client, server);
  } finally {
    client.close();
    server.close();
    await close();
  }
}

async function withPeer(port: number, use: (stream: ByteStream) => Promise<void>) {
  const stream = await dialPeer(port);
  try {
    await use(stream);
  } finally {
    stream.close();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

const CASES: Record<string, () => Promise<void>> = {
  "the default transport is Bun's own": async () => {
    const { client, server, close } = await connectOver(defaultDialer, defaultListen);
    await connected((ours) => {
      assert.equal(client.constructor, ours.constructor);
      assert.equal(server.constructor, ours.constructor);
      return Promise.resolve();
    });
    client.close();
    server.close();
    await close();
  },
  "a closed port refuses": async () => {
    const listener = await bunListen(LOCAL);
    listener.close();
    const { address } = listener;
    const error = await rejectsWith(bunDialer(address), "dial", "refused");
    assert.deepEqual(error.address, address);
    assert.ok(error.cause instanceof Error);
    assert.equal(error.message, `Cannot connect to 127.0.0.1:${address.port}: connection refused`);
  },
  "a host is unknown, to dial and to listen on": async () => {
    await rejectsWith(bunDialer(UNKNOWN), "dial", "unknown-host");
    await rejectsWith(bunListen(UNKNOWN), "listen", "unknown-host");
  },
  "a port is in use, and an address foreign": () =>
    listening(async ({ address }) => {
      await rejectsWith(bunListen(address), "listen", "in-use");
      await rejectsWith(bunListen({ hostname: "203.0.113.1", port: 0 }), "listen", "unreachable");
    }),
  "a signal that is aborted already keeps the dial from starting": async () => {
    const reason = new Error("not wanted");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(bunDialer({ ...LOCAL, port: peers.unanswering }, { signal }), reason);
  },
  "a signal ends a dial at once, and one under way": async () => {
    const address = { ...LOCAL, port: peers.unanswering };
    for (const wait of [() => Promise.resolve(), turn]) {
      const controller = new AbortController();
      const reason = new Error("no patience");
      const dialing = bunDialer(address, { signal: controller.signal });
      const rejected = assert.rejects(dialing, reason);
      await wait();
      controller.abort(reason);
      await rejected;
    }
  },
  "a connection that comes after the signal is closed": () =>
    listening(async (listener) => {
      const controller = new AbortController();
      const dialing = dial(listener.address, { signal: controller.signal });
      controller.abort();
      await assert.rejects(dialing, { name: "AbortError" });
      const accepted = await listener.accept();
      assert.equal(await accepted!.read(new Uint8Array(1)), null);
      accepted!.close();
    }),
  "a signal that aborts after the dial changes nothing": async () => {
    const controller = new AbortController();
    const { client, server, close } = await connectOver(
      (address) => bunDialer(address, { signal: controller.signal }),
      bunListen,
    );
    controller.abort();
    await client.write([Uint8Array.of(1, 2, 3)]);
    assert.equal(await server.read(new Uint8Array(10)), 3);
    client.close();
    server.close();
    await close();
  },
  "it speaks IPv6": async () => {
    const { client, server, close } = await connectOver(bunDialer, bunListen, "::1");
    await client.write([Uint8Array.of(1, 2, 3)]);
    assert.equal(await server.read(new Uint8Array(10)), 3);
    client.close();
    server.close();
    await close();
  },
  "accept() ends when the listener closes, and accepted streams stay": () =>
    listening(async (listener) => {
      const [client, server] = await Promise.all([
        bunDialer(listener.address),
        listener.accept(),
      ]);
      const waiting = listener.accept();
      listener.close();
      assert.equal(await waiting, null);
      assert.equal(await listener.accept(), null);
      await client.write([Uint8Array.of(7)]);
      assert.equal(await server!.read(new Uint8Array(1)), 1);
      client.close();
      server!.close();
    }),
  "both ends ask after silence whether the other host is still there": () =>
    listening(async (listener) => {
      const { port } = listener.address;
      // The port may have been another program's for a connection of its own.
      const others = watchedEnds(port);
      const [client, server] = await Promise.all([dialPeer(port), listener.accept()]);
      if (process.platform === "linux") assert.equal(watchedEnds(port) - others, 2);
      client.close();
      server!.close();
    }),
  "a peer that breaks the connection rejects reads and writes": () =>
    withPeer(peers.resetting, async (stream) => {
      const reading = stream.read(new Uint8Array(10));
      await stream.write([new Uint8Array(10)]);
      await rejectsWith(reading, "read", "reset");
      await rejectsWith(stream.read(new Uint8Array(10)), "read", "reset");
      await rejectsWith(stream.write([new Uint8Array(10)]), "write", "reset");
    }),
  "a peer that ends its direction has closed both": () =>
    withPeer(peers.halfClosing, async (stream) => {
      assert.equal(await stream.read(new Uint8Array(10)), null);
      await rejectsWith(stream.write([new Uint8Array(10)]), "write", "reset");
    }),
  "nothing of a fast peer is lost on a slow reader": () =>
    withPeer(peers.flooding, async (stream) => {
      const into = new Uint8Array(300_000);
      let got = 0;
      let turns = 0;
      for (let count = await stream.read(into); count !== null; count = await stream.read(into)) {
        for (let i = 0; i < count; i++) {
          if (into[i] !== (got + i) % FLOOD_PERIOD) assert.fail(`byte ${got + i} is ${into[i]}`);
        }
        got += count;
        if (turns++ % 7 === 0) await turn();
      }
      assert.equal(got, FLOOD_BYTES);
    }),
};

runCases(Object.entries(CASES).map(([name, run]): ComplianceTest => ({ name, run })));
