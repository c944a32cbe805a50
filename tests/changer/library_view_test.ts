import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { viewLibrary } from "../../changer/library_view.ts";
import { serialNumberOf } from "../../changer/drive_identity.ts";
import type { LogicalUnit, ScsiCommand } from "../../scsi/logical_unit.ts";
import { Status } from "../../scsi/status.ts";
import { encodeVpdPage } from "../../scsi/vpd.ts";
import { type LibraryFixture, withLibrary } from "./library_fixture.ts";

/** The units of both drives, the second first. */
async function unitsOf(fixture: LibraryFixture): Promise<LogicalUnit[]> {
  return [await fixture.openUnit(1), await fixture.openUnit(0)];
}

/** A unit that does not have some vital product data pages. */
function without(unit: LogicalUnit, pages: readonly number[]): LogicalUnit {
  const sense = new Uint8Array([0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0, 0, 0]);
  return {
    name: unit.name,
    execute: (command: ScsiCommand) => {
      const [opcode, evpd, page] = command.cdb;
      const isMissing = opcode === 0x12 && (evpd & 1) === 1 && pages.includes(page);
      return isMissing
        ? Promise.resolve({ status: Status.CheckCondition, sense, dataInLength: 0, residual: 0 })
        : unit.execute(command);
    },
    close: () => unit.close(),
  };
}

/** A unit that answers INQUIRY for the unit serial number with another one. */
function claiming(unit: LogicalUnit, serialNumber: string): LogicalUnit {
  const page = encodeVpdPage(1, 0x80, new TextEncoder().encode(serialNumber));
  return {
    name: unit.name,
    execute: (command: ScsiCommand) => {
      const [opcode, evpd, code] = command.cdb;
      if (opcode !== 0x12 || (evpd & 1) === 0 || code !== 0x80) return unit.execute(command);
      const data = page.subarray(0, command.dataIn?.length);
      command.dataIn?.set(data);
      const dataInLength = data.length;
      const sense = new Uint8Array(0);
      return Promise.resolve({ status: Status.Good, sense, dataInLength, residual: 0 });
    },
    close: () => unit.close(),
  };
}

for (const layout of ["lun", "target"] as const) {
  for (const deviceIds of ["t10-vendor", "serial-number"] as const) {
    Deno.test(`viewLibrary() knows the drives by serial number: layout ${layout}, ${deviceIds}`, () =>
      withLibrary({ deviceIds }, async (fixture) => {
        const changer = await fixture.openChanger();
        const units = await unitsOf(fixture);
        const { drives, strangers } = await viewLibrary(changer, units);
        deepStrictEqual(drives.map(({ matchedBy }) => matchedBy), Array(2).fill("serial-number"));
        deepStrictEqual(drives.map(({ unit }) => unit), [units[1], units[0]]);
        deepStrictEqual(strangers, []);
      }, layout));
  }
}

Deno.test("viewLibrary() knows the drives by name where they give no serial number", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    const units = (await unitsOf(fixture)).map((unit) => without(unit, [0x80]));
    const { drives } = await viewLibrary(changer, units);
    deepStrictEqual(drives.map(({ matchedBy }) => matchedBy), ["designator", "designator"]);
    deepStrictEqual(drives.map(({ unit }) => unit), [units[1], units[0]]);
  }));

Deno.test("viewLibrary() knows the drives by the element address that they tell where the changer tells nothing", () =>
  withLibrary({ deviceIds: "none" }, async (fixture) => {
    const changer = await fixture.openChanger();
    const units = await unitsOf(fixture);
    const { drives } = await viewLibrary(changer, units);
    deepStrictEqual(drives.map(({ matchedBy }) => matchedBy), Array(2).fill("element-address"));
    deepStrictEqual(drives.map(({ unit }) => unit), [units[1], units[0]]);
  }));

Deno.test("viewLibrary() finds out by loading a cartridge where it may, and puts it back", () =>
  withLibrary({ deviceIds: "none", requireUnload: true }, async (fixture) => {
    const changer = await fixture.openChanger();
    const units = (await unitsOf(fixture)).map((unit) => without(unit, [0xb4]));
    const unknown = await viewLibrary(changer, units);
    deepStrictEqual(unknown.drives.map(({ unit }) => unit), [undefined, undefined]);
    deepStrictEqual(unknown.strangers, units);
    const { drives, strangers } = await viewLibrary(changer, units, { probe: { slot: 3 } });
    deepStrictEqual(drives.map(({ matchedBy }) => matchedBy), ["probe", "probe"]);
    deepStrictEqual(drives.map(({ unit }) => unit), [units[1], units[0]]);
    deepStrictEqual(strangers, []);
    const { slots, drives: empty } = await changer.inventory();
    strictEqual(slots[2].barcode, "A00003L8");
    deepStrictEqual(empty.map(({ full }) => full), [false, false]);
  }));

Deno.test("viewLibrary() takes no drive that was loaded before for the one that it loads", () =>
  withLibrary({ deviceIds: "none" }, async (fixture) => {
    const changer = await fixture.openChanger();
    await changer.load(2, 1);
    const units = (await unitsOf(fixture)).map((unit) => without(unit, [0xb4]));
    const { drives, strangers } = await viewLibrary(changer, units, { probe: { slot: 3 } });
    deepStrictEqual(drives.map(({ unit }) => unit), [units[1], undefined]);
    deepStrictEqual(strangers, [units[0]]);
  }));

