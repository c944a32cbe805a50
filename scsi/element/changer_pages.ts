/**
 * Mode pages of media changers: which elements there are, and what the arm can do (SMC-3 §7.3).
 *
 * @module
 */

import { readU16, writeU16 } from "../big_endian.ts";
import { ELEMENT_TYPES, type ElementType } from "./element_type.ts";

/** Mode page codes of media changers. */
export const ChangerPage = {
  ElementAddresses: 0x1d,
  TransportGeometry: 0x1e,
  DeviceCapabilities: 0x1f,
} as const;

/** The elements of one type: their addresses follow one another. */
export interface ElementAddresses {
  /** Address of the first. */
  readonly first: number;
  /** How many there are. */
  readonly count: number;
}

/** Which elements a library has, by type. */
export type ElementAssignment = Readonly<Record<ElementType, ElementAddresses>>;

/** Offset of the address and count of each type in page 1Dh; medium transport comes first. */
const PAIR_OFFSETS: Readonly<Record<ElementType, number>> = {
  transport: 2,
  storage: 6,
  importExport: 10,
  drive: 14,
};
const ADDRESSES_LENGTH = 20;
const ADDRESSES_END = 18;

/** Decodes page 1Dh, from its page code on; `undefined` when it is cut short. */
export function decodeElementAddresses(page: Uint8Array): ElementAssignment | undefined {
  if (page.length < ADDRESSES_END) return undefined;
  const pairs = ELEMENT_TYPES.map((type) => {
    const at = PAIR_OFFSETS[type];
    return [type, { first: readU16(page, at), count: readU16(page, at + 2) }];
  });
  return Object.fromEntries(pairs) as Record<ElementType, ElementAddresses>;
}

/** Encodes page 1Dh. The array is the caller's. */
export function encodeElementAddresses(assignment: ElementAssignment): Uint8Array {
  const page = pageOf(ChangerPage.ElementAddresses, ADDRESSES_LENGTH);
  for (const type of ELEMENT_TYPES) {
    writeU16(page, PAIR_OFFSETS[type], assignment[type].first);
    writeU16(page, PAIR_OFFSETS[type] + 2, assignment[type].count);
  }
  return page;
}

/** Encodes page 1Eh for arms that do not turn cartridges over and are each a set of their own. */
export function encodeTransportGeometry(transports: number): Uint8Array {
  const page = pageOf(ChangerPage.TransportGeometry, 2 + 2 * transports);
  for (let arm = 0; arm < transports; arm++) page[3 + 2 * arm] = arm;
  return page;
}

/** Which ways a cartridge can go, from each type of element to each. */
export type Ways = Readonly<Record<ElementType, readonly ElementType[]>>;

/** What a changer can do. */
export interface ChangerCapabilities {
  /** Types of elements in which a cartridge can stay. */
  readonly holds: readonly ElementType[];
  /** MOVE MEDIUM. */
  readonly moves: Ways;
  /** EXCHANGE MEDIUM. */
  readonly exchanges: Ways;
}

const CAPABILITIES_LENGTH = 20;
const HOLDS = 2;
const MOVES = 4;
const EXCHANGES = 12;

/** Decodes page 1Fh, from its page code on; `undefined` when it is cut short. */
export function decodeCapabilities(page: Uint8Array): ChangerCapabilities | undefined {
  if (page.length < EXCHANGES + ELEMENT_TYPES.length) return undefined;
  return {
    holds: typesIn(page[HOLDS]),
    moves: waysAt(page, MOVES),
    exchanges: waysAt(page, EXCHANGES),
  };
}

/** Encodes page 1Fh. The array is the caller's. */
export function encodeCapabilities(capabilities: ChangerCapabilities): Uint8Array {
  const page = pageOf(ChangerPage.DeviceCapabilities, CAPABILITIES_LENGTH);
  page[HOLDS] = bitsOf(capabilities.holds);
  ELEMENT_TYPES.forEach((from, i) => {
    page[MOVES + i] = bitsOf(capabilities.moves[from]);
    page[EXCHANGES + i] = bitsOf(capabilities.exchanges[from]);
  });
  return page;
}

/** A bit for each type in the order of the codes, from the low end. */
function typesIn(bits: number): ElementType[] {
  return ELEMENT_TYPES.filter((_, i) => (bits & (1 << i)) !== 0);
}

function bitsOf(types: readonly ElementType[]): number {
  return types.reduce((bits, type) => bits | (1 << ELEMENT_TYPES.indexOf(type)), 0);
}

function waysAt(page: Uint8Array, at: number): Ways {
  const rows = ELEMENT_TYPES.map((from, i) => [from, typesIn(page[at + i])]);
  return Object.fromEntries(rows) as Record<ElementType, ElementType[]>;
}

function pageOf(code: number, length: number): Uint8Array {
  const page = new Uint8Array(length);
  page[0] = code;
  page[1] = length - 2;
  return page;
}
