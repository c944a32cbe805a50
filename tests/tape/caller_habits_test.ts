/**
 * What callers do: everything at once, leaving loops in the middle, calling off what is under way. Whatever it is, records stay whole and in order, and what
 * is written lands where the caller is.
 */

import assert from "node:assert/strict";
import { MediumError, RecordTooLargeError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";
import { check, script } from "./scripted.ts";
import type { SimUnitOptions } from "./sim_unit.ts";

const [READ, WRITE, WRITE_FILEMARKS] = [0x08, 0x0a, 0x10];

const DRIVES: readonly SimUnitOptions[] = [
  {},
  { habits: "tgt" },
  { habits: "istgt" },
  { quirks: { missingInformation: true } },
];

/** The next thing: first byte of a record, `|` for a filemark, `.` for the end of data. */
async function next(drive: TapeDrive): Promise<string> {
  const result = await drive.read();
  if (result.kind === "record") return String(result.data[0]);
  return result.kind === "filemark" ? "|" : ".";
}

async function readAll(drive: TapeDrive): Promise<string> {
  const seen: string[] = [];
  do seen.push(await next(drive)); while (seen.at(-1) !== ".");
  return seen.join(" ");
}

for (const options of DRIVES) {
  const told = JSON.stringify(options);

  Deno.test(`a filemark anywhere around the depth of read-ahead is met in its turn, on ${told}`, async () => {
    for (const readAhead of [1, 2, 4]) {
      for (let length = 0; length <= 2 * readAhead + 3; length++) {
        const { unit, drive } = await openSim(options, { readAhead });
        const file = Array.from({ length }, (_, i) => numbered(i + 1));
        await fill(drive, [...file, null, numbered(90), numbered(91), null, null]);
        const on = [...file.map(([first]) => `${first} `), "| 90 91 | |"].join("");
        assert.equal(await readAll(drive), `${on} .`, `depth ${readAhead}, ${length} records`);
        await drive.rewind();
        for (let i = 0; i < length; i++) await drive.read();
        await drive.write(numbered(99));
        assert.equal(contents(unit), on.slice(0, on.indexOf("|")) + "99");
        await drive.close();
      }
    }
  });

  Deno.test(`a long record among those read ahead comes whole, and a write before and behind it lands there, on ${told}`, async () => {
    for (const where of [0, 1, 5, 12]) {
      const records = Array.from(
        { length: 14 },
        (_, i) => numbered(i + 1, i === where ? 70_000 : 200),
      );
      for (const after of [where, where + 1]) {
        const { unit, drive } = await openSim(options, { readAhead: 4, recordBytesHint: 200 });
        await fill(drive, records);
        for (const record of records.slice(0, after)) {
          const result = await drive.read();
          assert.deepEqual(result, { kind: "record", data: record });
        }
        await drive.write(numbered(99));
        const kept = records.slice(0, after).map(([first]) => first);
        assert.equal(contents(unit), [...kept, 99].join(" "));
        await drive.close();
      }
    }
  });

  Deno.test(`a write after a buffer that was too small lands before the record, on ${told}`, async () => {
    for (const readAhead of [0, 4]) {
      const { unit, drive } = await openSim(options, { readAhead });
      await fill(drive, [numbered(1), numbered(2), numbered(3, 5000), numbered(4)]);
      await drive.read();
      await drive.read();
      await assert.rejects(drive.readInto(new Uint8Array(64)), RecordTooLargeError);
      await drive.write(numbered(99));
      assert.equal(contents(unit), "1 2 99");
      await drive.close();
    }
  });

  Deno.test(`reads called all at once settle in their order, on ${told}`, async () => {
    for (const readAhead of [0, 4]) {
      const { drive } = await openSim(options, { readAhead });
      await fill(drive, [numbered(1), numbered(2), null, numbered(3)]);
      const all = Array.from({ length: 5 }, () => next(drive));
      assert.equal((await Promise.all(all)).join(" "), "1 2 | 3 .");
      await drive.close();
    }
  });

  Deno.test(`loops that are left in the middle leave the tape where they were, on ${told}`, async () => {
    for (const readAhead of [0, 8]) {
      const { unit, drive } = await openSim(options, { readAhead });
      await fill(drive, [1, 2, 3, 4, 5, 6, 7, 8].map((n) => numbered(n)));
      for await (const [first] of drive.records()) if (first === 2) break;
      const thrown = new Error("enough");
      await assert.rejects(async () => {
        for await (const [first] of drive.records()) if (first === 5) throw thrown;
      }, thrown);
      for await (const [first] of drive.records({ reuse: true })) if (first === 6) break;
      await drive.write(numbered(99));
      assert.equal(contents(unit), "1 2 3 4 5 6 99");
      await drive.close();
    }
  });
}

Deno.test("files() within files() goes on from where the inner loop was left", async () => {
  for (const readAhead of [0, 8]) {
    const { drive } = await openSim({}, { readAhead });
    await fill(drive, [1, 2, 3, 4].flatMap((n) => [numbered(n), numbered(n + 10), null]));
    const seen: string[] = [];
    for await (const file of drive.files()) {
      seen.push(`outer ${file.index}`);
      if (file.index > 0) continue;
      for await (const inner of drive.files()) {
        seen.push(`inner ${inner.index}`);
        if (inner.index === 1) break;
      }
    }
    // The inner loop has passed the first filemark; the outer file then ends behind the second.
    assert.deepEqual(seen, ["outer 0", "inner 0", "inner 1", "outer 1", "outer 2"]);
    await drive.close();
  }
});

Deno.test("readInto() that is called off leaves buffer and record to the next read", async () => {
  for (const readAhead of [0, 4]) {
    const { unit, drive } = await openSim({}, { readAhead });
    await fill(drive, [numbered(1), numbered(2), numbered(3)]);
    await drive.read();
    await drive.read();
    await drive.rewind();
    const stopping = new AbortController();
    let answer = () => {};
    unit.intercept = (command) => {
      if (command.cdb[0] !== READ) return undefined;
      unit.intercept = undefined;
      stopping.abort(new Error("stop"));
      const result = unit.execute(command);
      return new Promise((resolve) => {
        answer = () => resolve(result);
      });
    };
    const buffer = new Uint8Array(100);
    const { signal } = stopping;
    await assert.rejects(drive.readInto(buffer, { signal }), /stop/);
    const following = drive.readInto(new Uint8Array(100));
    answer();
    assert.deepEqual(await following, { kind: "record", length: 100 });
    assert.deepEqual(
      buffer,
      new Uint8Array(100),
      "the buffer was given back when it was called off",
    );
    assert.equal(await next(drive), "2");
    await drive.close();
  }
});

Deno.test("setBlockSize() while much is read ahead acts where the caller is, and so does what follows", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 16 });
  await fill(drive, Array.from({ length: 40 }, (_, i) => numbered(i, 512)));
  for (let i = 0; i < 10; i++) await drive.read();
  await drive.setBlockSize(512);
  assert.equal(await next(drive), "10");
  await drive.setBlockSize(0);
  assert.equal(await next(drive), "11");
  await drive.write(numbered(99));
  assert.equal(unit.drive.objects().length, 13);
  await drive.close();
});

