import assert from "node:assert/strict";
import { createContext, runInContext } from "node:vm";
import {
  CommandTimeoutError,
  ConnectionLostError,
  DataSourceError,
  InvalidOptionError,
  SessionClosedError,
} from "../../../../iscsi/errors.ts";
import { dataSegmentLength, OPCODE, OPCODE_MASK } from "../../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../../iscsi/pdu/opcode.ts";
import type { Session } from "../../../../iscsi/session/session.ts";
import type { CommandMetrics } from "../../../../iscsi/session/session_hooks.ts";
import type { SessionOptions } from "../../../../iscsi/session/session_options.ts";
import type { StreamedCommand } from "../../../../iscsi/session/streaming/command_stream.ts";
import { RamDisk } from "../../../../sim/mod.ts";
import type { TargetFault } from "../../../../sim/target/faults.ts";
import type { ServeOptions } from "../../../../sim/target/serve_target.ts";
import { Command, exchanged } from "../../../sim/target/scripted_device.ts";
import { type SimulatedPair, until, withSimulatedPair } from "../simulated_pair.ts";

const SEGMENT = 4096;
/** Small segments and bursts, so that everything takes several. */
const SMALL: Partial<SessionOptions> = {
  keepalive: false,
  negotiation: {
    maxReceiveDataSegmentLength: SEGMENT,
    maxBurstLength: 16_384,
    firstBurstLength: 8192,
  },
};

function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + seed) & 0xff);
}

/** A source that counts what was taken from it, and whether it was told that nobody needs it any more. */
class CountingSource implements AsyncIterable<Uint8Array> {
  readonly #chunks: Iterator<Uint8Array>;
  given = 0;
  isReleased = false;

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => {
        const { done, value } = this.#chunks.next();
        if (done) return Promise.resolve({ done, value: undefined });
        this.given += value.length;
        return Promise.resolve({ done: false, value });
      },
      return: () => {
        this.isReleased = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}

function* chunksOf(bytes: Uint8Array, chunkBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes);
}

async function all(readable: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const bytes: number[] = [];
  for await (const chunk of readable) for (const byte of chunk) bytes.push(byte);
  return Uint8Array.from(bytes);
}

/** Runs a test over a session that is closed whatever happens, and leaves no timer and no task. */
function streaming(
  options: Partial<ServeOptions>,
  use: (session: Session, pair: SimulatedPair) => Promise<void>,
  more: Partial<SessionOptions> = {},
): Promise<void> {
  return withSimulatedPair(options, async (pair) => {
    const session = await pair.connect({ ...SMALL, ...more });
    try {
      await use(session, pair);
      if (!session.closed) await until(() => pair.target.sessions()[0].commands === 0);
    } finally {
      await session.close();
    }
    assert.equal(pair.clock.pending, 0);
  });
}

Deno.test("A streamed write and a streamed read move the same bytes, and tell the result", () =>
  streaming({}, async (session, { device }) => {
    const data = pattern(100_000);
    const source = new CountingSource(chunksOf(data, 7000));
    const write = session.stream(0, {
      cdb: Command.write(data.length),
      dataOut: { length: data.length, source, maxBufferedBytes: 5000 },
    });
    assert.deepEqual(await all(write.readable), new Uint8Array(0));
    assert.equal((await write.result).status, 0);
    assert.deepEqual(device.written, [data]);
    device.data = data;
    const read = session.stream(0, {
      cdb: Command.read(data.length),
      dataIn: { length: data.length + 3, maxBufferedBytes: SEGMENT },
    });
    assert.deepEqual(await all(read.readable), data);
    const { dataInLength, residual } = await read.result;
    assert.deepEqual([dataInLength, residual], [data.length, 3]);
  }));

Deno.test("A ReadableStream is a source, too", () =>
  streaming({}, async (session, { device }) => {
    const data = pattern(20_000);
    const source = new Blob([data.slice()]).stream();
    const dataOut = { length: data.length, source };
    await session.stream(0, { cdb: Command.write(data.length), dataOut }).result;
    assert.deepEqual(device.written, [data]);
  }));

Deno.test("A status other than GOOD is a result, behind the data that came", () =>
  streaming({}, async (session, { device }) => {
    device.data = pattern(5000);
    const cdb = Command.shortRead(5000);
    const { readable, result } = session.stream(0, { cdb, dataIn: { length: 9000 } });
    assert.deepEqual(await all(readable), device.data);
    const { status, sense } = await result;
    assert.equal(status, 2);
    assert.ok(sense.length > 0);
  }));

