import type { KernelHost } from "../kernel/served_backstore.ts";

/** The computer, as the command sees it. */
export interface TcmuHost {
  /** The kernel. */
  readonly kernel: KernelHost;
  /** Width of help texts in characters. */
  readonly columns: number;
  /** Standard output, a line at a time. */
  print(line: string): void;
  /** Standard error, a line at a time. */
  note(line: string): void;
  /** Calls `listener` at each SIGINT, SIGTERM or SIGHUP until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
  /** Asks a process to end (SIGTERM). */
  terminate(processId: number): void;
  /** Waits. */
  sleep(milliseconds: number): Promise<void>;
}
