/**
 * Options of a tape drive.
 *
 * @module
 */

import type { Logger } from "../scsi/logger.ts";
import type { ExclusiveUse } from "./exclusive_use.ts";
import type { DriveNotice } from "./notice.ts";

/** How long to wait for a drive that is loading a tape. */
export interface LoadPollingOptions {
  /** Milliseconds between two questions whether the drive is ready. Shorter finds out sooner and asks more. @default 1000 */
  readonly intervalMs?: number;
  /**
   * How often to ask before giving up with `NotReadyError`; 0 asks once. An LTO-9 drive may take two hours over a cartridge that it has
   * never seen.
   *
   * @default 7200
   */
  readonly count?: number;
  /** Stops the waiting; `open` then rejects with its reason. @default none */
  readonly signal?: AbortSignal;
}

/** Options of {@link TapeDrive.open}. */
export interface TapeDriveOptions {
  /**
   * Bytes of a block to set when opening; 0 sets variable mode, where each write makes a record of its own length. A size that the tape was not
   * written with makes it unreadable until it is set right. @default what the drive is set to
   */
  readonly blockSize?: number;
  /**
   * How many READ commands to keep going ahead of the caller, 0 to 256. Hides the round trip at the price of memory: as many records of the largest size
   * met (in fixed mode, 256 KiB each). The tape then runs ahead, and goes back when the caller does anything but read on. Where
   * the way back cannot be made certain, reads go one at a time whatever this says. @default 0
   */
  readonly readAhead?: number;
  /**
   * How many WRITE commands to keep under way behind the caller, 0 to 256. With 0, `write()` resolves when the drive has taken the record. Otherwise it resolves
   * as soon as the record is copied and there is room for it, which hides the round trip at the price of memory, so many of the largest records; and a
   * failure comes out of a later operation, with the numbers and bytes of what was not written (`TapeError.writes`). Every other operation first
   * waits for the writes. Near the end of the tape, and where READ POSITION has not proven itself over two writes, they go one at a time whatever this says.
   *
   * A drive that is reset in the middle, by another host for instance, may have stood elsewhere when it wrote what was already under way: at worst at the
   * beginning of the tape. Where that cannot be ruled out, leave it at 0. @default 0
   */
  readonly writeBehind?: number;
  /**
   * Asks the drive not to report records that are shorter than asked for (variable mode only). Saves sense data for each; but drives then cut
   * longer records silently, so the driver reads every record that exactly fills its room again with more. @default false
   */
  readonly sili?: boolean;
  /**
   * Bytes that the first record may have, before any has been seen; from then on the records themselves tell. Too small costs a second read of that
   * record, too large costs memory. @default 262144
   */
  readonly recordBytesHint?: number;
  /** Switches the drive's data compression on or off when opening. @default what the drive is set to */
  readonly compression?: boolean;
  /** Loads the tape when it is in the drive but not threaded (02/04/02). @default false */
  readonly load?: boolean;
  /** Fails to open without a tape that is ready. Without it, `status()` and settings work on an empty drive. @default true */
  readonly requireMedium?: boolean;
  /** How long to wait for the tape to become ready. @default one question a second for two hours */
  readonly loadPolling?: LoadPollingOptions;
  /**
   * What to do about a lost connection. `resume`: connect again; reads go on at the record where they were, as far as the way there is certain; writes and
   * filemarks go on where READ POSITION proves which of them are on tape, which costs two questions after each motion. What moved the tape otherwise
   * is never sent again. Where nothing is proven, writes are refused until the caller has positioned. `none`: every operation fails from then on. @default "resume"
   */
  readonly recovery?: "resume" | "none";
  /**
   * Keeps other hosts away as long as the drive is open. `persistent`: a persistent reservation, which survives the loss of the connection and a reset, and so
   * also this process if it dies; the host then gets the drive again when it opens it again under the same initiator name and ISID, another has to preempt. `reserve`: RESERVE, which
   * ends with the connection. Opening fails with `ReservationConflictError` when another host has the drive.
   *
   * @default nobody is kept away
   */
  readonly exclusive?: ExclusiveUse;
  /** Key of the persistent reservation, not 0, 64 bits: for who preempts it by hand. @default 7569736373690001h */
  readonly reservationKey?: bigint;
  /**
   * Milliseconds that `close()` may take to set up a lost connection again, each time that it is lost, in order to flush what was written and to bring the tape
   * to where the caller is. Nothing is tried when neither is to be done, or an attempt has failed already. @default 5000
   */
  readonly closeTimeoutMs?: number;
  /**
   * Told what the drive says beside the outcome of operations: that it is becoming ready, and how far; that it wants to be cleaned; unit attentions that
   * concern neither tape nor position; remarks on what was done all the same; that the connection is set up again. Must not throw. @default not told
   */
  readonly onNotice?: (notice: DriveNotice) => void;
  /**
   * Milliseconds until a command is given up, by operation code: `{ 0x08: 60_000 }` for READ(6). Too short takes a drive that is busy
   * correcting errors for dead, and loses the position. @default the command table's, which exceed what drive manuals allow
   */
  readonly timeouts?: Readonly<Record<number, number>>;
  /** Where to log. @default LogTape's category `["@uiscsi/tape", "tape"]` */
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
export interface OperationOptions {
  /**
   * Calls the operation off; the promise then rejects with its reason. A command that moves or writes the tape and is under way by then leaves the position
   * unknown, and writes are refused until the caller has positioned. What the drive answers any other command then nobody hears, so it is asked where the
   * tape stands before the next operation; that rejects once with `PositionLostError` where the drive's numbers do not tell, as with tgt. @default none
   */
  readonly signal?: AbortSignal;
}

/** Options of reads. */
export interface ReadOptions {
  /**
   * Stops waiting; the promise then rejects with its reason. The READ that is under way goes on, and what it brings comes out of the next
   * read: nothing is lost, and the position stays what the caller has seen. @default none
   */
  readonly signal?: AbortSignal;
}

/** Options of `records()`. */
export interface RecordsOptions extends ReadOptions {
  /**
   * Uses the array of a record again as soon as the next is asked for, so it must not be kept. Else each record is an array of its own, the caller's, and what is
   * dropped of them stays in memory until the runtime collects it: some 80 MB of large records, in Deno and Node. @default false
   */
  readonly reuse?: boolean;
}

/** Options of `writeFilemarks()`. */
export interface WriteFilemarksOptions extends OperationOptions {
  /**
   * Does not wait until they are on tape. Quicker; but then nothing is proven to be on tape before the next `flush()`.
   *
   * @default false
   */
  readonly immediate?: boolean;
}
