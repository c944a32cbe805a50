import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  decodeCapabilities,
  decodeElementAddresses,
  encodeCapabilities,
  encodeElementAddresses,
  encodeTransportGeometry,
} from "../../../scsi/element/changer_pages.ts";
import { decodeElementStatus } from "../../../scsi/element/decode_element_status.ts";
import { encodeElementStatus } from "../../../scsi/element/encode_element_status.ts";
import { hex } from "../fake_unit.ts";
import { Random, seed } from "../random.ts";

/** A storage element and a drive, written by hand from the standard's tables. */
const BY_HAND = hex(
  "03e8 0002 00 000074" +
    // A page of one storage element with a primary volume tag: descriptors of 52 bytes.
    "02 80 0034 00 000034" +
    "03e9 09 00 0000 00 00 00 81 03ea" +
    "4130303030314c38 2020202020202020 2020202020202020 2020202020202020 0000 0000" +
    "00000000" +
    // A page of one drive without: 12 bytes, and an identifier of 6.
    "04 00 0020 00 000020" +
    "01f4 0c 00 8303 10 00 00 88 03e9" +
    "02 00 00 06 534e30303031 00000000 000000000000",
);

Deno.test("decodeElementStatus() reads what the standard's tables say", () => {
  const { first, available, totalLength, elements } = decodeElementStatus(BY_HAND);
  deepStrictEqual([first, available, totalLength], [1000, 2, 124]);
  const [slot, drive] = elements;
  deepStrictEqual(
    [slot.type, slot.address, slot.full, slot.accessible, slot.source, slot.barcode],
    ["storage", 1001, true, true, 1002, "A00001L8"],
  );
  deepStrictEqual([slot.mediumType, slot.exception], [1, undefined]);
  deepStrictEqual(
    [drive.type, drive.address, drive.full, drive.source, drive.disabled, drive.busLun],
    ["drive", 500, false, 1001, true, 0],
  );
  deepStrictEqual(drive.exception, { asc: 0x83, ascq: 0x03 });
  deepStrictEqual([drive.deviceId?.type, drive.deviceId?.text], ["vendor-specific", "SN0001"]);
});

/** An answer with one page, as its type, its volume tags, the length of a descriptor, and the descriptors. */
function answer(type: number, tags: number, length: number, descriptors: string): Uint8Array {
  const body = hex(descriptors);
  const bytes = new Uint8Array(16 + body.length);
  bytes.set(hex("0005 0001 00 000000"));
  bytes.set([type, tags, 0, length, 0, 0, 0, body.length], 8);
  bytes.set(body, 16);
  bytes[7] = 8 + body.length;
  return bytes;
}

const PLAIN = {
  type: "storage",
  address: 0x03e9,
  full: false,
  placedByOperator: false,
  accessible: false,
  exportEnabled: false,
  importEnabled: false,
  inverted: false,
  disabled: false,
  mediumType: 0,
} as const;
const TAG = "4130303030314c38" + "20".repeat(24) + "00000000";
const BLANK_TAG = "20".repeat(32) + "00000000";

Deno.test("Each bit of a descriptor says one thing", () => {
  for (
    const [type, descriptor, told] of [
      [2, "03e9 00 00 0000 00 00 00 00 0000", {}],
      [2, "03e9 01 00 0000 00 00 00 00 0000", { full: true }],
      [2, "03e9 02 00 0000 00 00 00 00 0000", {}],
      [3, "03e9 00 00 0000 00 00 00 00 0000", { type: "importExport" }],
      [3, "03e9 02 00 0000 00 00 00 00 0000", { type: "importExport", placedByOperator: true }],
      [2, "03e9 04 00 3b12 00 00 00 00 0000", { exception: { asc: 0x3b, ascq: 0x12 } }],
      [2, "03e9 00 00 3b12 00 00 00 00 0000", {}],
      [2, "03e9 08 00 0000 00 00 00 00 0000", { accessible: true }],
      [2, "03e9 10 00 0000 00 00 00 00 0000", { exportEnabled: true }],
      [2, "03e9 20 00 0000 00 00 00 00 0000", { importEnabled: true }],
      [2, "03e9 00 00 0000 00 00 00 80 0007", { source: 7 }],
      [2, "03e9 00 00 0000 00 00 00 c0 0007", { source: 7, inverted: true }],
      [2, "03e9 00 00 0000 00 00 00 40 0007", {}],
      [2, "03e9 00 00 0000 00 00 00 08 0000", { disabled: true }],
      [1, "03e9 00 00 0000 00 00 00 04 0000", { type: "transport", mediumType: 4 }],
      [4, "03e9 00 00 0000 00 05 00 00 0000", { type: "drive" }],
      [4, "03e9 00 00 0000 13 05 00 00 0000", { type: "drive", busLun: 3 }],
      [4, "03e9 00 00 0000 23 05 00 00 0000", { type: "drive", busAddress: 5 }],
      [2, "03e9 00 00 0000 33 05 00 00 0000", {}],
    ] as const
  ) {
    const { elements, ...rest } = decodeElementStatus(answer(type, 0, 12, descriptor));
    deepStrictEqual(elements, [{ ...PLAIN, ...told }], descriptor);
    deepStrictEqual(rest, { first: 5, available: 1, totalLength: 28 });
  }
});