Deno.test("The result of a read may be awaited first where the buffer holds all of it", () =>
  streaming({}, async (session, { device }) => {
    device.data = pattern(50_000);
    const dataIn = { length: 50_000, maxBufferedBytes: 50_000 };
    const { readable, result } = session.stream(0, { cdb: Command.read(50_000), dataIn });
    assert.equal((await result).dataInLength, 50_000);
    assert.deepEqual(await all(readable), device.data);
  }));

Deno.test("A source is pulled no further than what the target has asked for and the buffer holds", async () => {
  const length = 200_000;
  const chunkBytes = 1000;
  const maxBufferedBytes = 10_000;
  let sent = 0;
  let most = 0;
  const hooks: SessionOptions["hooks"] = {
    pdu: ({ direction, data }) => {
      if (direction === "out") sent += data.length;
    },
  };
  await streaming({}, async (session) => {
    sent = 0;
    const source = (async function* () {
      let given = 0;
      for (const chunk of chunksOf(pattern(length), chunkBytes)) {
        given += chunk.length;
        most = Math.max(most, given - sent);
        yield await Promise.resolve(chunk);
      }
    })();
    const dataOut = { length, source, maxBufferedBytes };
    await session.stream(0, { cdb: Command.write(length), dataOut }).result;
  }, { hooks });
  assert.equal(sent, length);
  assert.ok(most > chunkBytes && most <= maxBufferedBytes + chunkBytes, `${most} bytes`);
});

Deno.test("A consumer that takes nothing stops the target after what its buffer holds", async () => {
  let received = 0;
  const hooks: SessionOptions["hooks"] = {
    pdu: ({ direction, header }) => {
      const isData = direction === "in" && (header[OPCODE] & OPCODE_MASK) === Opcode.DataIn;
      if (isData) received += dataSegmentLength(header);
    },
  };
  await streaming({}, async (session, { device }) => {
    device.data = pattern(200_000);
    const cdb = Command.read(200_000);
    const dataIn = { length: 200_000, maxBufferedBytes: 3 * SEGMENT };
    const { readable, result } = session.stream(0, { cdb, dataIn });
    await until(() => received >= 3 * SEGMENT);
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setTimeout(resolve));
    assert.equal(received, 3 * SEGMENT);
    const reader = readable.getReader();
    assert.equal((await reader.read()).value?.length, SEGMENT);
    await until(() => received === 4 * SEGMENT);
    reader.releaseLock();
    assert.equal((await all(readable)).length, 200_000 - SEGMENT);
    await result;
  }, { hooks });
});

Deno.test("A bidirectional command streams both ways at once", () =>
  streaming({}, async (session, { device }) => {
    const data = pattern(60_000);
    const { readable, result } = session.stream(0, {
      cdb: Command.exchange(data.length, 70_000),
      dataOut: {
        length: data.length,
        source: new CountingSource(chunksOf(data, 999)),
        maxBufferedBytes: 9000,
      },
      dataIn: { length: 70_001, maxBufferedBytes: 2 * SEGMENT },
    });
    assert.deepEqual(await all(readable), exchanged(data, 70_000));
    const { residual, readResidual, dataInLength } = await result;
    assert.deepEqual([residual, readResidual, dataInLength], [0, 1, 70_000]);
    assert.deepEqual(device.written, [data]);
  }));

Deno.test("A device that wants less than was promised leaves the rest in the source, and lets it go", () =>
  streaming({}, async (session, { device }) => {
    const data = pattern(100_000);
    const source = new CountingSource(chunksOf(data, 1000));
    const dataOut = { length: data.length, source, maxBufferedBytes: 8192 };
    const { result } = session.stream(0, { cdb: Command.write(20_000), dataOut });
    assert.equal((await result).residual, 80_000);
    assert.deepEqual(device.written, [data.subarray(0, 20_000)]);
    await until(() => source.isReleased);
    assert.ok(source.given < 30_000, `${source.given} bytes`);
  }));

Deno.test("Chunks of every kind of bytes, and of another realm, are bytes", () =>
  streaming({}, async (session, { device }) => {
    const other = runInContext("new Uint8Array([1, 2])", createContext()) as Uint8Array;
    const kinds = [other, new Uint8ClampedArray([3]), new Int8Array([-4])];
    const source = new CountingSource(kinds as unknown as Uint8Array[]);
    const { result } = session.stream(0, {
      cdb: Command.write(4),
      dataOut: { length: 4, source },
    });
    await result;
    assert.deepEqual(device.written, [Uint8Array.of(1, 2, 3, 252)]);
  }));

