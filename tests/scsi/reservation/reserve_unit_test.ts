import { deepStrictEqual, rejects } from "node:assert/strict";
import { CheckConditionError, ScsiStatusError } from "../../../scsi/errors.ts";
import { releaseUnit, reserveUnit } from "../../../scsi/reservation/reserve_unit.ts";
import { FakeUnit, hex } from "../fake_unit.ts";

const UNKNOWN = { status: 2, sense: hex("70 00 05 00000000 0a 00000000 20 00 00 000000") };

Deno.test("A device that has only the ten-byte forms is reserved and released with those", async () => {
  const unit = new FakeUnit((cdb) => cdb.length === 6 ? UNKNOWN : hex(""));
  await reserveUnit(unit);
  await releaseUnit(unit);
  deepStrictEqual(unit.commands.map(({ cdb }) => cdb), [
    hex("16 00 00 00 00 00"),
    hex("56 00 00 00 00 00 00 00 00 00"),
    hex("17 00 00 00 00 00"),
    hex("57 00 00 00 00 00 00 00 00 00"),
  ]);
});

Deno.test("A reservation of another, and a device that knows neither form, end it at once", async () => {
  const conflict = new FakeUnit(() => ({ status: 0x18 }));
  await rejects(reserveUnit(conflict), ScsiStatusError);
  deepStrictEqual(conflict.commands.length, 1);
  await rejects(reserveUnit(new FakeUnit(() => UNKNOWN)), CheckConditionError);
});
