import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { compareAndWrite } from "../../../scsi/block/compare_and_write.ts";
import { MiscompareError } from "../../../scsi/block/miscompare_error.ts";
import { compareBlocks } from "../../../scsi/block/verify.ts";
import { CheckConditionError, UnexpectedResponseError } from "../../../scsi/errors.ts";
import { encodeSense, type SenseFormat, type SenseInput } from "../../../scsi/sense.ts";
import { Status } from "../../../scsi/status.ts";
import { FakeUnit, hex } from "../fake_unit.ts";

const MISCOMPARE: SenseInput = { key: 0xe, asc: 0x1d, ascq: 0 };

function failing(sense: SenseInput, format?: SenseFormat): FakeUnit {
  return new FakeUnit(() => ({
    status: Status.CheckCondition,
    sense: encodeSense(sense, format),
  }));
}

function exchange(length = 512) {
  const compare = new Uint8Array(length).fill(1);
  const write = new Uint8Array(length).fill(2);
  return { lba: 7, blockBytes: 512, compare, write };
}

Deno.test("compareAndWrite() sends what to compare before what to write", async () => {
  const unit = new FakeUnit(() => new Uint8Array(0));
  await compareAndWrite(unit, exchange(1024), { fua: true });
  const [{ cdb, dataOut }] = unit.commands;
  deepStrictEqual(cdb, hex("89 08 00 00 00 00 00 00 00 07 00 00 00 02 00 00"));
  deepStrictEqual(
    dataOut,
    Uint8Array.from({ length: 2048 }, (_, i) => i < 1024 ? 1 : 2),
  );
});

for (const format of ["fixed", "descriptor"] as const) {
  Deno.test(`compareAndWrite() tells the offset of the first difference from ${format} sense data`, async () => {
    const unit = failing({ ...MISCOMPARE, information: 511 }, format);
    await rejects(compareAndWrite(unit, exchange()), (error) => {
      ok(error instanceof MiscompareError && error instanceof CheckConditionError);
      strictEqual(error.name, "MiscompareError");
      strictEqual(error.offset, 511);
      strictEqual(error.commandName, "COMPARE AND WRITE");
      strictEqual(
        error.message,
        "COMPARE AND WRITE on fake: CHECK CONDITION: " +
          "MISCOMPARE (E), 1D/00: miscompare during verify operation",
      );
      return true;
    });
    strictEqual(unit.commands.length, 1);
  });
}

for (const information of [undefined, 512, -1]) {
  Deno.test(`compareAndWrite() takes INFORMATION ${information} for no offset`, async () => {
    const sense = information === undefined ? MISCOMPARE : { ...MISCOMPARE, information };
    await rejects(
      compareAndWrite(failing(sense), exchange()),
      (error) => error instanceof MiscompareError && error.offset === undefined,
    );
  });
}

Deno.test("compareAndWrite() takes no other error for a miscompare", async () => {
  const others: SenseInput[] = [{ key: 5, asc: 0x20, ascq: 0 }, { ...MISCOMPARE, deferred: true }];
  for (const sense of others) {
    await rejects(
      compareAndWrite(failing(sense), exchange()),
      (error) => error instanceof CheckConditionError && !(error instanceof MiscompareError),
    );
  }
});

Deno.test("compareAndWrite() refuses data that is not 1 to 255 blocks of one length each", async () => {
  const unit = new FakeUnit(() => new Uint8Array(0));
  for (const length of [0, 500, 256 * 512]) {
    await rejects(compareAndWrite(unit, exchange(length)), RangeError);
  }
  await rejects(
    compareAndWrite(unit, { ...exchange(), write: new Uint8Array(1024) }),
    /RangeError: Cannot compare and write: 512 bytes to compare, 1024 to write/,
  );
  strictEqual(unit.commands.length, 0);
});

Deno.test("compareBlocks() sends the caller's own buffer", async () => {
  const unit = new FakeUnit(() => new Uint8Array(0));
  const data = new Uint8Array(1024);
  await compareBlocks(unit, { lba: 3, blockBytes: 512, data });
  await compareBlocks(unit, { lba: 3, blockBytes: 512, data }, { cdbLength: 16, dpo: true });
  strictEqual(unit.commands[0].dataOut, data);
  deepStrictEqual(unit.commands.map(({ cdb }) => cdb), [
    hex("2f 02 00 00 00 03 00 00 02 00"),
    hex("8f 12 00 00 00 00 00 00 00 03 00 00 00 02 00 00"),
  ]);
});

Deno.test("compareBlocks() reports a difference, without an offset that VERIFY does not define", async () => {
  const unit = failing({ ...MISCOMPARE, information: 3 });
  await rejects(
    compareBlocks(unit, { lba: 3, blockBytes: 512, data: new Uint8Array(512) }),
    (error) =>
      error instanceof MiscompareError && error.offset === undefined &&
      error.sense.information === 3 && error.commandName === "VERIFY(10)",
  );
});

Deno.test("compareBlocks() reports a device that compares more than it was sent", async () => {
  const unit = new FakeUnit(() => new Uint8Array(3584));
  await rejects(
    compareBlocks(unit, { lba: 3, blockBytes: 512, data: new Uint8Array(512) }),
    UnexpectedResponseError,
  );
});
