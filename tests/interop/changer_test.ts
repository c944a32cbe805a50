import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import {
  ElementEmptyError,
  ElementFullError,
  type MediaChanger,
  openChanger,
  openLogicalUnit,
  openTape,
  type TapeDrive,
  viewLibrary,
} from "../../mod.ts";
import { withTarget } from "./harness/target.ts";
import { BARCODES, startTgtLibrary, type TgtLibrary } from "./harness/tgt_library.ts";

/** Runs `use` with tgt's library and its changer. */
async function withChanger(
  use: (changer: MediaChanger, library: TgtLibrary) => Promise<void>,
): Promise<void> {
  await withTarget(startTgtLibrary(), async (library) => {
    const changer = await openChanger(library.changerUrl);
    try {
      await use(changer, library);
    } finally {
      await changer.close();
    }
  });
}

async function withDrive(url: string, use: (drive: TapeDrive) => Promise<void>): Promise<void> {
  const drive = await openTape(url, { loadPolling: { intervalMs: 100, count: 100 } });
  try {
    await use(drive);
  } finally {
    await drive.close();
  }
}

async function write(url: string, text: string): Promise<void> {
  await withDrive(url, async (drive) => {
    await drive.write(new TextEncoder().encode(text));
    await drive.writeFilemarks();
  });
}

async function read(url: string): Promise<string> {
  let text = "";
  await withDrive(url, async (drive) => {
    const result = await drive.read();
    if (result.kind === "record") text = new TextDecoder().decode(result.data);
  });
  return text;
}

Deno.test("tgt's library is read whole, with its labels, though tgt cuts each last element off", () =>
  withChanger(async (changer) => {
    const { slots, drives, transports, importExport } = await changer.inventory();
    deepStrictEqual(slots.map(({ barcode }) => barcode), [
      ...BARCODES,
      ...Array(3).fill(undefined),
    ]);
    deepStrictEqual(importExport.map(({ number }) => number), [7]);
    deepStrictEqual([drives.length, transports.length], [2, 1]);
    strictEqual((await changer.find("A00003"))?.number, 3);
    strictEqual(changer.info.product, "VIRTUAL-CHANGER");
  }));

Deno.test("tgt's drives are told apart by serial number, and by probing where tgt cuts that off", () =>
  withChanger(async (changer, { driveUrls }) => {
    const units = await Promise.all(driveUrls.map((url) => openLogicalUnit(url)));
    try {
      const { drives } = await viewLibrary(changer, [...units].reverse(), {
        probe: { slot: 4, intervalMs: 100, count: 100 },
      });
      deepStrictEqual(drives.map(({ unit }) => unit), units);
      deepStrictEqual(drives.map(({ matchedBy }) => matchedBy), ["serial-number", "probe"]);
      strictEqual((await changer.inventory()).slots[3].barcode, "A00004");
    } finally {
      for (const unit of units) await unit.close();
    }
  }));

Deno.test("Cartridges keep what was written on them through loads, moves and import/export on tgt", () =>
  withChanger(async (changer, { driveUrls: [first, second] }) => {
    await changer.load(1, 0);
    await write(first, "on the first");
    await changer.unload(0);
    await changer.load(2, 0);
    await write(first, "on the second");
    await changer.unload(0, 6);
    await changer.transfer(1, 7);
    const { slots, drives } = await changer.inventory();
    deepStrictEqual(slots.map(({ barcode }) => barcode), [
      undefined,
      undefined,
      "A00003",
      "A00004",
      undefined,
      "A00002",
      "A00001",
    ]);
    deepStrictEqual(drives.map(({ full }) => full), [false, false]);
    await changer.load(7, 1);
    await changer.load(6, 0);
    strictEqual(await read(second), "on the first");
    strictEqual(await read(first), "on the second");
  }));

Deno.test("What tgt's library refuses comes as an error of its own class, with advice", () =>
  withChanger(async (changer) => {
    await rejects(changer.load(6, 0), ElementEmptyError);
    await rejects(changer.transfer(1, 2), (error: unknown) => {
      ok(error instanceof ElementFullError);
      strictEqual(error.advice, "choose an empty slot or drive");
      return true;
    });
    await rejects(changer.exchange(1, 2), { kind: "unsupported" });
  }));
