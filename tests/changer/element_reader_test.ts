import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { ChangerError } from "../../changer/errors.ts";
import { MediaChanger } from "../../changer/media_changer.ts";
import { MoveOutcomeUnknownError } from "../../changer/errors.ts";
import {
  type ElementStatusInput,
  encodeElementStatus,
} from "../../scsi/element/encode_element_status.ts";
import { encodeElementAddresses } from "../../scsi/element/changer_pages.ts";
import { elementTypeOf } from "../../scsi/element/element_type.ts";
import { ServiceDeliveryError } from "../../scsi/errors.ts";
import { encodeInquiry } from "../../scsi/inquiry.ts";
import { encodeModeSenseData } from "../../scsi/mode_parameters.ts";
import { encodeSense } from "../../scsi/sense.ts";
import { Status } from "../../scsi/status.ts";
import { type Answer, FakeUnit } from "../scsi/fake_unit.ts";

const INVALID_FIELD = check(0x24, 0x00);

function check(asc: number, ascq: number, key = 5): Answer {
  return { status: Status.CheckCondition, sense: encodeSense({ key, asc, ascq }) };
}

/** Ten storage slots at 1000, two drives at 500, each with a cartridge in it, one arm at 0. */
const ELEMENTS: readonly ElementStatusInput[] = [
  { type: "transport", address: 0, full: false },
  ...[500, 501].map((address, i): ElementStatusInput => ({
    type: "drive",
    address,
    full: true,
    barcode: `LOADED${i}`,
    deviceId: {
      codeSet: "ascii",
      association: "logical-unit",
      type: "vendor-specific",
      data: new TextEncoder().encode(`SERIAL${i}`),
    },
  })),
  ...Array.from({ length: 10 }, (_, i): ElementStatusInput => ({
    type: "storage",
    address: 1000 + i,
    full: true,
    barcode: `TAPE${i}`,
  })),
];

/** What READ ELEMENT STATUS asks for. */
interface Asked {
  readonly type: number;
  readonly first: number;
  readonly count: number;
  readonly volumeTags: boolean;
  readonly deviceIds: boolean;
  readonly currentData: boolean;
  readonly allocation: number;
}

type Quirk = (asked: Asked, answer: Uint8Array) => Answer;

function asked(cdb: Uint8Array): Asked {
  return {
    type: cdb[1] & 0x0f,
    first: (cdb[2] << 8) | cdb[3],
    count: (cdb[4] << 8) | cdb[5],
    volumeTags: (cdb[1] & 0x10) !== 0,
    deviceIds: (cdb[6] & 0x01) !== 0,
    currentData: (cdb[6] & 0x02) !== 0,
    allocation: (cdb[7] << 16) | (cdb[8] << 8) | cdb[9],
  };
}

function elementsOf(request: Asked): ElementStatusInput[] {
  return ELEMENTS.filter(({ type, address }) =>
    type === elementTypeOf(request.type) && address >= request.first
  ).slice(0, request.count);
}

function elementStatus(request: Asked): Uint8Array {
  return encodeElementStatus(elementsOf(request), request);
}

/** A changer that errs in one way. */
function changerUnit(quirk: Quirk, hasAssignment = true): FakeUnit {
  return new FakeUnit((cdb) => {
    if (cdb[0] === 0x12) {
      if (cdb[1] !== 0) return INVALID_FIELD;
      return encodeInquiry({ deviceType: 8, vendor: "ODD", product: "Library", revision: "1" });
    }
    if (cdb[0] === 0x1a && hasAssignment && (cdb[2] & 0x3f) === 0x1d) {
      const none = { first: 0, count: 0 };
      const bytes = encodeElementAddresses({
        transport: { first: 0, count: 1 },
        storage: { first: 1000, count: 10 },
        drive: { first: 500, count: 2 },
        importExport: none,
      });
      const page = { page: 0x1d, subpage: 0, saveable: false, bytes };
      return encodeModeSenseData({ mediumType: 0, deviceSpecific: 0, pages: [page] }, 6);
    }
    if (cdb[0] === 0x1a || cdb[0] === 0x5a) return INVALID_FIELD;
    if (cdb[0] === 0xb8) {
      const request = asked(cdb);
      return quirk(request, elementStatus(request));
    }
    return new Uint8Array(0);
  });
}

