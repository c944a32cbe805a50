import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { readBufferDescriptor, writeBuffer } from "../../scsi/data_buffer.ts";
import { receiveDiagnosticPage, runSelfTest, sendDiagnosticPage } from "../../scsi/diagnostics.ts";
import { CheckConditionError, UnexpectedResponseError } from "../../scsi/errors.ts";
import { logSelect, resetLogPages } from "../../scsi/log_select.ts";
import { readOperationSupport } from "../../scsi/supported_operations.ts";
import { readSupportedTaskManagement } from "../../scsi/supported_task_management.ts";
import { readTimestamp, setTimestamp } from "../../scsi/timestamp.ts";
import { FakeUnit, hex } from "./fake_unit.ts";

function answering(bytes: string): FakeUnit {
  return new FakeUnit(() => hex(bytes));
}

Deno.test("readOperationSupport() tells whether one command is there, and how long it may take", async () => {
  const unit = answering("00 83 000a 1903ffffff07000000ff 000a 00 00 00000010 00003fec");
  deepStrictEqual(await readOperationSupport(unit, { opcode: 0x19 }), {
    support: "standard",
    usage: hex("1903ffffff07000000ff"),
    nominalSeconds: 16,
    recommendedSeconds: 0x3fec,
  });
  deepStrictEqual(unit.commands[0].cdb, hex("a3 0c 81 19 0000 00000200 00 00"));
  deepStrictEqual(await readOperationSupport(answering("00 01 0000"), { opcode: 0x0f }), {
    support: "no",
    usage: hex(""),
  });
  await rejects(readOperationSupport(answering("00"), { opcode: 0 }), UnexpectedResponseError);
});

Deno.test("readSupportedTaskManagement() decodes the bits, of short answers too", async () => {
  const functions = await readSupportedTaskManagement(answering("d8 01 00 00"));
  deepStrictEqual(
    Object.entries(functions).filter(([, isThere]) => isThere).map(([name]) => name),
    ["abortTask", "abortTaskSet", "clearTaskSet", "logicalUnitReset", "nexusReset"],
  );
  strictEqual((await readSupportedTaskManagement(answering("08 00"))).logicalUnitReset, true);
  await rejects(readSupportedTaskManagement(answering("08")), UnexpectedResponseError);
});

Deno.test("A device's clock is read and set in milliseconds", async () => {
  deepStrictEqual(await readTimestamp(answering("000a 02 00 018bcfe5687b 0000")), {
    ms: 1_700_000_000_123,
    origin: "set-timestamp",
  });
  await rejects(readTimestamp(answering("000a 02")), UnexpectedResponseError);
  const unit = answering("");
  await setTimestamp(unit, 1_700_000_000_123);
  deepStrictEqual(unit.commands[0].dataOut, hex("00000000 018bcfe5687b 0000"));
});

Deno.test("Log parameters are set page by page, and reset", async () => {
  const unit = answering("");
  const parameters = [{ code: 5, control: 0, value: hex("00000000") }];
  await logSelect(unit, { page: 0x02, subpage: 0, parameters });
  await resetLogPages(unit, { page: 0x03 });
  await resetLogPages(unit);
  deepStrictEqual(unit.commands[0].dataOut, hex("02 00 0008 0005 00 04 00000000"));
  deepStrictEqual(unit.commands.map(({ cdb }) => [cdb[1], cdb[2]]), [[0, 0x40], [2, 0x43], [
    2,
    0x40,
  ]]);
});

Deno.test("A self-test that fails is an error, and diagnostic pages go both ways", async () => {
  const failing = new FakeUnit(() => ({
    status: 2,
    sense: hex("70 00 04 00000000 0a 00000000 40 82 00 000000"),
  }));
  await rejects(runSelfTest(failing), CheckConditionError);
  const unit = answering("80 00 0002 abcd");
  deepStrictEqual(await receiveDiagnosticPage(unit, 0x80), hex("80 00 0002 abcd"));
  await sendDiagnosticPage(unit, hex("80 00 0000"));
  deepStrictEqual(unit.commands[1].cdb, hex("1d 10 00 0004 00"));
});

Deno.test("Buffers tell their size, and take data", async () => {
  deepStrictEqual(await readBufferDescriptor(answering("02 010000"), 1), {
    offsetBoundary: 4,
    bytes: 65536,
  });
  deepStrictEqual(await readBufferDescriptor(answering("ff 000100"), 1), { bytes: 256 });
  await rejects(readBufferDescriptor(answering("ff"), 1), UnexpectedResponseError);
  const unit = answering("");
  await writeBuffer(unit, { mode: 2, id: 1, offset: 4 }, hex("0102"));
  deepStrictEqual(unit.commands[0].cdb, hex("3b 02 01 000004 000002 00"));
});
