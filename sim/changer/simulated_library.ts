/**
 * A tape library that exists in this process alone: slots, drives, cartridges, and the robot between them.
 *
 * @module
 */

import { InvalidOptionError } from "../../iscsi/errors.ts";
import { listOf, object } from "../../scsi/option_rules.ts";
import type { DeviceServer } from "../device_server.ts";
import { tapePersonalities } from "../personality.ts";
import { SimulatedDrive, type SimulatedDriveOptions } from "../tape/drive.ts";
import { Conditions } from "../tape/conditions.ts";
import type { UnitAttentionOptions } from "../tape/unit_attentions.ts";
import type { TargetOptions, TargetUnit } from "../target/target_options.ts";
import { vendorName } from "../unit/inquiry_answer.ts";
import { Cartridge, type CartridgeOptions } from "./cartridge.ts";
import { ChangerConditions, ChangerState, type DeviceIdForm } from "./changer_state.ts";
import { cartridgeIn, ElementTable, type SimulatedElement } from "./library_element.ts";
import { LibraryDrive } from "./library_drive.ts";
import { libraryPersonalities, type LibraryPersonality } from "./library_personality.ts";
import { simulatedChanger } from "./simulated_changer.ts";

/** A cartridge, and where it is at first. */
export interface LibraryCartridge extends CartridgeOptions {
  /** Its slot: storage slots from 1, import/export slots after them. @default the first that is empty */
  readonly slot?: number;
}

/**
 * How initiators find the units of a library: `lun` puts the changer at LUN 0 and the drives behind it at 1, 2 and so on
 * of one target; `target` makes each a target of its own at LUN 0, named NAME-mediachanger, NAME-tapedrive-01 and so on.
 */
export type LibraryLayout = "lun" | "target";

/** Options of a {@link SimulatedLibrary}. */
export interface SimulatedLibraryOptions {
  /** Number of storage slots. @default 10 */
  readonly slots?: number;
  /** Number of import/export slots. @default 1 */
  readonly importExport?: number;
  /** Number of drives. @default 2 */
  readonly drives?: number;
  /** The cartridges. @default none */
  readonly cartridges?: readonly LibraryCartridge[];
  /** Which model it passes for. @default `libraryPersonalities.generic` */
  readonly personality?: LibraryPersonality;
  /** Serial number of the changer, ASCII; those of the drives are made of it. @default "SIMLIB0001" */
  readonly serialNumber?: string;
  /** What the drives are like. Their serial numbers are `serialNumber` with D and the drive's number in place of its end. @default generic ones */
  readonly drive?: Omit<SimulatedDriveOptions, "medium" | "serialNumber">;
  /** How the changer tells the identifiers of its drives. @default "t10-vendor" */
  readonly deviceIds?: DeviceIdForm;
  /** Whether a drive has to unload a cartridge before the arm can take it, as in most real libraries. @default false */
  readonly requireUnload?: boolean;
  /** How often TEST UNIT READY finds a drive cleaning itself with a cleaning cartridge. @default 3 */
  readonly cleaningCommands?: number;
  /** Which unit attentions a new nexus of the changer finds. @default 29/00 the first time, 29/07 when it comes back */
  readonly unitAttentions?: UnitAttentionOptions;
}

const MAX_DRIVES = 256;

/**
 * A library to test programs with, or to serve: spread {@linkcode targets} into the options of `serveTarget` or
 * `loopbackTarget`. What an operator does by hand is a method.
 *
 * @example Serve a library to other initiators
 * ```ts
 * import { libraryPersonalities, serveTarget, SimulatedLibrary } from "@uiscsi/tape/sim";
 *
 * const library = new SimulatedLibrary({
 *   personality: libraryPersonalities["stk-l700"],
 *   slots: 20,
 *   drives: 2,
 *   cartridges: [{ barcode: "A00001L8" }, { barcode: "CLN001L1", cleaning: true }],
 * });
 * const target = await serveTarget({
 *   listen: { hostname: "127.0.0.1", port: 0 },
 *   ...library.targets("iqn.2026-03.com.example:library"),
 * });
 * console.log(`changer at ${target.urls[0]}, drives at ${target.urls.slice(1).join(" and ")}`);
 * await target.close();
 * ```
 */
