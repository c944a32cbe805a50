/** Tapes that are full or may not be written, and records of the least and the greatest length, on real targets. */

import assert from "node:assert/strict";
import {
  openTape,
  type TapeDrive,
  type TapeError,
  VolumeOverflowError,
  WriteProtectedError,
} from "../../mod.ts";
import { mustDo } from "./acceptance.ts";
import { startIstgt } from "./harness/istgt.ts";
import { randomBytes } from "./harness/random_bytes.ts";
import { tape } from "./harness/tape_command.ts";
import { type Target, withTarget } from "./harness/target.ts";
import { startTgt } from "./harness/tgt.ts";

const MIB = 1 << 20;
const RECORD_BYTES = 65_536;
/** Of both kinds of target. */
const TAPE_MIB = 8;
const ON_TAPE = TAPE_MIB * MIB / RECORD_BYTES;

async function withDrive(
  starting: Promise<Target>,
  depth: number,
  use: (drive: TapeDrive, target: Target) => Promise<void>,
): Promise<void> {
  await withTarget(starting, async (target) => {
    const drive = await openTape(target.url, { readAhead: depth, writeBehind: depth });
    try {
      await use(drive, target);
    } finally {
      await drive.close();
    }
  });
}

function record(number: number, length = RECORD_BYTES): Uint8Array {
  return new Uint8Array(length).fill(number & 0xff);
}

/** Reads the file at the beginning, whose records say which they are, and counts them. */
async function countFromBeginning(drive: TapeDrive): Promise<number> {
  await drive.rewind();
  let count = 0;
  for await (const data of drive.records()) {
    assert.ok(data.length === RECORD_BYTES && data[0] === (count & 0xff), `record ${count}`);
    count++;
  }
  return count;
}

for (const depth of [0, 4]) {
  Deno.test(`tgt: each write behind early warning says so and is on tape, depth ${depth}`, () =>
    withDrive(startTgt({ sizeMb: TAPE_MIB }), depth, async (drive) => {
      await drive.rewind();
      const warned: number[] = [];
      const count = ON_TAPE + 8;
      for (let number = 0; number < count; number++) {
        if ((await drive.write(record(number))).earlyWarning) warned.push(number);
      }
      // The record that fills the tape is the first, and from there on it is every one.
      assert.deepEqual(warned, Array.from({ length: 9 }, (_, at) => ON_TAPE - 1 + at));
      await drive.writeFilemarks();
      assert.equal(await countFromBeginning(drive), count);
      assert.deepEqual(await drive.read(), { kind: "end-of-data" });
    }));

  Deno.test(`istgt: a tape that is full says which records are not on it, depth ${depth}`, () =>
    withDrive(
      startIstgt({ queueDepth: 1, growingImage: false, sizeMb: TAPE_MIB }),
      depth,
      async (drive) => {
        await drive.rewind();
        const given: number[] = [];
        await assert.rejects(async () => {
          for (let number = 0; number < 2 * ON_TAPE; number++) {
            given.push(number);
            await drive.write(record(number));
          }
        }, (error: VolumeOverflowError) => {
          assert.ok(error instanceof VolumeOverflowError, String(error));
          const { written, isCertain, unwritten } = error.writes!;
          assert.ok(isCertain && written > ON_TAPE / 2 && written < ON_TAPE);
          assert.deepEqual(unwritten.map(({ number }) => number), given.slice(written));
          unwritten.forEach(({ number, data }) => assert.equal(data[0], number & 0xff));
          given.length = written;
          return true;
        });
        await assert.rejects(drive.writeFilemarks(), VolumeOverflowError);
        assert.equal(await countFromBeginning(drive), given.length);
      },
    ));

  const TARGETS = [
    ["tgt", () => startTgt(), 4],
    ["istgt", () => startIstgt({ queueDepth: 1, growingImage: false }), 8],
    ["istgt with a growing image", () => startIstgt({ queueDepth: 1 }), 8],
  ] as const;
  for (const [name, start, least] of TARGETS) {
    Deno.test(`${name}: records of the least length and of 1 MiB stand side by side, depth ${depth}`, () =>
      withDrive(start(), depth, async (drive) => {
        assert.equal(drive.limits.minBytes, least);
        // istgt calls it a write error when the first record on a blank tape is shorter than 128 bytes.
        const lengths = [MIB, least, least, least + 1, MIB - 1, MIB, 511, 513, least];
        const records = lengths.map((length, at) => randomBytes(length, at));
        await drive.rewind();
        for (const data of records) await drive.write(data);
        await drive.writeFilemarks();
        await drive.rewind();
        const read = await Array.fromAsync(drive.records());
        assert.deepEqual(read.map(({ length }) => length), lengths);
        read.forEach((data, at) => assert.equal(Buffer.compare(data, records[at]), 0, `${at}`));
      }));

    Deno.test(`${name}: a record of 1 byte, which it does not take, is refused before it is sent, depth ${depth}`, () =>
      withDrive(start(), depth, async (drive) => {
        await drive.rewind();
        await drive.write(record(1, 200));
        await assert.rejects(drive.write(record(2, 1)), (error: TapeError) => {
          return error.kind === "invalid-argument" && error.message.includes(`takes ${least} to`);
        });
        await drive.write(record(3, 200));
        await drive.rewind();
        const read = await Array.fromAsync(drive.records());
        assert.deepEqual(read.map(([first]) => first), [1, 3]);
      }));
  }
}

const PROTECTED = [
  ["tgt", () => startTgt({ readOnly: true })],
  ["istgt", () => startIstgt({ queueDepth: 1, growingImage: false, readOnly: true })],
  ["istgt with a growing image", () => startIstgt({ queueDepth: 1, readOnly: true })],
] as const;
for (const [name, start] of PROTECTED) {
  Deno.test(`${name}: a tape that may not be written says so before and when it is tried`, () =>
    withDrive(start(), 4, async (drive, target) => {
      const protection = await drive.mediumProtection();
      assert.deepEqual([protection.writeProtected, protection.writeOnce], [true, false]);
      assert.equal((await drive.status()).writeProtected, true);
      await assert.rejects(async () => {
        await drive.write(record(1));
        await drive.flush();
      }, (error: WriteProtectedError) => {
        assert.ok(error instanceof WriteProtectedError, String(error));
        assert.deepEqual(error.writes?.unwritten.map(({ number }) => number), [0]);
        return error.asc === 0x27 && error.ascq === 0;
      });
      await assert.rejects(drive.writeFilemarks(), WriteProtectedError);
      await drive.rewind();
      assert.deepEqual(await drive.read(), { kind: "end-of-data" });
      const { code, stderr } = await tape(["-f", target.url, "write", "-"], { stdin: record(1) });
      assert.equal(code, 2);
      assert.match(stderr, /write.protected/i);
      await mustDo(target, ["rewind"]);
    }));
}