async function* broken(): AsyncGenerator<Uint8Array> {
  yield pattern(10_000);
  await Promise.resolve();
  throw new Error("The file is gone");
}

const WRONG_SOURCES: Record<string, [() => AsyncIterable<Uint8Array>, RegExp]> = {
  "ends early": [
    () => new CountingSource(chunksOf(pattern(29_999), 5000)),
    /29999 of 30000 bytes/,
  ],
  "gives a byte too many": [
    () => new CountingSource(chunksOf(pattern(30_001), 5000)),
    /more than the 30000/,
  ],
  "gives a whole chunk too many": [
    () => new CountingSource(chunksOf(pattern(35_000), 5000)),
    /more than the 30000/,
  ],
  "throws": [broken, /source failed/],
  "gives text": [
    () => new CountingSource(["text" as unknown as Uint8Array]),
    /something else than bytes/,
  ],
  "gives nothing": [() => new CountingSource([]), /0 of 30000 bytes/],
};

for (const [what, [source, message]] of Object.entries(WRONG_SOURCES)) {
  Deno.test(`A source that ${what} aborts the command with DataSourceError, and the device gets none of it`, () =>
    streaming({}, async (session, { device }) => {
      const from = source();
      const dataOut = { length: 30_000, source: from };
      const cdb = Command.write(30_000);
      const { readable, result } = session.stream(0, { cdb, dataOut });
      await assert.rejects(result, (error) => {
        assert.ok(error instanceof DataSourceError);
        assert.match(error.message, message);
        if (what === "throws") assert.equal((error.cause as Error).message, "The file is gone");
        assert.equal(
          error.outcome,
          what.startsWith("gives nothing") || what === "gives text" ? "not-executed" : "unknown",
        );
        return true;
      });
      await assert.rejects(all(readable), DataSourceError);
      assert.deepEqual(device.written, []);
      if (what.includes("too many")) await until(() => (from as CountingSource).isReleased);
      assert.equal((await session.execute(0n, { cdb: Command.read(0) })).status, 0);
    }));
}

/** A read that nobody consumes, and what ends it. */
function stuck(session: Session, { device }: SimulatedPair, more: Partial<StreamedCommand> = {}) {
  device.data = pattern(100_000);
  const dataIn = { length: 100_000, maxBufferedBytes: SEGMENT };
  return session.stream(0, { cdb: Command.read(100_000), dataIn, ...more });
}

Deno.test("A signal aborts a read that nobody consumes, with its reason, and the session goes on", () =>
  streaming({}, async (session, pair) => {
    const controller = new AbortController();
    const { readable, result } = stuck(session, pair, { signal: controller.signal });
    await until(() => pair.device.log.includes("read 100000"));
    const reason = new Error("enough");
    controller.abort(reason);
    await assert.rejects(result, reason);
    await assert.rejects(all(readable), reason);
    assert.equal((await session.execute(0n, { cdb: Command.read(0) })).status, 0);
  }));

Deno.test("A signal that was aborted before sends nothing, and lets the source go", () =>
  streaming({}, async (session, { device }) => {
    const source = new CountingSource(chunksOf(pattern(10), 10));
    const signal = AbortSignal.abort(new Error("never"));
    const dataOut = { length: 10, source };
    const { readable, result } = session.stream(0, { cdb: Command.write(10), dataOut, signal });
    await assert.rejects(result, /never/);
    await assert.rejects(all(readable), /never/);
    await until(() => source.isReleased);
    assert.deepEqual(device.log.filter((line) => line.startsWith("write")), []);
  }));

Deno.test("A consumer that cancels aborts the command with its reason", () =>
  streaming({}, async (session, pair) => {
    const { readable, result } = stuck(session, pair);
    const reader = readable.getReader();
    await reader.read();
    await reader.cancel(new Error("seen enough"));
    await assert.rejects(result, /seen enough/);
    const other = stuck(session, pair);
    await other.readable.cancel();
    await assert.rejects(other.result, { name: "AbortError" });
  }));

Deno.test("A consumer that cancels once the command has ended changes nothing", () =>
  streaming({}, async (session, pair) => {
    pair.device.data = pattern(10);
    const { readable, result } = session.stream(0, {
      cdb: Command.read(10),
      dataIn: { length: 10 },
    });
    await result;
    await readable.cancel();
    assert.equal((await result).dataInLength, 10);
  }));

Deno.test("The deadline ends a read that nobody consumes, and one more reader gets the error", () =>
  streaming({}, async (session, pair) => {
    const { readable, result } = stuck(session, pair, { timeoutMs: 5000 });
    await until(() => pair.device.log.includes("read 100000"));
    pair.clock.advance(5000);
    await assert.rejects(result, CommandTimeoutError);
    await assert.rejects(all(readable), CommandTimeoutError);
    assert.equal((await session.execute(0n, { cdb: Command.read(0) })).status, 0);
  }));

