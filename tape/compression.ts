/**
 * Data compression in the drive (SSC-4, data compression mode page, and the device configuration page for drives that
 * have only that).
 *
 * @module
 */

import { changeModePage, modeSense } from "../scsi/mode_pages.ts";
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import type { Device } from "./device.ts";
import { TapeError } from "./errors.ts";
import { needing, unsupported } from "./feature_support.ts";
import type { TapeSession } from "./tape_session.ts";

/** What the drive says about compression. */
export interface CompressionState {
  /** Whether the drive can compress. */
  readonly supported: boolean;
  /** Whether it compresses what is written. */
  readonly enabled: boolean;
  /** Whether it decompresses what is read. */
  readonly decompression: boolean;
}

/** What {@link setCompression} sets. */
export interface CompressionSettings {
  /** Whether to compress what is written. What is on tape already stays as it is. */
  readonly enabled: boolean;
}

/** What the feature is called. */
export const COMPRESSION = "compression";

const COMPRESSION_PAGE = 0x0f;
const CONFIGURATION_PAGE = 0x10;

/** Page 0Fh: DCE and DCC, DDE. */
const FLAGS = 2;
const ENABLED = 0x80;
const CAPABLE = 0x40;
const DECOMPRESSION_FLAGS = 3;
const DECOMPRESSION = 0x80;

/** Page 10h: select data compression algorithm. */
const SELECT_ALGORITHM = 14;

const UNSUPPORTED: CompressionState = { supported: false, enabled: false, decompression: false };

async function readPage(
  device: Device,
  page: number,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    const which = { page, disableBlockDescriptors: true };
    const { pages } = await device.consult((unit) => modeSense(unit, which, { signal }));
    return pages.find((each) => each.page === page && each.subpage === 0)?.bytes;
  } catch (error) {
    if (error instanceof TapeError && error.kind === "illegal-request") return undefined;
    throw error;
  }
}

/**
 * Asks the drive; one that has neither page does not compress.
 *
 * @throws {TapeError} when the drive fails otherwise than by not knowing the page.
 */
export async function readCompression(
  device: Device,
  signal?: AbortSignal,
): Promise<CompressionState> {
  const page = await readPage(device, COMPRESSION_PAGE, signal);
  if (page !== undefined && page.length > DECOMPRESSION_FLAGS) {
    return {
      supported: (page[FLAGS] & CAPABLE) !== 0,
      enabled: (page[FLAGS] & ENABLED) !== 0,
      decompression: (page[DECOMPRESSION_FLAGS] & DECOMPRESSION) !== 0,
    };
  }
  const configuration = await readPage(device, CONFIGURATION_PAGE, signal);
  if (configuration === undefined || configuration.length <= SELECT_ALGORITHM) return UNSUPPORTED;
  const enabled = configuration[SELECT_ALGORITHM] !== 0;
  return { supported: true, enabled, decompression: true };
}

/**
 * Switches compression of what is written; decompression of what is read stays as it is.
 *
 * @throws {UnsupportedError} when the drive does not compress; {@link TapeError} of the drive's kind when it refuses.
 */
export async function writeCompression(
  device: Device,
  { enabled }: CompressionSettings,
  signal?: AbortSignal,
): Promise<void> {
  const page = await readPage(device, COMPRESSION_PAGE, signal);
  if (page !== undefined && (page[FLAGS] & CAPABLE) === 0) {
    if (!enabled) return;
    throw unsupported(device, COMPRESSION);
  }
  const change = page !== undefined
    ? { page: COMPRESSION_PAGE, at: FLAGS, bits: ENABLED, value: enabled ? ENABLED : 0 }
    : { page: CONFIGURATION_PAGE, at: SELECT_ALGORITHM, bits: 0xff, value: enabled ? 1 : 0 };
  const apply = (bytes: Uint8Array) => {
    bytes[change.at] = (bytes[change.at] & ~change.bits) | change.value;
  };
  const set = (unit: LogicalUnit) => changeModePage(unit, { page: change.page }, apply, { signal });
  await needing(device, COMPRESSION, () => device.consult(set));
}

/** The same, for good: a drive that was reset is told again. */
export async function keepCompression(
  { device, kept }: TapeSession,
  settings: CompressionSettings,
  signal?: AbortSignal,
): Promise<void> {
  await writeCompression(device, settings, signal);
  kept.keep(COMPRESSION, {
    isInForce: async () => (await readCompression(device)).enabled === settings.enabled,
    set: () => writeCompression(device, settings),
  });
}
