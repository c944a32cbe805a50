import type { ChapOptions, DigestPreference } from "../../iscsi/negotiation/login.ts";
import {
  MemoryMedium,
  type RunningTarget,
  serveTarget,
  SimulatedDrive,
  TapMedium,
  type TargetChap,
  type TargetUnit,
} from "../../sim/mod.ts";

/** What `tape serve` is to serve. */
export interface ServeSettings {
  /** Address to listen on; port 0 picks a free one. */
  readonly listen: { readonly hostname: string; readonly port: number };
  /** iSCSI name of the target. */
  readonly targetName: string;
  /** One for each drive, in the order of their LUNs: the image file in it, or `undefined` for a blank tape in memory. */
  readonly media: readonly (string | undefined)[];
  /** What initiators must prove, and with `target` what the target proves in return. @default nothing */
  readonly chap?: ChapOptions;
  /** CRC32C over headers: `crc32c` insists, `none` refuses. @default as the initiator likes */
  readonly headerDigest?: DigestPreference;
  /** CRC32C over data. @default as the initiator likes */
  readonly dataDigest?: DigestPreference;
}

/** A target that accepts connections. */
export interface ServedTarget {
  /** The address of each drive: `iscsi://HOST:PORT/IQN/LUN`. */
  readonly addresses: readonly string[];
  /** What is odd about the images, for people. */
  readonly warnings: readonly string[];
  /** Ends sessions and writes back the images. */
  close(): Promise<void>;
}

/**
 * Starts a target with simulated drives.
 *
 * @throws {ImageFormatError} when a file is not a .tap image.
 * @throws {ImageInUseError} when another process uses an image.
 * @throws {TransportError} when the address cannot be listened on.
 */
export async function startTarget(settings: ServeSettings): Promise<ServedTarget> {
  const { media, chap, ...options } = settings;
  const warnings: string[] = [];
  const units: TargetUnit[] = [];
  try {
    media.forEach((path, lun) => units.push({ lun, device: openDevice(path, lun, warnings) }));
    const target: RunningTarget = await serveTarget({ ...options, chap: targetChap(chap), units });
    return { addresses: target.urls, warnings, close: () => target.close() };
  } catch (error) {
    for (const { device } of units) await device.close();
    throw error;
  }
}

/** The options that an initiator logs in with, from the other side. */
function targetChap(chap: ChapOptions | undefined): TargetChap | undefined {
  if (chap === undefined) return undefined;
  const { name, secret, target } = chap;
  return { accounts: [{ name, secret }], target };
}

function openDevice(path: string | undefined, lun: number, warnings: string[]): SimulatedDrive {
  const serialNumber = `SIM${String(lun + 1).padStart(7, "0")}`;
  if (path === undefined) return new SimulatedDrive({ medium: new MemoryMedium(), serialNumber });
  const medium = TapMedium.open(path);
  if (medium.warning !== undefined) {
    const { problem, offset } = medium.warning;
    warnings.push(`${path}, byte ${offset}: ${problem}`);
  }
  return new SimulatedDrive({ medium, serialNumber });
}