Deno.test("Closing the session ends streams both ways, and lets the source go", () =>
  streaming({}, async (session, pair) => {
    const read = stuck(session, pair);
    const source = (async function* () {
      yield pattern(9000);
      await read.result.catch(() => {});
    })();
    const dataOut = { length: 30_000, source };
    const write = session.stream(0, { cdb: Command.write(30_000), dataOut });
    await until(() => pair.device.log.includes("read 100000"));
    await session.close();
    for (const { result, readable } of [read, write]) {
      await assert.rejects(result, SessionClosedError);
      await assert.rejects(all(readable), SessionClosedError);
    }
    const late = session.stream(0, { cdb: Command.read(1), dataIn: { length: 1 } });
    await assert.rejects(late.result, SessionClosedError);
  }));

Deno.test("The loss of the connection ends a stream with ConnectionLostError", () =>
  streaming(
    { faults: [{ kind: "disconnect-before", pdu: "data-in", nth: 3 }] },
    async (session, { device }) => {
      device.data = pattern(100_000);
      const dataIn = { length: 100_000 };
      const { readable, result } = session.stream(0, { cdb: Command.read(100_000), dataIn });
      await assert.rejects(all(readable), ConnectionLostError);
      await assert.rejects(result, ConnectionLostError);
    },
  ));

Deno.test("Buffers that cannot work and commands that cannot be sent are refused at once", () =>
  streaming({}, async (session) => {
    const cdb = Command.read(0);
    const source = new CountingSource([]);
    const wrong: [string, StreamedCommand][] = [
      ["cdb", { cdb: new Uint8Array(5) }],
      ["timeoutMs", { cdb, timeoutMs: NaN }],
      ["dataIn.length", { cdb, dataIn: { length: -1 } }],
      ["dataOut.length", { cdb, dataOut: { length: 2 ** 32, source } }],
      ["dataIn.maxBufferedBytes", { cdb, dataIn: { length: 5000, maxBufferedBytes: 4095 } }],
      ["dataIn.maxBufferedBytes", { cdb, dataIn: { length: 50, maxBufferedBytes: 49 } }],
      ["dataOut.maxBufferedBytes", { cdb, dataOut: { length: 5, source, maxBufferedBytes: 0 } }],
      ...["5 bytes", [new Uint8Array(5)], undefined, null].map((
        none,
      ): [string, StreamedCommand] => [
        "dataOut.source",
        { cdb, dataOut: { length: 5, source: none as never } },
      ]),
      ["signal", { cdb, signal: new AbortController() as never }],
    ];
    for (const [option, command] of wrong) {
      assert.throws(
        () => session.stream(0, command),
        (error) => error instanceof InvalidOptionError && error.option === option,
      );
    }
    assert.equal((await session.stream(0, { cdb, dataIn: { length: 0 } }).result).status, 0);
    const dataOut = { length: 0, source };
    assert.equal((await session.stream(0, { cdb: Command.write(0), dataOut }).result).status, 0);
  }));

Deno.test("The hook for commands counts what streams move", async () => {
  const ended: CommandMetrics[] = [];
  await streaming({}, async (session, { device }) => {
    device.data = pattern(5000);
    const dataOut = { length: 3000, source: new CountingSource([pattern(3000)]) };
    await session.stream(0, { cdb: Command.write(3000), dataOut }).result;
    await all(session.stream(0, { cdb: Command.read(5000), dataIn: { length: 5000 } }).readable);
  }, { hooks: { commandEnded: (command) => ended.push(command) } });
  assert.deepEqual(ended.map(({ bytesIn, bytesOut }) => [bytesIn, bytesOut]), [[0, 3000], [
    5000,
    0,
  ]]);
});

Deno.test("A megabyte streams to a RAM disk and back through small buffers", () => {
  const disk = new RamDisk();
  return streaming({ units: [{ lun: 0, device: disk }] }, async (session) => {
    await session.execute(0n, { cdb: new Uint8Array(6) }); // Takes the unit attention.
    const data = pattern(1_048_576);
    const blocks = data.length / 512;
    const rw10 = (code: number) =>
      Uint8Array.of(code, 0, 0, 0, 0, 5, 0, blocks >> 8, blocks & 0xff, 0);
    const source = new CountingSource(chunksOf(data, 10_007));
    const write = session.stream(0, {
      cdb: rw10(0x2a),
      dataOut: { length: data.length, source, maxBufferedBytes: 20_000 },
    });
    assert.equal((await write.result).status, 0);
    const read = session.stream(0, {
      cdb: rw10(0x28),
      dataIn: { length: data.length, maxBufferedBytes: 20_000 },
    });
    assert.deepEqual(await all(read.readable), data);
    assert.equal((await read.result).status, 0);
  });
});

