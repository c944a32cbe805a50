/**
 * Plays what comes on its standard input, 16 bits a sample: the process behind {@link DeviceProcess}. Its arguments are samples a second, channels, and
 * the bytes of a portion; for each portion that the device took it writes a byte to its standard output. At the end of its input it lets the device finish.
 * Why it cannot go on it says on a line of its standard error that begins with `failed: `, for the runtime writes there, too.
 *
 * @module
 */

import { readSync, writeSync } from "node:fs";
import process from "node:process";

/** Of one request of the device; the sound system adds a buffer of its own. */
const REQUEST_MS = 100;

const STDIN = 0;
const STDOUT = 1;

const [sampleRate, channelCount, portionBytes] = process.argv.slice(2).map(Number);
let taken = 0;
let hasEnded = false;

const opening = import("@echogarden/audio-io").then(({ createAudioOutput }) =>
  createAudioOutput({ sampleRate, channelCount, bufferDuration: REQUEST_MS }, fill)
);
opening.catch(fail);

/** The library asks, and waits for the device, on the only thread here. So may this: it waits for its input. */
function fill(into: Int16Array): void {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  const count = readInput(bytes);
  bytes.fill(0, count);
  const before = Math.floor(taken / portionBytes);
  taken += count;
  const portions = Math.floor(taken / portionBytes) - before;
  if (portions > 0) tell(portions);
  if (count === bytes.length || hasEnded) return;
  hasEnded = true;
  setTimeout(finish);
}

function tell(portions: number): void {
  try {
    writeSync(STDOUT, new Uint8Array(portions));
  } catch {
    process.exit(1); // Nobody listens: the player was killed.
  }
}

/** Fills `bytes`, or as much as there is before the end. */
function readInput(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length && !hasEnded) {
    const count = readSync(STDIN, bytes, at, bytes.length - at, null);
    if (count === 0) break;
    at += count;
  }
  return at;
}

/** The device lets go when it has played what it has; the process, which then has nothing left to do, ends. */
function finish(): void {
  opening.then((output) => output.dispose()).catch(fail);
}

function fail(error: unknown): void {
  process.stderr.write(`failed: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
