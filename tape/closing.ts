/**
 * Leaving a drive: what was written is flushed, the tape stands where the caller is, and the next host finds the drive as it expects it.
 *
 * @module
 */

import { confirmBuffer } from "./buffer_loss.ts";
import type { Exclusion } from "./exclusive_use.ts";
import type { Outage } from "./outage.ts";
import type { RecordReader } from "./record_reader.ts";
import type { TapeSession } from "./tape_session.ts";
import type { Writer } from "./writer.ts";

/** What has to be left. */
export interface OpenDrive {
  readonly session: TapeSession;
  readonly outage: Outage;
  readonly reader: RecordReader;
  readonly writer: Writer;
  readonly exclusion: Exclusion | undefined;
  readonly releaseFeatures: () => Promise<void>;
}

/**
 * Closes the logical unit, whatever goes wrong before.
 *
 * @throws {PositionLostError} when the tape could not be brought back; {@link TapeError} when writing or flushing failed.
 */
export async function shutDown(drive: OpenDrive): Promise<void> {
  try {
    await drive.writer.settle();
    await settleTape(drive);
  } finally {
    await leave(drive);
  }
}

/** On a lost connection only what has not been flushed, and the way back to the caller, are worth another one. */
async function settleTape(drive: OpenDrive): Promise<void> {
  const { session, outage, reader } = drive;
  if (outage.isHere) {
    const isThere = reader.reposition.isThere &&
      (outage.hasGivenUp || !reader.resumption.isAway);
    if (!session.buffer.isDirty && isThere) return;
    if (outage.hasGivenUp) throw session.lostError("flush what was written");
  }
  try {
    await reader.resumption.resuming(async () => {
      if (outage.isHere) await reader.resumption.reconnect();
      await reader.reposition.back();
    });
  } finally {
    await flushWhatIsLeft(drive);
  }
}

/** To write out its buffer a drive need not be where the caller believes. A doubt is told, and does not keep from flushing what is left. */
async function flushWhatIsLeft({ session, outage, writer }: OpenDrive): Promise<void> {
  const isLeft = () => session.buffer.isDirty;
  try {
    // What a READ was told before the connection was lost ends the way back before that is set up again.
    if (isLeft() && outage.isHere && !outage.hasGivenUp) await outage.overcome();
    if (session.buffer.isDoubted) await confirmBuffer(session);
  } finally {
    if (isLeft()) await writer.flush(writer.era);
  }
}

/** Gives back what keeps others away, where the drive still answers. */
async function leave({ session, exclusion, releaseFeatures }: OpenDrive): Promise<void> {
  const { device } = session;
  try {
    if (!device.isNexusLost) await releaseFeatures();
    if (!device.isNexusLost) await exclusion?.release();
  } catch (error) {
    device.logger.warn("Leaving {name} as it is: {error}", { name: device.name, error });
  } finally {
    await device.close();
  }
}
