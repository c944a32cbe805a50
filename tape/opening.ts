/**
 * What has to be known of a drive before it is used, asked in as few round trips as possible.
 *
 * @module
 */

import { DeviceType, deviceTypeName } from "../scsi/device_type.ts";
import { inquiry, type InquiryData } from "../scsi/inquiry.ts";
import type { Sense } from "../scsi/sense.ts";
import { SenseKey } from "../scsi/sense_codes.ts";
import { readSerialNumber } from "../scsi/vpd.ts";
import { type BlockLimits, NO_LIMITS, readBlockLimits } from "./block_limits.ts";
import { readMediumMode } from "./block_size.ts";
import { isToldOnce } from "./conditions.ts";
import type { Device } from "./device.ts";
import { TapeError } from "./errors.ts";
import type { DevicePosition } from "./position.ts";
import { askReady, type ReadinessOptions, waitUntilReady } from "./readiness.ts";
import type { TapeSession } from "./tape_session.ts";

/** What a drive is. */
export interface DriveInfo {
  /** T10 vendor identification, trimmed: `IBM`. */
  readonly vendor: string;
  /** Product identification, trimmed: `ULT3580-TD8`. */
  readonly product: string;
  /** Product revision level, trimmed. */
  readonly revision: string;
  /** Unit serial number, when the drive gives one. */
  readonly serialNumber?: string;
  /** Peripheral device type: 01h. */
  readonly deviceType: number;
  /** Whether the tape can be taken out. */
  readonly removable: boolean;
}

/** What the drive says of itself and the tape in it. */
interface Facts {
  readonly limits: BlockLimits;
  /** Bytes of a block in fixed mode, 0 in variable mode; `undefined` when the drive does not say. */
  readonly blockBytes?: number;
  readonly position?: DevicePosition;
}

/**
 * Gets to know a drive: what it is, whether a tape is ready, record lengths, block size, position.
 *
 * All questions go out together, between two REQUEST SENSE: the first takes the unit attention that waits for a new initiator, so that the others are
 * answered; in the last, a drive without a tape that is ready says so (SPC-5 §6.39). One that says nothing there, and knows its position, need not be asked
 * by TEST UNIT READY, which would take a round trip of its own: istgt mixes up its answers on the wire when commands with and without data are under way at
 * once. For that reason the cartridge's name is asked for behind them: many drives refuse that. What was refused for a further unit attention is asked again
 * along with TEST UNIT READY.
 *
 * @throws {TapeError} of kind `not-a-tape`; {@link NotReadyError}; of the drive's kind when it fails.
 */
export async function getToKnow(
  session: TapeSession,
  options: ReadinessOptions,
): Promise<DriveInfo> {
  const { device } = session;
  const { signal } = options;
  const [_, first, identity, serial, state] = await Promise.allSettled([
    device.askSense(signal),
    askFacts(session, signal),
    device.consult((unit) => inquiry(unit, { signal })),
    device.consult((unit) => readSerialNumber(unit, { signal })),
    device.askSense(signal),
  ]);
  if (identity.status === "rejected") throw identity.reason;
  const { vendor, product, revision, deviceType, removable } = checkTape(
    identity.value,
    device.name,
  );
  device.vendor = vendor;
  const [isReady, facts] = provesReady(first, state)
    ? [true, first] as const
    : await whenReady(session, first, options);
  apply(session, isReady, facts);
  if (isReady) await askCartridge(session, options);
  const serialNumber = serial.status === "fulfilled" ? serial.value : undefined;
  return {
    vendor,
    product,
    revision,
    ...(serialNumber !== undefined && { serialNumber }),
    deviceType,
    removable,
  };
}

/** Whether the answers leave no doubt that a tape is ready: the drive knows where it stands, and has nothing to say. */
function provesReady(
  facts: PromiseSettledResult<Facts>,
  state: PromiseSettledResult<Sense | undefined>,
): boolean {
  if (facts.status === "rejected" || state.status === "rejected") return false;
  const { position } = facts.value;
  return position !== undefined && !position.isUnknown && saysNothing(state.value);
}

