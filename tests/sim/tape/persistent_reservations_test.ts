import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeFullReservationStatus } from "../../../scsi/reservation/full_reservation_status.ts";
import {
  decodeRegisteredKeys,
  decodeReservationCapabilities,
  decodeReservationReport,
} from "../../../scsi/reservation/reservation_reports.ts";
import type { Nexus } from "../../../sim/device_server.ts";
import { DriveBench, nexus, read, summary, tapeOf, u64, write } from "./drive_bench.ts";

const CONFLICT = "status 18";
const [REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, , IGNORE] = [0, 1, 2, 3, 4, 5, 6];
const [WRITE_EXCLUSIVE, EXCLUSIVE, WE_REGISTRANTS, EA_REGISTRANTS, WE_ALL, EA_ALL] = [
  ...[1, 3, 5, 6, 7, 8],
];

/** Two initiators that are registered, and one that is not. */
class Setup {
  readonly bench = new DriveBench({ medium: tapeOf([10, 10, 10]) });
  readonly a = this.bench.nexus;
  readonly b = nexus("second");
  readonly c = nexus("third");

  constructor() {
    this.bench.drive.nexusEstablished(this.b);
    this.bench.drive.nexusEstablished(this.c);
    strictEqual(this.out(this.a, REGISTER, { newKey: 0xa }), "GOOD");
    strictEqual(this.out(this.b, REGISTER, { newKey: 0xb }), "GOOD");
  }

  out(
    from: Nexus,
    action: number,
    options: { key?: number; newKey?: number; type?: number; flags?: number } = {},
  ): string {
    const { key = 0, newKey = 0, type = 0, flags = 0 } = options;
    const list = new Uint8Array([...u64(key), ...u64(newKey), 0, 0, 0, 0, flags, 0, 0, 0]);
    return summary(this.bench.run([0x5f, action, type, 0, 0, 0, 0, 0, 24], list, from));
  }

  report(action: number): Uint8Array {
    return this.bench.ok([0x5e, action, 0, 0, 0, 0, 0, 4, 0]);
  }

  try(from: Nexus, cdb: number[], dataOut?: Uint8Array): string {
    return summary(this.bench.run(cdb, dataOut, from));
  }

  keys(): bigint[] {
    return [...decodeRegisteredKeys(this.report(0)).keys];
  }
}

/** Type; what another registrant may read and write, and somebody who is not registered. */
const ACCESS: [number, boolean, boolean, boolean, boolean][] = [
  [WRITE_EXCLUSIVE, true, false, true, false],
  [EXCLUSIVE, false, false, false, false],
  [WE_REGISTRANTS, true, true, true, false],
  [EA_REGISTRANTS, true, true, false, false],
  [WE_ALL, true, true, true, false],
  [EA_ALL, true, true, false, false],
];

for (const [type, bReads, bWrites, cReads, cWrites] of ACCESS) {
  Deno.test(`A reservation of type ${type} lets in whom it should`, () => {
    const setup = new Setup();
    const { a, b, c } = setup;
    strictEqual(setup.out(a, RESERVE, { key: 0xa, type }), "GOOD");
    const answers: [Nexus, boolean, boolean][] = [
      [a, true, true],
      [b, bReads, bWrites],
      [c, cReads, cWrites],
    ];
    for (const [from, reads, writes] of answers) {
      setup.bench.locate(0);
      strictEqual(setup.try(from, read(10)), reads ? "GOOD" : CONFLICT);
      const wrote = setup.try(from, write(10), new Uint8Array(10));
      strictEqual(wrote, writes ? "GOOD" : CONFLICT);
      strictEqual(setup.try(from, [0x12, 0, 0, 0, 36]), "GOOD");
      strictEqual(setup.try(from, [0x00]), "GOOD");
      strictEqual(setup.try(from, [0x4d, 0, 0x40, 0, 0, 0, 0, 0, 64]), "GOOD");
    }
  });
}

