import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { decodeElementStatus } from "../../../scsi/element/decode_element_status.ts";
import { Cartridge } from "../../../sim/changer/cartridge.ts";
import { libraryPersonalities } from "../../../sim/changer/library_personality.ts";
import {
  SimulatedLibrary,
  type SimulatedLibraryOptions,
} from "../../../sim/changer/simulated_library.ts";
import type { Medium } from "../../../sim/tape/medium.ts";
import { MediumStoreError } from "../../../sim/tape/medium.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { field, UnitBench } from "../unit/unit_bench.ts";

// The L700's addresses.
const ARM = 0;
const DOOR = 10;
const DRIVE = 500;
const SLOT = 1000;

function l700(options: SimulatedLibraryOptions = {}) {
  const library = new SimulatedLibrary({
    personality: libraryPersonalities["stk-l700"],
    slots: 4,
    cartridges: [{ barcode: "A00001L8", alternateBarcode: "BACK01" }, { barcode: "A00002L8" }],
    ...options,
  });
  return { library, bench: new UnitBench(library.changer) };
}

const move = (
  source: number,
  destination: number,
  arm = ARM,
  invert = 0,
) => [0xa5, 0, ...field(2, arm, source, destination), 0, 0, invert, 0];
const exchange = (
  source: number,
  first: number,
  second: number,
) => [0xa6, 0, ...field(2, ARM, source, first, second), 0, 0];
const status = (
  type: number,
  first = 0,
  count = 0xffff,
  flags = 0x10,
  ids = 0,
) => [0xb8, flags | type, ...field(2, first, count), ids, ...field(3, 0xffff), 0, 0];

/** Each refusal of SMC-3 that a library can come to, by the command that provokes it. */
const REFUSALS: readonly (readonly [string, readonly number[], string])[] = [
  ["no such source", move(4711, DRIVE), "5/2101"],
  ["no such destination", move(SLOT, 4711), "5/2101"],
  ["an arm as destination", move(SLOT, ARM), "5/2101"],
  ["no such arm", move(SLOT, DRIVE, 7), "5/2101"],
  ["a source that is empty", move(SLOT + 3, DRIVE), "5/3b0e"],
  ["a destination that is full", move(SLOT, SLOT + 1), "5/3b0d"],
  ["turning over", move(SLOT, DRIVE, ARM, 1), "5/2400"],
  ["an exchange with an empty element", exchange(SLOT, DRIVE, SLOT), "5/3b0e"],
  ["an exchange to a full second destination", exchange(SLOT, SLOT + 1, SLOT + 1), "5/3b0d"],
  ["a position that is none", [0x2b, 0, ...field(2, ARM, 4711), 0, 0, 0, 0], "5/2101"],
  ["opening a storage slot", [0x1b, 0, ...field(2, SLOT), 0, 0], "5/2101"],
  ["a range from nowhere", [0x37, 1, ...field(2, 4711), 0, 0, ...field(2, 1), 0, 0], "5/2101"],
  ["a type of element that is none", status(5), "5/2400"],
  ["a reserved bit", [0xa5, 1], "5/2400"],
  ["an unknown command", [0xff], "5/2000"],
];

for (const [what, cdb, expected] of REFUSALS) {
  Deno.test(`The changer refuses ${what} with ${expected}, and moves nothing`, () => {
    const { library, bench } = l700();
    strictEqual(bench.say(cdb), expected);
    strictEqual(library.cartridgeInSlot(1)?.barcode, "A00001L8");
    strictEqual(library.cartridgeInSlot(2)?.barcode, "A00002L8");
    deepStrictEqual(library.drives.map(({ cartridge }) => cartridge), [undefined, undefined]);
  });
}

Deno.test("A cartridge that the arm brings is loaded: the drive tells 28/00, then is ready", () => {
  const { library, bench } = l700();
  const drive = new UnitBench(library.drives[0]);
  strictEqual(drive.say([0x00]), "2/3a00");
  strictEqual(bench.say(move(SLOT, DRIVE)), "GOOD");
  strictEqual(drive.say([0x00]), "6/2800");
  strictEqual(drive.say([0x00]), "GOOD");
  strictEqual(library.drives[0].drive.medium, library.drives[0].cartridge?.medium);
  strictEqual(bench.say(move(DRIVE, SLOT + 3)), "GOOD");
  strictEqual(drive.say([0x00]), "2/3a00");
  strictEqual(library.cartridgeInSlot(4)?.barcode, "A00001L8");
});

