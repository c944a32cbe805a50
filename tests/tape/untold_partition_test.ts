import assert from "node:assert/strict";
import { ResetError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { numbered } from "./drive_setup.ts";

function open(unit: CutUnit): Promise<TapeDrive> {
  return TapeDrive.open(unit, { sleep: () => Promise.resolve() });
}

/** A drive that does not tell where it stands, with four records in each partition, and the caller at the beginning of the last one. */
async function openUntold(partitions: number) {
  const unit = new CutUnit("exact", { quirks: { positionUnknown: true } });
  unit.sim.drive.medium!.format(partitions);
  const drive = await open(unit);
  await drive.rewind();
  for (let partition = 0; partition < partitions; partition++) {
    if (partition > 0) await drive.setPartition(partition);
    for (let i = 0; i < 4; i++) await drive.write(numbered(10 * partition + i));
    await drive.flush();
  }
  await drive.rewind();
  return { unit, drive };
}

async function firstByte(drive: TapeDrive): Promise<number | undefined> {
  const result = await drive.read();
  return result.kind === "record" ? result.data[0] : undefined;
}

Deno.test("Behind a reset the position is not known on a drive that does not tell which partition it has rewound", async () => {
  const { unit, drive } = await openUntold(2);
  assert.deepEqual((await drive.position()).partition, 1);
  unit.sim.drive.reset();
  await assert.rejects(drive.read(), ResetError);
  await drive.rewind();
  const { known, object, file } = await drive.position();
  assert.deepEqual({ known, object, file }, { known: false, object: undefined, file: undefined });
  unit.sim.drive.inject({ opcode: 0x08, sense: { key: 5, asc: 0x24, ascq: 0 } });
  await assert.rejects(drive.read(), { kind: "illegal-request", position: undefined });
  await drive.setPartition(1);
  const there = await drive.position();
  assert.deepEqual([there.known, there.object, there.partition], [true, 0, 1]);
  await drive.close();
});

Deno.test("Behind a reset the position is known on such a drive where the tape has no other partition", async () => {
  const { unit, drive } = await openUntold(1);
  unit.sim.drive.reset();
  await assert.rejects(drive.read(), ResetError);
  await drive.rewind();
  const { known, object, partition } = await drive.position();
  assert.deepEqual([known, object, partition], [true, 0, 0]);
  await drive.close();
});

Deno.test("Where such a drive was left the next one to open it does not know the partition", async () => {
  const { unit, drive } = await openUntold(2);
  const next = await open(unit);
  await next.rewind();
  assert.equal((await next.position()).known, false);
  await drive.close();
});

Deno.test("Behind an outage in which such a drive was reset reads resume in the caller's partition", async () => {
  const { unit, drive } = await openUntold(2);
  assert.equal(await firstByte(drive), 10);
  unit.left = 1;
  unit.meanwhile = () => unit.sim.drive.reset();
  for (const number of [11, 12, 13]) assert.equal(await firstByte(drive), number);
  await drive.close();
});

Deno.test("Behind an outage such a drive moves within no partition that the caller has not named", async () => {
  const { unit, drive } = await openUntold(2);
  const next = await open(unit);
  await next.rewind();
  unit.nexusLost = true;
  unit.meanwhile = () => unit.sim.drive.reset();
  await assert.rejects(next.rewind(), { kind: "position-lost" });
  await assert.rejects(next.write(numbered(1)), { kind: "position-lost" });
  await next.setPartition(1);
  assert.equal(await firstByte(next), 10);
  await drive.close();
});
