import assert from "node:assert/strict";
import { join } from "node:path";
import { openTape, type OpenTapeOptions } from "../../mod.ts";
import { defaultDialer } from "../../transport/default_transport.ts";
import { faulty } from "../../transport/faulty.ts";
import { Random, seed } from "../scsi/random.ts";
import { Archive } from "../tape/archive.ts";
import { btape } from "../tape/btape_sequence.ts";
import { startIstgt } from "./harness/istgt.ts";
import { withTarget } from "./harness/target.ts";
import { withTempDir } from "./harness/temp_dir.ts";
import { startTgt } from "./harness/tgt.ts";

/** Runs `use` with the address of a drive that holds an empty tape. */
type Place = (use: (address: string) => Promise<void>) => Promise<void>;

const PLACES: Readonly<Record<string, Place>> = {
  tgt: (use) => withTarget(startTgt(), ({ url }) => use(url)),
  // With more than one command at a time istgt tears answers apart.
  istgt: (use) =>
    withTarget(startIstgt({ queueDepth: 1, growingImage: false }), ({ url }) => use(url)),
  "the simulator": (use) => withTempDir((dir) => use(`sim:${join(dir, "image.tap")}`)),
};

const RECORDS = 300;
const MAX_BYTES = 60_000;

for (const [name, place] of Object.entries(PLACES)) {
  for (const depth of [0, 8]) {
    Deno.test(`${name}: btape's sequence passes with read-ahead and write-behind ${depth}`, () =>
      place(async (address) => {
        const options: OpenTapeOptions = { readAhead: depth, writeBehind: depth };
        const drive = await btape(await openTape(address, options), {
          records: 200,
          recordBytes: 64_512,
          spacesBack: name !== "tgt",
          reopen: async (one) => {
            await one.close();
            return await openTape(address, options);
          },
        });
        await drive.close();
      }));
  }
}

for (const name of ["tgt", "istgt"]) {
  for (const writeBehind of [0, 8]) {
    Deno.test(`${name}: every record is on the tape once and in order although the connection breaks, write-behind ${writeBehind}`, () =>
      PLACES[name]((address) => archive(address, writeBehind)));
  }
}

/** Writes an archive over connections that each break after some megabytes, and reads it back over a good one. */
async function archive(address: string, writeBehind: number): Promise<void> {
  const random = new Random(seed());
  let dials = 0;
  const broken = await openTape(address, {
    writeBehind,
    reconnect: { delayMs: 10 },
    dial: async (to, options) => {
      const stream = await defaultDialer(to, options);
      const cutWriteAt = dials++ < 3 ? 1_000_000 + random.below(2_000_000) : Infinity;
      return faulty(stream, { cutWriteAt });
    },
  });
  let one: Archive;
  try {
    await broken.rewind();
    one = new Archive(random, broken, { count: RECORDS, maxBytes: MAX_BYTES, faultEvery: 10 });
    await one.writeAll(() => {});
    await broken.writeFilemarks();
  } finally {
    await broken.close();
  }
  assert.ok(dials > 2, `${dials} connections`);
  const good = await openTape(address, { readAhead: 4 });
  try {
    await good.rewind();
    const read = await Array.fromAsync(good.records());
    assert.equal(read.length, RECORDS);
    read.forEach((data, at) => assert.ok(Buffer.compare(data, one.records[at]) === 0, `${at}`));
  } finally {
    await good.close();
  }
}
