import assert from "node:assert/strict";
import { run } from "../../../cli/run.ts";
import { SimulatedLibrary, type SimulatedLibraryOptions } from "../../../sim/mod.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryHost } from "../memory_host.ts";
import { SimDevices } from "../sim_devices.ts";

const ADDRESS = "iscsi://library/iqn.2026-03.com.example:library/0";

function bench(options: SimulatedLibraryOptions = {}) {
  const devices = new SimDevices(new SimulatedDrive());
  const library = new SimulatedLibrary({
    slots: 4,
    importExport: 1,
    drives: 2,
    cartridges: [{ barcode: "A00001L8" }, { barcode: "A00002L8", slot: 3 }],
    ...options,
  });
  devices.library = library;
  /** Runs `tape changer ...`, which must end so. */
  const changer = async (line: string, expected = 0): Promise<MemoryHost> => {
    const host = new MemoryHost();
    const words = line.split(" ");
    assert.equal(await run(["-f", ADDRESS, "changer", ...words], host, { devices }), expected);
    if (expected === 0) assert.doesNotMatch(host.errors, /^tape:/m);
    return host;
  };
  return { devices, library, changer };
}

Deno.test("changer status prints what mtx prints", async () => {
  const { changer } = bench();
  await changer("load 3 1");
  assert.deepEqual((await changer("status")).output.split("\n"), [
    `  Storage Changer ${ADDRESS}:2 Drives, 5 Slots ( 1 Import/Export )`,
    "Data Transfer Element 0:Empty",
    "Data Transfer Element 1:Full (Storage Element 3 Loaded):VolumeTag = A00002L8",
    "      Storage Element 1:Full :VolumeTag=A00001L8",
    "      Storage Element 2:Empty",
    "      Storage Element 3:Empty",
    "      Storage Element 4:Empty",
    "      Storage Element 5 IMPORT/EXPORT:Empty",
    "",
  ]);
});

Deno.test("changer status --json tells slots and drives by number", async () => {
  const { changer } = bench();
  const { changer: info, slots, drives } = JSON.parse((await changer("status --json")).output);
  assert.equal(info.product, "Virtual Library");
  assert.deepEqual(
    slots.map(({ number, barcode }: { number: number; barcode?: string }) => [number, barcode]),
    [[1, "A00001L8"], [2, undefined], [3, "A00002L8"], [4, undefined], [5, undefined]],
  );
  assert.deepEqual(drives.map(({ full }: { full: boolean }) => full), [false, false]);
});

Deno.test("changer load brings a cartridge by slot or label into drive 0 or another", async () => {
  const { changer, library } = bench();
  assert.match((await changer("load 1")).errors, /^A00001L8 went from slot 1 to drive 0\n$/);
  const { errors } = await changer("load --barcode A00002L8 1");
  assert.match(errors, /^A00002L8 went from slot 3 to drive 1\n$/);
  const barcodes = library.drives.map(({ cartridge }) => cartridge?.barcode);
  assert.deepEqual(barcodes, ["A00001L8", "A00002L8"]);
});

Deno.test("changer load --barcode leaves a cartridge that is there already, and moves one that is elsewhere", async () => {
  const { changer, library } = bench();
  await changer("load 1 0");
  assert.match((await changer("load --barcode A00001L8")).errors, /is in drive 0 already/);
  assert.match((await changer("load --barcode A00001L8 1")).errors, /from drive 0 to drive 1/);
  assert.equal(library.drives[1].cartridge?.barcode, "A00001L8");
});

/** Before each move of `devices` another host brings cartridges from slot to slot. */
function withAnotherHost(devices: SimDevices, moves: readonly (readonly [number, number])[]): void {
  const open = devices.openChanger.bind(devices);
  devices.openChanger = async (address, options) => {
    const other = await open(address, {});
    const changer = await open(address, options);
    const transfer = changer.transfer.bind(changer);
    changer.transfer = async (...ours) => {
      for (const [from, to] of moves) await other.transfer(from, to);
      await other.close();
      await transfer(...ours);
    };
    return changer;
  };
}

Deno.test("changer load --barcode fails when another host has brought another cartridge to the slot meanwhile", async () => {
  const { changer, devices } = bench();
  withAnotherHost(devices, [[3, 4], [1, 3]]);
  const host = await changer("load --barcode A00002L8 1", 2);
  assert.match(host.errors, /Loading A00002L8: drive 1 has A00001L8 .*tape changer status/);
});

Deno.test("changer load tells the label of the cartridge that it brought, not of the one that was there before", async () => {
  const { changer, devices } = bench();
  withAnotherHost(devices, [[3, 4], [1, 3]]);
  assert.match((await changer("load 3 1")).errors, /^A00001L8 went from slot 3 to drive 1\n$/);
});

