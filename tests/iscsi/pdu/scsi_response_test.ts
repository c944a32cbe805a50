import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  decodeResponseSegment,
  encodeResponseSegment,
  ScsiResponseCode,
  scsiResponseName,
} from "../../../iscsi/pdu/scsi_response.ts";
import { hex } from "./header_fixture.ts";

const SEGMENTS: { what: string; data: string; sense: string; responseData: string }[] = [
  { what: "nothing", data: "", sense: "", responseData: "" },
  { what: "half a SenseLength", data: "00", sense: "", responseData: "" },
  { what: "a SenseLength of 0", data: "0000", sense: "", responseData: "" },
  { what: "sense alone", data: "0004 70000380", sense: "70000380", responseData: "" },
  { what: "both", data: "0002 7000 a1a2a3", sense: "7000", responseData: "a1a2a3" },
  { what: "response data alone", data: "0000 a1a2", sense: "", responseData: "a1a2" },
  { what: "too long a SenseLength", data: "0005 70000380", sense: "70000380", responseData: "" },
  { what: "the longest SenseLength", data: "ffff 70", sense: "70", responseData: "" },
];

for (const { what, data, sense, responseData } of SEGMENTS) {
  Deno.test(`decodeResponseSegment() finds ${what} in the data segment`, () => {
    const expected = { sense: hex(sense), responseData: hex(responseData) };
    assert.deepEqual(decodeResponseSegment(hex(data)), expected);
  });
}

Deno.test("decodeResponseSegment() keeps nothing of the buffer", () => {
  const data = Buffer.from(hex("0002 7000 a1"));
  const segment = decodeResponseSegment(data);
  data.fill(0xee);
  assert.deepEqual(segment, { sense: hex("7000"), responseData: hex("a1") });
});

Deno.test("encodeResponseSegment() puts the length before the sense data", () => {
  assert.deepEqual(encodeResponseSegment(hex("")), hex("0000"));
  assert.deepEqual(encodeResponseSegment(hex("700003")), hex("0003 700003"));
  const longest = new Uint8Array(0xffff).fill(0x5a);
  assert.deepEqual(decodeResponseSegment(encodeResponseSegment(longest)).sense, longest);
});

Deno.test("scsiResponseName() tells the standard's codes from the vendor's", () => {
  const { CommandCompletedAtTarget, TargetFailure } = ScsiResponseCode;
  assert.equal(scsiResponseName(CommandCompletedAtTarget), "command completed at target");
  assert.equal(scsiResponseName(TargetFailure), "target failure");
  assert.equal(scsiResponseName(0x7f), "unknown code 0x7f");
  assert.equal(scsiResponseName(0x80), "vendor-specific response 0x80");
  assert.equal(scsiResponseName(0xff), "vendor-specific response 0xff");
});
