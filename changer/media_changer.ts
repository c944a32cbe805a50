/**
 * The robot of a tape library.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import { writeAscii } from "../scsi/ascii.ts";
import { decodeElementStatus } from "../scsi/element/decode_element_status.ts";
import { TAG_TEXT_LENGTH } from "../scsi/element/element_layout.ts";
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import { sleep } from "../scsi/sleep.ts";
import { ChangerDevice } from "./changer_device.ts";
import {
  type ElementRange,
  exchangeMediumCdb,
  initializeElementStatusCdb,
  initializeRangeCdb,
  moveMediumCdb,
  openCloseImportExportCdb,
  positionToElementCdb,
  requestVolumeElementAddressCdb,
  SEARCH_PRIMARY_IGNORING_SEQUENCE,
  sendVolumeTagCdb,
  VOLUME_TAG_LIST_LENGTH,
} from "./commands.ts";
import { changerError } from "./conditions.ts";
import { ElementReader, type ElementReadOptions } from "./element_reader.ts";
import { ChangerError } from "./errors.ts";
import { checkBarcode, Inventory, type LibraryElement, type Place } from "./inventory.ts";
import { Mover } from "./mover.ts";
import { type ChangerInfo, getToKnow } from "./opening.ts";
import { checkChangerOptions } from "./option_rules.ts";
import type { ChangerOperationOptions, MediaChangerOptions, UnloadOptions } from "./options.ts";

/** Options of {@linkcode MediaChanger.inventory}. */
export interface InventoryOptions extends ChangerOperationOptions {
  /**
   * Asks for what the library knows without moving anything: quicker where a library would look again, and older. A
   * library that cannot tell them apart is asked as usual.
   *
   * @default false
   */
  readonly currentData?: boolean;
}

/** Options of {@linkcode MediaChanger.initialize}. */
export interface InitializeOptions extends ChangerOperationOptions {
  /** First slot to look at; with `lastSlot`, only this range is. @default the whole library */
  readonly firstSlot?: number;
  /** Last slot to look at. @default the same as `firstSlot` */
  readonly lastSlot?: number;
}

/** Room for the answer to a search, which finds one cartridge as a rule. */
const SEARCH_ALLOCATION = 0xffff;
const SEARCH_COUNT = 256;

/**
 * A media changer: the robot that moves cartridges between slots and drives. Slots are numbered from 1, import/export
 * slots after the storage slots, drives from 0, as mtx does.
 *
 * Nothing that moves a cartridge is ever sent twice on a guess. Every method rejects with a {@link ChangerError} of the
 * class that belongs to the library's answer, with a {@link ServiceDeliveryError} when no answer came to a question, and
 * with the signal's reason when that ended it.
 */
export class MediaChanger {
  /** What the library is. */
  readonly info: ChangerInfo;
  readonly #device: ChangerDevice;
  readonly #reader: ElementReader;
  readonly #mover: Mover;
  /** What is at which number: asked once, because the elements of a library do not change while it is in use. */
  #numbers: Inventory | undefined;
  #closed = false;

  private constructor(device: ChangerDevice, info: ChangerInfo) {
    this.info = info;
    this.#device = device;
    this.#reader = new ElementReader(device, info.assignment);
    this.#mover = new Mover(device, (signal) => this.#read({ signal }));
  }

  /**
   * Takes a logical unit for a media changer, and waits until it is ready. The unit stays the caller's to close when
   * that fails.
   *
   * @throws {ChangerError} of kind `not-a-changer` when it is something else; `invalid-argument` for an option that cannot be right.
   * @throws {ChangerNotReadyError} when it does not become ready.
   */
  static async open(unit: LogicalUnit, options: MediaChangerOptions = {}): Promise<MediaChanger> {
    checkChangerOptions(options);
    const { readyPolling = {}, timeouts = {}, signal } = options;
    const device = new ChangerDevice(unit, {
      readyPolling,
      timeouts,
      logger: options.logger ?? getLogger(["@uiscsi/tape", "changer"]),
      sleep: options.sleep ?? sleep,
    });
    const info = await getToKnow(device, signal);
    device.tellChanges();
    return new MediaChanger(device, info);
  }

  /** Reads what is where (READ ELEMENT STATUS), with labels, and the identifiers of the drives where the library has them. */
  async inventory(options: InventoryOptions = {}): Promise<Inventory> {
    const { currentData = false, signal } = options;
    this.#checkOpen("read the inventory");
    const inventory = await this.#read({ currentData, signal });
    this.#mover.tell(inventory.elements);
    return inventory;
  }

  /**
   * Brings the cartridge of a slot into a drive. The drive takes some time over loading it; `openTape` waits for that.
   *
   * @throws {ElementEmptyError} when the slot is empty.
   * @throws {ElementFullError} when the drive is taken.
   * @throws {InventoryChangedError} when somebody put cartridges in or took some out; nothing was moved.
   */
  async load(slot: number, drive: number, options: ChangerOperationOptions = {}): Promise<void> {
    await this.transfer(slot, { drive }, options);
  }