/** Mulberry32: numbers below a bound, the same for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function* randomChunks(bytes: Uint8Array, random: (below: number) => number) {
  for (let at = 0; at < bytes.length;) {
    const length = random(4) === 0 ? random(20_000) : random(700);
    yield bytes.slice(at, at + length);
    at += length;
  }
}

async function exchange(session: Session, random: (below: number) => number): Promise<void> {
  const data = pattern(1 + random(50_000), random(256));
  const readLength = random(50_000);
  const keepsAll = random(2) === 0;
  const { readable, result } = session.stream(0, {
    cdb: Command.exchange(data.length, readLength),
    dataOut: {
      length: data.length,
      source: new CountingSource(randomChunks(data, random)),
      maxBufferedBytes: keepsAll ? data.length : 1 + random(data.length),
    },
    dataIn: { length: readLength, maxBufferedBytes: SEGMENT + random(30_000) },
  });
  assert.deepEqual(await all(readable), exchanged(data, readLength));
  assert.equal((await result).status, 0);
}

const SEED = 20260321;

for (const level of [0, 1, 2] as const) {
  for (const immediateData of [false, true]) {
    for (const initialR2T of [false, true]) {
      const how = `level ${level}, ImmediateData ${immediateData}, InitialR2T ${initialR2T}`;
      Deno.test(`Streams of random sizes and chunks move identical bytes: ${how}, seed ${SEED}`, () =>
        streaming({}, async (session) => {
          const random = randomOf(
            SEED + level * 4 + Number(immediateData) * 2 + Number(initialR2T),
          );
          await Promise.all(Array.from({ length: 8 }, () => exchange(session, random)));
          for (let i = 0; i < 8; i++) await exchange(session, random);
        }, {
          dataDigest: "crc32c",
          negotiation: {
            ...SMALL.negotiation,
            errorRecoveryLevel: level,
            immediateData,
            initialR2T,
          },
        }));
    }
  }
}

const LOSSES: readonly (readonly [1 | 2, readonly TargetFault[]])[] = [
  [1, [{ kind: "drop", pdu: "data-in", nth: 2 }, { kind: "drop", pdu: "data-in", nth: 7 }]],
  [1, [{ kind: "drop", pdu: "r2t", nth: 2 }]],
  [1, [{ kind: "duplicate", pdu: "r2t", nth: 2 }, {
    kind: "corrupt-data",
    pdu: "data-in",
    nth: 3,
  }]],
  [1, [{ kind: "drop", pdu: "scsi-response" }]],
  [2, [{ kind: "disconnect-before", pdu: "data-in", nth: 4 }]],
  [2, [{ kind: "disconnect-after", pdu: "data-in", nth: 6 }]],
  [2, [{ kind: "disconnect-after", pdu: "r2t", nth: 2 }]],
  [2, [{ kind: "disconnect-before-execution" }]],
  [2, [{ kind: "disconnect-after-execution" }]],
];

for (const [level, faults] of LOSSES) {
  const what = faults.map((fault) => `${fault.kind} ${"pdu" in fault ? fault.pdu : "command"}`);
  Deno.test(`A stream both ways goes on at error recovery level ${level} after ${what.join(", ")}`, () =>
    streaming({ faults }, async (session, { device, clock }) => {
      const data = pattern(60_000);
      const timer = setInterval(() => clock.advance(100), 1);
      try {
        const { readable, result } = session.stream(0, {
          cdb: Command.exchange(data.length, 50_000),
          dataOut: {
            length: data.length,
            source: new CountingSource(chunksOf(data, 3000)),
            maxBufferedBytes: 20_000,
          },
          dataIn: { length: 50_000, maxBufferedBytes: 6 * SEGMENT },
        });
        assert.deepEqual(await all(readable), exchanged(data, 50_000));
        assert.equal((await result).status, 0);
        assert.deepEqual(device.written, [data]);
      } finally {
        clearInterval(timer);
      }
    }, {
      dataDigest: "crc32c",
      negotiation: {
        ...SMALL.negotiation,
        errorRecoveryLevel: level,
        defaultTime2Wait: 0,
        immediateData: false,
        initialR2T: true,
      },
    }));
}
