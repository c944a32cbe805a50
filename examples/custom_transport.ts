/**
 * A transport of one's own: the standard input and output of a program are the connection. Reaches a target that only a
 * gateway can reach, and encrypts the way there:
 *
 *     deno run -A examples/custom_transport.ts iscsi://10.0.0.5/iqn.2026-03.com.example:tape/0 ssh gateway -W %h:%p
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { openTape } from "@uiscsi/tape";
import { type ByteStream, type Dialer, TransportError } from "@uiscsi/tape/transport";

const [address, program, ...args] = process.argv.slice(2);
if (!address || !program) {
  throw new Error("Usage: custom_transport.ts ADDRESS PROGRAM [ARGUMENT...]");
}

/** Starts the program anew for each connection, with %h and %p for where it has to lead. */
const dial: Dialer = ({ hostname, port }) => {
  const filled = args.map((text) => text.replaceAll("%h", hostname).replaceAll("%p", `${port}`));
  return Promise.resolve(
    overProcess(spawn(program, filled, { stdio: ["pipe", "pipe", "inherit"] })),
  );
};

function overProcess(child: ChildProcess): ByteStream {
  const [input, output] = [child.stdin!, child.stdout!];
  const chunks: AsyncIterator<Uint8Array> = output[Symbol.asyncIterator]();
  let rest = new Uint8Array();
  let closed = false;
  let failure: Error | undefined;
  for (const part of [child, input, output]) part.on("error", (error) => failure ??= error);
  const error = (op: "read" | "write", cause: unknown) =>
    new TransportError(`Cannot ${op}: ${program} has ended`, {
      op,
      reason: closed ? "closed" : "reset",
      cause,
    });
  return {
    async read(into) {
      while (rest.length === 0) {
        const next = await chunks.next().catch((cause) => failure ??= cause as Error);
        if (closed) return null;
        if (failure !== undefined) throw error("read", failure);
        if (next instanceof Error || next.done) return null;
        rest = new Uint8Array(next.value);
      }
      const count = Math.min(rest.length, into.length);
      into.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return count;
    },
    async write(chunks) {
      for (const chunk of chunks) {
        await new Promise<void>((resolve, reject) =>
          input.write(chunk, (cause) => cause ? reject(error("write", cause)) : resolve())
        );
      }
    },
    close() {
      closed = true;
      child.kill();
      input.destroy();
      output.destroy();
    },
  };
}

const drive = await openTape(address, { dial });
try {
  const { vendor, product, serialNumber } = drive.info;
  console.log(`${vendor} ${product} ${serialNumber}`);
} finally {
  await drive.close();
}
