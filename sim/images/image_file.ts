/**
 * The files of an image: the only place of the simulator, with the lock beside it, that touches the file system.
 * Synchronous: a page-cache read is shorter than the detour over a promise.
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { MediumStoreError } from "../tape/medium.ts";

/** How an image is opened. */
export interface OpenImageOptions {
  /** Whether a missing file is created, empty. */
  readonly create: boolean;
  /** Opens it for reading only. */
  readonly readOnly: boolean;
}

/** Codes of errors that say: not for writing. */
const NOT_WRITABLE = new Set(["EACCES", "EPERM", "EROFS"]);

const WRITE_BITS = 0o222;

/** A file without any write permission has its tab set, even for a superuser, who could write it. */
function isMarkedReadOnly(path: string): boolean {
  const facts = statSync(path, { throwIfNoEntry: false });
  return facts !== undefined && (facts.mode & WRITE_BITS) === 0;
}

/** A pipe or a device has no size, which would pass for a blank tape; opening a pipe waits. The system refuses directories. */
function refuseSpecialFile(path: string): void {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (facts === undefined || facts.isFile() || facts.isDirectory()) return;
  throw new Error("it is not a regular file");
}

/** An open file, read and written at offsets. Every method throws {@link MediumStoreError} when the file system fails. */
export class ImageFile {
  readonly path: string;
  /** Whether it can be written. */
  readonly writable: boolean;
  readonly #descriptor: number;

  private constructor(path: string, descriptor: number, writable: boolean) {
    this.path = path;
    this.writable = writable;
    this.#descriptor = descriptor;
  }

  /**
   * Opens a file, for reading only when it may not be written.
   *
   * @throws {MediumStoreError} when it cannot be opened at all, or is no regular file.
   */
  static open(path: string, options: OpenImageOptions): ImageFile {
    const { create, readOnly } = options;
    let refusal: unknown;
    try {
      refuseSpecialFile(path);
      if (!readOnly && !isMarkedReadOnly(path)) {
        const flags = constants.O_RDWR | (create ? constants.O_CREAT : 0);
        return new ImageFile(path, openSync(path, flags, 0o666), true);
      }
    } catch (error) {
      if (!NOT_WRITABLE.has(errorCode(error))) throw failure("open", path, error);
      refusal = error;
    }
    try {
      return new ImageFile(path, openSync(path, constants.O_RDONLY), false);
    } catch (error) {
      // What is not there could not be made.
      if (refusal !== undefined && errorCode(error) === "ENOENT") {
        throw failure("make", path, refusal);
      }
      throw failure("open", path, error);
    }
  }

  /** Its size in bytes now. */
  size(): number {
    return this.#attempt("read", () => fstatSync(this.#descriptor).size);
  }

  /** When it was last modified, in whole milliseconds of the file system's clock. */
  modifiedMs(): number {
    return this.#attempt("read", () => Math.floor(fstatSync(this.#descriptor).mtimeMs));
  }