/** What the inventory of such a changer is. */
async function inventoryOf(quirk: Quirk, hasAssignment = true) {
  const unit = changerUnit(quirk, hasAssignment);
  const changer = await MediaChanger.open(unit, { sleep: () => Promise.resolve() });
  const { slots, drives, transports } = await changer.inventory();
  return {
    barcodes: slots.map(({ barcode }) => barcode),
    serials: drives.map(({ serialNumber }) => serialNumber),
    loaded: drives.map(({ barcode }) => barcode),
    transports: transports.length,
    unit,
  };
}

const BARCODES = Array.from({ length: 10 }, (_, i) => `TAPE${i}`);
const SERIALS = ["SERIAL0", "SERIAL1"];
const LOADED = ["LOADED0", "LOADED1"];
const NONE = [undefined, undefined];

const WHOLE: readonly (readonly [string, Quirk])[] = [
  ["answers as it should", (_, answer) => answer],
  ["tells no length in its header", (_, answer) => {
    answer.fill(0, 5, 8);
    return answer;
  }],
  ["tells half the length in its header", (_, answer) => {
    answer[6] >>= 1;
    answer[7] >>= 1;
    return answer;
  }],
  ["tells far too great a length in its header", (_, answer) => {
    answer.fill(0xff, 5, 8);
    return answer;
  }],
  [
    "refuses to give its header alone",
    ({ allocation }, answer) => allocation < 16 ? INVALID_FIELD : answer,
  ],
  [
    "gives three elements at a time",
    (request) => elementStatus({ ...request, count: Math.min(request.count, 3) }),
  ],
  [
    "gives labels and identifiers one at a time only",
    ({ volumeTags, deviceIds }, answer) => volumeTags && deviceIds ? INVALID_FIELD : answer,
  ],
  [
    "cuts the last eight bytes of each answer off, which lie behind the label, as tgt does",
    ({ deviceIds }, answer) => deviceIds ? answer : answer.subarray(0, answer.length - 8),
  ],
  [
    "refuses an address beyond its last element",
    ({ type, first }, answer) => type === 2 && first > 1009 ? check(0x21, 0x01) : answer,
  ],
];

Deno.test("A changer that tells its elements from the last one on is asked no more often", async () => {
  const downward = (request: Asked) => encodeElementStatus(elementsOf(request).reverse(), request);
  const { barcodes, unit } = await inventoryOf(downward, false);
  deepStrictEqual(barcodes, BARCODES);
  const { unit: usual } = await inventoryOf((_, answer) => answer, false);
  strictEqual(unit.commands.length, usual.commands.length);
});

for (const [what, quirk] of WHOLE) {
  for (const hasAssignment of [true, false]) {
    const page = hasAssignment ? "with" : "without";
    Deno.test(`The inventory is whole from a changer ${page} page 1Dh that ${what}`, async () => {
      const { barcodes, serials, loaded, transports } = await inventoryOf(quirk, hasAssignment);
      deepStrictEqual(barcodes, BARCODES);
      deepStrictEqual([serials, loaded], [SERIALS, LOADED]);
      strictEqual(transports, 1);
    });
  }
}

/** Type, first and count of each READ ELEMENT STATUS that asks for more than the header. */
function questions({ commands }: FakeUnit): number[][] {
  return commands.filter(({ cdb }) => cdb[0] === 0xb8).map(({ cdb }) => asked(cdb))
    .filter(({ allocation }) => allocation > 8)
    .map(({ type, first, count }) => [type, first, count]);
}

Deno.test("A library in which nothing moves is asked for what it has, and once more for all but the slots", async () => {
  const { unit } = await inventoryOf((_, answer) => answer);
  const others = [[1, 0, 1], [4, 500, 2]];
  deepStrictEqual(questions(unit), [...others, [2, 1000, 10], ...others]);
});

