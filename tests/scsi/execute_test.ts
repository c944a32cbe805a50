import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { testUnitReadyCdb } from "../../scsi/cdb.ts";
import { CheckConditionError, ScsiStatusError } from "../../scsi/errors.ts";
import { executeChecked, executeDataIn, isInformational } from "../../scsi/execute.ts";
import { decodeSense, encodeSense, type SenseInput } from "../../scsi/sense.ts";
import { Status, statusName } from "../../scsi/status.ts";
import { type Answer, FakeUnit, hex } from "./fake_unit.ts";

function execute(answer: Answer, cdb = testUnitReadyCdb(), deviceType?: number) {
  return executeChecked(new FakeUnit(() => answer), { cdb }, { deviceType });
}

function failing(sense: SenseInput): Answer {
  return { status: Status.CheckCondition, sense: encodeSense(sense) };
}

Deno.test("executeChecked() throws a CheckConditionError that tells command, unit and reason", async () => {
  await rejects(
    execute(failing({ key: 5, asc: 0x24, ascq: 0 }), hex("12 00 00 00 60 00")),
    (error) => {
      ok(error instanceof CheckConditionError && error instanceof ScsiStatusError);
      strictEqual(error.name, "CheckConditionError");
      strictEqual(
        error.message,
        "INQUIRY on fake: CHECK CONDITION: ILLEGAL REQUEST (5), 24/00: invalid field in CDB",
      );
      strictEqual(error.sense.asc, 0x24);
      const { status, statusName, commandName, opcode, unitName } = error;
      deepStrictEqual([status, statusName, commandName, opcode, unitName], [
        2,
        "CHECK CONDITION",
        "INQUIRY",
        0x12,
        "fake",
      ]);
      return true;
    },
  );
});

Deno.test("executeChecked() throws a CheckConditionError when CHECK CONDITION comes without sense data", async () => {
  await rejects(execute({ status: Status.CheckCondition }), (error) => {
    ok(error instanceof CheckConditionError);
    strictEqual(error.sense.format, "none");
    strictEqual(error.message, "TEST UNIT READY on fake: CHECK CONDITION: no sense data");
    return true;
  });
});

for (
  const status of [
    Status.Busy,
    Status.ReservationConflict,
    Status.TaskSetFull,
    Status.AcaActive,
    Status.TaskAborted,
    0x77,
  ]
) {
  Deno.test(`executeChecked() throws a plain ScsiStatusError for ${statusName(status)}`, async () => {
    await rejects(execute({ status }), (error) => {
      ok(error instanceof ScsiStatusError && !(error instanceof CheckConditionError));
      strictEqual(error.status, status);
      strictEqual(error.message, `TEST UNIT READY on fake: ${statusName(status)}`);
      return true;
    });
  });
}

Deno.test("executeChecked() names a command by device type when told", async () => {
  await rejects(
    execute({ status: Status.Busy }, hex("1b 00 00 00 00 00"), 1),
    /^ScsiStatusError: LOAD UNLOAD on fake: BUSY$/,
  );
});

Deno.test("executeChecked() resolves on CONDITION MET", async () => {
  strictEqual((await execute({ status: Status.ConditionMet })).status, Status.ConditionMet);
});

const REPORTS: [string, SenseInput, boolean][] = [
  ["a recovered error", { key: 1, asc: 0x17, ascq: 1 }, true],
  ["a rounded parameter", { key: 1, asc: 0x37, ascq: 0 }, true],
  ["a recovered error that says no more", { key: 1, asc: 0, ascq: 0 }, true],
  ["a failure prediction without a key", { key: 0, asc: 0x5d, ascq: 0 }, true],
  ["a recovered error beside a filemark", { key: 1, asc: 0x17, ascq: 1, filemark: true }, false],
  ["an incorrect length", { key: 0, asc: 0, ascq: 0, incorrectLength: true }, false],
  ["early warning", { key: 0, asc: 0, ascq: 2, endOfMedium: true }, false],
  ["a filemark told by its code alone", { key: 1, asc: 0, ascq: 1 }, false],
  ["an operation in progress", { key: 0, asc: 0, ascq: 0x16 }, false],
  ["sense data of zeros", { key: 0, asc: 0, ascq: 0 }, false],
  ["a deferred recovered error", { key: 1, asc: 0x17, ascq: 1, deferred: true }, false],
  ["not ready", { key: 2, asc: 4, ascq: 1 }, false],
  ["a unit attention", { key: 6, asc: 0x28, ascq: 0 }, false],
];

for (const [what, sense, informational] of REPORTS) {
  Deno.test(`executeChecked() ${informational ? "takes" : "does not take"} ${what} for success`, async () => {
    strictEqual(isInformational(decodeSense(encodeSense(sense))), informational);
    strictEqual(isInformational(decodeSense(encodeSense(sense, "descriptor"))), informational);
    if (informational) strictEqual((await execute(failing(sense))).status, Status.CheckCondition);
    else await rejects(execute(failing(sense)), CheckConditionError);
  });
}

Deno.test("executeChecked() sends a command once, whatever comes back", async () => {
  const unit = new FakeUnit(() => failing({ key: 6, asc: 0x29, ascq: 0 }));
  await rejects(executeChecked(unit, { cdb: testUnitReadyCdb() }), CheckConditionError);
  strictEqual(unit.commands.length, 1);
});

Deno.test("executeDataIn() gives the bytes that came, and hands signal and timeout on", async () => {
  const unit = new FakeUnit(() => hex("01 02 03"));
  const { signal } = new AbortController();
  const bytes = await executeDataIn(unit, hex("12 00 00 00 08 00"), 8, { signal, timeoutMs: 5 });
  deepStrictEqual(bytes, hex("01 02 03"));
  strictEqual(unit.commands[0].dataIn?.length, 8);
  strictEqual(unit.commands[0].signal, signal);
  strictEqual(unit.commands[0].timeoutMs, 5);
});
