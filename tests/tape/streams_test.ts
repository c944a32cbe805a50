import assert from "node:assert/strict";
import { type TapeError, WriteProtectedError } from "../../tape/errors.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { Random } from "../scsi/random.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";

Deno.test("writable() writes each chunk as a record, and flushes when closed", async () => {
  const { unit, drive } = await openSim();
  const writer = drive.writable().getWriter();
  await writer.write(numbered(1));
  await writer.write(numbered(2, 30));
  await writer.close();
  assert.equal(contents(unit), "1 2");
  assert.deepEqual(unit.drive.commands.at(-1)?.cdb, Uint8Array.of(0x10, 0, 0, 0, 0, 0));
});

Deno.test("writable() with blockBytes joins and cuts chunks, the last record shorter, and ends with a filemark", async () => {
  const { unit, drive } = await openSim();
  const data = Uint8Array.from({ length: 1000 }, (_, at) => at);
  const cuts = [0, 7, 7, 300, 301, 812, 1000];
  const chunks = cuts.slice(1).map((end, index) => data.slice(cuts[index], end));
  await ReadableStream.from(chunks).pipeTo(drive.writable({ blockBytes: 128, filemark: true }));
  const objects = unit.drive.objects();
  assert.equal(objects.at(-1)?.kind, "filemark");
  const records = objects.flatMap((object) => object.kind === "record" ? [object.data] : []);
  assert.deepEqual(records.map(({ length }) => length), [...Array(7).fill(128), 104]);
  assert.deepEqual(new Uint8Array(await new Blob(records as BlobPart[]).arrayBuffer()), data);
});

Deno.test("writable() rejects with what write() throws", async () => {
  const { drive } = await openSim({ medium: new MemoryMedium({ writeProtected: true }) });
  const writer = drive.writable().getWriter();
  const closed = assert.rejects(writer.closed, WriteProtectedError);
  await assert.rejects(writer.write(numbered(1)), WriteProtectedError);
  await closed;
});

Deno.test("writable() that is aborted leaves the records written so far, and no filemark", async () => {
  const { unit, drive } = await openSim();
  const writer = drive.writable({ blockBytes: 100, filemark: true }).getWriter();
  const closed = assert.rejects(writer.closed);
  await writer.write(numbered(1, 150));
  await writer.abort(new Error("enough"));
  await closed;
  assert.equal(contents(unit), "1");
});

Deno.test("writable() tells of early warning", async () => {
  const { drive } = await openSim({ capacityBytes: 1000, earlyWarningBytes: 800 });
  let warnings = 0;
  const stream = drive.writable({ onEarlyWarning: () => warnings++ });
  await ReadableStream.from([1, 2, 3, 4].map((each) => numbered(each))).pipeTo(stream);
  assert.ok(warnings >= 1 && warnings < 4);
});

for (const readAhead of [0, 8]) {
  Deno.test(`files() gives every file, empty ones too, read-ahead ${readAhead}`, async () => {
    const { drive } = await openSim({}, { readAhead });
    await fill(drive, [numbered(1), numbered(2), null, numbered(3), null, null, numbered(4)]);
    const seen: number[][] = [];
    for await (const file of drive.files()) {
      assert.equal(file.index, seen.length);
      const records = [];
      for await (const record of file.records()) records.push(record[0]);
      seen.push(records);
    }
    assert.deepEqual(seen, [[1, 2], [3], [], [4]]);
  });

  Deno.test(`files() skips what is not read, and streams what is, read-ahead ${readAhead}`, async () => {
    const { drive } = await openSim({}, { readAhead });
    await fill(drive, [numbered(1), numbered(2), null, numbered(3), numbered(4), null]);
    const lengths = [];
    for await (const file of drive.files()) {
      if (file.index === 0) continue;
      lengths.push((await new Response(file.readable as BodyInit).arrayBuffer()).byteLength);
    }
    assert.deepEqual(lengths, [200]);
  });

  Deno.test(`leaving files() leaves the tape where the caller is, read-ahead ${readAhead}`, async () => {
    const { unit, drive } = await openSim({}, { readAhead });
    await fill(drive, [numbered(1), null, numbered(2), numbered(3), null, numbered(4)]);
    for await (const file of drive.files()) {
      if (file.index === 1) break;
    }
    await drive.write(numbered(9));
    assert.equal(contents(unit), "1 | 9");
  });
}

Deno.test("files() of an empty tape gives none", async () => {
  const { drive } = await openSim();
  assert.deepEqual(await Array.fromAsync(drive.files()), []);
});

Deno.test("records() ends behind the filemark", async () => {
  const { drive } = await openSim();
  await fill(drive, [numbered(1), numbered(2), null, numbered(3)]);
  assert.equal((await Array.fromAsync(drive.records())).length, 2);
  assert.equal((await drive.position()).object, 3);
});

