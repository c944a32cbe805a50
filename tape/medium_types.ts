/**
 * The kinds of cartridges that a drive knows (SSC-4, REPORT DENSITY SUPPORT with MEDIUM TYPE).
 *
 * @module
 */

import { readAscii } from "../scsi/ascii.ts";
import { readU16 } from "../scsi/big_endian.ts";
import { reportDensitySupportCdb } from "./commands.ts";
import type { Device } from "./device.ts";
import { isMissing } from "./feature_support.ts";

/** A kind of cartridge. */
export interface MediumType {
  /** Medium type code, the vendor's own. */
  readonly code: number;
  /** Density codes that such a cartridge may have. */
  readonly densityCodes: readonly number[];
  /** Width of its tape in millimetres. */
  readonly widthMm: number;
  /** Length of its tape in metres. */
  readonly lengthM: number;
  /** Who assigned the code. */
  readonly organization: string;
  /** Its name. */
  readonly name: string;
  /** What it is, in words. */
  readonly description: string;
}

const HEADER_BYTES = 4;
const DESCRIPTOR_BYTES = 56;
const DENSITY_COUNT = 4;
const DENSITIES = 5;
const MAX_DENSITIES = 9;
const ALLOCATION = 8192;
const MEDIUM_TYPE = 0x02;

/** Decodes the list; each descriptor says its own length, and one that is cut is left out. */
function decodeMediumTypes(bytes: Uint8Array): MediumType[] {
  const types: MediumType[] = [];
  if (bytes.length < HEADER_BYTES) return types;
  const end = Math.min(readU16(bytes, 0) + 2, bytes.length);
  for (let at = HEADER_BYTES; at + DESCRIPTOR_BYTES <= end;) {
    types.push(decodeMediumType(bytes.subarray(at, at + DESCRIPTOR_BYTES)));
    at += Math.max(readU16(bytes, at + 2) + 4, DESCRIPTOR_BYTES);
  }
  return types;
}

function decodeMediumType(bytes: Uint8Array): MediumType {
  const count = Math.min(bytes[DENSITY_COUNT], MAX_DENSITIES);
  return {
    code: bytes[0],
    densityCodes: Array.from(bytes.subarray(DENSITIES, DENSITIES + count)),
    widthMm: readU16(bytes, 14) / 10,
    lengthM: readU16(bytes, 16),
    organization: readAscii(bytes, 20, 8),
    name: readAscii(bytes, 28, 8),
    description: readAscii(bytes, 36, 20),
  };
}

/**
 * Asks the drive for the kinds that it knows, or (`media`) for that of the loaded cartridge; none when it does not say.
 *
 * @throws {TapeError} when it fails.
 */
export async function readMediumTypes(
  device: Device,
  media: boolean,
  signal?: AbortSignal,
): Promise<MediumType[]> {
  const dataIn = new Uint8Array(ALLOCATION);
  const cdb = reportDensitySupportCdb(media, ALLOCATION);
  cdb[1] |= MEDIUM_TYPE;
  try {
    const { dataInLength } = await device.perform({ cdb, dataIn, signal });
    return decodeMediumTypes(dataIn.subarray(0, dataInLength));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
