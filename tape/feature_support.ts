/**
 * Telling what a drive does not have from what has failed.
 *
 * @module
 */

import type { LogicalUnit } from "../scsi/logical_unit.ts";
import type { Device } from "./device.ts";
import { TapeError } from "./errors.ts";
import { UnsupportedError } from "./feature_errors.ts";

/** Invalid command operation code, invalid field in CDB: how a drive says that it does not have a command, page or form of it. */
const NOT_THERE: readonly number[] = [0x2000, 0x2400];

/** Whether an error is the drive's way to say that it does not have what was asked for. */
export function isMissing(error: unknown): error is TapeError {
  return error instanceof TapeError && error.kind === "illegal-request" &&
    NOT_THERE.includes(((error.asc ?? 0) << 8) | (error.ascq ?? 0));
}

/** The error for a feature that the drive does not have. */
export function unsupported(device: Device, feature: string, cause?: unknown): UnsupportedError {
  const command = cause instanceof TapeError ? cause.command : undefined;
  return new UnsupportedError(
    feature,
    `Cannot use ${feature} on ${device.name}: the drive does not have it`,
    { cause, command },
  );
}

/**
 * Runs what needs a feature.
 *
 * @throws {UnsupportedError} when the drive does not have it.
 */
export async function needing<T>(
  device: Device,
  feature: string,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw isMissing(error) ? unsupported(device, feature, error) : error;
  }
}

/** Asks the drive; `undefined` when it does not have what was asked for. */
export async function ifThere<T>(
  device: Device,
  ask: (unit: LogicalUnit) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await device.consult(ask);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
