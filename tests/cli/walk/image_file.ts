/** A .tap image, read by the words of its format (SIMH magnetic tape representation). */

import type { ModelObject } from "../../tape/tape_model.ts";
import { DAMAGED } from "./walk_tape.ts";

const WORD = 4;
const UNREADABLE = 0x80000000;

/** What an image that may end anywhere holds whole. */
export interface ImageFile {
  readonly objects: ModelObject[];
  /** Bytes behind the last of them. */
  readonly excessBytes: number;
}

export function imageFile(bytes: Uint8Array): ImageFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const objects: ModelObject[] = [];
  let at = 0;
  for (let next = 0; at + WORD <= bytes.length; at = next) {
    const word = view.getUint32(at, true);
    const length = word === UNREADABLE ? 0 : word;
    next = at + WORD + (word === 0 ? 0 : length + length % 2 + WORD);
    if (next > bytes.length) break;
    if (word !== 0 && view.getUint32(next - WORD, true) !== word) break;
    if (word === 0) objects.push("filemark");
    else objects.push(word === UNREADABLE ? DAMAGED : bytes.slice(at + WORD, at + WORD + length));
  }
  return { objects, excessBytes: bytes.length - at };
}
