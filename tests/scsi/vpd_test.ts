import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { decodeDesignators, encodeDesignators } from "../../scsi/designator.ts";
import { CheckConditionError, ScsiStatusError } from "../../scsi/errors.ts";
import { encodeSense } from "../../scsi/sense.ts";
import { Status } from "../../scsi/status.ts";
import {
  decodeSerialNumber,
  decodeVpdPage,
  encodeSerialNumber,
  encodeVpdPage,
  readDesignators,
  readSerialNumber,
  readSupportedVpdPages,
  readVpdPage,
} from "../../scsi/vpd.ts";
import { type Answer, FakeUnit, hex } from "./fake_unit.ts";

const REFUSED: Answer = {
  status: Status.CheckCondition,
  sense: encodeSense({ key: 5, asc: 0x24, ascq: 0 }),
};

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Page 83h of a tape drive behind iSCSI: T10 vendor, NAA, EUI-64, relative port and SCSI name. */
const DESIGNATORS = hex(
  "02 01 00 14 49424d20 20202020 31303133 30303046 46304646" +
    "  01 03 00 08 5005076312345678" +
    "  01 02 00 08 0005076300000001" +
    "  51 94 00 04 00000001" +
    "  53 a8 00 14 69716e2e 323032362d30332e63 6f6d2e78 79 0000",
);

const DECODED = [
  {
    codeSet: "ascii",
    association: "logical-unit",
    type: "t10-vendor",
    data: ascii("IBM     1013000FF0FF"),
    text: "IBM     1013000FF0FF",
  },
  {
    codeSet: "binary",
    association: "logical-unit",
    type: "naa",
    data: hex("5005076312345678"),
    text: "5005076312345678",
  },
  {
    codeSet: "binary",
    association: "logical-unit",
    type: "eui-64",
    data: hex("0005076300000001"),
    text: "0005076300000001",
  },
  {
    codeSet: "binary",
    association: "target-port",
    type: "relative-target-port",
    protocol: 5,
    data: hex("00000001"),
    text: "00000001",
  },
  {
    codeSet: "utf-8",
    association: "target-device",
    type: "scsi-name",
    protocol: 5,
    data: ascii("iqn.2026-03.com.xy\0\0"),
    text: "iqn.2026-03.com.xy",
  },
] as const;

Deno.test("decodeDesignators() and encodeDesignators() agree on page 83h", () => {
  deepStrictEqual(decodeDesignators(DESIGNATORS), DECODED);
  deepStrictEqual(encodeDesignators(DECODED), DESIGNATORS);
});

Deno.test("decodeDesignators() of data cut at any byte gives the whole descriptors before the cut", () => {
  const ends = [24, 36, 48, 56, 80];
  for (let length = 0; length <= DESIGNATORS.length; length++) {
    const whole = ends.filter((end) => end <= length).length;
    deepStrictEqual(decodeDesignators(DESIGNATORS.subarray(0, length)), DECODED.slice(0, whole));
  }
});

/** Every association and type that SPC-5 has a code for, in the order of the codes. */
const ASSOCIATIONS = ["logical-unit", "target-port", "target-device"] as const;
const TYPES = [
  "vendor-specific",
  "t10-vendor",
  "eui-64",
  "naa",
  "relative-target-port",
  "target-port-group",
  "logical-unit-group",
  "md5",
  "scsi-name",
  "protocol-specific-port",
  "uuid",
] as const;

Deno.test("decodeDesignators() and encodeDesignators() know every association and type", () => {
  ASSOCIATIONS.forEach((association, high) =>
    TYPES.forEach((type, low) => {
      const bytes = Uint8Array.of(0x01, (high << 4) | low, 0, 1, 0xab);
      const input = { codeSet: "binary", association, type, data: hex("ab") } as const;
      deepStrictEqual(decodeDesignators(bytes), [{ ...input, text: "ab" }]);
      deepStrictEqual(encodeDesignators([input]), bytes);
    })
  );
});

Deno.test("decodeDesignators() takes a protocol for valid only where PIV says so, and reserved bits for nothing", () => {
  const protocols = ["51 90 ff 00", "f1 10 00 00", "01 80 00 00", "51 50 00 00"].map((bytes) => {
    const [designator] = decodeDesignators(hex(bytes));
    return "protocol" in designator ? designator.protocol : "none";
  });
  deepStrictEqual(protocols, [5, "none", 0, "none"]);
});

Deno.test("decodeDesignators() keeps codes that it does not know as reserved", () => {
  const [designator] = decodeDesignators(hex("0f 3f 00 02 abcd"));
  const { codeSet, association, type, text } = designator;
  deepStrictEqual([codeSet, association, type, text], ["reserved", "reserved", "reserved", "abcd"]);
});

Deno.test("decodeDesignators() lets no control character of a SCSI name through", () => {
  const [designator] = decodeDesignators(hex("03 08 00 04 61 1b 5b 62"));
  strictEqual(designator.text, "a\ufffd[b");
});

Deno.test("encodeVpdPage() and decodeVpdPage() agree on a page, cut or not", () => {
  const bytes = encodeVpdPage(1, 0x80, encodeSerialNumber("1013000FF0"));
  deepStrictEqual(bytes, hex("01 80 00 0a 31303133303030464630"));
  const page = decodeVpdPage(bytes);
  deepStrictEqual(page, { deviceType: 1, pageCode: 0x80, body: bytes.subarray(4), bodyLength: 10 });
  const cut = decodeVpdPage(bytes.subarray(0, 8));
  deepStrictEqual([cut?.body.length, cut?.bodyLength], [4, 10]);
  strictEqual(decodeVpdPage(bytes.subarray(0, 3)), undefined);
});