/** What the header tells of the length of two drives of 59 bytes each, and the room that their answer is given. */
const TOLD_LENGTHS: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ["the length", [0x00, 0x00, 0x7e], [8, 134]],
  ["no length", [0x00, 0x00, 0x00], [8, 0xffff]],
  ["too short a length for an element", [0x00, 0x00, 0x08], [8, 16, 0xffff]],
  ["more than there can be", [0x01, 0x00, 0x00], [8, 0xffff]],
];

for (const [what, told, rooms] of TOLD_LENGTHS) {
  Deno.test(`A changer that tells ${what} in its header is given room for its answer`, async () => {
    const { unit, loaded } = await inventoryOf((request, answer) => {
      if (request.type === 4 && request.allocation < 0xffff) answer.set(told, 5);
      return answer;
    });
    deepStrictEqual(loaded, LOADED);
    const drives = unit.commands.map(({ cdb }) => asked(cdb)).filter(({ type }) => type === 4);
    deepStrictEqual(drives.map(({ allocation }) => allocation), [...rooms, ...rooms]);
  });
}

/** What a second look at the drives may show, besides that they are the same. */
const MOVED: readonly (readonly [string, readonly ElementStatusInput[]])[] = [
  ["is gone", [{ type: "drive", address: 500, full: false }]],
  ["has another label", [{ type: "drive", address: 500, full: true, barcode: "B", source: 1000 }]],
  ["is from elsewhere", [{ type: "drive", address: 500, full: true, barcode: "A", source: 1001 }]],
  ["has no drive any more", []],
];

for (const [what, seen] of MOVED) {
  Deno.test(`Everything is read again when a cartridge ${what} meanwhile`, async () => {
    const before = [{ ...ELEMENTS[1], barcode: "A", source: 1000 }];
    let looks = 0;
    const { unit } = await inventoryOf((request, answer) => {
      if (request.type !== 4 || request.first !== 500) return answer;
      if (request.allocation > 8) looks++;
      return encodeElementStatus(looks < 2 ? before : seen, request);
    });
    strictEqual(looks, 4);
    strictEqual(questions(unit).filter(([type]) => type === 2).length, 2);
  });
}

Deno.test("Slots that take several answers are read twice, and so is everything that moved meanwhile", async () => {
  const oneAtATime: Quirk = (request) => elementStatus({ ...request, count: 1 });
  const { unit } = await inventoryOf(oneAtATime);
  strictEqual(questions(unit).filter(([type]) => type === 2).length, 20);
  let reading = 0;
  const restless = await inventoryOf((request, answer) => {
    if (request.type !== 1 || request.allocation === 8) return answer;
    return encodeElementStatus([{ type: "transport", address: 0, full: reading++ % 2 === 0 }]);
  });
  // It is believed in the end.
  strictEqual(questions(restless.unit).filter(([type]) => type === 2).length, 4);
});

/** What a changer refuses, and what is known of its slots and drives all the same. */
const REFUSED: readonly (readonly [string, (asked: Asked) => boolean, unknown])[] = [
  ["identifiers", ({ deviceIds }) => deviceIds, [BARCODES, NONE, LOADED]],
  ["labels", ({ volumeTags }) => volumeTags, [Array(10).fill(undefined), SERIALS, NONE]],
  ["both", ({ deviceIds, volumeTags }) => deviceIds || volumeTags, [
    Array(10).fill(undefined),
    NONE,
    NONE,
  ]],
];

for (const [what, isRefused, known] of REFUSED) {
  for (const refusal of [INVALID_FIELD, check(0x1a, 0x00)]) {
    const code = refusal === INVALID_FIELD ? "24h" : "1Ah";
    Deno.test(`A changer that refuses ${what} with ${code} is asked for the rest`, async () => {
      const { barcodes, serials, loaded } = await inventoryOf((request, answer) =>
        isRefused(request) ? refusal : answer
      );
      deepStrictEqual([barcodes, serials, loaded], known);
    });
  }
}

Deno.test("A changer that repeats itself, or answers nonsense, does not hold us", async () => {
  const repeats: Quirk = (request) => elementStatus({ ...request, first: 0, count: 3 });
  deepStrictEqual((await inventoryOf(repeats)).barcodes, BARCODES.slice(0, 3));
  for (const bytes of [[], [0], Array(8).fill(0xff), Array(40).fill(0xff), Array(40).fill(1)]) {
    const { barcodes } = await inventoryOf(() => new Uint8Array(bytes));
    deepStrictEqual(barcodes, []);
  }
});

