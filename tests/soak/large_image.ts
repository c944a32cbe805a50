/** Opening a tape image that is larger than any memory. */

import { closeSync, existsSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { FEWEST_OBJECTS, indexPath } from "../../sim/images/tap_index.ts";
import { TapMedium } from "../../sim/images/tap_medium.ts";
import { usedMemory } from "./used_memory.ts";

const WORD_BYTES = 4;
/** Records from one filemark to the next. */
const FILE_RECORDS = 1000;

/** What opening it took. */
export interface LargeImageReport {
  /** Objects that were found. */
  readonly objects: number;
  /** Seconds that it took to open the image by a walk over its headers. */
  readonly walkSeconds: number;
  /** Seconds that it took with the index beside it; `undefined` for an image that is too small to get one. */
  readonly indexSeconds: number | undefined;
  /** Bytes in use while it is open, of either way the more. */
  readonly openBytes: number;
  /** Bytes more in use once it is closed than before. */
  readonly leftBytes: number;
}

/**
 * Makes an image of so many records of zeros, which are holes in the file, a filemark after each thousandth, opens it
 * both ways, and reads some of it. The image stays: file systems take their time to remove so many holes.
 */
export function soakLargeImage(
  path: string,
  records: number,
  recordBytes: number,
): LargeImageReport {
  const objects = makeSparseImage(path, records, recordBytes);
  const base = usedMemory();
  const walk = open(path, objects, recordBytes, base);
  const isWorthIndex = objects >= FEWEST_OBJECTS;
  if (isWorthIndex && !existsSync(indexPath(path))) throw new Error("The image left no index");
  const again = open(path, objects, recordBytes, base);
  const leftBytes = usedMemory() - base;
  return {
    objects,
    walkSeconds: walk.seconds,
    indexSeconds: isWorthIndex ? again.seconds : undefined,
    openBytes: Math.max(walk.bytes, again.bytes),
    leftBytes,
  };
}

function open(path: string, objects: number, recordBytes: number, base: number) {
  const begin = performance.now();
  const medium = TapMedium.open(path, { create: false });
  const seconds = (performance.now() - begin) / 1000;
  try {
    const bytes = usedMemory() - base;
    const [tape] = medium.partitions;
    if (tape.objectCount !== objects) throw new Error(`Found ${tape.objectCount} of ${objects}`);
    for (let probe = 0; probe < 100; probe++) {
      const object = Math.floor(objects * probe / 100);
      if (tape.kind(object) === "filemark") continue;
      const data = tape.read(object, recordBytes);
      if (data.length !== recordBytes || data.some((byte) => byte !== 0)) {
        throw new Error(`Record ${object} is not what was written`);
      }
    }
    return { seconds, bytes };
  } finally {
    medium.close();
  }
}

/** The bytes between the words are never written, so that the file takes little of the disk. */
function makeSparseImage(path: string, records: number, recordBytes: number): number {
  const file = openSync(path, "w");
  try {
    let at = 0;
    let objects = 0;
    // The trailer of a record, the filemark behind it, the header of the next: they lie side by side.
    let words = [recordBytes];
    const put = () => {
      writeSync(
        file,
        new Uint8Array(Uint32Array.from(words).buffer),
        0,
        words.length * WORD_BYTES,
        at,
      );
      at += words.length * WORD_BYTES;
    };
    for (let record = 1; record <= records; record++) {
      put();
      at += recordBytes + recordBytes % 2;
      words = [recordBytes];
      objects++;
      if (record % FILE_RECORDS === 0) {
        words.push(0);
        objects++;
      }
      if (record < records) words.push(recordBytes);
    }
    put();
    ftruncateSync(file, at);
    return objects;
  } finally {
    closeSync(file);
  }
}
