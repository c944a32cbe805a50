import { changerError } from "./conditions.ts";
import type { Inventory, Place } from "./inventory.ts";
import { placeName } from "./place_name.ts";

/** What a move finds where: places that a cartridge leaves, and places that one comes to without another leaving. */
export interface MoveEnds {
  readonly full: readonly Place[];
  readonly empty: readonly Place[];
}

/**
 * Checks what the library itself would, for those who do something irrevocable before it is asked.
 *
 * @throws {ElementEmptyError} {@link ElementFullError} {@link InvalidElementError}
 */
export function checkMove(inventory: Inventory, { full, empty }: MoveEnds): void {
  for (const place of full) {
    if (inventory.place(place).full) continue;
    const advice = "see the inventory for where the cartridge is";
    throw changerError(
      "element-empty",
      `Cannot take a cartridge from ${placeName(place)}: it is empty`,
      { advice },
    );
  }
  for (const place of empty) {
    if (!inventory.place(place).full) continue;
    const advice = "choose an empty slot or drive";
    throw changerError(
      "element-full",
      `Cannot bring a cartridge to ${placeName(place)}: it is taken`,
      {
        advice,
      },
    );
  }
}