Deno.test("decodeSerialNumber() trims what devices pad with", () => {
  strictEqual(decodeSerialNumber(hex("20 20 41 42 20 00")), "AB");
});

Deno.test("readSerialNumber() reads page 80h", async () => {
  const unit = new FakeUnit(() => encodeVpdPage(1, 0x80, encodeSerialNumber("XYZ 1  ")));
  strictEqual(await readSerialNumber(unit), "XYZ 1");
  deepStrictEqual(unit.commands[0].cdb, hex("12 01 80 00 fc 00"));
});

Deno.test("readSerialNumber() gives nothing for a device that refuses, has an empty one, or ignores EVPD", async () => {
  const standardInquiry = new Uint8Array(36);
  // RMB at the place of the page code 80h, version and response data format at the place of its length.
  standardInquiry.set(hex("01 80 06 02 1f"));
  const answers = [REFUSED, encodeVpdPage(1, 0x80, new Uint8Array(0)), standardInquiry];
  for (const answer of answers) {
    strictEqual(await readSerialNumber(new FakeUnit(() => answer)), undefined);
  }
});

Deno.test("readVpdPage() gives nothing when another page or no page comes", async () => {
  const answers = [encodeVpdPage(1, 0x00, hex("00 80")), hex("01 83"), hex("")];
  for (const answer of answers) {
    strictEqual(await readVpdPage(new FakeUnit(() => answer), 0x83), undefined);
  }
});

Deno.test("readVpdPage() asks again with more room for a page that is longer than the first answer", async () => {
  const body = new Uint8Array(1000).fill(7);
  const unit = new FakeUnit(() => encodeVpdPage(1, 0xc0, body));
  deepStrictEqual(await readVpdPage(unit, 0xc0), body);
  deepStrictEqual(unit.commands.map((command) => command.dataIn?.length), [252, 1004]);
});

Deno.test("readVpdPage() asks once for a page that fills the first room, or that is empty", async () => {
  for (const length of [0, 248]) {
    const unit = new FakeUnit(() => encodeVpdPage(1, 0xc0, new Uint8Array(length)));
    deepStrictEqual(await readVpdPage(unit, 0xc0), new Uint8Array(length));
    deepStrictEqual(unit.commands.map((command) => command.dataIn?.length), [252]);
  }
});

Deno.test("readVpdPage() gives nothing when the device answers with another page on being asked again", async () => {
  const long = encodeVpdPage(1, 0xc0, new Uint8Array(249));
  const unit = new FakeUnit((_, count) => count === 1 ? long : encodeVpdPage(1, 0, hex("00")));
  strictEqual(await readVpdPage(unit, 0xc0), undefined);
  deepStrictEqual(unit.commands.map((command) => command.dataIn?.length), [252, 253]);
});

Deno.test("readSerialNumber() reads one that is longer than the first room", async () => {
  const serialNumber = "0123456789".repeat(25);
  const page = encodeVpdPage(1, 0x80, encodeSerialNumber(serialNumber));
  strictEqual(await readSerialNumber(new FakeUnit(() => page)), serialNumber);
});

Deno.test("readSerialNumber() gives nothing for a page of which less comes than it says and fits", async () => {
  for (const length of [250, 251]) {
    const page = encodeVpdPage(1, 0x80, encodeSerialNumber("1".repeat(248)));
    strictEqual(await readSerialNumber(new FakeUnit(() => page.subarray(0, length))), undefined);
  }
});

Deno.test("readVpdPage() never asks for more than the CDB can say", async () => {
  const unit = new FakeUnit((cdb) => {
    const bytes = new Uint8Array((cdb[3] << 8) | cdb[4]);
    bytes.set(hex("01 c0 ff ff"));
    return bytes;
  });
  strictEqual((await readVpdPage(unit, 0xc0))?.length, 65531);
  strictEqual(unit.commands.length, 2);
});

Deno.test("readVpdPage() takes what came when a page is shorter than it says", async () => {
  const unit = new FakeUnit(() => hex("01 83 00 10 01 03 00 02 abcd"));
  deepStrictEqual(await readVpdPage(unit, 0x83), hex("01 03 00 02 abcd"));
});

Deno.test("readVpdPage() passes on every error but a refusal", async () => {
  const busy = new FakeUnit(() => ({ status: Status.Busy }));
  await rejects(readVpdPage(busy, 0x80), ScsiStatusError);
  const sense = encodeSense({ key: 6, asc: 0x29, ascq: 0 });
  const attention = new FakeUnit(() => ({ status: Status.CheckCondition, sense }));
  await rejects(readVpdPage(attention, 0x80), CheckConditionError);
});

Deno.test("readSupportedVpdPages() and readDesignators() read their pages, and give none when refused", async () => {
  const unit = new FakeUnit((cdb) =>
    cdb[2] === 0 ? encodeVpdPage(1, 0, hex("00 80 83 b0")) : encodeVpdPage(1, 0x83, DESIGNATORS)
  );
  deepStrictEqual(await readSupportedVpdPages(unit), [0, 0x80, 0x83, 0xb0]);
  deepStrictEqual(await readDesignators(unit), [...DECODED]);
  const bare = new FakeUnit(() => REFUSED);
  deepStrictEqual(await readSupportedVpdPages(bare), []);
  deepStrictEqual(await readDesignators(bare), []);
});
