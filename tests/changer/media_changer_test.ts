import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import {
  ChangerError,
  ChangerNotReadyError,
  ChangerRemovalPreventedError,
  DriveHoldsMediumError,
  ElementEmptyError,
  ElementFullError,
  InvalidElementError,
  InventoryChangedError,
} from "../../changer/errors.ts";
import { MediaChanger } from "../../changer/media_changer.ts";
import { InvalidOptionError } from "../../iscsi/errors.ts";
import { openChanger } from "../../open_changer.ts";
import { openLogicalUnit, openTape } from "../../open_tape.ts";
import { Cartridge } from "../../sim/changer/cartridge.ts";
import { libraryPersonalities } from "../../sim/changer/library_personality.ts";
import { MediumChangedError } from "../../tape/errors.ts";
import type { ByteStream } from "../../transport/byte_stream.ts";
import { type LibraryFixture, withLibrary } from "./library_fixture.ts";

const text = (bytes: string) => new TextEncoder().encode(bytes);

Deno.test("MediaChanger.info tells what the library is, its elements and which moves it makes", () =>
  withLibrary({ personality: libraryPersonalities["stk-l700"] }, async (fixture) => {
    const { info } = await fixture.openChanger();
    deepStrictEqual([info.vendor, info.product, info.serialNumber], ["STK", "L700", "SIMLIB0001"]);
    deepStrictEqual(info.assignment, {
      transport: { first: 0, count: 1 },
      storage: { first: 1000, count: 6 },
      importExport: { first: 10, count: 1 },
      drive: { first: 500, count: 2 },
    });
    deepStrictEqual(info.capabilities?.moves.storage, ["storage", "importExport", "drive"]);
    deepStrictEqual(info.capabilities?.holds.includes("transport"), false);
  }));

Deno.test("inventory() numbers slots from 1, import/export slots after them, and drives from 0", () =>
  withLibrary({ importExport: 2 }, async (fixture) => {
    const { slots, drives, transports, importExport } = await (await fixture.openChanger())
      .inventory();
    deepStrictEqual(slots.map(({ number }) => number), [1, 2, 3, 4, 5, 6, 7, 8]);
    deepStrictEqual(slots.map(({ address }) => address).slice(5), [4101, 768, 769]);
    deepStrictEqual(importExport.map(({ number }) => number), [7, 8]);
    deepStrictEqual(drives.map(({ number, address }) => [number, address]), [[0, 256], [1, 257]]);
    strictEqual(transports.length, 1);
    deepStrictEqual(slots.map(({ barcode }) => barcode), [
      "A00001L8",
      "A00002L8",
      "A00003L8",
      "A00004L8",
      ...Array(4).fill(undefined),
    ]);
    deepStrictEqual(slots.map(({ full }) => full), [
      true,
      true,
      true,
      true,
      ...Array(4).fill(false),
    ]);
    deepStrictEqual(drives.map(({ serialNumber }) => serialNumber), ["SIMLIB0D00", "SIMLIB0D01"]);
  }));

Deno.test("A library of thousands of slots is read whole, chunk by chunk", () =>
  withLibrary({
    personality: libraryPersonalities["aws-gateway-vtl"],
    slots: 1600,
    importExport: 1600,
    drives: 10,
    cartridges: Array.from({ length: 1500 }, (_, i) => ({ barcode: `VTL${i}` })),
  }, async (fixture) => {
    const { slots, drives } = await (await fixture.openChanger()).inventory();
    strictEqual(slots.length, 3200);
    strictEqual(drives.length, 10);
    deepStrictEqual([slots[1499].barcode, slots[1500].barcode], ["VTL1499", undefined]);
    strictEqual(slots[1600].type, "importExport");
  }));

