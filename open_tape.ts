/**
 * Opening a tape by its address: finds the way to the logical unit, and hands it to the driver.
 *
 * @module
 */

import { environmentSecret } from "./environment_secrets.ts";
import { chapOf, hideSecrets, parseIscsiAddress } from "./iscsi/address.ts";
import { InvalidOptionError } from "./iscsi/errors.ts";
import { Session } from "./iscsi/session/session.ts";
import { formatPortal } from "./iscsi/portal.ts";
import { systemClock } from "./iscsi/connection/clock.ts";
import { CHAP_RULES } from "./iscsi/session/session_option_rules.ts";
import { type ReconnectOptions, RecoverableUnit } from "./iscsi/session/recoverable_unit.ts";
import {
  type ConnectOptions,
  randomIsid,
  type SessionOptions,
  webCryptoBytes,
} from "./iscsi/session/session_options.ts";
import { checkedDeviceOptions, checkText } from "./open_options.ts";
import { DeviceType } from "./scsi/device_type.ts";
import type { RecoverableLogicalUnit } from "./scsi/logical_unit.ts";
import { lunFromNumber } from "./scsi/lun.ts";
import { ownFields } from "./scsi/option_rules.ts";
import type { TapeDriveOptions } from "./tape/options.ts";
import { TapeDrive } from "./tape/tape_drive.ts";

/** Options of {@link openTape}: those of the drive, and those of the connection to it. */
export interface OpenTapeOptions
  extends TapeDriveOptions, Omit<OpenLogicalUnitOptions, "deviceType"> {}

/** Options of {@link openLogicalUnit}: those of the connection. */
export interface OpenLogicalUnitOptions extends Omit<ConnectOptions, "logger"> {
  /** How to set up a lost session again. @default six attempts within half a minute */
  readonly reconnect?: ReconnectOptions;
  /**
   * Peripheral device type of the unit (`DeviceType`), which tells apart commands that share an operation code where they
   * are named: in errors and in the hook `commandEnded`.
   *
   * @default unknown: all their names
   */
  readonly deviceType?: number;
}

const SIMULATED = "sim:";

/**
 * Opens the tape drive at an address and waits until its tape is ready.
 *
 * The address is `iscsi://[user[%secret]@]host[:port]/target-iqn/lun[?argument&...]`, or `sim:PATH.tap` for a
 * simulated drive on a tape image file. A CHAP secret that neither the address nor `chap` gives is taken from the
 * environment variables `TAPE_CHAP_SECRET` and `TAPE_CHAP_TARGET_SECRET`. The address says what `chap` leaves unsaid: the target's account, and the hash.
 *
 * The drive is the caller's to close.
 *
 * @throws {InvalidOptionError} when the address or an option cannot be right.
 * @throws {IscsiError} when the target cannot be reached or refuses the login; see its subclasses.
 * @throws {TapeError} when what is there is not a tape drive, its tape does not become ready, or another host has reserved it.
 * @throws {MediumStoreError} when the image of a `sim:` address cannot be opened; `ImageInUseError` when another process has it, `ImageFormatError`
 * when it is none: all three of `@uiscsi/tape/sim`.
 *
 * @example Write and read a record
 * ```ts
 * import { openTape } from "@uiscsi/tape";
 *
 * const drive = await openTape("sim:example.tap");
 * try {
 *   await drive.rewind();
 *   await drive.write(new TextEncoder().encode("hello tape"));
 *   await drive.writeFilemarks();
 *   await drive.rewind();
 *   const result = await drive.read();
 *   if (result.kind === "record") console.log(new TextDecoder().decode(result.data));
 * } finally {
 *   await drive.close();
 * }
 * ```
 */
export async function openTape(address: string, options: OpenTapeOptions = {}): Promise<TapeDrive> {
  const given = checkedDeviceOptions(options);
  const unit = await openUnit(address, { ...given, deviceType: DeviceType.Tape }, (message) => {
    given.onNotice?.({ kind: "image", message });
  });
  try {
    return await TapeDrive.open(unit, given);
  } catch (error) {
    await unit.close();
    throw error;
  }
}

/**
 * Opens the logical unit at an address, whatever its device type; see {@link openTape}. Closing it closes the session.
 *
 * @throws {InvalidOptionError} when the address or an option cannot be right.
 * @throws {IscsiError} when the target cannot be reached or refuses the login.
 * @throws {MediumStoreError} when the image of a `sim:` address cannot be opened; see {@link openTape}.
 */
export async function openLogicalUnit(
  address: string,
  options: OpenLogicalUnitOptions = {},
): Promise<RecoverableLogicalUnit> {
  return await openUnit(address, checkedDeviceOptions(options), () => {});
}

/** `warn` hears what is odd about an image. */
async function openUnit(
  address: string,
  options: OpenLogicalUnitOptions,
  warn: (message: string) => void,
): Promise<RecoverableLogicalUnit> {
  checkText(address, "address");
  if (address.startsWith(SIMULATED)) return await openSimulated(address, options, warn);
  if (!address.startsWith("iscsi://")) {
    throw new InvalidOptionError(
      "address",
      `Open "${hideSecrets(address)}": expected an address that begins with iscsi:// or sim:`,
    );
  }
  return await openRemote(address, options);
}

async function openRemote(
  address: string,
  options: OpenLogicalUnitOptions,
): Promise<RecoverableLogicalUnit> {
  const parsed = parseIscsiAddress(address);
  const { clock = systemClock, randomBytes = webCryptoBytes, reconnect, deviceType, chap } =
    options;
  const sessionOptions: SessionOptions = {
    headerDigest: parsed.headerDigest,
    dataDigest: parsed.dataDigest,
    ...withoutUndefined(options),
    isid: options.isid ?? randomIsid(randomBytes),
    chap: chapOf(parsed, environmentSecret, chap && ownFields(chap, CHAP_RULES)),
    portal: parsed.portal,
    targetName: parsed.targetName,
  };
  let { portal } = sessionOptions;
  const connect = async (signal?: AbortSignal) => {
    const session = await Session.connect({ ...sessionOptions, portal, signal });
    portal = formatPortal(session.home); // A target that has moved for good is looked for there.
    return session;
  };
  const session = await connect(options.signal);
  const { name } = session.logicalUnit(parsed.lun);
  const lun = lunFromNumber(parsed.lun);
  const parts = { lun, name, deviceType, connect, clock, randomBytes };
  return new RecoverableUnit(session, parts, reconnect);
}

/** The simulated drive is reached like any other, over a network in memory. */
async function openSimulated(
  address: string,
  options: OpenLogicalUnitOptions,
  warn: (message: string) => void,
): Promise<RecoverableLogicalUnit> {
  const path = address.slice(SIMULATED.length);
  if (path === "") {
    throw new InvalidOptionError("address", `Open "${address}": expected sim:PATH.tap`);
  }
  const { serveImage } = await import("./sim/mod.ts");
  const { imageOddities } = await import("./sim/images/image_oddities.ts");
  const onStoreFailure = ({ message }: Error) => warn(message);
  const server = await serveImage(path, { drive: { onStoreFailure } });
  try {
    for (const oddity of imageOddities(path, server)) warn(oddity);
    const unit = await openRemote(server.url, { ...options, chap: undefined, dial: server.dial });
    return {
      name: address,
      get nexusLost() {
        return unit.nexusLost;
      },
      execute: (command) => unit.execute(command),
      reestablish: (signal) => unit.reestablish(signal),
      close: async () => {
        await unit.close();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}
