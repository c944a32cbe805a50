/** What is asked of a changer beside moves, and what others do to the library. */

import assert from "node:assert/strict";
import type { Inventory, LibraryElement } from "../../../changer/inventory.ts";
import type { MediaChanger } from "../../../changer/media_changer.ts";
import type { MatchedBy } from "../../../changer/library_view.ts";
import { findLibraryDrives, type FoundLibraryDrive } from "../../../library_drives.ts";
import type { Disturbance } from "./disturbances.ts";
import { ElementNumbers } from "./element_numbers.ts";
import { checkComplete, checkInventory } from "./inventory_check.ts";
import { pick } from "./library_setting.ts";
import type { Plan } from "./move_steps.ts";
import type { ElementFacts } from "./odd_status.ts";
import type { Outcome } from "./outcome.ts";
import type { WalkParts } from "./walk_parts.ts";

const PREVENT_ALLOW = 0x1e;
const PORTAL = "simulator:3260";
/** More than a cleaning takes. */
const LOOKS = 5;

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
    const { library, connection, target, news, random, time } = this.#parts;
    const numbers = new ElementNumbers(library);
    const toldBy = this.#toldBy();
    const slot = this.#slotToProbe(numbers);
    const isProbing = random.below(4) > (toldBy === undefined ? 0 : 2);
    const probed = isProbing && toldBy === undefined
      ? numbers.drives.filter(({ full }) => !full)
      : [];
    const probe = { slot, intervalMs: 1000, count: LOOKS };
    const matchedBy = (drive: ElementFacts) =>
      probed.includes(drive) && !this.#isCleaning(numbers.slots[slot - 1]) ? "probe" : toldBy;
    return {
      text: `find drives${isProbing ? ` with slot ${slot}` : ""}`,
      expected: this.#expectProbe(numbers.slots[slot - 1], probed),
      ...(isProbing && {
        probe: {
          slot: numbers.slots[slot - 1]?.address ?? -1,
          drives: toldBy === undefined ? numbers.drives.map(({ address }) => address) : [],
        },
      }),
      run: async (signal) => {
        const options = { ...connection, signal, sleep: time.clock.sleep };
        try {
          const found = await findLibraryDrives(changer, [PORTAL], {
            ...options,
            ...(isProbing && { probe }),
          });
          news.tell(library);
          return found;
        } catch (error) {
          // How far it came nobody knows.
          news.tell();
          throw error;
        }
      },
      check: (found: readonly FoundLibraryDrive[], disturbance) => {
        assert.equal(found.length, numbers.drives.length);
        for (const { number, address, ...drive } of found) {
          assert.ok([undefined, target().urls[number + 1]].includes(address), "the wrong drive");
          if (disturbance?.hasStruck) continue;
          const expected = matchedBy(numbers.drives[number]);
          assert.equal(drive.matchedBy, expected);
          assert.equal(address === undefined, expected === undefined);
        }
      },
    };
  }

  /** How drives are known without trying. */
  #toldBy(): MatchedBy | undefined {
    const { deviceIds, drivesTellAddress, oddities } = this.#parts.library.setting;
    const { ids } = oddities ?? { ids: "asked" };
    const isTold = deviceIds !== "none" && ids !== "never" && ids !== "refused";
    if (isTold) return "serial-number";
    return drivesTellAddress ? "element-address" : undefined;
  }

  #slotToProbe({ slots }: ElementNumbers): number {
    const { random } = this.#parts;
    const full = slots.flatMap((slot, i) => slot.full ? [i + 1] : []);
    if (full.length > 0 && random.below(4) > 0) return pick(random, full);
    return 1 + random.below(slots.length + 1);
  }

  #isCleaning(slot: ElementFacts | undefined): boolean {
    if (slot === undefined) return false;
    return this.#parts.library.cartridgeAt(slot.address)?.cleaning ?? false;
  }

  #expectProbe(slot: ElementFacts | undefined, probed: readonly ElementFacts[]): Outcome[] {
    const { library } = this.#parts;
    if (probed.length === 0) return ["done"];
    if (slot === undefined) return ["invalid-element"];
    if (!slot.full) return ["element-empty"];
    if (library.isOpen(slot.address)) return ["magazine-not-accessible"];
    const first = library.setting.addresses.drive;
    const isStuck = probed.some(({ address }) =>
      library.library.drives[address - first].removalPrevented
    );
    if (!isStuck) return ["done"];
    return this.#isCleaning(slot) ? ["removal-prevented"] : ["drive"];
  }
}
