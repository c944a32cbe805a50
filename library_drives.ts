/**
 * Where the drives of a library are to be reached: its changer tells them by place, a portal by target and LUN.
 *
 * @module
 */

import { type LibraryDrive, type LibraryViewOptions, viewLibrary } from "./changer/library_view.ts";
import type { MediaChanger } from "./changer/media_changer.ts";
import { AuthenticationError, LoginError } from "./iscsi/errors.ts";
import { listLogicalUnits } from "./logical_unit_listing.ts";
import { openLogicalUnit, type OpenLogicalUnitOptions } from "./open_tape.ts";
import { DeviceType } from "./scsi/device_type.ts";
import type { RecoverableLogicalUnit } from "./scsi/logical_unit.ts";

/** Options of {@link findLibraryDrives}: those of looking, and those of the connections. */
export interface FindLibraryDrivesOptions extends LibraryViewOptions, OpenLogicalUnitOptions {}

/** A drive of the library, and its address. */
export interface FoundLibraryDrive extends Omit<LibraryDrive, "unit"> {
  /** Its address, as `openTape` takes it; absent when no drive at the portals is known to be this one. */
  readonly address?: string;
}

/**
 * Finds the drives of a library at portals: behind one target, as many LUNs, or each a target of its own. Logs in to
 * every target that the portals tell; connections to drives are closed again.
 *
 * @param portals `host[:port]` of each portal that may lead to drives.
 * @returns the drives by number
 * @throws {InvalidOptionError} when a portal or an option cannot be right.
 * @throws {IscsiError} when a portal cannot be reached or refuses the discovery, a drive refuses a second login, or a drive is not found and a target has not
 * answered that may have it. A target that lets nobody like us in is passed over.
 * @throws {ChangerError} as the changer answers.
 *
 * @example Load a cartridge, and open the drive that it is in
 * ```ts
 * import { findLibraryDrives, openChanger, openTape } from "@uiscsi/tape";
 * import { loopbackTarget, SimulatedLibrary } from "@uiscsi/tape/sim";
 *
 * const library = new SimulatedLibrary({ cartridges: [{ barcode: "A00001L8" }] });
 * const target = await loopbackTarget(library.targets("iqn.2026-03.com.example:library"));
 * const { dial } = target;
 * const changer = await openChanger(target.urls[0], { dial });
 * const [{ address }] = await findLibraryDrives(changer, ["simulator:3260"], { dial });
 * await changer.load(1, 0);
 * if (address !== undefined) {
 *   const drive = await openTape(address, { dial });
 *   await drive.rewind();
 *   await drive.close();
 * }
 * await changer.close();
 * await target.close();
 * ```
 */
export async function findLibraryDrives(
  changer: MediaChanger,
  portals: readonly string[],
  options: FindLibraryDrivesOptions = {},
): Promise<FoundLibraryDrive[]> {
  const opened = new Map<RecoverableLogicalUnit, string>();
  try {
    const { addresses, failures } = await tapeAddresses(portals, options);
    for (const address of addresses) opened.set(await openLogicalUnit(address, options), address);
    const { drives } = await viewLibrary(changer, [...opened.keys()], options);
    if (drives.some(({ unit }) => unit === undefined) && failures.length > 0) throw failures[0];
    return drives.map(({ unit, ...drive }) => {
      const address = unit && opened.get(unit);
      return { ...drive, ...(address !== undefined && { address }) };
    });
  } finally {
    for (const unit of opened.keys()) await unit.close();
  }
}

/** Where tape drives are, each once though several portals may tell of it, and why there may be more. */
interface TapeAddresses {
  readonly addresses: readonly string[];
  readonly failures: readonly unknown[];
}

async function tapeAddresses(
  portals: readonly string[],
  options: OpenLogicalUnitOptions,
): Promise<TapeAddresses> {
  const addresses = new Map<string, string>();
  const failures: unknown[] = [];
  for (const asked of portals) {
    const listing = await listLogicalUnits(asked, options);
    for (const { targetName, portal, lun, inquiry } of listing.units) {
      const name = `${targetName}/${lun}`;
      if (inquiry.deviceType !== DeviceType.Tape || addresses.has(name)) continue;
      addresses.set(name, `iscsi://${portal}/${name}`);
    }
    for (const { error } of listing.failures) if (!isRefusal(error)) failures.push(error);
  }
  return { addresses: [...addresses.values()], failures };
}

/** RFC 7143 §11.13.5: the initiator is the one who errs, as one who may not use the target does. */
const INITIATOR_ERROR = 2;

function isRefusal(error: unknown): boolean {
  if (error instanceof AuthenticationError) return true;
  return error instanceof LoginError && error.statusClass === INITIATOR_ERROR;
}