Deno.test("The element at the last address of all is in the inventory", async () => {
  const last: ElementStatusInput = {
    type: "storage",
    address: 0xffff,
    full: true,
    barcode: "LAST",
  };
  const quirk: Quirk = (request, answer) =>
    request.type === 2 ? encodeElementStatus([last], request) : answer;
  deepStrictEqual((await inventoryOf(quirk, false)).barcodes, ["LAST"]);
});

/** What a changer refuses, and whether what it grants is asked with CURDATA. */
const CURRENT_DATA: readonly (readonly [string, (asked: Asked) => boolean, boolean])[] = [
  ["nothing", () => false, true],
  ["identifiers", ({ deviceIds }) => deviceIds, true],
  ["labels", ({ volumeTags }) => volumeTags, true],
  ["its header alone", ({ allocation }) => allocation === 8, true],
  ["that alone", ({ currentData }) => currentData, false],
];

for (const [what, isRefused, withCurrentData] of CURRENT_DATA) {
  Deno.test(`What it knows without moving anything is asked of a changer that refuses ${what}`, async () => {
    const unit = changerUnit((request, answer) => isRefused(request) ? INVALID_FIELD : answer);
    const changer = await MediaChanger.open(unit);
    for (const isKnown of [false, true]) {
      unit.commands.length = 0;
      await changer.inventory({ currentData: true });
      const asks = unit.commands.filter(({ cdb }) => cdb[0] === 0xb8).map(({ cdb }) => asked(cdb));
      const granted = asks.filter((request) => !isRefused(request));
      strictEqual(granted.every(({ currentData }) => currentData === withCurrentData), true);
      if (isKnown) deepStrictEqual(granted, asks, "nothing is refused twice");
    }
  });
}

Deno.test("A changer that comes to refuse what it took before is not taken for an empty one", async () => {
  let isRefusing = false;
  const unit = changerUnit((_, answer) => isRefusing ? INVALID_FIELD : answer);
  const changer = await MediaChanger.open(unit);
  await changer.inventory();
  isRefusing = true;
  await rejects(changer.inventory(), { kind: "illegal-request" });
  isRefusing = false;
  deepStrictEqual((await changer.inventory()).slots.map(({ barcode }) => barcode), BARCODES);
});

Deno.test("A changer that comes to refuse one thing is asked for the others the next time", async () => {
  let isRefusing = false;
  const unit = changerUnit(({ deviceIds }, answer) =>
    isRefusing && deviceIds ? INVALID_FIELD : answer
  );
  const changer = await MediaChanger.open(unit);
  await changer.inventory();
  isRefusing = true;
  await rejects(changer.inventory(), { kind: "illegal-request" });
  strictEqual((await changer.inventory()).drives.length, 2);
});

Deno.test("What a changer refuses for another reason is told at once", async () => {
  const refusals = [[0x44, 4, "fault"], [0x24, 4, "fault"], [0x26, 5, "illegal-request"]] as const;
  for (const [asc, key, kind] of refusals) {
    let asks = 0;
    await rejects(
      inventoryOf(() => {
        asks++;
        return check(asc, 0x00, key);
      }),
      (error: unknown) => error instanceof ChangerError && error.kind === kind,
    );
    strictEqual(asks, 1);
  }
});

Deno.test("A move without an answer is never sent again, and its outcome is said to be unknown", async () => {
  const inner = changerUnit((_, answer) => answer);
  let moves = 0;
  const unit = {
    name: "lossy",
    execute: (command: Parameters<FakeUnit["execute"]>[0]) => {
      if (command.cdb[0] !== 0xa5) return inner.execute(command);
      moves++;
      return Promise.reject(new ServiceDeliveryError("the line went dead", { outcome: "unknown" }));
    },
    close: () => Promise.resolve(),
  };
  const changer = await MediaChanger.open(unit);
  await rejects(changer.load(1, 0), MoveOutcomeUnknownError);
  strictEqual(moves, 1);
});
