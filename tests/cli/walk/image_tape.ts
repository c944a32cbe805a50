import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OpenTapeOptions, TapeDrive } from "../../../mod.ts";
import { openTape } from "../../../mod.ts";
import { openImage } from "../../../sim/images/open_image.ts";
import { listObjects } from "../../../sim/tape/tape_object.ts";
import type { ModelObject } from "../../tape/tape_model.ts";
import { type Cartridge, modelObject, type WalkTape } from "./walk_tape.ts";

/** The objects of an image, and where its tape stands. */
export function readImage(path: string): { objects: ModelObject[]; at: number } {
  const image = openImage(path, { create: false, readOnly: true });
  try {
    return { objects: listObjects(image.partitions[0]).map(modelObject), at: image.state.object };
  } finally {
    image.close();
  }
}

/** A tape image of a folder in the embedded drive. */
export class ImageTape implements WalkTape {
  readonly kind = "image";
  readonly isBuffered = false;
  readonly address: string;
  readonly cartridge: Cartridge;
  readonly sessions = 0;
  readonly #path: string;
  onCommand: () => void = () => {};

  private constructor(path: string, cartridge: Cartridge) {
    this.#path = path;
    this.address = `sim:${path}`;
    this.cartridge = cartridge;
  }

  /** Makes an image, and writes into its sidecar what the cartridge is. */
  static async create(folder: string, name: string, cartridge: Cartridge): Promise<ImageTape> {
    const path = join(folder, `${name}.tap`);
    await (await openTape(`sim:${path}`)).close();
    const sidecar = JSON.parse(await readFile(`${path}.json`, "utf8"));
    const { capacityBytes } = cartridge;
    const early = capacityBytes !== undefined && { earlyWarningBytes: capacityBytes >> 2 };
    await writeFile(`${path}.json`, JSON.stringify({ ...sidecar, ...cartridge, ...early }));
    return new ImageTape(path, cartridge);
  }

  open(options: OpenTapeOptions): Promise<TapeDrive> {
    return openTape(this.address, options);
  }

  look() {
    return Promise.resolve(readImage(this.#path));
  }

  arm(): void {}

  disarm(): void {}

  losePower(): void {}

  end(): Promise<void> {
    return Promise.resolve();
  }
}