Deno.test("changer unload brings a cartridge back where it came from, or elsewhere", async () => {
  const { changer, library } = bench();
  await changer("load 3");
  assert.match((await changer("unload")).errors, /^A00002L8 went from drive 0 to slot 3\n$/);
  await changer("load 3 1");
  await changer("unload --drive 1");
  assert.equal(library.cartridgeInSlot(3)?.barcode, "A00002L8");
  await changer("load 3 1");
  await changer("unload 5 1");
  assert.equal(library.cartridgeInSlot(5)?.barcode, "A00002L8");
});

Deno.test("changer unload --eject has the drive give the tape up first", async () => {
  const { changer } = bench({ requireUnload: true });
  await changer("load 1");
  assert.match((await changer("unload", 2)).errors, /unload/);
  await changer("unload --eject sim:0");
});

for (
  const [line, status, why] of [
    ["unload 1 0 --eject sim:1", 2, /drive 0: it is empty/],
    ["unload 3 1 --eject sim:1", 2, /slot 3: it is taken/],
    ["transfer d1 3 --eject sim:1", 2, /slot 3: it is taken/],
    ["transfer 3 4 --eject sim:1", 1, /--eject.*drive/],
    ["transfer d1 4 --eject sim:0", 2, /SIMLIB0D00.*drive 1.*SIMLIB0D01/],
    ["exchange 3 d1 9 --eject sim:1", 2, /slot 9/],
    ["exchange d1 4 --eject sim:1", 2, /slot 4: it is empty/],
    ["exchange 3 d1 4 --eject sim:0", 2, /SIMLIB0D00.*drive 1.*SIMLIB0D01/],
  ] as const
) {
  Deno.test(`changer ${line} fails before any drive gives its tape up`, async () => {
    const { changer, library } = bench({
      cartridges: [1, 2, 3].map((slot) => ({ barcode: `A0000${slot}L8`, slot })),
    });
    await changer("load 1 1");
    assert.match((await changer(line, status)).errors, why);
    assert.equal(library.drives[1].holdsFast, true);
  });
}

Deno.test("changer transfer and exchange take slots and drives", async () => {
  const { changer, library } = bench();
  await changer("transfer 1 5");
  assert.equal(library.cartridgeInSlot(5)?.barcode, "A00001L8");
  await changer("transfer 5 d1");
  const exchanged = await changer("exchange 3 d1 2 --json");
  assert.deepEqual(JSON.parse(exchanged.output), {
    exchanged: true,
    from: 3,
    to: { drive: 1 },
    then: 2,
  });
  assert.equal(library.drives[1].cartridge?.barcode, "A00002L8");
  assert.equal(library.cartridgeInSlot(2)?.barcode, "A00001L8");
  await changer("exchange 2 d1");
  assert.equal(library.cartridgeInSlot(2)?.barcode, "A00002L8");
});

Deno.test("changer inventory has the library look, and says what it found with --json alone", async () => {
  const { changer } = bench();
  assert.equal((await changer("inventory")).output, "");
  assert.equal(JSON.parse((await changer("inventory --json")).output).slots.length, 5);
});

Deno.test("changer commands may be abbreviated, and a near name is suggested", async () => {
  const { changer } = bench();
  assert.match((await changer("stat")).output, /Storage Changer/);
  assert.match(
    (await changer("lod 1", 1)).errors,
    /No such command: changer lod; did you mean changer load\?/,
  );
});

for (
  const [line, status, why] of [
    ["load 2", 2, /slot 2|empty/i],
    ["load 9", 2, /slot 9.*slots 1 to 5/],
    ["load 1 7", 2, /drive 7.*drives 0 to 1/],
    ["load --barcode NONE", 2, /NONE.*tape changer status/],
    ["load", 1, /SLOT/],
    ["load 0", 1, /counted from 1/],
    ["load 1 0 --barcode A00001L8", 1, /no slot/],
    ["load 1 2 3", 1, /3/],
    ["unload 1 0 --drive 0", 1, /once/],
    ["unload", 2, /drive 0.*empty/],
    ["transfer 1 3", 2, /full|taken/i],
    ["transfer 0 3", 1, /slot like 2/],
    ["transfer 1", 1, /SLOT/],
    ["status 1", 1, /Unexpected/],
  ] as const
) {
  Deno.test(`changer ${line} is refused, and nothing moves`, async () => {
    const { changer, library } = bench();
    const host = await changer(line, status);
    assert.match(host.errors, why);
    assert.match(host.errors, /^tape: [^\n]+\n/);
    assert.equal(library.cartridgeInSlot(1)?.barcode, "A00001L8");
    assert.equal(library.cartridgeInSlot(3)?.barcode, "A00002L8");
  });
}

Deno.test("changer without a command says which there are", async () => {
  const host = new MemoryHost();
  assert.equal(await run(["changer"], host, { devices: bench().devices }), 1);
  assert.match(host.errors, /status.*load/s);
});
