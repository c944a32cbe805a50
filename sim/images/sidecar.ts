/**
 * The file beside an image that keeps what the image format has no place for: where the tape stands, write
 * protection, density, block length.
 *
 * @module
 */

import type { MediumState } from "../tape/medium.ts";
import { ImageFormatError } from "./errors.ts";
import { readTextFile, replaceTextFile } from "./image_file.ts";

const FORMAT = "uiscsi tape image";
const VERSION = 1;

/** Where the sidecar of an image lies: `NAME.tap.json`. */
export function sidecarPath(imagePath: string): string {
  return `${imagePath}.json`;
}

/** The sidecar of one image. */
export class Sidecar {
  readonly #path: string;
  #written: string | undefined;

  constructor(imagePath: string) {
    this.#path = sidecarPath(imagePath);
  }

  /** Whether the sidecar was there when it was read. */
  get isThere(): boolean {
    return this.#written !== undefined;
  }

  /**
   * Reads the state of the medium; that of a new one when there is no sidecar.
   *
   * @throws {ImageFormatError} when the file is not a sidecar.
   * @throws {MediumError} when it cannot be read.
   */
  read(): MediumState {
    this.#written = readTextFile(this.#path);
    if (this.#written === undefined) return { writeProtected: false, partition: 0, object: 0 };
    try {
      return decodeState(JSON.parse(this.#written));
    } catch (cause) {
      const reason = (cause as Error).message;
      const message = `Cannot use ${this.#path} as the sidecar of a tape image: ${reason}`;
      throw new ImageFormatError(message, { path: this.#path, cause });
    }
  }

  /**
   * Writes the state of the medium, if it has changed.
   *
   * @throws {MediumError} when it cannot be written.
   */
  write(state: MediumState): void {
    const text = JSON.stringify({ format: FORMAT, version: VERSION, ...state }, null, 2) + "\n";
    if (text === this.#written) return;
    replaceTextFile(this.#path, text);
    this.#written = text;
  }
}

function decodeState(value: unknown): MediumState {
  if (typeof value !== "object" || value === null) throw new TypeError("it is not an object");
  const fields = value as Record<string, unknown>;
  if (fields.format !== FORMAT) throw new TypeError(`its format is not "${FORMAT}"`);
  if (fields.version !== VERSION) {
    throw new TypeError(`its version is ${fields.version}, not ${VERSION}`);
  }
  return {
    writeProtected: flag(fields, "writeProtected") ?? false,
    densityCode: count(fields, "densityCode"),
    capacityBytes: count(fields, "capacityBytes"),
    partition: count(fields, "partition") ?? 0,
    object: count(fields, "object") ?? 0,
    blockBytes: count(fields, "blockBytes"),
    compression: flag(fields, "compression"),
  };
}

function count(fields: Record<string, unknown>, name: string): number | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`its ${name} is not a whole number`);
}

function flag(fields: Record<string, unknown>, name: string): boolean | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === "boolean") return value;
  throw new TypeError(`its ${name} is neither true nor false`);
}