Deno.test("Registering needs the present key, or none; REGISTER AND IGNORE does not", () => {
  const setup = new Setup();
  strictEqual(setup.out(setup.a, REGISTER, { newKey: 0xaa }), CONFLICT);
  strictEqual(setup.out(setup.a, REGISTER, { key: 0xa, newKey: 0xaa }), "GOOD");
  strictEqual(setup.out(setup.a, IGNORE, { newKey: 0xaaa }), "GOOD");
  strictEqual(setup.out(setup.c, RESERVE, { key: 1, type: EXCLUSIVE }), CONFLICT);
  deepStrictEqual(setup.keys(), [0xaaan, 0xbn]);
  strictEqual(decodeRegisteredKeys(setup.report(0)).generation, 4);
  strictEqual(setup.out(setup.a, REGISTER, { key: 0xaaa, newKey: 0 }), "GOOD");
  deepStrictEqual(setup.keys(), [0xbn]);
});

Deno.test("Only the holder releases, and registrants that were let in hear of it", () => {
  const setup = new Setup();
  const { a, b } = setup;
  setup.out(a, RESERVE, { key: 0xa, type: WE_REGISTRANTS });
  strictEqual(setup.out(b, RESERVE, { key: 0xb, type: WE_REGISTRANTS }), CONFLICT);
  strictEqual(setup.out(b, RELEASE, { key: 0xb, type: WE_REGISTRANTS }), "GOOD");
  strictEqual(decodeReservationReport(setup.report(1)).reservation?.key, 0xan);
  strictEqual(setup.out(a, RELEASE, { key: 0xa, type: EXCLUSIVE }), "5/2604");
  strictEqual(setup.out(a, RELEASE, { key: 0xa, type: WE_REGISTRANTS }), "GOOD");
  strictEqual(decodeReservationReport(setup.report(1)).reservation, undefined);
  strictEqual(setup.try(b, [0x00]), "6/2a04");
});

Deno.test("Preempting takes the registration and the reservation, and the victim hears of it", () => {
  const setup = new Setup();
  const { a, b } = setup;
  setup.out(a, RESERVE, { key: 0xa, type: EXCLUSIVE });
  strictEqual(setup.try(b, write(10), new Uint8Array(10)), CONFLICT);
  strictEqual(setup.out(b, PREEMPT, { key: 0xb, newKey: 0x77, type: EXCLUSIVE }), CONFLICT);
  strictEqual(setup.out(b, PREEMPT, { key: 0xb, newKey: 0xa, type: EXCLUSIVE }), "GOOD");
  strictEqual(setup.try(b, write(10), new Uint8Array(10)), "GOOD");
  strictEqual(setup.try(a, write(10), new Uint8Array(10)), CONFLICT);
  strictEqual(setup.try(a, [0x00]), "6/2a05");
  deepStrictEqual(setup.keys(), [0xbn]);
});

Deno.test("Clearing takes everything, and the others hear of it", () => {
  const setup = new Setup();
  setup.out(setup.a, RESERVE, { key: 0xa, type: EA_ALL });
  strictEqual(setup.out(setup.b, CLEAR, { key: 0xb }), "GOOD");
  strictEqual(setup.try(setup.a, [0x00]), "6/2a03");
  deepStrictEqual(setup.keys(), []);
  strictEqual(setup.try(setup.c, [0x00]), "GOOD");
});

Deno.test("All registrants hold a reservation for all, up to the last", () => {
  const setup = new Setup();
  setup.out(setup.a, RESERVE, { key: 0xa, type: EA_ALL });
  strictEqual(decodeReservationReport(setup.report(1)).reservation?.key, 0n);
  setup.out(setup.a, REGISTER, { key: 0xa });
  strictEqual(decodeReservationReport(setup.report(1)).reservation?.type, EA_ALL);
  setup.out(setup.b, REGISTER, { key: 0xb });
  strictEqual(decodeReservationReport(setup.report(1)).reservation, undefined);
});

