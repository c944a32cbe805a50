/**
 * What a drive says beside the outcome of a command: nothing has failed, but somebody may want to know.
 *
 * @module
 */

import type { Sense } from "../scsi/sense.ts";
import type { NotReadyReason } from "./errors.ts";

/** One piece of news. */
export type DriveNotice =
  | {
    /** The drive is not ready yet and is asked again. */
    readonly kind: "waiting";
    /** What keeps it. */
    readonly reason: NotReadyReason | "busy";
    /** How far that has come, 0 to 1, when the drive says. */
    readonly progress?: number;
    /** How often it has been asked so far. */
    readonly asked: number;
  }
  | {
    /**
     * `attention`: a unit attention that concerns neither tape nor position; the command was sent again, or goes on. `recovered`: a command was done, with a remark
     * beside it: retries that were needed, or a failure that is predicted (5D/xx).
     */
    readonly kind: "attention" | "recovered";
    /** What it says. */
    readonly sense: Sense;
    /** The same in words. */
    readonly message: string;
  }
  | {
    /**
     * The image of a simulated tape is cut or damaged at its end, which the tape does not have; told once. Or it could not be read or written, for want
     * of room say, of which the drive itself says no more than that it failed.
     */
    readonly kind: "image";
    /** What is wrong with it, and where. */
    readonly message: string;
  }
  | {
    /** The drive wants to be cleaned. Told once. */
    readonly kind: "cleaning";
  }
  | {
    /** The connection is lost and being set up again; or it stands again. */
    readonly kind: "reconnecting" | "reconnected";
  };

/** Additional sense codes with qualifiers that ask for cleaning, on whatever sense key: CLEANING REQUESTED, and IBM's own. */
const CLEANING_CODES: ReadonlySet<number> = new Set([0x0017, 0x8282]);

/** Whether sense data asks for cleaning: by its code, or by the CLN bit of LTO drives. */
export function wantsCleaning(sense: Sense): boolean {
  return sense.cleaningRequested === true || CLEANING_CODES.has((sense.asc << 8) | sense.ascq);
}
