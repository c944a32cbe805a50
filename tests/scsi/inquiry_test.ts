import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { deviceTypeName } from "../../scsi/device_type.ts";
import { UnexpectedResponseError } from "../../scsi/errors.ts";
import { decodeInquiry, encodeInquiry, inquiry } from "../../scsi/inquiry.ts";
import { FakeUnit, hex } from "./fake_unit.ts";

/** A tape drive: IBM ULT3580-TD5, revision G9N1, SPC-3, removable, queuing; no vendor specific bytes. */
const TAPE = hex(
  "01 80 05 02 1f 00 00 02 49424d20 20202020 554c5433 3538302d 54443520 20202020 47394e31",
);

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

Deno.test("encodeInquiry() with version descriptors gives 74 bytes that decode to the same", () => {
  const input = {
    peripheralQualifier: 0,
    deviceType: 8,
    removable: true,
    version: 6,
    protect: true,
    commandQueuing: false,
    vendor: "STK",
    product: "L700",
    revision: "0105",
    vendorSpecific: hex("0102030405060708090a0b0c0d0e0f1011121314"),
    versionDescriptors: [0x0960, 0x0460],
  };
  const bytes = encodeInquiry(input);
  strictEqual(bytes.length, 74);
  strictEqual(bytes[4], 69);
  deepStrictEqual(decodeInquiry(bytes), { ...input, responseDataFormat: 2 });
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
