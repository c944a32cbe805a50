/** The computer of a walk: its files lie in a folder, and reading, writing and signals go wrong where they are told to. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ByteSink, ByteSource, CliHost } from "../../../cli/host/host.ts";
import { nodeHost } from "../../../cli/host/node_host.ts";
import { MemorySink, MemorySource } from "../memory_host.ts";

/** From so many milliseconds on a wait is for something that has to come first. */
const LONG_MS = 1000;

/** What goes wrong while one command runs; absent is nothing. */
export interface HostFaults {
  /** Bytes after which a source fails, or ends although its size says otherwise. */
  readonly source?: { readonly afterBytes: number; readonly ends: boolean };
  /** Bytes after which no sink takes any more, and what the system calls that. */
  readonly sink?: { readonly afterBytes: number; readonly code: "ENOSPC" | "EPIPE" | "EIO" };
  /** The same for results on standard output. */
  readonly output?: { readonly afterBytes: number; readonly code: "ENOSPC" | "EPIPE" };
  /** At which of the things that happen SIGINT comes, each once. */
  readonly interrupts?: readonly number[];
}

/** Runs one command. */
export class WalkHost implements CliHost {
  readonly env: Readonly<Record<string, string | undefined>> = {};
  readonly stdinIsTerminal = false;
  readonly stdout: MemorySink = new MemorySink();
  errors = "";
  /** Things that have happened: reads, writes, waits, commands to drives. */
  events = 0;
  /** How often the command was interrupted. */
  interruptions = 0;
  /** Sources and sinks that are not closed. */
  open = 0;
  /** Bytes that sources have given. */
  givenBytes = 0;
  readonly #stdin: Uint8Array;
  readonly #pieces: readonly number[];
  readonly #faults: HostFaults;
  readonly #listeners: Set<() => void> = new Set();
  #time = 0;

  constructor(
    stdin: Uint8Array,
    pieces: readonly number[],
    faults: HostFaults,
  ) {
    this.#stdin = stdin;
    this.#pieces = pieces;
    this.#faults = faults;
  }

  readonly stderr: CliHost["stderr"] = {
    isTerminal: false,
    columns: 80,
    write: (text) => void (this.errors += text),
  };

  get output(): string {
    return new TextDecoder().decode(this.stdout.bytes);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Something happens: SIGINT may come with it. */
  happens(): void {
    if (!this.#faults.interrupts?.includes(++this.events)) return;
    this.interruptions++;
    for (const listener of [...this.#listeners]) listener();
  }

  openStdin(): ByteSource {
    return this.#source(new MemorySource(this.#stdin, { pieces: this.#pieces }), "standard input");
  }

  openStdout(): ByteSink {
    return this.#sink(this.stdout, "standard output");
  }

  async openFile(path: string): Promise<ByteSource> {
    return this.#source(await nodeHost.openFile(path), path);
  }

  checkFile = nodeHost.checkFile;
  openDescriptor = nodeHost.openDescriptor;
  realPath = nodeHost.realPath;
  readTextFile = nodeHost.readTextFile;

  async createFile(path: string): Promise<ByteSink> {
    return this.#sink(await nodeHost.createFile(path), path);
  }

  readLine(): Promise<string> {
    return Promise.resolve("");
  }

  onInterrupt(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (milliseconds >= LONG_MS) return await nodeHost.sleep(milliseconds, signal);
    this.happens();
    signal.throwIfAborted();
  }

  now(): number {
    return this.#time += 3;
  }

  #source(source: ByteSource, path: string): ByteSource {
    this.open++;
    return {
      sizeBytes: source.sizeBytes,
      read: async (into) => {
        this.happens();
        const { afterBytes = Infinity, ends = false } = this.#faults.source ?? {};
        const left = afterBytes - this.givenBytes;
        if (left <= 0 && ends) return 0;
        if (left <= 0) throw systemError("EIO", "read", path);
        const length = await source.read(into.subarray(0, Math.min(into.length, left)));
        this.givenBytes += length;
        return length;
      },
      cancel: () => source.cancel(),
      close: this.#once(() => source.close()),
    };
  }

  #sink(sink: ByteSink, path: string): ByteSink {
    const isOutput = sink === this.stdout;
    if (!isOutput) this.open++;
    return {
      get takenBytes() {
        return sink.takenBytes;
      },
      clear: () => sink.clear(),
      write: async (bytes) => {
        this.happens();
        const { sink: own, output } = this.#faults;
        const { afterBytes = Infinity, code = "EIO" } = (isOutput ? output : own) ?? {};
        const left = Math.max(0, afterBytes - sink.takenBytes);
        await sink.write(bytes.subarray(0, left));
        if (bytes.length > left) throw systemError(code, "write", path);
      },
      sync: () => sink.sync!(),
      close: isOutput ? () => sink.close() : this.#once(() => sink.close()),
    };
  }

  #once(close: () => Promise<void>): () => Promise<void> {
    let isOpen = true;
    return async () => {
      if (isOpen) this.open--;
      isOpen = false;
      await close();
    };
  }
}

function systemError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(code), { code, syscall, path });
}

/** Every file of a folder. */
export async function filesIn(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of (await readdir(folder)).sort()) {
    files.set(name, new Uint8Array(await readFile(join(folder, name))));
  }
  return files;
}
