/**
 * What the features of a drive need of it: a turn among its operations, and a tape that stands where it should.
 *
 * @module
 */

import type { TapeSession } from "./tape_session.ts";

/** A drive, as its features see it. */
export interface DriveWork {
  readonly session: TapeSession;
  /** Runs an operation when all before it are done, on a connection that stands. */
  run<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Brings the tape from where read-ahead has left it to where the caller is. */
  back(): Promise<void>;
  /** Runs a command that takes the caller elsewhere; what was read ahead is forgotten, unless the drive refuses it. `goesFirst`: it names where it goes. */
  leaving<T>(motion: () => Promise<T>, signal?: AbortSignal, goesFirst?: boolean): Promise<T>;
  /** Brings the tape to the beginning of its partition. */
  rewind(signal?: AbortSignal): Promise<void>;
}
