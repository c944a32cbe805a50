import { close, constants, fstat, ftruncate, open, read, write } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { ByteSink, ByteSource } from "./host.ts";

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);
const truncateFile = promisify(ftruncate);

/** A pipe that another program has made non-blocking has nothing for us just now. */
const RETRY_MS = 2;

/** The system counts what one call reads in 31 bits; longer ones come out as none at all. */
const MAX_READ_BYTES = 2 ** 30;

/** Calls `attempt` until it fails with something else than EAGAIN, or succeeds. */
async function whenReady(attempt: () => Promise<number>): Promise<number> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
      await delay(RETRY_MS);
    }
  }
}

function readOnce(fd: number, into: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, 0, Math.min(into.length, MAX_READ_BYTES), null, (error, length) => {
      if (error) reject(error);
      else resolve(length);
    });
  });
}

function writeOnce(fd: number, bytes: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, offset, bytes.length - offset, null, (error, length) => {
      if (error) reject(error);
      else resolve(length);
    });
  });
}

/** Options of {@link DescriptorSource} and {@link DescriptorSink}. */
interface DescriptorOptions {
  /** Whether closing it closes the descriptor. */
  readonly owned: boolean;
  /** What it is called in errors. */
  readonly name: string;
}

/** Errors of descriptors do not say which file it is. */
function naming(error: unknown, syscall: string, path: string): unknown {
  return error instanceof Error ? Object.assign(error, { syscall, path }) : error;
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
      whenReady(() => readOnce(this.#fd, into))
        .then(resolve, (error) => reject(naming(error, "read", this.#name)));
    });
  }

  cancel(): void {
    this.#cancelled = true;
    this.#giveUp?.();
  }

  async close(): Promise<void> {
    if (!this.#owned) return;
    this.#owned = false;
    await closeFile(this.#fd);
  }
}

/** A file descriptor that takes bytes. */
export class DescriptorSink implements ByteSink {
  readonly #fd: number;
  readonly #name: string;
  #owned: boolean;

  constructor(fd: number, options: DescriptorOptions) {
    this.#fd = fd;
    this.#name = options.name;
    this.#owned = options.owned;
  }

  /** Opens a file, or creates it; its contents stay until {@link clear}. @throws the system's error. */
  static async open(path: string): Promise<DescriptorSink> {
    return new DescriptorSink(await openFile(path, constants.O_WRONLY | constants.O_CREAT), {
      owned: true,
      name: path,
    });
  }

  async clear(): Promise<void> {
    if (this.#owned && (await statFile(this.#fd)).isFile()) await truncateFile(this.#fd, 0);
  }

  async write(bytes: Uint8Array): Promise<void> {
    let offset = 0;
    try {
      while (offset < bytes.length) {
        offset += await whenReady(() => writeOnce(this.#fd, bytes, offset));
      }
    } catch (error) {
      throw naming(error, "write", this.#name);
    }
  }

  async close(): Promise<void> {
    if (!this.#owned) return;
    this.#owned = false;
    await closeFile(this.#fd);
  }
}
