import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeFullReservationStatus } from "../../../scsi/reservation/full_reservation_status.ts";
import {
  decodeRegisteredKeys,
  decodeReservationCapabilities,
  decodeReservationReport,
} from "../../../scsi/reservation/reservation_reports.ts";
import {
  encodeReservationRequest,
  persistentReserveOutCdb,
  type ReservationRequest,
} from "../../../scsi/reservation/persistent_reserve_out.ts";
import { ReservationType } from "../../../scsi/reservation/reservation_type.ts";
import type { Nexus } from "../../../sim/device_server.ts";
import { RamDisk } from "../../../sim/disk/ram_disk.ts";
import { UnitBench } from "./unit_bench.ts";

const CONFLICT = "status 18";
const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const BLOCK = new Uint8Array(512);
const {
  WriteExclusive,
  ExclusiveAccess,
  WriteExclusiveRegistrantsOnly,
  ExclusiveAccessRegistrantsOnly,
  WriteExclusiveAllRegistrants,
  ExclusiveAccessAllRegistrants,
} = ReservationType;

/** A disk with two initiators that register with key 1 and 2. */
class Pair extends UnitBench {
  ask(request: ReservationRequest, from: Nexus = this.first): string {
    const cdb = [...persistentReserveOutCdb(request)];
    return this.say(cdb, encodeReservationRequest(request), from);
  }

  /** PERSISTENT RESERVE IN. */
  report(serviceAction: number): Uint8Array {
    return this.data([0x5e, serviceAction, 0, 0, 0, 0, 0, 0x10, 0, 0], undefined, this.second);
  }
}

function registered(): Pair {
  const pair = new Pair(new RamDisk());
  strictEqual(pair.ask({ action: "register", newKey: 1n }), "GOOD");
  strictEqual(pair.ask({ action: "register", newKey: 2n }, pair.second), "GOOD");
  return pair;
}

/** Whether the other initiator may read and write: while registered, and while not. */
const LETS_THROUGH: readonly (readonly [ReservationType, string, string, string, string])[] = [
  [WriteExclusive, "GOOD", CONFLICT, "GOOD", CONFLICT],
  [ExclusiveAccess, CONFLICT, CONFLICT, CONFLICT, CONFLICT],
  [WriteExclusiveRegistrantsOnly, "GOOD", "GOOD", "GOOD", CONFLICT],
  [ExclusiveAccessRegistrantsOnly, "GOOD", "GOOD", CONFLICT, CONFLICT],
  [WriteExclusiveAllRegistrants, "GOOD", "GOOD", "GOOD", CONFLICT],
  [ExclusiveAccessAllRegistrants, "GOOD", "GOOD", CONFLICT, CONFLICT],
];

for (const [type, ...expected] of LETS_THROUGH) {
  Deno.test(`A reservation of type ${type} lets through what SPC-5 table 66 says`, () => {
    const pair = registered();
    strictEqual(pair.ask({ action: "reserve", key: 1n, type }), "GOOD");
    const tryBoth = () => [READ, WRITE].map((cdb) => pair.say(cdb, BLOCK, pair.second));
    const whileRegistered = tryBoth();
    pair.ask({ action: "register", key: 2n, newKey: 0n }, pair.second);
    deepStrictEqual([...whileRegistered, ...tryBoth()], expected);
    strictEqual(pair.say([0x00], undefined, pair.second), "GOOD");
    strictEqual(pair.say(WRITE, BLOCK), "GOOD");
  });
}

Deno.test("The reports tell keys, reservation, capabilities and who is who", () => {
  const pair = registered();
  pair.ask({ action: "reserve", key: 1n, type: ExclusiveAccess });
  deepStrictEqual(decodeRegisteredKeys(pair.report(0)), { generation: 2, keys: [1n, 2n] });
  deepStrictEqual(decodeReservationReport(pair.report(1)).reservation, {
    key: 1n,
    type: ExclusiveAccess,
    scope: 0,
  });
  deepStrictEqual(decodeReservationCapabilities(pair.report(2)).types, [1, 3, 5, 6, 7, 8]);
  const { registrations } = decodeFullReservationStatus(pair.report(3));
  deepStrictEqual(registrations.map(({ holds }) => holds), [ExclusiveAccess, undefined]);
  deepStrictEqual(registrations[1].initiator, {
    protocol: 5,
    name: pair.second.initiatorName,
    isid: pair.second.isid,
  });
  strictEqual(pair.say([0x5e, 4, 0, 0, 0, 0, 0, 0, 8, 0]), "5/2400");
});

