import { parseIscsiAddress } from "../../iscsi/address.ts";
import type { CliHost } from "../host/host.ts";
import { simulatedImage } from "./simulated_image.ts";

/**
 * Whether two addresses lead to one device, as far as they tell: an iSCSI name is one target's in all the world, through
 * whichever portal it is reached (RFC 7143 §4.2.7.1).
 *
 * @throws {InvalidOptionError} when one of them is none.
 */
export async function isSameDevice(one: string, other: string, host: CliHost): Promise<boolean> {
  return await deviceKey(one, host) === await deviceKey(other, host);
}

async function deviceKey(address: string, host: CliHost): Promise<string> {
  const image = simulatedImage(address);
  if (image !== undefined) return `image ${await host.realPath(image)}`;
  if (!address.startsWith("iscsi://")) return address;
  const { targetName, lun } = parseIscsiAddress(address);
  return `${targetName.toLowerCase()}/${lun}`;
}