export class SimulatedLibrary {
  /** The robot. */
  readonly changer: DeviceServer;
  /** The drives by number. */
  readonly drives: readonly LibraryDrive[];
  readonly #state: ChangerState;
  readonly #cartridges = new Set<Cartridge>();

  /**
   * Makes a library.
   *
   * @throws {InvalidOptionError} when a number cannot be, a cartridge is none, or there is no slot for it.
   */
  constructor(options: SimulatedLibraryOptions = {}) {
    const {
      slots = 10,
      importExport = 1,
      drives = 2,
      cartridges = [],
      personality = libraryPersonalities.generic,
      serialNumber = "SIMLIB0001",
      deviceIds = "t10-vendor",
      requireUnload = false,
      unitAttentions,
    } = options;
    checkCounts({ slots, importExport, drives });
    checkCartridges(cartridges);
    const { addresses, vendor, product, revision } = personality;
    this.drives = makeDrives(drives, addresses.drive, serialNumber, options);
    const elements = new ElementTable({
      transport: { first: addresses.transport, count: 1 },
      storage: { first: addresses.storage, count: slots },
      importExport: { first: addresses.importExport, count: importExport },
      drive: { first: addresses.drive, count: drives },
    }, this.drives);
    const identity = { vendor, product, revision, serialNumber };
    this.#state = new ChangerState({
      identity,
      elements,
      deviceIds,
      requireUnload,
      unitAttentions,
    });
    this.changer = simulatedChanger(this.#state, () => this.#close());
    for (const { slot, ...cartridge } of cartridges) {
      this.#place(new Cartridge(cartridge), slot ?? this.#emptySlot());
    }
  }

  /** The targets of this library: the options of the first, and the further ones. */
  targets(
    targetName: string,
    layout: LibraryLayout = "lun",
  ): Pick<TargetOptions, "targetName" | "units"> & { readonly furtherTargets: TargetOptions[] } {
    const { changer, drives } = this;
    const changerUnit: TargetUnit = { lun: 0, device: changer };
    if (layout === "lun") {
      const units = drives.map((device, i) => ({ lun: i + 1, device }));
      return { targetName, units: [changerUnit, ...units], furtherTargets: [] };
    }
    const furtherTargets = drives.map((device, i) => ({
      targetName: `${targetName}-tapedrive-${`${i + 1}`.padStart(2, "0")}`,
      units: [{ lun: 0, device }],
    }));
    return { targetName: `${targetName}-mediachanger`, units: [changerUnit], furtherTargets };
  }

  /** The cartridge in a slot: storage slots from 1, import/export slots after them. */
  cartridgeInSlot(slot: number): Cartridge | undefined {
    const element = this.#state.elements.slot(slot);
    return element && cartridgeIn(element);
  }

  /**
   * An operator puts a cartridge into an import/export slot; every initiator gets 28/01. From then on the library
   * closes its tape.
   *
   * @param slot The first empty import/export slot unless given.
   * @throws {InvalidOptionError} when that slot is taken or none, or an initiator keeps the operator out.
   */
  importCartridge(cartridge: Cartridge, slot?: number): void {
    const { elements } = this.#state;
    const element = slot === undefined
      ? elements.ofType("importExport").find((one) => one.cartridge === undefined)
      : elements.slot(slot);
    const door = this.#doorAt(element, "put a cartridge in");
    if (door.cartridge !== undefined) {
      throw new InvalidOptionError("slot", "Cannot put a cartridge in: the slot is taken");
    }
    this.#cartridges.add(cartridge);
    door.cartridge = cartridge;
    door.source = undefined;
    door.placedByOperator = true;
    this.#state.attentions.raise(ChangerConditions.importExportAccessed);
  }

  /**
   * An operator takes a cartridge out of an import/export slot; every initiator gets 28/01. Its tape is the caller's to
   * close from then on.
   *
   * @throws {InvalidOptionError} when the slot is empty or none, or an initiator keeps the operator out.
   */
  exportCartridge(slot: number): Cartridge {
    const door = this.#doorAt(this.#state.elements.slot(slot), "take a cartridge out");
    const { cartridge } = door;
    if (cartridge === undefined) {
      throw new InvalidOptionError("slot", "Cannot take a cartridge out: the slot is empty");
    }
    door.cartridge = undefined;
    door.placedByOperator = false;
    this.#cartridges.delete(cartridge);
    this.#state.attentions.raise(ChangerConditions.importExportAccessed);
    return cartridge;
  }

  /** An operator opens the door: nothing moves (02/04/18). */
  openDoor(): void {
    this.#state.doorOpen = true;
  }

  /**
   * The operator closes it: the library looks at its slots (02/04/01), and every initiator gets 28/00.
   *
   * @param scanningCommands Commands for which it looks.
   */
  closeDoor(scanningCommands = 0): void {
    this.#state.doorOpen = false;
    this.#state.scanningCommands = scanningCommands;
    this.#state.attentions.raise(Conditions.mediumChanged);
  }

  #doorAt(element: SimulatedElement | undefined, doing: string): SimulatedElement {
    if (element?.type !== "importExport") {
      throw new InvalidOptionError("slot", `Cannot ${doing}: there is no such import/export slot`);
    }
    if (this.#state.preventing.size > 0) {
      throw new InvalidOptionError("slot", `Cannot ${doing}: an initiator prevents it`);
    }
    return element;
  }

  #emptySlot(): number {
    const { elements } = this.#state;
    for (let slot = 1; elements.slot(slot) !== undefined; slot++) {
      if (elements.slot(slot)?.cartridge === undefined) return slot;
    }
    throw new InvalidOptionError("cartridges", "Cannot make a library: more cartridges than slots");
  }

  #place(cartridge: Cartridge, slot: number): void {
    const element = this.#state.elements.slot(slot);
    if (element === undefined || element.cartridge !== undefined) {
      const problem = element === undefined ? "there is no such slot" : "it is taken";
      throw new InvalidOptionError("slot", `Cannot put a cartridge into slot ${slot}: ${problem}`);
    }
    this.#cartridges.add(cartridge);
    element.cartridge = cartridge;
  }

  /** Empties the drives, and closes every tape; tells the first failure once all of them are closed. */
  #close(): void {
    const failures: unknown[] = [];
    for (const drive of this.drives) {
      const { failure } = drive.remove();
      if (failure !== undefined) failures.push(failure);
    }
    for (const cartridge of this.#cartridges) {
      try {
        cartridge.close();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#cartridges.clear();
    if (failures.length > 0) throw failures[0];
  }
}

function checkCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) {
    const max = name === "drives" ? MAX_DRIVES : 0xffff;
    if (Number.isInteger(count) && count >= 0 && count <= max) continue;
    throw new InvalidOptionError(
      name,
      `Cannot make a library: ${name} is ${count}, not a whole number from 0 to ${max}`,
    );
  }
}

/** A label is no cartridge yet: it would be one without a label. */
function checkCartridges(cartridges: unknown): void {
  const complaint = listOf(object)(cartridges, "cartridges");
  if (complaint !== undefined) throw new InvalidOptionError(complaint.option, complaint.message);
}

function makeDrives(
  count: number,
  firstAddress: number,
  serialNumber: string,
  { drive: options = {}, cleaningCommands = 3 }: SimulatedLibraryOptions,
): LibraryDrive[] {
  const { personality = tapePersonalities.generic } = options;
  return Array.from({ length: count }, (_, number) => {
    const own = serialOf(serialNumber, number);
    const elementAddress = firstAddress + number;
    return new LibraryDrive({
      drive: new SimulatedDrive({ ...options, serialNumber: own, elementAddress }),
      serialNumber: own,
      vendorName: vendorName({ ...personality, serialNumber: own }),
      elementAddress,
      cleaningCommands,
    });
  });
}

/** As long as the library's, so that it fits where ten characters are customary. */
function serialOf(library: string, number: number): string {
  const end = `D${`${number}`.padStart(2, "0")}`;
  return library.slice(0, -end.length) + end;
}
