/** What is asked of a changer beside moves, and what others do to the library. */

import assert from "node:assert/strict";
import type { Inventory, LibraryElement } from "../../../changer/inventory.ts";
import type { MediaChanger } from "../../../changer/media_changer.ts";
import { findLibraryDrives } from "../../../library_drives.ts";
import type { Disturbance } from "./disturbances.ts";
import { ElementNumbers } from "./element_numbers.ts";
import { checkComplete, checkInventory } from "./inventory_check.ts";
import { pick } from "./library_setting.ts";
import type { Plan } from "./move_steps.ts";
import type { WalkParts } from "./walk_parts.ts";

const PREVENT_ALLOW = 0x1e;
const PORTAL = "simulator:3260";

export class OtherSteps {
  readonly #parts: WalkParts;

  constructor(parts: WalkParts) {
    this.#parts = parts;
  }

  plan(changer: MediaChanger): Plan {
    const plans = [
      this.#inventory,
      this.#inventory,
      this.#find,
      this.#find,
      this.#position,
      this.#initialize,
      this.#lock,
      this.#unlock,
      this.#moveDoor,
      this.#findDrives,
    ];
    return pick(this.#parts.random, plans).call(this, changer);
  }

  /** Others do something between two operations. */
  happen(): void {
    const { random, library, news, trace } = this.#parts;
    const dice = random.below(12);
    if (dice >= 10) return this.#changeInOutage();
    if (dice < 3) {
      const isChange = library.operate();
      trace.push(`operator${isChange ? "" : " in vain"}`);
      if (isChange) {
        assert.ok(!news.isLocked || news.isLockDoubted, "the library is locked");
        news.change();
      }
    } else if (dice < 5) {
      trace.push(library.moveByOther());
    } else if (dice < 8) {
      const number = random.below(library.setting.drives);
      const prevents = random.below(2);
      trace.push(`drive ${number} ${prevents ? "keeps" : "gives"}`);
      const drive = library.library.drives[number];
      library.asOther([PREVENT_ALLOW, 0, 0, 0, prevents, 0], drive);
    } else if (dice < 9) {
      trace.push("door");
      library.openDoor();
      library.closeDoor(random.below(4));
      news.change();
    } else {
      trace.push("reset");
      library.changer.reset();
      news.doubt();
    }
  }

  /** The operator comes while the connection is lost, and with it what the library has to say. */
  #changeInOutage(): void {
    const { random, library, news, time, trace } = this.#parts;
    const { addresses, importExport } = library.setting;
    news.doubt();
    for (const wire of time.wires) wire.cut();
    const door = random.below(Math.max(importExport, 1));
    const isChange = library.operate(door);
    if (isChange) news.change();
    if (isChange && random.below(2) === 0) library.operate(door);
    news.suspect = addresses.importExport + door;
    trace.push(`outage, operator${isChange ? "" : " in vain"}`);
  }