Deno.test("viewLibrary() gives up probing a drive that no unit belongs to, and puts the cartridge back", () =>
  withLibrary({ deviceIds: "none" }, async (fixture) => {
    const changer = await fixture.openChanger();
    const unit = without(await fixture.openUnit(1), [0xb4]);
    let waited = 0;
    const sleep = () => Promise.resolve(void waited++);
    const probe = { slot: 1, count: 4 };
    const { drives } = await viewLibrary(changer, [unit], { probe, sleep });
    deepStrictEqual(drives.map(({ matchedBy }) => matchedBy), [undefined, "probe"]);
    strictEqual(waited, 4);
    strictEqual((await changer.inventory()).slots[0].full, true);
  }));

Deno.test("viewLibrary() takes no drive for another by a serial number that several have, or by an address in another library", () =>
  withLibrary({ deviceIds: "serial-number" }, async (fixture) => {
    const changer = await fixture.openChanger();
    const { serialNumber } = fixture.library.drives[0];
    const doubled = (await unitsOf(fixture)).map((unit) => claiming(unit, serialNumber));
    const foreign = (await unitsOf(fixture)).map((unit, i) => claiming(unit, `ELSEWHERE${i}`));
    for (const units of [doubled, foreign]) {
      const { drives, strangers } = await viewLibrary(changer, units);
      deepStrictEqual(drives.map(({ unit }) => unit), [undefined, undefined]);
      deepStrictEqual(strangers, units);
    }
  }));

Deno.test("viewLibrary() does not know which drive it has loaded when two become ready", () =>
  withLibrary({ deviceIds: "none" }, async (fixture) => {
    const changer = await fixture.openChanger();
    const units = (await unitsOf(fixture)).map((unit) => without(unit, [0xb4]));
    const [first] = fixture.library.drives;
    const good = { status: Status.Good, sense: new Uint8Array(0), dataInLength: 0, residual: 0 };
    // As if somebody else loaded it while the arm brings the cartridge to the first.
    const ready = {
      ...units[0],
      execute: (command: ScsiCommand) =>
        command.cdb[0] === 0 && first.cartridge !== undefined
          ? Promise.resolve(good)
          : units[0].execute(command),
    };
    const candidates = [ready, units[1]];
    const { drives } = await viewLibrary(changer, candidates, { probe: { slot: 1 } });
    deepStrictEqual(drives.map(({ unit }) => unit), [undefined, ready]);
    strictEqual((await changer.inventory()).slot(1).barcode, "A00001L8");
  }));

for (const requireUnload of [false, true]) {
  Deno.test(`viewLibrary() puts the cartridge back when the looking is called off: requireUnload ${requireUnload}`, () =>
    withLibrary({
      deviceIds: "none",
      requireUnload,
      drive: { loadDelay: { commands: 1 } },
    }, async (fixture) => {
      const changer = await fixture.openChanger();
      const units = (await unitsOf(fixture)).map((unit) => without(unit, [0xb4]));
      const controller = new AbortController();
      const sleep = (_ms: number, signal?: AbortSignal) => {
        controller.abort(new Error("enough"));
        return Promise.reject(signal?.reason);
      };
      const { signal } = controller;
      await rejects(viewLibrary(changer, units, { probe: { slot: 3 }, sleep, signal }), /enough/);
      const { slots, drives } = await changer.inventory();
      strictEqual(slots[2].barcode, "A00003L8");
      deepStrictEqual(drives.map(({ full }) => full), [false, false]);
    }));
}

Deno.test("viewLibrary() puts the cartridge back when it is called off while the arm brings it", () =>
  withLibrary({ deviceIds: "none" }, async (fixture) => {
    const changer = await fixture.openChanger();
    const units = (await unitsOf(fixture)).map((unit) => without(unit, [0xb4]));
    const controller = new AbortController();
    const { signal } = controller;
    const load = changer.load.bind(changer);
    changer.load = async (slot, drive, options) => {
      await load(slot, drive, options);
      controller.abort(new Error("enough"));
      options?.signal?.throwIfAborted();
    };
    await rejects(viewLibrary(changer, units, { probe: { slot: 3 }, signal }), /enough/);
    const { slots, drives } = await changer.inventory();
    strictEqual(slots[2].barcode, "A00003L8");
    deepStrictEqual(drives.map(({ full }) => full), [false, false]);
  }));

Deno.test("viewLibrary() leaves out what is no tape drive, and stops with its signal", () =>
  withLibrary({}, async (fixture) => {
    const changer = await fixture.openChanger();
    const drive = await fixture.openUnit(0);
    const units = [await fixture.openUnit(-1), drive];
    const { drives, strangers } = await viewLibrary(changer, units);
    strictEqual(drives[0].unit, drive);
    deepStrictEqual(strangers, []);
    const signal = AbortSignal.abort(new Error("enough"));
    await rejects(viewLibrary(changer, units, { signal }), /enough/);
  }));

Deno.test("A serial number is found in each form of identifier that changers give", () => {
  const of = (type: "t10-vendor" | "vendor-specific" | "naa", text: string) => {
    const data = new TextEncoder().encode(text);
    return serialNumberOf({ codeSet: "binary", association: "logical-unit", type, data, text });
  };
  strictEqual(of("t10-vendor", "IBM     ULT3580-TD8     1013000123"), "1013000123");
  strictEqual(of("t10-vendor", "1013000123"), "1013000123");
  strictEqual(of("vendor-specific", "HU19477V3D\0\0"), "HU19477V3D");
  strictEqual(of("vendor-specific", "\u0001\u0002"), undefined);
  strictEqual(of("naa", "12345678"), undefined);
});
