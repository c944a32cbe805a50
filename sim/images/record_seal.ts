/**
 * How the seal of a record lies in a .tap file: as a record of a user's class (Bryan's extension of 2020) before it,
 * which readers that do not know it pass over. So the seal is there whenever its record is, whatever cuts the file.
 *
 * @module
 */

import { recordSpan, SEAL_CLASS, WORD_BYTES, writeWord } from "./simh_tap.ts";

/** What a seal begins with, to tell it from other programs' records of the same class. */
const MAGIC = new Uint8Array([0x75, 0x69, 0x53, 0x65, 0x61, 0x6c]);

/** Bytes that a seal takes in the file; 0 without one. */
export function sealSpan(seal: Uint8Array | undefined): number {
  return seal === undefined ? 0 : recordSpan(MAGIC.length + seal.length);
}

/** Writes a seal, {@linkcode sealSpan} bytes, whatever was there before. */
export function encodeSeal(into: Uint8Array, at: number, seal: Uint8Array): void {
  const length = MAGIC.length + seal.length;
  const word = (SEAL_CLASS << 28 | length) >>> 0;
  const span = recordSpan(length);
  writeWord(into, at, word);
  into.set(MAGIC, at + WORD_BYTES);
  into.set(seal, at + WORD_BYTES + MAGIC.length);
  if ((length & 1) !== 0) into[at + WORD_BYTES + length] = 0;
  writeWord(into, at + span - WORD_BYTES, word);
}

/** The seal in the contents of a record of the class; `undefined` when it is somebody else's. A copy. */
export function decodeSeal(contents: Uint8Array): Uint8Array | undefined {
  if (MAGIC.some((byte, at) => contents[at] !== byte)) return undefined;
  return new Uint8Array(contents.subarray(MAGIC.length));
}

/** The longest contents of a record that may be a seal with so many bytes. */
export function sealContents(sealBytes: number): number {
  return MAGIC.length + sealBytes;
}
