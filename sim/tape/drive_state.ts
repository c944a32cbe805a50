/**
 * What the commands of a simulated drive share: the tape, where it stands, the mode parameters, who has claims.
 *
 * @module
 */

import type { Nexus } from "../device_server.ts";
import type { DensityFacts, TapePersonality } from "../personality.ts";
import { BadBlocks } from "./bad_blocks.ts";
import type { BlockLimits } from "./block_limits.ts";
import { type Condition, Conditions } from "./conditions.ts";
import { DriveModes } from "./drive_modes.ts";
import type { DriveQuirks } from "./drive_quirks.ts";
import type {
  DriveStateOptions,
  OverwritePermission,
  PartitionPlan,
} from "./drive_state_options.ts";
import { DiagnosticHistory } from "./diagnostic_history.ts";
import { HealthReports } from "./health_reports.ts";
import type { Medium, MediumStoreError, Partition } from "./medium.ts";
import { Readiness } from "./readiness.ts";
import { Reservations } from "../reservations/reservations.ts";
import { RunningOperation } from "./running_operation.ts";
import { EncryptionState } from "./security/encryption_state.ts";
import { earlyWarningZone, volumeBytes } from "./tape_capacity.ts";
import { TapeAlerts } from "./tape_alerts.ts";
import { alertOfFormat, type TapeFormat, tapeFormat } from "./tape_format.ts";
import { TapePath } from "./tape_path.ts";
import { LogCounts } from "./log_counts.ts";
import { TransferCounts } from "./transfer_counts.ts";
import type { UnitAttentions } from "./unit_attentions.ts";
import { VolumeUse } from "./volume_use.ts";
import { WriteBuffer } from "./write_buffer.ts";

/** Drives that a cartridge remembers. */
const REMEMBERED_DRIVES = 4;

/** Neither 0 nor all ones may be a volume change reference. */
const LAST_CHANGE_REFERENCE = 0xfffffffe;

/** The state of one drive. */
export class DriveState {
  readonly personality: TapePersonality;
  readonly blockLimits: BlockLimits;
  readonly serialNumber: string;
  readonly quirks: DriveQuirks;
  /** Hears why a store has failed. */
  readonly onStoreFailure: (error: MediumStoreError) => void;
  readonly attentions: UnitAttentions;
  readonly modes: DriveModes;
  /** Element address in a library; `undefined` when it is in none. */
  readonly elementAddress: number | undefined;
  /** Nexuses that prevent the removal of the medium. */
  readonly preventing: Set<Nexus> = new Set();
  readonly reservations: Reservations = new Reservations();
  readonly counts: TransferCounts = new TransferCounts();
  readonly use: VolumeUse = new VolumeUse(this.counts);
  readonly logCounts: LogCounts = new LogCounts(this.counts);
  readonly path: TapePath;
  readonly diagnosticHistory: DiagnosticHistory = new DiagnosticHistory();
  readonly health: HealthReports;
  readonly tapeAlerts: TapeAlerts = new TapeAlerts(() => this.health.alerted());
  readonly badBlocks: BadBlocks = new BadBlocks();
  readonly buffer: WriteBuffer;
  readonly encryption: EncryptionState = new EncryptionState();
  readonly readiness: Readiness;
  readonly operation: RunningOperation;
  /** Errors of earlier commands, to be told instead of executing the next ones. */
  readonly deferredErrors: Condition[] = [];
  /** Whether the drive wants to be cleaned, or must be. */
  cleaning: "none" | "requested" | "required" = "none";
  /** What ALLOW OVERWRITE permitted; the next write uses it up. */
  overwrite: OverwritePermission | undefined;
  /** What MODE SELECT of page 11h asked for, until FORMAT MEDIUM makes it. */
  partitionPlan: PartitionPlan | undefined;
  /** Whether the programmable early warning was told since the zone was entered. */
  programmableWarningTold = false;
  /** Milliseconds since 1970 less those of the clock, as SET TIMESTAMP has it; `undefined` for none set. */
  timestampOffset: number | undefined;
  /** The order that GENERATE RECOMMENDED ACCESS ORDER made, until the volume goes. */
  accessOrder: readonly Uint8Array[] | undefined;
  /** What WRITE BUFFER put in for READ BUFFER. */
  echoBuffer: Uint8Array | undefined;
  /** With the quirk `refusesRoomBeyondEnd`: every READ is refused until the tape stands elsewhere. */
  refusesReads = false;
  /** Whether the last motion was REWIND, for the quirk `spaceShortAfterRewind`. */
  isRewound = false;
  /** Whether SPACE over blocks or LOCATE has led here, for the quirk `missesFilemarkAfterMotion`. */
  isSpacedTo = false;
  /** Whether filemarks were counted all the way, for the quirk `fileNumberLost`. */
  knowsFileNumber = true;
  /** Number of the current partition. */
  partitionNumber = 0;
  /** Number of the object before which the tape stands. */
  object = 0;

  readonly #options: DriveStateOptions;
  #medium: Medium | undefined;
  #isModified = false;

