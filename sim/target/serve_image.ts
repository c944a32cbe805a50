/**
 * A simulated drive on a tape image, reached without a network: what `sim:PATH.tap` stands for.
 *
 * @module
 */

import type { Dialer } from "../../transport/byte_stream.ts";
import { object } from "../../scsi/option_rules.ts";
import { checkImageOptions } from "../images/image_option_rules.ts";
import { openImage, type OpenImageOptions } from "../images/open_image.ts";
import type { TapWarning } from "../images/tap_walk.ts";
import { SimulatedDrive, type SimulatedDriveOptions } from "../tape/drive.ts";
import { loopbackTarget } from "./loopback_target.ts";

/** Options of {@link serveImage}. */
export interface ServeImageOptions extends OpenImageOptions {
  /** The drive that the tape is in. @default a generic one */
  readonly drive?: Omit<SimulatedDriveOptions, "medium">;
}

/** A tape image in a drive. */
export interface ServedImage {
  /** Connects to the drive. */
  readonly dial: Dialer;
  /** Address of the drive. */
  readonly url: string;
  /** The drive itself. */
  readonly drive: SimulatedDrive;
  /** The image is cut within an object, which the tape then does not have: what lies before it is all there. */
  readonly warning: TapWarning | undefined;
  /** Whether the next use of the image finds the tape where this one leaves it. */
  readonly keepsPosition: boolean;
  /**
   * Ends all sessions, and writes the image back.
   *
   * @throws {MediumStoreError} when the image cannot be written back.
   */
  close(): Promise<void>;
}

const TARGET_NAME = "iqn.2026-03.io.github.uiscsi:image";

/**
 * Puts a tape image into a simulated drive. The tape stands where it stood when it was last used; the first command of a
 * session hears that the drive was switched on, as on any other.
 *
 * @throws {InvalidOptionError} when the path or an option cannot be right; the image is left as it is.
 * @throws {ImageInUseError} when another process, or another drive, uses the image.
 * @throws {ImageFormatError} when the file is of no image format that is known; it is left as it is.
 * @throws {MediumStoreError} when the file system fails.
 */
export async function serveImage(
  path: string,
  options: ServeImageOptions = {},
): Promise<ServedImage> {
  checkImageOptions(path, options, { drive: object });
  const { drive: like, create, readOnly, format } = options;
  const medium = openImage(path, { create, readOnly, format });
  const drive = new SimulatedDrive({ ...like, medium });
  try {
    const target = await loopbackTarget({
      targetName: TARGET_NAME,
      units: [{ lun: 0, device: drive }],
    });
    const { dial, urls: [url] } = target;
    const { warning, keepsPosition } = medium;
    return { dial, url, drive, warning, keepsPosition, close: () => target.close() };
  } catch (error) {
    await drive.close();
    throw error;
  }
}
