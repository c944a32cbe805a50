import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { readBlocks, writeBlocks } from "../../../scsi/block/read_write.ts";
import { startStopUnit } from "../../../scsi/block/start_stop_unit.ts";
import { synchronizeCache } from "../../../scsi/block/synchronize_cache.ts";
import { verifyBlocks } from "../../../scsi/block/verify.ts";
import {
  CheckConditionError,
  ScsiStatusError,
  UnexpectedResponseError,
} from "../../../scsi/errors.ts";
import type { LogicalUnit } from "../../../scsi/logical_unit.ts";
import { encodeSense } from "../../../scsi/sense.ts";
import { Status } from "../../../scsi/status.ts";
import { FakeUnit, hex } from "../fake_unit.ts";

/** A unit that says GOOD and takes or wants other than what it is sent. */
function withResidual(residual: number): LogicalUnit {
  const sense = new Uint8Array(0);
  return {
    name: "odd",
    execute: () => Promise.resolve({ status: Status.Good, sense, dataInLength: 0, residual }),
    close: () => Promise.resolve(),
  };
}

function good(): FakeUnit {
  return new FakeUnit(() => new Uint8Array(0));
}

Deno.test("readBlocks() fills the caller's own buffer with one READ(10)", async () => {
  const unit = new FakeUnit(() => new Uint8Array(1024).fill(7));
  const into = new Uint8Array(1024);
  await readBlocks(unit, { lba: 5, blockBytes: 512, into });
  strictEqual(unit.commands[0].dataIn, into);
  deepStrictEqual(into, new Uint8Array(1024).fill(7));
  deepStrictEqual(unit.commands[0].cdb, hex("28 00 00 00 00 05 00 00 02 00"));
  strictEqual(unit.commands.length, 1);
});

Deno.test("writeBlocks() sends the caller's own buffer, with the cache bits", async () => {
  const unit = good();
  const data = new Uint8Array(4096);
  await writeBlocks(unit, { lba: 9, blockBytes: 4096, data }, { fua: true, dpo: true });
  strictEqual(unit.commands[0].dataOut, data);
  deepStrictEqual(unit.commands[0].cdb, hex("2a 18 00 00 00 09 00 00 01 00"));
});

const FORMS: [string, number, number, 10 | 16 | undefined, number][] = [
  ["the last address of 32 bits", 0xffffffff, 1, undefined, 0x28],
  ["an address beyond 32 bits", 2 ** 32, 1, undefined, 0x88],
  ["65535 blocks", 0, 65535, undefined, 0x28],
  ["65536 blocks", 0, 65536, undefined, 0x88],
  ["a short one when 16 bytes are asked for", 0, 1, 16, 0x88],
  ["a short one when 10 bytes are asked for", 0, 1, 10, 0x28],
];

for (const [what, lba, blocks, cdbLength, opcode] of FORMS) {
  Deno.test(`readBlocks() takes command ${opcode.toString(16)}h for ${what}`, async () => {
    const unit = new FakeUnit(() => new Uint8Array(blocks));
    await readBlocks(unit, { lba, blockBytes: 1, into: new Uint8Array(blocks) }, { cdbLength });
    strictEqual(unit.commands[0].cdb[0], opcode);
  });
}

Deno.test("readBlocks() with 10 bytes of CDB refuses what those cannot say", async () => {
  const read = { lba: 2 ** 32, blockBytes: 1, into: new Uint8Array(1) };
  await rejects(readBlocks(good(), read, { cdbLength: 10 }), RangeError);
});

for (const [length, blockBytes] of [[0, 512], [511, 512], [513, 512], [512, 0], [512, -512]]) {
  Deno.test(`readBlocks() and writeBlocks() refuse ${length} bytes as blocks of ${blockBytes}`, async () => {
    const unit = good();
    const buffer = new Uint8Array(length);
    await rejects(readBlocks(unit, { lba: 0, blockBytes, into: buffer }), RangeError);
    await rejects(writeBlocks(unit, { lba: 0, blockBytes, data: buffer }), RangeError);
    strictEqual(unit.commands.length, 0);
  });
}

Deno.test("readBlocks() does not take a short answer for a whole one", async () => {
  const unit = new FakeUnit(() => new Uint8Array(512));
  await rejects(
    readBlocks(unit, { lba: 0, blockBytes: 512, into: new Uint8Array(1024) }),
    (error) => {
      ok(error instanceof UnexpectedResponseError);
      strictEqual(error.message, "READ(10) on fake: unusable answer: 512 of 1024 bytes came");
      return true;
    },
  );
});