function saysNothing(sense: Sense | undefined): boolean {
  if (sense === undefined || sense.format === "none" || sense.deferred) return false;
  const { key, asc, ascq } = sense;
  return key === SenseKey.NoSense && asc === 0 && ascq === 0;
}

/** Waits for the tape, and asks again what could not be answered before it was ready. */
async function whenReady(
  session: TapeSession,
  first: PromiseSettledResult<Facts>,
  options: ReadinessOptions,
): Promise<[isReady: boolean, facts: PromiseSettledResult<Facts>]> {
  const { device } = session;
  const { signal } = options;
  const answer = askReady(device, signal);
  const again = first.status === "rejected" ? settled(askFacts(session, signal)) : first;
  await Promise.allSettled([answer, again]);
  const { isReady, hasWaited } = await waitUntilReady(device, await answer, options);
  const facts = await again;
  if (!isReady || (facts.status === "fulfilled" && !hasWaited)) return [isReady, facts];
  return [isReady, await settled(askFacts(session, signal))];
}

/**
 * Behind the other questions, as many drives refuse this one; together with what only those are asked that do not tell where the tape stands. One that has
 * news by then is asked anew what it has said before.
 */
async function askCartridge(session: TapeSession, options: ReadinessOptions): Promise<void> {
  const { signal } = options;
  const answers = await Promise.allSettled([
    session.learnCartridge(signal),
    session.partition.learn(signal),
  ]);
  const failed = answers.find((answer) => answer.status === "rejected");
  if (failed === undefined) return;
  const { reason } = failed;
  const isAskedAnew = reason instanceof TapeError &&
    (isToldOnce(reason.kind) || reason.kind === "not-ready");
  if (!isAskedAnew) throw reason;
  apply(session, ...await whenReady(session, failed, options));
}

async function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  return (await Promise.allSettled([promise]))[0];
}

function apply(
  session: TapeSession,
  isReady: boolean,
  facts: PromiseSettledResult<Facts>,
): void {
  session.place();
  session.count.forget();
  if (facts.status === "rejected") {
    if (isReady) throw facts.reason;
    return;
  }
  session.limits = facts.value.limits;
  // A drive without mode parameters has nothing to set a block size with.
  if (facts.value.blockBytes === undefined) session.mode.tell(0);
  else session.mode.know(facts.value.blockBytes);
  const { position } = facts.value;
  if (position?.beginningOfPartition) session.placeAtBeginning();
  // Whoever was here before may have left the tape behind a LOCATE.
  if (position?.object !== undefined && position.object > 0) session.proof.land(position.object);
}

async function askFacts(session: TapeSession, signal?: AbortSignal): Promise<Facts> {
  const { device } = session;
  const [limits, mode, position] = await Promise.allSettled([
    askLimits(device, signal),
    readMediumMode(device, signal),
    session.drivePosition.ask(signal),
  ]);
  for (const answer of [limits, mode, position]) {
    if (answer.status === "rejected" && !isRefusal(answer.reason)) throw answer.reason;
  }
  return {
    limits: limits.status === "fulfilled" ? limits.value : NO_LIMITS,
    ...(mode.status === "fulfilled" && { blockBytes: mode.value.blockBytes }),
    ...(position.status === "fulfilled" && { position: position.value }),
  };
}

/** A unit attention that the first question meets is older than what the drive answers to those behind it, so it alone is asked again. */
async function askLimits(device: Device, signal?: AbortSignal): Promise<BlockLimits> {
  try {
    return await readBlockLimits(device, signal);
  } catch (error) {
    if (!(error instanceof TapeError && error.senseKey === SenseKey.UnitAttention)) throw error;
    return await readBlockLimits(device, signal);
  }
}

/** The drive does not know the question, or has no tape to ask about. */
function isRefusal(error: unknown): boolean {
  return error instanceof TapeError &&
    (error.kind === "illegal-request" || error.kind === "not-ready");
}

function checkTape(data: InquiryData, name: string): InquiryData {
  if (data.deviceType === DeviceType.Tape && data.peripheralQualifier === 0) return data;
  const what = data.peripheralQualifier === 0 ? deviceTypeName(data.deviceType) : "no device";
  throw new TapeError("not-a-tape", `Cannot use ${name} as a tape drive: it is ${what}`);
}