  constructor(options: DriveStateOptions) {
    this.#options = options;
    this.personality = options.personality;
    this.blockLimits = options.blockLimits;
    this.serialNumber = options.serialNumber;
    this.quirks = options.quirks;
    this.onStoreFailure = options.onStoreFailure;
    this.attentions = options.attentions;
    this.elementAddress = options.elementAddress;
    this.modes = new DriveModes(options.personality.modePages);
    this.health = new HealthReports(this.modes, options.attentions);
    this.buffer = new WriteBuffer(options.bufferBytes);
    this.readiness = new Readiness(options);
    this.operation = new RunningOperation(options.clock);
    this.path = new TapePath(
      options.personality.motion,
      this.counts,
      () => this.loaded ? { share: this.place, volumeBytes: this.volumeBytes } : undefined,
    );
  }

  /** The drive's clock in milliseconds. */
  now(): number {
    return this.#options.clock();
  }

  /** The cartridge in the drive, loaded or not. */
  get medium(): Medium | undefined {
    return this.#medium;
  }

  /** Whether a cartridge is loaded, ready or becoming so. */
  get loaded(): boolean {
    return this.readiness.loaded;
  }

  /** Puts a cartridge in as if it had been there all along: where it stood, with the settings it was used with. */
  resume(medium: Medium): void {
    this.#medium = medium;
    this.readiness.resume();
    this.counts.loads = 1;
    this.#remember(medium);
    const { partition, object, blockBytes, compression } = medium.state;
    this.partitionNumber = partition < medium.partitions.length ? partition : 0;
    this.object = Math.min(object, this.partition.objectCount);
    if (blockBytes !== undefined) this.modes.blockBytes = blockBytes;
    if (compression !== undefined) this.modes.setCompression(compression);
    this.path.begin(this.place);
  }

  /** Puts a cartridge in and loads it. */
  insert(medium: Medium): void {
    this.#medium = medium;
    this.load();
  }

  /** Loads the cartridge that is in the drive: the tape stands at its beginning. */
  load(): void {
    this.readiness.load();
    this.programmableWarningTold = false;
    this.partitionNumber = 0;
    this.object = 0;
    this.path.begin(0);
    this.counts.loads++;
    if (this.#medium !== undefined) this.#remember(this.#medium);
    this.attentions.raise(Conditions.mediumChanged);
  }

  #remember({ state }: Medium): void {
    const { vendor } = this.personality;
    this.#isModified = false;
    this.use.loaded();
    alertOfFormat(this.format, this.tapeAlerts);
    state.loadCount = (state.loadCount ?? 0) + 1;
    const name = vendor.padEnd(8) + this.serialNumber.padEnd(32);
    state.lastDrives = [name, ...(state.lastDrives ?? [])].slice(0, REMEMBERED_DRIVES);
  }

  /** Back to the beginning of the tape, as loading and unloading leave it. */
  returnToBeginning(): void {
    this.path.settle();
    this.partitionNumber = 0;
    this.object = 0;
    this.path.rewound();
  }

  /** Unloads; the cartridge stays in the drive. What was written has been flushed before. */
  unload(): void {
    this.readiness.unload();
    this.operation.stop();
    this.partitionPlan = undefined;
    this.overwrite = undefined;
    this.accessOrder = undefined;
    this.tapeAlerts.cartridgeGone();
    this.encryption.volumeGone();
  }

  /**
   * Takes the cartridge out, rewound and written back. It stays the drive's no longer, even when writing back fails.
   *
   * @throws {MediumStoreError} when writing back fails.
   */
  remove(): Medium | undefined {
    const medium = this.#medium;
    try {
      if (this.loaded) {
        this.drain();
        this.returnToBeginning();
        this.flush();
      }
    } finally {
      this.unload();
      this.#medium = undefined;
    }
    return medium;
  }

  /** Why a command that needs the medium cannot be executed now. Counts as one command towards becoming ready. */
  notReady(): Condition | undefined {
    return this.readiness.refuse() ?? this.operation.refusal();
  }

  /** Why nothing can be written. A medium must be loaded. */
  writeProtection(): Condition | undefined {
    if (!this.isWriteProtected) return undefined;
    return this.#hardWriteProtected ? Conditions.writeProtected : Conditions.softwareWriteProtected;
  }

  /** Whether writing is refused. */
  get isWriteProtected(): boolean {
    return this.#hardWriteProtected || this.modes.softwareWriteProtect;
  }

