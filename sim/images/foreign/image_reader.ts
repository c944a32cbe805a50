/**
 * What the readers of foreign image formats share: how they go through a file, and what they find in it.
 *
 * @module
 */

import { NumberColumn } from "../../tape/number_column.ts";
import { ObjectIndex } from "../../tape/object_index.ts";
import { ImageFormatError } from "../errors.ts";
import { FileWindow } from "../file_window.ts";
import type { ImageFile } from "../image_file.ts";
import { MAX_RECORD_BYTES } from "../simh_tap.ts";
import type { TapContents } from "../tap_walk.ts";

/** Formats of other programs, that are read and never written. */
export type ForeignFormat = "aws" | "het" | "cptp" | "e11" | "tpc";

/** The format is beyond doubt, and the file cannot be read all the same. */
export class UnsupportedImageError extends ImageFormatError {}

/** A format: how to find the objects of a file, and to read one of them. */
export interface ImageReader {
  /**
   * Finds all objects. The end of the file is the end of the medium, and so is an object that it cuts.
   *
   * @throws {ImageFormatError} when the file is not of the format, or damaged.
   * @throws {MediumStoreError} when it cannot be read.
   */
  walk(file: ImageFile): ForeignContents;
  /**
   * The whole record that begins there; the array is the caller's.
   *
   * @throws {ImageFormatError} when it is not there any more.
   * @throws {MediumStoreError} when it cannot be read.
   */
  read(file: ImageFile, offset: number, length: number): Uint8Array;
}

/** What a foreign image holds. */
export interface ForeignContents extends TapContents {
  /** Its format, which may depend on what is in it. */
  readonly format: ForeignFormat;
  /** The format is beyond doubt, though nothing of the tape may be whole. @default false */
  readonly isCertain?: boolean;
}

/** Goes through a file and gathers what it finds. */
export class ImageWalk {
  readonly file: ImageFile;
  /** Size of the file in bytes. */
  readonly size: number;
  readonly #name: string;
  readonly #index = new ObjectIndex();
  readonly #offsets = new NumberColumn();
  readonly #window: FileWindow;

  /** @param name what people call the format */
  constructor(file: ImageFile, name: string) {
    this.file = file;
    this.size = file.size();
    this.#name = name;
    this.#window = new FileWindow(file);
  }

  /** A few bytes, fewer at the end of the file; valid until the next call. */
  peek(at: number, count: number): Uint8Array {
    const from = this.#window.seek(at, count);
    const { bytes, length } = this.#window;
    return bytes.subarray(from, Math.min(from + count, length));
  }

  /** Found a record that begins at `at`. One of no bytes, which no tape has, is damaged. */
  record(at: number, length: number, kind: "record" | "damaged" = "record"): void {
    if (length > MAX_RECORD_BYTES) throw this.error(at, `a record of ${length} bytes`);
    this.#offsets.push(at);
    this.#index.addRecord(length, length === 0 ? "damaged" : kind);
  }

  /** Found a filemark that lies at `at`. */
  filemark(at: number): void {
    this.#offsets.push(at);
    this.#index.addFilemark();
  }

  /** All that was found, when the tape ends at `end`. */
  done(format: ForeignFormat, end: number, problem?: string): ForeignContents {
    const warning = problem === undefined ? undefined : { offset: end, problem };
    return { format, index: this.#index, offsets: this.#offsets, end, warning };
  }

  /** What is at `offset` cannot be in such an image. */
  error(offset: number, found: string): ImageFormatError {
    return new ImageFormatError(this.#message(offset, found), { path: this.file.path, offset });
  }

  /** What is at `offset` cannot be read; it is such an image, if there are no two ways about that. */
  unsupported(offset: number, found: string, isCertain: boolean): ImageFormatError {
    if (!isCertain) return this.error(offset, found);
    const { path } = this.file;
    return new UnsupportedImageError(this.#message(offset, found), { path, offset });
  }

  #message(offset: number, found: string): string {
    return `Cannot use ${this.file.path} as ${this.#name}: found ${found} at offset ${offset}`;
  }
}

/** Bytes that the walk has seen, once more. */
export function readAgain(file: ImageFile, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (file.read(bytes, offset) < length) {
    throw new ImageFormatError(`Cannot read ${file.path}: it has become shorter`, {
      path: file.path,
      offset,
    });
  }
  return bytes;
}
