import assert from "node:assert/strict";
import { dialTls as dialNodeTls, listenTls as listenNodeTls } from "../../transport/node_tls.ts";
import { dialTls as dialDenoTls, listenTls as listenDenoTls } from "../../transport/deno_tls.ts";
import {
  type ByteStream,
  byteStreamCompliance,
  type Clock,
  type ComplianceOptions,
  denoDialer,
  denoListen,
  faulty,
  loopback,
  LoopbackNetwork,
  type LoopbackOptions,
  nodeDialer,
  nodeListen,
  recording,
  tracing,
} from "../../transport/mod.ts";
import { caCertificate, server } from "./certificates.ts";
import { connectOver } from "./connecting.ts";

const caCertificates = [caCertificate];

function comply(name: string, options: ComplianceOptions, except = /^$/): void {
  for (const { name: sentence, run } of byteStreamCompliance(name, options)) {
    if (!except.test(sentence)) Deno.test(sentence, run);
  }
}

function overLoopback(
  options: LoopbackOptions,
  wrap: (stream: ByteStream) => ByteStream = (stream) => stream,
): ComplianceOptions["connect"] {
  return () => {
    const [client, server] = loopback(options);
    return Promise.resolve({ client: wrap(client), server: wrap(server), close: () => {} });
  };
}

/** Whatever time something takes, it has passed by the next turn of the event loop. */
const impatientClock = (): Clock => {
  let nowMs = 0;
  return {
    now: () => nowMs,
    schedule: (callback, delayMs) => {
      const dueMs = nowMs + delayMs;
      const timer = setTimeout(() => {
        nowMs = Math.max(nowMs, dueMs);
        callback();
      }, 0);
      return () => clearTimeout(timer);
    },
  };
};

comply("Deno TCP", { connect: () => connectOver(denoDialer, denoListen) });
comply("Node TCP", { connect: () => connectOver(nodeDialer, nodeListen) });
comply("Deno TCP to Node TCP", { connect: () => connectOver(denoDialer, nodeListen) });
comply("Deno TLS", {
  connect: () =>
    connectOver(
      (address, options) => dialDenoTls(address, { caCertificates }, options),
      (address) => listenDenoTls(address, server),
    ),
});
comply("Node TLS", {
  connect: () =>
    connectOver(
      (address, options) => dialNodeTls(address, { caCertificates }, options),
      (address) => listenNodeTls(address, server),
    ),
  // Deno's node:tls takes writes without bound. The library uses it on Node and Bun alone, where it passes these too:
  // see compliance_elsewhere.ts.
}, /within bounded memory|when the peer closes/);

comply("loopback", { connect: overLoopback({}) });
comply("loopback without a buffer", { connect: overLoopback({ bufferBytes: 0 }) });
comply("loopback of odd sizes", { connect: overLoopback({ chunkBytes: 4093, bufferBytes: 999 }) });
comply("loopback a byte at a time", {
  connect: overLoopback({ chunkBytes: 1 }),
  largeBytes: 300_000,
});
comply("loopback with latency", {
  connect: () => overLoopback({ latencyMs: 3, clock: impatientClock() })(),
});
comply("loopback with latency and a small buffer", {
  connect: () => overLoopback({ latencyMs: 3, bufferBytes: 70_000, clock: impatientClock() })(),
});
comply("loopback network", {
  connect: () => {
    const network = new LoopbackNetwork();
    return connectOver(network.dial, network.listen);
  },
});
comply("recorded loopback", {
  connect: overLoopback({}, (stream) => recording(stream, { maxBytes: 1000 }).stream),
});
comply("traced loopback", { connect: overLoopback({}, (stream) => tracing(stream, () => {})) });
comply("faulty loopback without faults", { connect: overLoopback({}, (stream) => faulty(stream)) });
comply("faulty loopback with short reads", {
  connect: overLoopback({}, (stream) => faulty(stream, { maxReadBytes: 7 })),
  largeBytes: 1_000_000,
});

/** Names of the tests that a transport with a defect fails. */
async function failures(defect: (stream: ByteStream) => Partial<ByteStream>): Promise<string> {
  const wrap = (stream: ByteStream): ByteStream => ({
    read: (into) => stream.read(into),
    write: (chunks) => stream.write(chunks),
    close: () => stream.close(),
    ...defect(stream),
  });
  const failed: string[] = [];
  const options = { connect: overLoopback({}, wrap), largeBytes: 500_000 };
  for (const { name, run } of byteStreamCompliance("x", options)) {
    await run().catch(() => failed.push(name));
  }
  return failed.join("\n");
}

Deno.test("the compliance suite finds a transport that loses the order of chunks", async () => {
  const failed = await failures((stream) => ({
    write: (chunks) => stream.write(chunks.toReversed()),
  }));
  assert.match(failed, /many chunks/);
});

Deno.test("the compliance suite finds a transport that writes behind what a read returned", async () => {
  const failed = await failures((stream) => ({
    read: async (into) => {
      const count = await stream.read(into);
      into.fill(0, count ?? 0);
      return count;
    },
  }));
  assert.match(failed, /leaves the buffer alone/);
});

Deno.test("the compliance suite finds a transport that throws plain errors after a close", async () => {
  const failed = await failures((stream) => ({
    write: (chunks) => stream.write(chunks).catch(() => Promise.reject(new Error("closed"))),
  }));
  assert.match(failed, /rejects writes as closed/);
});

Deno.test("the compliance suite finds a transport that takes in bytes without bound", async () => {
  const failed = await failures((stream) => {
    let queue = Promise.resolve();
    return {
      write: (chunks) => {
        queue = queue.then(() => stream.write(chunks)).catch(() => {});
        return Promise.resolve();
      },
    };
  });
  assert.match(failed, /within bounded memory/);
});

Deno.test("the compliance suite finds a transport that reads 0 at the end of the stream", async () => {
  const failed = await failures((stream) => ({
    read: async (into) => await stream.read(into) ?? 0,
  }));
  assert.match(failed, /gives null, and null again/);
});
