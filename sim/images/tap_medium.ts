/**
 * A tape on SIMH .tap files.
 *
 * @module
 */

import type { Medium, MediumState, Partition } from "../tape/medium.ts";
import { type ImageFile, linkedPath } from "./image_file.ts";
import { checkImageOptions } from "./image_option_rules.ts";
import { ImageLock } from "./image_lock.ts";
import { canKeepPosition, keepPosition } from "./kept_position.ts";
import {
  createPartitionFiles,
  discardTape,
  openPartitionFiles,
  refuseToReplace,
  removeOthers,
  storedPartitionCount,
} from "./partition_files.ts";
import { Sidecar } from "./sidecar.ts";
import { TapPartition } from "./tap_partition.ts";
import type { TapWarning } from "./tap_walk.ts";

/** Options of {@linkcode TapMedium.open}. */
export interface TapMediumOptions {
  /** Creates the image, blank, when there is none. @default true */
  readonly create?: boolean;
  /**
   * Writes neither the image nor its sidecar, takes no lock, and is write protected. Of an image that may not be written
   * nothing but where the tape stands is kept, in the sidecar, in any case.
   *
   * @default false
   */
  readonly readOnly?: boolean;
}

/**
 * A cartridge in a .tap file, with a sidecar `NAME.tap.json` that keeps where the tape stands and its settings. While
 * it is open for writing, a file `NAME.tap.lock` keeps others away. A tape that FORMAT MEDIUM gave several partitions
 * is in one file for each, `NAME.p0.tap`, `NAME.p1.tap` and so on, beside the same sidecar. Each file of many objects
 * leaves a `NAME.tap.index` when it is closed, and opens at once with it; without it, its headers are read through.
 */
export class TapMedium implements Medium {
  /** Path of the image, no symbolic link to it. */
  readonly path: string;
  readonly state: MediumState;
  /** The image was cut within an object, which is dropped: what lies before it is all there. */
  readonly warning: TapWarning | undefined;
  /** Whether the next use of the image finds the tape where this one leaves it. */
  readonly keepsPosition: boolean;
  #files: readonly ImageFile[];
  #partitions: readonly TapPartition[];
  readonly #sidecar: Sidecar;
  readonly #lock: ImageLock | undefined;
  #open = true;

