import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeExtendedInquiry, readExtendedInquiry } from "../../scsi/vital/extended_inquiry.ts";
import { decodeModePagePolicies, readModePagePolicies } from "../../scsi/vital/mode_page_policy.ts";
import {
  decodePortProtocolData,
  decodeScsiPorts,
  readPortProtocolData,
  readScsiPorts,
} from "../../scsi/vital/scsi_ports.ts";
import { FakeUnit, hex } from "./fake_unit.ts";

/** A unit with one vital product data page. */
function unitWith(page: number, body: string): FakeUnit {
  const bytes = hex(body);
  return new FakeUnit((cdb) =>
    cdb[2] === page
      ? Uint8Array.of(0x01, page, 0, bytes.length, ...bytes)
      : { status: 2, sense: hex("70 00 05 00000000 0a 00000000 24 00 00 000000") }
  );
}

Deno.test("Extended INQUIRY data is decoded as far as it goes", () => {
  const whole = decodeExtendedInquiry(hex("80 27 00 01 01 00 0078 00 fc"));
  deepStrictEqual(whole, {
    activateMicrocode: 2,
    unitAttentionSenseKeySpecific: true,
    grouping: false,
    headOfQueue: true,
    ordered: true,
    simple: true,
    clearsAttentionOnReport: true,
    capabilityBasedSecurity: true,
    extendedSelfTestMinutes: 120,
    maximumSenseBytes: 252,
  });
  strictEqual(decodeExtendedInquiry(hex("80")).simple, undefined);
});

Deno.test("Mode page policies say who shares which page", () => {
  deepStrictEqual(decodeModePagePolicies(hex("0f 00 00 00  3f ff 83 00  0a")), [
    { page: 0x0f, subpage: 0, sharing: "shared", acrossLogicalUnits: false },
    { page: 0x3f, subpage: 0xff, sharing: "per-nexus", acrossLogicalUnits: true },
  ]);
});

Deno.test("Ports are listed with their names, one that is cut is left out", () => {
  const port = (number: string) =>
    `0000 ${number} 0000 0000 0000 000c 61 93 00 08 5000000000000001`;
  const ports = decodeScsiPorts(hex(`${port("0001")} ${port("0002")} 0000 0003`));
  deepStrictEqual(ports.map(({ relativePort }) => relativePort), [1, 2]);
  strictEqual(ports[0].designators[0].association, "target-port");
  strictEqual(ports[0].initiator, undefined);
});

Deno.test("Protocol data of ports is told apart by protocol", () => {
  deepStrictEqual(decodePortProtocolData(hex("0001 06 000000 0002 abcd  0002 05 000000 0004 00")), [
    { relativePort: 1, protocol: 6, data: hex("abcd") },
  ]);
});

Deno.test("Each of these pages is asked for by its number", async () => {
  const inquiry = await readExtendedInquiry(unitWith(0x86, "80 27 00 01"));
  strictEqual(inquiry?.activateMicrocode, 2);
  const [policy] = await readModePagePolicies(unitWith(0x87, "0f 00 00 00"));
  strictEqual(policy.page, 0x0f);
  const port = "0000 0001 0000 0000 0000 000c 61 93 00 08 5000000000000001";
  strictEqual((await readScsiPorts(unitWith(0x88, port)))[0].relativePort, 1);
  const [added] = await readPortProtocolData(unitWith(0x90, "0001 06 000000 0002 abcd"));
  deepStrictEqual(added.data, hex("abcd"));
});

Deno.test("A device without one of these pages has nothing to say", async () => {
  const unit = unitWith(0x80, "00");
  strictEqual(await readExtendedInquiry(unit), undefined);
  deepStrictEqual(await readModePagePolicies(unit), []);
  deepStrictEqual(await readScsiPorts(unit), []);
  deepStrictEqual(await readPortProtocolData(unit), []);
});