Deno.test("writable() writes behind, keeps records whole and in order, and has them on tape when closed", async () => {
  const { unit, drive } = await openSim({ jitter: new Random(3) }, { writeBehind: 8 });
  const chunks = Array.from({ length: 200 }, (_, each) => numbered(each, 1 + each * 7));
  await ReadableStream.from(chunks).pipeTo(drive.writable());
  const lengths = unit.drive.objects().map((object) =>
    object.kind === "record" && object.data.length
  );
  assert.deepEqual(lengths, chunks.map(({ length }) => length));
  assert.ok(unit.maxOutstanding > 2);
  await drive.close();
});

Deno.test("writable() with write-behind fails with the numbers of what is not on tape", async () => {
  const { unit, drive } = await openSim({ jitter: new Random(4) }, { writeBehind: 4 });
  unit.drive.inject({
    opcode: 0x0a,
    occurrence: 20,
    times: 9,
    sense: { key: 7, asc: 0x27, ascq: 0 },
  });
  const chunks = Array.from({ length: 40 }, (_, each) => numbered(each));
  await assert.rejects(ReadableStream.from(chunks).pipeTo(drive.writable()), (error: TapeError) => {
    return error instanceof WriteProtectedError && error.writes!.unwritten[0].data[0] === 19;
  });
  assert.equal(unit.drive.objects().length, 19);
  await drive.close();
});

Deno.test("a signal ends writable() with its reason, and what was written stays", async () => {
  const { unit, drive } = await openSim();
  const controller = new AbortController();
  const writer = drive.writable({ signal: controller.signal }).getWriter();
  await writer.write(numbered(1));
  controller.abort(new Error("enough"));
  await assert.rejects(writer.closed, /enough/);
  await assert.rejects(writer.write(numbered(2)), /enough/);
  assert.equal(contents(unit), "1");
  await drive.close();
});

Deno.test("readable() gives the records up to the filemark, each a chunk, and reads none before it is asked", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [numbered(1, 10), numbered(2, 20), null, numbered(3, 30)]);
  unit.drive.clearCommands();
  const stream = drive.readable();
  assert.deepEqual(unit.opcodes(), []);
  assert.deepEqual((await Array.fromAsync(stream)).map(({ length }) => length), [10, 20]);
  assert.deepEqual((await Array.fromAsync(drive.readable())).map(({ length }) => length), [30]);
  await drive.close();
});

Deno.test("readable() that is cancelled leaves the tape behind the last chunk", async () => {
  const { drive } = await openSim({}, { readAhead: 4 });
  await fill(drive, [1, 2, 3, 4, 5].map((each) => numbered(each)));
  const reader = drive.readable().getReader();
  await reader.read();
  await reader.read();
  await reader.cancel();
  assert.equal((await drive.position()).object, 2);
  await drive.close();
});

Deno.test("a signal ends readable(), records() and files() with its reason", async () => {
  const { drive } = await openSim();
  await fill(drive, [1, 2, 3].map((each) => numbered(each)));
  const controller = new AbortController();
  const { signal } = controller;
  const reader = drive.readable({ signal }).getReader();
  await reader.read();
  controller.abort(new Error("enough"));
  await assert.rejects(reader.read(), /enough/);
  await assert.rejects(Array.fromAsync(drive.records({ signal })), /enough/);
  await assert.rejects(Array.fromAsync(drive.files({ signal })), /enough/);
  assert.equal((await drive.position()).object, 1);
  await drive.close();
});

for (const quirks of [{}, { silentOverlength: true }]) {
  for (const readAhead of [0, 4]) {
    Deno.test(`records({ reuse: true }) holds no more arrays than it reads ahead, read-ahead ${readAhead}, with ${JSON.stringify(quirks)}`, async () => {
      const { drive } = await openSim({ quirks }, { readAhead, recordBytesHint: 1000 });
      const file = Array.from({ length: 20 }, (_, at) => numbered(at, 1000));
      await fill(drive, [...file, null, ...file, null, ...file]);
      for await (const _ of drive.records({ reuse: true }));
      const buffers = new Set<ArrayBufferLike>();
      for (let round = 0; round < 6; round++) {
        let count = 0;
        for await (const { buffer, length } of drive.records({ reuse: true })) {
          assert.equal(length, 1000);
          buffers.add(buffer);
          count++;
        }
        assert.equal(count, 20);
        if (round % 2 === 1) await drive.rewind();
      }
      assert.ok(buffers.size <= readAhead + 2, `${buffers.size} arrays`);
      await drive.close();
    });
  }
}

Deno.test("records({ reuse: true }) in fixed mode leaves blocks alone that read() gave out of the same buffer", async () => {
  const { drive } = await openSim({}, { readAhead: 2, blockSize: 200_000 });
  await fill(drive, [1, 2, 3, 4, 5, 6, 7, 8].map((number) => numbered(number, 200_000)));
  const kept: Uint8Array[] = [];
  for (let number = 1; number <= 3; number++) {
    const result = await drive.read();
    if (result.kind === "record") kept.push(result.data);
  }
  for await (const { length } of drive.records({ reuse: true })) assert.equal(length, 200_000);
  assert.deepEqual(kept.map((data) => [data[0], data.at(-1)]), [[1, 1], [2, 2], [3, 3]]);
  await drive.close();
});

