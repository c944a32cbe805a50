/** Throws inputs at a target until it breaks or the budget is used up. */

import process from "node:process";
import { Random } from "../scsi/random.ts";
import type { FuzzTarget } from "./fuzz_target.ts";
import { bytesInUse, usedMemory } from "../soak/used_memory.ts";
import { nextInput } from "./mutation.ts";

/** How long and with what to go on. */
export interface FuzzOptions {
  readonly seed: number;
  /** Inputs to try. @default Infinity */
  readonly inputs?: number;
  /** Seconds to spend. @default Infinity */
  readonly seconds?: number;
  /** Milliseconds that one input may take. A busy machine makes any input slow once: it has three attempts. @default 500 */
  readonly maxMs?: number;
  /** Bytes that all inputs together may leave in memory. @default 268435456 */
  readonly maxGrowthBytes?: number;
}

/** What a run came to. */
export interface FuzzReport {
  readonly inputs: number;
  readonly seconds: number;
}

/** An input that a target does not stand. */
export class FuzzFailure extends Error {
  override name = "FuzzFailure";
  readonly input: Uint8Array;

  constructor(target: FuzzTarget, options: FuzzOptions, input: Uint8Array, cause: unknown) {
    super(
      `${target.name} breaks: ${cause instanceof Error ? cause.message : cause}\n` +
        `seed ${options.seed}, ${input.length} bytes: ${toBase64(input)}`,
      { cause },
    );
    this.input = input;
  }
}

/** How often the clock of the budget and the memory are looked at. */
const STRIDE = 16;
const MEMORY_STRIDE = 256 * STRIDE;

/**
 * Runs a target on mutated inputs.
 *
 * @throws {FuzzFailure} with a shortened input as soon as one breaks it.
 */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const { inputs = Infinity, seconds = Infinity } = options;
  const random = new Random(options.seed);
  const begin = performance.now();
  const memory = new MemoryWatch(options.maxGrowthBytes ?? 256 * 1024 * 1024);
  let done = 0;
  while (done < inputs) {
    if (done % STRIDE === 0 && performance.now() - begin >= seconds * 1000) break;
    const input = nextInput(target, random);
    try {
      const running = tryOnce(target, input, options);
      if (running) await running;
      if (done % MEMORY_STRIDE === 0) memory.check();
    } catch (error) {
      const short = await shortened(target, input, error, options);
      throw new FuzzFailure(target, options, short, error);
    }
    done++;
  }
  return { inputs: done, seconds: (performance.now() - begin) / 1000 };
}

/** Runs one input; throws what the target throws, and when it takes too long. */
export function tryOnce(
  target: FuzzTarget,
  input: Uint8Array,
  options: { readonly maxMs?: number } = {},
): void | Promise<void> {
  const { maxMs = 500 } = options;
  // A target that writes to its input must not change what is reported.
  const begin = performance.now();
  const running = target.run(input);
  if (running) return running.then(() => checkTime(target, input, begin, maxMs));
  if (performance.now() - begin > maxMs) return checkTime(target, input, begin, maxMs);
}

async function checkTime(
  target: FuzzTarget,
  input: Uint8Array,
  begin: number,
  maxMs: number,
): Promise<void> {
  let took = performance.now() - begin;
  for (let again = 0; again < 2 && took > maxMs; again++) {
    // Its own time: what others do on the machine meanwhile says nothing about the input.
    const start = process.cpuUsage();
    await target.run(input);
    const { user, system } = process.cpuUsage(start);
    took = (user + system) / 1000;
  }
  if (took > maxMs) throw new Error(`It takes ${Math.round(took)} ms`);
}

/** Looks whether memory grows with the number of inputs. */
class MemoryWatch {
  readonly #maxGrowthBytes: number;
  #base: number | undefined;

  constructor(maxGrowthBytes: number) {
    this.#maxGrowthBytes = maxGrowthBytes;
  }

  check(): void {
    this.#base ??= bytesInUse();
    if (bytesInUse() - this.#base <= this.#maxGrowthBytes) return;
    // Garbage is no growth.
    const growth = usedMemory() - this.#base;
    if (growth > this.#maxGrowthBytes) throw new Error(`Memory has grown by ${growth} bytes`);
  }
}

/** Leaves out what is not needed for the same failure, within a bounded number of attempts. */
async function shortened(
  target: FuzzTarget,
  input: Uint8Array,
  failure: unknown,
  options: FuzzOptions,
): Promise<Uint8Array> {
  let best = input;
  let attempts = 400;
  for (let piece = Math.ceil(input.length / 2); piece >= 1; piece = Math.floor(piece / 2)) {
    for (let at = 0; at < best.length && attempts > 0;) {
      attempts--;
      const candidate = new Uint8Array([...best.subarray(0, at), ...best.subarray(at + piece)]);
      if (await failsAlike(target, candidate, failure, options)) best = candidate;
      else at += piece;
    }
  }
  return best;
}

async function failsAlike(
  target: FuzzTarget,
  input: Uint8Array,
  failure: unknown,
  options: FuzzOptions,
): Promise<boolean> {
  try {
    await tryOnce(target, input, options);
    return false;
  } catch (error) {
    return kindOf(error) === kindOf(failure);
  }
}

function kindOf(error: unknown): string {
  return error instanceof Error ? `${error.name} ${error.message.replace(/\d+/g, "#")}` : "";
}

/** Bytes as they stand in the corpus. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Bytes from the corpus. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