Deno.test("A cartridge is loaded, written, unloaded and read again in another drive", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    await changer.load(2, 1);
    const { slots, drives } = await changer.inventory();
    strictEqual(slots[1].full, false);
    deepStrictEqual([drives[1].barcode, drives[1].sourceSlot], ["A00002L8", 2]);
    const drive = await fixture.openDrive(1);
    await drive.write(text("on A00002L8"));
    await drive.writeFilemarks();
    await changer.unload(1);
    strictEqual((await changer.inventory()).slots[1].barcode, "A00002L8");
    await changer.load(2, 0);
    const other = await fixture.openDrive(0);
    const result = await other.read();
    strictEqual(result.kind === "record" && new TextDecoder().decode(result.data), "on A00002L8");
  }));

Deno.test("A drive that was given another cartridge while the connection was lost does not write to it", () =>
  withLibrary({ drives: 1 }, async (fixture) => {
    const changer = await fixture.openChanger();
    const streams: ByteStream[] = [];
    const drive = await openTape(fixture.driveUrl(0), {
      requireMedium: false,
      dial: async (...args) => {
        const stream = await fixture.target.dial(...args);
        streams.push(stream);
        return stream;
      },
    });
    for (const slot of [2, 1]) {
      await changer.load(slot, 0);
      await drive.load();
      await drive.write(text("the same on both"));
      await drive.flush();
      if (slot === 2) await changer.unload(0);
    }
    streams.at(-1)!.close();
    await changer.unload(0);
    await changer.load(2, 0);
    await rejects(drive.write(text("for A00001L8")), MediumChangedError);
    await drive.close();
  }));

Deno.test("unload() has the drive give the cartridge up first where it is handed the drive", () =>
  withLibrary({ requireUnload: true }, async (fixture) => {
    const changer = await fixture.openChanger();
    await changer.load(1, 0);
    const drive = await fixture.openDrive(0);
    await rejects(changer.unload(0), (error: unknown) => {
      ok(error instanceof DriveHoldsMediumError);
      match(error.advice, /unloadDrive/);
      return true;
    });
    await changer.unload(0, 6, { unloadDrive: drive });
    strictEqual((await changer.inventory()).slots[5].barcode, "A00001L8");
    let called = 0;
    await changer.load(6, 0);
    await changer.unload(0, undefined, {
      unloadDrive: async () => {
        called++;
        await (await fixture.openDrive(0)).unload();
      },
    });
    strictEqual(called, 1);
    strictEqual((await changer.inventory()).slots[5].barcode, "A00001L8");
  }));

Deno.test("Each refusal of a move is an error of its own class, and nothing was moved", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    await rejects(changer.load(5, 0), ElementEmptyError);
    await rejects(changer.transfer(1, 2), ElementFullError);
    await rejects(changer.load(1, 2), InvalidElementError);
    await rejects(changer.load(8, 0), InvalidElementError);
    await rejects(changer.load(0, 0), InvalidElementError);
    for (const [place, type] of [["1", "string"], [undefined, "undefined"], [null, "null"]]) {
      await rejects(changer.load(place as never, 0), (error) => {
        ok(error instanceof InvalidElementError, `${error}`);
        match(error.message, new RegExp(`slot of type ${type}`));
        return true;
      });
    }
    await rejects(changer.unload(0), ElementEmptyError);
    await changer.load(1, 0);
    const unit = await fixture.openUnit(0);
    const none = new Uint8Array([0x00, 0, 0, 0, 0, 0]);
    await unit.execute({ cdb: none });
    await unit.execute({ cdb: none });
    await unit.execute({ cdb: new Uint8Array([0x1e, 0, 0, 0, 1, 0]) });
    await rejects(changer.unload(0), (error: unknown) => {
      ok(error instanceof ChangerRemovalPreventedError);
      deepStrictEqual([error.senseKey, error.asc, error.ascq], [5, 0x53, 0x02]);
      return true;
    });
    strictEqual((await changer.inventory()).drives[0].barcode, "A00001L8");
    await unit.execute({ cdb: new Uint8Array([0x1e, 0, 0, 0, 0, 0]) });
    await changer.unload(0);
  }));

