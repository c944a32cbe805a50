import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startIstgt } from "./harness/istgt.ts";
import { randomBytes } from "./harness/random_bytes.ts";
import { tape, TAPE_COMMAND } from "./harness/tape_command.ts";
import { TapeServer } from "./harness/tape_server.ts";
import { withTarget } from "./harness/target.ts";
import { withTempDir } from "./harness/temp_dir.ts";
import { startTgt } from "./harness/tgt.ts";
import { pause, waitUntil, within } from "./harness/waiting.ts";

/** What a person waits for the prompt to come back. */
const PATIENCE_MS = 2000;
/** What goes in before the signal; the source does not end. */
const TAPE_BYTES = 64 * 2 ** 20;

function start(device: string, args: readonly string[], stdin: "piped" | "null") {
  return new Deno.Command(Deno.execPath(), {
    args: [...TAPE_COMMAND, "-f", device, ...args],
    env: { NO_COLOR: "1" },
    stdin,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Sends `signal`; resolves to what the command said before it ended with status 2, in time. */
async function interrupt(child: Deno.ChildProcess, signal: Deno.Signal): Promise<string> {
  const began = performance.now();
  child.kill(signal);
  const { code, stderr } = await within(child.output(), 30_000, () => child.kill("SIGKILL"));
  const elapsedMs = performance.now() - began;
  const said = new TextDecoder().decode(stderr);
  assert.equal(code, 2, said);
  assert.ok(elapsedMs < PATIENCE_MS, `${elapsedMs} ms: ${said}`);
  assert.match(said, /^tape: Interrupted: /m);
  return said;
}

/** The records that a message tells of. */
function recordsIn(said: string): number {
  return Number(/Interrupted: (\d+) records?/.exec(said)?.[1]);
}

async function mustDo(device: string, ...args: string[]) {
  const output = await tape(["-f", device, ...args]);
  assert.equal(output.code, 0, output.stderr);
  return output;
}

/** Writes without end until so much has gone in, and interrupts. What is said to be on tape must be there. */
async function interruptWrite(device: string, signal: Deno.Signal): Promise<void> {
  const bytes = randomBytes(TAPE_BYTES, 1);
  const child = start(device, ["write", "-", "-b", "64k"], "piped");
  const writer = child.stdin.getWriter();
  for (let offset = 0; offset < bytes.length; offset += 2 ** 20) {
    await writer.write(bytes.subarray(offset, offset + 2 ** 20));
  }
  const said = await interrupt(child, signal);
  await writer.close().catch(() => {}); // It has ended, and reads no more.
  const records = recordsIn(said);
  assert.ok(records > 900, said);
  assert.match(said, /^The tape stands(: At block \d+| behind the last of that)/m);
  await mustDo(device, "rewind");
  const { stdoutBytes } = await mustDo(device, "read", "-");
  assert.equal(stdoutBytes.length, records * 65536);
  assert.ok(Buffer.from(stdoutBytes).equals(bytes.subarray(0, stdoutBytes.length)));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`tgt: ${signal} ends a write in time, and what is said to be on tape is there`, () =>
    withTarget(startTgt(), ({ url }) => interruptWrite(url, signal)));

  Deno.test(`istgt: ${signal} ends a write in time, and what is said to be on tape is there`, () =>
    withTarget(startIstgt(), ({ url }) => interruptWrite(url, signal)));

  Deno.test(`sim: ${signal} ends a write in time, and what is said to be on tape is there`, () =>
    withTempDir((dir) => interruptWrite(`sim:${join(dir, "tape.tap")}`, signal)));
}

/** A tape of so many small records that no command is soon through with it. */
const RECORDS = 500_000;
const RECORD_BYTES = 100;

/** Writes it as an image: each record between its length and its length (SIMH .tap). */
function writeLongTape(path: string): void {
  const image = new Uint8Array(RECORDS * (RECORD_BYTES + 8));
  const view = new DataView(image.buffer);
  for (let offset = 0; offset < image.length; offset += RECORD_BYTES + 8) {
    view.setUint32(offset, RECORD_BYTES, true);
    view.setUint32(offset + RECORD_BYTES + 4, RECORD_BYTES, true);
  }
  writeFileSync(path, image);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

for (const words of ["read OTHER", "copy sim:OTHER", "image save OTHER"]) {
  Deno.test(`sim: SIGINT ends ${words} in time, though the drive never lets it wait`, () =>
    withTempDir(async (dir) => {
      const [path, other] = [join(dir, "tape.tap"), join(dir, "other.tap")];
      writeLongTape(path);
      const args = words.replace("OTHER", other).split(" ");
      const child = start(`sim:${path}`, args, "null");
      assert.ok(await waitUntil(() => sizeOf(other) > 0, { everyMs: 5 }));
      const records = recordsIn(await interrupt(child, "SIGINT"));
      assert.ok(records > 0 && records < RECORDS, `${records} records`);
    }));
}

Deno.test("A second SIGINT ends a write in time whose target has stopped answering", () =>
  withTempDir(async (dir) => {
    const server = await TapeServer.start(["--media", join(dir, "tape.tap")]);
    try {
      const child = start(server.url, ["write", "-", "-b", "64k"], "piped");
      const writer = child.stdin.getWriter();
      for (let count = 0; count < 8; count++) await writer.write(randomBytes(2 ** 20, count));
      Deno.kill(server.pid, "SIGSTOP");
      const more = writer.write(randomBytes(8 * 2 ** 20, 9)).catch(() => {});
      await pause(300);
      child.kill("SIGINT");
      await pause(300);
      assert.match(await interrupt(child, "SIGINT"), /given up before it ended\n.*tape tell/);
      await more;
      await writer.close().catch(() => {});
    } finally {
      await server.kill();
    }
  }));
