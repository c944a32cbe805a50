import { deepStrictEqual, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { ATTRIBUTE_TABLE, attributeFacts } from "../../scsi/attribute_table.ts";
import { CheckConditionError, UnexpectedResponseError } from "../../scsi/errors.ts";
import * as memory from "../../scsi/medium_attributes.ts";
import { FakeUnit, hex } from "./fake_unit.ts";

const REFUSAL = { status: 2, sense: hex("70 00 05 00000000 0a 00000000 26 00 00 000000") };

Deno.test("Attributes are decoded with their format, and encoded as they came", () => {
  const bytes = hex("00000019  0000 80 0008 0000000000000400  0803 02 0002 4142  0806 01 0000");
  const { attributes, totalLength } = memory.decodeAttributes(bytes);
  strictEqual(totalLength, 29);
  deepStrictEqual(attributes, [
    { id: 0, readOnly: true, format: "binary", value: hex("0000000000000400") },
    { id: 0x0803, readOnly: false, format: "text", value: hex("4142") },
    { id: 0x0806, readOnly: false, format: "ascii", value: hex("") },
  ]);
  deepStrictEqual(memory.encodeAttributes(attributes), bytes);
});

Deno.test("An attribute that is cut is left out, and an answer without a header is an error", () => {
  strictEqual(memory.decodeAttributes(hex("000000ff 0803 02 0004 4142")).attributes.length, 0);
  throws(() => memory.decodeAttributes(hex("0000")), UnexpectedResponseError);
});

Deno.test("A format that is reserved is bytes", () => {
  const { attributes: [attribute] } = memory.decodeAttributes(hex("00000006 0803 03 0001 41"));
  strictEqual(attribute.format, "binary");
});

Deno.test("What does not fit its field is not encoded: it would be another attribute, or more of them", () => {
  const attribute = { id: 0x0803, readOnly: false, format: "text", value: hex("41") } as const;
  const longest = { ...attribute, value: new Uint8Array(0xffff) };
  deepStrictEqual(memory.decodeAttributes(memory.encodeAttributes([longest])).attributes, [
    longest,
  ]);
  for (
    const wrong of [
      { ...attribute, id: 0x1_0803 },
      { ...attribute, id: -1 },
      { ...attribute, value: new Uint8Array(0x1_0000) },
    ]
  ) {
    throws(() => memory.encodeAttributes([wrong]), RangeError);
  }
});

Deno.test("An answer without a header is an error, whatever was asked for", async () => {
  const unit = new FakeUnit(() => hex("000000"));
  await rejects(memory.readAttributes(unit), UnexpectedResponseError);
  await rejects(memory.readAttributeList(unit), UnexpectedResponseError);
  await rejects(memory.readAttributePartitions(unit), UnexpectedResponseError);
  strictEqual(unit.commands.length, 3);
});

for (
  const [what, length, asked] of [
    ["that fills the first room is asked for once", 16_384, [16_384]],
    ["of a byte more is asked for again", 16_385, [16_384, 16_385]],
    ["that no cartridge has is asked for in bounds", 0x4000_0000, [16_384, 1 << 20]],
  ] as const
) {
  Deno.test(`A memory ${what}`, async () => {
    const answer = new Uint8Array(16_385);
    new DataView(answer.buffer).setUint32(0, length - 4);
    const unit = new FakeUnit(() => answer);
    await memory.readAttributes(unit);
    deepStrictEqual(unit.commands.map(({ dataIn }) => dataIn?.length), asked);
  });
}

Deno.test("readAttributes() asks again for a memory that is larger than the first room", async () => {
  const big = memory.encodeAttributes([
    { id: 0x0803, readOnly: false, format: "text", value: new Uint8Array(20_000) },
  ]);
  const unit = new FakeUnit(() => big);
  strictEqual((await memory.readAttributes(unit, { partition: 1 }))[0].value.length, 20_000);
  deepStrictEqual(unit.commands.map(({ cdb }) => cdb[7]), [1, 1]);
});

Deno.test("Lists of attributes and partitions are decoded", async () => {
  const list = new FakeUnit(() => hex("00000004 0000 0806"));
  deepStrictEqual(await memory.readAttributeList(list, { supported: true }), [0x0000, 0x0806]);
  strictEqual(list.commands[0].cdb[1], 5);
  const padded = new FakeUnit(() => hex("00000002 0803 ffff"));
  deepStrictEqual(await memory.readAttributeList(padded), [0x0803]);
  strictEqual(padded.commands[0].cdb[1], 1);
  const partitions = new FakeUnit(() => hex("0002 00 02"));
  deepStrictEqual(await memory.readAttributePartitions(partitions), { first: 0, count: 2 });
});

Deno.test("writeAttributes() sends all attributes at once, and passes on a refusal", async () => {
  const attribute = { id: 0x0805, readOnly: false, format: "binary", value: hex("81") } as const;
  const unit = new FakeUnit(() => hex(""));
  await memory.writeAttributes(unit, [attribute]);
  deepStrictEqual(unit.commands[0].dataOut, hex("00000006 0805 00 0001 81"));
  await rejects(
    memory.writeAttributes(new FakeUnit(() => REFUSAL), [attribute]),
    CheckConditionError,
  );
});

Deno.test("Every attribute of the table has a name and an identifier of its own", () => {
  strictEqual(new Set(ATTRIBUTE_TABLE.map(({ id }) => id)).size, ATTRIBUTE_TABLE.length);
  for (const facts of ATTRIBUTE_TABLE) {
    strictEqual(attributeFacts(facts.name), facts);
    strictEqual(attributeFacts(facts.id), facts);
    ok(facts.length > 0);
  }
  strictEqual(attributeFacts("nothing"), undefined);
});
