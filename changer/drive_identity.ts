/**
 * What a tape drive goes by: what it says of itself, and what the changer says of it (SPC-5 §7.7, SSC-4 §8.5,
 * SMC-3 §6.11).
 *
 * @module
 */

import { readAscii } from "../scsi/ascii.ts";
import type { Designator } from "../scsi/designator.ts";
import { DeviceType } from "../scsi/device_type.ts";
import type { CommandOptions } from "../scsi/execute.ts";
import { inquiry } from "../scsi/inquiry.ts";
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import { readElementAddress } from "../scsi/stream/stream_vpd.ts";
import { readDesignators, readSerialNumber } from "../scsi/vpd.ts";

/** T10 vendor identification and product identification, before the serial number. */
const T10_PREFIX_LENGTH = 24;

/** What a drive says of itself. */
export interface DriveIdentity {
  /** Unit serial number, trimmed. */
  readonly serialNumber?: string;
  /** Address of its element in the library, of drives that know it (page B4h). */
  readonly elementAddress?: number;
  /** Its names (page 83h): text in lower case for NAA and EUI-64, else as they are. */
  readonly designators: readonly string[];
}

/**
 * Asks a logical unit what it goes by. Resolves to `undefined` when it is not a tape drive.
 *
 * @throws {ScsiStatusError} when it refused for another reason than not having a page.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function identifyDrive(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<DriveIdentity | undefined> {
  const { deviceType, peripheralQualifier } = await inquiry(unit, options);
  if (deviceType !== DeviceType.Tape || peripheralQualifier !== 0) return undefined;
  const serialNumber = await readSerialNumber(unit, options);
  const designators = await readDesignators(unit, options);
  const elementAddress = await readElementAddress(unit, options);
  return {
    ...(serialNumber !== undefined && { serialNumber }),
    ...(elementAddress !== undefined && { elementAddress }),
    designators: designators.map(({ text }) => text),
  };
}

/**
 * The serial number in a drive's identifier as the changer gives it: alone (vendor specific), or after vendor and
 * product (T10 vendor identification). `undefined` when the identifier is a name of another kind.
 */
export function serialNumberOf({ type, data }: Designator): string | undefined {
  if (type !== "t10-vendor" && type !== "vendor-specific") return undefined;
  // Some changers call their text binary.
  const start = type === "t10-vendor" && data.length > T10_PREFIX_LENGTH ? T10_PREFIX_LENGTH : 0;
  const text = readAscii(data, start, data.length - start);
  return text === "" || text.includes("\ufffd") ? undefined : text;
}
