import {
  close,
  closeSync,
  constants,
  fstat,
  fstatSync,
  fsync,
  ftruncate,
  open,
  openSync,
  readFileSync,
  write,
} from "node:fs";
import { stat, unlink } from "node:fs/promises";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import { runsOnDeno } from "./runs_on_deno.ts";
import { systemCode } from "./system_call.ts";

const openDescriptor = promisify(open);
const closeDescriptor = promisify(close);
const statDescriptor = promisify(fstat);
const truncateDescriptor = promisify(ftruncate);
const syncDescriptor = promisify(fsync);

/** A file or pipe that takes bytes, as the runtime has it. */
export interface OutputFile {
  /** Takes some of `bytes`, which must not change until then; resolves to how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Empties it, if it lies on a disk. */
  clear(): Promise<void>;
  /** Resolves when it would survive a failure of the machine, if it lies on a disk. */
  sync(): Promise<void>;
  /** Releases it. */
  close(): Promise<void>;
}

/** Opens a file, and leaves it as it is: not there, if it is missing, until it is cleared or written. @throws the system's error. */
export async function openOutputFile(path: string): Promise<OutputFile> {
  const found = await stat(path).catch(() => undefined);
  if (runsOnDeno() && found?.isFile() === false) {
    return new DenoFile(await Deno.open(path, { write: true, create: true }));
  }
  if (found === undefined && await canBeMade(path)) return new FileToCome(path);
  return descriptorFile(await openOrCreate(path));
}

function openOrCreate(path: string): Promise<number> {
  return openDescriptor(path, constants.O_WRONLY | constants.O_CREAT);
}

/** Tries it; `false` where there is something meanwhile, or a link to nowhere. @throws the system's error. */
async function canBeMade(path: string): Promise<boolean> {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  try {
    await closeDescriptor(await openDescriptor(path, O_WRONLY | O_CREAT | O_EXCL));
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
  await unlink(path);
  return true;
}

/** Standard output of this process; it is never closed. */
export function standardOutput(): OutputFile {
  const output = runsOnDeno() && mayWait() ? reopenedOutput() ?? denoOutput() : descriptorFile(1);
  return {
    write: (bytes) => output.write(bytes),
    clear: () => Promise.resolve(),
    sync: () => descriptorFile(1).sync(),
    close: () => Promise.resolve(),
  };
}

/** Whether standard output may have nobody who takes from it just now: a pipe, a terminal. */
function mayWait(): boolean {
  try {
    const output = fstatSync(1);
    return !output.isFile() && (!output.isCharacterDevice() || isatty(1));
  } catch {
    return false; // It is closed, which the first write will tell.
  }
}

/**
 * A non-blocking pipe, opened anew: `Deno.stdout` does not say how much it has taken before the pipe was full, so that
 * nothing could be tried again. `undefined` when it is none, or cannot be opened.
 */
function reopenedOutput(): OutputFile | undefined {
  const { O_WRONLY, O_NONBLOCK } = constants;
  try {
    const flags = /^flags:\s+0?([0-7]+)$/m.exec(readFileSync("/proc/self/fdinfo/1", "utf8"))?.[1];
    if ((parseInt(flags ?? "0", 8) & O_NONBLOCK) === 0) return undefined;
    // Without a reader this one fails, where the next one would wait.
    closeSync(openSync("/dev/fd/1", O_WRONLY | O_NONBLOCK));
    return new DenoFile(Deno.openSync("/dev/fd/1", { write: true }));
  } catch {
    return undefined; // No Linux, no pipe, or nobody reads it.
  }
}

/** Fails where a second attempt would write twice what came through in the first one. */
function denoOutput(): Pick<OutputFile, "write"> {
  return {
    write: (bytes) =>
      Deno.stdout.write(bytes).catch((error) => {
        if (error.code !== "EAGAIN") throw error;
        throw new Error(
          "standard output is non-blocking, which loses count: write to a file or a pipe",
          { cause: error },
        );
      }),
  };
}

/** An open file descriptor, by the functions that all runtimes have. */
export function descriptorFile(fd: number): OutputFile {
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        write(fd, bytes, 0, bytes.length, null, (error, length) => {
          if (error) reject(error);
          else resolve(length);
        });
      }),
    clear: async () => {
      if ((await statDescriptor(fd)).isFile()) await truncateDescriptor(fd, 0);
    },
    sync: async () => {
      if ((await statDescriptor(fd)).isFile()) await syncDescriptor(fd);
    },
    close: () => closeDescriptor(fd),
  };
}

/** A file that is made once there is something for it, be it nothing. */
class FileToCome implements OutputFile {
  readonly #path: string;
  #file: OutputFile | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async write(bytes: Uint8Array): Promise<number> {
    return await (await this.#made()).write(bytes);
  }

  async clear(): Promise<void> {
    await (await this.#made()).clear();
  }

  async sync(): Promise<void> {
    await this.#file?.sync();
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #made(): Promise<OutputFile> {
    return this.#file ??= descriptorFile(await openOrCreate(this.#path));
  }
}

/** Deno's own file, for pipes: its `node:fs`, faster for files, has all the program wait for one that is full, signals included. */
class DenoFile implements OutputFile {
  readonly #file: Deno.FsFile;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#file.write(bytes);
  }

  async clear(): Promise<void> {
    if ((await this.#file.stat()).isFile) await this.#file.truncate(0);
  }

  async sync(): Promise<void> {
    if ((await this.#file.stat()).isFile) await this.#file.sync();
  }

  close(): Promise<void> {
    this.#file.close();
    return Promise.resolve();
  }
}
