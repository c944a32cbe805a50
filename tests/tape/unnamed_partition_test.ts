/** Commands that say themselves where they go, when the caller names no partition. */

import assert from "node:assert/strict";
import { ResetError } from "../../tape/errors.ts";
import { encodeSense } from "../../scsi/sense.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { numbered, openSim } from "./drive_setup.ts";
import type { SimUnit } from "./sim_unit.ts";
import { resetUnheard } from "./unheard_reset.ts";

/** Three records in each of so many partitions; the caller stands behind those of the last one. */
async function openDivided(partitions: number, positionUnknown = false) {
  const setup = await openSim({ quirks: { positionUnknown } });
  const { unit, drive } = setup;
  if (partitions > 1) unit.drive.medium!.format(partitions);
  for (let partition = 0; partition < partitions; partition++) {
    await drive.setPartition(partition);
    for (let at = 0; at < 3; at++) await drive.write(numbered(10 * partition + at));
  }
  await drive.flush();
  return setup;
}

function contentsOf({ drive }: SimUnit): string {
  return drive.medium!.partitions.map((partition) =>
    Array.from({ length: partition.objectCount }, (_, at) => partition.read(at, 1)[0]).join(" ")
  ).join(" | ");
}

const USES: Readonly<Record<string, (drive: TapeDrive) => Promise<unknown>>> = {
  "writeAt()": (drive) => drive.writeAt(1, numbered(99)),
  "readAt()": (drive) => drive.readAt(1),
  "verify()": (drive) => drive.verify({ filemarks: 1 }, { from: { object: 0 } }),
};

for (const [name, use] of Object.entries(USES)) {
  for (const positionUnknown of [false, true]) {
    const whose = positionUnknown ? "that tells no position" : "that tells its position";
    Deno.test(`Behind a reset ${name} goes to no partition that is not named, on a drive ${whose}`, async () => {
      const { unit, drive } = await openDivided(2, positionUnknown);
      unit.drive.reset();
      await assert.rejects(drive.rewind(), ResetError);
      for (let times = 0; times < 2; times++) {
        await assert.rejects(use(drive), { kind: "position-lost", message: /no named partition/ });
      }
      assert.equal(contentsOf(unit), "0 1 2 | 10 11 12");
      await drive.setPartition(1);
      await use(drive);
      assert.equal((await drive.position()).partition, 1);
      await drive.close();
    });
  }

  Deno.test(`${name} goes on where the tape has one partition, or the caller was in the first`, async () => {
    for (const partitions of [1, 2]) {
      const { unit, drive } = await openDivided(partitions, partitions === 1);
      await drive.setPartition(0);
      unit.drive.reset();
      await assert.rejects(drive.rewind(), ResetError);
      await use(drive);
      assert.equal((await drive.position()).partition, 0);
      await drive.close();
    }
  });
}

Deno.test("A named partition is gone to behind a reset too", async () => {
  const { unit, drive } = await openDivided(2);
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  await drive.writeAt(2, numbered(99), { partition: 1 });
  assert.equal(contentsOf(unit), "0 1 2 | 10 11 99");
  assert.deepEqual(await drive.readAt(1), { kind: "record", data: numbered(11) });
  await drive.close();
});

Deno.test("rewind() chooses the partition that the drive stands in", async () => {
  const { unit, drive } = await openDivided(2);
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  await drive.rewind();
  assert.deepEqual(await drive.readAt(1), { kind: "record", data: numbered(1) });
  await drive.close();
});

Deno.test("Behind an answer that did not come, and may have told of a reset, no other partition is written to", async () => {
  const { unit, drive } = await openDivided(2);
  resetUnheard(unit);
  await assert.rejects(drive.compression(), { kind: "transport-lost" });
  for (let times = 0; times < 3; times++) {
    await assert.rejects(drive.writeAt(1, numbered(99)), { kind: "position-lost" });
  }
  assert.equal(contentsOf(unit), "0 1 2 | 10 11 12");
  await drive.close();
});

for (const isRefused of [false, true]) {
  Deno.test(`Power that was lost with the connection leads to no other partition: way back refused ${isRefused}`, async () => {
    const unit = new CutUnit("exact");
    const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
    unit.sim.drive.medium!.format(2);
    for (let partition = 0; partition < 2; partition++) {
      await drive.setPartition(partition);
      for (let at = 0; at < 3; at++) await drive.write(numbered(10 * partition + at));
    }
    await drive.flush();
    await drive.locate(1);
    unit.nexusLost = true;
    unit.meanwhile = () => unit.sim.drive.powerCycle();
    const sense = encodeSense({ key: 4, asc: 0x15, ascq: 1 });
    const failed = { status: 2, sense, dataInLength: 0, residual: 0 };
    unit.sim.intercept = ({ cdb }) =>
      isRefused && LOCATES.includes(cdb[0]) ? Promise.resolve(failed) : undefined;
    await assert.rejects(drive.read(), { kind: "position-lost" });
    unit.sim.intercept = undefined;
    const writing = drive.writeAt(1, numbered(99)).then(() => true, () => false);
    assert.equal(await writing, !isRefused);
    assert.equal(contentsOf(unit.sim), isRefused ? "0 1 2 | 10 11 12" : "0 1 2 | 10 99");
    await drive.close().catch(() => {});
  });
}

const LOCATES: readonly number[] = [0x2b, 0x92];
