import type { ByteStream } from "./byte_stream.ts";
import { concat } from "./concat.ts";
import { TransportError, type TransportErrorReason } from "./errors.ts";

/** Two connected streams under test. */
export interface ConnectedStreams {
  /** The dialing side. */
  readonly client: ByteStream;
  /** The accepting side. */
  readonly server: ByteStream;
  /** Releases what the streams were made with, such as a listener; called after both were closed. */
  close(): void | Promise<void>;
}

/** Options of {@link byteStreamCompliance}. */
export interface ComplianceOptions {
  /** Makes a fresh pair of connected streams; called once for each test. */
  connect(): Promise<ConnectedStreams>;
  /** Bytes that the large transfers move each way. @default 16777216 */
  readonly largeBytes?: number;
  /**
   * Bytes that the transport may take in without anybody reading, before the suite calls its memory unbounded.
   *
   * @default 67108864
   */
  readonly bufferLimitBytes?: number;
}

/** One test: rejects with an Error that says what was wrong. */
export interface ComplianceTest {
  /** The transport's name and a sentence. */
  readonly name: string;
  /** Connects, tests and closes. */
  run(): Promise<void>;
}

interface Limits {
  readonly largeBytes: number;
  readonly bufferLimitBytes: number;
}

type Check = (streams: ConnectedStreams, limits: Limits) => Promise<void>;

/**
 * The tests that every {@link ByteStream} must pass, for any test framework:
 *
 * ```ts ignore
 * for (const { name, run } of byteStreamCompliance("my transport", { connect })) Deno.test(name, run);
 * ```
 *
 * They use no timers but `setTimeout` of 0 ms, and close both streams and what they came from.
 */
export function byteStreamCompliance(name: string, options: ComplianceOptions): ComplianceTest[] {
  const { largeBytes = 16 * 1024 * 1024, bufferLimitBytes = 64 * 1024 * 1024 } = options;
  return CHECKS.map(([sentence, check]) => ({
    name: `${name}: ${sentence}`,
    run: async () => {
      const streams = await options.connect();
      try {
        await check(streams, { largeBytes, bufferLimitBytes });
      } finally {
        streams.client.close();
        streams.server.close();
        await streams.close();
      }
    },
  }));
}

const CHECKS: readonly (readonly [string, Check])[] = [
  ["bytes arrive in order, whichever side wrote them", bothWays],
  ["a message arrives whole at every split of its chunks", everySplit],
  ["a message arrives whole through reads of every size", everyReadSize],
  ["empty writes and empty chunks add nothing", emptyWrites],
  ["many chunks in one write arrive in order", manyChunks],
  ["chunks of very different sizes arrive in order", mixedChunks],
  ["large transfers run both ways at once", largeBothWays],
  ["a read leaves the buffer alone behind what it returned", untouchedRest],
  ["a stream that ended gives null, and null again", endOfStream],
  ["what was written before a close can still be read", closeAfterWrite],
  ["close() makes a pending read give null", closeDuringRead],
  ["close() rejects a pending write that nobody reads, within bounded memory", closeDuringWrite],
  ["a pending write rejects when the peer closes", peerClosesDuringWrite],
  ["a closed stream reads null and rejects writes as closed", useAfterClose],
  ["close() may be called again", closeTwice],
];

async function bothWays({ client, server }: ConnectedStreams): Promise<void> {
  await exchange(client, server, [pattern(1000, 1)]);
  await exchange(server, client, [pattern(1000, 2)]);
  await exchange(client, server, [pattern(1, 3)]);
}

async function everySplit({ client, server }: ConnectedStreams): Promise<void> {
  const message = pattern(100, 4);
  for (let at = 0; at <= message.length; at++) {
    await exchange(client, server, [message.subarray(0, at), message.subarray(at)]);
  }
}

async function everyReadSize({ client, server }: ConnectedStreams): Promise<void> {
  const message = pattern(100, 5);
  for (let size = 1; size <= message.length; size++) {
    await exchange(client, server, [message], size);
  }
}

async function emptyWrites({ client, server }: ConnectedStreams): Promise<void> {
  const nothing = new Uint8Array(0);
  await client.write([]);
  await client.write([nothing]);
  await exchange(client, server, [nothing, pattern(10, 6), nothing, pattern(10, 7), nothing]);
}

async function manyChunks({ client, server }: ConnectedStreams): Promise<void> {
  await exchange(client, server, Array.from({ length: 5000 }, (_, i) => pattern(48, i)));
}

async function mixedChunks({ client, server }: ConnectedStreams): Promise<void> {
  const sizes = [48, 65536, 48, 4, 262144, 3, 4, 16384, 48, 61440, 61441, 1, 100000, 8192];
  await exchange(client, server, sizes.map(pattern));
  await exchange(client, server, sizes.toReversed().map(pattern));
}

async function largeBothWays(
  { client, server }: ConnectedStreams,
  { largeBytes }: Limits,
): Promise<void> {
  await Promise.all([
    stream(client, server, largeBytes, 8),
    stream(server, client, largeBytes, 9),
  ]);
}

async function untouchedRest({ client, server }: ConnectedStreams): Promise<void> {
  const filler = 0xa5;
  for (const size of [1, 47, 5000]) {
    const written = client.write([new Uint8Array(size).fill(0x11)]);
    for (let got = 0; got < size;) {
      const into = new Uint8Array(9000).fill(filler);
      const count = await readSome(server, into);
      const rest = into.subarray(count);
      check(
        rest.every((byte) => byte === filler),
        `bytes behind the ${count} returned were changed`,
      );
      got += count;
    }
    await written;
  }
}