  /** Reads into the whole of `into`, or up to the end of the file; returns how many bytes. */
  read(into: Uint8Array, at: number): number {
    return this.#attempt("read", () => {
      let done = 0;
      while (done < into.length) {
        const count = readSync(this.#descriptor, into, done, into.length - done, at + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  /** Writes all of `bytes`. */
  write(bytes: Uint8Array, at: number): void {
    this.#attempt("write", () => writeAll(this.#descriptor, bytes, at));
  }

  /** Cuts it to `size` bytes. */
  truncate(size: number): void {
    this.#attempt("truncate", () => ftruncateSync(this.#descriptor, size));
  }

  /** What was written survives whatever happens to this process, or to the machine. Fails when no name leads to it any more. */
  sync(): void {
    this.#attempt("write", () => {
      fsyncSync(this.#descriptor);
      const { nlink, ino } = fstatSync(this.#descriptor);
      // There are file systems that count no links at all.
      if (nlink === 0 && statSync(this.path, { throwIfNoEntry: false })?.ino !== ino) {
        throw new Error("it has been removed");
      }
    });
  }

  /** Closes it; nothing may follow. */
  close(): void {
    this.#attempt("close", () => closeSync(this.#descriptor));
  }

  #attempt<Result>(what: string, action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw failure(what, this.path, error);
    }
  }
}

/**
 * The text of a small file, or `undefined` when there is none.
 *
 * @throws {MediumStoreError} when it cannot be read.
 */
export function readTextFile(path: string): string | undefined {
  const bytes = readWholeFile(path);
  return bytes && new TextDecoder().decode(bytes);
}

/**
 * Puts a text in the place of a file: whenever this is interrupted, the old text or the new one is there.
 *
 * @throws {MediumStoreError} when it cannot be written.
 */
export function replaceTextFile(path: string, text: string): void {
  replaceFile(path, [new TextEncoder().encode(text)]);
}

/** Whether {@linkcode replaceTextFile} may write a file: neither it nor its folder has its tab set, or is another user's. */
export function canReplaceFile(path: string): boolean {
  const folder = dirname(path);
  try {
    if (isMarkedReadOnly(path) || isMarkedReadOnly(folder)) return false;
    accessSync(folder, constants.W_OK);
    // In a folder like /tmp nobody may replace the files of others.
    if (fileExists(path)) accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The same with bytes, of which there may be many.
 *
 * @throws {MediumStoreError} when it cannot be written; no draft of it stays.
 */
export function replaceFile(path: string, parts: readonly Uint8Array[]): void {
  const draft = `${path}.new`;
  try {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode;
    const descriptor = openSync(draft, "w", mode);
    try {
      writeDraft(descriptor, parts, mode);
      renameSync(draft, path);
    } catch (error) {
      discardFile(draft);
      throw error;
    }
  } catch (error) {
    throw failure("write", path, error);
  }
}

/** Writes all of a draft, and closes it. It gets just this mode, of which the umask may have kept something back. */
function writeDraft(descriptor: number, parts: readonly Uint8Array[], mode?: number): void {
  try {
    // There are file systems without modes, where all files have the same.
    if (mode !== undefined && fstatSync(descriptor).mode !== mode) fchmodSync(descriptor, mode);
    let at = 0;
    for (const part of parts) {
      writeAll(descriptor, part, at);
      at += part.length;
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writeAll(descriptor: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
  }
}

/** SHA-256 of all parts in order, 32 bytes. */
export function digestOf(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/**
 * The bytes of a file, or `undefined` when there is none.
 *
 * @throws {MediumStoreError} when it cannot be read.
 */
export function readWholeFile(path: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw failure("read", path, error);
  }
}

/** More links than this, one leading to the next, no system follows. */
const MAX_LINKS = 40;

/**
 * Where a path leads, if it is a symbolic link: to an image that is there, or to be made. One image is one tape, with one
 * lock, one position and one write protection, by whichever link it is opened.
 */
export function linkedPath(path: string): string {
  let end = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const target = linkTarget(end);
    // What the links of /proc lead to is open, and may have no such name, or none at all.
    if (target === undefined) return !fileExists(end) && fileExists(path) ? path : end;
    // Not joined: what `..` means is for the system to say, where the folder is a link, too.
    end = isAbsolute(target) ? target : `${dirname(end)}/${target}`;
  }
  return path;
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // It is no link, or not there; opening it tells what is wrong with it.
  }
}

/**
 * Whether there is a file.
 *
 * @throws {MediumStoreError} when that cannot be found out.
 */
export function fileExists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw failure("read", path, error);
  }
}

/**
 * Removes a file, if it is there.
 *
 * @throws {MediumStoreError} when it cannot be removed.
 */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw failure("remove", path, error);
  }
}

/** Removes a file after a failure, which is the one to be told of, whether or not this succeeds. */
export function discardFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The file stays, or there is none.
  }
}

/** That the file system has failed to do something with a file: `Cannot WHAT PATH: REASON`. */
export function failure(what: string, path: string, cause: unknown): MediumStoreError {
  return new MediumStoreError(`Cannot ${what} ${path}: ${systemText(cause)}`, { cause });
}

/** What the system says, without the code, the call and the path that runtimes put around it. */
function systemText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (errorCode(cause) === "EISDIR") return "it is a directory";
  const { message } = cause;
  const { syscall } = cause as { syscall?: unknown };
  const code = `${errorCode(cause)}: `;
  const begin = message.startsWith(code) ? code.length : 0;
  const end = message.indexOf(`, ${syscall}`, begin);
  return message.slice(begin, end < 0 ? undefined : end);
}

/** The code of a file system error, empty when it has none. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}
