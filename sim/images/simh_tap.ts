/**
 * The SIMH .tap format: records between two little-endian 32-bit words that give their class and length (Supnik,
 * "SIMH Magtape Representation and Handling"; the class nibble after Bryan's extension of 2020).
 *
 * @module
 */

/** Bytes of a header, trailer or marker. */
export const WORD_BYTES = 4;

/** The longest record that we write: the 24-bit length of the classic format, which every reader knows. */
export const MAX_RECORD_BYTES = 0xffffff;

const TAPE_MARK = 0x00000000;
const END_OF_MEDIUM = 0xffffffff;
const ERASE_GAP = 0xfffffffe;
/** What is left of an erase gap that was overwritten in its middle: two bytes of it. */
const HALF_GAP = 0xfffeffff;

const CLASS_GOOD = 0x0;
const CLASS_BAD = 0x8;
const FIRST_USER_CLASS = 0x9;
/** The user class of the seals of encrypted records. */
export const SEAL_CLASS = 0xd;
const LAST_USER_CLASS = 0xd;
const CLASS_PRIVATE_MARKER = 0xe;

const LENGTH_MASK = 0x0fffffff;
const CLASS_SHIFT = 28;

/** What a word at the place of a header is. */
export type TapWord =
  /** A record of the tape, or, with `private`, of somebody's own: that is skipped, and no object of the tape. */
  | { readonly kind: "record" | "damaged" | "private"; readonly length: number }
  /** What may be the seal of the record behind it. */
  | { readonly kind: "seal"; readonly length: number }
  | { readonly kind: "filemark" }
  | { readonly kind: "end-of-medium" }
  | { readonly kind: "reserved" }
  /** Nothing for so many bytes. */
  | { readonly kind: "skip"; readonly bytes: number };

/** What a word at the place of a header is. */
export function classifyWord(word: number): TapWord {
  switch (word) {
    case TAPE_MARK:
      return { kind: "filemark" };
    case END_OF_MEDIUM:
      return { kind: "end-of-medium" };
    case ERASE_GAP:
      return { kind: "skip", bytes: WORD_BYTES };
    case HALF_GAP:
      return { kind: "skip", bytes: WORD_BYTES / 2 };
  }
  const recordClass = word >>> CLASS_SHIFT;
  const length = word & LENGTH_MASK;
  if (recordClass === CLASS_GOOD) return { kind: "record", length };
  if (recordClass === CLASS_BAD) return { kind: "damaged", length };
  if (recordClass === SEAL_CLASS) return { kind: "seal", length };
  if (recordClass >= FIRST_USER_CLASS && recordClass <= LAST_USER_CLASS) {
    return { kind: "private", length };
  }
  if (recordClass === CLASS_PRIVATE_MARKER) return { kind: "skip", bytes: WORD_BYTES };
  return { kind: "reserved" };
}

/** Bytes of the data of a record in the file: padded to an even length. */
export function paddedLength(length: number): number {
  return length + (length & 1);
}

/** Bytes that a record takes in the file. */
export function recordSpan(length: number): number {
  return paddedLength(length) + 2 * WORD_BYTES;
}

/** Reads a little-endian word. */
export function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** Writes a little-endian word. */
export function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}

/** Writes a whole record, `recordSpan(data.length)` bytes, whatever was there before. */
export function encodeRecord(
  into: Uint8Array,
  at: number,
  data: Uint8Array,
  kind: "record" | "damaged" = "record",
): void {
  const end = at + WORD_BYTES + data.length;
  const word = kind === "record" ? data.length : (CLASS_BAD << CLASS_SHIFT | data.length) >>> 0;
  writeWord(into, at, word);
  into.set(data, at + WORD_BYTES);
  if ((data.length & 1) !== 0) into[end] = 0;
  writeWord(into, at + WORD_BYTES + paddedLength(data.length), word);
}

/** Writes a tape mark, 4 bytes. */
export function encodeFilemark(into: Uint8Array, at: number): void {
  writeWord(into, at, TAPE_MARK);
}