Deno.test("A wrong key, an unregistered initiator, and a second reservation are conflicts", () => {
  const pair = registered();
  strictEqual(pair.ask({ action: "register", key: 9n, newKey: 3n }), CONFLICT);
  strictEqual(pair.ask({ action: "reserve", key: 2n, type: WriteExclusive }), CONFLICT);
  strictEqual(pair.ask({ action: "reserve", key: 1n, type: WriteExclusive }), "GOOD");
  strictEqual(pair.ask({ action: "reserve", key: 1n, type: WriteExclusive }), "GOOD");
  strictEqual(pair.ask({ action: "reserve", key: 1n, type: ExclusiveAccess }), CONFLICT);
  const other = { action: "reserve", key: 2n, type: WriteExclusive } as const;
  strictEqual(pair.ask(other, pair.second), CONFLICT);
  strictEqual(pair.ask({ action: "release", key: 1n, type: ExclusiveAccess }), "5/2604");
  strictEqual(pair.ask({ action: "release", key: 1n, type: WriteExclusive }), "GOOD");
  strictEqual(pair.ask(other, pair.second), "GOOD");
});

Deno.test("Releasing, clearing and preempting tell the others by unit attention", () => {
  const type = ExclusiveAccessRegistrantsOnly;
  const pair = registered();
  const heard = () => pair.say([0x00], undefined, pair.second);
  pair.ask({ action: "reserve", key: 1n, type });
  pair.ask({ action: "release", key: 1n, type });
  strictEqual(heard(), "6/2a04");
  pair.ask({ action: "clear", key: 1n });
  strictEqual(heard(), "6/2a03");
  strictEqual(decodeRegisteredKeys(pair.report(0)).keys.length, 0);
  const again = registered();
  again.ask({ action: "reserve", key: 2n, type }, again.second);
  strictEqual(again.ask({ action: "preempt", key: 1n, victim: 2n, type: WriteExclusive }), "GOOD");
  strictEqual(again.say([0x00], undefined, again.second), "6/2a05");
  deepStrictEqual(decodeReservationReport(again.report(1)).reservation?.key, 1n);
  strictEqual(again.ask({ action: "preempt", key: 1n, victim: 9n, type }), CONFLICT);
  strictEqual(again.ask({ action: "preempt", key: 1n, victim: 0n, type }), "5/2600");
});

Deno.test("A registration outlasts its nexus and a reset; RESERVE (6) does not", () => {
  const unit = new RamDisk();
  const pair = new Pair(unit);
  strictEqual(pair.say([0x16]), "GOOD");
  strictEqual(pair.say(READ, undefined, pair.second), CONFLICT);
  strictEqual(pair.say([0x00], undefined, pair.second), CONFLICT);
  unit.nexusLost(pair.first);
  strictEqual(pair.say(READ, undefined, pair.second), "GOOD");
  unit.nexusEstablished(pair.first);
  pair.say([0x00]);
  pair.ask({ action: "register", newKey: 1n });
  pair.ask({ action: "reserve", key: 1n, type: ExclusiveAccess });
  strictEqual(pair.say([0x16]), CONFLICT);
  unit.nexusLost(pair.first);
  unit.reset();
  strictEqual(pair.say([0x00], undefined, pair.second), "6/2903");
  strictEqual(pair.say(READ, undefined, pair.second), CONFLICT);
});

Deno.test("Parameter lists that are too short or ask for what is not there are refused", () => {
  const pair = registered();
  const list = encodeReservationRequest({ action: "register", key: 1n, newKey: 1n });
  strictEqual(pair.say([0x5f, 0, 0, 0, 0, 0, 0, 0, 20, 0], list), "5/1a00");
  list[20] = 0x08;
  strictEqual(pair.say([0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0], list), "5/2600");
  list[20] = 0x01;
  strictEqual(pair.say([0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0], list), "5/2600");
  list[20] = 0;
  strictEqual(pair.say([0x5f, 1, 0x02, 0, 0, 0, 0, 0, 24, 0], list), "5/2400");
});
