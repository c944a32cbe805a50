/** The player on a terminal: each key in each state, and every way out. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { makeTracks, PLAYER_COMMAND, type TrackFacts } from "./harness/flac_tape.ts";
import { PseudoTerminal, type PseudoTerminalOptions } from "./harness/pseudo_terminal.ts";
import { tape } from "./harness/tape_command.ts";
import { TapeServer } from "./harness/tape_server.ts";
import { withTempDir } from "./harness/temp_dir.ts";
import { pause } from "./harness/waiting.ts";

/** Cheap to decode, and long enough for a minute's leap. */
const LONG: TrackFacts = { rate: 8000, bits: 8, sounds: ["sine 300"], seconds: 100 };
const SHORT: TrackFacts = { ...LONG, seconds: 5 };

/** Makes a tape image of three tracks, with a file that is no FLAC behind the first. */
async function makeImage(dir: string): Promise<string> {
  const image = join(dir, "image.tap");
  const url = `sim:${image}`;
  await makeTracks(dir, [LONG, LONG, SHORT]);
  const other = new TextEncoder().encode("this is no FLAC file");
  const file = (index: number) => ["write", join(dir, `${index}.flac`), "--block-size", "64k"];
  for (const command of [["rewind"], file(0), ["write", "-"], file(1), file(2), ["rewind"]]) {
    const { code, stderr } = await tape(["-f", url, ...command], { stdin: other });
    assert.equal(code, 0, stderr);
  }
  return image;
}

/** The player on a terminal of its own. */
function start(
  url: string,
  dir: string,
  options: Partial<PseudoTerminalOptions> = {},
  args: readonly string[] = ["--sink", "silent"],
): PseudoTerminal {
  mkdirSync(dir, { recursive: true });
  const notes = mkdtempSync(join(dir, "notes."));
  return PseudoTerminal.run([...PLAYER_COMMAND, "-f", url, ...args], { dir: notes, ...options });
}

