import type { ForeignMedium, ImageFormat, TapMedium } from "../../sim/mod.ts";
import { CommandFailure } from "../command_failure.ts";

/** By what `--format` calls them. HET is a kind of AWSTAPE. */
const FORMATS = {
  copytape: "cptp",
  tap: "tap",
  aws: "aws",
  e11: "e11",
  tpc: "tpc",
} as const satisfies Readonly<Record<string, ImageFormat>>;

/** What `--format` takes. */
export type ImageFormatName = keyof typeof FORMATS;

/** All of them. */
export const IMAGE_FORMAT_NAMES: readonly ImageFormatName[] = Object.keys(
  FORMATS,
) as ImageFormatName[];

const NAMES: Readonly<Record<ImageFormat, string>> = {
  tap: "SIMH .tap",
  aws: "AWSTAPE",
  het: "HET",
  cptp: "copytape",
  e11: "E11",
  tpc: "TPC",
};

/** An image that is read. */
export type OpenedImage = TapMedium | ForeignMedium;

/**
 * Opens an image of one partition for reading; it stays as it is, and whoever uses it meanwhile is not disturbed.
 *
 * @throws {ImageFormatError} when it is none.
 * @throws {MediumStoreError} when it cannot be read.
 * @throws {CommandFailure} when it is but the name of several images.
 */
export async function openedImage(
  path: string,
  named: ImageFormatName | undefined,
): Promise<OpenedImage> {
  // Loaded when needed: other commands start without it.
  const { openImage } = await import("../../sim/images/open_image.ts");
  const format = named && FORMATS[named];
  const image = openImage(path, { create: false, readOnly: true, format });
  const { length } = image.partitions;
  if (length === 1) return image;
  image.close();
  const first = path.replace(/(\.tap)?$/, ".p0.tap");
  throw new CommandFailure(
    `Reading ${path}: the tape has ${length} partitions, in an image each: ${first} and on`,
  );
}

/** What people call its format. */
export function formatName(image: OpenedImage): string {
  return NAMES["imageFormat" in image ? image.imageFormat : "tap"];
}
