/** What steps that read ask of a tape and its files. */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ModelObject } from "../../tape/tape_model.ts";
import type { KnownTape, WalkBench } from "./walk_bench.ts";
import { DAMAGED } from "./walk_tape.ts";

/** Whether every record from here on can be read in the mode that the drive is in, and everything is there to be read. */
export function isPlain({ model: { objects }, blockBytes }: KnownTape, from: number): boolean {
  return objects.slice(from).every((object) =>
    object === "filemark" ||
    (object !== DAMAGED && (blockBytes === 0 || object.length === blockBytes))
  );
}

/** The bytes of all records. */
export function concat(objects: readonly ModelObject[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(objects.filter((object) => object !== "filemark") as Uint8Array[]),
  );
}

/** Of all of them one after the other. */
export function sha256(records: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const record of records) hash.update(record);
  return hash.digest("hex");
}

/** Whatever the file holds now is as it should be. */
export async function keepFile(bench: WalkBench, name: string): Promise<void> {
  const bytes = await readFile(bench.path(name)).catch(() => undefined);
  if (bytes !== undefined) bench.files.set(name, new Uint8Array(bytes));
}
