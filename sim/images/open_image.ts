/**
 * Opening an image of any format that is known, and making a .tap image of it.
 *
 * @module
 */

import { type Medium, MediumStoreError } from "../tape/medium.ts";
import { ImageFormatError } from "./errors.ts";
import { ForeignMedium } from "./foreign/foreign_medium.ts";
import { type ForeignFormat, UnsupportedImageError } from "./foreign/image_reader.ts";
import { linkedPath } from "./image_file.ts";
import { checkImageOptions } from "./image_option_rules.ts";
import { refuseToReplace } from "./partition_files.ts";
import { isDoubtful, TapMedium, type TapMediumOptions } from "./tap_medium.ts";
import type { TapWarning } from "./tap_walk.ts";

/** Names that promise another format: nothing is ever written to such a file, whatever is in it. */
const FOREIGN_NAME = /\.(aws|het|cptp|tpc)$/i;

/** A format of tape images. */
export type ImageFormat = "tap" | ForeignFormat;

/** Options of {@linkcode openImage}. */
export interface OpenImageOptions extends TapMediumOptions {
  /** Takes the file for this format, whatever it looks like. @default what is in it, and its name, tell */
  readonly format?: ImageFormat;
}

/** What {@linkcode convertImage} made. */
export interface ConvertedImage {
  /** The format of what was read. */
  readonly format: ImageFormat;
  /** Records that were copied, damaged ones among them. */
  readonly records: number;
  /** Filemarks that were copied. */
  readonly filemarks: number;
  /** Numbers of the records that the image has as damaged; they are so in the new one, too. */
  readonly damaged: readonly number[];
  /** The image was cut within an object, which is dropped. */
  readonly warning: TapWarning | undefined;
}

/**
 * Opens an image: a .tap image to be written, too; one of another program (see {@linkcode ForeignMedium}) to be read.
 * What is in the file decides, unless `format` does; one whose name ends in `.aws`, `.het`, `.cptp` or `.tpc` is never written.
 *
 * @throws {InvalidOptionError} when the path or an option cannot be right.
 * @throws {ImageInUseError} when another process, or another drive, uses it.
 * @throws {ImageFormatError} when the file is of no format that is known, or damaged; it is left as it is.
 * @throws {MediumStoreError} when the file system fails.
 */
export function openImage(path: string, options: OpenImageOptions = {}): TapMedium | ForeignMedium {
  checkImageOptions(path, options);
  const { format } = options;
  if (format === "tap") return TapMedium.open(path, options);
  const { readOnly } = options;
  if (format !== undefined || FOREIGN_NAME.test(path)) {
    return ForeignMedium.open(path, { format, readOnly });
  }
  let tap: TapMedium | undefined;
  let refusal: unknown;
  try {
    tap = TapMedium.open(path, options);
    if (!isDoubtful(tap)) return tap;
  } catch (error) {
    if (!(error instanceof ImageFormatError) || error.path !== linkedPath(path)) throw error;
    refusal = error;
  }
  try {
    const foreign = ForeignMedium.open(path, { readOnly });
    if (tap === undefined || !isDoubtful(foreign)) {
      tap?.close();
      return foreign;
    }
    foreign.close();
    return tap;
  } catch (error) {
    if (!(error instanceof ImageFormatError) || error instanceof UnsupportedImageError) {
      tap?.close();
      throw error;
    }
    if (tap !== undefined) return tap;
    throw likeliest(path, refusal as ImageFormatError, error);
  }
}

/** Of two formats the file is rather that in which more of it makes sense. */
function likeliest(
  path: string,
  tap: ImageFormatError,
  foreign: ImageFormatError,
): ImageFormatError {
  const [inTap, inForeign] = [tap.offset ?? 0, foreign.offset ?? 0];
  if (inTap === 0 && inForeign === 0) {
    return new ImageFormatError(
      `Cannot use ${path} as a tape image: it begins like none that is known ` +
        "(SIMH .tap, E11, AWSTAPE, HET, copytape; TPC goes by its name)",
      { path, offset: 0 },
    );
  }
  return inForeign > inTap ? foreign : tap;
}

/**
 * Makes a new .tap image of the contents of another, of any format that is known. When it fails, there is no new image.
 *
 * @throws {ImageInUseError} when another process, or another drive, uses the image.
 * @throws {ImageFormatError} when the image is of no format that is known, or damaged.
 * @throws {MediumStoreError} when there is a tape at `to` already, be it only its sidecar or one of its partitions, or
 * the file system fails.
 */
export function convertImage(from: string, to: string): ConvertedImage {
  const source = openImage(from, { create: false, readOnly: true });
  try {
    refuseToReplace(to, `convert ${from}`);
    const format = source instanceof ForeignMedium ? source.imageFormat : "tap";
    const copied = TapMedium.make(to, (target) => copy(from, source, target));
    return { format, warning: source.warning, ...copied };
  } finally {
    source.close();
  }
}

function copy(path: string, source: Medium, target: TapMedium) {
  const { partitions: [from, ...others] } = source;
  const [to] = target.partitions;
  if (others.length > 0) {
    throw new MediumStoreError(
      `Cannot convert ${path}: it has several partitions; copy its files instead`,
    );
  }
  const damaged: number[] = [];
  for (let object = 0; object < from.objectCount; object++) {
    const kind = from.kind(object);
    if (kind === "filemark") {
      to.appendFilemarks(1);
      continue;
    }
    const data = from.read(object, from.recordLength(object));
    if (kind === "record") to.appendRecord(data, from.seal(object));
    else {
      damaged.push(object);
      target.appendDamaged(data);
    }
  }
  const records = to.objectCount - to.filemarkCount;
  return { records, filemarks: to.filemarkCount, damaged };
}
