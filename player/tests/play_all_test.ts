import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTape } from "@uiscsi/tape";
import { nodePlayerHost } from "../command/node_player_host.ts";
import { runPlayer } from "../command/run_player.ts";
import { makeFlac } from "./flac_file.ts";

/** Plays a tape with one track of this title into a file: what is told, and the names of files. */
async function playTitled(title: string) {
  const folder = mkdtempSync(join(tmpdir(), "tape-player-"));
  try {
    const address = `sim:${join(folder, "image.tap")}`;
    const drive = await openTape(address);
    const facts = { sampleRate: 8000, channels: 1, bitDepth: 16, frames: 8000 };
    await drive.write(makeFlac({ ...facts, title }).bytes);
    await drive.writeFilemarks(1);
    await drive.close();
    const notes: string[] = [];
    const host = { ...nodePlayerHost, note: (line: string) => void notes.push(line) };
    const out = join(folder, "out");
    const status = await runPlayer(["-f", address, "--sink", `wav:${out}`], host);
    return { status, notes, files: readdirSync(out) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("a title that holds a terminal's commands, or several lines, gives none and takes one", async () => {
  const { status, notes } = await playTitled("\x1b]0;taken\x07over\r\n 2 Other: verified");
  assert.deepEqual(notes, [" 1 ]0;takenover 2 Other: verified: verified"]);
  assert.equal(status, 0);
});

Deno.test("a title that is too long for a file's name is cut in bytes, and within no character", async () => {
  const { status, files } = await playTitled(`a${"\u{1f3b5}".repeat(99)}`);
  assert.deepEqual(files, [`01 a${"\u{1f3b5}".repeat(31)}.wav`]);
  assert.equal(status, 0);
});
