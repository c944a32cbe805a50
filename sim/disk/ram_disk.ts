/**
 * A disk in memory: an SBC-4 device server.
 *
 * @module
 */

import { InvalidOptionError } from "../../iscsi/errors.ts";
import { DeviceType } from "../../scsi/device_type.ts";
import type { DeviceServer, Nexus, Task, TaskResult } from "../device_server.ts";
import type { UnitAttentionOptions } from "../tape/unit_attentions.ts";
import { UnitServer } from "../unit/unit_server.ts";
import { DISK_COMMANDS } from "./disk_commands.ts";
import { DiskState } from "./disk_state.ts";

/** Options of a {@link RamDisk}. */
export interface RamDiskOptions {
  /** Number of logical blocks, 1 to 2^53 - 1. Room is taken as blocks are written. @default 131072: 64 MiB of 512 bytes */
  readonly blocks?: number;
  /** Bytes of a logical block: a power of two from 512 to 65536. @default 512 */
  readonly blockBytes?: number;
  /** Whether START STOP UNIT can eject the medium. @default false */
  readonly removable?: boolean;
  /** Refuses to write. @default false */
  readonly writeProtected?: boolean;
  /** T10 vendor identification, up to 8 characters. @default "UISCSI" */
  readonly vendor?: string;
  /** Product identification, up to 16 characters. @default "RAM disk" */
  readonly product?: string;
  /** Serial number, ASCII. @default "SIMDISK001" */
  readonly serialNumber?: string;
  /** Which unit attentions a new nexus finds. @default 29/00 the first time, 29/07 when it comes back */
  readonly unitAttentions?: UnitAttentionOptions;
}

const MIN_BLOCK_BYTES = 512;
const MAX_BLOCK_BYTES = 65536;

/**
 * A disk that exists in this process alone, thin provisioned. It gives tools and initiators that know no tapes
 * something to drive a simulated target with.
 */
export class RamDisk implements DeviceServer {
  readonly deviceType: number = DeviceType.Disk;
  readonly #unit: DeviceServer;

  /**
   * Makes a disk of zeros.
   *
   * @throws {InvalidOptionError} when its size cannot be.
   */
  constructor(options: RamDiskOptions = {}) {
    const {
      blocks = 131_072,
      blockBytes = 512,
      removable = false,
      writeProtected = false,
      vendor = "UISCSI",
      product = "RAM disk",
      serialNumber = "SIMDISK001",
      unitAttentions,
    } = options;
    checkSize(blocks, blockBytes);
    const identity = { vendor, product, revision: "0100", serialNumber };
    const state = new DiskState({
      blocks,
      blockBytes,
      identity,
      removable,
      writeProtected,
      unitAttentions,
    });
    this.#unit = new UnitServer(state, DISK_COMMANDS, {
      nexusLost: (nexus) => state.preventing.delete(nexus),
      reset: () => {
        state.preventing.clear();
        state.stopped = false;
      },
    });
  }

  dataOutLength(cdb: Uint8Array): number {
    return this.#unit.dataOutLength(cdb);
  }

  execute(task: Task): TaskResult | Promise<TaskResult> {
    return this.#unit.execute(task);
  }

  nexusEstablished(nexus: Nexus): void {
    this.#unit.nexusEstablished(nexus);
  }

  nexusLost(nexus: Nexus): void {
    this.#unit.nexusLost(nexus);
  }

  setTaskAbortedStatus(taskAbortedStatus: boolean): void {
    this.#unit.setTaskAbortedStatus?.(taskAbortedStatus);
  }

  reset(): void {
    this.#unit.reset();
  }

  close(): Promise<void> {
    return this.#unit.close();
  }
}

function checkSize(blocks: number, blockBytes: number): void {
  if (!Number.isSafeInteger(blocks) || blocks < 1) {
    throw new InvalidOptionError(
      "blocks",
      `Cannot make a disk: blocks is ${blocks}, not 1 or more`,
    );
  }
  const isPower = (blockBytes & (blockBytes - 1)) === 0;
  if (isPower && blockBytes >= MIN_BLOCK_BYTES && blockBytes <= MAX_BLOCK_BYTES) return;
  throw new InvalidOptionError(
    "blockBytes",
    `Cannot make a disk: blockBytes is ${blockBytes}, not a power of two from 512 to 65536`,
  );
}
