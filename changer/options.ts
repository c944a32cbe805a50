/**
 * Options of a media changer.
 *
 * @module
 */

import type { Logger } from "../scsi/logger.ts";

/** How long to wait for a library that is looking at its slots. */
export interface ReadyPollingOptions {
  /** Milliseconds between two questions whether the library is ready. Shorter finds out sooner and asks more. @default 1000 */
  readonly intervalMs?: number;
  /**
   * How often to ask before giving up with `ChangerNotReadyError`; 0 asks once. A large library looks at its slots for
   * up to an hour after it was switched on or its door was closed.
   *
   * @default 3600
   */
  readonly count?: number;
}

/** Options of {@linkcode MediaChanger.open}. */
export interface MediaChangerOptions {
  /** How long to wait for a library that is becoming ready, when opening and at each command. @default one question a second for an hour */
  readonly readyPolling?: ReadyPollingOptions;
  /**
   * Milliseconds until a command is given up, by operation code: `{ 0xa5: 600_000 }` for MOVE MEDIUM. Too short leaves
   * open whether the cartridge was moved.
   *
   * @default the command table's: 15 minutes for a move, an hour for an inventory
   */
  readonly timeouts?: Readonly<Record<number, number>>;
  /** Where to log. @default LogTape's category `["@uiscsi/tape", "changer"]` */
  readonly logger?: Logger;
  /** Ends the opening; the promise rejects with its reason. @default none */
  readonly signal?: AbortSignal;
  /**
   * Waits for so many milliseconds, ending with the signal's reason when that aborts. Tests hand in virtual time.
   *
   * @default a timer
   */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Options of everything that can be called off. */
export interface ChangerOperationOptions {
  /**
   * Calls the operation off; the promise then rejects with its reason. Whether a move that was under way has happened
   * is then for the inventory to tell.
   *
   * @default none
   */
  readonly signal?: AbortSignal;
}

/** Something that gives its cartridge up: a `TapeDrive`, or a function that has a drive do so. */
export type Unloadable = { unload(): Promise<unknown> } | (() => Promise<unknown>);

/** Options of moves that take a cartridge out of a drive. */
export interface UnloadOptions extends ChangerOperationOptions {
  /**
   * The drive, which is told to unload its cartridge before the arm takes it, once the inventory says that the move can be made. Most libraries need that;
   * virtual ones often do it by themselves.
   *
   * @default none: the arm goes at once
   */
  readonly unloadDrive?: Unloadable;
}
