import assert from "node:assert/strict";
import { join } from "node:path";
import { openTape, type OpenTapeOptions } from "../../mod.ts";
import type { TapeDrive } from "../../mod.ts";
import { startIstgt } from "./harness/istgt.ts";
import { randomBytes } from "./harness/random_bytes.ts";
import { withTarget } from "./harness/target.ts";
import { withTempDir } from "./harness/temp_dir.ts";
import { startTgt } from "./harness/tgt.ts";

/** Runs `use` with the address of a drive that holds an empty tape. */
type Place = (use: (address: string) => Promise<void>) => Promise<void>;

const PLACES: Readonly<Record<string, Place>> = {
  tgt: (use) => withTarget(startTgt(), ({ url }) => use(url)),
  istgt: (use) => withTarget(startIstgt(), ({ url }) => use(url)),
  "the simulator": (use) => withTempDir((dir) => use(`sim:${join(dir, "image.tap")}`)),
};

Deno.test("istgt: 64 KiB records and filemarks arrive alike with 16 reads on the wire", () =>
  withTarget(startIstgt(), async ({ url }) => {
    const layout = [65536, 65536, 65536, 0, 65536, 65536, 0, 65536, 65536, 65536, 65536, 0];
    await withDrive(url, {}, (drive) => writeLayout(drive, layout));
    await withDrive(url, { readAhead: 16 }, async (drive) => {
      await drive.rewind();
      assert.deepEqual(await readAll(drive), expectedArrivals(layout));
    });
  }));

/** A tape as the lengths of its records; 0 is a filemark. The first is not tiny: a blank cartridge of istgt refuses that. */
type Layout = readonly number[];

const LAYOUTS: Readonly<Record<string, Layout>> = {
  "records of one size": Array<number>(20).fill(65536),
  "records of mixed sizes": [600, 65536, 512, 262144, 100, 4096, 300000, 80, 1000, 64, 70000, 512],
  "short files": [4096, 4096, 0, 512, 0, 4096, 100, 0, 65536, 65536, 0],
  "filemarks in pairs": [4096, 0, 0, 512, 512, 0, 0, 0, 65536, 100, 0, 0],
  "a filemark first": [0, 512, 4096, 0, 4096],
};

const SIZE_SEED = 1;

/** The bytes of the object at `index`. */
function record(layout: Layout, index: number): Uint8Array {
  return randomBytes(layout[index], SIZE_SEED + index);
}

/** What a reader meets: the record's fingerprint, or the kind of what was no record. */
async function nextArrival(drive: TapeDrive): Promise<string> {
  const result = await drive.read();
  return result.kind === "record" ? fingerprint(result.data) : result.kind;
}

function fingerprint(data: Uint8Array): string {
  let sum = 0;
  for (const byte of data) sum = (Math.imul(sum, 31) + byte) >>> 0;
  return `record of ${data.length}, sum ${sum}`;
}

function expectedArrivals(layout: Layout): string[] {
  return layout.map((length, index) =>
    length === 0 ? "filemark" : fingerprint(record(layout, index))
  );
}

async function withDrive(
  address: string,
  options: OpenTapeOptions,
  use: (drive: TapeDrive) => Promise<void>,
): Promise<void> {
  const drive = await openTape(address, options);
  try {
    await use(drive);
  } finally {
    await drive.close();
  }
}

async function writeLayout(drive: TapeDrive, layout: Layout): Promise<void> {
  await drive.rewind();
  for (const [index, length] of layout.entries()) {
    if (length === 0) await drive.writeFilemarks();
    else await drive.write(record(layout, index));
  }
  await drive.flush();
  await drive.rewind();
}

/** Everything from here to the end of data. */
async function readAll(drive: TapeDrive): Promise<string[]> {
  const arrivals: string[] = [];
  for (;;) {
    const arrival = await nextArrival(drive);
    if (arrival === "end-of-data") return arrivals;
    arrivals.push(arrival);
  }
}

for (const [place, at] of Object.entries(PLACES)) {
  for (const [title, layout] of Object.entries(LAYOUTS)) {
    Deno.test(`${place}: ${title} arrive alike at every read-ahead depth`, () =>
      at(async (address) => {
        await withDrive(address, {}, (drive) => writeLayout(drive, layout));
        for (const readAhead of [1, 2, 16]) {
          await withDrive(address, { readAhead }, async (drive) => {
            await drive.rewind();
            assert.deepEqual(await readAll(drive), expectedArrivals(layout), `depth ${readAhead}`);
          });
        }
      }));

    Deno.test(`${place}: after 3 reads of ${title} with read-ahead 16, a write lands at object 3`, () =>
      at((address) =>
        withDrive(address, { readAhead: 16 }, async (drive) => {
          await writeLayout(drive, layout);
          const expected = expectedArrivals(layout).slice(0, 3);
          for (const arrival of expected) assert.equal(await nextArrival(drive), arrival);
          const mine = randomBytes(12345, 99);
          await drive.write(mine);
          await drive.writeFilemarks();
          await drive.rewind();
          for (const arrival of [...expected, fingerprint(mine), "filemark"]) {
            assert.equal(await nextArrival(drive), arrival);
          }
          // After a write in the middle istgt may answer there with CHECK CONDITION and no sense data.
          if (place !== "istgt") assert.equal(await nextArrival(drive), "end-of-data");
        })
      ));
  }

  Deno.test(`${place}: closing after 2 reads with read-ahead 16 leaves the tape at record 2`, () =>
    at(async (address) => {
      const layout = LAYOUTS["records of one size"];
      await withDrive(address, { readAhead: 16 }, async (drive) => {
        await writeLayout(drive, layout);
        await nextArrival(drive);
        await nextArrival(drive);
      });
      await withDrive(address, {}, async (drive) => {
        assert.equal(await nextArrival(drive), expectedArrivals(layout)[2]);
      });
    }));

  Deno.test(`${place}: appending after space("end-of-data") keeps every record`, () =>
    at((address) =>
      withDrive(address, { readAhead: 16 }, async (drive) => {
        const layout = [65536, 512, 4096];
        await writeLayout(drive, layout);
        await nextArrival(drive);
        await drive.space("end-of-data");
        const mine = randomBytes(777, 99);
        await drive.write(mine);
        await drive.writeFilemarks();
        await drive.rewind();
        assert.deepEqual(await readAll(drive), [
          ...expectedArrivals(layout),
          fingerprint(mine),
          "filemark",
        ]);
      })
    ));
}
