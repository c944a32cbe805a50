/**
 * What has to be known of a changer before it is used.
 *
 * @module
 */

import { modeSense } from "../scsi/mode_pages.ts";
import { DeviceType, deviceTypeName } from "../scsi/device_type.ts";
import {
  type ChangerCapabilities,
  ChangerPage,
  decodeCapabilities,
  decodeElementAddresses,
  type ElementAssignment,
} from "../scsi/element/changer_pages.ts";
import { testUnitReadyCdb } from "../scsi/cdb.ts";
import { inquiry } from "../scsi/inquiry.ts";
import { readSerialNumber } from "../scsi/vpd.ts";
import type { ChangerDevice } from "./changer_device.ts";
import { ChangerError } from "./errors.ts";

/** What a changer is. */
export interface ChangerInfo {
  /** T10 vendor identification, trimmed: `STK`. */
  readonly vendor: string;
  /** Product identification, trimmed: `L700`. */
  readonly product: string;
  /** Product revision level, trimmed. */
  readonly revision: string;
  /** Unit serial number, when the changer gives one. */
  readonly serialNumber?: string;
  /** Addresses of its elements, by type (mode page 1Dh); absent when it does not tell. */
  readonly assignment?: ElementAssignment;
  /** Which moves it can make (mode page 1Fh); absent when it does not tell. */
  readonly capabilities?: ChangerCapabilities;
}

/**
 * Gets to know a changer: what it is, whether it is ready, which elements it has.
 *
 * @throws {ChangerError} of kind `not-a-changer`, or as the changer answers.
 */
export async function getToKnow(device: ChangerDevice, signal?: AbortSignal): Promise<ChangerInfo> {
  const options = { signal };
  const data = await device.consult((unit) => inquiry(unit, options));
  const { vendor, product, revision, deviceType, peripheralQualifier } = data;
  if (deviceType !== DeviceType.Changer || peripheralQualifier !== 0) {
    const what = peripheralQualifier === 0 ? deviceTypeName(deviceType) : "no device";
    const message = `Cannot use ${device.name} as a media changer: it is ${what}`;
    throw new ChangerError("not-a-changer", message);
  }
  await device.perform({ cdb: testUnitReadyCdb(), signal });
  const serialNumber = await device.consult((unit) => readSerialNumber(unit, options));
  const addresses = await readPage(device, ChangerPage.ElementAddresses, signal);
  const capabilities = await readPage(device, ChangerPage.DeviceCapabilities, signal);
  return {
    vendor,
    product,
    revision,
    ...(serialNumber !== undefined && { serialNumber }),
    ...given("assignment", addresses && decodeElementAddresses(addresses)),
    ...given("capabilities", capabilities && decodeCapabilities(capabilities)),
  };
}

function given<Key extends string, Value>(key: Key, value: Value | undefined) {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<Key, Value>>;
}

/** A mode page; `undefined` when the changer does not have it. */
async function readPage(
  device: ChangerDevice,
  page: number,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    const which = { page, disableBlockDescriptors: true };
    const { pages } = await device.consult((unit) => modeSense(unit, which, { signal }));
    return pages.find((one) => one.page === page)?.bytes;
  } catch (error) {
    const isAbsent = error instanceof ChangerError &&
      (error.kind === "illegal-request" || error.kind === "unsupported" ||
        error.kind === "unexpected-response");
    if (isAbsent) return undefined;
    throw error;
  }
}
