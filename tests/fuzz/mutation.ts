/** Inputs from valid ones: a few blind changes each, now and then nothing but noise. */

import type { Random } from "../scsi/random.ts";
import type { FuzzTarget } from "./fuzz_target.ts";

/** Where counting goes wrong. */
const EDGES = [0, 1, 2, 3, 4, 5, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000];
const WIDE_EDGES = [0x7fffff, 0xffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, ...EDGES];
const NO_BYTES = new Uint8Array(0);

/** The next input for a target. It is the caller's. */
export function nextInput(target: FuzzTarget, random: Random): Uint8Array {
  const { seeds, maxBytes } = target;
  const kind = random.below(32);
  if (kind === 0) return random.bytes(random.below(Math.min(maxBytes, 256) + 1));
  let input: Uint8Array = seeds[random.below(seeds.length)].slice();
  if (kind === 1) input = spliced(input, seeds[random.below(seeds.length)], random);
  for (let changes = 1 + random.below(1 + random.below(12)); changes > 0; changes--) {
    input = target.change && random.below(2) === 0
      ? target.change(input, random)
      : CHANGES[random.below(CHANGES.length)](input, random, target);
  }
  return input.length > maxBytes ? input.subarray(0, maxBytes) : input;
}

type Change = (input: Uint8Array, random: Random, target: FuzzTarget) => Uint8Array;

const flipBit: Change = (input, random) => {
  if (input.length > 0) input[random.below(input.length)] ^= 1 << random.below(8);
  return input;
};

const setByte: Change = (input, random) => {
  if (input.length > 0) {
    const isEdge = random.below(2) === 0;
    input[random.below(input.length)] = isEdge ? EDGES[random.below(9)] : random.below(256);
  }
  return input;
};

/** A number of 2 to 4 bytes, in either order of bytes. */
const setNumber: Change = (input, random) => {
  const width = 2 + random.below(3);
  if (input.length < width) return input;
  const at = random.below(input.length - width + 1);
  const value = WIDE_EDGES[random.below(WIDE_EDGES.length)];
  const isLittle = random.below(4) === 0;
  for (let index = 0; index < width; index++) {
    input[at + (isLittle ? index : width - 1 - index)] = value / 2 ** (8 * index);
  }
  return input;
};

const step: Change = (input, random) => {
  if (input.length > 0) input[random.below(input.length)] += random.below(17) - 8;
  return input;
};

const cut: Change = (input, random) => input.subarray(0, random.below(input.length + 1));

const remove: Change = (input, random) => {
  const at = random.below(input.length + 1);
  const length = random.below(Math.min(input.length - at, 64) + 1);
  return replaced(input, at, length, NO_BYTES);
};

const repeat: Change = (input, random) => {
  const at = random.below(input.length + 1);
  const piece = input.slice(at, at + 1 + random.below(96));
  const to = random.below(3) === 0 ? random.below(input.length + 1) : at;
  return replaced(input, to, 0, piece);
};

const insert: Change = (input, random) => {
  const piece = random.bytes(1 + random.below(8));
  return replaced(input, random.below(input.length + 1), 0, piece);
};

const insertToken: Change = (input, random, { tokens = [] }) => {
  if (tokens.length === 0) return flipBit(input, random, NO_TARGET);
  const token = tokens[random.below(tokens.length)];
  const over = random.below(2) === 0 ? 0 : token.length;
  return replaced(input, random.below(input.length + 1), over, token);
};

const CHANGES: readonly Change[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  setNumber,
  setNumber,
  step,
  cut,
  remove,
  repeat,
  insert,
  insertToken,
  insertToken,
];

const NO_TARGET: FuzzTarget = { name: "none", seeds: [], maxBytes: 0, run: () => {} };

function replaced(
  input: Uint8Array,
  at: number,
  length: number,
  piece: Uint8Array,
): Uint8Array {
  const tail = input.subarray(Math.min(at + length, input.length));
  const result = new Uint8Array(at + piece.length + tail.length);
  result.set(input.subarray(0, at));
  result.set(piece, at);
  result.set(tail, at + piece.length);
  return result;
}

function spliced(one: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const head = one.subarray(0, random.below(one.length + 1));
  return replaced(head, head.length, 0, other.subarray(random.below(other.length + 1)));
}
