/**
 * A drive in a library: the simulated drive, and what being in a library adds to it.
 *
 * @module
 */

import { DeviceType } from "../../scsi/device_type.ts";
import { decodeSense, encodeSense, type Sense } from "../../scsi/sense.ts";
import { Status } from "../../scsi/status.ts";
import type { DeviceServer, Nexus, Task, TaskResult } from "../device_server.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";
import type { SimulatedDrive } from "../tape/drive.ts";
import type { Cartridge } from "./cartridge.ts";

const REQUEST_SENSE = 0x03;
const NO_MEDIUM = 0x3a;
const TEST_UNIT_READY = 0x00;
const NO_BYTES = new Uint8Array(0);

/** CLEANING CARTRIDGE INSTALLED: what a drive says while it cleans itself. */
const CLEANING = { key: 0x2, asc: 0x30, ascq: 0x03 } as const;

/** What {@link LibraryDrive} is made with. */
export interface LibraryDriveOptions {
  /** The drive itself, empty, which knows its element address. */
  readonly drive: SimulatedDrive;
  /** Its serial number. */
  readonly serialNumber: string;
  /** T10 vendor identification: vendor, product and serial number. */
  readonly vendorName: string;
  /** Address of its element, 0 to 65535. */
  readonly elementAddress: number;
  /** TEST UNIT READY commands for which a cleaning lasts. */
  readonly cleaningCommands: number;
}

/** A tape drive whose cartridges an arm brings and takes. */
export class LibraryDrive implements DeviceServer {
  readonly deviceType: number = DeviceType.Tape;
  /** The drive itself. */
  readonly drive: SimulatedDrive;
  /** Its serial number, which the changer tells too. */
  readonly serialNumber: string;
  /** T10 vendor identification: vendor, product and serial number. */
  readonly vendorName: string;
  /** Address of its element in the library. */
  readonly elementAddress: number;
  readonly #cleaningCommands: number;
  #cartridge: Cartridge | undefined;
  #cleaningLeft = 0;

  /** Made by the library. */
  constructor(options: LibraryDriveOptions) {
    this.drive = options.drive;
    this.serialNumber = options.serialNumber;
    this.vendorName = options.vendorName;
    this.elementAddress = options.elementAddress;
    this.#cleaningCommands = options.cleaningCommands;
  }

  /** The cartridge in the drive. */
  get cartridge(): Cartridge | undefined {
    return this.#cartridge;
  }

  /** Whether the drive holds its cartridge fast: it is threaded, or being cleaned with. */
  get holdsFast(): boolean {
    return this.#cleaningLeft > 0 || this.drive.position !== undefined;
  }

  /** Whether an initiator prevents the removal of the cartridge. */
  get removalPrevented(): boolean {
    return this.drive.removalPrevented;
  }

  /** Whether the drive cleans itself. */
  get cleaning(): boolean {
    return this.#cleaningLeft > 0;
  }

  /** The arm brings a cartridge. The drive loads it, or cleans itself with it. */
  insert(cartridge: Cartridge): void {
    this.#cartridge = cartridge;
    if (cartridge.cleaning) this.#cleaningLeft = this.#cleaningCommands;
    else this.drive.insert(cartridge.medium);
  }

  /** The arm takes the cartridge; `failure` is what went wrong when the tape was written back. */
  remove(): { readonly cartridge?: Cartridge; readonly failure?: unknown } {
    const cartridge = this.#cartridge;
    this.#cartridge = undefined;
    this.#cleaningLeft = 0;
    try {
      this.drive.eject();
      return { cartridge };
    } catch (failure) {
      return { cartridge, failure };
    }
  }

  dataOutLength(cdb: Uint8Array): number {
    return this.drive.dataOutLength(cdb);
  }

  execute(task: Task): TaskResult | Promise<TaskResult> {
    const [opcode, , , , byte4] = task.cdb;
    const isCleaning = this.#cleaningLeft > 0;
    const result: TaskResult | Promise<TaskResult> = this.drive.execute(task);
    return isCleaning ? mapped(result, (own) => this.#whileCleaning(opcode, byte4, own)) : result;
  }

  nexusEstablished(nexus: Nexus): void {
    this.drive.nexusEstablished(nexus);
  }

  nexusLost(nexus: Nexus): void {
    this.drive.nexusLost(nexus);
  }

  setTaskAbortedStatus(taskAbortedStatus: boolean): void {
    this.drive.setTaskAbortedStatus(taskAbortedStatus);
  }

  reset(): void {
    this.drive.reset();
  }

  /** Closes the drive; the library closes the cartridges. */
  async close(): Promise<void> {
    this.drive.eject();
    await this.drive.close();
  }

  /** While it cleans itself, what would be "no medium" is "cleaning". */
  #whileCleaning(opcode: number, allocation: number, result: TaskResult): TaskResult {
    if (opcode === REQUEST_SENSE && result.dataIn !== undefined) {
      const sense = decodeSense(result.dataIn);
      if (sense.asc !== NO_MEDIUM) return result;
      return { ...result, dataIn: cutToAllocation(cleaningInstead(sense), allocation) };
    }
    const sense = decodeSense(result.sense ?? NO_BYTES);
    if (sense.asc !== NO_MEDIUM) return result;
    if (opcode === TEST_UNIT_READY) this.#cleaningLeft--;
    return { status: Status.CheckCondition, sense: cleaningInstead(sense) };
  }
}

/** In the format of what it takes the place of. */
function cleaningInstead({ format, cleaningRequested }: Sense): Uint8Array {
  return encodeSense({ ...CLEANING, cleaningRequested }, format === "none" ? undefined : format);
}

/** What becomes of a result that may take its time. */
function mapped(
  result: TaskResult | Promise<TaskResult>,
  change: (result: TaskResult) => TaskResult,
): TaskResult | Promise<TaskResult> {
  return result instanceof Promise ? result.then(change) : change(result);
}
