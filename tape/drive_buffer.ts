/**
 * What a drive has taken and not yet written: the objects and bytes in its buffer (SSC-4, READ POSITION).
 *
 * @module
 */

import { readU24, readU32, readU64 } from "../scsi/big_endian.ts";
import { readPositionCdb } from "./commands.ts";
import type { Device } from "./device.ts";
import { isMissing, unsupported } from "./feature_support.ts";

/** What is in a drive's buffer. What the drive does not know is absent. */
export interface DriveBuffer {
  /** Objects, records and filemarks, that are not on tape yet. */
  readonly objects?: number;
  /** Their bytes. */
  readonly bytes?: number;
  /** Number of the next object that goes to the tape. */
  readonly nextToTape?: number;
}

const EXTENDED = 0x08;
const SHORT = 0x00;
const LENGTHS: Readonly<Record<number, number>> = { [EXTENDED]: 32, [SHORT]: 20 };

/** LOCU, BYCU: the count of objects, of bytes, is not known. LOLU: no number is. PERR: the numbers do not fit the short form. */
const OBJECTS_UNKNOWN = 0x20;
const BYTES_UNKNOWN = 0x10;
const LOCATION_UNKNOWN = 0x04;
const POSITION_ERROR = 0x02;

/** Decodes the extended or the short form; `undefined` when it is too short, or does not fit its form. */
function decodeDriveBuffer(bytes: Uint8Array, form: number): DriveBuffer | undefined {
  if (bytes.length < LENGTHS[form]) return undefined;
  const flags = bytes[0];
  const isExtended = form === EXTENDED;
  if (!isExtended && (flags & POSITION_ERROR) !== 0) return undefined;
  const next = isExtended ? Number(readU64(bytes, 16)) : readU32(bytes, 8);
  const size = isExtended ? Number(readU64(bytes, 24)) : readU32(bytes, 16);
  return {
    ...((flags & OBJECTS_UNKNOWN) === 0 && { objects: readU24(bytes, isExtended ? 5 : 13) }),
    ...((flags & BYTES_UNKNOWN) === 0 && { bytes: size }),
    ...((flags & LOCATION_UNKNOWN) === 0 && { nextToTape: next }),
  };
}

/**
 * Asks the drive, in the extended form or else in the short one.
 *
 * @throws {UnsupportedError} when it has neither.
 */
export async function readDriveBuffer(device: Device, signal?: AbortSignal): Promise<DriveBuffer> {
  for (const form of [EXTENDED, SHORT]) {
    const found = await askForm(device, form, signal);
    if (found !== undefined) return found;
  }
  throw unsupported(device, "telling what is in its buffer");
}

async function askForm(
  device: Device,
  form: number,
  signal?: AbortSignal,
): Promise<DriveBuffer | undefined> {
  const dataIn = new Uint8Array(LENGTHS[form]);
  const cdb = readPositionCdb(form);
  // The extended form alone has an allocation length; in the others that field is reserved.
  if (form === EXTENDED) cdb[8] = dataIn.length;
  try {
    const { dataInLength } = await device.perform({ cdb, dataIn, signal });
    return decodeDriveBuffer(dataIn.subarray(0, dataInLength), form);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
