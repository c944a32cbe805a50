/**
 * What can be wrong with a tape image.
 *
 * @module
 */

/** The file is not an image of the format that was expected, or is damaged. */
export class ImageFormatError extends Error {
  /** Name of the class. */
  override readonly name: string = "ImageFormatError";
  /** The file. */
  readonly path: string;
  /** Where in the file, in bytes; `undefined` when it has no place. */
  readonly offset: number | undefined;

  /** Makes one. */
  constructor(message: string, options: { path: string; offset?: number; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.path = options.path;
    this.offset = options.offset;
  }
}

/** Another process, or another drive of this one, is using the image. */
export class ImageInUseError extends Error {
  /** Name of the class. */
  override readonly name: string = "ImageInUseError";
  /** The image. */
  readonly path: string;
  /** The file that says so. */
  readonly lockPath: string;

  /** Makes one. */
  constructor(message: string, options: { path: string; lockPath: string }) {
    super(message);
    this.path = options.path;
    this.lockPath = options.lockPath;
  }
}
