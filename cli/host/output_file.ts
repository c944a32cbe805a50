import { close, constants, fstat, ftruncate, open, write } from "node:fs";
import { promisify } from "node:util";

const openDescriptor = promisify(open);
const closeDescriptor = promisify(close);
const statDescriptor = promisify(fstat);
const truncateDescriptor = promisify(ftruncate);

/** A file or pipe that takes bytes, as the runtime has it. */
export interface OutputFile {
  /** Takes some of `bytes`, which must not change until then; resolves to how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Empties it, if it lies on a disk. */
  clear(): Promise<void>;
  /** Releases it. */
  close(): Promise<void>;
}

/** Creates a file if missing, and leaves it as it is. @throws the system's error. */
export async function openOutputFile(path: string): Promise<OutputFile> {
  if (runsOnDeno()) return new DenoFile(await Deno.open(path, { write: true, create: true }));
  return descriptorFile(await openDescriptor(path, constants.O_WRONLY | constants.O_CREAT));
}

/** Standard output of this process; it is never closed. */
export function standardOutput(): OutputFile {
  const output = runsOnDeno() ? Deno.stdout : descriptorFile(1);
  return {
    write: (bytes) => output.write(bytes),
    clear: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function runsOnDeno(): boolean {
  return "Deno" in globalThis;
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
    close: () => closeDescriptor(fd),
  };
}

/** Deno's own file: its `node:fs` has all the program wait for a pipe that is full, signals included. */
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

  close(): Promise<void> {
    this.#file.close();
    return Promise.resolve();
  }
}