Deno.test("A move is not made when another command has heard that the operator came, and no drive unloads for it", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    await changer.load(1, 0);
    await changer.inventory();
    let unloads = 0;
    const unloadDrive = () => Promise.resolve(void unloads++);
    const deeds: readonly (readonly [() => Promise<void>, () => Promise<void>])[] = [
      [() => changer.lock(), () => changer.load(2, 1)],
      [() => changer.position(1), () => changer.transfer(2, 6)],
      [() => changer.initialize(), () => changer.exchange(2, 3)],
      [() => Promise.resolve(), () => changer.unload(0)],
      [() => Promise.resolve(), () => changer.unload(0, 1, { unloadDrive })],
    ];
    for (const [hears, move] of deeds) {
      fixture.library.importCartridge(new Cartridge({ barcode: "NEW001L8" }));
      await hears();
      await rejects(move(), InventoryChangedError);
      await changer.unlock();
      fixture.library.exportCartridge(7).close();
      await changer.inventory();
    }
    strictEqual(unloads, 0);
    strictEqual((await changer.inventory()).drives[0].barcode, "A00001L8");
    fixture.library.importCartridge(new Cartridge({ barcode: "NEW002L8" }));
    await changer.load((await changer.find("NEW002L8"))!.number, 1);
  }));

Deno.test("Behind a lost connection a cartridge is not moved that is another than before", () =>
  withLibrary({}, async (fixture) => {
    const { urls: [url], dial } = fixture.target;
    const streams: ByteStream[] = [];
    const changer = await openChanger(url, {
      dial: async (...args) => {
        const stream = await dial(...args);
        streams.push(stream);
        return stream;
      },
    });
    const lose = () => streams.at(-1)!.close();
    fixture.library.importCartridge(new Cartridge({ barcode: "OLD001L8" }));
    await changer.inventory();
    lose();
    await changer.transfer(1, 6);
    lose();
    await changer.transfer(6, 1);
    fixture.library.exportCartridge(7).close();
    fixture.library.importCartridge(new Cartridge({ barcode: "NEW001L8" }));
    lose();
    await changer.transfer(1, 6);
    await rejects(changer.load(7, 0), (error: unknown) => {
      ok(error instanceof InventoryChangedError);
      match(error.message, /what is to be moved is not what was there; read the inventory again/);
      return true;
    });
    strictEqual((await changer.inventory()).slots[6].barcode, "NEW001L8");
    lose();
    await changer.load(7, 0);
    await changer.close();
  }));

Deno.test("exchange() swaps two cartridges, or brings the second elsewhere", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    await changer.load(1, 0);
    await changer.exchange(2, { drive: 0 }, 1);
    const barcodes = async () => {
      const { slots, drives } = await changer.inventory();
      return [slots[0].barcode, slots[1].barcode, slots[2].barcode, drives[0].barcode];
    };
    deepStrictEqual(await barcodes(), ["A00001L8", undefined, "A00003L8", "A00002L8"]);
    await changer.exchange(1, 3);
    deepStrictEqual(await barcodes(), ["A00003L8", undefined, "A00001L8", "A00002L8"]);
    await rejects(changer.exchange(1, { drive: 0 }, 4), ElementFullError);
    await rejects(changer.exchange(1, 6), ElementEmptyError);
  }));

Deno.test("A move after the operator came is not made, and says so; the next one is", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    await changer.inventory();
    fixture.library.importCartridge(new Cartridge({ barcode: "NEW001L8" }));
    await rejects(changer.load(1, 0), (error: unknown) => {
      ok(error instanceof InventoryChangedError);
      match(error.message, /28\/01.*; read the inventory again/);
      return true;
    });
    const { slots, drives, importExport } = await changer.inventory();
    deepStrictEqual([slots[0].full, drives[0].full], [true, false]);
    deepStrictEqual([importExport[0].barcode, importExport[0].placedByOperator], [
      "NEW001L8",
      true,
    ]);
    await changer.transfer(importExport[0].number, 5);
    strictEqual(fixture.library.cartridgeInSlot(5)?.barcode, "NEW001L8");
  }));

