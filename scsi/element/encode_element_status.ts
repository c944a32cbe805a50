/**
 * Encoding the answer to READ ELEMENT STATUS (SMC-3 §6.11), for the simulated changer.
 *
 * @module
 */

import { writeAscii } from "../ascii.ts";
import { writeU16, writeU24 } from "../big_endian.ts";
import { type DesignatorInput, encodeDesignators } from "../designator.ts";
import {
  ALTERNATE_TAG,
  BASE_LENGTH,
  Bus,
  Field,
  Flag,
  MediumBit,
  PAGE_HEADER_LENGTH,
  PRIMARY_TAG,
  STATUS_HEADER_LENGTH,
  TAG_LENGTH,
  TAG_TEXT_LENGTH,
} from "./element_layout.ts";
import type { ElementStatus } from "./element_status.ts";
import { type ElementType, ElementTypeCode } from "./element_type.ts";

/** What {@link encodeElementStatus} puts into one descriptor; what is left out is not there. */
export interface ElementStatusInput
  extends Partial<Omit<ElementStatus, "type" | "address" | "full" | "deviceId">> {
  /** What it is. */
  readonly type: ElementType;
  /** Its address, 0 to 65535. */
  readonly address: number;
  /** Whether there is a cartridge. */
  readonly full: boolean;
  /** What the drive goes by. */
  readonly deviceId?: DesignatorInput;
}

/** Which optional parts go into an answer. */
export interface EncodeElementStatusOptions {
  /** Volume tags: both, where any element of the page has an alternate one. @default false */
  readonly volumeTags?: boolean;
  /** Identifiers of drives. @default false */
  readonly deviceIds?: boolean;
}

/**
 * Encodes an answer, whole: one page for each run of elements of one type. The array is the caller's.
 *
 * @param elements In the order in which they are to be told.
 */
export function encodeElementStatus(
  elements: readonly ElementStatusInput[],
  options: EncodeElementStatusOptions = {},
): Uint8Array {
  const pages: Uint8Array[] = [];
  for (let at = 0; at < elements.length;) {
    const { type } = elements[at];
    const next = elements.findIndex((element, i) => i > at && element.type !== type);
    const end = next < 0 ? elements.length : next;
    pages.push(encodePage(elements.slice(at, end), type, options));
    at = end;
  }
  const length = pages.reduce((sum, page) => sum + page.length, 0);
  const bytes = new Uint8Array(STATUS_HEADER_LENGTH + length);
  writeU16(bytes, 0, lowestAddress(elements));
  writeU16(bytes, 2, elements.length);
  writeU24(bytes, 5, length);
  let at = STATUS_HEADER_LENGTH;
  for (const page of pages) {
    bytes.set(page, at);
    at += page.length;
  }
  return bytes;
}

function lowestAddress(elements: readonly ElementStatusInput[]): number {
  if (elements.length === 0) return 0;
  return elements.reduce((lowest, { address }) => Math.min(lowest, address), 0xffff);
}

function encodePage(
  elements: readonly ElementStatusInput[],
  type: ElementType,
  { volumeTags = false, deviceIds = false }: EncodeElementStatusOptions,
): Uint8Array {
  const alternate = volumeTags && elements.some((element) => element.alternateBarcode);
  const ids = elements.map(({ deviceId }) =>
    deviceIds && deviceId ? encodeDesignators([deviceId]) : new Uint8Array(4)
  );
  const tagsLength = (volumeTags ? TAG_LENGTH : 0) + (alternate ? TAG_LENGTH : 0);
  const length = BASE_LENGTH + tagsLength + Math.max(...ids.map((id) => id.length));
  const page = new Uint8Array(PAGE_HEADER_LENGTH + elements.length * length);
  page[0] = ElementTypeCode[type];
  page[1] = (volumeTags ? PRIMARY_TAG : 0) | (alternate ? ALTERNATE_TAG : 0);
  writeU16(page, 2, length);
  writeU24(page, 5, page.length - PAGE_HEADER_LENGTH);
  elements.forEach((element, i) => {
    const at = PAGE_HEADER_LENGTH + i * length;
    const descriptor = page.subarray(at, at + length);
    encodeElement(element, descriptor);
    if (volumeTags) encodeTag(descriptor, BASE_LENGTH, element.barcode);
    if (alternate) encodeTag(descriptor, BASE_LENGTH + TAG_LENGTH, element.alternateBarcode);
    descriptor.set(ids[i], BASE_LENGTH + tagsLength);
  });
  return page;
}

function encodeElement(element: ElementStatusInput, bytes: Uint8Array): void {
  const { exception, source, mediumType = 0, busLun, busAddress } = element;
  writeU16(bytes, 0, element.address);
  bytes[Field.flags] = (element.full ? Flag.full : 0) |
    (element.placedByOperator ? Flag.importExport : 0) | (exception ? Flag.exception : 0) |
    (element.accessible ? Flag.accessible : 0) |
    (element.exportEnabled ? Flag.exportEnabled : 0) |
    (element.importEnabled ? Flag.importEnabled : 0);
  bytes[Field.sense] = exception?.asc ?? 0;
  bytes[Field.sense + 1] = exception?.ascq ?? 0;
  if (busLun !== undefined) bytes[Field.bus] |= Bus.lunValid | busLun;
  if (busAddress !== undefined) {
    bytes[Field.bus] |= Bus.addressValid;
    bytes[Field.busAddress] = busAddress;
  }
  bytes[Field.medium] = (source === undefined ? 0 : MediumBit.sourceValid) |
    (element.inverted ? MediumBit.inverted : 0) |
    (element.disabled ? MediumBit.disabled : 0) | mediumType;
  writeU16(bytes, Field.source, source ?? 0);
}

/** An element without a label has a tag of zeros (SMC-3 §4.6: undefined). */
function encodeTag(bytes: Uint8Array, at: number, barcode: string | undefined): void {
  if (barcode !== undefined) writeAscii(bytes, at, TAG_TEXT_LENGTH, barcode);
}
