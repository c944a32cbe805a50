/**
 * Which drive is which element of the library. The changer knows its drives by place, initiators know them by target
 * and LUN: some libraries put all drives behind one target, others make each drive a target of its own.
 *
 * @module
 */

import { executeChecked } from "../scsi/execute.ts";
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import { sleep as realSleep } from "../scsi/sleep.ts";
import { drainUnitAttentions } from "../scsi/test_unit_ready.ts";
import { type DriveIdentity, identifyDrive } from "./drive_identity.ts";
import type { Inventory, LibraryElement } from "./inventory.ts";
import type { MediaChanger } from "./media_changer.ts";

/** How a drive was recognized, the surest first. */
export type MatchedBy = "serial-number" | "designator" | "element-address" | "probe";

/** A drive of the library. */
export interface LibraryDrive<Unit extends LogicalUnit = LogicalUnit> {
  /** Its number, as the changer's methods take it. */
  readonly number: number;
  /** Its element, as the inventory has it. */
  readonly element: LibraryElement;
  /** The logical unit that it is; absent when none of those given is known to be. */
  readonly unit?: Unit;
  /** How that is known. */
  readonly matchedBy?: MatchedBy;
}

/** Which drive is which. */
export interface LibraryView<Unit extends LogicalUnit = LogicalUnit> {
  /** The inventory that it is based on. */
  readonly inventory: Inventory;
  /** The drives by number. */
  readonly drives: readonly LibraryDrive<Unit>[];
  /** Logical units of tape drives that are none of the library's, as far as is known. */
  readonly strangers: readonly Unit[];
}

/** Leave to find out by loading a cartridge. */
export interface ProbeOptions {
  /** Slot of the cartridge to load, which goes back there. Nothing is written. */
  readonly slot: number;
  /** Milliseconds between two looks at the drives. @default 1000 */
  readonly intervalMs?: number;
  /** How many looks before the drive counts as unreachable. @default 300 */
  readonly count?: number;
}

/** Options of {@link viewLibrary}. */
export interface LibraryViewOptions {
  /**
   * Finds out about empty drives that nothing else tells, by bringing a cartridge into each and looking which logical
   * unit becomes ready. Moves the library's arm, and takes a minute or more a drive. @default none: they stay unknown
   */
  readonly probe?: ProbeOptions;
  /** Ends it; the promise rejects with its reason. @default none */
  readonly signal?: AbortSignal;
  /** Waits for so many milliseconds. @default a timer */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** What a drive is known by. */
type Known<Unit> = DriveIdentity & { readonly unit: Unit };

/** The ways of recognizing, the surest first. */
const RULES: readonly (readonly [
  MatchedBy,
  (element: LibraryElement, drive: DriveIdentity) => boolean,
])[] = [
  [
    "serial-number",
    ({ serialNumber }, drive) => serialNumber !== undefined && serialNumber === drive.serialNumber,
  ],
  [
    "designator",
    ({ deviceId }, drive) => deviceId !== undefined && drive.designators.includes(deviceId.text),
  ],
  // Drives of another library sit at the same addresses: serial numbers that differ go before that.
  ["element-address", ({ address, serialNumber }, drive) =>
    drive.elementAddress === address &&
    (serialNumber === undefined || drive.serialNumber === undefined)],
];

/**
 * Finds the drives of a library among logical units of any number of targets: by serial number or name where the
 * changer tells those (READ ELEMENT STATUS, DVCID), by the element address that a drive tells (page B4h), or else, with
 * leave, by trying. Units that are no tape drives are left out.
 *
 * @param units The caller's; they are asked, not closed.
 * @throws {ChangerError} as the changer answers.
 * @throws {ScsiStatusError} as a drive answers.
 * @throws {ServiceDeliveryError} when no answer came.
 */
export async function viewLibrary<Unit extends LogicalUnit>(
  changer: MediaChanger,
  units: readonly Unit[],
  options: LibraryViewOptions = {},
): Promise<LibraryView<Unit>> {
  const { probe, signal, sleep = realSleep } = options;
  const inventory = await changer.inventory({ signal });
  const left = new Set(await identified(units, signal));
  let drives = inventory.drives.map((element) => matched(element, left));
  if (probe !== undefined) {
    const prober = new Prober(changer, { ...probe, signal, sleep });
    const tried: LibraryDrive<Unit>[] = [];
    for (const drive of drives) tried.push(await prober.probe(drive, left));
    drives = tried;
  }
  return { inventory, drives, strangers: Array.from(left, ({ unit }) => unit) };
}

async function identified<Unit extends LogicalUnit>(
  units: readonly Unit[],
  signal?: AbortSignal,
): Promise<Known<Unit>[]> {
  const known: Known<Unit>[] = [];
  for (const unit of units) {
    // Page 80h may have to wait behind the unit attentions of a new initiator.
    await drainUnitAttentions(unit, { signal });
    const identity = await identifyDrive(unit, { signal });
    if (identity !== undefined) known.push({ ...identity, unit });
  }
  return known;
}

/** A rule counts when it fits one drive alone: drives with the same serial number are told apart by something else. */
function matched<Unit extends LogicalUnit>(
  element: LibraryElement,
  left: Set<Known<Unit>>,
): LibraryDrive<Unit> {
  const { number } = element;
  for (const [matchedBy, fits] of RULES) {
    const [drive, ...others] = [...left].filter((one) => fits(element, one));
    if (drive === undefined || others.length > 0) continue;
    left.delete(drive);
    return { number, element, unit: drive.unit, matchedBy };
  }
  return { number, element };
}

interface ProberOptions extends ProbeOptions {
  readonly signal?: AbortSignal;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Brings a cartridge into drives and looks who becomes ready. */
class Prober {
  readonly #changer: MediaChanger;
  readonly #options: ProberOptions;