Deno.test("readBlocks() reports blocks that are longer than the caller thinks", async () => {
  const unit = new FakeUnit(() => new Uint8Array(4096));
  await rejects(
    readBlocks(unit, { lba: 0, blockBytes: 512, into: new Uint8Array(512) }),
    /READ\(10\) on fake: unusable answer: it moves 4096 bytes where 512 were expected/,
  );
});

for (const [residual, moved] of [[512, 512], [-3072, 4096]]) {
  Deno.test(`writeBlocks() reports a device that moves ${moved} bytes of 1024`, async () => {
    const write = { lba: 0, blockBytes: 512, data: new Uint8Array(1024) };
    await rejects(writeBlocks(withResidual(residual), write), (error) => {
      ok(error instanceof UnexpectedResponseError);
      ok(error.message.endsWith(`it moves ${moved} bytes where 1024 were expected`));
      return true;
    });
  });
}

Deno.test("writeBlocks() throws what the device answers", async () => {
  const write = { lba: 0, blockBytes: 512, data: new Uint8Array(512) };
  const sense = encodeSense({ key: 7, asc: 0x27, ascq: 0 });
  const guarded = new FakeUnit(() => ({ status: Status.CheckCondition, sense }));
  await rejects(
    writeBlocks(guarded, write),
    (error) => error instanceof CheckConditionError && error.sense.key === 7,
  );
  strictEqual(guarded.commands.length, 1, "it is sent once");
  const reserved = new FakeUnit(() => ({ status: Status.ReservationConflict }));
  await rejects(
    writeBlocks(reserved, write),
    (error) => error instanceof ScsiStatusError && error.status === Status.ReservationConflict,
  );
});

Deno.test("Disk commands wait as long as a disk needs, not as long as a tape, unless told", async () => {
  const unit = new FakeUnit(() => new Uint8Array(512));
  const read = { lba: 2 ** 32, blockBytes: 512, into: new Uint8Array(512) };
  const { signal } = new AbortController();
  await readBlocks(unit, read, { signal });
  await readBlocks(unit, read, { timeoutMs: 5 });
  deepStrictEqual(unit.commands.map(({ timeoutMs }) => timeoutMs), [60_000, 5]);
  strictEqual(unit.commands[0].signal, signal);
});

Deno.test("synchronizeCache() is about the whole medium, unless told", async () => {
  const unit = good();
  await synchronizeCache(unit);
  await synchronizeCache(unit, { cdbLength: 16, immediate: true });
  await synchronizeCache(unit, { range: { lba: 8, blocks: 2 } });
  deepStrictEqual(unit.commands.map(({ cdb }) => cdb), [
    hex("35 00 00 00 00 00 00 00 00 00"),
    hex("91 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00"),
    hex("35 00 00 00 00 08 00 00 02 00"),
  ]);
  const nothing = { range: { lba: 8, blocks: 0 } };
  await rejects(synchronizeCache(unit, nothing), RangeError, "0 would mean all the rest");
});

Deno.test("verifyBlocks() sends no data, and refuses to verify nothing", async () => {
  const unit = good();
  await verifyBlocks(unit, { lba: 1, blocks: 3 }, { dpo: true });
  strictEqual(unit.commands[0].dataOut, undefined);
  deepStrictEqual(unit.commands[0].cdb, hex("2f 10 00 00 00 01 00 00 03 00"));
  await verifyBlocks(unit, { lba: 2 ** 40, blocks: 3 });
  strictEqual(unit.commands[1].cdb[0], 0x8f);
  await rejects(verifyBlocks(unit, { lba: 1, blocks: 0 }), RangeError);
});

Deno.test("verifyBlocks() reports a block that cannot be read", async () => {
  const sense = encodeSense({ key: 3, asc: 0x11, ascq: 0, information: 2 });
  const unit = new FakeUnit(() => ({ status: Status.CheckCondition, sense }));
  await rejects(
    verifyBlocks(unit, { lba: 1, blocks: 3 }),
    (error) => error instanceof CheckConditionError && error.sense.information === 2,
  );
});

Deno.test("startStopUnit() goes by its own name", async () => {
  const unit = new FakeUnit(() => ({ status: Status.Busy }));
  await rejects(startStopUnit(unit, { start: true }), /START STOP UNIT on fake: BUSY/);
  deepStrictEqual(unit.commands[0].cdb, hex("1b 00 00 00 01 00"));
});
