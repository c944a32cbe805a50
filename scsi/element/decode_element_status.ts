/**
 * Decoding the answer to READ ELEMENT STATUS (SMC-3 §6.11). Changers err in their counts, so what is there is taken
 * for what it is, and nothing is read beyond it.
 *
 * @module
 */

import { readAscii } from "../ascii.ts";
import { readU16, readU24 } from "../big_endian.ts";
import { decodeDesignators, type Designator } from "../designator.ts";
import {
  ALTERNATE_TAG,
  BASE_LENGTH,
  Bus,
  Field,
  Flag,
  LEAST_LENGTH,
  MediumBit,
  PAGE_HEADER_LENGTH,
  PRIMARY_TAG,
  STATUS_HEADER_LENGTH,
  TAG_LENGTH,
  TAG_TEXT_LENGTH,
} from "./element_layout.ts";
import type { ElementStatus, ElementStatusData } from "./element_status.ts";
import { type ElementType, elementTypeOf } from "./element_type.ts";

/** Decodes an answer. Never throws; of what is cut off at the end, `cut` has what came. */
export function decodeElementStatus(bytes: Uint8Array): ElementStatusData {
  if (bytes.length < STATUS_HEADER_LENGTH) {
    return { first: 0, available: 0, totalLength: STATUS_HEADER_LENGTH, elements: [] };
  }
  const elements: ElementStatus[] = [];
  let cut: ElementStatus | undefined;
  // The byte count of the header is wrong on some changers: the pages themselves tell where they end.
  for (let at = STATUS_HEADER_LENGTH; at + PAGE_HEADER_LENGTH <= bytes.length;) {
    const length = readU16(bytes, at + 2);
    const end = at + PAGE_HEADER_LENGTH + readU24(bytes, at + 5);
    if (length < LEAST_LENGTH) break;
    const page = bytes.subarray(at, end);
    elements.push(...decodePage(page, length));
    if (end > bytes.length) cut = decodeCut(page, length);
    at = end;
  }
  return {
    first: readU16(bytes, 0),
    available: readU16(bytes, 2),
    totalLength: STATUS_HEADER_LENGTH + readU24(bytes, 5),
    elements,
    ...(cut !== undefined && { cut }),
  };
}

function decodePage(page: Uint8Array, length: number): ElementStatus[] {
  const type = elementTypeOf(page[0]);
  const elements: ElementStatus[] = [];
  if (type === undefined) return elements;
  for (let at = PAGE_HEADER_LENGTH; at + length <= page.length; at += length) {
    elements.push(decodeElement(page.subarray(at, at + length), type, page[1]));
  }
  return elements;
}

/** The element at the end of a page that was cut, if enough of it came to tell what it is. */
function decodeCut(page: Uint8Array, length: number): ElementStatus | undefined {
  const type = elementTypeOf(page[0]);
  const rest = (page.length - PAGE_HEADER_LENGTH) % length;
  if (type === undefined || rest < BASE_LENGTH) return undefined;
  return decodeElement(page.subarray(page.length - rest), type, page[1]);
}

function decodeElement(bytes: Uint8Array, type: ElementType, tags: number): ElementStatus {
  const flags = bytes[Field.flags];
  const medium = bytes[Field.medium] ?? 0;
  return {
    type,
    address: readU16(bytes, 0),
    full: (flags & Flag.full) !== 0,
    placedByOperator: type === "importExport" && (flags & Flag.importExport) !== 0,
    ...((flags & Flag.exception) !== 0 && {
      exception: { asc: bytes[Field.sense] ?? 0, ascq: bytes[Field.sense + 1] ?? 0 },
    }),
    accessible: (flags & Flag.accessible) !== 0,
    exportEnabled: (flags & Flag.exportEnabled) !== 0,
    importEnabled: (flags & Flag.importEnabled) !== 0,
    ...((medium & MediumBit.sourceValid) !== 0 && bytes.length >= BASE_LENGTH &&
      { source: readU16(bytes, Field.source) }),
    inverted: (medium & MediumBit.sourceValid) !== 0 && (medium & MediumBit.inverted) !== 0,
    disabled: (medium & MediumBit.disabled) !== 0,
    mediumType: medium & MediumBit.type,
    ...(type === "drive" && decodeBus(bytes)),
    ...decodeTail(bytes, type, tags),
  };
}

function decodeBus(bytes: Uint8Array): Partial<ElementStatus> {
  const bus = bytes[Field.bus] ?? 0;
  return {
    ...((bus & Bus.lunValid) !== 0 && { busLun: bus & Bus.lun }),
    ...((bus & Bus.addressValid) !== 0 && { busAddress: bytes[Field.busAddress] }),
  };
}

/** Volume tags, if any, and after them the identifier of a drive. */
function decodeTail(bytes: Uint8Array, type: ElementType, tags: number): Partial<ElementStatus> {
  let at = BASE_LENGTH;
  const tag = (present: number) => {
    if ((tags & present) === 0 || at + TAG_TEXT_LENGTH > bytes.length) return undefined;
    at += TAG_LENGTH;
    return readAscii(bytes, at - TAG_LENGTH, TAG_TEXT_LENGTH) || undefined;
  };
  const barcode = tag(PRIMARY_TAG);
  const alternateBarcode = tag(ALTERNATE_TAG);
  const deviceId = type === "drive" ? decodeDeviceId(bytes.subarray(at)) : undefined;
  return {
    ...(barcode !== undefined && { barcode }),
    ...(alternateBarcode !== undefined && { alternateBarcode }),
    ...(deviceId !== undefined && { deviceId }),
  };
}

/** A designation descriptor; without one these bytes are zeros, or not there. */
function decodeDeviceId(bytes: Uint8Array): Designator | undefined {
  const [designator] = decodeDesignators(bytes);
  return designator !== undefined && designator.text !== "" ? designator : undefined;
}