  constructor(changer: MediaChanger, options: ProberOptions) {
    this.#changer = changer;
    this.#options = options;
  }

  /** The drive with its unit, if it had none, is empty, and one of those left became ready. */
  async probe<Unit extends LogicalUnit>(
    drive: LibraryDrive<Unit>,
    left: Set<Known<Unit>>,
  ): Promise<LibraryDrive<Unit>> {
    if (drive.unit !== undefined || drive.element.full || left.size === 0) return drive;
    const { slot, signal } = this.#options;
    signal?.throwIfAborted();
    const empty: Known<Unit>[] = [];
    for (const known of left) if (!await isReady(known.unit, signal)) empty.push(known);
    // Without the signal: nobody would know whether a move that is called off has been made, and put the cartridge back.
    await this.#changer.load(slot, drive.number);
    const found = await this.#becomesReady(empty).catch((error) => {
      return this.#giveUp(drive.number, empty, error);
    });
    await this.#putBack(drive.number, found?.unit);
    if (found === undefined) return drive;
    left.delete(found);
    return { ...drive, unit: found.unit, matchedBy: "probe" };
  }

  /** Another one may be loaded by somebody else meanwhile: then nobody knows which is which. */
  async #becomesReady<Unit extends LogicalUnit>(
    candidates: readonly Known<Unit>[],
  ): Promise<Known<Unit> | undefined> {
    const { intervalMs = 1000, count = 300, signal, sleep } = this.#options;
    for (let look = 0; candidates.length > 0; look++) {
      const ready: Known<Unit>[] = [];
      for (const known of candidates) if (await isReady(known.unit, signal)) ready.push(known);
      if (ready.length > 0) return ready.length === 1 ? ready[0] : undefined;
      if (look >= count) return undefined;
      await sleep(intervalMs, signal);
    }
    return undefined;
  }

  /** The cartridge goes back where that can be done; what the caller hears of is why the looking came to an end. */
  async #giveUp(drive: number, candidates: readonly Known<LogicalUnit>[], error: unknown) {
    const states = await Promise.all(
      candidates.map(({ unit }) => isReady(unit).catch(() => false)),
    );
    const ready = candidates.filter((_, index) => states[index]);
    await this.#putBack(drive, ready.length === 1 ? ready[0].unit : undefined).catch(() => {});
    throw error;
  }

  async #putBack(drive: number, unit: LogicalUnit | undefined): Promise<void> {
    const unloadDrive = unit && (() => unload(unit));
    await this.#changer.unload(drive, this.#options.slot, { unloadDrive });
  }
}

async function isReady(unit: LogicalUnit, signal?: AbortSignal): Promise<boolean> {
  return (await drainUnitAttentions(unit, { signal })).readiness.ready;
}

/** LOAD UNLOAD of a tape drive, without LOAD (SSC-4 §7.3). */
const UNLOAD = new Uint8Array([0x1b, 0, 0, 0, 0, 0]);

async function unload(unit: LogicalUnit): Promise<void> {
  await executeChecked(unit, { cdb: UNLOAD });
}
