import type { ByteSink, ByteSource, CliHost, FileCheck } from "../../cli/host/host.ts";

/** Gives `bytes` in pieces of the given sizes, over and over. */
export class MemorySource implements ByteSource {
  readonly sizeBytes: number | undefined;
  closed = false;
  readonly #bytes: Uint8Array;
  readonly #pieces: readonly number[];
  #offset = 0;
  #turn = 0;
  #cancelled = false;

  constructor(
    bytes: Uint8Array,
    options: { readonly pieces?: readonly number[]; readonly sizeBytes?: number } = {},
  ) {
    this.#bytes = bytes;
    this.#pieces = options.pieces ?? [Infinity];
    this.sizeBytes = options.sizeBytes;
  }

  read(into: Uint8Array): Promise<number> {
    if (this.#cancelled) return Promise.resolve(0);
    const length = Math.min(
      into.length,
      this.#pieces[this.#turn++ % this.#pieces.length],
      this.#bytes.length - this.#offset,
    );
    into.set(this.#bytes.subarray(this.#offset, this.#offset + length));
    this.#offset += length;
    return Promise.resolve(length);
  }

  cancel(): void {
    this.#cancelled = true;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** Keeps what is written. */
export class MemorySink implements ByteSink {
  bytes: Uint8Array;
  writes = 0;
  closed = false;
  takenBytes = 0;
  /** Takes no more than so many bytes. */
  capacityBytes = Infinity;
  /** Whether there is room for what was taken when it comes to the disk. */
  isStorable = true;

  constructor(contents: Uint8Array = new Uint8Array(0)) {
    this.bytes = contents;
  }

  clear(): Promise<void> {
    this.bytes = new Uint8Array(0);
    this.takenBytes = 0;
    return Promise.resolve();
  }

  write(bytes: Uint8Array): Promise<void> {
    const taken = bytes.subarray(0, this.capacityBytes - this.bytes.length);
    const longer = new Uint8Array(this.bytes.length + taken.length);
    longer.set(this.bytes);
    longer.set(taken, this.bytes.length);
    this.bytes = longer;
    this.takenBytes += taken.length;
    this.writes++;
    if (taken.length < bytes.length) return Promise.reject(diskFull());
    return Promise.resolve();
  }

  sync(): Promise<void> {
    return this.isStorable ? Promise.resolve() : Promise.reject(diskFull());
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** What a {@link MemoryHost} starts with. */
export interface MemoryHostOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: ByteSource;
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Makes standard input and error a terminal on which somebody types this. */
  readonly typed?: string;
}

/** A computer in memory. */
export class MemoryHost implements CliHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Map<string, Uint8Array>;
  readonly sinks: Map<string, MemorySink> = new Map();
  readonly stdout: MemorySink = new MemorySink();
  /** Of each file. */
  capacityBytes = Infinity;
  /** Whether there is room on the disk for what files have taken. */
  isStorable = true;
  readonly stdinIsTerminal: boolean;
  readonly stderr: CliHost["stderr"];
  errors = "";
  /** Milliseconds; a test moves it. */
  time = 0;
  onSleep: ((milliseconds: number) => Promise<void> | void) | undefined;
  readonly #stdin: ByteSource;
  readonly #typed: string;
  readonly #listeners: Set<() => void> = new Set();

  constructor(options: MemoryHostOptions = {}) {
    const { env = {}, stdin = new MemorySource(new Uint8Array(0)), files = {}, typed } = options;
    this.env = env;
    this.files = new Map(Object.entries(files));
    this.#stdin = stdin;
    this.#typed = typed ?? "";
    this.stdinIsTerminal = typed !== undefined;
    this.stderr = {
      isTerminal: this.stdinIsTerminal,
      columns: 80,
      write: (text) => void (this.errors += text),
    };
  }

  /** Standard output as text. */
  get output(): string {
    return new TextDecoder().decode(this.stdout.bytes);
  }

  /** How many wait for signals. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Sends SIGINT. */
  interrupt(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  openStdin(): ByteSource {
    return this.#stdin;
  }

  openStdout(): ByteSink {
    return this.stdout;
  }

  openFile(path: string): Promise<ByteSource> {
    const bytes = this.files.get(path);
    if (bytes === undefined) return Promise.reject(noSuchFile(path));
    return Promise.resolve(new MemorySource(bytes, { sizeBytes: bytes.length }));
  }

  checkFile(path: string): Promise<FileCheck> {
    const bytes = this.files.get(path);
    if (bytes === undefined) return Promise.reject(noSuchFile(path));
    return Promise.resolve({ sizeBytes: bytes.length });
  }

  openDescriptor(descriptor: number): ByteSource {
    const bytes = this.files.get(`fd ${descriptor}`);
    if (bytes !== undefined) return new MemorySource(bytes);
    const source = new MemorySource(new Uint8Array(0));
    source.read = () =>
      Promise.reject(Object.assign(new Error("EBADF"), { code: "EBADF", syscall: "read" }));
    return source;
  }

  /** Time passes at once; `onSleep` sees each wait. */
  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    this.time += milliseconds;
    await this.onSleep?.(milliseconds);
    signal.throwIfAborted();
  }

  createFile(path: string): Promise<ByteSink> {
    const sink = new MemorySink(this.files.get(path));
    sink.capacityBytes = this.capacityBytes;
    sink.isStorable = this.isStorable;
    this.sinks.set(path, sink);
    return Promise.resolve(sink);
  }

  realPath(path: string): Promise<string> {
    return Promise.resolve(path);
  }

  readTextFile(path: string): Promise<string> {
    const bytes = this.files.get(path);
    if (bytes === undefined) return Promise.reject(noSuchFile(path));
    return Promise.resolve(new TextDecoder().decode(bytes));
  }

  readLine(_signal: AbortSignal): Promise<string> {
    return Promise.resolve(this.#typed);
  }

  onInterrupt(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  now(): number {
    return this.time;
  }
}

function diskFull(): Error {
  return Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "write" });
}

function noSuchFile(path: string): Error {
  return Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT", syscall: "open", path });
}

/** Bytes that differ from place to place. */
export function patternBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}
