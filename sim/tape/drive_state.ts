/**
 * What the commands of a simulated drive share: the tape, where it stands, the mode parameters, who has claims.
 *
 * @module
 */

import type { Nexus } from "../device_server.ts";
import type { TapePersonality } from "../personality.ts";
import type { BlockLimits } from "./block_limits.ts";
import { type Condition, Conditions } from "./conditions.ts";
import type { DriveQuirks } from "./drive_quirks.ts";
import type { Medium, Partition } from "./medium.ts";
import { DriveModes } from "./drive_modes.ts";
import type { UnitAttentions } from "./unit_attentions.ts";

/** Bytes in a megabyte as SSC-4 counts capacity. */
const MEGABYTE = 1_000_000;

/** The early-warning zone, unless given: this share of the capacity, but no more than so many bytes. */
const EARLY_WARNING_SHARE = 0.02;
const MAX_EARLY_WARNING_BYTES = 1_000_000_000;

/** How long a drive takes to become ready after a load. Both must have passed. */
export interface LoadDelay {
  /** Commands answered with "becoming ready". @default 0 */
  readonly commands?: number;
  /** Milliseconds of the drive's clock. @default 0 */
  readonly milliseconds?: number;
}

/** What a drive is made with. */
export interface DriveStateOptions {
  readonly personality: TapePersonality;
  readonly blockLimits: BlockLimits;
  readonly serialNumber: string;
  readonly quirks: DriveQuirks;
  readonly attentions: UnitAttentions;
  readonly writeProtected: boolean;
  readonly capacityBytes: number | undefined;
  readonly earlyWarningBytes: number | undefined;
  readonly loadDelay: LoadDelay;
  readonly clock: () => number;
}

/** True counts of what passed through, for the log pages. */
export interface TransferCounts {
  hostBytesWritten: number;
  hostBytesRead: number;
  recordsWritten: number;
  recordsRead: number;
  filemarksWritten: number;
  loads: number;
}

/** The state of one drive. */
export class DriveState {
  readonly personality: TapePersonality;
  readonly blockLimits: BlockLimits;
  readonly serialNumber: string;
  readonly quirks: DriveQuirks;
  readonly attentions: UnitAttentions;
  readonly modes: DriveModes;
  /** Nexuses that prevent the removal of the medium. */
  readonly preventing: Set<Nexus> = new Set();
  /** Who holds the RESERVE (6) reservation. */
  reservedBy: Nexus | undefined;
  readonly counts: TransferCounts = {
    hostBytesWritten: 0,
    hostBytesRead: 0,
    recordsWritten: 0,
    recordsRead: 0,
    filemarksWritten: 0,
    loads: 0,
  };
  /** TapeAlert flags that are up, 1 to 64 (SSC-4 §4.2.20). */
  readonly tapeAlerts: Set<number> = new Set();
  /** Errors of earlier commands, to be told instead of executing the next ones. */
  readonly deferredErrors: Condition[] = [];
  /** Number of the current partition. */
  partitionNumber = 0;
  /** Number of the object before which the tape stands. */
  object = 0;

  readonly #options: DriveStateOptions;
  #medium: Medium | undefined;
  #loaded = false;
  #readyAt = 0;
  #refusalsLeft = 0;

  constructor(options: DriveStateOptions) {
    this.#options = options;
    this.personality = options.personality;
    this.blockLimits = options.blockLimits;
    this.serialNumber = options.serialNumber;
    this.quirks = options.quirks;
    this.attentions = options.attentions;
    this.modes = new DriveModes(options.personality.modePages);
  }

  /** The cartridge in the drive, loaded or not. */
  get medium(): Medium | undefined {
    return this.#medium;
  }

  /** Whether a cartridge is loaded, ready or becoming so. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Puts a cartridge in as if it had been there all along: where it stood, with the settings it was used with. */
  resume(medium: Medium): void {
    this.#medium = medium;
    this.#loaded = true;
    this.counts.loads = 1;
    const { partition, object, blockBytes, compression } = medium.state;
    this.partitionNumber = partition < medium.partitions.length ? partition : 0;
    this.object = Math.min(object, this.partition.objectCount);
    if (blockBytes !== undefined) this.modes.blockBytes = blockBytes;
    if (compression !== undefined) this.modes.setCompression(compression);
  }

