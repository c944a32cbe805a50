/**
 * CRC32C of long data, at several times the speed of a table and without the processor's own instruction.
 *
 * A CRC is the message, as a polynomial over GF(2), modulo P. P divides T(x) = x^209 + x^144 + x^54 + x^39 + x^14 + 1, and
 * so it divides T(x^n) for each n that is a power of two, as that is T(x)^n. With n = 128 it says: 16 bytes may be taken out of
 * the message if they are XORed into what lies 65, 155, 170, 195 and 209 times 16 bytes behind them. So all but the last 209
 * vectors fold into those, with nothing but loads and XORs; with n = 32, and 4 bytes for 16, these fold into 836 bytes; and
 * what is left has the CRC of it all. Sam Russell's "Chorba" (2024) does so for another polynomial.
 *
 * @module
 */

import { crc32c } from "../../scsi/crc32c.ts";
import { foldingModule, type FoldLoop, VECTOR_BYTES } from "./folding_module.ts";

/** How far behind each part of T the next ones are; checked against the polynomial by a test. */
export const FOLD_DISTANCES: readonly number[] = [65, 155, 170, 195, 209];

/**
 * Bytes that the distances count: whole vectors as long as there is much, and then as few as keep the loads far enough behind the stores that they need
 * not wait for them.
 */
const UNITS = [16, 4] as const;
/** Bytes that remain of a message, and up to 15 more. */
const [COARSE_REACH, FINE_REACH] = UNITS.map((unit) => 209 * unit);

/** As much as is looked at together: it stays in the processor's second cache. */
const CAPACITY = 256 * 1024;
/** Where the parts of the memory begin. Before both sources there are as many zeros as the distances reach back. */
const DATA = COARSE_REACH;
const FINE = DATA + CAPACITY + FINE_REACH + VECTOR_BYTES;
const REST = FINE + COARSE_REACH + 2 * VECTOR_BYTES;
const PAGES = Math.ceil((REST + FINE_REACH + 2 * VECTOR_BYTES) / 65536);

/** Below, the way into WebAssembly and back costs more than it saves. */
const MIN_BYTES = 1536;
const MIN_COARSE_BYTES = 2 * COARSE_REACH;

/** `before` of a message whose bytes alone count: the CRC's register begins at 0. */
const ZERO_REGISTER = 0xffff_ffff;

/**
 * Computes CRC32C in a memory of its own, which takes 320 KiB from the first long data on; where the runtime has no WebAssembly with vectors, by table.
 */
export class FoldingCrc32c {
  #module: FoldingModule | undefined;
  #isTried = false;

  /** The same as `crc32c()`. Long bytes are copied on the way; nothing of them is kept. */
  crc32c(bytes: Uint8Array, before: number = 0): number {
    if (bytes.length < MIN_BYTES) return crc32c(bytes, before);
    if (!this.#isTried) {
      this.#isTried = true;
      this.#module = compile();
    }
    const module = this.#module;
    if (module === undefined) return crc32c(bytes, before);
    let crc = before;
    for (let at = 0; at < bytes.length; at += CAPACITY) {
      const isAll = at === 0 && bytes.length <= CAPACITY;
      const piece = isAll ? bytes : bytes.subarray(at, at + CAPACITY);
      crc = piece.length < MIN_BYTES ? crc32c(piece, crc) : crcOfPiece(module, piece, crc);
    }
    return crc;
  }
}

/** The module as it runs. */
interface FoldingModule {
  readonly memory: Uint8Array;
  readonly coarse: FoldLoop;
  readonly fine: FoldLoop;
}

function compile(): FoldingModule | undefined {
  const patterns = UNITS.map((unit) => FOLD_DISTANCES.map((distance) => distance * unit));
  const code = foldingModule(patterns, PAGES);
  if (globalThis.WebAssembly === undefined || !WebAssembly.validate(code)) return undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code));
  const [coarse, fine] = UNITS.map((_, index) => exports[index] as unknown as FoldLoop);
  const { buffer } = exports.memory as WebAssembly.Memory;
  return { memory: new Uint8Array(buffer), coarse, fine };
}

function crcOfPiece(module: FoldingModule, bytes: Uint8Array, before: number): number {
  const { memory, coarse, fine } = module;
  memory.set(bytes, DATA);
  begin(memory, before);
  let at = DATA;
  let length = bytes.length;
  if (length >= MIN_COARSE_BYTES) {
    length = fold(memory, coarse, COARSE_REACH, at, length, FINE);
    at = FINE;
  }
  length = fold(memory, fine, FINE_REACH, at, length, REST);
  return crc32c(memory.subarray(REST, REST + length), ZERO_REGISTER);
}

/** The register that a CRC begins with is the same as its bits in the message. */
function begin(memory: Uint8Array, before: number): void {
  const register = ~before;
  memory[DATA] ^= register;
  memory[DATA + 1] ^= register >>> 8;
  memory[DATA + 2] ^= register >>> 16;
  memory[DATA + 3] ^= register >>> 24;
}

/** Folds what is at `at` into its last `reach` bytes and up to 15, which go to `target`, and returns how many these are. */
function fold(
  memory: Uint8Array,
  loop: FoldLoop,
  reach: number,
  at: number,
  length: number,
  target: number,
): number {
  const end = at + ((length - reach) & ~(VECTOR_BYTES - 1));
  loop(at, end, at);
  const left = at + length - end;
  memory.copyWithin(target, end, end + left);
  // What is taken along may not fold into itself.
  memory.fill(0, end, end + left + VECTOR_BYTES);
  loop(end, end + reach, target);
  return left;
}
