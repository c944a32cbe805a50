/**
 * Where the fields of an answer to READ ELEMENT STATUS are (SMC-3 §6.11).
 *
 * @module
 */

/** Bytes of the header of an answer, and of that of each of its pages. */
export const STATUS_HEADER_LENGTH = 8;
export const PAGE_HEADER_LENGTH = 8;

/** PVOLTAG and AVOLTAG in byte 1 of a page: its descriptors have these volume tags. */
export const PRIMARY_TAG = 0x80;
export const ALTERNATE_TAG = 0x40;
/** Identifier of 32 bytes, two reserved, sequence number of two (SMC-3 §4.6). */
export const TAG_LENGTH = 36;
/** Bytes of the text of a volume tag. */
export const TAG_TEXT_LENGTH = 32;

/** Offsets in a descriptor; the address is at 0. */
export const Field = {
  flags: 2,
  sense: 4,
  bus: 6,
  busAddress: 7,
  medium: 9,
  source: 10,
} as const;

/** Bytes of a descriptor without volume tags and identifier. */
export const BASE_LENGTH = 12;
/** Address and flags: less is no element. */
export const LEAST_LENGTH = 3;

/** Bits of byte 2. */
export const Flag = {
  full: 0x01,
  importExport: 0x02,
  exception: 0x04,
  accessible: 0x08,
  exportEnabled: 0x10,
  importEnabled: 0x20,
} as const;

/** Bits of byte 6 of a drive, of old libraries. */
export const Bus = { addressValid: 0x20, lunValid: 0x10, lun: 0x07 } as const;

/** Bits of byte 9. */
export const MediumBit = { sourceValid: 0x80, inverted: 0x40, disabled: 0x08, type: 0x07 } as const;
