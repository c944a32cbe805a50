import assert from "node:assert/strict";
import { loopback, LoopbackNetwork, TransportError, VirtualClock } from "../../transport/mod.ts";

/** Lets everything that is ready to happen without time happen. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** Says whether a promise has settled. */
function watch(promise: Promise<unknown>): { settled: boolean } {
  const state = { settled: false };
  const done = (): void => {
    state.settled = true;
  };
  promise.then(done, done);
  return state;
}

Deno.test("a loopback returns at most chunkBytes a read", async () => {
  const [client, server] = loopback({ chunkBytes: 3 });
  await client.write([new Uint8Array(8)]);
  const counts = [];
  for (let i = 0; i < 3; i++) counts.push(await server.read(new Uint8Array(100)));
  assert.deepEqual(counts, [3, 3, 2]);
});

Deno.test("a loopback joins what was written apart", async () => {
  const [client, server] = loopback();
  await client.write([Uint8Array.of(1), Uint8Array.of(2)]);
  await client.write([Uint8Array.of(3)]);
  const into = new Uint8Array(10);
  assert.equal(await server.read(into), 3);
  assert.deepEqual([...into.subarray(0, 3)], [1, 2, 3]);
});

Deno.test("a loopback takes a write that fits the buffer and holds one that does not", async () => {
  const [client, server] = loopback({ bufferBytes: 10 });
  const chunk = new Uint8Array(8).fill(1);
  await client.write([chunk]);
  chunk.fill(9);
  const large = watch(client.write([new Uint8Array(5).fill(2)]));
  await settle();
  assert.equal(large.settled, false);
  const into = new Uint8Array(13);
  assert.equal(await server.read(into), 13);
  await settle();
  assert.equal(large.settled, true);
  assert.deepEqual([...into], [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
});

Deno.test("a loopback reuses its buffer however reads and writes fall", async () => {
  const [client, server] = loopback({ bufferBytes: 10, chunkBytes: 3 });
  let written = 0;
  let read = 0;
  const into = new Uint8Array(3);
  while (read < 500) {
    if (written - read <= 6) await client.write([Uint8Array.of(written++, written++, written++)]);
    const count = (await server.read(into.subarray(0, 1 + read % 3)))!;
    for (let i = 0; i < count; i++) assert.equal(into[i], read++ & 0xff);
  }
});

Deno.test("a loopback's peer that closed breaks the writes, and its last bytes can be read", async () => {
  const [client, server] = loopback();
  await server.write([Uint8Array.of(5)]);
  server.close();
  await assert.rejects(
    client.write([Uint8Array.of(1)]),
    (error) => error instanceof TransportError && error.op === "write" && error.reason === "reset",
  );
  assert.equal(await client.read(new Uint8Array(4)), 1);
  assert.equal(await client.read(new Uint8Array(4)), null);
});

Deno.test("a loopback with latency delivers that much later, and no earlier", async () => {
  const clock = new VirtualClock();
  const [client, server] = loopback({ latencyMs: 5, clock });
  await client.write([Uint8Array.of(1)]);
  clock.advance(2);
  await client.write([Uint8Array.of(2)]);
  const first = server.read(new Uint8Array(10));
  const watched = watch(first);
  clock.advance(2.9);
  await settle();
  assert.equal(watched.settled, false);
  clock.advance(0.1);
  assert.equal(await first, 1);
  const second = watch(server.read(new Uint8Array(10)));
  await settle();
  assert.equal(second.settled, false);
  clock.advance(2);
  await settle();
  assert.equal(second.settled, true);
  assert.equal(clock.pending, 0);
});

Deno.test("a loopback with latency keeps at most bufferBytes under way", async () => {
  const clock = new VirtualClock();
  const [client, server] = loopback({ latencyMs: 5, bufferBytes: 10, clock });
  await client.write([new Uint8Array(6)]);
  const waiting = watch(client.write([new Uint8Array(6)]));
  clock.advance(5);
  await settle();
  assert.equal(waiting.settled, false);
  assert.equal(await server.read(new Uint8Array(10)), 6);
  await settle();
  assert.equal(waiting.settled, true);
  clock.advance(5);
  assert.equal(await server.read(new Uint8Array(10)), 6);
});

Deno.test("a loopback with latency delivers the end behind the bytes, and releases its timer", async () => {
  const clock = new VirtualClock();
  const [client, server] = loopback({ latencyMs: 5, clock });
  await client.write([Uint8Array.of(1)]);
  client.close();
  clock.advance(5);
  assert.equal(await server.read(new Uint8Array(10)), 1);
  assert.equal(await server.read(new Uint8Array(10)), null);

  const [left, right] = loopback({ latencyMs: 5, clock });
  await left.write([Uint8Array.of(1)]);
  right.close();
  left.close();
  clock.advance(5);
  assert.equal(clock.pending, 0);
});

Deno.test("a loopback refuses options that make no sense", () => {
  assert.throws(() => loopback({ chunkBytes: 0 }), RangeError);
  assert.throws(() => loopback({ bufferBytes: -1 }), RangeError);
  assert.throws(() => loopback({ latencyMs: NaN }), RangeError);
  assert.throws(() => loopback({ latencyMs: 1 }), TypeError);
});

Deno.test("LoopbackNetwork connects a dialer to the listener of that address only", async () => {
  const network = new LoopbackNetwork();
  const listener = await network.listen({ hostname: "a", port: 0 });
  const { port } = listener.address;
  assert.ok(port > 0);
  const refused = (error: unknown): boolean =>
    error instanceof TransportError && error.op === "dial" && error.reason === "refused";
  await assert.rejects(network.dial({ hostname: "b", port }), refused);
  await assert.rejects(new LoopbackNetwork().dial(listener.address), refused);
  const client = await network.dial(listener.address);
  const server = await listener.accept();
  await client.write([Uint8Array.of(1)]);
  assert.equal(await server!.read(new Uint8Array(1)), 1);
  listener.close();
  await assert.rejects(network.dial(listener.address), refused);
});

Deno.test("LoopbackNetwork says that an address is in use, until its listener closes", async () => {
  const network = new LoopbackNetwork();
  const address = { hostname: "a", port: 3260 };
  const first = await network.listen(address);
  await assert.rejects(
    network.listen(address),
    (error) => error instanceof TransportError && error.reason === "in-use",
  );
  first.close();
  const second = await network.listen(address);
  first.close();
  await network.dial(address);
  second.close();
});

Deno.test("LoopbackNetwork closes what nobody accepted, and refuses more than 128 of it", async () => {
  const network = new LoopbackNetwork();
  const listener = await network.listen({ hostname: "a", port: 1 });
  const waiting = await network.dial(listener.address);
  for (let i = 1; i < 128; i++) await network.dial(listener.address);
  await assert.rejects(network.dial(listener.address), TransportError);
  listener.close();
  assert.equal(await waiting.read(new Uint8Array(1)), null);
  assert.equal(await listener.accept(), null);
});

Deno.test("LoopbackNetwork does not dial when the signal is aborted", async () => {
  const network = new LoopbackNetwork();
  const listener = await network.listen({ hostname: "a", port: 1 });
  const reason = new Error("not wanted");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(network.dial(listener.address, { signal }), reason);
});
