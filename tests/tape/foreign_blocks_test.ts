/** What was read ahead when another host has set another block size. */

import assert from "node:assert/strict";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { HostUnit } from "./host_unit.ts";
import { numbered, openSim, type Setup } from "./drive_setup.ts";

/** Nine records of so many bytes, of which three are read. */
async function openRead(bytes: number, options: TapeDriveOptions = {}) {
  const { unit, drive } = await openSim({}, { readAhead: 8, ...options });
  await drive.rewind();
  for (let number = 1; number <= 9; number++) await drive.write(numbered(number, bytes));
  await drive.rewind();
  const records: Uint8Array[] = [];
  for (let reads = 0; reads < 3; reads++) {
    const result = await drive.read();
    assert.ok(result.kind === "record");
    records.push(result.data);
  }
  return { unit, drive, records };
}

/** Another host sets the block size, and a command that is no READ is told of that. */
async function change({ unit, drive }: Setup, bytes: number): Promise<void> {
  const sleep = () => Promise.resolve();
  const other = await TapeDrive.open(new HostUnit(unit.drive, "other"), { sleep });
  await other.setBlockSize(bytes);
  await other.close();
  await assert.rejects(drive.compression(), { kind: "mode-parameters-changed" });
}

for (const [from, to] of [[0, 20], [20, 30]]) {
  Deno.test(`Who was told of another block size reads in that, from where the reads were: from ${from} to ${to}`, async () => {
    const setup = await openRead(from || 40, { blockSize: from });
    const { drive } = setup;
    await change(setup, to);
    await assert.rejects(drive.read(), { kind: "incorrect-length" });
    assert.equal((await drive.position()).object, 4);
    await drive.setBlockSize(from);
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(5, from || 40) });
    await drive.close();
  });
}

Deno.test("What is whole in the new block size is read again, and nothing is left out", async () => {
  const setup = await openRead(20, { blockSize: 20 });
  const { unit, drive } = setup;
  await change(setup, 0);
  const before = unit.drive.commands.length;
  for (let number = 4; number <= 9; number++) {
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(number, 20) });
  }
  assert.deepEqual(await drive.read(), { kind: "end-of-data" });
  const reads = unit.drive.commands.slice(before).filter(({ cdb }) => cdb[0] === 0x08);
  assert.ok(reads.length >= 6 && reads.every(({ cdb }) => cdb[1] === 0));
  await drive.close();
});

Deno.test("readInto() takes no blocks of the old size either", async () => {
  const setup = await openRead(20, { blockSize: 20 });
  await change(setup, 10);
  const buffer = new Uint8Array(100);
  await assert.rejects(setup.drive.readInto(buffer), { kind: "incorrect-length" });
  await setup.drive.close();
});

/** Two blocks to a READ, and in variable mode a READ of as much room. */
const HALF = 128 * 1024;
const SHARED: TapeDriveOptions = { readAhead: 1, blockSize: HALF, recordBytesHint: 2 * HALF - 4 };

Deno.test("No block that the caller has is overwritten when the rest of its buffer is forgotten", async () => {
  const setup = await openRead(HALF, SHARED);
  const { drive, records } = setup;
  await change(setup, 0);
  await drive.setBlockSize(0);
  for (let number = 4; number <= 9; number++) await drive.read();
  assert.deepEqual(records.map(([first]) => first), [1, 2, 3]);
  await drive.close();
});

Deno.test("nor when the block beside it is given back", async () => {
  const setup = await openRead(HALF, SHARED);
  const { drive, records } = setup;
  const rest = drive.records({ reuse: true });
  assert.equal((await rest.next()).value?.[0], 4);
  await change(setup, 0);
  assert.equal((await rest.next()).value?.[0], 5);
  assert.deepEqual(records.map(([first]) => first), [1, 2, 3]);
  await rest.return();
  await drive.close();
});

Deno.test("nor when it is given back behind a READ in variable mode", async () => {
  const { drive } = await openSim({}, SHARED);
  await drive.rewind();
  for (let number = 1; number <= 4; number++) await drive.write(numbered(number, HALF));
  await drive.writeFilemarks();
  await drive.write(numbered(5, HALF));
  await drive.rewind();
  const records = drive.records({ reuse: true });
  const given: Uint8Array[] = [];
  for (let reads = 0; reads < 3; reads++) {
    const result = await drive.read();
    assert.ok(result.kind === "record");
    given.push(result.data);
  }
  assert.equal((await records.next()).value?.[0], 4);
  await drive.setBlockSize(0);
  assert.deepEqual(await drive.read(), { kind: "filemark" });
  assert.equal((await records.next()).value?.[0], 5);
  assert.deepEqual(given.map(([first]) => first), [1, 2, 3]);
  await records.return();
  await drive.close();
});
