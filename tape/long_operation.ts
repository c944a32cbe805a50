/**
 * Commands that take minutes or hours: the drive answers at once, and is then asked how far it is (SSC-4, IMMED;
 * SPC-5 §6.39, REQUEST SENSE).
 *
 * @module
 */

import { testUnitReadyCdb } from "../scsi/cdb.ts";
import { method, milliseconds, type Rules } from "../scsi/option_rules.ts";
import { requestSense } from "../scsi/request_sense.ts";
import type { Sense } from "../scsi/sense.ts";
import { SenseKey } from "../scsi/sense_codes.ts";
import { type Condition, conditionOf, isNews } from "./conditions.ts";
import type { Device } from "./device.ts";
import { NotReadyError, TapeError } from "./errors.ts";
import { isMissing } from "./feature_support.ts";
import type { OperationOptions } from "./options.ts";
import { PASSING } from "./readiness.ts";
import type { TapeSession } from "./tape_session.ts";

/** Options of operations that may take hours. */
export interface LongOperationOptions extends OperationOptions {
  /**
   * Called each time the drive was asked how far it is: 0 to 1, or `undefined` when it does not say. With it the drive is told to answer at once and is
   * asked from then on; without it the drive answers when it is done, and the connection must outlast that. @default none
   */
  readonly onProgress?: (progress: number | undefined) => void;
  /** Milliseconds between two questions. @default 5000 */
  readonly progressIntervalMs?: number;
}

/** What its options may be: one that fails hours later would have left the tape without a place. */
export const LONG_RULES: Rules<Omit<LongOperationOptions, "signal">> = {
  onProgress: method,
  progressIntervalMs: milliseconds,
};

const DEFAULT_INTERVAL_MS = 5000;

/** NO SENSE 00/xx: an operation, an erasure, a locate, a rewind or a verification is in progress. */
const IN_PROGRESS: readonly number[] = [0x16, 0x18, 0x19, 0x1a, 0x1c];
/** NOT READY 04/xx: becoming ready, formatting, another operation. */
const BUSY: readonly number[] = [0x01, 0x04, 0x07];
const NOT_READY_CAUSE = 0x04;

/**
 * Performs a command that `build` makes, with IMMED or without.
 *
 * @throws {TapeError} of the class that belongs to what the drive answers, or of kind `transport-lost` and the like; of kind `other` when it does not come to
 * an end in the time that such a command may take.
 */
export async function performLong(
  session: TapeSession,
  build: (immediate: boolean) => Uint8Array,
  options: LongOperationOptions = {},
): Promise<void> {
  const { device } = session;
  const { onProgress, signal } = options;
  if (onProgress === undefined || !await startedAtOnce(device, build(true), signal)) {
    await device.perform({ cdb: build(false), signal });
    onProgress?.(1);
    return;
  }
  // It is under way from here on, whatever the questions are answered.
  await session.arriving(() => followed(session, device.timeoutMs(build(true)), options));
}

/** Asks until it is done. */
async function followed(
  session: TapeSession,
  timeoutMs: number,
  { onProgress, progressIntervalMs = DEFAULT_INTERVAL_MS, signal }: LongOperationOptions,
): Promise<void> {
  const { device } = session;
  const polls = Math.ceil(timeoutMs / progressIntervalMs);
  for (let poll = 0; poll < polls; poll++) {
    await device.sleep(progressIntervalMs, signal);
    const sense = await device.consult((unit) => requestSense(unit, { signal }));
    const busy = isUnderWay(session, sense) ? sense : await stillBusy(device, signal);
    if (busy === undefined) {
      onProgress?.(1);
      return;
    }
    const specific = busy.senseKeySpecific;
    onProgress?.(specific?.kind === "progress" ? specific.progress : undefined);
  }
  throw new TapeError(
    "other",
    `Cannot wait any longer for ${device.name}: it does not come to an end`,
  );
}

async function startedAtOnce(
  device: Device,
  cdb: Uint8Array,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await device.perform({ cdb, signal });
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/**
 * An operation that failed says so to the next command that touches the tape, as a deferred error; one that goes on makes some drives not ready, which have nothing
 * to say to REQUEST SENSE.
 */
async function stillBusy(device: Device, signal?: AbortSignal): Promise<Sense | undefined> {
  const reply = await device.perform({ cdb: testUnitReadyCdb(), signal }, NOT_READY);
  if (reply.condition !== "not-ready") return undefined;
  const error = device.failure(reply);
  if (error instanceof NotReadyError && PASSING.has(error.reason)) return reply.sense;
  throw device.fail(reply);
}

const NOT_READY: ReadonlySet<Condition> = new Set<Condition>(["not-ready"]);

function isUnderWay(session: TapeSession, sense: Sense): boolean {
  const { key, asc, ascq } = sense;
  if (sense.deferred) throw session.device.failSensed(sense);
  if (key === SenseKey.NoSense) return asc === 0 && IN_PROGRESS.includes(ascq);
  if (key === SenseKey.NotReady && asc === NOT_READY_CAUSE && BUSY.includes(ascq)) return true;
  const condition = conditionOf(sense);
  if (condition === "informational") return true;
  if (key !== SenseKey.UnitAttention || isNews(condition)) throw session.device.failSensed(sense);
  // It says nothing of the operation, which goes on.
  if (condition === "mode-parameters-changed") {
    session.mode.suspectForeign();
    session.doubtSettings();
  }
  session.device.tellAttention(sense);
  return true;
}
