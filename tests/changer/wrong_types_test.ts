/** What programs without types hand over to a changer: refused before anything is moved. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { ChangerError } from "../../changer/errors.ts";
import { MediaChanger } from "../../changer/media_changer.ts";
import { withLibrary } from "./library_fixture.ts";

/** A move as a program without types asks for it. */
type Use = (changer: MediaChanger, argument: never) => Promise<unknown>;

const NO_SLOTS = ["1", true, [1], 1.5, NaN, 0, {}];
const NO_DRIVES = ["0", "length", true, [0], 0.5, NaN, -1, {}, null, undefined];
const NO_PLACES = [...NO_SLOTS, null, undefined, { slot: 1 }, { drive: "0" }, { drive: "length" }];

const USES: Readonly<Record<string, { use: Use; refused: readonly unknown[]; kind: string }>> = {
  "load(slot)": {
    use: (changer, slot) => changer.load(slot, 0),
    refused: [...NO_SLOTS, null, undefined],
    kind: "invalid-element",
  },
  "load(drive)": {
    use: (changer, drive) => changer.load(1, drive),
    refused: NO_DRIVES,
    kind: "invalid-element",
  },
  "unload(drive)": {
    use: (changer, drive) => changer.unload(drive, 5),
    refused: NO_DRIVES,
    kind: "invalid-element",
  },
  "unload(slot)": {
    use: (changer, slot) => changer.unload(1, slot),
    refused: NO_SLOTS,
    kind: "invalid-element",
  },
  "transfer(from)": {
    use: (changer, from) => changer.transfer(from, 5),
    refused: NO_PLACES,
    kind: "invalid-element",
  },
  "transfer(to)": {
    use: (changer, to) => changer.transfer(1, to),
    refused: NO_PLACES,
    kind: "invalid-element",
  },
  "exchange(then)": {
    use: (changer, then) => changer.exchange(1, 2, then),
    refused: [...NO_SLOTS, null],
    kind: "invalid-element",
  },
  "position()": {
    use: (changer, place) => changer.position(place),
    refused: NO_PLACES,
    kind: "invalid-element",
  },
  "openImportExport()": {
    use: (changer, slot) => changer.openImportExport(slot),
    refused: ["7", true, [7]],
    kind: "invalid-element",
  },
  "initialize()": {
    use: (changer, firstSlot) => changer.initialize({ firstSlot }),
    refused: ["1", true, [1], 1.5],
    kind: "invalid-element",
  },
  "unload({ unloadDrive })": {
    use: (changer, unloadDrive) => changer.unload(1, 5, { unloadDrive }),
    refused: [true, "yes", null, {}],
    kind: "invalid-argument",
  },
  "transfer({ signal })": {
    use: (changer, signal) => changer.transfer(1, 5, { signal }),
    refused: [new AbortController(), "x", null],
    kind: "invalid-argument",
  },
  "find()": {
    use: (changer, barcode) => changer.find(barcode),
    refused: [undefined, null, 5, {}],
    kind: "invalid-argument",
  },
  "Inventory.find()": {
    use: async (changer, barcode) => (await changer.inventory()).find(barcode),
    refused: [undefined, null, 5, {}],
    kind: "invalid-argument",
  },
};

for (const [name, { use, refused, kind }] of Object.entries(USES)) {
  Deno.test(`${name} takes nothing of another type, and nothing is moved`, () =>
    withLibrary({}, async (fixture) => {
      const changer = await fixture.openChanger();
      await changer.load(3, 1);
      const before = (await changer.inventory()).elements;
      for (const argument of refused) {
        await assert.rejects(use(changer, argument as never), (error) => {
          assert.ok(error instanceof ChangerError, `${inspect(argument)}: ${error}`);
          assert.equal(error.kind, kind, inspect(argument));
          return true;
        }, inspect(argument));
      }
      assert.deepEqual((await changer.inventory()).elements, before);
    }));
}

Deno.test("a changer is not opened with an option of the wrong type", () =>
  withLibrary({}, async (fixture) => {
    const unit = await fixture.openUnit(-1);
    const wrong = [
      { readyPolling: { count: "3" } },
      { timeouts: { 0xa5: "10m" } },
      { timeouts: { move: 600_000 } },
      { signal: new AbortController() },
      { logger: console.log },
      { sleep: 5 },
      null,
      "x",
    ];
    for (const options of wrong) {
      const opening = MediaChanger.open(unit, options as never);
      await assert.rejects(opening, { name: "ChangerError", kind: "invalid-argument" });
    }
  }));
