/** What the player says to tapes, files and outputs that are not as they should be. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  makeTracks,
  play,
  PLAYER_COMMAND,
  rawSamples,
  type TrackFacts,
} from "./harness/flac_tape.ts";
import { requirePrograms } from "./harness/programs.ts";
import { type CommandOutput, runProgram, tape } from "./harness/tape_command.ts";
import { withTempDir } from "./harness/temp_dir.ts";

const MONO: TrackFacts = { rate: 8000, bits: 16, sounds: ["pinknoise"], seconds: 2 };

/** Writes files to a tape, each followed by a filemark; its address. */
async function makeTape(dir: string, files: readonly Uint8Array[]): Promise<string> {
  const url = `sim:${join(dir, "image.tap")}`;
  for (const stdin of files) {
    const { code, stderr } = await tape(["-f", url, "write", "-", "--block-size", "64k"], {
      stdin,
    });
    assert.equal(code, 0, stderr);
  }
  return url;
}

/** A FLAC file. */
async function makeFlac(dir: string, facts: TrackFacts = MONO): Promise<Uint8Array> {
  await makeTracks(dir, [facts]);
  return Uint8Array.from(readFileSync(join(dir, "0.flac")));
}

/** Plays into WAV files; no output may hold a stack. */
async function playToFiles(url: string, dir: string): Promise<CommandOutput> {
  const output = await play(url, ["--sink", `wav:${join(dir, "out")}`]);
  assert.doesNotMatch(output.stderr, /^ +at |Error:/m);
  return output;
}

const text = (value: string) => new TextEncoder().encode(value);

Deno.test("a blank tape, and one that holds no FLAC", () =>
  withTempDir(async (dir) => {
    const blank = await playToFiles(`sim:${join(dir, "blank.tap")}`, dir);
    assert.deepEqual([blank.code, blank.stderr], [2, "tapeplayer: There is nothing on the tape\n"]);
    const url = await makeTape(dir, [text("a letter"), text("another")]);
    const { code, stderr } = await playToFiles(url, dir);
    assert.equal(code, 2);
    const complaint = "Cannot play the file: it does not begin as FLAC does";
    assert.equal(stderr, ` 1 File 1: ${complaint}\n 2 File 2: ${complaint}\n`);
    assert.equal(existsSync(join(dir, "out")), false);
  }));

Deno.test("files that are no FLAC between two that are: a letter, an MP3 with a tag, one cut within its metadata", () =>
  withTempDir(async (dir) => {
    const flac = await makeFlac(dir);
    const mp3 = Uint8Array.from([0x49, 0x44, 0x33, 3, 0, 0, 0, 0, 0, 20, ...new Uint8Array(20)]);
    const frames = new Uint8Array(4000).fill(0x55).map((byte, at) =>
      at % 417 < 2 ? [0xff, 0xfb][at % 417] : byte
    );
    const others = [text("x"), Uint8Array.from([...mp3, ...frames]), flac.subarray(0, 30)];
    const url = await makeTape(dir, [flac, ...others, flac]);
    const { code, stderr } = await playToFiles(url, dir);
    assert.equal(code, 2);
    assert.deepEqual(stderr.trimEnd().split("\n"), [
      " 1 Track 0: verified",
      " 2 File 2: Cannot play the file: it ends within its metadata",
      " 3 File 3: Cannot play the file: it does not begin as FLAC does",
      " 4 File 4: Cannot play the file: it ends within its metadata",
      " 5 Track 0: verified",
    ]);
    assert.deepEqual(readdirSync(join(dir, "out")).sort(), ["01 Track 0.wav", "05 Track 0.wav"]);
  }));