/** A changer whose inventory `disturb` comes into, before each READ ELEMENT STATUS from the second inventory on. */
async function disturbedChanger(
  fixture: LibraryFixture,
  disturb: (nth: number) => unknown,
): Promise<MediaChanger> {
  const { urls: [url], dial } = fixture.target;
  const unit = await openLogicalUnit(url, { dial });
  let reads = -Infinity;
  const changer = await MediaChanger.open({
    name: unit.name,
    execute: async (command) => {
      if (command.cdb[0] === 0xb8) await disturb(++reads);
      return await unit.execute(command);
    },
    close: () => unit.close(),
  });
  await changer.inventory();
  reads = 0;
  return changer;
}

Deno.test("An inventory has each cartridge once, whenever another host moves one into a drive or out of it", () =>
  withLibrary({}, async (fixture) => {
    const other = await fixture.openChanger();
    for (let moment = 1; moment <= 10; moment++) {
      for (const move of [() => other.load(1, 0), () => other.unload(0, 1)]) {
        const changer = await disturbedChanger(fixture, (nth) => nth === moment && move());
        const { elements } = await changer.inventory();
        const seen = elements.filter(({ barcode }) => barcode === "A00001L8");
        strictEqual(seen.length, 1, `before command ${moment}`);
        await changer.close();
      }
    }
  }));

for (const [slots, every] of [[6, 1], [300, 2]]) {
  Deno.test(`An inventory has each cartridge once, whenever another host moves one from slot to slot, of ${slots}`, () =>
    withLibrary({ slots }, async (fixture) => {
      const other = await fixture.openChanger();
      for (const far of slots > 6 ? [slots] : [slots, slots + 1]) {
        for (let moment = 1; moment <= 24; moment += every) {
          for (const [from, to] of [[1, far], [far, 1]]) {
            const move = () => other.transfer(from, to);
            const changer = await disturbedChanger(fixture, (nth) => nth === moment && move());
            const { elements } = await changer.inventory();
            const seen = elements.filter(({ barcode }) => barcode === "A00001L8");
            strictEqual(seen.length, 1, `${from} to ${to} before command ${moment}`);
            await changer.close();
            if ((await other.inventory()).slot(from).full) await move();
          }
        }
      }
    }));
}

Deno.test("An inventory starts over when the operator comes meanwhile", () =>
  withLibrary({}, async (fixture) => {
    const operator = () => fixture.library.importCartridge(new Cartridge({ barcode: "NEW001L8" }));
    const changer = await disturbedChanger(fixture, (nth) => nth === 9 && operator());
    strictEqual((await changer.inventory()).importExport[0].barcode, "NEW001L8");
    await changer.close();
  }));

Deno.test("An inventory ends though another host never rests", () =>
  withLibrary({}, async (fixture) => {
    const other = await fixture.openChanger();
    const moves = (nth: number) => nth > 0 && (nth % 2 ? other.load(1, 0) : other.unload(0, 1));
    const changer = await disturbedChanger(fixture, moves);
    strictEqual((await changer.inventory()).slots.length, 7);
    await changer.close();
  }));

Deno.test("lock() keeps the operator out, until unlock()", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    await changer.lock();
    await rejects(changer.openImportExport(), ChangerRemovalPreventedError);
    await rejects(async () => await fixture.library.importCartridge(new Cartridge()), /prevents/);
    await changer.unlock();
    await changer.openImportExport();
    await rejects(changer.transfer(1, 7), { kind: "magazine-not-accessible" });
    await changer.closeImportExport(7);
    await changer.inventory();
    await changer.transfer(1, 7);
    strictEqual(fixture.library.exportCartridge(7).barcode, "A00001L8");
    await rejects(changer.openImportExport(1), InvalidElementError);
  }));