  get #hardWriteProtected(): boolean {
    return this.#options.writeProtected || (this.#medium?.state.writeProtected ?? false);
  }

  /** Whether the cartridge is written once. */
  get isWorm(): boolean {
    return this.personality.features.worm && (this.#medium?.state.worm ?? false);
  }

  /** The current partition. A medium must be in the drive. */
  get partition(): Partition {
    return (this.#medium as Medium).partitions[this.partitionNumber];
  }

  /** Density code of the loaded medium, or the drive's own. */
  get densityCode(): number {
    return this.#medium?.state.densityCode ?? this.personality.densities[0].code;
  }

  /** What the drive knows about that density; about its own when it does not know that. */
  get density(): DensityFacts {
    const { densities } = this.personality;
    return densities.find(({ code }) => code === this.densityCode) ?? densities[0];
  }

  /** What the drive can do with a tape of that density. */
  get format(): TapeFormat {
    return tapeFormat(this.personality, this.densityCode);
  }

  /** Native capacity of the loaded medium in bytes, all partitions together. */
  get volumeBytes(): number {
    return volumeBytes(this.#medium, this.#options, this.density.capacityMegabytes);
  }

  /** Native capacity of a partition in bytes. */
  partitionBytes(partition: number): number {
    const { volumeBytes } = this;
    return this.#medium?.state.partitionBytes?.[partition] ?? volumeBytes;
  }

  /** Native capacity of the current partition in bytes. */
  get capacityBytes(): number {
    return this.partitionBytes(this.partitionNumber);
  }

  /** Capacity between the current position and the end of the partition, in bytes. */
  get remainingBytes(): number {
    return this.capacityBytes - this.partition.bytesBefore(this.object);
  }

  /** Capacity from early warning to the end of the partition, in bytes. */
  get earlyWarningBytes(): number {
    return earlyWarningZone(this.#medium, this.#options, this.capacityBytes);
  }

  /** Whether the tape stands at or beyond early warning. */
  get inEarlyWarning(): boolean {
    return this.remainingBytes <= this.earlyWarningBytes;
  }

  /** Whether the tape stands at or beyond the programmable early warning. */
  get inProgrammableEarlyWarning(): boolean {
    const zone = this.modes.programmableEarlyWarningBytes;
    return zone > 0 && this.remainingBytes <= this.earlyWarningBytes + zone;
  }

  /** How much smaller records become on the tape. */
  get compressionRatio(): number {
    return this.modes.compression ? this.#options.compressionRatio : 1;
  }

  /** Where the tape stands, as a share of the capacity of the volume, partitions one after another. */
  get place(): number {
    if (!this.loaded) return 0;
    let before = this.partition.bytesBefore(this.object);
    for (let other = 0; other < this.partitionNumber; other++) before += this.partitionBytes(other);
    return Math.min(1, before / this.volumeBytes);
  }

  /** The first change of the contents since the load makes a new volume change reference. */
  modified(): void {
    if (this.#isModified || this.#medium === undefined) return;
    this.#isModified = true;
    const { state } = this.#medium;
    state.volumeChangeReference = (state.volumeChangeReference ?? 0) % LAST_CHANGE_REFERENCE + 1;
  }

  /** Drops what lies beyond the position: the first thing that writing does. */
  cutHere(): void {
    this.modified();
    if (this.object < this.partition.objectCount) this.partition.truncate(this.object);
  }

  /**
   * Objects from `first` on were written. What does not fit into the buffer, or all of it without buffering, goes to
   * the tape.
   *
   * @returns the error of the oldest objects, which are lost with all behind them
   */
  buffered(first: number, isBuffering: boolean): Condition | undefined {
    this.buffer.add(first);
    if (!isBuffering) return this.drain();
    while (this.buffer.first !== undefined && this.buffer.isOverfull(this.partition, this.object)) {
      const failure = this.#drainOne(this.buffer.first);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /** Everything in the buffer goes to the tape. Returns the error of what did not get there, and is lost. */
  drain(): Condition | undefined {
    if (this.badBlocks.isEmpty) {
      this.buffer.clear();
      return undefined;
    }
    while (this.buffer.first !== undefined) {
      const failure = this.#drainOne(this.buffer.first);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  #drainOne(object: number): Condition | undefined {
    const failure = this.badBlocks.isEmpty
      ? undefined
      : this.badBlocks.failure("write", this.partitionNumber, object);
    if (failure === undefined) this.buffer.drainOne(this.object);
    else {
      this.counts.unrecoveredWrites++;
      this.loseBuffer();
    }
    return failure;
  }

  /** What is in the buffer never gets to the tape. */
  loseBuffer(): void {
    const { first } = this.buffer;
    if (first === undefined) return;
    this.buffer.clear();
    this.partition.truncate(first);
    this.object = Math.min(this.object, first);
  }

  /** The counts of the cartridge's life are up to date then. */
  settleCounts(): void {
    const medium = this.#medium;
    if (medium === undefined || !this.loaded) return;
    this.path.settle();
    this.use.settle(medium.state);
  }

  /** These log pages count from 0 on; what is counted for life goes on. */
  clearCounts(pages: readonly number[] = this.personality.features.logPages): void {
    this.logCounts.clear(pages);
  }

  /** Makes contents, position and settings last. */
  flush(): void {
    if (this.#medium === undefined || !this.loaded) return;
    const { state } = this.#medium;
    state.partition = this.partitionNumber;
    state.object = this.object;
    state.blockBytes = this.modes.blockBytes;
    state.compression = this.modes.compression;
    this.settleCounts();
    this.#medium.flush();
  }
}
