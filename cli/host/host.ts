/**
 * What the command needs of the computer that it runs on. Handed in, so that the whole command can run inside another
 * program or a test.
 */

/** Bytes to be read in order. One read at a time. */
export interface ByteSource {
  /** How many bytes there will be, where that is known beforehand. */
  readonly sizeBytes?: number;
  /** Reads at least one byte into the beginning of `into`; resolves to how many, or to 0 at the end. */
  read(into: Uint8Array): Promise<number>;
  /** Ends a read that waits (it resolves to 0) and every later one. Never throws. */
  cancel(): void;
  /** Releases it. Calling it again does nothing. */
  close(): Promise<void>;
}

/** Where bytes go, in order. One write at a time. */
export interface ByteSink {
  /** Bytes that it has taken since it was opened, or cleared; those of a failed write that came through count. */
  readonly takenBytes: number;
  /** Empties what was there before, if it is a file; makes the file, if it is missing. */
  clear(): Promise<void>;
  /** Resolves when all of `bytes` are taken; they must not change until then. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when all that it has taken would survive a failure of the machine, if it lies on a disk. @default nothing has to be done for that */
  sync?(): Promise<void>;
  /** Releases it. Calling it again does nothing. */
  close(): Promise<void>;
}

/** What is known of a file before it is read. */
export interface FileCheck {
  /** Its size, if it lies on a disk. */
  readonly sizeBytes?: number;
}

/** Text for people. */
export interface TextOutput {
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** Width in characters. */
  readonly columns: number;
  /** Writes at once, without waiting. */
  write(text: string): void;
}

/** The computer, as the command sees it. */
export interface CliHost {
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Messages, warnings, progress, questions. */
  readonly stderr: TextOutput;
  /** Whether a person can answer questions. */
  readonly stdinIsTerminal: boolean;
  /** Standard input as bytes. */
  openStdin(): ByteSource;
  /** Standard output as bytes: results, and what `read -` reads. */
  openStdout(): ByteSink;
  /** A file to be read. Rejects with the system's error (`code` ENOENT and so on). */
  openFile(path: string): Promise<ByteSource>;
  /** Rejects as {@link openFile} would, without taking anything from a pipe. */
  checkFile(path: string): Promise<FileCheck>;
  /** An open file descriptor of the process, 0 or more, from where it stands, on Deno a file from its beginning; closing it leaves it open. */
  openDescriptor(descriptor: number): ByteSource;
  /** A file to be written: left as it is, or missing, until {@link ByteSink.clear}. Rejects where it could not be made. */
  createFile(path: string): Promise<ByteSink>;
  /** The path without symbolic links, whether or not there is such a file. */
  realPath(path: string): Promise<string>;
  /** A small text file: secrets. */
  readTextFile(path: string): Promise<string>;
  /** One line typed by a person, without its end; rejects with the signal's reason when that aborts. */
  readLine(signal: AbortSignal): Promise<string>;
  /** Calls `listener` at each SIGINT or SIGTERM, and when the terminal is closed (SIGHUP), until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
  /** Waits for so many milliseconds; rejects with the signal's reason when that aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
}
