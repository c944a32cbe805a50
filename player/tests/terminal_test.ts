import assert from "node:assert/strict";
import { actionFor, type PlayerCommand, type PlayerStatus } from "../core/player_commands.ts";
import { snapshot } from "../core/player_snapshot.ts";
import type { PlayerView } from "../core/player_view.ts";
import { type KeyMeaning, KeyReader, readKeys } from "../terminal/keys.ts";
import { renderScreen } from "../terminal/screen.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { TerminalView } from "../terminal/terminal_view.ts";
import { fitText, printable, textWidth } from "../terminal/text_width.ts";
import { FakeDrive, tapeOf } from "./fake_drive.ts";
import { makeFlac } from "./flac_file.ts";
import { generator } from "./generator.ts";
import { turn, withPlayer } from "./player_fixture.ts";

const STATUSES: readonly PlayerStatus[] = [
  "playing",
  "paused",
  "loading",
  "stopped",
  "end",
  "error",
];

const TABLE: readonly [PlayerCommand, ...string[]][] = [
  ["toggle", "pause", "resume", "pause", "play", "play-first", "retry"],
  ["stop", "halt", "halt", "halt", "nothing", "nothing", "halt"],
  ["next", "play-next", "play-next", "play-next", "select-next", "nothing", "play-next"],
  [
    "previous",
    "play-previous",
    "play-previous",
    "play-previous",
    "select-previous",
    "play-last",
    "play-previous",
  ],
  ["rewind", "rewind", "rewind", "rewind", "select-first", "rewind", "rewind"],
  ["retry", "nothing", "nothing", "nothing", "nothing", "nothing", "retry"],
  ["forward", "seek", "seek", "seek", "nothing", "nothing", "nothing"],
  ["back", "seek", "seek", "seek", "nothing", "nothing", "nothing"],
  ["far-forward", "seek", "seek", "seek", "nothing", "nothing", "nothing"],
  ["far-back", "seek", "seek", "seek", "nothing", "nothing", "nothing"],
];

for (const [command, ...actions] of TABLE) {
  Deno.test(`the command ${command} means something definite in each state`, () => {
    assert.deepEqual(STATUSES.map((status) => actionFor(status, command)), actions);
  });
}

Deno.test("readKeys() knows letters of either case, arrows of both kinds, and several at once", () => {
  assert.deepEqual(readKeys(" sSn\x1b[C\x1bOD.>\r"), [
    "toggle",
    "stop",
    "stop",
    "next",
    "next",
    "previous",
    "forward",
    "far-forward",
    "toggle",
  ]);
  assert.deepEqual(readKeys("\x03"), ["quit"]);
});

Deno.test("readKeys() makes nothing of other keys, and nothing of the letters in their sequences", () => {
  assert.deepEqual(readKeys("\x1b[15~\x1b[1;5Q\x1bxyZ\x1b[200~ä"), []);
});

Deno.test("KeyReader puts a sequence together that came in pieces, and waits for no other key", () => {
  const typed = "\x1b[B\x1bOCb\x1b[1;5Qq";
  for (let cut = 1; cut < typed.length; cut++) {
    const reader = new KeyReader();
    const keys = [...reader.read(typed.slice(0, cut)), ...reader.read(typed.slice(cut))];
    assert.deepEqual(keys, ["back", "next", "previous", "quit"], `cut at ${cut}`);
  }
  const reader = new KeyReader();
  assert.deepEqual([...reader.read("\x1b"), ...reader.read("q")], ["quit"]);
});

Deno.test("fitText() counts columns, not characters", () => {
  assert.equal(textWidth("日本e\u0301"), 5);
  assert.equal(fitText("日本語", 6), "日本語");
  assert.equal(fitText("日本語", 5), "日本…");
  assert.equal(fitText("日本語", 4), "日… ");
  assert.equal(fitText("ab", 4), "ab  ");
});

Deno.test("printable() takes the commands out of a tag that would take over the terminal", () => {
  assert.equal(printable("a\x1b]0;title\x07b\u202ec\r\n"), "a]0;titlebc");
});

const VIEW: PlayerView = {
  drive: "ACME DRIVE 1.0",
  sink: "silent",
  status: "playing",
  failure: "",
  tape: "reading",
  rateNow: 12.34,
  rateMean: 10,
  bufferedSeconds: 1,
  targetSeconds: 2,
  cacheBytes: 1e6,
  maxCacheBytes: 5e8,
  index: 40,
  seconds: 61,
  tracks: Array.from({ length: 50 }, (_, index) => ({
    name: `Artist - Title ${index + 1} \x1b[2J${"長い".repeat(60)}`,
    artist: "Artist",
    album: "Album",
    title: `Title ${index + 1}`,
    format: "FLAC, 44.1 kHz, 16 bit, 2 ch",
    seconds: 3725,
    presence: "cached",
    isVerified: index % 2 === 0,
    problem: "",
  })),
  isComplete: true,
};

for (const [columns, rows] of [[80, 24], [200, 50], [40, 15], [10, 3], [1, 1]]) {
  Deno.test(`the screen fills ${columns} by ${rows} characters exactly, and holds no control character`, () => {
    for (const status of STATUSES) {
      const lines = renderScreen({ ...VIEW, status }, { columns, rows });
      assert.equal(lines.length, rows);
      for (const line of lines) {
        assert.equal(textWidth(line), columns);
        assert.equal(printable(line), line);
      }
      if (rows >= 24) assert.ok(lines.some((line) => line.startsWith("> 41")), "the present track");
    }
  });
}

