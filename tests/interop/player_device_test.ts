/** The player's sound device, as far as a computer without one can tell: ALSA into a file, into nothing, and one that fails or hangs. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileC } from "./harness/c_program.ts";
import {
  makeTracks,
  play,
  PLAYER_COMMAND,
  rawSamples,
  type TrackFacts,
  writeTracks,
} from "./harness/flac_tape.ts";
import { PseudoTerminal } from "./harness/pseudo_terminal.ts";
import { withTempDir } from "./harness/temp_dir.ts";
import { pause, waitUntil } from "./harness/waiting.ts";

const STEREO: TrackFacts = { rate: 44100, bits: 16, sounds: ["sine 440", "pinknoise"], seconds: 3 };

/** Makes a tape of tracks; its address. */
async function makeTape(dir: string, tracks: readonly TrackFacts[]): Promise<string> {
  const url = `sim:${join(dir, "image.tap")}`;
  await makeTracks(dir, tracks);
  await writeTracks(url, dir, ["64k"], tracks.length);
  return url;
}

/** A configuration of ALSA whose default device is this. */
function alsa(dir: string, device: string): { readonly ALSA_CONFIG_PATH: string } {
  const path = join(dir, "asound.conf");
  writeFileSync(path, `pcm.!default { ${device} }\npcm.nothing { type null }\n`);
  return { ALSA_CONFIG_PATH: path };
}

function device(url: string, env: Readonly<Record<string, string>>) {
  return play(url, ["--sink", "device", "--buffer", "0.5"], { env });
}

Deno.test("the sound device gets every sample, and nothing between tracks of one format", () =>
  withTempDir(async (dir) => {
    const url = await makeTape(dir, [STEREO, { ...STEREO, sounds: ["sine 300", "sine 200"] }]);
    const heard = join(dir, "heard");
    const into = `type file slave.pcm nothing file ${heard} format raw`;
    const { code, stderr } = await device(url, alsa(dir, into));
    assert.equal(code, 0, stderr);
    const parts = [0, 1].map((index) => rawSamples(join(dir, `${index}.flac`)));
    const expected = Buffer.concat(await Promise.all(parts));
    const came = readFileSync(heard);
    const begin = came.indexOf(expected.subarray(0, 1000));
    assert.ok(begin >= 0, "the beginning");
    assert.ok(came.subarray(0, begin).every((byte) => byte === 0), "silence before it");
    const sounding = came.subarray(begin, begin + expected.length);
    assert.equal(Buffer.compare(sounding, expected), 0, "the samples in between");
    assert.ok(came.subarray(begin + expected.length).every((byte) => byte === 0), "then silence");
  }));

Deno.test("the sound device is opened anew for each format, and the end is heard before", () =>
  withTempDir(async (dir) => {
    const url = await makeTape(dir, [
      STEREO,
      { rate: 8000, bits: 8, sounds: ["sine 300"] },
      { rate: 96000, bits: 24, sounds: ["sine 90", "sine 80"] },
    ]);
    const into = `type file slave.pcm nothing file ${join(dir, "heard.%r.%c")} format raw`;
    const { code, stderr } = await device(url, alsa(dir, into));
    assert.equal(code, 0, stderr);
    const names = readdirSync(dir).filter((name) => name.startsWith("heard.")).sort();
    assert.deepEqual(names, ["heard.44100.2", "heard.8000.1", "heard.96000.2"]);
    const last = await rawSamples(join(dir, "0.flac"));
    const came = readFileSync(join(dir, "heard.44100.2"));
    assert.ok(came.includes(Buffer.from(last.subarray(-1000))), "the end of the first track");
  }));

Deno.test("a computer without a sound device says so, and what to do", () =>
  withTempDir(async (dir) => {
    const url = await makeTape(dir, [{ ...STEREO, seconds: 0.5 }]);
    const { code, stderr } = await device(url, alsa(dir, "type hw card 31"));
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^tapeplayer: Cannot play 2 channels at 44100 Hz: Failed to open audio device; connect a sound device, or use --sink silent, wav:DIR or raw:-$/m,
    );
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  }));

/** A library that takes the place of ALSA's writing: SOUND_LASTS times, 20 if that is not set, in real time, then it fails, or hangs. */
const SHIM = `
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
long snd_pcm_writei(void *pcm, const void *samples, unsigned long frames) {
  static int count;
  (void)pcm; (void)samples;
  const char *lasts = getenv("SOUND_LASTS");
  if (++count <= (lasts ? atoi(lasts) : 20)) { usleep(50000); return (long)frames; }
  while (getenv("SOUND_HANGS")) sleep(1000);
  return -ENODEV;
}
int snd_pcm_recover(void *pcm, int error, int silent) { (void)pcm; (void)silent; return error; }
`;

/** The environment of a player whose device fails after a while, or hangs. */
async function failingDevice(dir: string, hangs: boolean): Promise<Record<string, string>> {
  const [source, shim] = [join(dir, "shim.c"), join(dir, "shim.so")];
  writeFileSync(source, SHIM);
  await compileC(source, shim, { shared: true });
  const env = { ...alsa(dir, "type null"), LD_PRELOAD: shim };
  return hangs ? { ...env, SOUND_HANGS: "1" } : env;
}

const FAILURES = [
  ["fails", false, /Cannot play 2 channels at 44100 Hz: .*; connect a sound device/],
  ["hangs", true, /44100 Hz: the device takes no more sound; connect/],
] as const;

for (const [title, hangs, reason] of FAILURES) {
  Deno.test(`a sound device that ${title} in the middle of a track is an error, and holds nothing up`, () =>
    withTempDir(async (dir) => {
      const url = await makeTape(dir, [{ ...STEREO, seconds: 20 }]);
      const env = await failingDevice(dir, hangs);
      const { code, stderr } = await play(url, ["--sink", "device"], { env, limitMs: 20_000 });
      assert.equal(code, 2, stderr);
      assert.match(stderr, reason);
    }));
}

Deno.test("a sound device that hangs can be tried again, and does not hold the end up", () =>
  withTempDir(async (dir) => {
    const url = await makeTape(dir, [{ ...STEREO, seconds: 20 }]);
    const env = await failingDevice(dir, true);
    const terminal = PseudoTerminal.run([...PLAYER_COMMAND, "-f", url], { dir, env });
    await terminal.shows(/0:01 \/ 0:20/);
    await terminal.shows(/Error[^]*takes no more sound/);
    await terminal.type("t");
    await terminal.shows(/0:03 \/ 0:20/);
    await pause(1000); // It hangs by now; nothing tells yet.
    await terminal.type("q");
    const { status, isAsBefore, tookMs } = await terminal.end();
    assert.deepEqual([status, isAsBefore], [0, true]);
    assert.ok(tookMs < 1500, `${tookMs} ms`);
  }));

Deno.test("a player that is killed leaves no process at the sound device", () =>
  withTempDir(async (dir) => {
    const url = await makeTape(dir, [{ ...STEREO, seconds: 20 }]);
    const env = { ...await failingDevice(dir, false), SOUND_LASTS: "1000" };
    const terminal = PseudoTerminal.run([...PLAYER_COMMAND, "-f", url], { dir, env });
    await terminal.shows(/0:01 \/ 0:20/);
    const { pid } = terminal;
    const sound = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    assert.match(readFileSync(`/proc/${sound}/cmdline`, "utf8"), /device_program/);
    terminal.signal("SIGKILL");
    await terminal.end();
    assert.ok(await waitUntil(() => !existsSync(`/proc/${sound}`)), "it ends, too");
  }));