Deno.test("Where a drive has to unload first, a move is 3A/00 until it has", () => {
  const { library, bench } = l700({ requireUnload: true });
  const drive = new UnitBench(library.drives[0]);
  bench.say(move(SLOT, DRIVE));
  strictEqual(bench.say(move(DRIVE, SLOT)), "5/3a00");
  strictEqual(bench.say(exchange(SLOT + 1, DRIVE, SLOT)), "5/3a00");
  drive.say([0x00]);
  strictEqual(drive.say([0x1b, 0, 0, 0, 0, 0]), "GOOD");
  strictEqual(bench.say(exchange(SLOT + 1, DRIVE, SLOT)), "GOOD");
  strictEqual(library.cartridgeInSlot(1)?.barcode, "A00001L8");
  strictEqual(library.drives[0].cartridge?.barcode, "A00002L8");
});

Deno.test("READ ELEMENT STATUS tells types, addresses, labels of both sides, sources and drives", () => {
  const { bench } = l700();
  bench.say(move(SLOT + 1, DRIVE + 1));
  const { elements } = decodeElementStatus(bench.data(status(0, 0, 0xffff, 0x10, 1)));
  deepStrictEqual(elements.map(({ type, address, full }) => [type, address, full]), [
    ["transport", ARM, false],
    ["importExport", DOOR, false],
    ["drive", DRIVE, false],
    ["drive", DRIVE + 1, true],
    ["storage", SLOT, true],
    ["storage", SLOT + 1, false],
    ["storage", SLOT + 2, false],
    ["storage", SLOT + 3, false],
  ]);
  const [, door, , loaded, slot] = elements;
  deepStrictEqual([slot.barcode, slot.alternateBarcode], ["A00001L8", "BACK01"]);
  deepStrictEqual([loaded.barcode, loaded.source], ["A00002L8", SLOT + 1]);
  match(loaded.deviceId?.text ?? "", /^UISCSI +Virtual Tape +SIMLIB0D01$/);
  deepStrictEqual([door.importEnabled, door.exportEnabled], [true, true]);
  const some = decodeElementStatus(bench.data(status(2, SLOT + 1, 2, 0)));
  deepStrictEqual(some.elements.map(({ address }) => address), [SLOT + 1, SLOT + 2]);
  strictEqual(some.elements[0].barcode, undefined);
  strictEqual(bench.data(status(2)).length > 200, true);
  strictEqual(bench.data([0xb8, 0x12, ...field(2, 0, 9), 0, ...field(3, 8), 0, 0]).length, 8);
});

Deno.test("DVCID tells the serial number alone, or is refused, as the library is set", () => {
  const [alone, refused] = (["serial-number", "none"] as const).map((deviceIds) =>
    l700({ deviceIds }).bench
  );
  const { elements } = decodeElementStatus(alone.data(status(4, 0, 9, 0, 1)));
  deepStrictEqual([elements[0].deviceId?.type, elements[0].deviceId?.text], [
    "vendor-specific",
    "SIMLIB0D00",
  ]);
  strictEqual(refused.say(status(4, 0, 9, 0, 1)), "5/2400");
  strictEqual(refused.say(status(4, 0, 9, 0, 0)), "GOOD");
});

Deno.test("SEND VOLUME TAG searches with wildcards, and REQUEST VOLUME ELEMENT ADDRESS tells what it found", () => {
  const { bench } = l700();
  const search = (template: string, action = 5) => {
    const list = new Uint8Array(40).fill(0x20, 0, 32);
    list.set(new TextEncoder().encode(template));
    const answer = bench.say([0xb6, 0, 0, 0, 0, action, 0, 0, 0, 40, 0, 0], list);
    if (answer !== "GOOD") return answer;
    const data = bench.data([0xb5, 0x10, ...field(2, 0, 0xffff), 0, ...field(3, 0xffff), 0, 0]);
    strictEqual(data[4], action);
    return decodeElementStatus(data).elements.map(({ barcode }) => barcode);
  };
  deepStrictEqual(search("A0000?L8"), ["A00001L8", "A00002L8"]);
  deepStrictEqual(search("*2L8"), ["A00002L8"]);
  deepStrictEqual(search("BACK01"), []);
  deepStrictEqual(search("BACK*", 6), ["A00001L8"]);
  deepStrictEqual(search("A.0001L8"), []);
  strictEqual(search("A*", 8), "5/2400");
});

