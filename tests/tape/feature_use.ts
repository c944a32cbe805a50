/** A random use of a drive, as those see it who disturb it and who look at what came of it. */

import type { Medium } from "../../sim/tape/medium.ts";
import type { SimulatedDrive } from "../../sim/tape/drive.ts";
import type { TapeError } from "../../tape/errors.ts";
import type { EncryptionError } from "../../tape/feature_errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import type { Random } from "../scsi/random.ts";
import type { FeatureLink } from "./feature_link.ts";
import type { FeatureSetting, Theme } from "./feature_setting.ts";
import type { VolumeModel } from "./volume_model.ts";

/** Why an operation is called off. */
export const CALLED_OFF = new Error("called off by the walk");

/** Behind these the tape is what it was. */
const NOTHING_DONE: ReadonlySet<string> = new Set([
  "write-protected",
  "worm-violation",
  "invalid-argument",
]);

/** Whether this says that nothing was done. */
export function isRefusal(error: TapeError): boolean {
  return NOTHING_DONE.has(error.kind);
}

/** Which keys are set. */
export interface KeysInUse {
  /** The number of the key that what is written is encrypted with, as long as the driver answers for it. */
  writing: number | undefined;
  /** Whether a record that was written with this key can be read; `undefined` where the drive's key is not certain. */
  canRead(sealedWith: number | undefined): boolean | undefined;
  /** A record was not read for this reason. */
  checkRefusal(error: EncryptionError, sealedWith: number | undefined): void;
}

export interface FeatureUse {
  readonly random: Random;
  readonly setting: FeatureSetting;
  readonly sim: SimulatedDrive;
  readonly drive: TapeDrive;
  readonly link: FeatureLink;
  readonly events: {
    removed: Medium | undefined;
    readonly count: number;
    readonly isUnheard: boolean;
    readonly isMovedByOthers: boolean;
    isPreempted: boolean;
    release(): void;
  };
  model: VolumeModel;
  readonly keys: KeysInUse;
  /** Whether the driver knows for certain where the caller stands. */
  readonly isPlaceKnown: boolean;
  /** How many there have been. */
  cartridges: number;
  /** What is being written, for who looks at what came of it. */
  readonly attempted: Uint8Array[];
  has(theme: Theme): boolean;
  note(what: string): void;
  /** A new drive on the same device, as the next process has it. */
  openAnew(): Promise<void>;
}

/** The option that names a partition; that of the caller need not be named. */
export function namedPartition(
  { current }: VolumeModel,
  partition: number,
): { readonly partition?: number } {
  return partition === current ? {} : { partition };
}

export const COMMON = [
  "write",
  "write",
  "burst",
  "filemarks",
  "flush",
  "read",
  "read",
  "readInto",
  "records",
  "rewind",
  "endOfData",
  "endOfData",
  "blocks",
  "filemarksOver",
  "locate",
  "locateFile",
  "locateEnd",
  "position",
  "erase",
  "verify",
  "reopen",
] as const;

export type Operation =
  | typeof COMMON[number]
  | "allowOverwrite"
  | "blockSize"
  | "clearKey"
  | "load"
  | "locatePartition"
  | "makePartitions"
  | "readAt"
  | "readReverse"
  | "setBlockSize"
  | "setKey"
  | "setReadingKey"
  | "unloadAndLoad"
  | "writeAt";