  private constructor(
    path: string,
    files: readonly ImageFile[],
    lock: ImageLock | undefined,
    readOnly = false,
  ) {
    this.path = path;
    this.#files = files;
    this.#lock = lock;
    this.#partitions = files.map((file) => new TapPartition(file));
    this.#sidecar = new Sidecar(path);
    this.warning = this.#partitions.find(({ warning }) => warning !== undefined)?.warning;
    this.state = this.#sidecar.read().state;
    if (!this.#isWritable) this.state.writeProtected = true;
    // A sidecar would say of a file that may be anything that it is ours.
    this.keepsPosition = this.#isWritable ||
      (!readOnly && !this.#mayBeForeign && canKeepPosition(path));
  }

  /**
   * Opens an image. A file whose first record is cut, and that has no sidecar, may be anything: it opens as a tape
   * without records that is write protected.
   *
   * @param name its path, or that of a symbolic link to it
   * @throws {InvalidOptionError} when the path or an option cannot be right.
   * @throws {ImageInUseError} when another process, or another drive, uses it.
   * @throws {ImageFormatError} when the file is not a .tap image; it is left as it is.
   * @throws {MediumStoreError} when the file system fails.
   */
  static open(name: string, options: TapMediumOptions = {}): TapMedium {
    checkImageOptions(name, options);
    const path = linkedPath(name);
    const { create = true, readOnly = false } = options;
    const files = openPartitionFiles(path, storedPartitionCount(path), { create, readOnly });
    const isWritable = files.every(({ writable }) => writable);
    let lock: ImageLock | undefined;
    try {
      if (isWritable) lock = ImageLock.acquire(path);
      // Whoever held the lock until now may have formatted the tape.
      if (storedPartitionCount(path) === files.length) {
        const medium = new TapMedium(path, files, lock, readOnly);
        // The sidecar of a new image tells, should the process be killed in its first record, that the image is ours.
        if (medium.#isNew) medium.flush();
        if (!isWritable || !medium.#mayBeForeign) return medium;
      }
    } catch (error) {
      release(files, lock);
      throw error;
    }
    const isForeign = storedPartitionCount(path) === files.length;
    release(files, lock);
    return TapMedium.open(path, isForeign ? { create: false, readOnly: true } : options);
  }

  /**
   * Makes a new image of what `fill` puts on it, and closes it. When that fails, nothing of it stays: the lock is held
   * until all of it is there, or gone.
   *
   * @param name its path; where that is a symbolic link, the image is made where it leads
   * @param fill writes to the tape, which is blank; it is closed behind it
   * @returns what `fill` returns
   * @throws {ImageInUseError} when another process, or another drive, uses the image.
   * @throws {MediumStoreError} when there is a tape already, be it only its sidecar or one of its partitions, or the file
   * system fails; and whatever `fill` throws.
   */
  static make<Result>(name: string, fill: (medium: TapMedium) => Result): Result {
    const path = linkedPath(name);
    const lock = ImageLock.acquire(path);
    try {
      refuseToReplace(path, `make ${path}`);
      try {
        return fillAndClose(TapMedium.#blank(path), fill);
      } catch (error) {
        discardTape(path);
        throw error;
      }
    } finally {
      lock.release();
    }
  }

  /** A tape without a lock of its own, and its files. */
  static #blank(path: string): TapMedium {
    const files = createPartitionFiles(path, 1);
    try {
      return new TapMedium(path, files, undefined);
    } catch (error) {
      release(files, undefined);
      throw error;
    }
  }

  get partitions(): readonly Partition[] {
    return this.#partitions;
  }

  /**
   * Writes a record that takes its number and cannot be read behind all others: what a copy has in the place of one that
   * could not be read, so that those behind keep their numbers.
   *
   * @param data what is left of it, at most 16 MiB less one byte
   * @throws {MediumStoreError} when the file system fails; the partition is then as before.
   */
  appendDamaged(data: Uint8Array, partition = 0): void {
    this.#partitions[partition].appendDamaged(data);
  }

  get #isWritable(): boolean {
    return this.#files.every(({ writable }) => writable);
  }

  get #isNew(): boolean {
    return this.#files.length === 1 && this.#files[0].size() === 0;
  }

  /** No whole record is in the file, and no sidecar says that it is ours: it may be anything. */
  get #mayBeForeign(): boolean {
    return isDoubtful(this) && !this.#sidecar.isOfTap;
  }

  flush(): void {
    if (!this.#open || !this.keepsPosition) return;
    if (!this.#isWritable) return keepPosition(this.path, this.state);
    for (const partition of this.#partitions) partition.sync();
    this.#sidecar.write({ partitionCount: this.#partitions.length, state: this.state });
  }

  /**
   * The files of the new partitions are there before the sidecar tells of them, and the old ones until it has: a
   * process that is killed in between leaves the old tape, or the new one.
   */
  format(count: number): void {
    if (!this.#open || !this.#isWritable) return;
    if (count === this.#partitions.length) {
      for (const partition of this.#partitions) partition.truncate(0);
      return this.flush();
    }
    // Files that both the old and the new partitions have are emptied anyway.
    if (this.#partitions.length > 1) {
      for (const partition of this.#partitions) partition.truncate(0);
    }
    const files = createPartitionFiles(this.path, count);
    const old = this.#files;
    try {
      const partitions = files.map((file) => new TapPartition(file));
      this.#sidecar.write({ partitionCount: count, state: this.state });
      this.#partitions = partitions;
      this.#files = files;
    } catch (error) {
      for (const file of files) file.close();
      throw error;
    }
    for (const file of old) file.close();
    removeOthers(old, files);
  }

  close(): void {
    if (!this.#open) return;
    try {
      this.flush();
      if (this.#isWritable) { for (const partition of this.#partitions) partition.keepIndex(); }
    } finally {
      this.#open = false;
      release(this.#files, this.#lock);
    }
  }
}

/** Whether the end of the file cuts its first record, which is what a file of another format looks like. */
export function isDoubtful(
  { warning, partitions: [first, ...others] }: Pick<TapMedium, "warning" | "partitions">,
): boolean {
  return warning !== undefined && others.length === 0 && first.objectCount === first.filemarkCount;
}

/** The first failure tells: closing the tape tries once more to write what has failed to be written. */
function fillAndClose<Result>(medium: TapMedium, fill: (medium: TapMedium) => Result): Result {
  try {
    medium.flush();
    const result = fill(medium);
    medium.close();
    return result;
  } catch (error) {
    try {
      medium.close();
    } catch {
      // What could not be written is not written now either.
    }
    throw error;
  }
}

function release(files: readonly ImageFile[], lock: ImageLock | undefined): void {
  for (const file of files) file.close();
  lock?.release();
}
