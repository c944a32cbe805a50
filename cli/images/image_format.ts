import { ImageFormatError } from "../../sim/images/errors.ts";
import { judgeAws, walkAwsImage } from "./aws_image.ts";
import { judgeCopytape, walkCopytape } from "./copytape_image.ts";
import type { ImageBytes } from "./image_bytes.ts";
import type { ImageWalk, Likeness } from "./image_step.ts";
import { judgeTap, walkTapImage } from "./tap_image.ts";

/** A format of tape images. */
export interface ImageFormat {
  /** What people call it. */
  readonly name: string;
  /** Whether an image may begin so. */
  readonly judge: (beginning: Uint8Array) => Likeness;
  readonly walk: ImageWalk;
}

/** By what `--format` calls them; the surest to be recognized first. */
const FORMATS = {
  "copytape": { name: "copytape", judge: judgeCopytape, walk: walkCopytape },
  "tap": { name: "SIMH .tap", judge: judgeTap, walk: walkTapImage },
  "aws": { name: "AWSTAPE or HET", judge: judgeAws, walk: walkAwsImage },
} as const satisfies Readonly<Record<string, ImageFormat>>;

/** What `--format` takes. */
export type ImageFormatName = keyof typeof FORMATS;

/** All of them. */
export const IMAGE_FORMAT_NAMES: readonly ImageFormatName[] = Object.keys(
  FORMATS,
) as ImageFormatName[];

/** A chunk of AWSTAPE with its header, and the header behind it. */
const BEGINNING_BYTES = 64 * 1024 + 64;

/**
 * The format of an image: the one that is named, or the first that its beginning fits best.
 *
 * @throws {ImageFormatError} when it fits none.
 */
export async function imageFormat(
  bytes: ImageBytes,
  named: ImageFormatName | undefined,
): Promise<ImageFormat> {
  if (named !== undefined) return FORMATS[named];
  const beginning = await bytes.peek(BEGINNING_BYTES);
  const formats = Object.values(FORMATS);
  const found = formats.find(({ judge }) => judge(beginning) === "likely") ??
    formats.find(({ judge }) => judge(beginning) === "possible");
  if (found !== undefined) return found;
  const { path } = bytes;
  const known = formats.map(({ name }) => name).join(", ");
  throw new ImageFormatError(
    `Cannot use ${path} as a tape image: it begins like none that is known (${known})`,
    { path, offset: 0 },
  );
}
