/**
 * A tape on a SIMH .tap file.
 *
 * @module
 */

import type { Medium, MediumState, Partition } from "../tape/medium.ts";
import { ImageFile } from "./image_file.ts";
import { ImageLock } from "./image_lock.ts";
import { Sidecar } from "./sidecar.ts";
import { TapPartition } from "./tap_partition.ts";
import type { TapWarning } from "./tap_walk.ts";

/** Options of {@linkcode TapMedium.open}. */
export interface TapMediumOptions {
  /** Creates the image, blank, when there is none. @default true */
  readonly create?: boolean;
  /**
   * Never writes to the image, takes no lock, and is write protected. An image that may not be written is opened so
   * in any case.
   *
   * @default false
   */
  readonly readOnly?: boolean;
}

/**
 * A cartridge of one partition in a .tap file, with a sidecar `NAME.tap.json` that keeps where the tape stands and
 * its settings. While it is open for writing, a file `NAME.tap.lock` keeps others away.
 */
export class TapMedium implements Medium {
  /** Path of the image. */
  readonly path: string;
  readonly partitions: readonly Partition[];
  readonly state: MediumState;
  /** The image was cut within an object, which is dropped: what lies before it is all there. */
  readonly warning: TapWarning | undefined;
  readonly #file: ImageFile;
  readonly #partition: TapPartition;
  readonly #sidecar: Sidecar;
  readonly #lock: ImageLock | undefined;
  #open = true;

  private constructor(file: ImageFile, lock: ImageLock | undefined) {
    this.path = file.path;
    this.#file = file;
    this.#lock = lock;
    this.#partition = new TapPartition(file);
    this.#sidecar = new Sidecar(file.path);
    this.partitions = [this.#partition];
    this.warning = this.#partition.warning;
    this.state = this.#sidecar.read();
    if (!file.writable) this.state.writeProtected = true;
  }

  /**
   * Opens an image. A file whose first object is cut, and that has no sidecar, may be anything: it opens as an empty
   * tape that is write protected.
   *
   * @throws {ImageInUseError} when another process, or another drive, uses it.
   * @throws {ImageFormatError} when the file is not a .tap image; it is left as it is.
   * @throws {MediumError} when the file system fails.
   */
  static open(path: string, options: TapMediumOptions = {}): TapMedium {
    const { create = true, readOnly = false } = options;
    const file = ImageFile.open(path, { create, readOnly });
    let lock: ImageLock | undefined;
    try {
      if (file.writable) lock = ImageLock.acquire(path);
      const medium = new TapMedium(file, lock);
      // The sidecar of a new image tells, should the process be killed in its first record, that the image is ours.
      if (file.size() === 0) medium.flush();
      if (!file.writable || !medium.#mayBeForeign) return medium;
      medium.#abandon();
    } catch (error) {
      lock?.release();
      file.close();
      throw error;
    }
    return TapMedium.open(path, { create: false, readOnly: true });
  }

  /** Nothing whole is in the file, and no sidecar says that it is ours: it may be anything. */
  get #mayBeForeign(): boolean {
    return this.warning !== undefined && this.#partition.objectCount === 0 &&
      !this.#sidecar.isThere;
  }

  #abandon(): void {
    this.#open = false;
    this.#file.close();
    this.#lock?.release();
  }

  flush(): void {
    if (!this.#open || !this.#file.writable) return;
    this.#partition.sync();
    this.#sidecar.write(this.state);
  }

  close(): void {
    if (!this.#open) return;
    try {
      this.flush();
    } finally {
      this.#abandon();
    }
  }
}