// deno-lint-ignore no-control-regex -- what gives the terminal back
const GIVEN_BACK = /\x1b\[\?7h\x1b\[0m\x1b\[\?25h\x1b\[\?1049l/;

/** The player ends, with the terminal as it was. */
async function assertEnds(terminal: PseudoTerminal, { status = 0, withinMs = 1500 } = {}) {
  const end = await terminal.end();
  assert.equal(end.status, status, end.written.slice(-300));
  assert.ok(end.isAsBefore, "the terminal's settings");
  assert.match(end.written, GIVEN_BACK);
  assert.ok(end.tookMs < withinMs, `it took ${Math.round(end.tookMs)} ms`);
  return end.written.slice(end.written.search(GIVEN_BACK));
}

const UP = "\x1b[A";
const DOWN = "\x1b[B";
const RIGHT = "\x1b[C";
const LEFT = "\x1b[D";

/** Keys in turn, and what the screen then shows. */
const WALK: readonly [key: string, shown: RegExp][] = [
  // Playing and paused.
  [" ", /Paused/],
  [" ", /Playing/],
  ["\r", /Paused/],
  [".", /Paused[^]* 0:1\d \//],
  [UP, /Paused[^]* 0:2\d \//],
  [">", /Paused[^]* 1:2\d \//],
  ["<", /Paused[^]* 0:2\d \//],
  [",", /Paused[^]* 0:1\d \//],
  [DOWN, /Paused[^]* 0:0\d \//],
  ["t", /Paused/],
  ["p", /Playing[^]* 0:00 \/ 1:40/],
  [".", /Playing[^]* 0:1\d \//],
  [">", /Playing[^]* 1:1\d \//],
  [">", /Playing[^]* 1:1\d \//], // Not beyond the end.
  ["<", /Playing[^]* 0:1\d \//],
  ["t", /Playing/],
  [LEFT, /Playing .*track 1 [^]* 0:00 \//],
  ["s", /Stopped .*track 1 /],
  // Stopped.
  ["s.t,<>", /Stopped .*track 1 /],
  ["n", /Stopped .*track 2 /],
  ["n", /Stopped .*track 3 /],
  ["p", /Stopped .*track 2 /],
  [" ", /Error .*track 2 [^]*! Cannot play the file: it does not begin as FLAC does/],
  // Error.
  [" ", /Error .*track 2 /],
  ["t", /Error .*track 2 /],
  [".<", /Error .*track 2 /],
  ["n", /Playing .*track 3 /],
  [" ", /Paused .*track 3 /],
  ["f", /Playing .*track 4 /],
  [" ", /Paused .*track 4 /],
  ["b", /Playing .*track 3 /],
  ["b", /Error .*track 2 /],
  ["p", /Playing .*track 1 /],
  [RIGHT, /Error .*track 2 /],
  ["s", /Stopped .*track 2 /],
  ["r", /Stopped .*track 1 /],
  ["\r", /Playing .*track 1 /],
  ["n", /Error .*track 2 /],
  ["r", /Playing .*track 1 /],
  // The end of the tape.
  ["sn", /Stopped .*track 2 /],
  ["n", /Stopped .*track 3 /],
  ["n", /Stopped .*track 4 /],
  [" ", /Playing .*track 4 of 4/],
  ["n", /End of the tape .*track 4 of 4/],
  ["snt.,<>", /End of the tape .*track 4 of 4/],
  ["p", /Playing .*track 4 /],
  ["f", /End of the tape/],
  [" ", /Playing .*track 1 /],
  ["s", /Stopped/],
];

for (const [columns, rows] of [[80, 24], [200, 50]]) {
  Deno.test(`each key does in each state what it should, on ${columns} by ${rows}`, () =>
    withTempDir(async (dir) => {
      const url = `sim:${await makeImage(dir)}`;
      const terminal = start(url, dir, { columns, rows });
      await terminal.shows(/Playing/);
      for (const [key, shown] of WALK) {
        await terminal.type(key);
        await terminal.shows(shown).catch((error) => {
          throw new Error(`After ${JSON.stringify(key)}: ${error.message}`);
        });
      }
      assert.equal(terminal.screen.length, rows);
      await terminal.type("q");
      await assertEnds(terminal);
    }));
}

/** How to come to each state. */
const STATES: Readonly<Record<string, readonly [key: string, shown: RegExp][]>> = {
  playing: [["", /Playing/]],
  paused: [["", /Playing/], [" ", /Paused/]],
  stopped: [["", /Playing/], ["s", /Stopped/]],
  error: [["", /Playing/], ["n", /Error/]],
  end: [["", /Playing/], ["n", /Error/], ["n", /track 3/], ["n", /Playing.*track 4/], ["n", /End/]],
};

const WAYS_OUT: Readonly<Record<string, (terminal: PseudoTerminal) => unknown>> = {
  "q": (terminal) => terminal.type("q"),
  "control-C": (terminal) => terminal.type("\x03"),
  "SIGTERM": (terminal) => terminal.signal("SIGTERM"),
  "SIGHUP": (terminal) => terminal.signal("SIGHUP"),
  "SIGINT": (terminal) => terminal.signal("SIGINT"),
};

for (const [state, steps] of Object.entries(STATES)) {
  Deno.test(`in the state ${state}, each way out ends at once, with terminal and tape in order`, () =>
    withTempDir(async (dir) => {
      const url = `sim:${await makeImage(dir)}`;
      for (const leave of Object.values(WAYS_OUT)) {
        const terminal = start(url, dir);
        for (const [key, shown] of steps) {
          await terminal.type(key);
          await terminal.shows(shown);
        }
        await leave(terminal);
        assert.match(await assertEnds(terminal), /1049l$/, "nothing to complain of");
        const told = await tape(["-f", url, "tell", "--json"]);
        assert.equal(told.code, 0, told.stderr);
      }
    }));
}

/** Runs `use` against a simulated target, which can be frozen. */
async function withFreezer(
  use: (url: string, dir: string, freeze: (isFrozen: boolean) => void) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    const server = await TapeServer.start(["--media", await makeImage(dir)]);
    const freeze = (isFrozen: boolean) => Deno.kill(server.pid, isFrozen ? "SIGSTOP" : "SIGCONT");
    try {
      await use(server.url, dir, freeze);
    } finally {
      freeze(false);
      await server.stop();
    }
  });
}

Deno.test("while it loads, because the target is frozen, each key is taken, and it goes on when the target does", () =>
  withFreezer(async (url, dir, freeze) => {
    const terminal = start(url, dir);
    await terminal.shows(/Playing/);
    freeze(true);
    await terminal.type("r");
    await terminal.shows(/Loading/);
    await terminal.type(" ");
    await terminal.shows(/Paused/);
    await terminal.type(" ");
    await terminal.shows(/Loading/);
    await terminal.type(`.,<>t${UP}${DOWN}pbfrn`);
    await terminal.shows(/Error .*track 2|Loading/);
    await terminal.type("s");
    await terminal.shows(/Stopped/);
    await terminal.type("r ");
    freeze(false);
    await terminal.shows(/Playing .*track 1 /);
    await terminal.type("q");
    await assertEnds(terminal);
  }));

Deno.test("a target that is frozen does not hold the end up: while it is opened, and while it is read", () =>
  withFreezer(async (url, dir, freeze) => {
    for (const leave of [WAYS_OUT["q"], WAYS_OUT["SIGTERM"]]) {
      freeze(true);
      const opening = start(url, dir);
      await opening.shows(/Tape: opening/);
      await leave(opening);
      await assertEnds(opening);
      freeze(false);
      const reading = start(url, dir);
      await reading.shows(/Playing/);
      freeze(true);
      await reading.type("r");
      await reading.shows(/Tape: positioning/);
      await leave(reading);
      const told = await assertEnds(reading, { status: 2, withinMs: 4000 });
      assert.match(told, /the drive does not answer; rewind it before it is used/);
      freeze(false);
    }
  }));

const LETTERS = " sfnpbrt.,<>\r";
const KEYS = [...LETTERS, UP, DOWN, LEFT, RIGHT, "x", "\x1b", "\x1b[15~", "\t", "ä", "日"];

/** Numbers from 0 up to `below`, always the same ones for a seed. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

for (const seed of [3, 4]) {
  Deno.test(`1000 random keys on a real terminal leave no hang and no broken terminal (seed ${seed})`, () =>
    withTempDir(async (dir) => {
      const url = `sim:${await makeImage(dir)}`;
      const random = generator(seed);
      const terminal = start(url, dir);
      await terminal.shows(/Playing/);
      for (let count = 0; count < 1000;) {
        const keys = Array.from({ length: 1 + random(4) }, () => KEYS[random(KEYS.length)]);
        count += keys.length;
        await terminal.type(keys.join(""));
        await pause(random(20));
      }
      await terminal.type("sr");
      await terminal.shows(/Stopped .*track 1 /);
      await terminal.type(" ");
      await terminal.shows(/Playing .*track 1 [^]*\n> {2}1 {2}Track 0 /);
      await terminal.type("q");
      assert.match(await assertEnds(terminal), /1049l$/);
    }));
}

Deno.test("a terminal of 20 by 5 shows what matters most", () =>
  withTempDir(async (dir) => {
    const terminal = start(`sim:${await makeImage(dir)}`, dir, { columns: 20, rows: 5 });
    await terminal.shows(/Playing?.* track 1|▶ .*\nTrack 0 /);
    await terminal.type("n");
    await terminal.shows(/! Cannot play the/);
    await terminal.type("q");
    await assertEnds(terminal);
  }));