Deno.test("A descriptor says what it is long enough for, from three bytes on", () => {
  deepStrictEqual(decodeElementStatus(answer(4, 0x80, 3, "03e9 05 03ea 00")).elements, [
    { ...PLAIN, type: "drive", full: true, exception: { asc: 0, ascq: 0 } },
    { ...PLAIN, type: "drive", address: 0x03ea },
  ]);
  deepStrictEqual(
    decodeElementStatus(answer(2, 0, 5, "03e9 04 00 3b")).elements[0].exception,
    { asc: 0x3b, ascq: 0 },
  );
  deepStrictEqual(
    decodeElementStatus(answer(2, 0, 11, "03e9 00 00 0000 00 00 00 80 03")).elements,
    [PLAIN],
  );
  deepStrictEqual(decodeElementStatus(answer(2, 0, 2, "03e9")).elements, []);
});

Deno.test("Volume tags are where the page says that they are, and a blank one is none", () => {
  const base = "03e9 00 00 0000 00 00 00 00 0000";
  const tagsOf = (bits: number, tags: string) => {
    const descriptor = hex(base + tags);
    const { elements } = decodeElementStatus(answer(2, bits, descriptor.length, base + tags));
    const { barcode, alternateBarcode } = elements[0];
    return [barcode, alternateBarcode];
  };
  deepStrictEqual(tagsOf(0x80, TAG), ["A00001L8", undefined]);
  deepStrictEqual(tagsOf(0x40, TAG), [undefined, "A00001L8"]);
  deepStrictEqual(tagsOf(0xc0, BLANK_TAG + TAG), [undefined, "A00001L8"]);
  deepStrictEqual(tagsOf(0x00, TAG), [undefined, undefined]);
  // The text alone, without the sequence number behind it.
  deepStrictEqual(tagsOf(0x80, TAG.slice(0, 64)), ["A00001L8", undefined]);
  deepStrictEqual(tagsOf(0x80, TAG.slice(0, 62)), [undefined, undefined]);
  const blank = decodeElementStatus(answer(2, 0x80, 48, base + BLANK_TAG));
  deepStrictEqual(blank.elements, [PLAIN]);
});

Deno.test("Pages of a type that there is not are passed over", () => {
  for (const type of [0, 5]) {
    const bytes = Uint8Array.from([
      ...answer(type, 0, 12, "03e8 00 00 0000 00 00 00 00 0000"),
      ...answer(2, 0, 12, "03e9 00 00 0000 00 00 00 00 0000").subarray(8),
    ]);
    deepStrictEqual(decodeElementStatus(bytes).elements, [PLAIN]);
    deepStrictEqual(decodeElementStatus(bytes.subarray(0, 27)), {
      first: 5,
      available: 1,
      totalLength: 28,
      elements: [],
    });
    const cut = answer(type, 0, 16, "03e8 00 00 0000 00 00 00 00 0000 00000000").subarray(0, 30);
    ok(!("cut" in decodeElementStatus(cut)));
  }
});

Deno.test("An element whose end is cut off is told apart, once its first 12 bytes are there", () => {
  const element = "03e9 00 00 0000 00 00 00 00 0000";
  const second = "03ea 01 00 0000 00 00 00 80 0007";
  const bytes = answer(2, 0x80, 48, element + TAG + second + TAG);
  const whole = { ...PLAIN, barcode: "A00001L8" };
  const cut = { ...PLAIN, address: 0x03ea, full: true, source: 7 };
  const header = { first: 5, available: 1, totalLength: 112 };
  const at = (length: number) => decodeElementStatus(bytes.subarray(0, length));
  deepStrictEqual(at(8), { ...header, elements: [] });
  deepStrictEqual(at(16 + 48), { ...header, elements: [whole] });
  deepStrictEqual(at(16 + 48 + 11), { ...header, elements: [whole] });
  deepStrictEqual(at(16 + 48 + 12), { ...header, elements: [whole], cut });
  deepStrictEqual(at(111).cut, { ...cut, barcode: "A00001L8" });
  deepStrictEqual(at(112).elements.length, 2);
  ok(!("cut" in at(112)));
  // What a page has too much is no element.
  const padded = answer(2, 0x80, 48, element + TAG + second);
  deepStrictEqual(decodeElementStatus(padded), { ...header, totalLength: 76, elements: [whole] });
  deepStrictEqual(decodeElementStatus(hex("0005 0001 00 0000")), {
    first: 0,
    available: 0,
    totalLength: 8,
    elements: [],
  });
});

