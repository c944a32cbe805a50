import assert from "node:assert/strict";
import { BHS_LENGTH } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import {
  decodeScsiCommand,
  encodeScsiCommand,
  type ScsiCommand,
  TaskAttribute,
  taskAttributeName,
} from "../../../iscsi/pdu/scsi_command.ts";
import { hex } from "./header_fixture.ts";

const COMMAND: ScsiCommand = {
  opcode: Opcode.ScsiCommand,
  immediate: false,
  final: true,
  read: false,
  write: false,
  attributes: TaskAttribute.Simple,
  lun: 0n,
  itt: 1,
  expectedDataTransferLength: 0,
  cmdSn: 1,
  expStatSn: 1,
  cdb: new Uint8Array(0),
};

function cdbField(cdb: Uint8Array): Uint8Array {
  const bhs = new Uint8Array(BHS_LENGTH).fill(0xff);
  encodeScsiCommand({ ...COMMAND, cdb }, bhs);
  return bhs.subarray(32);
}

Deno.test("a CDB shorter than 16 bytes is followed by zeros", () => {
  assert.deepEqual(cdbField(hex("0a0100020000")), hex("0a010002000000000000000000000000"));
});

Deno.test("a CDB longer than 16 bytes leaves its first 16 in the header", () => {
  const cdb = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
  assert.deepEqual(cdbField(cdb), cdb.subarray(0, 16));
});

Deno.test("each flag of the command has its own bit", () => {
  const flags: [Partial<ScsiCommand>, number][] = [
    [{}, 0x00],
    [{ final: true }, 0x80],
    [{ read: true }, 0x40],
    [{ write: true }, 0x20],
    [{ attributes: TaskAttribute.Untagged }, 0x00],
    [{ attributes: TaskAttribute.Simple }, 0x01],
    [{ attributes: TaskAttribute.Ordered }, 0x02],
    [{ attributes: TaskAttribute.HeadOfQueue }, 0x03],
    [{ attributes: TaskAttribute.Aca }, 0x04],
  ];
  for (const [fields, expected] of flags) {
    const bhs = new Uint8Array(BHS_LENGTH);
    const pdu = { ...COMMAND, final: false, attributes: 0, cdb: new Uint8Array(16), ...fields };
    encodeScsiCommand(pdu, bhs);
    assert.equal(bhs[1], expected);
    assert.deepEqual(decodeScsiCommand(bhs), pdu);
  }
});

Deno.test("taskAttributeName() names the attributes of RFC 7143 §11.3.1", () => {
  const names = ["untagged", "simple", "ordered", "head of queue", "ACA", "unknown code 0x05"];
  assert.deepEqual(names.map((_, attribute) => taskAttributeName(attribute)), names);
});
