/**
 * The transports with nothing above them: what a session cannot exceed.
 *
 * @module
 */

import {
  type ByteStream,
  defaultDialer,
  defaultListen,
  loopback as loopbackStreams,
} from "../../transport/mod.ts";
import { megabytesPerSecond, secondsPerCall, sizeName } from "../figures.ts";
import type { Part } from "../part.ts";

const WRITE_BYTES = 262144;
const READ_LENGTHS = [65536, 262144];

type Pair = () => Promise<[ByteStream, ByteStream]>;

const TRANSPORTS: Readonly<Record<string, Pair>> = {
  "in memory": () => Promise.resolve(loopbackStreams()),
  "TCP on 127.0.0.1": connectOverTcp,
};

/** Rates of the bare transports. */
export const loopback: Part = {
  name: "loopback",
  about: "bytes through the transports, no iSCSI",
  measure: async ({ rounds }) => {
    const rows: string[][] = [];
    for (const [name, connect] of Object.entries(TRANSPORTS)) {
      for (const length of READ_LENGTHS) {
        const [from, to] = await connect();
        try {
          const seconds = await secondsPerCall(rounds, (writes) => pump(from, to, writes, length));
          rows.push([name, sizeName(length), megabytesPerSecond(WRITE_BYTES, seconds)]);
        } finally {
          from.close();
          to.close();
        }
      }
    }
    return {
      title: "Transports",
      about:
        "Writes of 256 KiB, both ends in one process and one thread: the sender's time counts.",
      table: { columns: ["Transport", "reads of up to", "MB/s"], rows },
    };
  },
};

async function connectOverTcp(): Promise<[ByteStream, ByteStream]> {
  const listener = await defaultListen({ hostname: "127.0.0.1", port: 0 });
  try {
    const [accepted, dialled] = await Promise.all([
      listener.accept(),
      defaultDialer(listener.address),
    ]);
    if (accepted === null) throw new Error("Cannot measure: the listener was closed");
    return [accepted, dialled];
  } finally {
    listener.close();
  }
}

async function pump(
  from: ByteStream,
  to: ByteStream,
  writes: number,
  readLength: number,
): Promise<void> {
  const sending = (async () => {
    const chunk = new Uint8Array(WRITE_BYTES);
    for (let write = 0; write < writes; write++) await from.write([chunk]);
  })();
  const into = new Uint8Array(readLength);
  for (let left = writes * WRITE_BYTES; left > 0;) {
    const count = await to.read(into.subarray(0, Math.min(left, readLength)));
    if (count === null) throw new Error("Cannot measure: the connection ended");
    left -= count;
  }
  await sending;
}