Deno.test("A drive without an identifier has none, whatever is there instead", () => {
  const base = "03e9 00 00 0000 00 00 00 00 0000";
  for (const rest of ["00000000", "01000000", "02000004 20202020", "00000000 00000000"]) {
    const length = hex(base + rest).length;
    deepStrictEqual(
      decodeElementStatus(answer(4, 0, length, base + rest)).elements,
      [{ ...PLAIN, type: "drive" }],
    );
  }
  const named = base + "02000001 41";
  const [drive] = decodeElementStatus(answer(4, 0, 17, named)).elements;
  strictEqual(drive.deviceId?.text, "A");
  deepStrictEqual(decodeElementStatus(answer(2, 0, 17, named)).elements, [PLAIN]);
});

Deno.test("What encodeElementStatus() writes, decodeElementStatus() reads, with and without each part", () => {
  const element = {
    type: "importExport",
    address: 10,
    full: true,
    placedByOperator: true,
    importEnabled: true,
    exportEnabled: true,
    accessible: true,
    inverted: true,
    source: 7,
    mediumType: 2,
    barcode: "CLN001L1",
    alternateBarcode: "OTHER",
  } as const;
  const back = (volumeTags: boolean) =>
    decodeElementStatus(encodeElementStatus([element], { volumeTags })).elements[0];
  deepStrictEqual(back(true), { ...element, disabled: false });
  const { barcode: _one, alternateBarcode: _other, ...untagged } = element;
  deepStrictEqual(back(false), { ...untagged, disabled: false });
  strictEqual(decodeElementStatus(encodeElementStatus([])).elements.length, 0);
});

Deno.test("tgt's sizes: 16 bytes without anything, 52 with a label, 50 and 86 with a T10 name", () => {
  const data = new TextEncoder().encode("IBM     ULT3580-TD8     1013000123");
  const deviceId = {
    codeSet: "ascii",
    association: "logical-unit",
    type: "t10-vendor",
    data,
  } as const;
  const drive = { type: "drive", address: 1, full: false, deviceId } as const;
  const sizes = [[false, false], [true, false], [false, true], [true, true]]
    .map(([volumeTags, deviceIds]) => encodeElementStatus([drive], { volumeTags, deviceIds })[11]);
  deepStrictEqual(sizes, [16, 52, 50, 86]);
});

Deno.test("decodeElementStatus() takes any bytes, and any cut", () => {
  const random = new Random(seed());
  for (let end = 0; end <= BY_HAND.length; end++) decodeElementStatus(BY_HAND.subarray(0, end));
  for (let round = 0; round < 2000; round++) {
    const bytes = round % 2 === 0 ? random.bytes(random.below(200)) : BY_HAND.slice();
    for (let i = 0; i < 4 && bytes.length > 0; i++) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    const { elements } = decodeElementStatus(bytes);
    ok(elements.length <= bytes.length, `round ${round}`);
  }
});

Deno.test("The changer's mode pages are read as they are written", () => {
  const assignment = {
    transport: { first: 0, count: 1 },
    storage: { first: 1000, count: 1600 },
    importExport: { first: 10, count: 40 },
    drive: { first: 500, count: 20 },
  };
  const page = encodeElementAddresses(assignment);
  deepStrictEqual([...page], [
    ...[0x1d, 18, 0, 0, 0, 1, 0x03, 0xe8, 0x06, 0x40, 0, 10, 0, 40, 0x01, 0xf4, 0, 20, 0, 0],
  ]);
  deepStrictEqual(decodeElementAddresses(page), assignment);
  strictEqual(decodeElementAddresses(page.subarray(0, 17)), undefined);
  const ways = {
    transport: [],
    storage: ["storage", "drive"],
    importExport: ["drive"],
    drive: ["storage"],
  } as const;
  const capabilities = { holds: ["storage", "drive"], moves: ways, exchanges: ways } as const;
  const encoded = encodeCapabilities(capabilities);
  deepStrictEqual([...encoded.subarray(0, 8)], [0x1f, 18, 0x0a, 0, 0, 0x0a, 0x08, 0x02]);
  deepStrictEqual(decodeCapabilities(encoded), capabilities);
  strictEqual(decodeCapabilities(encoded.subarray(0, 12)), undefined);
  deepStrictEqual([...encodeTransportGeometry(2)], [0x1e, 4, 0, 0, 0, 1]);
});
