import type { Place } from "../../../changer/inventory.ts";
import type { ElementFacts } from "./odd_status.ts";
import type { WalkLibrary } from "./walk_library.ts";

/** What is where, by the numbers that people use: slots from 1, import/export slots after them, drives from 0. */
export class ElementNumbers {
  readonly all: readonly ElementFacts[];
  readonly slots: readonly ElementFacts[];
  readonly drives: readonly ElementFacts[];

  constructor(library: WalkLibrary) {
    const elements = library.elements();
    const ofType = (wanted: ElementFacts["type"]) => elements.filter(({ type }) => type === wanted);
    this.all = elements;
    this.slots = [...ofType("storage"), ...ofType("importExport")];
    this.drives = ofType("drive");
  }

  place(place: Place): ElementFacts | undefined {
    return typeof place === "number" ? this.slots[place - 1] : this.drives[place.drive];
  }

  /** Of a slot. */
  numberAt(address: number | undefined): number | undefined {
    const index = this.slots.findIndex((slot) => slot.address === address);
    return index < 0 ? undefined : index + 1;
  }
}
