import type { Place } from "./inventory.ts";

/** A place in words: `slot 2`, `drive 0`. */
export function placeName(place: Place): string {
  return typeof place === "number" ? `slot ${place}` : `drive ${place.drive}`;
}