Deno.test("PREVENT keeps the operator and the door out until every nexus allows, or is gone", async () => {
  const { library, bench } = l700();
  bench.say([0x1e, 0, 0, 0, 1, 0]);
  bench.say([0x1e, 0, 0, 0, 1, 0], undefined, bench.second);
  strictEqual(bench.say([0x1b, 0, ...field(2, DOOR), 0, 0]), "5/5302");
  throws(() => library.importCartridge(new Cartridge()), /prevents/);
  bench.say([0x1e, 0, 0, 0, 0, 0]);
  strictEqual(bench.say([0x1b, 0, ...field(2, DOOR), 0, 0]), "5/5302");
  library.changer.nexusLost(bench.second);
  strictEqual(bench.say([0x1b, 0, ...field(2, DOOR), 0, 0]), "GOOD");
  strictEqual(bench.say(move(SLOT, DOOR)), "5/3b11");
  strictEqual(bench.say([0x1b, 0, ...field(2, DOOR), 1, 0]), "GOOD");
  strictEqual(bench.say([0x00]), "6/2801");
  strictEqual(bench.say(move(SLOT, DOOR)), "GOOD");
  strictEqual(library.exportCartridge(5).barcode, "A00001L8");
  throws(() => library.exportCartridge(5), /empty/);
  await rejects(async () => await library.exportCartridge(1), /no such import\/export slot/);
});

Deno.test("A drive tells its element and lists that page among the others", () => {
  const { library } = l700();
  const drive = new UnitBench(library.drives[1]);
  deepStrictEqual([...drive.data([0x12, 1, 0xb4, 0, 255, 0])], [1, 0xb4, 0, 2, 1, 0xf5]);
  const whole = drive.data([0x12, 1, 0, 0, 255, 0]);
  const codes = [...whole.subarray(4)];
  ok(codes.includes(0xb4));
  deepStrictEqual(codes, [...codes].sort((a, b) => a - b));
  strictEqual(whole[3], codes.length);
  for (let room = 0; room < whole.length; room++) {
    deepStrictEqual(drive.data([0x12, 1, 0, 0, room, 0]), whole.subarray(0, room));
  }
  strictEqual(drive.data([0x12, 1, 0x80, 0, 255, 0]).length, 14);
  strictEqual(drive.say([0x12, 3, 0xb4, 0, 255, 0]), "5/2400", "a reserved bit");
});

Deno.test("A cartridge tells the slot that it was in last, whichever drives it has been through", () => {
  const { library, bench } = l700();
  const sources = () => {
    const { elements } = decodeElementStatus(bench.data(status(0)));
    return elements.filter(({ full }) => full).map(({ address, source }) => [address, source]);
  };
  bench.say(move(SLOT, DRIVE));
  bench.say(move(DRIVE, DRIVE + 1));
  deepStrictEqual(sources(), [[DRIVE + 1, SLOT], [SLOT + 1, undefined]]);
  bench.say(exchange(SLOT + 1, DRIVE + 1, DRIVE));
  deepStrictEqual(sources(), [[DRIVE, SLOT], [DRIVE + 1, SLOT + 1]]);
  bench.say(move(DRIVE, SLOT + 2));
  bench.say(move(DRIVE + 1, DOOR));
  deepStrictEqual(sources(), [[DOOR, SLOT + 1], [SLOT + 2, SLOT]]);
  bench.say(move(DOOR, DRIVE));
  deepStrictEqual(sources(), [[DRIVE, DOOR], [SLOT + 2, SLOT]]);
  strictEqual(library.drives[0].cartridge?.barcode, "A00002L8");
});

Deno.test("A drive that has lost its power prevents nothing any more", () => {
  const { library, bench } = l700();
  const drive = new UnitBench(library.drives[0]);
  bench.say(move(SLOT, DRIVE));
  drive.say([0x00]);
  strictEqual(drive.say([0x1e, 0, 0, 0, 1, 0]), "GOOD");
  strictEqual(bench.say(move(DRIVE, SLOT)), "5/5302");
  library.drives[0].drive.powerCycle();
  strictEqual(bench.say(move(DRIVE, SLOT)), "GOOD");
});

