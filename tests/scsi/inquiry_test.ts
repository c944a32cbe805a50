import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { deviceTypeName } from "../../scsi/device_type.ts";
import { UnexpectedResponseError } from "../../scsi/errors.ts";
import { decodeInquiry, encodeInquiry, inquiry } from "../../scsi/inquiry.ts";
import { FakeUnit, hex } from "./fake_unit.ts";

/** A tape drive: IBM ULT3580-TD5, revision G9N1, SPC-3, removable, queuing; no vendor specific bytes. */
const TAPE = hex(
  "01 80 05 02 1f 00 00 02 49424d20 20202020 554c5433 3538302d 54443520 20202020 47394e31",
);

const ZEROS = new Uint8Array(18);

Deno.test("decodeInquiry() reads a tape drive's data", () => {
  deepStrictEqual(decodeInquiry(TAPE), {
    peripheralQualifier: 0,
    deviceType: 1,
    removable: true,
    version: 5,
    responseDataFormat: 2,
    protect: false,
    commandQueuing: true,
    vendor: "IBM",
    product: "ULT3580-TD5",
    revision: "G9N1",
    vendorSpecific: new Uint8Array(0),
    versionDescriptors: [],
  });
});

Deno.test("encodeInquiry() lays out 36 bytes as the drive does", () => {
  deepStrictEqual(
    encodeInquiry({
      deviceType: 1,
      removable: true,
      version: 5,
      commandQueuing: true,
      vendor: "IBM",
      product: "ULT3580-TD5",
      revision: "G9N1",
    }),
    TAPE,
  );
});

/** A changer at a LUN that could be connected: protection, 20 vendor specific bytes, two version descriptors. */
const CHANGER = hex(
  "28 80 06 02 45 01 00 00 53544b20 20202020 4c373030 20202020 20202020 20202020 30313035" +
    "  0102030405060708090a0b0c0d0e0f1011121314 0000 0960 0460 0000 0000 0000 0000 0000 0000",
);
const BARE_CHANGER = {
  peripheralQualifier: 1,
  deviceType: 8,
  removable: true,
  version: 6,
  protect: true,
  commandQueuing: false,
  vendor: "STK",
  product: "L700",
  revision: "0105",
};
const CHANGER_INPUT = {
  ...BARE_CHANGER,
  vendorSpecific: hex("0102030405060708090a0b0c0d0e0f1011121314"),
  versionDescriptors: [0x0960, 0x0460],
};

Deno.test("encodeInquiry() with vendor specific bytes and version descriptors gives 74 bytes that decode to the same", () => {
  deepStrictEqual(encodeInquiry(CHANGER_INPUT), CHANGER);
  deepStrictEqual(decodeInquiry(CHANGER), { ...CHANGER_INPUT, responseDataFormat: 2 });
});

Deno.test("encodeInquiry() gives 74 bytes for either, and takes no more of them than there is room for", () => {
  const { vendorSpecific } = CHANGER_INPUT;
  const of = (input: Partial<typeof CHANGER_INPUT>) => encodeInquiry({ ...BARE_CHANGER, ...input });
  strictEqual(of({}).length, 36);
  deepStrictEqual(of({ vendorSpecific }).subarray(36), Uint8Array.of(...vendorSpecific, ...ZEROS));
  deepStrictEqual(of({ versionDescriptors: [1] }).subarray(56, 62), hex("0000 0001 0000"));
  const full = of({
    vendorSpecific: new Uint8Array(21).fill(1),
    versionDescriptors: Array(9).fill(0x0202),
  });
  deepStrictEqual(full.subarray(36), hex("01".repeat(20) + "0000" + "02".repeat(16)));
});

Deno.test("encodeInquiry() of a bare device claims SPC-4 and nothing else", () => {
  const bytes = encodeInquiry({ deviceType: 1, vendor: "", product: "", revision: "" });
  deepStrictEqual(bytes, hex("01 00 06 02 1f 000000" + "20".repeat(28)));
});

