/**
 * Where the caller is, when read-ahead may have brought the tape further.
 *
 * @module
 */

import type { DevicePosition, TapePosition } from "./position.ts";
import type { Undelivered } from "./read_ahead.ts";
import type { RecordReader } from "./record_reader.ts";
import type { TapeSession } from "./tape_session.ts";

/**
 * Tells the caller's position, as a rule without moving the tape: the drive's number less what has not been delivered, where the drive's numbers are
 * proven; else by going back, where that is certain; else the driver's own count.
 *
 * @throws {TapeError} when the drive fails to answer, or the READs met what the caller has to hear of first.
 */
export async function callerPosition(
  session: TapeSession,
  reader: RecordReader,
  signal?: AbortSignal,
): Promise<TapePosition> {
  if (session.device.isNexusLost || reader.resumption.isUnfinished) return own(session, undefined);
  // The question goes behind the READs under way, so its answer is the place that they lead to.
  const asked = session.drivePosition.ask(signal);
  await Promise.allSettled([asked, reader.ahead.settle(signal)]);
  // What the question itself was told goes before.
  const device = await asked;
  signal?.throwIfAborted();
  const ahead = reader.ahead.undelivered();
  if (ahead.mustHear !== undefined) await reader.reposition.settle();
  if (!isAhead(ahead)) return device?.object !== undefined ? told(device) : own(session, device);
  if (session.count.object === 0) return own(session, device);
  const number = provenNumber(session, device, ahead);
  if (device !== undefined && number !== undefined) {
    const file = device.file === undefined ? undefined : device.file - ahead.filemarks;
    return told({ ...device, object: number, file, beginningOfPartition: number === 0 });
  }
  // The driver's own numbers need not be the drive's, so they do not stand in for those.
  const hasWay = isWayPlain(ahead) || session.count.isAnchored;
  if (device?.object === undefined || !hasWay) return own(session, device);
  await reader.reposition.back();
  const there = await session.drivePosition.ask(signal);
  return there?.object !== undefined ? told(there) : own(session, there);
}

function isAhead({ records, filemarks, isUncertain }: Undelivered): boolean {
  return records + filemarks > 0 || isUncertain;
}

function isWayPlain({ filemarks, isUncertain }: Undelivered): boolean {
  return filemarks === 0 && !isUncertain;
}

function provenNumber(
  session: TapeSession,
  device: DevicePosition | undefined,
  { records, filemarks, isUncertain }: Undelivered,
): number | undefined {
  const { proof } = session;
  if (!isUncertain && proof.wantsMarks) proof.sample(device?.object);
  const here = proof.numberBehind(0);
  if (isUncertain || here === undefined || device?.object !== here) return undefined;
  return proof.numberBehind(records + filemarks);
}

function told(device: DevicePosition): TapePosition {
  return { ...device, known: true, source: "device" };
}

/** By the driver's own count; of the drive's answer nothing but the partition holds for the caller, and not that of a drive that does not know where it is. */
function own(session: TapeSession, device: DevicePosition | undefined): TapePosition {
  const { object, file } = session.count;
  const known = object !== undefined && session.partition.certain !== undefined;
  return {
    known,
    ...(known && { object }),
    ...(known && file !== undefined && { file }),
    partition: device?.object === undefined ? session.partition.number : device.partition,
    beginningOfPartition: object === 0,
    endOfPartition: false,
    source: "counted",
  };
}