Deno.test("A drive that cleans itself says so in either format of sense data", () => {
  const { library, bench } = l700({ cartridges: [{ barcode: "CLN001L1", cleaning: true }] });
  const drive = new UnitBench(library.drives[0]);
  const page = [0x0a, 0x0a, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  strictEqual(drive.say([0x15, 0x10, 0, 0, 16, 0], Uint8Array.of(0, 0, 0x10, 0, ...page)), "GOOD");
  bench.say(move(SLOT, DRIVE));
  const { sense } = drive.run([0x00]);
  deepStrictEqual([...sense!], [0x72, 2, 0x30, 3, 0, 0, 0, 0]);
  deepStrictEqual([...drive.data([0x03, 1, 0, 0, 252, 0])], [...sense!]);
  deepStrictEqual([...drive.data([0x03, 0, 0, 0, 14, 0])].slice(12), [0x30, 3]);
  deepStrictEqual([...drive.data([0x03, 1, 0, 0, 4, 0])], [0x72, 2, 0x30, 3]);
});

/** A tape whose store fails when it is written back. */
function failingMedium(): Medium {
  const medium = new MemoryMedium();
  medium.flush = () => {
    throw new MediumStoreError("the disk is full");
  };
  return medium;
}

Deno.test("A tape that cannot be written back is a hardware error, and its cartridge is moved all the same", () => {
  const cartridges = [{ barcode: "BAD001L8", medium: failingMedium() }];
  const { library, bench } = l700({ cartridges });
  bench.say(move(SLOT, DRIVE));
  strictEqual(bench.say(move(DRIVE, SLOT + 2)), "4/4400");
  strictEqual(library.cartridgeInSlot(3)?.barcode, "BAD001L8");
  strictEqual(library.drives[0].cartridge, undefined);
});

Deno.test("Closing the library closes every tape, wherever it is, and tells of the first that fails", async () => {
  const closed: string[] = [];
  const medium = (name: string, fails = false): Medium => {
    const one = new MemoryMedium();
    one.close = () => {
      closed.push(name);
      if (fails) throw new MediumStoreError(`${name} failed`);
    };
    return one;
  };
  const cartridges = [
    { medium: medium("first", true) },
    { medium: medium("second", true) },
    { medium: medium("third") },
  ];
  const { library, bench } = l700({ cartridges });
  bench.say(move(SLOT + 1, DRIVE));
  await rejects(library.changer.close(), /first failed/);
  for (const drive of library.drives) await drive.close();
  await library.changer.close();
  deepStrictEqual(closed, ["first", "second", "third"]);
});

Deno.test("A library that cannot be is refused", () => {
  const impossible: SimulatedLibraryOptions[] = [
    { slots: -1 },
    { drives: 1.5 },
    { slots: 1, importExport: 0, cartridges: [{}, {}] },
    { cartridges: [{ slot: 1 }, { slot: 1 }] },
    { cartridges: [{ slot: 99 }] },
    { personality: libraryPersonalities["stk-l700"], importExport: 600 },
    { slots: 65535 },
  ];
  for (const options of impossible) {
    throws(() => new SimulatedLibrary(options), { name: "InvalidOptionError" });
  }
});

Deno.test("A library takes no labels for cartridges, which would have none", () => {
  for (const cartridges of [["A00001L8"], [null], "A00001L8", {}]) {
    const make = () => new SimulatedLibrary({ cartridges } as never);
    throws(make, { name: "InvalidOptionError" }, JSON.stringify(cartridges));
  }
});

Deno.test("The targets of a library are one, or one for each of its units", () => {
  const { library } = l700();
  const one = library.targets("iqn.2026-03.com.example:l");
  deepStrictEqual(one.units.map(({ lun, device }) => [lun, device.deviceType]), [
    [0, 8],
    [1, 1],
    [2, 1],
  ]);
  const many = library.targets("iqn.2026-03.com.example:l", "target");
  deepStrictEqual(
    [many, ...many.furtherTargets].map(({ targetName, units }) => [
      targetName,
      ...units.map(({ lun }) => lun),
    ]),
    [
      ["iqn.2026-03.com.example:l-mediachanger", 0],
      ["iqn.2026-03.com.example:l-tapedrive-01", 0],
      ["iqn.2026-03.com.example:l-tapedrive-02", 0],
    ],
  );
});
