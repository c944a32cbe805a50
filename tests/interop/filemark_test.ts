/** Filemarks where the tape was moved to one, or lost its connection behind one: no file may be skipped. */

import assert from "node:assert/strict";
import { openTape, type OpenTapeOptions, type TapeDrive } from "../../mod.ts";
import { startIstgt } from "./harness/istgt.ts";
import { RoughRoad } from "./harness/rough_road.ts";
import { type Target, withTarget } from "./harness/target.ts";
import { startTgt } from "./harness/tgt.ts";

const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  tgt: () => startTgt(),
  istgt: () => startIstgt(),
};

/** Records of each file, which hold the number of their file and their own. */
const FILES = [4, 12, 1, 3];
const RECORD_BYTES = 20_000;
const TAPE = FILES.flatMap((records, file) => [
  ...Array.from({ length: records }, (_, record) => `${file}.${record}`),
  "filemark",
]);
const MARKS = TAPE.flatMap((what, at) => what === "filemark" ? [at] : []);

async function withDrive<T>(
  url: string,
  use: (drive: TapeDrive) => Promise<T>,
  options: OpenTapeOptions = {},
): Promise<T> {
  const drive = await openTape(url, { recordBytesHint: RECORD_BYTES, ...options });
  try {
    return await use(drive);
  } finally {
    await drive.close();
  }
}

async function writeFiles(url: string): Promise<void> {
  await withDrive(url, async (drive) => {
    await drive.rewind();
    for (const what of TAPE) {
      const record = new Uint8Array(RECORD_BYTES);
      record.set(what.split(".").map(Number));
      if (what === "filemark") await drive.writeFilemarks();
      else await drive.write(record);
    }
    await drive.rewind();
  });
}

/** What comes from here to the end of data. */
async function readOn(drive: TapeDrive): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const result = await drive.read();
    if (result.kind === "end-of-data") return seen;
    seen.push(result.kind === "record" ? `${result.data[0]}.${result.data[1]}` : result.kind);
  }
}

for (const [name, start] of Object.entries(TARGETS)) {
  Deno.test(`${name}: no file is skipped that lies behind a filemark which SPACE has led to`, () =>
    withTarget(start(), async ({ url }) => {
      await writeFiles(url);
      for (const mark of MARKS) {
        await withDrive(url, async (drive) => {
          await drive.rewind();
          for (let read = 0; read <= mark; read++) await drive.read();
          await drive.space("blocks", -1);
          assert.deepEqual(await readOn(drive), TAPE.slice(mark), `back before object ${mark}`);
        });
        // tgt meets the end of data there.
        if (mark === TAPE.length - 1) continue;
        await withDrive(url, async (drive) => {
          await drive.rewind();
          for (let read = 0; read < mark; read++) await drive.read();
          await drive.space("blocks", 1);
          assert.deepEqual(await readOn(drive), TAPE.slice(mark + 1), `over object ${mark}`);
        });
      }
    }));
}

Deno.test("istgt: nor where LOCATE has led to it, in this session or the next", () =>
  withTarget(startIstgt(), async ({ url }) => {
    await writeFiles(url);
    for (const mark of MARKS) {
      const locate = async (drive: TapeDrive) => {
        await drive.rewind();
        for (let read = 0; read < mark; read++) await drive.read();
        const { object } = await drive.position();
        await drive.rewind();
        await drive.locate(object!);
      };
      const expected = TAPE.slice(mark);
      await withDrive(url, async (drive) => {
        await locate(drive);
        assert.deepEqual(await readOn(drive), expected, `located before object ${mark}`);
        await locate(drive);
        await drive.space("filemarks", 1);
        assert.deepEqual(await readOn(drive), expected.slice(1), `spaced over object ${mark}`);
        await locate(drive);
      });
      await withDrive(url, async (drive) => {
        assert.deepEqual(await readOn(drive), expected, `opened before object ${mark}`);
      });
    }
  }));

/** What is written in the place of a filemark: a record for each letter, a filemark for each stroke. */
const OVERWRITES = ["a", "ab", "|", "||", "a|", "|a|", "a||"];

for (const [name, start] of Object.entries(TARGETS)) {
  Deno.test(`${name}: what is written over a filemark that a motion has led to is all that stands there`, () =>
    withTarget(start(), async ({ url }) => {
      for (const overwrite of OVERWRITES) {
        await writeFiles(url);
        await withDrive(url, async (drive) => {
          const [mark] = MARKS;
          await drive.rewind();
          await drive.space("blocks", mark);
          const pieces = overwrite.match(/a+|b+|\|+/g)!;
          for (const piece of pieces) {
            if (piece.startsWith("|")) await drive.writeFilemarks(piece.length);
            else await drive.write(new Uint8Array(RECORD_BYTES).fill(0xaa));
          }
          await drive.rewind();
          const written = pieces.flatMap((piece) => [...piece])
            .map((letter) => letter === "|" ? "filemark" : "170.170");
          assert.deepEqual(await readOn(drive), [...TAPE.slice(0, mark), ...written], overwrite);
        });
      }
    }));
}

for (const [name, start] of Object.entries(TARGETS)) {
  for (const readAhead of [0, 8]) {
    Deno.test(`${name}: nor where the connection is lost directly behind a filemark, read-ahead ${readAhead}`, () =>
      withTarget(start(), async ({ url, port }) => {
        await writeFiles(url);
        for (const mark of MARKS.slice(0, -1)) {
          const records = TAPE.slice(0, mark).filter((what) => what !== "filemark").length;
          // In the first record behind the filemark, whatever was said before the first one.
          const road = new RoughRoad(port, { cutAfterBytes: (records + 0.6) * RECORD_BYTES });
          try {
            const roughUrl = url.replace(`:${port}/`, `:${road.port}/`);
            const seen = await withDrive(roughUrl, async (drive) => {
              await drive.rewind();
              return await readOn(drive);
            }, { readAhead });
            assert.deepEqual(seen, TAPE, `cut behind object ${mark}`);
            assert.ok(road.connections > 1);
          } finally {
            await road.stop();
          }
        }
      }));
  }
}
