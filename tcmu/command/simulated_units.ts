/**
 * The simulated devices that the command attaches.
 *
 * @module
 */

import { MemoryMedium, SimulatedDrive, SimulatedLibrary, TapMedium } from "@uiscsi/tape/sim";
import type { TcmuUnit } from "../attachment.ts";
import type { AttachValues } from "./tcmu_options.ts";

const DEFAULT_DRIVES = 2;

/** The devices to attach. */
export interface SimulatedUnits {
  readonly units: readonly TcmuUnit[];
  /** What is odd about the images, for people. */
  readonly warnings: readonly string[];
  /** Writes the images back. */
  close(): Promise<void>;
}

/**
 * Makes one drive, or a library: its changer, and its drives behind it.
 *
 * @throws {ImageFormatError} when a file is no image.
 * @throws {ImageInUseError} when another process uses an image.
 * @throws {MediumError} when the file system fails.
 */
export function openUnits(values: AttachValues): SimulatedUnits {
  const media = openImages(values.media);
  const warnings = media.flatMap(({ path, warning }) =>
    warning === undefined ? [] : [`${path}, byte ${warning.offset}: ${warning.problem}`]
  );
  return { warnings, ...(values.slots === undefined ? oneDrive : library)(values, media) };
}

type Opened = Pick<SimulatedUnits, "units" | "close">;

function oneDrive({ name }: AttachValues, [medium]: readonly TapMedium[]): Opened {
  const device = new SimulatedDrive({ medium, clock: () => performance.now() });
  return { units: [{ name, device }], close: () => device.close() };
}

/** Slots without an image have a blank tape where there are no images at all, and none else. */
function library(
  { name, slots = 1, drives = DEFAULT_DRIVES }: AttachValues,
  media: readonly TapMedium[],
): Opened {
  const labels = Array.from({ length: slots }, (_, i) => `S${`${i + 1}`.padStart(5, "0")}L8`);
  const cartridges = media.length > 0
    ? media.map((medium, i) => ({ medium, barcode: medium.state.barcode ?? labels[i] }))
    : labels.map((barcode) => ({ barcode, medium: new MemoryMedium({ barcode }) }));
  const { changer, drives: devices } = new SimulatedLibrary({
    slots,
    drives,
    cartridges,
    drive: { clock: () => performance.now() },
  });
  const units = [
    { name: `${name}-changer`, device: changer },
    ...devices.map((device, index) => ({ name: `${name}-drive${index}`, device })),
  ];
  return { units, close: () => changer.close() };
}

function openImages(paths: readonly string[]): TapMedium[] {
  const media: TapMedium[] = [];
  try {
    for (const path of paths) media.push(TapMedium.open(path));
    return media;
  } catch (error) {
    for (const medium of media) medium.close();
    throw error;
  }
}
