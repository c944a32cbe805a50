/**
 * Settings of a drive that are a field or two of a mode page: programmable early warning, append-only mode, density, and
 * how much of a tape is used (SSC-4).
 *
 * @module
 */

import { modeSelect } from "../scsi/mode_pages.ts";
import { oneOf, truth } from "../scsi/option_rules.ts";
import {
  CONFIGURATION_EXTENSION_PAGE,
  type ConfigurationExtensionPage,
} from "../scsi/stream/mode_page_fields.ts";
import { senseHeader } from "./block_size.ts";
import { checkGiven, checkOptional } from "./caller_values.ts";
import type { Device } from "./device.ts";
import type { DriveWork } from "./drive_work.ts";
import { TapeError } from "./errors.ts";
import {
  allowOverwriteCdb,
  type ObjectPlace,
  Overwriting,
  setCapacityCdb,
} from "./extended_commands.ts";
import { needing, unsupported } from "./feature_support.ts";
import { APPEND_ONLY, EARLY_WARNING, keepFields } from "./kept_fields.ts";
import { LONG_RULES, type LongOperationOptions, performLong } from "./long_operation.ts";
import { readNeededPage, writeNeededPage } from "./needed_mode_page.ts";
import type { OperationOptions } from "./options.ts";
import { toFirstPartition } from "./partitions.ts";
import type { TapeSession } from "./tape_session.ts";

const MEGABYTE = 1_000_000;
const MAX_U16 = 0xffff;

/** Bytes before early warning where the programmable one begins; 0 for none. */
export async function readEarlyWarning(
  { session: { device } }: DriveWork,
  signal?: AbortSignal,
): Promise<number> {
  const page = CONFIGURATION_EXTENSION_PAGE;
  const { fields } = await readNeededPage(device, EARLY_WARNING, page, signal);
  return (fields.programmableEarlyWarningMegabytes ?? 0) * MEGABYTE;
}

/** Sets them, rounded up to megabytes. */
export async function writeEarlyWarning(
  { session }: DriveWork,
  bytes: number,
  signal?: AbortSignal,
): Promise<void> {
  const megabytes = Math.ceil(bytes / MEGABYTE);
  if (!Number.isSafeInteger(bytes) || bytes < 0 || megabytes > MAX_U16) {
    throw new TapeError(
      "invalid-argument",
      `Cannot set an early warning of ${bytes} bytes: 0 to ${MAX_U16 * MEGABYTE}`,
    );
  }
  await writeKept(session, EARLY_WARNING, { programmableEarlyWarningMegabytes: megabytes }, signal);
}

const APPEND_MODE = 1;

/** Whether the drive refuses to overwrite. */
export async function readAppendOnly(
  { session: { device } }: DriveWork,
  signal?: AbortSignal,
): Promise<boolean> {
  const page = CONFIGURATION_EXTENSION_PAGE;
  const { fields } = await readNeededPage(device, APPEND_ONLY, page, signal);
  return fields.writeMode === APPEND_MODE;
}

/** Switches that; drives take it at the beginning of a tape, or without one. */
export async function writeAppendOnly(
  { session }: DriveWork,
  isOn: boolean,
  signal?: AbortSignal,
): Promise<void> {
  checkGiven({ on: isOn }, { on: truth });
  await writeKept(session, APPEND_ONLY, { writeMode: isOn ? APPEND_MODE : 0 }, signal);
}

async function writeKept(
  session: TapeSession,
  feature: string,
  changes: Partial<ConfigurationExtensionPage>,
  signal?: AbortSignal,
): Promise<void> {
  await writeNeededPage(session.device, feature, CONFIGURATION_EXTENSION_PAGE, changes, signal);
  await keepFields(session, CONFIGURATION_EXTENSION_PAGE, changes, signal);
}

/** What {@linkcode DriveFeatures.allowOverwrite} allows. */
export type OverwriteAllowance = "here" | "format" | "nothing";

