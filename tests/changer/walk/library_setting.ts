/** What the library of a walk is like: its size, its addresses, its cartridges, and how it describes its elements. */

import { ELEMENT_TYPES, type ElementType } from "../../../scsi/element/element_type.ts";
import type { CartridgeOptions } from "../../../sim/changer/cartridge.ts";
import type { DeviceIdForm } from "../../../sim/changer/changer_state.ts";
import type { LibraryLayout } from "../../../sim/changer/simulated_library.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import type { Random } from "../../scsi/random.ts";

/** How answers to READ ELEMENT STATUS differ from those of the simulated library, within SMC-3 or as real libraries have it. */
export interface StatusOddities {
  /** Bytes of the vendor's own behind each descriptor. */
  readonly extraBytes: number;
  /** Most descriptors in a page: there may be several pages of one type. */
  readonly perPage: number;
  readonly order: "up" | "down" | "shuffled";
  readonly tags: "asked" | "always" | "never" | "refused";
  /** Pages have alternate volume tags even where there are none. */
  readonly alternateTags: boolean;
  readonly ids: "asked" | "never" | "refused" | "refused with tags";
  /** Some elements have something to tell. */
  readonly exceptions: boolean;
  /** Pages of a type that SMC-3 does not have come first. */
  readonly foreignPages: boolean;
  /** Bytes that the library can send at once. */
  readonly buffer: number;
  /** Empty elements still have the label of what was there. */
  readonly staleTags: boolean;
  /** Labels end with zeros instead of spaces. */
  readonly zeroPadding: boolean;
  readonly tellsSources: boolean;
  readonly refusesHeader: boolean;
  readonly refusesCurrentData: boolean;
}

/** All of it. */
export interface LibrarySetting {
  readonly slots: number;
  readonly importExport: number;
  readonly drives: number;
  readonly addresses: Readonly<Record<ElementType, number>>;
  /** One for each cartridge, from the first slot on. */
  readonly cartridges: readonly CartridgeOptions[];
  /** Numbers of the storage slots that are missing, from 0: a magazine that is not there. */
  readonly missing: readonly number[];
  readonly requireUnload: boolean;
  readonly deviceIds: DeviceIdForm;
  /** Whether the drives tell which elements they are (page B4h). */
  readonly drivesTellAddress: boolean;
  readonly layout: LibraryLayout;
  /** Whether it has mode page 1Dh. */
  readonly hasAddresses: boolean;
  readonly oddities?: StatusOddities;
}

export function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)];
}

function chance(random: Random, of: number): boolean {
  return random.below(of) === 0;
}

export function drawSetting(random: Random): LibrarySetting {
  const isLarge = chance(random, 30);
  const slots = isLarge ? 300 + random.below(300) : 2 + random.below(10);
  const counts = {
    transport: 1,
    storage: slots,
    importExport: pick(random, [0, 1, 1, 2, 4]),
    drive: 1 + random.below(4),
  };
  const isOdd = random.below(3) > 0;
  const cartridges = drawCartridges(random, slots);
  return {
    slots,
    importExport: counts.importExport,
    drives: counts.drive,
    addresses: drawAddresses(random, counts),
    cartridges,
    missing: isOdd && chance(random, 3) ? drawMissing(random, slots, cartridges.length) : [],
    requireUnload: chance(random, 2),
    deviceIds: pick(random, ["t10-vendor", "serial-number", "none"] as const),
    drivesTellAddress: chance(random, 2),
    layout: pick(random, ["lun", "target"] as const),
    hasAddresses: random.below(4) > 0,
    ...(isOdd && { oddities: drawOddities(random) }),
  };
}

/** Types in any order, with gaps between them, from one end of the addresses or up to the other. */
function drawAddresses(
  random: Random,
  counts: Readonly<Record<ElementType, number>>,
): Record<ElementType, number> {
  const types = [...ELEMENT_TYPES];
  for (let at = types.length; at > 1; at--) {
    const other = random.below(at);
    [types[at - 1], types[other]] = [types[other], types[at - 1]];
  }
  const gap = () => pick(random, [0, 0, 1, 7, 1000]);
  const addresses: Record<ElementType, number> = {
    transport: 0,
    storage: 0,
    importExport: 0,
    drive: 0,
  };
  let next = pick(random, [0, 0, 1, 256]);
  for (const type of types) {
    addresses[type] = next;
    next += counts[type] + gap();
  }
  const last = types[3];
  const end = addresses[last] + Math.max(counts[last], 1);
  const shift = chance(random, 3) ? 0x10000 - end : 0;
  for (const type of types) addresses[type] += shift;
  return addresses;
}

function drawCartridges(random: Random, slots: number): CartridgeOptions[] {
  const count = 1 + random.below(Math.min(slots, 12));
  const labels = pick(random, ["each", "each", "each", "some", "none", "doubled"] as const);
  const hasCleaning = chance(random, 3);
  return Array.from({ length: count }, (_, i): CartridgeOptions => {
    const isCleaning = hasCleaning && i === 0;
    const number = labels === "doubled" ? i >> 1 : i;
    const barcode = `${isCleaning ? "CLNU" : "A000"}${`${number}`.padStart(2, "0")}L8`;
    const isLabelled = labels !== "none" && (labels !== "some" || !chance(random, 3));
    return {
      // Its memory tells it from all others, whatever the label does.
      medium: new MemoryMedium({ barcode: `W${i}` }),
      ...(isLabelled && { barcode: chance(random, 20) ? barcode.padEnd(32, "X") : barcode }),
      ...(isCleaning && { cleaning: true }),
    };
  });
}

/** Of the storage slots, behind those with cartridges. */
function drawMissing(random: Random, slots: number, taken: number): number[] {
  return Array.from({ length: slots }, (_, i) => i).filter((i) => i >= taken && chance(random, 4));
}

function drawOddities(random: Random): StatusOddities {
  const buffer = pick(random, [Infinity, Infinity, Infinity, 300, 500, 2000]);
  // Where an answer is cut, it has the lowest addresses: there is no asking for the others else.
  const order = buffer === Infinity ? pick(random, ["up", "down", "shuffled"] as const) : "up";
  return {
    extraBytes: pick(random, [0, 0, 4, 20, 60]),
    perPage: pick(random, [Infinity, 1, 3]),
    order,
    tags: pick(random, ["asked", "asked", "asked", "always", "never", "refused"] as const),
    alternateTags: chance(random, 3),
    ids: pick(random, ["asked", "asked", "never", "refused", "refused with tags"] as const),
    exceptions: chance(random, 2),
    foreignPages: chance(random, 4),
    buffer,
    staleTags: chance(random, 3),
    zeroPadding: chance(random, 3),
    tellsSources: !chance(random, 5),
    refusesHeader: chance(random, 4),
    refusesCurrentData: chance(random, 3),
  };
}