/** Lets everything settle that waits for nothing but other promises. */
async function settled(): Promise<void> {
  for (let hops = 0; hops < 200; hops++) await Promise.resolve();
}

for (const readAhead of [0, 8]) {
  Deno.test(`readable() that is cancelled while a record is on its way leaves that to the next read, read-ahead ${readAhead}`, async () => {
    const { unit, drive } = await openSim({}, { readAhead });
    await fill(drive, [numbered(1), numbered(2), numbered(3)]);
    let answer = () => {};
    unit.intercept = (command) => {
      if (command.cdb[0] !== 0x08) return undefined;
      unit.intercept = undefined;
      return new Promise((resolve) => {
        answer = () => resolve(unit.execute(command));
      });
    };
    const reader = drive.readable().getReader();
    const first = reader.read();
    await settled();
    const cancelled = reader.cancel();
    answer();
    await cancelled;
    assert.equal((await first).done, true);
    assert.equal((await drive.position()).object, 0);
    const next = await drive.read();
    assert.equal(next.kind === "record" && next.data[0], 1);
    await drive.close();
  });

  for (const what of ["readable()", "a file"]) {
    Deno.test(`${what} that is cancelled at any moment leaves the caller behind the last chunk, read-ahead ${readAhead}`, async () => {
      let [delivered, left] = [0, 0];
      for (let hops = 0; hops < 120; hops++) {
        const { drive } = await openSim({}, { readAhead });
        await fill(drive, [numbered(1), numbered(2), numbered(3)]);
        const readable = what === "a file"
          ? (await drive.files().next()).value!.readable
          : drive.readable();
        const reader = readable.getReader();
        await reader.read();
        const second = reader.read();
        for (let hop = 0; hop < hops; hop++) await Promise.resolve();
        await reader.cancel();
        const { done } = await second;
        if (done) left++;
        else delivered++;
        const next = await drive.read();
        assert.equal(next.kind === "record" && next.data[0], done ? 2 : 3, `${hops} hops`);
        await drive.close();
      }
      assert.ok(delivered > 0 && left > 0);
    });
  }

  Deno.test(`a file that is still read when the next one is asked for takes nothing of that, read-ahead ${readAhead}`, async () => {
    const { drive } = await openSim({}, { readAhead });
    const files = [[1, 2, 3], [11, 12], [21]];
    await fill(drive, files.flatMap((file) => [...file.map((n) => numbered(n)), null]));
    const seen: number[][] = [];
    const piping: Promise<void>[] = [];
    for await (const file of drive.files()) {
      const records: number[] = [];
      seen.push(records);
      const sink = new WritableStream<Uint8Array>({ write: ([first]) => void records.push(first) });
      piping.push(file.readable.pipeTo(sink));
      if (file.index === 1) await settled();
    }
    await Promise.all(piping);
    seen.forEach((records, i) => assert.deepEqual(records, files[i].slice(0, records.length)));
    assert.equal(seen.length, 3);
    await drive.close();
  });
}

Deno.test("what ended a file is known as soon as its stream has ended", async () => {
  const { drive } = await openSim();
  await fill(drive, [numbered(1), null, numbered(2)]);
  const ends: unknown[] = [];
  for await (const file of drive.files()) {
    const reader = file.readable.getReader();
    while (!(await reader.read()).done);
    ends.push(file.end);
  }
  assert.deepEqual(ends, ["filemark", "end-of-data"]);
  await drive.close();
});

Deno.test("two readers of one file share its records, and none reads beyond its end", async () => {
  const { drive } = await openSim();
  await fill(drive, [numbered(1), null, numbered(2), null]);
  const file = (await drive.files().next()).value!;
  const reader = file.readable.getReader();
  const both = await Promise.all([reader.read(), file.records().next()]);
  assert.deepEqual(both.map(({ value }) => value?.[0]).toSorted(), [1, undefined]);
  assert.equal((await drive.position()).object, 2);
  await drive.close();
});

Deno.test("writable() refuses a length that no record can have, at once", async () => {
  const { drive } = await openSim();
  for (const blockBytes of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => drive.writable({ blockBytes }), { kind: "invalid-argument" });
  }
  await drive.close();
});

Deno.test("writable() lets go of its signal when a write has failed", async () => {
  const { drive } = await openSim({ writeProtected: true });
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal) as (...args: unknown[]) => void;
  const remove = signal.removeEventListener.bind(signal) as (...args: unknown[]) => void;
  signal.addEventListener = (...args: unknown[]) => (listeners++, add(...args));
  signal.removeEventListener = (...args: unknown[]) => (listeners--, remove(...args));
  const writer = drive.writable({ signal }).getWriter();
  await assert.rejects(writer.write(numbered(1)), { kind: "write-protected" });
  await assert.rejects(writer.closed);
  assert.equal(listeners, 0);
  await drive.close();
});