/** A terminal in memory. */
class FakeTerminal implements Terminal {
  columns = 80;
  rows = 24;
  isRaw = false;
  written = "";
  type: (text: string) => void = () => {};
  resize: () => void = () => {};

  write(text: string): void {
    this.written += text;
  }

  setRaw(isRaw: boolean): void {
    this.isRaw = isRaw;
  }

  onInput(listener: (text: string) => void): () => void {
    this.type = listener;
    return () => this.type = () => {};
  }

  onResize(listener: () => void): () => void {
    this.resize = listener;
    return () => this.resize = () => {};
  }

  /** The screen after everything that was written. */
  screen(): string[] {
    const lines: string[] = [];
    // deno-lint-ignore no-control-regex -- cursor addresses
    for (const [, row, text] of this.written.matchAll(/\x1b\[(\d+);1H([^\x1b]*)/g)) {
      lines[Number(row) - 1] = text;
    }
    return lines;
  }
}

// deno-lint-ignore no-control-regex -- what the terminal must be given
const LEAVES = /\x1b\[\?7h\x1b\[0m\x1b\[\?25h\x1b\[\?1049l$/;

const LEVELS = [1, 2, 3, 4, 5];
const FILES = LEVELS.map((level) =>
  makeFlac({
    sampleRate: level % 2 === 0 ? 8000 : 11025,
    channels: 1,
    bitDepth: 16,
    frames: 12_000 + 1000 * level,
    level,
    artist: "Artist",
    title: `Title ${level}`,
  }).bytes
);

const TYPED = " sfnpbrt.,<>" + "\r";
const ARROWS = ["\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"];

for (const seed of [1, 2]) {
  Deno.test(`1000 random keys leave no hang, no wrong track and no broken terminal (seed ${seed})`, () => {
    const drive = new FakeDrive(tapeOf([...FILES, new TextEncoder().encode("no FLAC")], [3000]));
    const random = generator(seed);
    return withPlayer(drive, async (fixture) => {
      const { player, feeder, sink, clock, pass } = fixture;
      drive.beforeRead = () => {
        if (random(100) === 0) throw new Error("Cannot read: so it was drawn");
        const ms = random(3) === 0 ? random(400) : 0;
        return ms === 0
          ? Promise.resolve()
          : new Promise((resolve) => void clock.schedule(resolve, ms));
      };
      fixture.onSound = (samples) => {
        const sounding = samples.filter((sample) => sample !== 0);
        if (sounding.length === 0) return;
        assert.equal(Math.floor(sounding.at(-1)! / 1000) - 1, player.state.index, "track heard");
      };
      const terminal = new FakeTerminal();
      const seen = new Set<string>();
      let hasQuit = false;
      const onKey = (key: KeyMeaning) => {
        if (key === "quit") hasQuit = true;
        else player.command(key);
      };
      const look = () => snapshot({ player, feeder, sink, drive: "ACME" });
      const view = new TerminalView({ terminal, clock, look, onKey });
      view.open();
      player.play(0);
      for (let count = 0; count < 1000; count++) {
        const drawn = random(TYPED.length + ARROWS.length);
        terminal.type(TYPED[drawn] ?? ARROWS[drawn - TYPED.length]);
        seen.add(player.state.status);
        for (let steps = random(6); steps > 0; steps--) {
          await turn();
          clock.advance(50);
          seen.add(player.state.status);
        }
        if (random(50) === 0) {
          [terminal.columns, terminal.rows] = random(2) === 0 ? [80, 24] : [200, 50];
          terminal.written = "";
          terminal.resize();
        }
      }
      assert.deepEqual([...seen].sort(), [...STATUSES].sort(), "every state was met");
      drive.beforeRead = () => Promise.resolve();
      player.command("rewind");
      player.play(0);
      await pass(() => player.state.status === "playing");
      view.refresh();
      assert.match(terminal.screen().join("\n"), /Playing[^]*\n> {2}1 {2}Artist - Title 1 /);
      terminal.type("q");
      assert.equal(hasQuit, true);
      view.close();
      assert.match(terminal.written, LEAVES);
      assert.equal(terminal.isRaw, false);
    });
  });
}

Deno.test("the view gives the terminal back once, and draws nothing afterwards", () =>
  withPlayer(new FakeDrive([]), async ({ player, feeder, sink, clock }) => {
    const terminal = new FakeTerminal();
    const look = () => snapshot({ player, feeder, sink, drive: "ACME" });
    const view = new TerminalView({ terminal, clock, look, onKey: () => {} });
    view.open();
    view.close();
    const { length } = terminal.written;
    view.close();
    view.refresh();
    clock.advance(1000);
    await turn();
    assert.equal(terminal.written.length, length);
  }));

Deno.test("a terminal that is gone does not keep the view from closing", () =>
  withPlayer(new FakeDrive([]), ({ player, feeder, sink, clock }) => {
    const terminal = new FakeTerminal();
    const look = () => snapshot({ player, feeder, sink, drive: "ACME" });
    const view = new TerminalView({ terminal, clock, look, onKey: () => {} });
    view.open();
    terminal.write = () => {
      throw new Error("EIO");
    };
    view.close();
    assert.equal(terminal.isRaw, false);
    return Promise.resolve();
  }));
