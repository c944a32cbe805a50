import { deepStrictEqual, strictEqual } from "node:assert/strict";
import * as vpd from "../../../scsi/stream/stream_vpd.ts";
import { FakeUnit, hex } from "../fake_unit.ts";

/** A unit with one vital product data page. */
function unitWith(page: number, body: string): FakeUnit {
  const bytes = hex(body);
  return new FakeUnit((cdb) =>
    cdb[2] === page
      ? Uint8Array.of(0x01, page, 0, bytes.length, ...bytes)
      : { status: 2, sense: hex("70 00 05 00000000 0a 00000000 24 00 00 000000") }
  );
}

Deno.test("Vital product data of tape drives is decoded, page by page", async () => {
  deepStrictEqual(await vpd.readStreamCapabilities(unitWith(0xb0, "01 00")), {
    writeOnce: true,
    tapeStreamMirroring: false,
  });
  strictEqual(
    await vpd.readManufacturerSerialNumber(unitWith(0xb1, "3132333435362020")),
    "123456",
  );
  deepStrictEqual(
    await vpd.readSupportedTapeAlerts(unitWith(0xb2, "c000 0c00 0000 0001")),
    [1, 2, 21, 22, 64],
  );
  strictEqual(await vpd.readAutomationSerialNumber(unitWith(0xb3, "4c494231")), "LIB1");
  strictEqual(await vpd.readElementAddress(unitWith(0xb4, "0101")), 257);
});

Deno.test("The element address is read from fields of either width", () => {
  const rows = [
    ["", undefined],
    ["01", undefined],
    ["01f4", 500],
    ["0000", 0],
    ["0000 01f4", 500],
    ["01f4 0000", 500],
    ["0100 0000", 256],
    ["0000 f4", 0],
  ] as const;
  for (const [body, address] of rows) {
    strictEqual(vpd.decodeElementAddress(hex(body)), address, body);
  }
});

Deno.test("Capabilities and TapeAlert flags are one bit each, and none where the page is short", () => {
  const capabilities = ["", "01", "02", "fc"].map((body) => {
    const { writeOnce, tapeStreamMirroring } = vpd.decodeStreamCapabilities(hex(body));
    return [writeOnce, tapeStreamMirroring];
  });
  deepStrictEqual(capabilities, [[false, false], [true, false], [false, true], [false, false]]);
  deepStrictEqual(vpd.decodeSupportedTapeAlerts(hex("8001")), [1, 16]);
  const all = Array.from({ length: 64 }, (_, i) => i + 1);
  deepStrictEqual(vpd.decodeSupportedTapeAlerts(new Uint8Array(9).fill(0xff)), all);
});

Deno.test("Block protection methods are found behind the reserved bytes, and where a drive leaves those out", async () => {
  const both = [
    { method: 1, informationBytes: 4, onWrite: true, onRead: true, onRecover: false },
    { method: 2, informationBytes: 4, onWrite: true, onRead: true, onRecover: true },
  ];
  const list = "07 01 04 c0 00000000  07 02 04 e0 00000000";
  deepStrictEqual(await vpd.readBlockProtectionMethods(unitWith(0xb5, `00000000 ${list}`)), both);
  deepStrictEqual(await vpd.readBlockProtectionMethods(unitWith(0xb5, list)), both);
  const one = { method: 1, informationBytes: 4, onWrite: true, onRead: false, onRecover: false };
  const rows = [
    ["00000000 07 01 04", []],
    ["00000000 03 01 04 80", [one]],
    ["00000000 03 01 c4 9f", [one]],
    ["03 01 04 80", [one]],
    ["03 01 04 00", [{ ...one, onWrite: false }]],
    ["00000000 02 01 04 80 07 02 04 80", []],
    ["00000000 09 01 04 80 00000000 0000 03 01 04 80", [one, one]],
    ["00000000 03 01 04 5f", [{ ...one, onWrite: false, onRead: true }]],
    ["00000000 03 01 04 3f", [{ ...one, onWrite: false, onRecover: true }]],
  ] as const;
  for (const [body, methods] of rows) {
    deepStrictEqual(vpd.decodeBlockProtectionMethods(hex(body)), methods, body);
  }
});

Deno.test("A drive without a page has nothing to say", async () => {
  const unit = unitWith(0x80, "00");
  strictEqual(await vpd.readStreamCapabilities(unit), undefined);
  strictEqual(await vpd.readElementAddress(unit), undefined);
  deepStrictEqual(await vpd.readSupportedTapeAlerts(unit), []);
  deepStrictEqual(await vpd.readBlockProtectionMethods(unit), []);
  for (const body of ["", "2020 0000"]) {
    strictEqual(await vpd.readManufacturerSerialNumber(unitWith(0xb1, body)), undefined);
    strictEqual(await vpd.readAutomationSerialNumber(unitWith(0xb3, body)), undefined);
  }
  strictEqual(await vpd.readManufacturerSerialNumber(unit), undefined);
});
