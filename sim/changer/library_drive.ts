/**
 * A drive in a library: the simulated drive, and what being in a library adds to it.
 *
 * @module
 */

import { readU16, writeU16 } from "../../scsi/big_endian.ts";
import { DeviceType } from "../../scsi/device_type.ts";
import { encodeSense } from "../../scsi/sense.ts";
import { Status } from "../../scsi/status.ts";
import { encodeVpdPage, VpdPage } from "../../scsi/vpd.ts";
import type { DeviceServer, Nexus, Task, TaskResult } from "../device_server.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";
import type { SimulatedDrive } from "../tape/drive.ts";
import type { Cartridge } from "./cartridge.ts";

const INQUIRY = 0x12;
const REQUEST_SENSE = 0x03;
/** Byte of the additional sense code, in fixed format. */
const SENSE_ASC = 12;
const NO_MEDIUM = 0x3a;
const TEST_UNIT_READY = 0x00;
const PREVENT_ALLOW = 0x1e;
const EVPD = 0x01;
/** Vital product data page: the element of the library that the drive is (SSC-4 §8.5). */
const ELEMENT_ADDRESS = 0xb4;

/** CLEANING CARTRIDGE INSTALLED: what a drive says while it cleans itself. */
const CLEANING = { key: 0x2, asc: 0x30, ascq: 0x03 } as const;

/** What {@link LibraryDrive} is made with. */
export interface LibraryDriveOptions {
  /** The drive itself, empty. */
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
  readonly #preventing = new Set<Nexus>();
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
    return this.#preventing.size > 0;
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
    const { nexus } = task;
    const [opcode, byte1, page, , byte4] = task.cdb;
    const isCleaning = this.#cleaningLeft > 0;
    const result: TaskResult | Promise<TaskResult> = this.drive.execute(task);
    if (opcode === INQUIRY && (byte1 & EVPD) !== 0) {
      const allocation = readU16(task.cdb, 3);
      return mapped(result, (own) => this.#withElementAddress(page, allocation, own));
    }
    if (opcode === PREVENT_ALLOW) {
      return mapped(result, (own) => this.#heed(nexus, (byte4 & 0x01) !== 0, own));
    }
    return isCleaning ? mapped(result, (own) => this.#whileCleaning(opcode, byte4, own)) : result;
  }

  nexusEstablished(nexus: Nexus): void {
    this.drive.nexusEstablished(nexus);
  }

  nexusLost(nexus: Nexus): void {
    this.#preventing.delete(nexus);
    this.drive.nexusLost(nexus);
  }

  setTaskAbortedStatus(taskAbortedStatus: boolean): void {
    this.drive.setTaskAbortedStatus(taskAbortedStatus);
  }

  reset(): void {
    this.#preventing.clear();
    this.drive.reset();
  }

  /** Closes the drive; the library closes the cartridges. */
  async close(): Promise<void> {
    this.drive.eject();
    await this.drive.close();
  }

  /** Who prevents the removal of the cartridge. */
  #heed(nexus: Nexus, prevents: boolean, result: TaskResult): TaskResult {
    if (result.status !== Status.Good) return result;
    if (prevents) this.#preventing.add(nexus);
    else this.#preventing.delete(nexus);
    return result;
  }

  /** While it cleans itself, what would be "no medium" is "cleaning". */
  #whileCleaning(opcode: number, allocation: number, result: TaskResult): TaskResult {
    if (opcode === REQUEST_SENSE && result.dataIn?.[SENSE_ASC] === NO_MEDIUM) {
      return { ...result, dataIn: cutToAllocation(encodeSense(CLEANING), allocation) };
    }
    if (result.sense?.[SENSE_ASC] !== NO_MEDIUM) return result;
    if (opcode === TEST_UNIT_READY) this.#cleaningLeft--;
    return { status: Status.CheckCondition, sense: encodeSense(CLEANING) };
  }

  /** Page B4h, and its place in page 00h. */
  #withElementAddress(page: number, allocation: number, result: TaskResult): TaskResult {
    if (page === ELEMENT_ADDRESS) {
      const body = new Uint8Array(2);
      writeU16(body, 0, this.elementAddress);
      const data = encodeVpdPage(this.deviceType, ELEMENT_ADDRESS, body);
      return { status: Status.Good, dataIn: cutToAllocation(data, allocation) };
    }
    const { dataIn } = result;
    if (page !== VpdPage.SupportedPages || dataIn === undefined || dataIn.length < 4) return result;
    return { ...result, dataIn: cutToAllocation(withPage(dataIn), allocation) };
  }
}

/** What becomes of a result that may take its time. */
function mapped(
  result: TaskResult | Promise<TaskResult>,
  change: (result: TaskResult) => TaskResult,
): TaskResult | Promise<TaskResult> {
  return result instanceof Promise ? result.then(change) : change(result);
}

/** Page 00h, perhaps cut, with the code of page B4h in its place among the ascending ones. */
function withPage(page: Uint8Array): Uint8Array {
  const codes = [...page.subarray(4)];
  if (codes.includes(ELEMENT_ADDRESS)) return page;
  const listed = new Uint8Array(page.length + 1);
  listed.set(page.subarray(0, 4));
  listed[3]++;
  listed.set([...codes, ELEMENT_ADDRESS].sort((a, b) => a - b), 4);
  return listed;
}