  /** Puts a cartridge in and loads it. */
  insert(medium: Medium): void {
    this.#medium = medium;
    this.load();
  }

  /** Loads the cartridge that is in the drive: the tape stands at its beginning. */
  load(): void {
    const { commands = 0, milliseconds = 0 } = this.#options.loadDelay;
    this.#loaded = true;
    this.#refusalsLeft = commands;
    this.#readyAt = this.#options.clock() + milliseconds;
    this.returnToBeginning();
    this.counts.loads++;
    this.attentions.raise(Conditions.mediumChanged);
  }

  /** Back to the beginning of the tape, as loading and unloading leave it. */
  returnToBeginning(): void {
    this.partitionNumber = 0;
    this.object = 0;
  }

  /** Unloads; the cartridge stays in the drive. What was written has been flushed before. */
  unload(): void {
    this.#loaded = false;
  }

  /**
   * Takes the cartridge out, rewound and written back. It stays the drive's no longer, even when writing back fails.
   *
   * @throws {MediumError} when writing back fails.
   */
  remove(): Medium | undefined {
    const medium = this.#medium;
    try {
      if (this.#loaded) {
        this.returnToBeginning();
        this.flush();
      }
    } finally {
      this.#loaded = false;
      this.#medium = undefined;
    }
    return medium;
  }

  /** Why a command that needs the medium cannot be executed now. Counts as one command towards becoming ready. */
  notReady(): Condition | undefined {
    const reason = this.readiness();
    if (reason === Conditions.becomingReady && this.#refusalsLeft > 0) this.#refusalsLeft--;
    return reason;
  }

  /** The same without counting. */
  readiness(): Condition | undefined {
    if (!this.#loaded) return Conditions.noMedium;
    if (this.#refusalsLeft > 0 || this.#options.clock() < this.#readyAt) {
      return Conditions.becomingReady;
    }
    return undefined;
  }

  /** Why nothing can be written. A medium must be loaded. */
  writeProtection(): Condition | undefined {
    if (this.isWriteProtected) {
      return this.#hardWriteProtected
        ? Conditions.writeProtected
        : Conditions.softwareWriteProtected;
    }
    return undefined;
  }

  /** Whether writing is refused. */
  get isWriteProtected(): boolean {
    return this.#hardWriteProtected || this.modes.softwareWriteProtect;
  }

  get #hardWriteProtected(): boolean {
    return this.#options.writeProtected || (this.#medium?.state.writeProtected ?? false);
  }

  /** The current partition. A medium must be in the drive. */
  get partition(): Partition {
    return (this.#medium as Medium).partitions[this.partitionNumber];
  }

  /** Density code of the loaded medium, or the drive's own. */
  get densityCode(): number {
    return this.#medium?.state.densityCode ?? this.personality.densities[0].code;
  }

  /** Native capacity of the loaded medium in bytes. */
  get capacityBytes(): number {
    const density = this.personality.densities.find(({ code }) => code === this.densityCode) ??
      this.personality.densities[0];
    return this.#options.capacityBytes ?? this.#medium?.state.capacityBytes ??
      density.capacityMegabytes * MEGABYTE;
  }

  /** Capacity between the current position and the end of the partition, in bytes. */
  get remainingBytes(): number {
    return this.capacityBytes - this.partition.bytesBefore(this.object);
  }

  /** Capacity from early warning to the end of the partition, in bytes. */
  get earlyWarningBytes(): number {
    return this.#options.earlyWarningBytes ??
      Math.min(this.capacityBytes * EARLY_WARNING_SHARE, MAX_EARLY_WARNING_BYTES);
  }

  /** Whether the tape stands at or beyond early warning. */
  get inEarlyWarning(): boolean {
    return this.remainingBytes <= this.earlyWarningBytes;
  }

  /** Drops what lies beyond the position: the first thing that writing does. */
  cutHere(): void {
    if (this.object < this.partition.objectCount) this.partition.truncate(this.object);
  }

  /** Makes contents, position and settings last. */
  flush(): void {
    if (this.#medium === undefined || !this.#loaded) return;
    const { state } = this.#medium;
    state.partition = this.partitionNumber;
    state.object = this.object;
    state.blockBytes = this.modes.blockBytes;
    state.compression = this.modes.compression;
    this.#medium.flush();
  }
}
