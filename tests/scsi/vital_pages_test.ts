import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeExtendedInquiry } from "../../scsi/vital/extended_inquiry.ts";
import { decodeModePagePolicies } from "../../scsi/vital/mode_page_policy.ts";
import { decodePortProtocolData, decodeScsiPorts } from "../../scsi/vital/scsi_ports.ts";
import { hex } from "./fake_unit.ts";

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