Deno.test("decodeInquiry() looks at the bits of its fields alone, and at no descriptor beyond the eighth", () => {
  const odd = hex("ff 7f ff ff ff fe ff fd" + "20".repeat(28));
  const { removable, responseDataFormat, protect, commandQueuing } = decodeInquiry(odd);
  deepStrictEqual([removable, responseDataFormat, protect, commandQueuing], [
    false,
    15,
    false,
    false,
  ]);
  const long = new Uint8Array(96).fill(1);
  strictEqual(decodeInquiry(long).vendorSpecific.length, 20);
  for (const [length, count] of [[59, 0], [60, 1], [61, 1], [74, 8], [76, 8], [96, 8]]) {
    const { versionDescriptors } = decodeInquiry(long.subarray(0, length));
    deepStrictEqual(versionDescriptors, Array(count).fill(0x0101), `${length} bytes`);
  }
});

Deno.test("encodeInquiry() cuts text that is too long for its field", () => {
  const bytes = encodeInquiry({
    deviceType: 1,
    vendor: "123456789",
    product: "12345678901234567",
    revision: "12345",
  });
  const { vendor, product, revision } = decodeInquiry(bytes);
  deepStrictEqual([vendor, product, revision], ["12345678", "1234567890123456", "1234"]);
});

Deno.test("decodeInquiry() takes data cut anywhere from 5 bytes on", () => {
  for (let length = 5; length <= TAPE.length; length++) {
    const data = decodeInquiry(TAPE.subarray(0, length));
    strictEqual(data.deviceType, 1);
    strictEqual(data.vendor, "IBM".slice(0, Math.max(0, length - 8)));
    strictEqual(data.revision, "G9N1".slice(0, Math.max(0, length - 32)));
  }
});

Deno.test("decodeInquiry() refuses fewer than 5 bytes and names the unit", () => {
  for (let length = 0; length < 5; length++) {
    throws(() => decodeInquiry(TAPE.subarray(0, length), { unitName: "tape7" }), (error) => {
      return error instanceof UnexpectedResponseError && error.commandName === "INQUIRY" &&
        error.message ===
          `INQUIRY on tape7: unusable answer: ${length} bytes, at least 5 needed`;
    });
  }
});

Deno.test("decodeInquiry() lets no control character through, and trims spaces and zero bytes", () => {
  const bytes = TAPE.slice();
  bytes.set(hex("1b 5b 32 4a 00 41 20 00"), 8);
  strictEqual(decodeInquiry(bytes).vendor, "\ufffd[2J\ufffdA");
  bytes.set(hex("00 20 41 42 20 20 00 00"), 8);
  strictEqual(decodeInquiry(bytes).vendor, "AB");
});

Deno.test("decodeInquiry() tells a LUN without a device", () => {
  const { peripheralQualifier, deviceType } = decodeInquiry(hex("7f 00 05 02 1f"));
  deepStrictEqual([peripheralQualifier, deviceType], [3, 0x1f]);
});

Deno.test("inquiry() asks with 96 bytes of room", async () => {
  const unit = new FakeUnit(() => TAPE);
  strictEqual((await inquiry(unit)).product, "ULT3580-TD5");
  deepStrictEqual(unit.commands[0].cdb, hex("12 00 00 00 60 00"));
});

Deno.test("inquiry() names the unit whose answer is too short", async () => {
  await rejects(
    inquiry(new FakeUnit(() => hex("01 80"))),
    /^UnexpectedResponseError: INQUIRY on fake: unusable answer: 2 bytes/,
  );
});

Deno.test("deviceTypeName() names types as lsscsi does", () => {
  deepStrictEqual([0, 1, 8, 0x1f, 0x17].map(deviceTypeName), [
    "disk",
    "tape",
    "mediumx",
    "no dev",
    "type 17h",
  ]);
});
