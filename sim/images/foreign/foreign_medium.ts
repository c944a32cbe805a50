/**
 * A tape on an image in another program's format: to be read, and to be made a .tap image of.
 *
 * @module
 */

import { IndexedPartition } from "../../tape/indexed_partition.ts";
import {
  type Medium,
  type MediumState,
  MediumStoreError,
  type Partition,
} from "../../tape/medium.ts";
import { ImageFormatError } from "../errors.ts";
import { ImageFile } from "../image_file.ts";
import { canKeepPosition, keepPosition, keptPosition } from "../kept_position.ts";
import type { TapWarning } from "../tap_walk.ts";
import { awsTapeReader } from "./aws_tape.ts";
import { copyTapeReader } from "./copy_tape.ts";
import {
  type ForeignContents,
  type ForeignFormat,
  type ImageReader,
  UnsupportedImageError,
} from "./image_reader.ts";
import { tpcReader } from "./tpc_tape.ts";
import { unpaddedTapReader } from "./unpadded_tap.ts";

const READERS: Readonly<Record<ForeignFormat, ImageReader>> = {
  aws: awsTapeReader,
  het: awsTapeReader,
  cptp: copyTapeReader,
  e11: unpaddedTapReader,
  tpc: tpcReader,
};

/** Formats that their contents tell apart, and the names that promise them. */
const TELLTALE: readonly (readonly [RegExp, ImageReader])[] = [
  [/\.(aws|het)$/i, awsTapeReader],
  [/\.cptp$/i, copyTapeReader],
  [/\.(e11|tap)$/i, unpaddedTapReader],
];

/**
 * A cartridge in an AWSTAPE, HET, CPTP, E11 or TPC image, which is never written: it is write protected. A sidecar
 * `NAME.json` keeps where the tape stands. {@linkcode convertImage} makes a .tap image of it. HET records packed with bzip2 are refused.
 */
export class ForeignMedium implements Medium {
  /** Path of the image. */
  readonly path: string;
  /** The format that the file turned out to have. */
  readonly imageFormat: ForeignFormat;
  readonly partitions: readonly Partition[];
  readonly state: MediumState;
  /** Whether the next use of the image finds the tape where this one leaves it. */
  readonly keepsPosition: boolean;
  /** The image was cut within an object, which is dropped: what lies before it is all there. */
  readonly warning: TapWarning | undefined;
  readonly #file: ImageFile;
  #open = true;

  private constructor(
    file: ImageFile,
    { reader, contents }: Recognized,
    { readOnly }: { readonly readOnly: boolean },
  ) {
    this.path = file.path;
    const place = keptPosition(file.path);
    this.state = { writeProtected: true, partition: 0, object: 0, ...place };
    this.keepsPosition = !readOnly && place !== undefined && canKeepPosition(file.path);
    this.imageFormat = contents.format;
    this.warning = contents.warning;
    this.partitions = [new ForeignPartition(file, reader, contents)];
    this.#file = file;
  }

  /**
   * Opens an image; what is in it tells its format, but for TPC, which goes by the ending `.tpc`. A format that is given
   * decides. With `readOnly` nothing is written beside it either.
   *
   * @throws {ImageFormatError} when the file is of none of the formats, or damaged.
   * @throws {MediumStoreError} when the file system fails.
   */
  static open(
    path: string,
    options: { readonly format?: ForeignFormat; readonly readOnly?: boolean } = {},
  ): ForeignMedium {
    const { format, readOnly = false } = options;
    const file = ImageFile.open(path, { create: false, readOnly: true });
    try {
      const recognized = format === undefined
        ? recognize(file)
        : { reader: READERS[format], contents: READERS[format].walk(file) };
      return new ForeignMedium(file, recognized, { readOnly });
    } catch (error) {
      file.close();
      throw error;
    }
  }

  flush(): void {
    if (this.#open && this.keepsPosition) keepPosition(this.path, this.state, this.imageFormat);
  }

  /**
   * Refused: the image is only read.
   *
   * @throws {MediumStoreError} always
   */
  format(): void {
    throw readOnly(this.path);
  }

  close(): void {
    if (!this.#open) return;
    try {
      this.flush();
    } finally {
      this.#open = false;
      this.#file.close();
    }
  }
}

/** The readers to try, that which the name promises first. */
function readersFor(path: string): readonly ImageReader[] {
  if (/\.tpc$/i.test(path)) return [tpcReader];
  const promised = TELLTALE.filter(([name]) => name.test(path));
  const others = TELLTALE.filter(([name]) => !name.test(path));
  return [...promised, ...others].map(([, reader]) => reader);
}

interface Recognized {
  readonly reader: ImageReader;
  readonly contents: ForeignContents;
}

/** The reader that finds a tape in the file; where none does, what the one that came furthest says. */
function recognize(file: ImageFile): Recognized {
  const readers = readersFor(file.path);
  let likely: Recognized | undefined;
  let best: ImageFormatError | undefined;
  for (const reader of readers) {
    try {
      const contents = reader.walk(file);
      const { index: { objectCount, filemarkCount }, warning, isCertain = false } = contents;
      if (isCertain || objectCount > filemarkCount || warning === undefined) {
        return { reader, contents };
      }
      // What is cut within its first record may be another format, and within its first object anything.
      if (objectCount > 0) likely ??= { reader, contents };
    } catch (error) {
      if (!(error instanceof ImageFormatError) || error instanceof UnsupportedImageError) {
        throw error;
      }
      if (best === undefined || (error.offset ?? 0) > (best.offset ?? 0)) best = error;
    }
  }
  if (likely !== undefined) return likely;
  throw best ?? new ImageFormatError(
    `Cannot use ${file.path} as a tape image: it is of no format that is known`,
    { path: file.path },
  );
}

/** Objects of a foreign image. Whole records are read, compressed ones unpacked, however little is asked for. */
class ForeignPartition extends IndexedPartition {
  readonly #file: ImageFile;
  readonly #reader: ImageReader;
  readonly #offsets: ForeignContents["offsets"];

  constructor(file: ImageFile, reader: ImageReader, { index, offsets }: ForeignContents) {
    super(index);
    this.#file = file;
    this.#reader = reader;
    this.#offsets = offsets;
  }

  read(object: number, maxBytes: number): Uint8Array {
    try {
      const length = this.index.recordLength(object);
      const data = this.#reader.read(this.#file, this.#offsets.at(object), length);
      return data.length <= maxBytes ? data : data.subarray(0, maxBytes);
    } catch (cause) {
      if (cause instanceof ImageFormatError) throw new MediumStoreError(cause.message, { cause });
      throw cause;
    }
  }

  appendRecord(): void {
    throw readOnly(this.#file.path);
  }

  appendFilemarks(): void {
    throw readOnly(this.#file.path);
  }

  truncate(): void {
    throw readOnly(this.#file.path);
  }
}

function readOnly(path: string): MediumStoreError {
  return new MediumStoreError(
    `Cannot write to ${path}: images of other programs are only read; convert it to a .tap image first`,
  );
}
