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
