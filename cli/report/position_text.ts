import type { TapePosition } from "../../mod.ts";

/** A position for people, after mt's `tell`: `At block 12 (file 2)`. */
export function positionText(position: TapePosition): string {
  const { known, object, file, partition, beginningOfPartition, endOfPartition } = position;
  if (!known || object === undefined) {
    return file === undefined ? "Position unknown" : `In file ${file}, block unknown`;
  }
  const notes: string[] = [];
  if (file !== undefined) notes.push(`file ${file}`);
  if (partition !== 0) notes.push(`partition ${partition}`);
  if (beginningOfPartition) notes.push("beginning of tape");
  if (endOfPartition) notes.push("near the end of the tape");
  return `At block ${object}${notes.length > 0 ? ` (${notes.join(", ")})` : ""}`;
}
