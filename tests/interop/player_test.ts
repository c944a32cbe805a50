import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeTracks, play, rawSamples, TRACKS, writeTracks } from "./harness/flac_tape.ts";
import { startIstgt } from "./harness/istgt.ts";
import { RoughRoad, type RoughRoadOptions } from "./harness/rough_road.ts";
import { TapeServer } from "./harness/tape_server.ts";
import { type Target, withTarget } from "./harness/target.ts";
import { withTempDir } from "./harness/temp_dir.ts";
import { startTgt } from "./harness/tgt.ts";

/** Plays the tape into WAV files, which must be those of `flac -d`, byte for byte. */
async function playAndCompare(
  url: string,
  dir: string,
  args: readonly string[] = [],
): Promise<void> {
  const out = join(dir, "out");
  mkdirSync(out, { recursive: true });
  const { code, stderr } = await play(url, ["--sink", `wav:${out}`, ...args]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/verified$/gm)?.length, TRACKS.length, stderr);
  const names = readdirSync(out).sort();
  assert.deepEqual(names, TRACKS.map((_, index) => `0${index + 1} Track ${index}.wav`));
  for (const [index, name] of names.entries()) {
    const played = readFileSync(join(out, name));
    const expected = readFileSync(join(dir, `${index}.wav`));
    assert.equal(Buffer.compare(played, expected), 0, `${name} is what flac -d gives`);
  }
}

const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  tgt: () => startTgt(),
  istgt: () => startIstgt(),
};

const RECORDS: Readonly<Record<string, readonly string[]>> = {
  "64 KiB": ["64k"],
  "300000 bytes": ["300000"],
  "mixed sizes": ["64k", "300000", "10007", "4k", "1m"],
};

for (const [name, start] of Object.entries(TARGETS)) {
  Deno.test(`${name}: the player's WAV files are those of flac -d, in records of 64 KiB, 300000 bytes and mixed sizes`, () =>
    withTarget(start(), ({ url }) =>
      withTempDir(async (dir) => {
        await makeTracks(dir);
        for (const sizes of Object.values(RECORDS)) {
          await writeTracks(url, dir, sizes);
          await playAndCompare(url, dir);
        }
      })));
}

for (const [records, sizes] of Object.entries(RECORDS)) {
  Deno.test(`the simulator: the player's WAV files are those of flac -d, and so are its raw samples, in records of ${records}`, () =>
    withTempDir(async (dir) => {
      const url = `sim:${join(dir, "image.tap")}`;
      await makeTracks(dir);
      await writeTracks(url, dir, sizes);
      await playAndCompare(url, dir);
      await playAndCompare(url, dir, ["--cache", "1m", "--read-ahead", "0"]);
      const { code, stdoutBytes } = await play(url, ["--sink", "raw:-"]);
      assert.equal(code, 0);
      const parts = await Promise.all(
        TRACKS.map((_, index) => rawSamples(join(dir, `${index}.flac`))),
      );
      assert.equal(Buffer.compare(stdoutBytes, Buffer.concat(parts)), 0);
    }));
}

/** Writes the tape, and plays it over a road; how many connections that took. */
async function playOver(
  { url, port }: { readonly url: string; readonly port: number },
  options: RoughRoadOptions,
): Promise<number> {
  return await withTempDir(async (dir) => {
    await makeTracks(dir);
    await writeTracks(url, dir, RECORDS["mixed sizes"]);
    const road = new RoughRoad(port, options);
    try {
      await playAndCompare(url.replace(`:${port}/`, `:${road.port}/`), dir);
      return road.connections;
    } finally {
      await road.stop();
    }
  });
}

const CUT = { cutAfterBytes: 700_000 };

Deno.test("tgt: a connection that breaks in the middle of a track costs the player no sample", () =>
  withTarget(startTgt(), async (target) => {
    assert.equal(await playOver(target, CUT), 2);
  }));

// istgt mixes up its answers now and then when several commands are under way, which ends connections that nobody cut.
Deno.test("istgt: a connection that breaks in the middle of a track costs the player no sample", () =>
  withTarget(startIstgt(), async (target) => {
    assert.ok(await playOver(target, CUT) >= 2);
  }));

/** Runs `use` against a simulated target. */
async function withServer(
  args: readonly string[],
  use: (server: TapeServer) => Promise<void>,
): Promise<void> {
  const server = await TapeServer.start(args);
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

Deno.test("the simulator: a connection that breaks in the middle of a track costs the player no sample", () =>
  withServer([], async (server) => {
    assert.equal(await playOver(server, CUT), 2);
  }));

// Not tgt: it fills up short records to the length that was asked for, a hundredfold here.
Deno.test("the simulator: a connection of 1 MB/s costs the player no sample", () =>
  withServer([], async (server) => {
    assert.equal(await playOver(server, { bytesPerSecond: 1_000_000 }), 1);
  }));

Deno.test("the simulator: a drive that takes its time to wind and read costs the player no sample", () =>
  withTempDir(async (dir) => {
    const image = join(dir, "image.tap");
    await makeTracks(dir);
    await writeTracks(`sim:${image}`, dir, RECORDS["mixed sizes"]);
    const slow = ["--personality", "quantum-dlt8000", "--timing", "2", "--media", image];
    await withServer(slow, ({ url }) => playAndCompare(url, dir, ["--cache", "1m"]));
  }));
