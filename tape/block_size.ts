/**
 * The block size in force, and the other facts of the mode parameter header (SSC-4, mode parameters).
 *
 * @module
 */

import { modeSelect, modeSense, type ModeSenseResult } from "../scsi/mode_pages.ts";
import { decodeTapeParameter } from "../scsi/mode_parameters.ts";
import type { BlockLimits } from "./block_limits.ts";
import type { Device } from "./device.ts";
import { TapeError } from "./errors.ts";

/** What the mode parameter header and the block descriptor say. */
export interface MediumMode {
  /** Bytes of a block in fixed mode; 0 in variable mode. */
  readonly blockBytes: number;
  /** Density code of the tape, when the drive gives a block descriptor. */
  readonly densityCode?: number;
  /** Medium type, the vendor's own code. */
  readonly mediumType: number;
  /** Whether the tape, or the drive, refuses to write. */
  readonly writeProtected: boolean;
  /** Whether a write is good as soon as the drive has it in its buffer. */
  readonly buffered: boolean;
}

/** Every drive gives header and block descriptor with page 00h or, some, only with all pages. */
const HEADER_PAGES = [0x00, 0x3f] as const;

/**
 * Reads the header and the block descriptor with whichever page the drive gives them.
 *
 * @throws {TapeError} when the drive refuses.
 */
export async function senseHeader(
  device: Device,
  signal?: AbortSignal,
): Promise<ModeSenseResult> {
  const [first, second] = HEADER_PAGES;
  const ask = (page: number) => device.consult((unit) => modeSense(unit, { page }, { signal }));
  try {
    return await ask(first);
  } catch (error) {
    if (!(error instanceof TapeError && error.kind === "illegal-request")) throw error;
    return await ask(second);
  }
}

/**
 * Reads the mode parameter header.
 *
 * @throws {TapeError} when the drive refuses.
 */
export async function readMediumMode(device: Device, signal?: AbortSignal): Promise<MediumMode> {
  const { blockDescriptor, deviceSpecific, mediumType } = await senseHeader(device, signal);
  const { writeProtected, bufferedMode } = decodeTapeParameter(deviceSpecific);
  return {
    blockBytes: blockDescriptor?.blockBytes ?? 0,
    ...(blockDescriptor && { densityCode: blockDescriptor.densityCode }),
    mediumType,
    writeProtected,
    buffered: bufferedMode !== 0,
  };
}

/** The block size in force; 0 for variable. */
export async function currentBlockBytes(device: Device, signal?: AbortSignal): Promise<number> {
  return (await readMediumMode(device, signal)).blockBytes;
}

/**
 * Checks a block size against what the drive takes.
 *
 * @throws {TapeError} of kind `invalid-argument`.
 */
export function checkBlockSize(bytes: number, limits: BlockLimits): void {
  if (bytes === 0) return;
  const { minBytes, maxBytes } = limits;
  if (Number.isInteger(bytes) && bytes >= minBytes && bytes <= maxBytes) return;
  throw new TapeError(
    "invalid-argument",
    `Cannot set a block size of ${bytes}: the drive takes 0 (variable), or ${minBytes} to ${maxBytes}`,
  );
}

/**
 * Sets the block size and leaves density, medium type and buffering as they are.
 *
 * @throws {TapeError} when the drive refuses, or has another size in force afterwards.
 */
export async function writeBlockSize(
  device: Device,
  bytes: number,
  signal?: AbortSignal,
): Promise<void> {
  const { mediumType, deviceSpecific, blockDescriptor, form } = await senseHeader(device, signal);
  const densityCode = blockDescriptor?.densityCode ?? 0;
  const wanted = {
    mediumType,
    deviceSpecific,
    blockDescriptor: { densityCode, blockCount: 0, blockBytes: bytes },
    pages: [],
    form,
  };
  await device.consult((unit) => modeSelect(unit, wanted, { signal }));
  const inForce = await currentBlockBytes(device, signal);
  if (inForce === bytes) return;
  throw new TapeError(
    "unsupported",
    `Cannot set a block size of ${bytes} on ${device.name}: the drive has ${inForce} in force afterwards`,
  );
}
