import type { Clock, OpenTapeOptions, TapeDrive } from "@uiscsi/tape";
import type { ByteSink } from "@uiscsi/tape/cli";
import type { Terminal } from "../terminal/terminal.ts";

/** The computer, as the player sees it. */
export interface PlayerHost {
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The terminal; `undefined` when nobody sits at one. */
  readonly terminal: Terminal | undefined;
  /** Tells the time, and calls back. */
  readonly clock: Clock;
  /** Width of help texts in characters. */
  readonly columns: number;
  /** Standard output as text. */
  print(text: string): void;
  /** Standard error, a line at a time. */
  note(line: string): void;
  /** Standard output as bytes. */
  openStdout(): ByteSink;
  /** `openTape` of the package. */
  openTape(address: string, options: OpenTapeOptions): Promise<TapeDrive>;
  /** Calls `listener` at each SIGINT, SIGTERM or SIGHUP until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
  /** Calls `listener` when the process ends, whatever the reason, until the returned function is called. */
  onExit(listener: () => void): () => void;
  /** Ends the process at once. */
  exit(status: number): void;
}