Deno.test("read() called while writes are behind waits for them, and meets the end of data", async () => {
  const { unit, drive } = await openSim({}, { writeBehind: 8, readAhead: 4 });
  await drive.rewind();
  const writes = Array.from({ length: 12 }, (_, i) => drive.write(numbered(i)));
  const reading = drive.read();
  await Promise.all(writes);
  assert.deepEqual(await reading, { kind: "end-of-data" });
  assert.equal(contents(unit), "0 1 2 3 4 5 6 7 8 9 10 11");
  await drive.close();
});

Deno.test("close() with writes under way whose flush fails rejects with that, and closes all the same", async () => {
  const { unit, drive } = await openSim({}, { writeBehind: 8 });
  await drive.rewind();
  for (let i = 0; i < 12; i++) await drive.write(numbered(i));
  script(unit, { [WRITE_FILEMARKS]: [check({ key: 3, asc: 0x0c, ascq: 0 })] });
  await assert.rejects(drive.close(), (error) => {
    assert.ok(error instanceof MediumError);
    assert.equal(error.writes?.durable, 0);
    return true;
  });
  assert.ok(unit.isClosed);
});

Deno.test("close() with writes under way of which one fails says which are not on tape", async () => {
  const { unit, drive } = await openSim({}, { writeBehind: 8 });
  await drive.rewind();
  for (let i = 0; i < 4; i++) await drive.write(numbered(i));
  script(unit, { [WRITE]: [check({ key: 7, asc: 0x27, ascq: 0 })] });
  const behind = [drive.write(numbered(4)), drive.write(numbered(5))];
  await Promise.all(behind);
  await assert.rejects(drive.close(), (error) => {
    const { writes } = error as MediumError;
    assert.deepEqual(writes?.unwritten.map(({ number }) => number), [4, 5]);
    return true;
  });
  assert.ok(unit.isClosed);
});

Deno.test("an empty chunk is refused by writable() as the record that it cannot be, and what was written before stays", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  const writer = drive.writable().getWriter();
  await writer.write(numbered(1));
  await assert.rejects(writer.write(new Uint8Array(0)), { kind: "invalid-argument" });
  await assert.rejects(writer.closed);
  await drive.write(numbered(2));
  assert.equal(contents(unit), "1 2");
  await drive.close();
});

Deno.test("writable() with blockBytes takes empty chunks, which add nothing", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  const writer = drive.writable({ blockBytes: 100 }).getWriter();
  await writer.write(new Uint8Array(0));
  await writer.write(numbered(1));
  await writer.write(new Uint8Array(0));
  await writer.close();
  assert.equal(contents(unit), "1");
  await drive.close();
});

Deno.test("writable() that is aborted while writes are behind leaves them, and the next write follows", async () => {
  const { unit, drive } = await openSim({}, { writeBehind: 4 });
  await drive.rewind();
  const writer = drive.writable().getWriter();
  for (let i = 1; i <= 3; i++) await writer.write(numbered(i));
  await writer.abort(new Error("stop"));
  await drive.write(numbered(4));
  await drive.flush();
  assert.equal(contents(unit), "1 2 3 4");
  await drive.close();
});
