/**
 * The WebAssembly module of {@link FoldingCrc32c}, written from here when it is loaded, so that what runs can be read: a memory, and one loop over vectors
 * of 16 bytes for each pattern of distances.
 *
 * @module
 */

/** Bytes of a vector, and of a step of the loops. */
export const VECTOR_BYTES = 16;

/** One of the module's loops. All are offsets of its memory, in bytes. */
export type FoldLoop = (source: number, end: number, target: number) => void;

const I32 = 0x7f;
const EMPTY_BLOCK = 0x40;
const [SOURCE, END, TARGET] = [0, 1, 2];

const getLocal = (index: number): number[] => [0x20, index];
const setLocal = (index: number): number[] => [0x21, index];
const addTo = (local: number, bytes: number): number[] => [
  ...getLocal(local),
  ...[0x41, bytes], // i32.const
  0x6a, // i32.add
  ...setLocal(local),
];
const load = (local: number, offset: number): number[] => [
  ...getLocal(local),
  ...[0xfd, 0x00, 0, ...unsigned(offset)], // v128.load
];
const store = (offset: number): number[] => [0xfd, 0x0b, 0, ...unsigned(offset)]; // v128.store
const XOR = [0xfd, 0x51]; // v128.xor
const LOOP = [0x03, EMPTY_BLOCK];
const AGAIN_IF_LESS = [0x49, 0x0d, 0]; // i32.lt_u, br_if 0
const FINISH = 0x0b;

/**
 * Writes the module. A loop takes `source`, `end` and `target` and does
 *
 *     do {
 *       memory[target] ^= memory[source - distances[0]] ^ memory[source - distances[1]] ^ …
 *       source += 16, target += 16
 *     } while (source < end)
 *
 * @param patterns Distances in bytes, each at least 16, the longest last.
 * @param pages Pages of 64 KiB of memory, which the module exports as `memory`; the loops as `0`, `1`, ….
 */
export function foldingModule(
  patterns: readonly (readonly number[])[],
  pages: number,
): Uint8Array<ArrayBuffer> {
  const each = <T>(write: (index: number) => T): T[] => patterns.map((_, index) => write(index));
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, 3, I32, I32, I32, 0]]),
    ...section(3, each(() => [0])),
    ...section(5, [[0, ...unsigned(pages)]]),
    ...section(7, [
      [...name("memory"), 0x02, 0],
      ...each((index) => [...name(`${index}`), 0x00, index]),
    ]),
    ...section(10, patterns.map(loop)),
  ]);
}

/** Offsets in instructions are unsigned, so the source is taken back by the longest distance before the loop. */
function loop(distances: readonly number[]): number[] {
  const longest = distances[distances.length - 1];
  const code = [
    0, // No locals beside the parameters.
    ...[...getLocal(SOURCE), 0x41, ...signed(longest), 0x6b, ...setLocal(SOURCE)], // i32.sub
    ...[...getLocal(END), 0x41, ...signed(longest), 0x6b, ...setLocal(END)],
    ...LOOP,
    ...getLocal(TARGET),
    ...load(TARGET, 0),
    ...distances.flatMap((distance) => [...load(SOURCE, longest - distance), ...XOR]),
    ...store(0),
    ...addTo(TARGET, VECTOR_BYTES),
    ...addTo(SOURCE, VECTOR_BYTES),
    ...getLocal(SOURCE),
    ...getLocal(END),
    ...AGAIN_IF_LESS,
    FINISH, // of the loop
    FINISH, // of the function
  ];
  return [...unsigned(code.length), ...code];
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const body = [...unsigned(entries.length), ...entries.flat()];
  return [id, ...unsigned(body.length), ...body];
}

function name(text: string): number[] {
  return [text.length, ...new TextEncoder().encode(text)];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [0x80 | (value & 0x7f), ...unsigned(value >>> 7)];
}

/** LEB128 of a positive number, which must not look negative. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [0x80 | (value & 0x7f), ...signed(value >>> 7)];
}
