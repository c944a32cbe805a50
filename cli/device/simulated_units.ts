import { setTimeout as delay } from "node:timers/promises";
import {
  type DeviceServer,
  libraryPersonalities,
  MemoryMedium,
  openImage,
  SimulatedDrive,
  type SimulatedDriveOptions,
  SimulatedLibrary,
  tapePersonalities,
  TapMedium,
} from "../../sim/mod.ts";
import { imageOddities } from "../../sim/images/image_oddities.ts";
import { driveQuirks, REQUIRE_UNLOAD } from "./quirk_names.ts";
import type { ServeSettings } from "./serve_settings.ts";

/** The simulated devices of a target. */
export interface SimulatedUnits {
  /** The drives by number. */
  readonly drives: readonly DeviceServer[];
  /** The library that they are in. */
  readonly library?: SimulatedLibrary;
  /** What is odd about the images, for people. */
  readonly warnings: readonly string[];
  /** Closes them and the images. */
  close(): Promise<void>;
}

/** Drives with a cartridge in each. @throws as {@link openImage}. */
export function openSingleDrives(settings: ServeSettings): SimulatedUnits {
  const images = openImages(settings.media);
  const shared = driveOptions(settings);
  const drives = Array.from({ length: settings.drives }, (_, index) =>
    new SimulatedDrive({
      ...shared,
      medium: images.media[index] ?? new MemoryMedium(),
      serialNumber: `SIM${String(index + 1).padStart(7, "0")}`,
    }));
  const close = async () => {
    for (const drive of drives) await drive.close();
  };
  return { drives, warnings: images.warnings, close };
}

/**
 * A library with the images in its first slots, or, without images, blank tapes in all of them.
 *
 * @throws as {@link openImage}
 * @throws {InvalidOptionError} when a number cannot be.
 */
export function openLibrary(settings: ServeSettings): SimulatedUnits {
  const { slots = 0, drives, media, quirks = [], libraryPersonality = "generic" } = settings;
  const images = openImages(media);
  try {
    const library = new SimulatedLibrary({
      slots,
      drives,
      cartridges: media.length > 0
        ? images.media.map((medium, index) => labelledCartridge(medium, media[index]))
        : blankCartridges(slots, settings),
      personality: libraryPersonalities[libraryPersonality],
      drive: driveOptions(settings),
      requireUnload: quirks.includes(REQUIRE_UNLOAD),
    });
    const close = () => library.changer.close();
    return { drives: library.drives, library, warnings: images.warnings, close };
  } catch (error) {
    for (const medium of images.media) medium.close();
    throw error;
  }
}

/** The drive's clock is the computer's, so that what takes time does so. */
function driveOptions(settings: ServeSettings): SimulatedDriveOptions {
  const { drivePersonality = "generic", quirks = [], timeScale: scale } = settings;
  return {
    personality: tapePersonalities[drivePersonality],
    quirks: driveQuirks(quirks),
    clock: () => performance.now(),
    ...(scale !== undefined && {
      timing: { scale, wait: (milliseconds) => delay(milliseconds, undefined, { ref: false }) },
    }),
  };
}

type ImageMedium = ReturnType<typeof openImage>;

function openImages(paths: readonly string[]): { media: ImageMedium[]; warnings: string[] } {
  const media: ImageMedium[] = [];
  try {
    for (const path of paths) media.push(openImage(path));
  } catch (error) {
    for (const medium of media) medium.close();
    throw error;
  }
  return { media, warnings: media.flatMap(oddities) };
}

/** What people should know of an image. */
function oddities(medium: ImageMedium): string[] {
  const { path } = medium;
  const odd = imageOddities(path, medium);
  if (medium instanceof TapMedium) return odd;
  const { imageFormat } = medium;
  const how = `to write to it, make a .tap image: tape -f sim:NEW.tap image load ${path}`;
  return [...odd, `${path}: ${imageFormat} images are write protected; ${how}`];
}

/** The label that the cartridge has, or else the name of its file, or of a link to it, as far as it makes a label. */
function labelledCartridge(medium: ImageMedium, path: string) {
  const name = path.split(/[/\\]/).at(-1) ?? "";
  const stem = name.replace(IMAGE_ENDING, "");
  const made = stem.toUpperCase().replace(/[^A-Z0-9]/g, "").slice(0, 32);
  const barcode = medium.state.barcode ?? (made === "" ? undefined : made);
  return { medium, ...(barcode !== undefined && { barcode }) };
}

const IMAGE_ENDING = /\.(tap|aws|het|cptp|e11|tpc)$/i;

/** Labelled S00001L8 and on, with the generation that the drives take at the end. */
function blankCartridges(count: number, { drivePersonality = "generic" }: ServeSettings) {
  const generation = LTO_MODEL.exec(drivePersonality)?.[1];
  const suffix = generation === undefined ? LABEL_SUFFIXES[drivePersonality] : `L${generation}`;
  return Array.from({ length: count }, (_, index) => {
    const barcode = `S${String(index + 1).padStart(5, "0")}${suffix ?? ""}`;
    return { barcode, medium: new MemoryMedium({ barcode }) };
  });
}

/** A model of LTO drive by its name. */
const LTO_MODEL = /(?:td|ultrium-)(\d)$/;

const LABEL_SUFFIXES: Readonly<Record<string, string>> = { generic: "L8" };