Deno.test("A library with an open door is not ready; one that looks at its slots is waited for", () =>
  withLibrary({}, async (fixture) => {
    const waits: number[] = [];
    const sleep = (ms: number) => Promise.resolve(void waits.push(ms));
    const changer = await fixture.openChanger({ sleep, readyPolling: { intervalMs: 7 } });
    fixture.library.openDoor();
    await rejects(changer.inventory(), (error: unknown) => {
      ok(error instanceof ChangerNotReadyError);
      match(error.message, /04\/18.*close the library's door/);
      return true;
    });
    fixture.library.closeDoor(3);
    const { slots } = await changer.inventory();
    strictEqual(slots.length, 7);
    deepStrictEqual(waits, [7, 7, 7]);
    fixture.library.closeDoor(5);
    const hasty = await fixture.openChanger({ sleep, readyPolling: { count: 100 } });
    await hasty.close();
    fixture.library.closeDoor(5);
    await rejects(fixture.openChanger({ readyPolling: { count: 0 } }), ChangerNotReadyError);
  }));

Deno.test("find() asks the library to search, and tells slot and drive", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    const found = await changer.find("A00003L8");
    deepStrictEqual([found?.type, found?.number], ["storage", 3]);
    strictEqual(await changer.find("A0000?L8"), undefined);
    await changer.load(3, 1);
    const loaded = await changer.find("A00003L8");
    deepStrictEqual([loaded?.type, loaded?.number], ["drive", 1]);
  }));

Deno.test("position() and initialize() are executed, with a range where one is given", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    await changer.position(3);
    await changer.position({ drive: 1 });
    await changer.initialize();
    await changer.initialize({ firstSlot: 2, lastSlot: 4 });
    // Slots 6 and 7 are the last for storage and the first for import/export, at other addresses.
    await changer.initialize({ firstSlot: 6, lastSlot: 7 });
    await rejects(changer.initialize({ firstSlot: 4, lastSlot: 2 }), { kind: "invalid-argument" });
    await rejects(changer.initialize({ firstSlot: 99 }), InvalidElementError);
  }));

Deno.test("A cleaning cartridge keeps the drive busy for a while, and can be taken out again", () =>
  withLibrary({
    cartridges: [{ barcode: "CLN001L1", cleaning: true }],
    cleaningCommands: 2,
    requireUnload: true,
  }, async (fixture) => {
    const changer = await fixture.openChanger();
    strictEqual((await changer.inventory()).slots[0].mediumType, 2);
    const unit = await fixture.openUnit(0);
    const ask = async () => {
      const { sense } = await unit.execute({ cdb: new Uint8Array(6) });
      return [sense[2], sense[12], sense[13]];
    };
    deepStrictEqual(await ask(), [6, 0x29, 0]);
    await changer.load(1, 0);
    deepStrictEqual(await ask(), [2, 0x30, 3]);
    await rejects(changer.unload(0), DriveHoldsMediumError);
    deepStrictEqual(await ask(), [2, 0x30, 3]);
    deepStrictEqual(await ask(), [2, 0x3a, 0]);
    await changer.unload(0);
    strictEqual(fixture.library.cartridgeInSlot(1)?.barcode, "CLN001L1");
  }));

Deno.test("openChanger() says what is wrong with a tape drive's address, and with sim: addresses", () =>
  withLibrary({ cartridges: [] }, async (fixture) => {
    const { dial } = fixture.target;
    await rejects(openChanger(fixture.driveUrl(0), { dial }), (error: unknown) => {
      ok(error instanceof ChangerError);
      strictEqual(error.kind, "not-a-changer");
      match(error.message, /it is tape$/);
      return true;
    });
    await rejects(openChanger("sim:tape.tap"), InvalidOptionError);
  }));

Deno.test("A changer that was closed refuses everything, and closes once", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    await changer.close();
    await changer.close();
    await rejects(changer.inventory(), { kind: "closed" });
    await rejects(changer.load(1, 0), { kind: "closed" });
    strictEqual(changer instanceof MediaChanger, true);
  }));