Deno.test("READ FULL STATUS names the ports, and REPORT CAPABILITIES the types", () => {
  const setup = new Setup();
  setup.out(setup.b, RESERVE, { key: 0xb, type: EXCLUSIVE });
  const { registrations } = decodeFullReservationStatus(setup.report(3));
  deepStrictEqual(registrations.map(({ key, holds, initiator }) => [key, holds, initiator?.name]), [
    [0xan, undefined, setup.a.initiatorName],
    [0xbn, EXCLUSIVE, setup.b.initiatorName],
  ]);
  deepStrictEqual(decodeReservationCapabilities(setup.report(2)).types, [1, 3, 5, 6, 7, 8]);
});

Deno.test("A reservation outlasts the session and a reset, and with APTPL a loss of power", () => {
  for (const [flags, left] of [[0, 0], [1, 2]]) {
    const setup = new Setup();
    setup.out(setup.a, REGISTER, { key: 0xa, newKey: 0xa, flags });
    setup.out(setup.a, RESERVE, { key: 0xa, type: EXCLUSIVE });
    setup.bench.drive.nexusLost(setup.a);
    setup.bench.drive.reset();
    setup.try(setup.b, [0x12, 0, 0, 0, 36]);
    setup.try(setup.b, [0x00]);
    strictEqual(setup.try(setup.b, read(10)), CONFLICT);
    setup.bench.drive.powerCycle();
    const again = { ...setup.a };
    setup.bench.drive.nexusEstablished(again);
    setup.try(again, [0x00]);
    const keys = setup.bench.run([0x5e, 0, 0, 0, 0, 0, 0, 4, 0], undefined, again).data;
    strictEqual(decodeRegisteredKeys(keys).keys.length, left);
    strictEqual(setup.try(again, read(10)), "GOOD");
  }
});

Deno.test("RESERVE of SPC-2 and persistent reservations keep out of each other's way", () => {
  const setup = new Setup();
  strictEqual(setup.try(setup.c, [0x16]), CONFLICT);
  const fresh = new DriveBench();
  const other = nexus("second");
  fresh.drive.nexusEstablished(other);
  fresh.ok([0x16]);
  const list = new Uint8Array(24).fill(1, 15, 16);
  strictEqual(summary(fresh.run([0x5f, 0, 0, 0, 0, 0, 0, 0, 24], list, other)), CONFLICT);
});

Deno.test("PERSISTENT RESERVE OUT refuses what it does not take", () => {
  const setup = new Setup();
  const { a } = setup;
  strictEqual(setup.out(a, RESERVE, { key: 0xa, type: 2 }), "5/2400");
  strictEqual(setup.out(a, REGISTER, { key: 0xa, newKey: 1, flags: 0x08 }), "5/2600");
  strictEqual(setup.try(a, [0x5f, 0, 0, 0, 0, 0, 0, 0, 20], new Uint8Array(20)), "5/1a00");
  strictEqual(setup.try(a, [0x5f, 7]), "5/2400");
  const none = new DriveBench({ quirks: { noReservations: true } });
  for (const opcode of [0x16, 0x17, 0x56, 0x57, 0x5e, 0x5f]) {
    strictEqual(summary(none.run([opcode])), "5/2000");
  }
});

Deno.test("A unit has room for so many registrations; those that there are can be changed and taken back", () => {
  const setup = new Setup();
  const most = 128;
  const ports = Array.from({ length: most - 1 }, (_, i) => nexus(`host-${i}`));
  for (const port of ports) setup.bench.drive.nexusEstablished(port);
  const answers = ports.map((port) => setup.out(port, REGISTER, { newKey: 0xc }));
  deepStrictEqual(new Set(answers.slice(0, -1)), new Set(["GOOD"]));
  strictEqual(answers.at(-1), "5/5504");
  strictEqual(setup.out(ports.at(-1)!, IGNORE, { newKey: 0xc, flags: 1 }), "5/5504");
  const { keys } = decodeRegisteredKeys(setup.bench.ok([0x5e, 0, 0, 0, 0, 0, 0, 16, 0]));
  strictEqual(keys.length, most);
  strictEqual(setup.out(setup.a, REGISTER, { key: 0xa, newKey: 0xd }), "GOOD");
  strictEqual(setup.out(setup.b, REGISTER, { key: 0xb }), "GOOD");
  strictEqual(setup.out(ports.at(-1)!, REGISTER, { newKey: 0xc }), "GOOD");
});
