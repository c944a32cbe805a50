import type { OpenedImage } from "./opened_image.ts";

/** What comes next in an image. `data` is for reading only. */
export type ImageStep =
  | { readonly kind: "record"; readonly data: Uint8Array }
  /** A record that could not be read when the image was made, or whose bytes have been damaged since. */
  | { readonly kind: "damaged" }
  | { readonly kind: "filemark" };

/** Gives each object of an image to `take`, until there are no more or that resolves to `false`. @throws {MediumStoreError} */
export async function walkImage(
  { partitions: [partition] }: OpenedImage,
  take: (step: ImageStep) => Promise<boolean>,
): Promise<void> {
  for (let object = 0; object < partition.objectCount; object++) {
    const kind = partition.kind(object);
    const step = kind === "record"
      ? { kind, data: partition.read(object, partition.recordLength(object)) }
      : { kind };
    if (!await take(step)) break;
  }
}