  #inventory(changer: MediaChanger): Plan {
    const { library, random, news } = this.#parts;
    const currentData = random.below(2) === 0;
    return {
      text: `inventory${currentData ? " of what is known" : ""}`,
      expected: ["done"],
      run: async (signal) => {
        const inventory = await changer.inventory({ currentData, signal });
        news.tell(library);
        return inventory;
      },
      check: (inventory: Inventory, disturbance) => {
        if (disturbance?.isChange) checkComplete(inventory, library);
        else checkInventory(inventory, library);
      },
    };
  }

  #find(changer: MediaChanger): Plan {
    const { library, random, news } = this.#parts;
    const numbers = new ElementNumbers(library);
    const labels = numbers.all.flatMap(({ barcode }) => barcode ?? []);
    const barcode = pick(random, [...labels, "B00001L8", "*"]);
    return {
      text: `find ${barcode}`,
      expected: ["done"],
      run: (signal) => changer.find(barcode, { signal }),
      check: (found: LibraryElement | undefined, disturbance: Disturbance | undefined) => {
        news.tell();
        if (disturbance?.hasStruck) return;
        if (found === undefined) return assert.ok(!labels.includes(barcode), "it is there");
        const place = found.type === "drive" ? { drive: found.number } : found.number;
        const element = numbers.place(place);
        assert.equal(element?.address, found.address);
        assert.equal(element?.barcode, barcode);
      },
    };
  }

  #position(changer: MediaChanger): Plan {
    const { slots } = new ElementNumbers(this.#parts.library);
    const slot = 1 + this.#parts.random.below(slots.length + 1);
    return {
      text: `position ${slot}`,
      expected: [slot > slots.length ? "invalid-element" : "done"],
      run: (signal) => changer.position(slot, { signal }),
    };
  }

  #initialize(changer: MediaChanger): Plan {
    const { random, library } = this.#parts;
    const { slots } = new ElementNumbers(library);
    if (random.below(3) === 0) {
      const run = (signal?: AbortSignal) => changer.initialize({ signal });
      return { text: "initialize", expected: ["done"], run };
    }
    const firstSlot = 1 + random.below(slots.length + 1);
    const lastSlot = pick(random, [undefined, firstSlot, 1 + random.below(slots.length)]);
    const last = lastSlot ?? firstSlot;
    const isMissing = Math.max(firstSlot, last) > slots.length;
    return {
      text: `initialize ${firstSlot} to ${lastSlot}`,
      expected: [isMissing ? "invalid-element" : last < firstSlot ? "invalid-argument" : "done"],
      run: (signal) => changer.initialize({ firstSlot, lastSlot, signal }),
    };
  }

  #lock(changer: MediaChanger): Plan {
    const { news } = this.#parts;
    return {
      text: "lock",
      expected: ["done"],
      run: (signal) => changer.lock({ signal }),
      check: () => {
        news.isLocked = true;
      },
    };
  }

  #unlock(changer: MediaChanger): Plan {
    this.#parts.news.isLocked = false;
    return {
      text: "unlock",
      expected: ["done"],
      run: (signal) => changer.unlock({ signal }),
    };
  }

  #moveDoor(changer: MediaChanger): Plan {
    const { random, library, news } = this.#parts;
    const { slots } = new ElementNumbers(library);
    const { importExport } = library.setting;
    const slot = pick(random, [undefined, slots.length, 1 + random.below(slots.length + 1)]);
    const isOpening = random.below(2) === 0;
    const number = slot ?? slots.length - importExport + 1;
    const element = slots[number - 1];
    const isDoor = element?.type === "importExport";
    const mayBeRefused = isOpening && isDoor ? ["removal-prevented"] : [];
    if (!isOpening && isDoor && library.isOpen(element.address)) {
      news.change();
    }
    return {
      text: `${isOpening ? "open" : "close"} ${slot}`,
      expected: [isDoor ? "done" : "invalid-element", ...mayBeRefused],
      run: (signal) =>
        isOpening
          ? changer.openImportExport(slot, { signal })
          : changer.closeImportExport(slot, { signal }),
    };
  }

  #findDrives(changer: MediaChanger): Plan {
    const { library, connection, target, news } = this.#parts;
    const { deviceIds, drives } = library.setting;
    return {
      text: "find drives",
      expected: ["done"],
      run: async (signal) => {
        const found = await findLibraryDrives(changer, [PORTAL], { ...connection, signal });
        assert.equal(found.length, drives);
        for (const { number, address, matchedBy } of found) {
          assert.equal(address, target().urls[number + 1]);
          const { ids } = library.setting.oddities ?? { ids: "asked" };
          const isTold = deviceIds !== "none" && ids !== "never" && ids !== "refused";
          assert.equal(matchedBy, isTold ? "serial-number" : "element-address");
        }
        news.tell(library);
      },
    };
  }
}
