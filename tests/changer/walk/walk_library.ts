/** The library of a walk: the simulated one, what is really where in it, and a changer that can be made to err. */

import type { DeviceServer, Nexus, Task, TaskResult } from "../../../sim/device_server.ts";
import { Cartridge } from "../../../sim/changer/cartridge.ts";
import { SimulatedLibrary } from "../../../sim/changer/simulated_library.ts";
import type { TargetUnit } from "../../../sim/target/target_options.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { encodeSense } from "../../../scsi/sense.ts";
import type { Random } from "../../scsi/random.ts";
import { type LibrarySetting, pick } from "./library_setting.ts";
import { type ElementFacts, oddStatus } from "./odd_status.ts";

export const MOVE_MEDIUM = 0xa5;
export const EXCHANGE_MEDIUM = 0xa6;
export const READ_ELEMENT_STATUS = 0xb8;
const OPEN_CLOSE = 0x1b;
const INQUIRY = 0x12;
const ELEMENT_ADDRESS_PAGE = 0xb4;
const MODE_SENSE_6 = 0x1a;
const MODE_SENSE_10 = 0x5a;
const ADDRESSES_PAGE = 0x1d;
const GOOD = 0;
const CHECK_CONDITION = 2;

/** A command that reached the changer. */
export interface Witnessed {
  readonly cdb: Uint8Array;
  readonly opcode: number;
  readonly nexus: Nexus;
  /** Whether it was carried out. */
  executed: boolean;
}

/** What a command meets instead of what it would. */
export interface Strike {
  readonly status?: number;
  readonly sense?: {
    readonly key: number;
    readonly asc: number;
    readonly ascq: number;
    readonly deferred?: boolean;
  };
  /** It is carried out first. */
  readonly isBehind?: boolean;
  /** Called when the answer is given: none comes behind a command that was refused. */
  readonly struck?: () => void;
  /** The answer waits for this. */
  readonly delay?: Promise<void>;
}

/** Another host, which shares the library. */
export const OTHER_HOST: Nexus = {
  initiatorName: "iqn.2026-03.com.example:other",
  isid: "000000000002",
};

export class WalkLibrary {
  readonly setting: LibrarySetting;
  readonly library: SimulatedLibrary;
  /** The changer as initiators see it. */
  readonly changer: DeviceServer;
  /** Every command that came, in order. */
  readonly log: Witnessed[] = [];
  /** How often a cartridge was moved, by whomever. */
  moves = 0;
  /** Asked at each command of an initiator's. */
  strike: (command: Witnessed) => Strike | undefined = () => undefined;
  readonly #inner: DeviceServer;
  readonly #random: Random;
  readonly #sources = new Map<number, number>();
  readonly #placed = new Set<number>();
  readonly #open = new Set<number>();
  readonly #stale = new Map<number, string>();
  readonly #exceptions = new Map<number, { readonly asc: number; readonly ascq: number }>();
  #imported = 0;
  #isDoorOpen = false;

  constructor(random: Random, setting: LibrarySetting) {
    const { slots, importExport, drives, cartridges, requireUnload, deviceIds } = setting;
    this.#random = random;
    this.setting = setting;
    const identity = { vendor: "WALK", product: "Library", revision: "1" };
    this.library = new SimulatedLibrary({
      personality: { ...identity, addresses: setting.addresses },
      ...{ slots, importExport, drives, cartridges, requireUnload, deviceIds },
    });
    const inner = this.library.changer;
    this.#inner = inner;
    inner.nexusEstablished(OTHER_HOST);
    for (const drive of this.library.drives) drive.nexusEstablished(OTHER_HOST);
    this.changer = {
      deviceType: inner.deviceType,
      dataOutLength: (cdb) => inner.dataOutLength(cdb),
      execute: (task) => this.#execute(task),
      nexusEstablished: (nexus) => inner.nexusEstablished(nexus),
      nexusLost: (nexus) => inner.nexusLost(nexus),
      setTaskAbortedStatus: (isSet) => inner.setTaskAbortedStatus?.(isSet),
      reset: () => inner.reset(),
      close: () => inner.close(),
    };
    if (setting.oddities?.exceptions) this.#drawExceptions();
  }

