/**
 * Block device characteristics, vital product data page B1h of a disk: what it is made of (SBC-4 §6.6). On a tape
 * drive the page of the same number holds something else.
 *
 * @module
 */

import { readU16, readU32, writeU16, writeU32 } from "../big_endian.ts";
import { checkedField } from "../cdb_field.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { readVpdPage } from "../vpd.ts";

/** What a disk is made of. */
export interface BlockCharacteristics {
  /** Turns a minute, 1025 to 65534; 1 for a medium that does not turn; 0 when not told. */
  readonly rotationRate: number;
  /** 0 when not told; 1 CFast, 2 CompactFlash, 3 Memory Stick, 4 MultiMediaCard, 5 SD card, 6 XQD, 7 UFS. */
  readonly productType: number;
  /** Whether a block must be written before it can be read after a block erase (WABEREQ), 0 to 3; 0 when not told. */
  readonly afterBlockErase: number;
  /** The same after a cryptographic erase (WACEREQ). */
  readonly afterCryptographicErase: number;
  /** 0 when not told; 1 5.25 inch, 2 3.5 inch, 3 2.5 inch, 4 1.8 inch, 5 less. */
  readonly formFactor: number;
  /** 0 when not told or not zoned, 1 host aware, 2 device managed (ZONED). */
  readonly zoned: number;
  /** Background operation can be controlled (BOCS). */
  readonly backgroundControl: boolean;
  /** FUA and SYNCHRONIZE CACHE mean what they mean since SBC-3, not what they meant in SBC-2 (FUAB). */
  readonly modernFua: boolean;
  /** VERIFY that compares takes unmapped blocks too (VBULS). */
  readonly comparesUnmapped: boolean;
  /** Seconds that taking a storage element out of use may need; 0 when not told. */
  readonly depopulationSeconds: number;
}

/** Page code of the block device characteristics. */
export const BLOCK_CHARACTERISTICS_PAGE = 0xb1;

// Offsets in the body of the page: four less than in the standard, which counts the header.
const BODY_LENGTH = 60;
const ROTATION_RATE = 0;
const PRODUCT_TYPE = 2;
const FORM = 3;
const FLAGS = 4;
const DEPOPULATION = 8;

const BOCS = 0x04;
const FUAB = 0x02;
const VBULS = 0x01;

/** Decodes the body of page B1h; fields beyond the end of a short one are empty. Never throws. */
export function decodeBlockCharacteristics(body: Uint8Array): BlockCharacteristics {
  const bytes = new Uint8Array(BODY_LENGTH);
  bytes.set(body.subarray(0, BODY_LENGTH));
  return {
    rotationRate: readU16(bytes, ROTATION_RATE),
    productType: bytes[PRODUCT_TYPE],
    afterBlockErase: bytes[FORM] >> 6,
    afterCryptographicErase: (bytes[FORM] >> 4) & 0x03,
    formFactor: bytes[FORM] & 0x0f,
    zoned: (bytes[FLAGS] >> 4) & 0x03,
    backgroundControl: (bytes[FLAGS] & BOCS) !== 0,
    modernFua: (bytes[FLAGS] & FUAB) !== 0,
    comparesUnmapped: (bytes[FLAGS] & VBULS) !== 0,
    depopulationSeconds: readU32(bytes, DEPOPULATION),
  };
}

/**
 * Encodes the body of page B1h, 60 bytes; what is left out is "not told". The array is the caller's.
 *
 * @throws {RangeError} when a value does not fit.
 */
export function encodeBlockCharacteristics(
  characteristics: Partial<BlockCharacteristics>,
): Uint8Array {
  const { afterBlockErase = 0, afterCryptographicErase = 0, formFactor = 0 } = characteristics;
  const { rotationRate = 0, productType = 0, zoned = 0, depopulationSeconds = 0 } = characteristics;
  const { backgroundControl, modernFua, comparesUnmapped } = characteristics;
  const bytes = new Uint8Array(BODY_LENGTH);
  writeU16(bytes, ROTATION_RATE, checkedField("rotationRate", rotationRate, 0xffff));
  bytes[PRODUCT_TYPE] = checkedField("productType", productType, 0xff);
  bytes[FORM] = (checkedField("afterBlockErase", afterBlockErase, 3) << 6) |
    (checkedField("afterCryptographicErase", afterCryptographicErase, 3) << 4) |
    checkedField("formFactor", formFactor, 0xf);
  bytes[FLAGS] = (checkedField("zoned", zoned, 3) << 4) | (backgroundControl ? BOCS : 0) |
    (modernFua ? FUAB : 0) | (comparesUnmapped ? VBULS : 0);
  writeU32(
    bytes,
    DEPOPULATION,
    checkedField("depopulationSeconds", depopulationSeconds, 0xffffffff),
  );
  return bytes;
}

/** What a disk is made of; `undefined` when it does not have the page. Errors as {@link readVpdPage}. */
export async function readBlockCharacteristics(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<BlockCharacteristics | undefined> {
  const body = await readVpdPage(unit, BLOCK_CHARACTERISTICS_PAGE, options);
  return body && decodeBlockCharacteristics(body);
}
