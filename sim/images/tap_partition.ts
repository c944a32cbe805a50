/**
 * A partition on a .tap file.
 *
 * @module
 */

import { IndexedPartition } from "../tape/indexed_partition.ts";
import { MediumStoreError } from "../tape/medium.ts";
import type { NumberColumn } from "../tape/number_column.ts";
import type { ImageFile } from "./image_file.ts";
import { encodeSeal, sealSpan } from "./record_seal.ts";
import {
  encodeFilemark,
  encodeRecord,
  MAX_RECORD_BYTES,
  recordSpan,
  WORD_BYTES,
} from "./simh_tap.ts";
import { readIndex, removeIndex, writeIndex } from "./tap_index.ts";
import { type TapWarning, walkTap } from "./tap_walk.ts";

/** Short records are gathered to this many bytes before they are written: one system call for many. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * The objects of a .tap file. What is written goes to the end of the file, so that at any moment the file is a .tap
 * image of a beginning of the tape, cut at most within its last record.
 */
export class TapPartition extends IndexedPartition {
  /** What the file ended with when it was opened, if it was cut within an object. */
  readonly warning: TapWarning | undefined;
  readonly #file: ImageFile;
  readonly #offsets: NumberColumn;
  // The chunk holds the bytes of the image from #chunkStart on, which are not in the file yet.
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #chunkStart: number;
  #chunkLength = 0;
  #fileSize: number;
  #synced = true;
  readonly #wasIndexed: boolean;
  // An index that was beside the file is gone then.
  #isChanged = false;

  /**
   * Finds what is in the file.
   *
   * @throws {ImageFormatError} when it is not a .tap file.
   * @throws {MediumStoreError} when it cannot be read.
   */
  constructor(file: ImageFile) {
    const known = readIndex(file);
    const { index, offsets, end, warning } = known ?? walkTap(file);
    super(index);
    this.#wasIndexed = known !== undefined;
    this.#file = file;
    this.#offsets = offsets;
    this.#chunkStart = end;
    this.#fileSize = file.size();
    this.warning = warning;
  }

  read(object: number, maxBytes: number): Uint8Array {
    const at = this.#dataOffset(object);
    const length = Math.min(this.index.recordLength(object), maxBytes);
    if (at >= this.#chunkStart) {
      const start = at - this.#chunkStart;
      return this.#chunk.slice(start, start + length);
    }
    const data = new Uint8Array(length);
    if (this.#file.read(data, at) < length) {
      throw new MediumStoreError(`Cannot read ${this.#file.path}: it has become shorter`);
    }
    return data;
  }

  appendRecord(data: Uint8Array, seal?: Uint8Array): void {
    this.#append(data, "record", seal);
  }

  /**
   * Writes a record that takes its number and cannot be read, with what is left of its bytes.
   *
   * @throws {MediumStoreError} when the store below fails; the partition is then as before.
   */
  appendDamaged(data: Uint8Array): void {
    this.#append(data, "damaged");
  }