async function endOfStream({ client, server }: ConnectedStreams): Promise<void> {
  client.close();
  const into = new Uint8Array(10);
  for (const time of ["first", "second"]) {
    const count = await server.read(into);
    check(count === null, `the ${time} read at the end of the stream gave ${count}`);
  }
}

async function closeAfterWrite({ client, server }: ConnectedStreams): Promise<void> {
  const message = pattern(3000, 10);
  const closed = client.write([message]).then(() => client.close());
  // A transport that buffers is closed by then; one that does not needs the reader first.
  await untilStill(() => 0);
  checkEqual(await readExactly(server, message.length), message);
  await closed;
  check(await server.read(new Uint8Array(1)) === null, "the end of the stream did not follow");
}

async function closeDuringRead({ client }: ConnectedStreams): Promise<void> {
  const pending = client.read(new Uint8Array(10));
  client.close();
  check(await pending === null, "the pending read gave bytes");
}

async function closeDuringWrite(
  { client }: ConnectedStreams,
  { bufferLimitBytes }: Limits,
): Promise<void> {
  const failure = await writeUntilStuck(client, bufferLimitBytes, () => client.close());
  checkTransportError(failure, "closed");
}

async function peerClosesDuringWrite(
  { client, server }: ConnectedStreams,
  { bufferLimitBytes }: Limits,
): Promise<void> {
  const failure = await writeUntilStuck(client, bufferLimitBytes, () => server.close());
  checkTransportError(failure);
}

async function useAfterClose({ client }: ConnectedStreams): Promise<void> {
  client.close();
  check(await client.read(new Uint8Array(10)) === null, "a read after close() gave bytes");
  const failure = await client.write([pattern(10, 11)]).catch((error: unknown) => error);
  checkTransportError(failure, "closed");
}

async function closeTwice({ client, server }: ConnectedStreams): Promise<void> {
  client.close();
  client.close();
  check(await server.read(new Uint8Array(1)) === null, "the peer did not see the end");
  server.close();
  server.close();
}

/** Writes without a reader until nothing moves any more, calls `then`, and resolves to what the write rejects with. */
async function writeUntilStuck(
  writer: ByteStream,
  limit: number,
  then: () => void,
): Promise<unknown> {
  const block = pattern(1024 * 1024, 12);
  let taken = 0;
  const failed = (async () => {
    while (taken < limit) {
      await writer.write([block]);
      taken += block.length;
    }
    return new Error(`took ${taken} bytes that nobody read`);
  })().catch((error: unknown) => error);
  await untilStill(() => taken);
  then();
  return await failed;
}

/** Waits until `value` has been the same for a number of turns of the event loop. */
async function untilStill(value: () => number): Promise<void> {
  const turns = 20;
  for (let still = 0, last = value(); still < turns; still++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (value() !== last) still = 0;
    last = value();
  }
}

async function exchange(
  from: ByteStream,
  to: ByteStream,
  chunks: readonly Uint8Array[],
  readBytes = Infinity,
): Promise<void> {
  const expected = concat(chunks);
  const [actual] = await Promise.all([
    readExactly(to, expected.length, readBytes),
    from.write(chunks),
  ]);
  checkEqual(actual, expected);
}

async function readExactly(
  stream: ByteStream,
  length: number,
  readBytes = Infinity,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    at += await readSome(stream, bytes.subarray(at, at + readBytes));
  }
  return bytes;
}

async function readSome(stream: ByteStream, into: Uint8Array): Promise<number> {
  const count = await stream.read(into);
  if (count === null) throw new Error("the stream ended early");
  check(count >= 1 && count <= into.length, `a read into ${into.length} bytes gave ${count}`);
  return count;
}

/** Moves `length` bytes as a header and a payload at a time, and checks each byte. */
async function stream(
  from: ByteStream,
  to: ByteStream,
  length: number,
  seed: number,
): Promise<void> {
  const header = pattern(48, seed);
  const payload = pattern(200_000, seed + 1);
  const period = concat([header, payload]);
  const rounds = Math.ceil(length / period.length);
  const write = async (): Promise<void> => {
    for (let i = 0; i < rounds; i++) await from.write([header, payload]);
  };
  const read = async (): Promise<void> => {
    for (let i = 0; i < rounds; i++) checkEqual(await readExactly(to, period.length), period);
  };
  await Promise.all([write(), read()]);
}

/** Bytes that differ from place to place and from seed to seed. */
function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8) * 7 + seed * 101) & 0xff);
}

function checkEqual(actual: Uint8Array, expected: Uint8Array): void {
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] !== expected[i]) {
      throw new Error(`byte ${i} of ${expected.length} is ${actual[i]}, not ${expected[i]}`);
    }
  }
}

function checkTransportError(error: unknown, reason?: TransportErrorReason): void {
  check(error instanceof TransportError, `the write gave ${error}, not a TransportError`);
  const actual = (error as TransportError).reason;
  check(reason === undefined || actual === reason, `the reason is ${actual}, not ${reason}`);
}

function check(condition: boolean, complaint: string): void {
  if (!condition) throw new Error(complaint);
}