  /** The targets of the library. */
  targets(targetName: string): ReturnType<SimulatedLibrary["targets"]> {
    const { layout, drivesTellAddress } = this.setting;
    const { units, furtherTargets, ...target } = this.library.targets(targetName, layout);
    const asSeen = (unit: TargetUnit): TargetUnit => {
      if (unit.device === this.#inner) return { ...unit, device: this.changer };
      return drivesTellAddress ? unit : { ...unit, device: withoutElementAddress(unit.device) };
    };
    const further = furtherTargets.map((one) => ({ ...one, units: one.units.map(asSeen) }));
    return { ...target, units: units.map(asSeen), furtherTargets: further };
  }

  /** What is where, in the order of the addresses. */
  elements(): ElementFacts[] {
    const { addresses, drives, requireUnload } = this.setting;
    const elements: ElementFacts[] = [{ ...this.#facts("transport", addresses.transport) }];
    const { missing, slots, importExport } = this.setting;
    for (let i = 0; i < slots; i++) {
      if (missing.includes(i)) continue;
      const cartridge = this.library.cartridgeInSlot(i + 1);
      elements.push(this.#facts("storage", addresses.storage + i, cartridge));
    }
    for (let i = 0; i < importExport; i++) {
      const cartridge = this.library.cartridgeInSlot(slots + i + 1);
      elements.push(this.#facts("importExport", addresses.importExport + i, cartridge));
    }
    for (let i = 0; i < drives; i++) {
      const { cartridge, serialNumber, holdsFast } = this.library.drives[i];
      const facts = this.#facts("drive", addresses.drive + i, cartridge);
      const accessible = !(requireUnload && holdsFast);
      const isNamed = this.setting.deviceIds !== "none";
      elements.push({ ...facts, accessible, ...(isNamed && { serialNumber }) });
    }
    return elements.sort((a, b) => a.address - b.address);
  }

  /** The cartridge at an address. */
  cartridgeAt(address: number): Cartridge | undefined {
    const { addresses, slots, drives, importExport } = this.setting;
    const at = (first: number, count: number) =>
      address >= first && address < first + count ? address - first : undefined;
    const drive = at(addresses.drive, drives);
    if (drive !== undefined) return this.library.drives[drive].cartridge;
    const slot = at(addresses.storage, slots);
    if (slot !== undefined) return this.library.cartridgeInSlot(slot + 1);
    const door = at(addresses.importExport, importExport);
    return door === undefined ? undefined : this.library.cartridgeInSlot(slots + door + 1);
  }

  isOpen(address: number): boolean {
    return this.#open.has(address);
  }

  /** Each cartridge in the library. */
  cartridges(): Cartridge[] {
    return this.elements().flatMap(({ address }) => this.cartridgeAt(address) ?? []);
  }

  /** The other host moves a cartridge somewhere; tells which way. */
  moveByOther(): string {
    const elements = this.elements().filter(({ type }) => type !== "transport");
    const source = pick(this.#random, elements.filter(({ full }) => full));
    const destination = pick(this.#random, elements.filter(({ full }) => !full));
    if (source === undefined || destination === undefined) return "nothing to move";
    const way = [source.address, destination.address];
    const cdb = [MOVE_MEDIUM, 0, 0, 0, ...way.flatMap((each) => [each >> 8, each & 0xff])];
    const isMoved = this.asOther([...cdb, 0, 0, 0, 0]);
    return `other host ${way.join(" to ")}${isMoved ? "" : " in vain"}`;
  }

  /** Whether a command of the other host's to the changer, or a drive, succeeds; its unit attentions come first. */
  asOther(cdb: readonly number[], device: DeviceServer = this.#inner): boolean {
    const task = { cdb: Uint8Array.from(cdb), dataOut: new Uint8Array(0), nexus: OTHER_HOST };
    for (let tries = 0; tries < 8; tries++) {
      const result = device.execute(task) as TaskResult;
      if (result.status === GOOD) {
        if (device === this.#inner) this.#note(task.cdb);
        return true;
      }
      if (((result.sense?.[2] ?? 0) & 0x0f) !== 6) return false;
    }
    return false;
  }

  openDoor(): void {
    this.#isDoorOpen = true;
    this.library.openDoor();
  }

  /** Whether it was open. The library then looks at its slots. */
  closeDoor(scanningCommands: number): boolean {
    if (!this.#isDoorOpen) return false;
    this.#isDoorOpen = false;
    this.library.closeDoor(scanningCommands);
    return true;
  }

  /** The operator puts a cartridge in, or takes one out; whether anything changed. */
  operate(door: number = this.#random.below(Math.max(this.setting.importExport, 1))): boolean {
    const { slots, importExport, addresses } = this.setting;
    if (importExport === 0) return false;
    const address = addresses.importExport + door;
    try {
      if (this.library.cartridgeInSlot(slots + door + 1) === undefined) {
        const barcode = `NEW${`${++this.#imported}`.padStart(3, "0")}L8`;
        this.library.importCartridge(
          new Cartridge({ barcode, medium: new MemoryMedium({ barcode }) }),
          slots + door + 1,
        );
        this.#placed.add(address);
        this.#sources.delete(address);
      } else {
        this.library.exportCartridge(slots + door + 1).close();
        this.#placed.delete(address);
        this.#sources.delete(address);
      }
      return true;
    } catch {
      return false; // An initiator prevents it.
    }
  }

  async #execute(task: Task): Promise<TaskResult> {
    const cdb = task.cdb.slice();
    const command: Witnessed = { cdb, opcode: cdb[0], nexus: task.nexus, executed: false };
    this.log.push(command);
    const strike = this.strike(command);
    let result: TaskResult | undefined;
    const isAnswered = strike?.status !== undefined || strike?.sense !== undefined;
    if (!isAnswered || strike?.isBehind) result = this.#perform({ ...task, cdb }, command);
    if (isAnswered && (result === undefined || result.status === GOOD)) {
      const { status = CHECK_CONDITION, sense } = strike;
      strike.struck?.();
      result = { status, ...(sense && { sense: encodeSense(sense) }) };
    }
    await strike?.delay;
    return result!;
  }

  #perform(task: Task, command: Witnessed): TaskResult {
    const { cdb } = task;
    const result = this.#inner.execute(task) as TaskResult;
    if (result.status !== GOOD) return result;
    const isPage = (cdb[0] === MODE_SENSE_6 || cdb[0] === MODE_SENSE_10) &&
      (cdb[2] & 0x3f) === ADDRESSES_PAGE;
    if (isPage && !this.setting.hasAddresses) return invalidField();
    if (cdb[0] === READ_ELEMENT_STATUS && this.setting.oddities !== undefined) {
      const dataIn = oddStatus(cdb, this.elements(), this.setting.oddities);
      return dataIn === undefined ? invalidField() : { status: GOOD, dataIn };
    }
    command.executed = true;
    this.#note(cdb);
    return result;
  }

  /** Keeps what a command has changed. */
  #note(cdb: Uint8Array): void {
    const at = (byte: number) => (cdb[byte] << 8) | cdb[byte + 1];
    if (cdb[0] === OPEN_CLOSE) {
      if ((cdb[4] & 0x1f) === 0) this.#open.add(at(2));
      else this.#open.delete(at(2));
    }
    if (cdb[0] === MOVE_MEDIUM && at(4) !== at(6)) this.#moved(at(4), at(6));
    if (cdb[0] === EXCHANGE_MEDIUM) {
      const slot = this.#lastSlot(at(4));
      this.#moved(at(6), at(8));
      this.#moved(at(4), at(6), slot);
    }
  }

  #moved(from: number, to: number, slot: number | undefined = this.#lastSlot(from)): void {
    this.moves++;
    const label = this.cartridgeAt(to)?.barcode;
    if (label !== undefined) this.#stale.set(from, label);
    if (slot === undefined) this.#sources.delete(to);
    else this.#sources.set(to, slot);
    this.#placed.delete(from);
    this.#placed.delete(to);
  }

  /** The slot that the cartridge of an element was in last. A drive is none. */
  #lastSlot(address: number): number | undefined {
    const { addresses, drives } = this.setting;
    const isDrive = address >= addresses.drive && address < addresses.drive + drives;
    return isDrive ? this.#sources.get(address) : address;
  }

  #facts(type: ElementFacts["type"], address: number, cartridge?: Cartridge): ElementFacts {
    const source = cartridge && this.#sources.get(address);
    const exception = this.#exceptions.get(address);
    const staleBarcode = this.#stale.get(address);
    return {
      type,
      address,
      full: cartridge !== undefined,
      accessible: type !== "transport" && !this.#open.has(address),
      placedByOperator: this.#placed.has(address),
      mediumType: cartridge?.mediumType ?? 0,
      ...(source !== undefined && { source }),
      ...(cartridge?.barcode !== undefined && { barcode: cartridge.barcode }),
      ...(staleBarcode !== undefined && { staleBarcode }),
      ...(exception && { exception }),
    };
  }

  #drawExceptions(): void {
    for (const { address } of this.elements()) {
      if (this.#random.below(4) > 0) continue;
      const exception = pick(this.#random, [
        { asc: 0x30, ascq: 0x03 },
        { asc: 0x83, ascq: 0x00 },
        { asc: 0x3b, ascq: 0x12 },
      ]);
      this.#exceptions.set(address, exception);
    }
  }
}

/** A drive that does not tell which element it is. */
function withoutElementAddress(drive: DeviceServer): DeviceServer {
  return {
    deviceType: drive.deviceType,
    dataOutLength: (cdb) => drive.dataOutLength(cdb),
    execute: (task) => {
      const [opcode, evpd, page] = task.cdb;
      const isAsked = opcode === INQUIRY && (evpd & 1) === 1 && page === ELEMENT_ADDRESS_PAGE;
      return isAsked ? invalidField() : drive.execute(task);
    },
    nexusEstablished: (nexus) => drive.nexusEstablished(nexus),
    nexusLost: (nexus) => drive.nexusLost(nexus),
    setTaskAbortedStatus: (isSet) => drive.setTaskAbortedStatus?.(isSet),
    reset: () => drive.reset(),
    close: () => drive.close(),
  };
}

function invalidField(): TaskResult {
  return {
    status: CHECK_CONDITION,
    sense: encodeSense({ key: 5, asc: 0x24, ascq: 0 }),
  };
}
