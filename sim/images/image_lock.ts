/**
 * The lock that keeps two drives from writing one image: a file beside it that names the process that uses it.
 *
 * @module
 */

import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import type { MediumStoreError } from "../tape/medium.ts";
import { ImageInUseError } from "./errors.ts";
import { errorCode, failure } from "./image_file.ts";
import { lockPath } from "./tape_files.ts";

/** What the lock file says. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, as the system counts it; empty where it does not tell. */
  readonly started: string;
}

/** Attempts to take over locks of dead processes before giving up: each failed one means that another was faster. */
const MAX_ATTEMPTS = 10;

/** Field 22 of /proc/PID/stat, counted after the name in parentheses (proc(5)). */
const START_TIME_FIELD = 19;

/** A held lock. */
export class ImageLock {
  readonly #lockPath: string;
  #held = true;

  private constructor(lockPath: string) {
    this.#lockPath = lockPath;
  }

  /**
   * Takes the lock of an image. That of a process which has ended on this host is taken over.
   *
   * @throws {ImageInUseError} when the image is in use.
   * @throws {MediumStoreError} when the lock file cannot be written.
   */
  static acquire(path: string): ImageLock {
    const lock = lockPath(path);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (create(lock)) return new ImageLock(lock);
      const text = readLock(lock);
      if (text === undefined) continue;
      const owner = parseOwner(text);
      if (owner === undefined || mayBeAlive(owner)) break;
      if (!removeStale(lock, text)) break;
    }
    throw inUse(path, lock);
  }

  /** Gives it back. Calling it again does nothing. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    try {
      unlinkSync(this.#lockPath);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw lockFailure(this.#lockPath, error);
    }
  }
}

/** Whether the lock file was created. Who reads it before it is filled cannot tell the owner, and keeps off. */
function create(lockPath: string): boolean {
  try {
    const descriptor = openSync(lockPath, "wx");
    try {
      writeSync(descriptor, JSON.stringify(ownerOf(process.pid)));
    } catch (error) {
      unlinkSync(lockPath); // A full disk: an empty lock would belong to nobody, and stay.
      throw error;
    } finally {
      closeSync(descriptor);
    }
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw lockFailure(lockPath, error);
  }
}

function readLock(lockPath: string): string | undefined {
  try {
    return readFileSync(lockPath, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw lockFailure(lockPath, error);
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, host, started } = JSON.parse(text);
    if (Number.isInteger(pid) && typeof host === "string" && typeof started === "string") {
      return { pid, host, started };
    }
  } catch {
    // Whatever wrote this, it is not ours to remove.
  }
  return undefined;
}

/**
 * Takes a dead process's lock away. Between our reading and our renaming another process may have done the same and
 * locked anew; then what we hold is its lock, and it goes back.
 */
function removeStale(lockPath: string, expected: string): boolean {
  const aside = `${lockPath}.${process.pid}`;
  try {
    renameSync(lockPath, aside);
    const isStale = readLock(aside) === expected;
    if (!isStale) linkSync(aside, lockPath);
    unlinkSync(aside);
    return isStale;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return true;
    throw lockFailure(lockPath, error);
  }
}

function ownerOf(pid: number): Owner {
  return { pid, host: hostName(), started: startTime(pid) };
}

/** A process number means nothing on another host, and may have been given to another process since. */
function mayBeAlive(owner: Owner): boolean {
  if (owner.host !== hostName()) return true;
  const started = startTime(owner.pid);
  if (started !== "" && owner.started !== "") return started === owner.started;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}

function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_TIME_FIELD] ?? "";
  } catch {
    return "";
  }
}

function hostName(): string {
  try {
    return hostname();
  } catch {
    return "";
  }
}

function inUse(path: string, lockPath: string): ImageInUseError {
  const owner = parseOwner(readLock(lockPath) ?? "");
  const by = owner === undefined ? "" : ` by process ${owner.pid} on ${owner.host || "this host"}`;
  return new ImageInUseError(
    `Cannot open ${path}: it is in use${by}; if it is not, remove ${lockPath}`,
    { path, lockPath },
  );
}

function lockFailure(lockPath: string, cause: unknown): MediumStoreError {
  return failure("lock with", lockPath, cause);
}
