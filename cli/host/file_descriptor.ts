import { close, fstat, open, read } from "node:fs";
import { promisify } from "node:util";
import type { ByteSource } from "./host.ts";
import { naming, whenReady } from "./system_call.ts";

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);

/** The system counts what one call reads in 31 bits; longer ones come out as none at all. */
const MAX_READ_BYTES = 2 ** 30;

function readOnce(fd: number, into: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, 0, Math.min(into.length, MAX_READ_BYTES), null, (error, length) => {
      if (error) reject(error);
      else resolve(length);
    });
  });
}

/** Options of {@link DescriptorSource}. */
interface DescriptorOptions {
  /** Whether closing it closes the descriptor. */
  readonly owned: boolean;
  /** What it is called in errors. */
  readonly name: string;
}

/** Bytes of a file descriptor, read from where it stands. */
export class DescriptorSource implements ByteSource {
  readonly sizeBytes: number | undefined;
  readonly #fd: number;
  readonly #name: string;
  #owned: boolean;
  #cancelled = false;
  #giveUp: (() => void) | undefined;

  constructor(fd: number, options: DescriptorOptions & { readonly sizeBytes?: number }) {
    const { owned, name, sizeBytes } = options;
    this.#fd = fd;
    this.#name = name;
    this.#owned = owned;
    this.sizeBytes = sizeBytes;
  }

  /** Opens a file. @throws the system's error. */
  static async open(path: string): Promise<DescriptorSource> {
    const fd = await openFile(path, "r");
    try {
      const stat = await statFile(fd);
      if (stat.isDirectory()) {
        const facts = { code: "EISDIR", syscall: "open", path };
        throw Object.assign(new Error(`Opening ${path}: it is a directory`), facts);
      }
      return new DescriptorSource(fd, {
        owned: true,
        name: path,
        sizeBytes: stat.isFile() ? stat.size : undefined,
      });
    } catch (error) {
      await closeFile(fd);
      throw error;
    }
  }

  read(into: Uint8Array): Promise<number> {
    if (this.#cancelled) return Promise.resolve(0);
    return new Promise((resolve, reject) => {
      this.#giveUp = () => resolve(0);
      // The number may be another file's by the time that there is something to read.
      whenReady(() => this.#cancelled ? Promise.resolve(0) : readOnce(this.#fd, into))
        .then(resolve, (error) => reject(naming(error, "read", this.#name)));
    });
  }

  cancel(): void {
    this.#cancelled = true;
    this.#giveUp?.();
  }

  async close(): Promise<void> {
    this.cancel();
    if (!this.#owned) return;
    this.#owned = false;
    await closeFile(this.#fd);
  }
}
