/**
 * What is behind a portal: its targets, and the logical units of each.
 *
 * @module
 */

import { discover, type DiscoveredTarget } from "./iscsi/session/discovery.ts";
import { AuthenticationError, ConnectError, LoginError } from "./iscsi/errors.ts";
import { formatPortal, parsePortal } from "./iscsi/portal.ts";
import { Session } from "./iscsi/session/session.ts";
import type { ConnectOptions } from "./iscsi/session/session_options.ts";
import { checkedDeviceOptions, checkText } from "./open_options.ts";
import type { Capacity } from "./scsi/block/capacity.ts";
import { readCapacity } from "./scsi/block/read_capacity.ts";
import { DeviceType } from "./scsi/device_type.ts";
import { ScsiStatusError, UnexpectedResponseError } from "./scsi/errors.ts";
import { inquiry, type InquiryData } from "./scsi/inquiry.ts";
import { lunToNumber } from "./scsi/lun.ts";
import type { LogicalUnit } from "./scsi/logical_unit.ts";
import { reportLuns } from "./scsi/report_luns.ts";
import { drainUnitAttentions } from "./scsi/test_unit_ready.ts";

/** One logical unit of a target. */
export interface ListedLogicalUnit {
  /** iSCSI name of the target. */
  readonly targetName: string;
  /** The portal that it was reached through: `host:port`. */
  readonly portal: string;
  /** LUN as people count. */
  readonly lun: number;
  /** What the logical unit says of itself. */
  readonly inquiry: InquiryData;
  /** Capacity of a disk that tells it. */
  readonly capacity?: Capacity;
}

/** A target, or one of its logical units, that could not be listed. */
export interface ListingFailure {
  /** iSCSI name of the target. */
  readonly targetName: string;
  /** Why. */
  readonly error: unknown;
}

/** What a portal has. */
export interface PortalListing {
  /** In the order of the target's answer. */
  readonly units: readonly ListedLogicalUnit[];
  /** Targets that could not be asked. */
  readonly failures: readonly ListingFailure[];
}

/** SPC-5 §6.7.2: a peripheral qualifier other than 0 says that no device is connected. */
const CONNECTED = 0;

/**
 * Asks a portal for its targets, logs in to each, and asks each of its logical units what it is. A target is reached
 * through the portal that was asked or, where that refuses, through those that it advertises. Targets that cannot be
 * asked are in `failures`.
 *
 * @throws {InvalidOptionError} when the portal or an option cannot be right.
 * @throws {IscsiError} when the portal cannot be reached or refuses the discovery.
 */
export async function listLogicalUnits(
  portal: string,
  options: ConnectOptions = {},
): Promise<PortalListing> {
  checkText(portal, "portal");
  const given = checkedDeviceOptions(options);
  const asked = formatPortal(parsePortal(portal));
  const units: ListedLogicalUnit[] = [];
  const failures: ListingFailure[] = [];
  for (const target of await discover(asked, given)) {
    try {
      units.push(...await listTarget(target, asked, given));
    } catch (error) {
      given.signal?.throwIfAborted();
      failures.push({ targetName: target.name, error });
    }
  }
  return { units, failures };
}

async function listTarget(
  target: DiscoveredTarget,
  asked: string,
  options: ConnectOptions,
): Promise<ListedLogicalUnit[]> {
  const session = await connect(target, asked, options);
  try {
    const found: ListedLogicalUnit[] = [];
    for (const lun of await reportLuns(session.logicalUnit(0), options)) {
      const number = lunToNumber(lun);
      if (number === undefined) continue;
      const unit = session.logicalUnit(lun);
      const answer = await inquiry(unit, options);
      if (answer.peripheralQualifier !== CONNECTED) continue;
      const portal = formatPortal(session.address);
      const capacity = DISKS.has(answer.deviceType) ? await capacityOf(unit, options) : undefined;
      found.push({
        targetName: target.name,
        portal,
        lun: number,
        inquiry: answer,
        ...(capacity && { capacity }),
      });
    }
    return found;
  } finally {
    await session.close();
  }
}

const SIMPLIFIED_DISK = 0x0e;

/** What answers READ CAPACITY (SBC-4, RBC). */
const DISKS: ReadonlySet<number> = new Set([DeviceType.Disk, SIMPLIFIED_DISK]);

/** `undefined` when the disk has no medium, or does not tell. */
async function capacityOf(
  unit: LogicalUnit,
  { signal }: ConnectOptions,
): Promise<Capacity | undefined> {
  try {
    await drainUnitAttentions(unit, { signal });
    return await readCapacity(unit, { signal });
  } catch (error) {
    if (error instanceof ScsiStatusError || error instanceof UnexpectedResponseError) {
      return undefined;
    }
    throw error;
  }
}

/** Advertised addresses may be unreachable from here, behind address translation for instance: they come last. */
async function connect(
  target: DiscoveredTarget,
  asked: string,
  options: ConnectOptions,
): Promise<Session> {
  const portals = [...new Set([asked, ...target.portals.map(formatPortal)])];
  let failure: unknown;
  for (const portal of portals) {
    try {
      return await Session.connect({ ...options, portal, targetName: target.name });
    } catch (error) {
      failure ??= error;
      if (!(error instanceof LoginError || error instanceof ConnectError)) throw error;
      if (error instanceof AuthenticationError) throw error;
    }
  }
  throw failure;
}
