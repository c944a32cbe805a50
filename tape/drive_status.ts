/**
 * The state of a drive and the tape in it, in one answer.
 *
 * @module
 */

import { testUnitReadyCdb } from "../scsi/cdb.ts";
import { readMediumMode } from "./block_size.ts";
import { type CompressionState, readCompression } from "./compression.ts";
import { densityName, readDensities } from "./density.ts";
import type { Condition } from "./conditions.ts";
import type { Device } from "./device.ts";
import { MediumError, NotReadyError, type NotReadyReason } from "./errors.ts";
import type { TapePosition } from "./position.ts";

/** The state of a drive. */
export interface DriveStatus {
  /** Whether a tape is loaded and can be used. */
  readonly ready: boolean;
  /** Why not. */
  readonly notReadyReason?: NotReadyReason;
  /** How far the drive has come with what keeps it busy, 0 to 1, when it says. */
  readonly progress?: number;
  /** Whether the tape, or the drive, refuses to write. */
  readonly writeProtected: boolean;
  /** Density code of the tape, when the drive says. */
  readonly densityCode?: number;
  /** Its name: by the drive, or else by what is known of the code. */
  readonly densityName?: string;
  /** Medium type, the vendor's own code. */
  readonly mediumType: number;
  /** Bytes of a block in fixed mode; 0 in variable mode. */
  readonly blockBytes: number;
  /** Whether a write is good as soon as the drive has it in its buffer. */
  readonly buffered: boolean;
  /** Data compression in the drive. */
  readonly compression: CompressionState;
  /** Where the caller is; unknown when no tape is ready. */
  readonly position: TapePosition;
}

/** What a {@link readStatus} needs from the drive's front. */
export interface StatusSources {
  readonly device: Device;
  readonly vendor: string;
  readonly position: () => Promise<TapePosition>;
  readonly signal?: AbortSignal;
}

const NOWHERE: TapePosition = {
  known: false,
  partition: 0,
  beginningOfPartition: false,
  endOfPartition: false,
  source: "device",
};

/**
 * Asks for all of it. Moves nothing that `position` does not.
 *
 * @throws {TapeError} when the drive fails otherwise than by not being ready.
 */
export async function readStatus(sources: StatusSources): Promise<DriveStatus> {
  const { device, vendor, position, signal } = sources;
  const notReady = await readNotReady(device, signal);
  const mode = await readMediumMode(device, signal);
  const ready = notReady === undefined;
  return {
    ready,
    ...(notReady && { notReadyReason: notReady.reason }),
    ...(notReady?.progress !== undefined && { progress: notReady.progress }),
    ...mode,
    ...await density(sources, ready, mode.densityCode, vendor),
    compression: await readCompression(device, signal),
    position: ready ? await position() : NOWHERE,
  };
}

const NOT_READY: ReadonlySet<Condition> = new Set<Condition>(["not-ready"]);

async function readNotReady(
  device: Device,
  signal?: AbortSignal,
): Promise<NotReadyError | undefined> {
  const reply = await device.perform({ cdb: testUnitReadyCdb(), signal }, NOT_READY);
  const error = reply.condition === "not-ready" ? device.failure(reply) : undefined;
  return error instanceof NotReadyError ? error : undefined;
}

async function density(
  { device, signal }: StatusSources,
  ready: boolean,
  code: number | undefined,
  vendor: string,
): Promise<Pick<DriveStatus, "densityName">> {
  if (!ready || code === undefined) return {};
  const densities = await readDensities(device, true, signal).catch(noneForUnknownFormat);
  const own = densities.find((each) => each.code === code || each.secondaryCode === code);
  const name = own?.description || own?.name || densityName(code, vendor);
  return name === undefined ? {} : { densityName: name };
}

/** With a cartridge of a format that the drive does not know, it has no density to report, but a status all the same. */
function noneForUnknownFormat(error: unknown): [] {
  if (error instanceof MediumError) return [];
  throw error;
}