  #append(data: Uint8Array, kind: "record" | "damaged", seal?: Uint8Array): void {
    if (data.length > MAX_RECORD_BYTES) {
      throw new MediumStoreError(
        `Cannot write a record of ${data.length} bytes to ${this.#file.path}: ` +
          `a .tap image holds at most ${MAX_RECORD_BYTES}`,
      );
    }
    const span = recordSpan(data.length);
    this.#reserve(span + sealSpan(seal));
    const at = this.#end;
    try {
      this.#put(data, span, kind, seal);
    } catch (error) {
      // Nothing else is in the chunk then: it was emptied to make room.
      this.#chunkStart = at;
      this.#chunkLength = 0;
      throw error;
    }
    this.#offsets.push(at);
    this.index.addRecord(data.length, kind, seal);
    this.#synced = false;
  }

  /** The seal goes before the record, so that a record is never in the file without what it takes to read it. */
  #put(
    data: Uint8Array,
    span: number,
    kind: "record" | "damaged",
    seal: Uint8Array | undefined,
  ): void {
    if (seal !== undefined) {
      encodeSeal(this.#chunk, this.#chunkLength, seal);
      this.#chunkLength += sealSpan(seal);
    }
    if (this.#chunkLength + span > CHUNK_BYTES) {
      this.#writeChunk();
      this.#writeLong(data, span, kind);
    } else {
      encodeRecord(this.#chunk, this.#chunkLength, data, kind);
      this.#chunkLength += span;
    }
  }

  appendFilemarks(count: number): void {
    for (let made = 0; made < count; made++) {
      this.#reserve(WORD_BYTES);
      this.#offsets.push(this.#end);
      encodeFilemark(this.#chunk, this.#chunkLength);
      this.#chunkLength += WORD_BYTES;
      this.index.addFilemark();
      this.#synced = false;
    }
  }

  truncate(objectCount: number): void {
    if (objectCount >= this.objectCount) return;
    const end = this.#offsets.at(objectCount);
    if (end < this.#chunkStart) {
      this.#shorten(end);
      this.#chunkStart = end;
      this.#chunkLength = 0;
    } else {
      this.#chunkLength = end - this.#chunkStart;
    }
    this.index.truncate(objectCount);
    this.#offsets.truncate(objectCount);
    this.#synced = false;
  }

  /**
   * Everything written so far is in the file, for good.
   *
   * @throws {MediumStoreError} when the file system fails; what was not written is kept for another attempt.
   */
  sync(): void {
    if (this.#synced) return;
    this.#writeChunk();
    this.#refuseIfCut(this.#chunkStart);
    this.#file.sync();
    this.#synced = true;
  }

  /**
   * Keeps the index of a file that is worth one, after the last {@linkcode sync}: nothing may be written any more. The
   * index saves a walk and nothing else, so that a file system without room for it is no failure; what was left of it
   * counts for nothing.
   */
  keepIndex(): void {
    const isKept = !this.#isChanged && (this.#wasIndexed || this.warning !== undefined);
    if (!this.#synced || isKept) return;
    try {
      writeIndex(this.#file, { index: this.index, offsets: this.#offsets, end: this.#end });
    } catch (error) {
      if (!(error instanceof MediumStoreError)) throw error;
    }
  }

  /** The index goes before the file changes, so that none ever tells of a file that was. */
  #change(): void {
    if (this.#isChanged) return;
    removeIndex(this.#file.path);
    this.#isChanged = true;
  }

  /** Where the bytes of a record begin: behind its seal and its header. */
  #dataOffset(object: number): number {
    return this.#offsets.at(object) + sealSpan(this.index.seal(object)) + WORD_BYTES;
  }

  /** Where end of data is in the image. */
  get #end(): number {
    return this.#chunkStart + this.#chunkLength;
  }

  /** Makes room in the chunk, or empties it when nothing makes room enough. */
  #reserve(bytes: number): void {
    if (this.#chunkLength + bytes > CHUNK_BYTES) this.#writeChunk();
  }

  #writeChunk(): void {
    if (this.#fileSize > this.#chunkStart) this.#shorten(this.#chunkStart);
    if (this.#chunkLength === 0) return;
    this.#write(this.#chunk.subarray(0, this.#chunkLength), this.#chunkStart);
    this.#chunkStart += this.#chunkLength;
    this.#chunkLength = 0;
  }

  /** A record that is longer than the chunk, which is empty. */
  #writeLong(data: Uint8Array, span: number, kind: "record" | "damaged"): void {
    const bytes = new Uint8Array(span);
    encodeRecord(bytes, 0, data, kind);
    this.#write(bytes, this.#chunkStart);
    this.#chunkStart += span;
  }

  /** After a failed attempt the file may be longer than what counts; the next attempt cuts that off again. */
  #write(bytes: Uint8Array, at: number): void {
    this.#refuseIfCut(at);
    this.#change();
    this.#fileSize = at + bytes.length;
    this.#file.write(bytes, at);
  }

  /** Cuts off what is no longer, or never was, on the tape: an end-of-medium marker, half a record. */
  #shorten(size: number): void {
    this.#refuseIfCut(size);
    this.#change();
    this.#file.truncate(size);
    this.#fileSize = size;
  }

  /** What another program has cut off would come back as zeros, which are filemarks, if the file grew again. */
  #refuseIfCut(size: number): void {
    if (this.#file.size() >= size) return;
    throw new MediumStoreError(`Cannot write ${this.#file.path}: it has become shorter`);
  }
}
