import type { ImageBytes } from "./image_bytes.ts";

/** What comes next in a tape image. `data` is valid until the next step. */
export type ImageStep =
  | {
    readonly kind: "record";
    readonly data: Uint8Array;
    /** It holds what a simulated drive has encrypted, and means nothing without what lies beside it. */
    readonly sealed?: boolean;
  }
  /** A record that could not be read when the image was made; `data` is what there is of it. */
  | { readonly kind: "damaged"; readonly data: Uint8Array }
  | { readonly kind: "filemark" }
  /** The file ends within something, which is lost; always the last step. */
  | { readonly kind: "cut"; readonly offset: number; readonly problem: string };

/**
 * Reads a format: gives the steps of an image up to its end.
 *
 * @throws {ImageFormatError} when the bytes are not of that format.
 */
export type ImageWalk = (bytes: ImageBytes) => AsyncGenerator<ImageStep, void, undefined>;

/** How a beginning looks to a format; `likely` is what checks out, `possible` what shows too little to be checked. */
export type Likeness = "likely" | "possible" | "impossible";