  /**
   * Brings the cartridge of a drive into a slot.
   *
   * @param slot The one it came from unless given.
   * @throws {DriveHoldsMediumError} when the drive has not unloaded it; see the option `unloadDrive`.
   * @throws {ElementEmptyError} when the drive is empty.
   * @throws {ElementFullError} when the slot is taken.
   * @throws {ChangerRemovalPreventedError} when an initiator prevents the removal.
   */
  async unload(drive: number, slot?: number, options: UnloadOptions = {}): Promise<void> {
    const destination = slot ?? await this.#home(drive, options.signal);
    await this.transfer({ drive }, destination, options);
  }

  /** Brings a cartridge from one slot or drive into another. Errors as {@linkcode unload}. */
  async transfer(from: Place, to: Place, options: UnloadOptions = {}): Promise<void> {
    const numbers = await this.#numbering("move a cartridge", options.signal);
    const source = numbers.place(from);
    const destination = numbers.place(to);
    const addresses = { source: source.address, destination: destination.address };
    await this.#mover.move({
      cdb: moveMediumCdb(addresses),
      ends: { full: [from], empty: [to] },
      ways: [[source, destination]],
    }, options);
  }

  /**
   * Brings the cartridge of `from` to `to`, and the one that is there to `then`, in one command (EXCHANGE MEDIUM).
   *
   * @param then Where the second cartridge goes: back to `from` unless given, which swaps the two.
   * @throws {ChangerError} of kind `unsupported` when the library has no such command.
   */
  async exchange(
    from: Place,
    to: Place,
    then: Place = from,
    options: UnloadOptions = {},
  ): Promise<void> {
    const numbers = await this.#numbering("exchange cartridges", options.signal);
    const source = numbers.place(from);
    const first = numbers.place(to);
    const second = numbers.place(then);
    const addresses = {
      source: source.address,
      firstDestination: first.address,
      secondDestination: second.address,
    };
    await this.#mover.move({
      cdb: exchangeMediumCdb(addresses),
      ends: { full: [from, to], empty: second.address === source.address ? [] : [then] },
      ways: [[first, second], [source, first]],
    }, options);
  }

  /** Moves the arm in front of a slot or drive (POSITION TO ELEMENT). */
  async position(place: Place, options: ChangerOperationOptions = {}): Promise<void> {
    const { signal } = options;
    const numbers = await this.#numbering("position the arm", signal);
    const { address } = numbers.place(place);
    await this.#device.perform({ cdb: positionToElementCdb(0, address), signal });
  }

  /**
   * Has the library look at its slots again, all of them or a range: takes up to an hour.
   *
   * @throws {InvalidElementError} when there is no such slot; {@link ChangerError} of kind `invalid-argument` for a last one before the first.
   */
  async initialize(options: InitializeOptions = {}): Promise<void> {
    const { firstSlot, lastSlot = firstSlot, signal } = options;
    if (firstSlot === undefined || lastSlot === undefined) {
      this.#checkOpen("look at the slots");
      await this.#device.perform({ cdb: initializeElementStatusCdb(), signal });
      return;
    }
    const numbers = await this.#numbering("look at the slots", signal);
    numbers.slot(firstSlot);
    numbers.slot(lastSlot);
    const slots = numbers.slots.slice(firstSlot - 1, lastSlot);
    if (slots.length === 0) {
      const message =
        `Cannot look at slots ${firstSlot} to ${lastSlot}: the last is before the first`;
      throw changerError("invalid-argument", message);
    }
    for (const range of rangesOf(slots)) await this.#initializeRange(range, signal);
  }

  /** Keeps the door and the import/export slots shut (PREVENT ALLOW MEDIUM REMOVAL), until {@linkcode unlock} or {@linkcode close}; again after a reset or a lost connection. */
  async lock(options: ChangerOperationOptions = {}): Promise<void> {
    await this.#prevent(true, options);
  }

  /** Takes {@linkcode lock} back. */
  async unlock(options: ChangerOperationOptions = {}): Promise<void> {
    await this.#prevent(false, options);
  }

  /** Opens an import/export slot, by its number; the first unless given. */
  async openImportExport(slot?: number, options: ChangerOperationOptions = {}): Promise<void> {
    await this.#moveDoor("open", slot, options);
  }

  /** Shuts an import/export slot, by its number; the first unless given. */
  async closeImportExport(slot?: number, options: ChangerOperationOptions = {}): Promise<void> {
    await this.#moveDoor("close", slot, options);
  }

  /**
   * Where the cartridge with this label is: asks the library to search (SEND VOLUME TAG), and reads the inventory where
   * that finds nothing. Resolves to `undefined` when it is not there.
   *
   * @throws {ChangerError} of kind `invalid-argument` for a label that is no text.
   */
  async find(
    barcode: string,
    options: ChangerOperationOptions = {},
  ): Promise<LibraryElement | undefined> {
    const { signal } = options;
    checkBarcode(barcode);
    const numbers = await this.#numbering("find a cartridge", signal);
    const { upheavals } = this.#device;
    let search = await this.#search(barcode, signal);
    // A new nexus and a reset make the library forget what it was to search.
    if (upheavals !== this.#device.upheavals) search = await this.#search(barcode, signal);
    const element = search?.elements.find((one) => one.full && one.barcode === barcode);
    // Not every library that searches finds all that it has.
    if (element === undefined) return (await this.inventory({ signal })).find(barcode);
    // The search tells what is where; the number is that of the whole library.
    const others = numbers.elements.filter(({ address }) => address !== element.address);
    const found = new Inventory([...others, element]).at(element.address)!;
    this.#mover.tell([found]);
    return found;
  }

  /** Ends the use of the changer, and closes its logical unit. Calling it again does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#device.close();
  }

  /** As {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(options: ElementReadOptions): Promise<Inventory> {
    this.#numbers = new Inventory(await this.#reader.all(options));
    return this.#numbers;
  }

  /** The slot that the cartridge in a drive came from. */
  async #home(drive: number, signal?: AbortSignal): Promise<number> {
    const numbers = await this.#numbering("unload a drive", signal);
    const drives = await this.#reader.ofType("drive", { signal });
    const { sourceSlot, full } = new Inventory([...numbers.slots, ...drives]).drive(drive);
    if (sourceSlot !== undefined) return sourceSlot;
    const kind = full ? "invalid-argument" : "element-empty";
    const reason = full ? "the library does not tell where its cartridge came from" : "it is empty";
    const advice = full ? "name a slot" : "see the inventory for where the cartridge is";
    throw changerError(kind, `Cannot unload drive ${drive}: ${reason}`, { advice });
  }

  async #numbering(doing: string, signal?: AbortSignal): Promise<Inventory> {
    this.#checkOpen(doing);
    return this.#numbers ?? await this.#read({ signal });
  }

  #checkOpen(doing: string): void {
    if (!this.#closed) return;
    throw new ChangerError("closed", `Cannot ${doing}: the changer was closed`);
  }

  async #initializeRange(
    range: { readonly first: number; readonly count: number },
    signal?: AbortSignal,
  ): Promise<void> {
    try {
      await this.#device.perform({ cdb: initializeRangeCdb(range), signal });
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      await this.#device.perform({ cdb: initializeRangeCdb(range, { vendorCode: true }), signal });
    }
  }

  async #prevent(prevent: boolean, { signal }: ChangerOperationOptions): Promise<void> {
    this.#checkOpen(prevent ? "lock the library" : "unlock the library");
    await this.#device.lock(prevent, signal);
  }

  async #moveDoor(
    action: "open" | "close",
    slot: number | undefined,
    { signal }: ChangerOperationOptions,
  ): Promise<void> {
    const numbers = await this.#numbering(`${action} an import/export slot`, signal);
    const number = slot ?? numbers.importExport[0]?.number ?? 0;
    const { address, type } = numbers.slot(number);
    if (type !== "importExport") {
      const advice = "see the inventory for the import/export slots";
      const message = `Cannot ${action} slot ${number}: it is a storage slot`;
      throw changerError("invalid-element", message, { advice });
    }
    await this.#device.perform({ cdb: openCloseImportExportCdb(address, action), signal });
  }

  /** `undefined` when the library does not search. */
  async #search(barcode: string, signal?: AbortSignal) {
    const dataOut = new Uint8Array(VOLUME_TAG_LIST_LENGTH);
    writeAscii(dataOut, 0, TAG_TEXT_LENGTH, barcode);
    const range = { first: 0, count: SEARCH_COUNT };
    const dataIn = new Uint8Array(SEARCH_ALLOCATION);
    try {
      const search = sendVolumeTagCdb(SEARCH_PRIMARY_IGNORING_SEQUENCE);
      await this.#device.perform({ cdb: search, dataOut, signal });
      const ask = requestVolumeElementAddressCdb(SEARCH_ALLOCATION, range);
      const { dataInLength } = await this.#device.perform({ cdb: ask, dataIn, signal });
      return decodeElementStatus(dataIn.subarray(0, dataInLength));
    } catch (error) {
      if (error instanceof ChangerError && REFUSALS.has(error.kind)) return undefined;
      throw error;
    }
  }
}

/** The addresses of import/export slots need not follow those of storage slots, though the numbers do. */
function rangesOf(slots: readonly LibraryElement[]): ElementRange[] {
  return (["storage", "importExport"] as const).flatMap((type) => {
    const addresses = slots.filter((slot) => slot.type === type).map(({ address }) => address);
    const [first] = addresses;
    return first === undefined ? [] : [{ first, count: addresses.at(-1)! - first + 1 }];
  });
}

/** After these the inventory is read instead: a search moves nothing, whatever became of it. */
const REFUSALS: ReadonlySet<string> = new Set([
  "illegal-request",
  "inventory-changed",
  "outcome-unknown",
  "unsupported",
]);

function isUnsupported(error: unknown): boolean {
  return error instanceof ChangerError && error.kind === "unsupported";
}
