import { InvalidOptionError } from "../../iscsi/errors.ts";
import { listLogicalUnits } from "../../mod.ts";
import { deviceTypeName } from "../../scsi/device_type.ts";
import { adviceFor } from "../report/advice.ts";
import type { ConnectionSettings } from "./connection_settings.ts";

/** One logical unit behind a portal. */
export interface ListedUnit {
  /** iSCSI name of the target. */
  readonly target: string;
  /** The portal that it was reached through: `HOST:PORT`. */
  readonly portal: string;
  /** LUN as people count. */
  readonly lun: number;
  /** Peripheral device type as lsscsi calls it: `tape`, `disk`, `mediumx`. */
  readonly deviceType: string;
  /** T10 vendor identification. */
  readonly vendor: string;
  /** Product identification. */
  readonly product: string;
  /** Product revision level. */
  readonly revision: string;
  /** Bytes of a disk that tells them. */
  readonly capacityBytes?: number;
  /** Its logical blocks. */
  readonly blocks?: number;
  /** Bytes of one of those. */
  readonly blockBytes?: number;
}

/** Something behind a portal that could not be listed. */
export interface ListingFailure {
  /** The target; missing when the portal itself could not be asked. */
  readonly target?: string;
  /** Why, for people. */
  readonly message: string;
  /** What to do about it, if anything is known to help. */
  readonly advice?: string;
}

/** What a portal has. */
export interface PortalListing {
  /** The portal as it was given. */
  readonly portal: string;
  /** Its logical units, target by target. */
  readonly units: readonly ListedUnit[];
  /** What could not be reached. */
  readonly failures: readonly ListingFailure[];
}

/**
 * Lists what a portal has. What cannot be reached is part of the answer.
 *
 * @throws {InvalidOptionError} when the portal or a setting cannot be right.
 * @throws the signal's reason when that is aborted.
 */
export async function listUnits(
  portal: string,
  settings: ConnectionSettings,
): Promise<PortalListing> {
  try {
    const { units, failures } = await listLogicalUnits(portal, settings);
    return {
      portal,
      units: units.map(({ targetName, inquiry, capacity, ...unit }) => ({
        target: targetName,
        portal: unit.portal,
        lun: unit.lun,
        deviceType: deviceTypeName(inquiry.deviceType),
        vendor: inquiry.vendor,
        product: inquiry.product,
        revision: inquiry.revision,
        ...(capacity && {
          capacityBytes: capacity.blocks * capacity.blockBytes,
          blocks: capacity.blocks,
          blockBytes: capacity.blockBytes,
        }),
      })),
      failures: failures.map(({ targetName, error }) => failure(error, targetName)),
    };
  } catch (error) {
    settings.signal.throwIfAborted();
    if (error instanceof InvalidOptionError) throw error;
    return { portal, units: [], failures: [failure(error)] };
  }
}

function failure(error: unknown, target?: string): ListingFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { ...(target && { target }), message, advice: adviceFor(error) };
}
