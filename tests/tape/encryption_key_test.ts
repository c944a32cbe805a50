import assert from "node:assert/strict";
import { createContext, runInContext } from "node:vm";
import { readKey } from "../../tape/encryption_key.ts";
import { TapeError } from "../../tape/errors.ts";

const RAW = Uint8Array.of(0x00, 0x19, 0xaf, 0xfa);

/** A stream of chunks, and whether it was called off. */
function streamOf(...chunks: unknown[]) {
  const told = { isCancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk as Uint8Array);
      controller.close();
    },
    cancel() {
      told.isCancelled = true;
    },
  }, { highWaterMark: chunks.length + 1 });
  return { stream, told };
}

function text(characters: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(characters);
}

Deno.test("A key is raw bytes, of every kind of array and of another realm, or a stream of them or of hex digits", async () => {
  const other = runInContext("new Uint8Array([0x00, 0x19, 0xaf, 0xfa])", createContext());
  const sources = [
    RAW.slice(),
    new Int8Array(RAW),
    other,
    streamOf(RAW.slice(0, 1), RAW.slice(1)).stream,
    streamOf(text("0019afFA")).stream,
    streamOf(text("0019A"), text("FfA\r\n")).stream,
    streamOf(text("0019affa \t\n")).stream,
  ];
  for (const source of sources) assert.deepEqual(await readKey(source, 4), RAW);
});

Deno.test("What is no key of the right length is refused, and not shown", async () => {
  const bytes = [RAW.slice(0, 3), new Uint8Array(8), text("0019affa"), new Uint8Array(0)];
  const texts = [
    "",
    "0019aff",
    "0019affa0",
    "0019affa!",
    " 0019affa",
    "00 19affa",
    "0019/ffa",
    "0019:ffa",
  ];
  const more = ["0019@ffa", "0019gffa", "0019`ffa", "0019Gffa"];
  const sources = [...bytes, ...[...texts, ...more].map((each) => streamOf(text(each)).stream)];
  for (const source of sources) {
    await assert.rejects(readKey(source, 4), {
      kind: "invalid-argument",
      message: "Cannot use the encryption key: it is not 4 bytes long, nor 8 hex digits",
    });
  }
});

Deno.test("What is neither bytes nor a stream of bytes is no key", async () => {
  const types = [
    ["secret", "string"],
    [new Uint16Array(2), "Uint16Array"],
    [[0, 25, 175, 250], "Array"],
    [null, "null"],
    [undefined, "undefined"],
  ] as const;
  for (const [source, type] of types) {
    for (const given of [source, streamOf(source).stream]) {
      await assert.rejects(readKey(given as never, 4), {
        kind: "invalid-argument",
        message:
          `Cannot take the encryption key from a value of type ${type}: it has to be a Uint8Array`,
      });
    }
  }
});

Deno.test("A stream of more than a key is not read to its end", async () => {
  const enough = streamOf(new Uint8Array(1000), new Uint8Array(24));
  await assert.rejects(readKey(enough.stream, 4), /not 4 bytes long/);
  for (const more of [new Uint8Array(25), "text"]) {
    const { stream, told } = streamOf(new Uint8Array(1000), more, new Uint8Array(1));
    await assert.rejects(readKey(stream, 4), (error: unknown) => {
      return error instanceof TapeError && error.kind === "invalid-argument";
    });
    assert.equal(told.isCancelled, true);
  }
});

Deno.test("Only the caller's own array keeps the key", async () => {
  const chunks = [RAW.slice(0, 2), RAW.slice(2)];
  await readKey(streamOf(...chunks).stream, 4);
  assert.deepEqual(chunks, [new Uint8Array(2), new Uint8Array(2)]);
  const own = RAW.slice();
  const key = await readKey(own, 4);
  key.fill(0);
  assert.deepEqual(own, RAW);
});
