import assert from "node:assert/strict";
import { capturingDialer } from "../../iscsi/capturing_dialer.ts";
import { readU16, readU32 } from "../../scsi/big_endian.ts";
import type { ByteStream } from "../../transport/byte_stream.ts";
import { loopback } from "../../transport/loopback.ts";

const FILE_HEADER = 24;
const RECORD_HEADER = 16;

interface Packet {
  readonly version: number;
  readonly ports: readonly [number, number];
  readonly payload: Uint8Array;
}

function packets(file: Uint8Array): Packet[] {
  const found: Packet[] = [];
  for (let at = FILE_HEADER; at < file.length;) {
    const length = readU32(file, at + 8);
    const ip = file.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    const version = ip[0] >> 4;
    const tcp = ip.subarray(version === 6 ? 40 : 20);
    found.push({
      version,
      ports: [readU16(tcp, 0), readU16(tcp, 2)],
      payload: tcp.subarray((tcp[12] >> 4) * 4),
    });
    at += RECORD_HEADER + length;
  }
  return found;
}

/** Dials once or more, says something each way, closes, and gives the file. */
async function captured(hostname: string, connections: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const peers: ByteStream[] = [];
  const dial = capturingDialer(() => {
    const [near, far] = loopback();
    peers.push(far);
    return Promise.resolve(near);
  }, { write: (bytes) => chunks.push(bytes), now: () => 1_000_000 });
  for (let number = 1; number <= connections; number++) {
    const stream = await dial({ hostname, port: 3260 });
    await stream.write([Uint8Array.of(number, number)]);
    await peers.at(-1)!.write([Uint8Array.of(number + 100)]);
    assert.equal(await stream.read(new Uint8Array(10)), 1);
    stream.close();
    stream.close();
  }
  return Buffer.concat(chunks);
}

Deno.test("All connections of a dialer are in one capture, each with a port of its own and its end", async () => {
  const file = await captured("10.0.0.5", 2);
  const all = packets(file);
  const data = all.filter(({ payload }) => payload.length > 0);
  assert.deepEqual(data.map(({ ports, payload }) => [...ports, ...payload]), [
    [49152, 3260, 1, 1],
    [3260, 49152, 101],
    [49153, 3260, 2, 2],
    [3260, 49153, 102],
  ]);
  assert.ok(all.every(({ version }) => version === 4));
  const [first, second] = [49152, 49153].map((port) =>
    all.filter(({ ports }) => ports.includes(port)).length
  );
  assert.deepEqual([first, second], [8, 8], "a handshake of three, data, and an end of three");
});

Deno.test("A target with an IPv6 address is captured in that family", async () => {
  const all = packets(await captured("2001:db8::5", 1));
  assert.ok(all.length > 0 && all.every(({ version }) => version === 6));
});

Deno.test("A capture that cannot be begun leaves no connection open", async () => {
  let closed = false;
  const full = new Error("disk full");
  const dial = capturingDialer(() =>
    Promise.resolve({
      read: () => Promise.resolve(null),
      write: () => Promise.resolve(),
      close: () => closed = true,
    }), {
    write: () => {
      throw full;
    },
    now: () => 0,
  });
  await assert.rejects(dial({ hostname: "10.0.0.5", port: 3260 }), full);
  assert.ok(closed);
});

Deno.test("A capture that cannot be ended does not keep the connection open", async () => {
  let isFull = false;
  let closed = false;
  const dial = capturingDialer(() =>
    Promise.resolve({
      read: () => Promise.resolve(null),
      write: () => Promise.resolve(),
      close: () => closed = true,
    }), {
    write: () => {
      if (isFull) throw new Error("disk full");
    },
    now: () => 0,
  });
  const stream = await dial({ hostname: "10.0.0.5", port: 3260 });
  isFull = true;
  stream.close();
  assert.ok(closed);
});
