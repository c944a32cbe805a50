import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { CheckConditionError, UnexpectedResponseError } from "../../scsi/errors.ts";
import {
  decodeOperationSupport,
  decodeSupportedOperations,
  encodeSupportedOperations,
  readOperationSupport,
  readSupportedOperations,
} from "../../scsi/supported_operations.ts";
import { encodeSense } from "../../scsi/sense.ts";
import { Status } from "../../scsi/status.ts";
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
  deepStrictEqual(
    encodeSupportedOperations([READ], { timeouts: true }),
    hex("00000014 08 00 0000 00 02 0006 000a 0000 00000000 00000000"),
  );
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

Deno.test("Timeouts are taken by the length that they give, and never from the next command", () => {
  const next = "0a 00 0000 00 00 0006";
  const rows = [
    ["longer", "000c 0000 00000001 00000002 ffff", { nominalSeconds: 1, recommendedSeconds: 2 }],
    ["without a time", "000a 0000 00000000 00000000", {}],
    ["too short", "0009 0000 00000001 000000", {}],
    ["empty", "0000", {}],
  ] as const;
  for (const [what, timeouts, times] of rows) {
    const list = hex(`00000000 08 ff 0000 ff 82 0006 ${timeouts} ${next}`);
    list[3] = list.length - 4;
    const { operations } = decodeSupportedOperations(list);
    deepStrictEqual(operations, [{ ...READ, ...times }, { opcode: 0x0a, cdbLength: 6 }], what);
  }
});

Deno.test("decodeSupportedOperations() reads nothing behind the end that the list gives", () => {
  const list = Uint8Array.of(...PLAIN, ...PLAIN.subarray(4));
  strictEqual(decodeSupportedOperations(list).operations.length, 2);
  const timed = TIMED.slice();
  timed[3] = 19;
  deepStrictEqual(decodeSupportedOperations(timed).operations, [READ]);
});

Deno.test("decodeOperationSupport() believes what follows only where the command is there", () => {
  const rest = "0006 08 03 ff ff ff 00 000a 0000 0000003c 000008e8";
  const usage = hex("08 03 ff ff ff 00");
  const times = { nominalSeconds: 60, recommendedSeconds: 2280 };
  const rows = [
    ["00", { support: "unknown", usage: hex("") }],
    ["81", { support: "no", usage: hex("") }],
    ["82", { support: "unknown", usage: hex("") }],
    ["03", { support: "standard", usage }],
    ["83", { support: "standard", usage, ...times }],
    ["84", { support: "unknown", usage: hex("") }],
    ["fd", { support: "vendor", usage, ...times }],
  ] as const;
  for (const [flags, expected] of rows) {
    deepStrictEqual(decodeOperationSupport(hex(`ff ${flags} ${rest}`)), expected, flags);
  }
  const whole = hex(`00 83 ${rest}`);
  for (let length = 4; length < whole.length; length++) {
    const came = decodeOperationSupport(whole.subarray(0, length));
    deepStrictEqual(came, { support: "standard", usage: usage.subarray(0, length - 4) });
  }
  throws(() => decodeOperationSupport(whole.subarray(0, 3)), UnexpectedResponseError);
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

Deno.test("readSupportedOperations() asks once for a list that fills the room, and for no more than 65535 bytes", async () => {
  const rows = [[4092, [4096]], [4093, [4096, 4097]], [0xffff - 4, [4096, 0xffff]], [
    0xffff_ffff - 4,
    [4096, 0xffff],
  ]] as const;
  for (const [length, rooms] of rows) {
    const list = new Uint8Array(0x10010);
    new DataView(list.buffer).setUint32(0, length);
    const unit = new FakeUnit(() => list);
    await readSupportedOperations(unit);
    deepStrictEqual(unit.commands.map(({ dataIn }) => dataIn?.length), rooms);
  }
});

function refusal(asc: number) {
  return { status: Status.CheckCondition, sense: encodeSense({ key: 5, asc, ascq: 0 }) };
}

Deno.test("A drive from before SPC-4, which refuses to be asked for timeouts, is asked without", async () => {
  const drive = (answer: Uint8Array) =>
    new FakeUnit((cdb) => cdb[2] & 0x80 ? refusal(0x24) : answer);
  const list = drive(PLAIN);
  deepStrictEqual(await readSupportedOperations(list), [READ, REPORT]);
  deepStrictEqual(list.commands.map(({ cdb }) => cdb), [
    hex("a3 0c 80 00 0000 00001000 00 00"),
    hex("a3 0c 00 00 0000 00001000 00 00"),
  ]);
  const one = drive(hex("00 03 0006 08 03 ff ff ff 00"));
  const command = { opcode: 0xa3, serviceAction: 0x0c };
  strictEqual((await readOperationSupport(one, command)).support, "standard");
  deepStrictEqual(one.commands[1].cdb, hex("a3 0c 02 a3 000c 00000200 00 00"));
});

Deno.test("A drive that does not list its commands is asked no more often than that can tell", async () => {
  for (const [asc, asks] of [[0x20, 1], [0x24, 2]]) {
    const unit = new FakeUnit(() => refusal(asc));
    await rejects(readSupportedOperations(unit), CheckConditionError);
    strictEqual(unit.commands.length, asks);
  }
});
