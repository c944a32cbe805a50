/** Answers to READ ELEMENT STATUS as libraries other than the simulated one give them (SMC-3 §6.11), encoded by hand. */

import { type ElementType, ElementTypeCode } from "../../../scsi/element/element_type.ts";
import type { StatusOddities } from "./library_setting.ts";

/** What there is to tell of an element. */
export interface ElementFacts {
  readonly type: ElementType;
  readonly address: number;
  readonly full: boolean;
  readonly accessible: boolean;
  readonly placedByOperator: boolean;
  readonly mediumType: number;
  readonly source?: number;
  readonly barcode?: string;
  /** Of the cartridge that was there last. */
  readonly staleBarcode?: string;
  readonly serialNumber?: string;
  readonly exception?: { readonly asc: number; readonly ascq: number };
}

const HEADER = 8;
const BASE = 12;
const TAG = 36;
const FOREIGN_TYPE = 9;
const VENDOR_BYTE = 0x5a;

/** What a command asks for. */
interface Asked {
  readonly type: number;
  readonly first: number;
  readonly count: number;
  readonly tags: boolean;
  readonly ids: boolean;
  readonly currentData: boolean;
  readonly allocation: number;
}

function askedBy(cdb: Uint8Array): Asked {
  return {
    type: cdb[1] & 0x0f,
    first: (cdb[2] << 8) | cdb[3],
    count: (cdb[4] << 8) | cdb[5],
    tags: (cdb[1] & 0x10) !== 0,
    ids: (cdb[6] & 0x01) !== 0,
    currentData: (cdb[6] & 0x02) !== 0,
    allocation: (cdb[7] << 16) | (cdb[8] << 8) | cdb[9],
  };
}

/** The answer; `undefined` where the library refuses what is asked for: INVALID FIELD IN CDB. */
export function oddStatus(
  cdb: Uint8Array,
  elements: readonly ElementFacts[],
  odd: StatusOddities,
): Uint8Array | undefined {
  const asked = askedBy(cdb);
  if (asked.tags && odd.tags === "refused") return undefined;
  if (asked.ids && odd.ids === "refused") return undefined;
  if (asked.ids && asked.tags && odd.ids === "refused with tags") return undefined;
  if (asked.currentData && odd.refusesCurrentData) return undefined;
  if (asked.allocation <= HEADER && odd.refusesHeader) return undefined;
  const available = elements
    .filter(({ type }) => asked.type === 0 || ElementTypeCode[type] === asked.type)
    .filter(({ address }) => address >= asked.first)
    .sort((a, b) => a.address - b.address);
  const told = available.slice(0, asked.count);
  if (odd.order === "down") told.reverse();
  if (odd.order === "shuffled") told.sort((a, b) => scattered(a.address) - scattered(b.address));
  const pages = pagesOf(told, odd.perPage).map((page) => pageBytes(page, asked, odd));
  if (odd.foreignPages) pages.unshift(foreignPage());
  const body = pages.flat();
  const bytes = [
    ...u16(told.length === 0 ? 0 : Math.min(...told.map(({ address }) => address))),
    ...u16(available.length),
    0,
    ...u24(body.length),
    ...body,
  ];
  return Uint8Array.from(bytes.slice(0, Math.min(asked.allocation, odd.buffer)));
}

function scattered(address: number): number {
  return Math.imul(address + 1, 0x9e3779b1) >>> 0;
}

/** Runs of one type, none longer than `most`. */
function pagesOf(elements: readonly ElementFacts[], most: number): ElementFacts[][] {
  const pages: ElementFacts[][] = [];
  for (const element of elements) {
    const last = pages.at(-1);
    if (last?.[0].type === element.type && last.length < most) last.push(element);
    else pages.push([element]);
  }
  return pages;
}

function pageBytes(elements: readonly ElementFacts[], asked: Asked, odd: StatusOddities): number[] {
  const hasTags = odd.tags === "always" || (asked.tags && odd.tags === "asked");
  const hasAlternate = hasTags && odd.alternateTags;
  const descriptors = elements.map((element) => {
    const { barcode, staleBarcode } = element;
    const label = barcode ?? (odd.staleTags && !element.full ? staleBarcode : undefined);
    const isNamed = element.type === "drive" && asked.ids && odd.ids !== "never";
    return [
      ...baseBytes(element, odd),
      ...hasTags ? tagBytes(label, odd.zeroPadding) : [],
      ...hasAlternate ? new Array(TAG).fill(0) : [],
      ...designatorBytes(isNamed ? element.serialNumber : undefined),
    ];
  });
  const length = Math.max(...descriptors.map((bytes) => bytes.length)) + odd.extraBytes;
  const body = descriptors.flatMap((bytes) => {
    const filler = new Array(length - odd.extraBytes - bytes.length).fill(0);
    return [...bytes, ...filler, ...new Array(odd.extraBytes).fill(VENDOR_BYTE)];
  });
  return [
    ElementTypeCode[elements[0].type],
    (hasTags ? 0x80 : 0) | (hasAlternate ? 0x40 : 0),
    ...u16(length),
    0,
    ...u24(body.length),
    ...body,
  ];
}

function baseBytes(element: ElementFacts, odd: StatusOddities): number[] {
  const { type, full, exception, accessible, placedByOperator, source, mediumType } = element;
  const isDoor = type === "importExport";
  const flags = (full ? 0x01 : 0) | (isDoor && placedByOperator ? 0x02 : 0) |
    (exception ? 0x04 : 0) | (accessible ? 0x08 : 0) | (isDoor ? 0x30 : 0);
  const hasSource = source !== undefined && odd.tellsSources;
  return [
    ...u16(element.address),
    flags,
    0,
    exception?.asc ?? 0,
    exception?.ascq ?? 0,
    0,
    0,
    0,
    (hasSource ? 0x80 : 0) | mediumType,
    ...u16(hasSource ? source : 0),
  ];
}

function tagBytes(label: string | undefined, zeroPadding: boolean): number[] {
  const bytes = new Array(TAG).fill(0);
  for (let i = 0; i < 32 && label !== undefined; i++) {
    bytes[i] = i < label.length ? label.charCodeAt(i) : zeroPadding ? 0 : 0x20;
  }
  return bytes;
}

/** The serial number, vendor specific, in ASCII; without one four bytes of zeros. */
function designatorBytes(serialNumber: string | undefined): number[] {
  if (serialNumber === undefined) return [0, 0, 0, 0];
  return [2, 0, 0, serialNumber.length, ...new TextEncoder().encode(serialNumber)];
}

function foreignPage(): number[] {
  const descriptors = [0, 1].flatMap((i) => [0, i, 0x01, ...new Array(BASE - 3).fill(0xff)]);
  return [FOREIGN_TYPE, 0, ...u16(BASE), 0, ...u24(descriptors.length), ...descriptors];
}

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

function u24(value: number): number[] {
  return [value >> 16, ...u16(value & 0xffff)];
}