const ALLOWANCES = {
  here: Overwriting.HereOnce,
  format: Overwriting.Format,
  nothing: Overwriting.Nothing,
} as const;

/** Lets one overwriting through in append-only mode. It has to name the place where the tape stands, so that nobody is mistaken in it. */
export async function allowOverwrite(
  work: DriveWork,
  what: OverwriteAllowance,
  signal?: AbortSignal,
): Promise<void> {
  checkGiven({ what }, { what: oneOf(...Object.keys(ALLOWANCES)) });
  const { device } = work.session;
  await work.back();
  const place = what === "here" ? await whereTapeStands(work, signal) : { partition: 0, object: 0 };
  const cdb = allowOverwriteCdb(ALLOWANCES[what], place);
  await needing(device, "ALLOW OVERWRITE", () => device.perform({ cdb, signal }));
}

async function whereTapeStands({ session }: DriveWork, signal?: AbortSignal): Promise<ObjectPlace> {
  const position = await session.drivePosition.ask(signal);
  if (position?.object !== undefined) {
    return { partition: position.partition, object: position.object };
  }
  throw session.lostError("allow overwriting");
}

const PROPORTION_OF_ALL = 0xffff;

/** Lets a tape hold only part of what it could, at the beginning of which access is quicker. Everything on it is lost. */
export async function setCapacity(
  work: DriveWork,
  proportion: number,
  options: LongOperationOptions,
): Promise<void> {
  checkOptional(options, LONG_RULES);
  if (typeof proportion !== "number" || !(proportion > 0 && proportion <= 1)) {
    throw new TapeError(
      "invalid-argument",
      `Cannot use ${proportion} of the tape: it is not above 0 and at most 1`,
    );
  }
  const { session } = work;
  const part = Math.max(Math.round(proportion * PROPORTION_OF_ALL), 1);
  await toFirstPartition(work, options.signal);
  await session.timeouts.learn();
  const set = () => performLong(session, (immediate) => setCapacityCdb(part, immediate), options);
  await session.confirmSettings();
  await session.moving(() => needing(session.device, "SET CAPACITY", set), options.signal);
  session.partition.enter(0);
  session.placeAtBeginning();
}

const DENSITY = "density";
const MAX_DENSITY = 0x7e;

/**
 * Sets the density for what is written next; block size, buffering and medium type stay. Most drives take it only at the
 * beginning of a tape.
 */
export async function writeDensity(
  { session: { device, kept } }: DriveWork,
  code: number,
  { signal }: OperationOptions,
): Promise<void> {
  if (!Number.isInteger(code) || code < 0 || code > MAX_DENSITY) {
    throw new TapeError("invalid-argument", `Cannot set density ${code}: 0 to ${MAX_DENSITY}`);
  }
  await selectDensity(device, code, signal);
  if (code === 0) return kept.forget(DENSITY);
  kept.keep(DENSITY, {
    isInForce: async () => await currentDensity(device) === code,
    set: () => selectDensity(device, code),
    isOfTape: true,
  });
}

async function currentDensity(device: Device, signal?: AbortSignal): Promise<number | undefined> {
  return (await senseHeader(device, signal)).blockDescriptor?.densityCode;
}

async function selectDensity(device: Device, code: number, signal?: AbortSignal): Promise<void> {
  const { mediumType, deviceSpecific, blockDescriptor, form } = await senseHeader(device, signal);
  if (blockDescriptor === undefined) throw unsupported(device, "setting a density");
  const wanted = { ...blockDescriptor, densityCode: code, blockCount: 0 };
  await device.consult((unit) =>
    modeSelect(
      unit,
      { mediumType, deviceSpecific, blockDescriptor: wanted, pages: [], form },
      { signal },
    )
  );
  const now = await currentDensity(device, signal);
  // 00h asks for the default, which then goes by its own code.
  if (code === 0 || now === code) return;
  throw unsupported(device, `density ${code.toString(16).toUpperCase()}h`);
}