Deno.test("a FLAC file that is cut, and one with a damaged frame, are played as far as they go, and told of", () =>
  withTempDir(async (dir) => {
    const flac = await makeFlac(dir);
    const damaged = flac.slice();
    damaged.fill(0x5a, 15_000, 15_100);
    const url = await makeTape(dir, [flac.subarray(0, flac.length / 2), damaged, flac]);
    const { code, stderr } = await playToFiles(url, dir);
    assert.equal(code, 2);
    const lines = stderr.trimEnd().split("\n");
    assert.match(lines[0], /1 Track 0: The file is damaged: \d+ of 16000 samples could be decoded/);
    assert.match(lines[1], /2 Track 0: The file is damaged: \d+ of 16000 samples could be decoded/);
    assert.equal(lines[2], " 3 Track 0: verified");
    const whole = await rawSamples(join(dir, "0.flac"));
    const cut = readFileSync(join(dir, "out", "01 Track 0.wav")).subarray(44);
    assert.ok(cut.length > whole.length / 4, "what there is");
    assert.equal(Buffer.compare(cut, whole.subarray(0, cut.length)), 0, "and it is right");
  }));

Deno.test("a cover of 10 MB is passed, with a cache of 1 MB", () =>
  withTempDir(async (dir) => {
    const [flac] = requirePrograms("flac");
    await makeFlac(dir);
    const cover = join(dir, "cover.jpg");
    writeFileSync(cover, Uint8Array.from({ length: 10_000_000 }, (_, at) => at * 7));
    const picture = `--picture=3|image/jpeg||600x600x24|${cover}`;
    const source = join(dir, "0.wav");
    const made = await runProgram(flac, ["-s", "-f", picture, source, "-o", join(dir, "0.flac")]);
    assert.equal(made.code, 0, made.stderr);
    const file = readFileSync(join(dir, "0.flac"));
    assert.ok(file.length > 10_000_000);
    const url = await makeTape(dir, [file, file]);
    const wav = `wav:${join(dir, "out")}`;
    const { code, stderr } = await play(url, ["--sink", wav, "--cache", "1m"]);
    assert.deepEqual([code, stderr], [0, " 1 File 1: verified\n 2 File 2: verified\n"]);
  }));

Deno.test("a file without a byte is two filemarks in a row: the end of the tape", () =>
  withTempDir(async (dir) => {
    const flac = await makeFlac(dir);
    const url = await makeTape(dir, [flac, new Uint8Array(0), flac]);
    const { code, stderr } = await playToFiles(url, dir);
    assert.deepEqual([code, stderr], [0, " 1 Track 0: verified\n"]);
  }));

Deno.test("a pipe that nobody reads any more, and a folder that cannot be written to", () =>
  withTempDir(async (dir) => {
    const url = await makeTape(dir, [await makeFlac(dir, { ...MONO, seconds: 60 })]);
    const command = [...PLAYER_COMMAND, "-f", url, "--sink", "raw:-"].join(" ");
    const piped = await runProgram("/bin/bash", [
      "-c",
      `${command} | head -c 1000 >/dev/null; exit \${PIPESTATUS[0]}`,
    ]);
    assert.equal(piped.code, 2);
    assert.equal(
      piped.stderr,
      "tapeplayer: Cannot write raw samples: nobody reads them any more\n",
    );
    const { code, stderr } = await play(url, ["--sink", `wav:${join(dir, "image.tap")}`]);
    assert.equal(code, 2);
    assert.match(stderr, /^tapeplayer: Cannot write WAV files in .*image\.tap: .*exists.*\n$/i);
  }));

Deno.test("devices and options that there are not", () =>
  withTempDir(async (dir) => {
    const nowhere = await play("iscsi://127.0.0.1:1/iqn.2026-03.com.example:x/0", []);
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.stderr, /^tapeplayer: .*127\.0\.0\.1:1.*\n$/);
    for (
      const args of [["--sink", "loudspeaker"], ["--cache", "1k"], ["--buffer", "0"], ["more"]]
    ) {
      const { code, stderr } = await play(`sim:${join(dir, "x.tap")}`, args);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /tapeplayer --help tells how to use it\n$/);
    }
    const [deno, ...rest] = PLAYER_COMMAND;
    const none = await runProgram(deno, rest);
    assert.deepEqual([none.code, none.stderr.split("\n")[0]], [
      1,
      "tapeplayer: No device given: use -f DEVICE or set TAPE in the environment",
    ]);
    assert.equal((await play("", ["--help"])).code, 0);
  }));
