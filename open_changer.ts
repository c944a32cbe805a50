/**
 * Opening a library's media changer by its address.
 *
 * @module
 */

import { MediaChanger } from "./changer/media_changer.ts";
import type { MediaChangerOptions } from "./changer/options.ts";
import { InvalidOptionError } from "./iscsi/errors.ts";
import { DeviceType } from "./scsi/device_type.ts";
import { checkedDeviceOptions, checkText } from "./open_options.ts";
import { openLogicalUnit, type OpenLogicalUnitOptions } from "./open_tape.ts";

/** Options of {@link openChanger}: those of the changer, and those of the connection to it. */
export interface OpenChangerOptions
  extends MediaChangerOptions, Omit<OpenLogicalUnitOptions, "deviceType"> {}

/**
 * Opens the media changer at an address and waits until it is ready.
 *
 * The address is `iscsi://[user[%secret]@]host[:port]/target-iqn/lun[?argument&...]`, with CHAP secrets from the
 * environment as for `openTape`. The changer is the caller's to close.
 *
 * @throws {InvalidOptionError} when the address or an option cannot be right; a `sim:` address holds a drive alone.
 * @throws {IscsiError} when the target cannot be reached or refuses the login; see its subclasses.
 * @throws {ChangerError} when what is there is not a changer, or it does not become ready.
 *
 * @example Load a cartridge by its label
 * ```ts
 * import { openChanger } from "@uiscsi/tape";
 * import { loopbackTarget, SimulatedLibrary } from "@uiscsi/tape/sim";
 *
 * const library = new SimulatedLibrary({ slots: 4, drives: 1, cartridges: [{ barcode: "A00001L8" }] });
 * const target = await loopbackTarget({
 *   ...library.targets("iqn.2026-03.com.example:library"),
 * });
 * const changer = await openChanger(target.urls[0], { dial: target.dial });
 * try {
 *   const inventory = await changer.inventory();
 *   const cartridge = inventory.find("A00001L8");
 *   if (cartridge !== undefined) await changer.load(cartridge.number, 0);
 *   await changer.unload(0);
 * } finally {
 *   await changer.close();
 *   await target.close();
 * }
 * ```
 */
export async function openChanger(
  address: string,
  options: OpenChangerOptions = {},
): Promise<MediaChanger> {
  checkText(address, "address");
  const given = checkedDeviceOptions(options);
  if (address.startsWith("sim:")) {
    throw new InvalidOptionError(
      "address",
      `Open "${address}" as a media changer: a sim: address holds one drive and no library, ` +
        "serve a simulated library and use its iscsi:// address",
    );
  }
  const unit = await openLogicalUnit(address, { ...given, deviceType: DeviceType.Changer });
  try {
    return await MediaChanger.open(unit, given);
  } catch (error) {
    await unit.close();
    throw error;
  }
}
