import { deepStrictEqual, rejects, throws } from "node:assert/strict";
import { CheckConditionError, ScsiStatusError } from "../../../scsi/errors.ts";
import {
  encodeReservationRequest,
  persistentReserveOut,
  persistentReserveOutCdb,
  type ReservationRequest,
} from "../../../scsi/reservation/persistent_reserve_out.ts";
import { ReservationType } from "../../../scsi/reservation/reservation_type.ts";
import {
  release6Cdb,
  releaseUnit,
  reserve6Cdb,
  reserveUnit,
} from "../../../scsi/reservation/reserve_unit.ts";
import { encodeSense } from "../../../scsi/sense.ts";
import { Status } from "../../../scsi/status.ts";
import { FakeUnit, hex } from "../fake_unit.ts";

const KEY = 0x0102030405060708n;
const OTHER = 0xf1f2f3f4f5f6f7f8n;
const NO_KEY = "0000000000000000";
const KEY_HEX = "0102030405060708";
const OTHER_HEX = "f1f2f3f4f5f6f7f8";

/** Request, service action, type, the two keys, flags. */
const REQUESTS: [ReservationRequest, string, string, string, string, string][] = [
  [{ action: "register", newKey: OTHER }, "00", "00", NO_KEY, OTHER_HEX, "00"],
  [{ action: "register", key: KEY, newKey: 0n }, "00", "00", KEY_HEX, NO_KEY, "00"],
  [
    { action: "register", key: KEY, newKey: OTHER, persistThroughPowerLoss: true },
    "00",
    "00",
    KEY_HEX,
    OTHER_HEX,
    "01",
  ],
  [
    { action: "register-and-ignore-existing-key", newKey: OTHER, allTargetPorts: true },
    "06",
    "00",
    NO_KEY,
    OTHER_HEX,
    "04",
  ],
  [
    { action: "reserve", key: KEY, type: ReservationType.ExclusiveAccess },
    "01",
    "03",
    KEY_HEX,
    NO_KEY,
    "00",
  ],
  [
    { action: "release", key: KEY, type: ReservationType.ExclusiveAccessAllRegistrants },
    "02",
    "08",
    KEY_HEX,
    NO_KEY,
    "00",
  ],
  [{ action: "clear", key: KEY }, "03", "00", KEY_HEX, NO_KEY, "00"],
  [
    { action: "preempt", key: KEY, victim: OTHER, type: ReservationType.WriteExclusive },
    "04",
    "01",
    KEY_HEX,
    OTHER_HEX,
    "00",
  ],
  [
    {
      action: "preempt-and-abort",
      key: KEY,
      victim: OTHER,
      type: ReservationType.WriteExclusiveRegistrantsOnly,
    },
    "05",
    "05",
    KEY_HEX,
    OTHER_HEX,
    "00",
  ],
];

for (const [request, action, type, first, second, flags] of REQUESTS) {
  Deno.test(`PERSISTENT RESERVE OUT lays out ${request.action} with keys ${first}, ${second}`, async () => {
    const cdb = hex(`5f ${action} ${type} 00 00 00 00 00 18 00`);
    const list = hex(`${first} ${second} 00000000 ${flags} 000000`);
    deepStrictEqual(persistentReserveOutCdb(request), cdb);
    deepStrictEqual(encodeReservationRequest(request), list);
    const unit = new FakeUnit(() => new Uint8Array(0));
    await persistentReserveOut(unit, request, { timeoutMs: 5 });
    const [command] = unit.commands;
    deepStrictEqual([command.cdb, command.dataOut, command.timeoutMs], [cdb, list, 5]);
  });
}

Deno.test("persistentReserveOut() refuses keys that are not 64 bits", async () => {
  throws(() => encodeReservationRequest({ action: "clear", key: -1n }), RangeError);
  throws(
    () => encodeReservationRequest({ action: "register", newKey: 1n << 64n }),
    /a reservation key: 18446744073709551616 is not in 0 to 2\^64 - 1/,
  );
  const unit = new FakeUnit(() => new Uint8Array(0));
  await rejects(persistentReserveOut(unit, { action: "clear", key: 1n << 64n }), RangeError);
  deepStrictEqual(unit.commands, []);
});

Deno.test("persistentReserveOut() throws RESERVATION CONFLICT and refusals as what they are", async () => {
  const conflict = new FakeUnit(() => ({ status: Status.ReservationConflict }));
  await rejects(
    persistentReserveOut(conflict, { action: "clear", key: KEY }),
    (error) =>
      error instanceof ScsiStatusError && error.status === Status.ReservationConflict &&
      error.message === "PERSISTENT RESERVE OUT on fake: RESERVATION CONFLICT",
  );
  const sense = encodeSense({ key: 5, asc: 0x26, ascq: 4 });
  const refusing = new FakeUnit(() => ({ status: Status.CheckCondition, sense }));
  await rejects(
    persistentReserveOut(refusing, { action: "release", key: KEY, type: 1 }),
    (error) => error instanceof CheckConditionError && error.sense.ascq === 4,
  );
});

Deno.test("reserveUnit() and releaseUnit() send the six-byte commands once", async () => {
  deepStrictEqual(reserve6Cdb(), hex("16 00 00 00 00 00"));
  deepStrictEqual(release6Cdb(), hex("17 00 00 00 00 00"));
  const unit = new FakeUnit(() => new Uint8Array(0));
  await reserveUnit(unit);
  await releaseUnit(unit);
  deepStrictEqual(unit.commands.map(({ cdb }) => cdb), [reserve6Cdb(), release6Cdb()]);
  const taken = new FakeUnit(() => ({ status: Status.ReservationConflict }));
  await rejects(reserveUnit(taken), /RESERVE\(6\) on fake: RESERVATION CONFLICT/);
  await rejects(releaseUnit(taken), /RELEASE\(6\) on fake: RESERVATION CONFLICT/);
});
