import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { UnexpectedResponseError } from "../../scsi/errors.ts";
import {
  decodeSupportedOperations,
  encodeSupportedOperations,
  readSupportedOperations,
} from "../../scsi/supported_operations.ts";
import { FakeUnit, hex } from "./fake_unit.ts";

const PLAIN = hex("00000010  08 00 0000 00 00 0006  a3 00 000c 00 01 000c");
const TIMED = hex(
  "00000028  08 00 0000 00 02 0006 000a 0000 0000003c 000008e8" +
    "  a3 00 000c 00 03 000c 000a 0000 00000000 0000003c",
);
const READ = { opcode: 0x08, cdbLength: 6 };
const REPORT = { opcode: 0xa3, serviceAction: 0x0c, cdbLength: 12 };
const TIMED_OPERATIONS = [
  { ...READ, nominalSeconds: 60, recommendedSeconds: 2280 },
  { ...REPORT, recommendedSeconds: 60 },
];

Deno.test("The list of commands decodes and encodes without timeouts", () => {
  deepStrictEqual(decodeSupportedOperations(PLAIN), {
    operations: [READ, REPORT],
    totalLength: 20,
  });
  deepStrictEqual(encodeSupportedOperations([READ, REPORT]), PLAIN);
});

Deno.test("The list of commands decodes and encodes with timeouts", () => {
  deepStrictEqual(decodeSupportedOperations(TIMED), {
    operations: TIMED_OPERATIONS,
    totalLength: 44,
  });
  deepStrictEqual(encodeSupportedOperations(TIMED_OPERATIONS, { timeouts: true }), TIMED);
});

Deno.test("decodeSupportedOperations() of a cut list gives whole commands, and whole timeouts", () => {
  for (let length = 4; length < TIMED.length; length++) {
    const { operations, totalLength } = decodeSupportedOperations(TIMED.subarray(0, length));
    strictEqual(totalLength, TIMED.length);
    strictEqual(operations.length, length >= 32 ? 2 : length >= 12 ? 1 : 0, `at ${length}`);
    strictEqual(operations[0]?.recommendedSeconds, length >= 24 ? 2280 : undefined);
  }
  throws(() => decodeSupportedOperations(TIMED.subarray(0, 3)), UnexpectedResponseError);
});

Deno.test("readSupportedOperations() asks for timeouts, and again when the list is long", async () => {
  const operations = Array.from({ length: 256 }, (_, opcode) => ({
    opcode,
    cdbLength: 6,
    recommendedSeconds: opcode + 1,
  }));
  const list = encodeSupportedOperations(operations, { timeouts: true });
  const unit = new FakeUnit(() => list);
  deepStrictEqual(await readSupportedOperations(unit), operations);
  deepStrictEqual(unit.commands.map((command) => command.dataIn?.length), [4096, list.length]);
  deepStrictEqual(unit.commands[0].cdb, hex("a3 0c 80 00 00 00 00 00 10 00 00 00"));
});
