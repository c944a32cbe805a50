import assert from "node:assert/strict";
import { concat } from "../../transport/concat.ts";
import { GatheringWriter } from "../../transport/gathering_writer.ts";

/** Takes at most `most` bytes at a time and keeps what it took. */
function sink(most = Infinity) {
  const taken: Uint8Array[] = [];
  const offered: Uint8Array[] = [];
  const write = (bytes: Uint8Array): Promise<number> => {
    offered.push(bytes);
    const part = bytes.slice(0, most);
    taken.push(part);
    return Promise.resolve(part.length);
  };
  return {
    write,
    offered,
    sizes: () => taken.map((part) => part.length),
    all: () => concat(taken),
  };
}

function numbered(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) + seed * 13) & 0xff);
}

async function written(sizes: number[]): Promise<number[]> {
  const to = sink();
  const chunks = sizes.map(numbered);
  await new GatheringWriter(to).write(chunks);
  assert.deepEqual(to.all(), concat(chunks), `sizes ${sizes}`);
  return to.sizes();
}

Deno.test("small chunks leave in one write", async () => {
  assert.deepEqual(await written([48, 8192, 2, 4]), [8246]);
  assert.deepEqual(await written([48, 61392]), [61440]);
});

Deno.test("no header or digest travels alone beside a large chunk", async () => {
  for (const size of [61393, 65536, 131072, 262144, 1048576]) {
    const sizes = await written([48, size, 4]);
    assert.ok(Math.min(...sizes) > 48, `${sizes}`);
  }
});

Deno.test("a large chunk with its header leaves in two writes, whatever its length", async () => {
  for (const size of [61393, 262144, 1048576]) {
    assert.deepEqual(await written([48, size]), [16384, size + 48 - 16384]);
  }
});

Deno.test("the bulk of a large chunk is written from where it lies", async () => {
  const to = sink();
  const chunk = numbered(262144, 1);
  await new GatheringWriter(to).write([numbered(48, 2), chunk, numbered(4, 3)]);
  const uncopied = to.offered.filter(({ buffer }) => buffer === chunk.buffer);
  const bytes = uncopied.reduce((sum, { length }) => sum + length, 0);
  assert.ok(bytes > 0.9 * chunk.length, `${bytes}`);
});

Deno.test("a single chunk is written without a copy, however small", async () => {
  const to = sink();
  const chunk = numbered(48, 1);
  await new GatheringWriter(to).write([chunk]);
  assert.equal(to.offered[0].buffer, chunk.buffer);
});

Deno.test("a sink that takes little at a time gets everything in order", async () => {
  for (const most of [1, 1000, 16384]) {
    const to = sink(most);
    const chunks = [48, 20000, 48, 65536, 3, 70000].map(numbered);
    await new GatheringWriter(to).write(chunks);
    assert.deepEqual(to.all(), concat(chunks));
  }
});

Deno.test("nothing is offered for no chunks or empty ones", async () => {
  assert.deepEqual(await written([]), []);
  assert.deepEqual(await written([0]), []);
  assert.deepEqual(await written([0, 0]), []);
});

Deno.test("the sink's error ends the write", async () => {
  const failure = new Error("no more");
  const writer = new GatheringWriter({ write: () => Promise.reject(failure) });
  await assert.rejects(writer.write([numbered(10, 1), numbered(10, 2)]), failure);
});

Deno.test("chunks of random sizes leave in order", async () => {
  const seed = 20260301;
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x100000000) * below);
  };
  console.log(`seed ${seed}`);
  for (let round = 0; round < 200; round++) {
    const scale = 10 ** (1 + random(5));
    await written(Array.from({ length: 1 + random(6) }, () => random(scale)));
  }
});
