import type { TapWarning } from "./tap_walk.ts";

/** What an image tells of itself when it is opened. */
export interface OpenedImage {
  readonly warning: TapWarning | undefined;
  readonly keepsPosition: boolean;
}

/** What people should know of an image, in sentences. */
export function imageOddities(path: string, { warning, keepsPosition }: OpenedImage): string[] {
  const odd: string[] = [];
  if (warning !== undefined) odd.push(`${path}, byte ${warning.offset}: ${warning.problem}`);
  if (!keepsPosition) {
    odd.push(`${path}: where its tape stands is not kept, for ${path}.json cannot be written`);
  }
  return odd;
}
