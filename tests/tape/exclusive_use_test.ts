import assert from "node:assert/strict";
import { ServiceDeliveryError } from "../../scsi/errors.ts";
import type { RecoverableLogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { TaskResult } from "../../sim/device_server.ts";
import { ReservationConflictError, ReservationPreemptedError } from "../../tape/errors.ts";
import { UnsupportedError } from "../../tape/feature_errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { hex } from "../scsi/fake_unit.ts";
import { callOffNext } from "./call_off.ts";
import { numbered } from "./drive_setup.ts";
import { good, script, UNKNOWN_COMMAND } from "./scripted.ts";
import { SimUnit } from "./sim_unit.ts";

const sleep = () => Promise.resolve();
const OTHER = { initiatorName: "iqn.test:other", isid: "000000000001" };
const TUR = hex("00 00 00 00 00 00");

/** The status that another host's TEST UNIT READY gets, its unit attentions drained. */
function statusForOther(unit: SimUnit, cdb = TUR): number {
  let status = 2;
  for (let tries = 0; tries < 5 && status === 2; tries++) {
    const task = { cdb, dataOut: new Uint8Array(0), nexus: OTHER };
    status = (unit.drive.execute(task) as TaskResult).status;
  }
  return status;
}

for (const exclusive of ["persistent", "reserve"] as const) {
  Deno.test(`A drive that is opened for one host is kept from others until it is closed: ${exclusive}`, async () => {
    const unit = new SimUnit();
    unit.drive.nexusEstablished(OTHER);
    const drive = await TapeDrive.open(unit, { sleep, exclusive });
    const rewind = hex("01 00 00 00 00 00");
    assert.equal(statusForOther(unit, rewind), 0x18);
    await drive.rewind();
    await drive.write(numbered(1));
    let after: number | undefined;
    const close = unit.close.bind(unit);
    unit.close = () => {
      after = statusForOther(unit, rewind);
      return close();
    };
    await drive.close();
    assert.equal(after, 0);
  });

  Deno.test(`Opening fails by name when another host has the drive, and leaves nothing behind: ${exclusive}`, async () => {
    const unit = new SimUnit();
    const opcode = exclusive === "persistent" ? 0x5f : 0x16;
    const conflict = { status: 0x18, sense: new Uint8Array(0), dataInLength: 0, residual: 0 };
    const seen = script(unit, {
      [opcode]: exclusive === "persistent" ? [good(), () => conflict, good()] : [() => conflict],
    });
    await assert.rejects(TapeDrive.open(unit, { sleep, exclusive }), ReservationConflictError);
    if (exclusive === "persistent") {
      assert.deepEqual(seen.map(({ cdb }) => cdb[1]), [6, 1, 6], "registered, refused, taken back");
      assert.deepEqual(seen[2].dataOut!.subarray(8, 16), new Uint8Array(8));
    }
    await unit.close();
  });

  Deno.test(`After a reset the drive is taken again: ${exclusive}`, async () => {
    const unit = new SimUnit();
    unit.drive.nexusEstablished(OTHER);
    const drive = await TapeDrive.open(unit, { sleep, exclusive });
    await drive.rewind();
    unit.drive.reset();
    await assert.rejects(drive.write(numbered(1)));
    await drive.rewind();
    assert.equal(statusForOther(unit, hex("01 00 00 00 00 00")), 0x18);
    await drive.close();
  });
}

/** A unit whose connection can be cut, and which notes what was sent. */
class CutUnit implements RecoverableLogicalUnit {
  readonly name = "cut";
  readonly sim = new SimUnit();
  readonly sent: number[] = [];
  nexusLost = false;

  execute(command: ScsiCommand): Promise<ScsiResult> {
    this.sent.push(command.cdb[0]);
    if (!this.nexusLost) return this.sim.execute(command);
    return Promise.reject(new ServiceDeliveryError("cut", { outcome: "not-executed" }));
  }

  reestablish(): Promise<void> {
    this.nexusLost = false;
    this.sent.length = 0;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.sim.close();
  }
}

Deno.test("In a new session reservation and protection are set anew before the next record", async () => {
  const unit = new CutUnit();
  const drive = await TapeDrive.open(unit, { sleep, exclusive: "reserve" });
  await drive.rewind();
  await drive.protection.enable();
  for (let i = 0; i < 3; i++) await drive.write(numbered(i));
  await drive.rewind();
  await drive.read();
  unit.nexusLost = true;
  unit.sim.drive.powerCycle();
  const result = await drive.read();
  assert.equal(result.kind === "record" && result.data[0], 1);
  const [reserve, select, read] = [0x16, 0x15, 0x08].map((opcode) => unit.sent.indexOf(opcode));
  assert.ok(reserve >= 0 && select >= 0, "both were sent again");
  assert.ok(reserve < read && select < read, "before any block");
  await drive.close();
});

Deno.test("The persistent reservation is exclusive access, under the key that was asked for", async () => {
  const unit = new SimUnit();
  const seen = script(unit, { 0x5f: [good()] });
  const drive = await TapeDrive.open(unit, {
    sleep,
    exclusive: "persistent",
    reservationKey: 0x0102030405060708n,
  });
  assert.deepEqual(seen.map(({ cdb }) => [cdb[1], cdb[2]]), [[6, 0], [1, 3]]);
  assert.deepEqual(seen[0].dataOut!.subarray(0, 16), hex("0000000000000000 0102030405060708"));
  assert.deepEqual(seen[1].dataOut!.subarray(0, 8), hex("0102030405060708"));
  await drive.close();
  assert.deepEqual(seen.slice(2).map(({ cdb }) => [cdb[1], cdb[2]]), [[2, 3], [6, 0]]);
});

Deno.test("A drive without reservations says so", async () => {
  const unit = new SimUnit();
  script(unit, { 0x5f: [UNKNOWN_COMMAND] });
  await assert.rejects(TapeDrive.open(unit, { sleep, exclusive: "persistent" }), UnsupportedError);
  await unit.close();
});

/** Takes the reservation away under a key of its own, and gives everything back. */
function preempt(unit: SimUnit): void {
  const send = (action: number, key: string, actionKey: string) =>
    unit.drive.execute({
      cdb: Uint8Array.of(0x5f, action, 0x03, 0, 0, 0, 0, 0, 24, 0),
      dataOut: hex(`${key} ${actionKey} 0000000000000000`),
      nexus: OTHER,
    });
  statusForOther(unit);
  const [none, own, ours] = ["0000000000000000", "00000000000000ff", "7569736373690001"];
  for (
    const [action, key, actionKey] of [
      [0x06, none, own],
      [0x04, own, ours],
      [0x02, own, none],
      [0x06, none, none],
    ] as const
  ) {
    assert.equal((send(action, key, actionKey) as TaskResult).status, 0);
  }
}

for (const isTold of [true, false]) {
  Deno.test(`Nothing goes on when the reservation was taken away during an outage, which the drive ${isTold ? "tells" : "does not tell"}`, async () => {
    const unit = new CutUnit();
    unit.sim.drive.nexusEstablished(OTHER);
    const drive = await TapeDrive.open(unit, { sleep, exclusive: "persistent" });
    await drive.rewind();
    for (let i = 0; i < 3; i++) await drive.write(numbered(i));
    await drive.flush();
    unit.nexusLost = true;
    preempt(unit.sim);
    if (!isTold) await unit.sim.execute({ cdb: TUR });
    await assert.rejects(drive.write(numbered(3)), ReservationPreemptedError);
    await assert.rejects(drive.write(numbered(3)), { kind: "position-lost" });
    // Whoever goes on has the drive for itself again.
    assert.equal(statusForOther(unit.sim, hex("01 00 00 00 00 00")), 0x18, "reserved again");
    await drive.space("end-of-data");
    await drive.write(numbered(3));
    assert.equal(unit.sim.drive.objects().length, 4);
    await drive.close();
  });
}

Deno.test("After the reservation was taken away nothing is written before the caller has positioned", async () => {
  const unit = new SimUnit();
  unit.drive.nexusEstablished(OTHER);
  const drive = await TapeDrive.open(unit, { sleep, exclusive: "persistent" });
  await drive.rewind();
  for (let i = 0; i < 3; i++) await drive.write(numbered(i));
  preempt(unit);
  unit.drive.execute({ cdb: hex("01 00 00 00 00 00"), dataOut: new Uint8Array(0), nexus: OTHER });
  await assert.rejects(drive.write(numbered(3)), ReservationPreemptedError);
  await assert.rejects(drive.write(numbered(3)), { kind: "position-lost" });
  assert.equal(unit.drive.objects().length, 3);
  assert.equal(statusForOther(unit, hex("01 00 00 00 00 00")), 0x18);
  await drive.space("end-of-data");
  await drive.write(numbered(3));
  assert.equal(unit.drive.objects().length, 4);
  await drive.close();
});

Deno.test("The drive is reserved anew also where an outage ends in an error", async () => {
  const unit = new CutUnit();
  unit.sim.drive.nexusEstablished(OTHER);
  const drive = await TapeDrive.open(unit, { sleep, exclusive: "persistent" });
  await drive.rewind();
  for (let i = 0; i < 3; i++) await drive.write(numbered(i));
  unit.nexusLost = true;
  preempt(unit.sim);
  statusForOther(unit.sim, hex("01 00 00 00 00 00"));
  await unit.sim.execute({ cdb: TUR });
  await assert.rejects(drive.write(numbered(3)), { kind: "position-lost" });
  await assert.rejects(drive.rewind(), ReservationPreemptedError);
  await drive.rewind();
  assert.equal(statusForOther(unit.sim, hex("01 00 00 00 00 00")), 0x18);
  await drive.close();
});

Deno.test("A reservation whose loss a called-off command was told of is told also where the position is lost already", async () => {
  const unit = new SimUnit();
  unit.drive.nexusEstablished(OTHER);
  const drive = await TapeDrive.open(unit, { sleep, exclusive: "persistent" });
  await drive.rewind();
  await drive.write(numbered(0));
  await drive.flush();
  preempt(unit);
  unit.drive.execute({ cdb: hex("01 00 00 00 00 00"), dataOut: new Uint8Array(0), nexus: OTHER });
  const signal = callOffNext(unit);
  await assert.rejects(drive.write(numbered(1), { signal }), (error) => error === signal.reason);
  await assert.rejects(drive.write(numbered(1)), { kind: "position-lost" });
  await assert.rejects(drive.rewind(), ReservationPreemptedError);
  await drive.rewind();
  assert.equal(statusForOther(unit, hex("01 00 00 00 00 00")), 0x18, "reserved again");
  await drive.close();
});

Deno.test("A reservation that is lost again, and told to a called-off command, is told before the caller has positioned", async () => {
  const unit = new SimUnit();
  unit.drive.nexusEstablished(OTHER);
  const drive = await TapeDrive.open(unit, { sleep, exclusive: "persistent" });
  await drive.rewind();
  preempt(unit);
  await assert.rejects(drive.read(), ReservationPreemptedError);
  assert.deepEqual(await drive.read(), { kind: "end-of-data" });
  assert.equal(statusForOther(unit, hex("01 00 00 00 00 00")), 0x18, "reserved again");
  preempt(unit);
  const signal = callOffNext(unit);
  await assert.rejects(
    drive.space("end-of-data", 1, { signal }),
    (error) => error === signal.reason,
  );
  await assert.rejects(drive.read(), ReservationPreemptedError);
  await drive.rewind();
  await drive.close();
});
