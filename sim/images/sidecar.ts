/**
 * The file beside an image that keeps what the image format has no place for: where the tape stands, its settings,
 * how many partitions it has, and the memory of the cartridge.
 *
 * @module
 */

import { MAX_PARTITIONS, type MediumState } from "../tape/medium.ts";
import { ImageFormatError } from "./errors.ts";
import { readTextFile, replaceTextFile } from "./image_file.ts";
import { decodeState } from "./sidecar_state.ts";
import { sidecarPath } from "./tape_files.ts";

const FORMAT = "uiscsi tape image";
const VERSION = 1;

/** What a sidecar says. */
export interface SidecarContents {
  /** How many files hold the tape. */
  readonly partitionCount: number;
  /** The format of an image of another program; that image is never written. */
  readonly imageFormat?: string;
  /** The state of the medium. */
  readonly state: MediumState;
}

/** The sidecar of one image. */
export class Sidecar {
  readonly #path: string;
  #written: string | undefined;
  #isOfTap = false;

  constructor(imagePath: string) {
    this.#path = sidecarPath(imagePath);
  }

  /** Whether a sidecar was there when it was read, and that of a .tap image. */
  get isOfTap(): boolean {
    return this.#isOfTap;
  }

  /**
   * Reads it; gives what holds for a new medium when there is no sidecar.
   *
   * @throws {ImageFormatError} when the file is not a sidecar.
   * @throws {MediumStoreError} when it cannot be read.
   */
  read(): SidecarContents {
    this.#written = readTextFile(this.#path);
    if (this.#written === undefined) {
      return { partitionCount: 1, state: { writeProtected: false, partition: 0, object: 0 } };
    }
    try {
      const contents = decodeContents(JSON.parse(this.#written));
      this.#isOfTap = contents.imageFormat === undefined;
      return contents;
    } catch (cause) {
      const reason = (cause as Error).message;
      const message = `Cannot use ${this.#path} as the sidecar of a tape image: ${reason}`;
      throw new ImageFormatError(message, { path: this.#path, cause });
    }
  }

  /**
   * Writes it, if it has changed: whenever this is interrupted, the old contents or the new ones are there.
   *
   * @throws {MediumStoreError} when it cannot be written.
   */
  write({ partitionCount, imageFormat, state }: SidecarContents): void {
    const partitions = partitionCount > 1 ? { partitions: partitionCount } : {};
    const contents = { format: FORMAT, version: VERSION, imageFormat, ...partitions, ...state };
    const text = JSON.stringify(contents, null, 2) + "\n";
    if (text === this.#written) return;
    replaceTextFile(this.#path, text);
    this.#written = text;
  }
}

function decodeContents(value: unknown): SidecarContents {
  if (typeof value !== "object" || value === null) throw new TypeError("it is not an object");
  const { format, version, imageFormat, partitions = 1, ...fields } = value as Record<
    string,
    unknown
  >;
  if (format !== FORMAT) throw new TypeError(`its format is not "${FORMAT}"`);
  if (version !== VERSION) throw new TypeError(`its version is ${version}, not ${VERSION}`);
  if (!Number.isInteger(partitions) || (partitions as number) < 1) {
    throw new TypeError("its partitions is not a whole number from 1 on");
  }
  if ((partitions as number) > MAX_PARTITIONS) {
    throw new TypeError(`its partitions is more than ${MAX_PARTITIONS}`);
  }
  if (imageFormat !== undefined && typeof imageFormat !== "string") {
    throw new TypeError("its imageFormat is not a text");
  }
  return { partitionCount: partitions as number, imageFormat, state: decodeState(fields) };
}
