/** A key that is relied on, and what may take it away while nobody tells the host. */

import assert from "node:assert/strict";
import { EncryptionError } from "../../tape/feature_errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { numbered, openSim } from "./drive_setup.ts";
import { HostUnit } from "./host_unit.ts";
import type { SimUnit } from "./sim_unit.ts";

const KEY = new Uint8Array(32).fill(0x5a);
const OTHER = new Uint8Array(32).fill(0xa5);
const TEST_UNIT_READY = new Uint8Array(6);
const [READ_ATTRIBUTE, SECURITY_IN] = [0x8c, 0xa2];
const sleep = () => Promise.resolve();

/** What another host may do with the key of all, and the names of its own. */
interface Doing {
  readonly title: string;
  readonly key?: Uint8Array;
  readonly keyName?: string;
}

const DOINGS: readonly Doing[] = [
  { title: "none" },
  { title: "its key", key: OTHER },
];

async function otherSets({ drive }: SimUnit, { key, keyName }: Doing): Promise<void> {
  const other = await TapeDrive.open(new HostUnit(drive, "other"), { sleep });
  if (key === undefined) await other.encryption.clear();
  else await other.encryption.set({ key, keyName });
  await other.close();
}

/** Which records on the tape are encrypted. */
function sealed({ drive }: SimUnit): boolean[] {
  const [partition] = drive.medium!.partitions;
  return Array.from({ length: partition.objectCount }, (_, at) => partition.seal(at) !== undefined);
}

/** Takes what the drive has to say to this host, which never hears of it. */
async function swallow(unit: SimUnit): Promise<void> {
  while ((await unit.execute({ cdb: TEST_UNIT_READY })).status !== 0);
}

async function recoverable(keyName?: string) {
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { sleep });
  await drive.rewind();
  await drive.encryption.set({ key: KEY, keyName });
  await drive.write(numbered(1));
  await drive.flush();
  return { unit, drive };
}

for (const doing of DOINGS) {
  Deno.test(`a new session that is told nothing does not write with the key that another host has set meanwhile: ${doing.title}`, async () => {
    const { unit, drive } = await recoverable();
    unit.nexusLost = true;
    await otherSets(unit.sim, doing);
    await swallow(unit.sim);
    await drive.rewind();
    await drive.locate("end-of-data");
    assert.equal(unit.reconnections, 1);
    await assert.rejects(drive.write(numbered(2)), EncryptionError);
    assert.deepEqual(sealed(unit.sim), [true]);
    await drive.encryption.set({ key: KEY });
    await drive.locate("end-of-data");
    await drive.write(numbered(2));
    assert.deepEqual(sealed(unit.sim), [true, true]);
    await drive.close();
  });
}

Deno.test("a new session goes on writing with the key that is still there", async () => {
  for (const ascq of [0x00, 0x07]) {
    const { unit, drive } = await recoverable("ours");
    unit.nexusLost = true;
    unit.sim.drive.raiseUnitAttention(0x29, ascq);
    await drive.rewind();
    await drive.locate("end-of-data");
    assert.equal(unit.reconnections, 1);
    await drive.write(numbered(2));
    assert.deepEqual(sealed(unit.sim), [true, true]);
    await drive.close();
  }
});

Deno.test("a new session is asked once which tape there is and whether the key is, where anything is relied on", async () => {
  for (const isRelied of [false, true]) {
    const { unit, drive } = await recoverable();
    if (!isRelied) await drive.encryption.clear();
    unit.sim.drive.clearCommands();
    unit.nexusLost = true;
    await drive.rewind();
    assert.equal(unit.reconnections, 1);
    const asked = (opcode: number) => unit.sim.opcodes().filter((each) => each === opcode).length;
    assert.deepEqual([asked(READ_ATTRIBUTE), asked(SECURITY_IN)], [1, isRelied ? 1 : 0]);
    await drive.close();
  }
});

for (const reset of ["reset", "powerCycle"] as const) {
  Deno.test(`a key of another host that the drive counts as ours was counted is not written with: ${reset}`, async () => {
    const { unit, drive } = await openSim();
    const { keyInstance } = await drive.encryption.set({ key: KEY });
    unit.drive[reset]();
    await otherSets(unit, { title: "its key", key: OTHER });
    await assert.rejects(drive.write(numbered(1)), { kind: "reset" });
    await drive.rewind();
    assert.equal((await drive.encryption.status()).keyInstance, keyInstance);
    for (const number of [1, 2]) {
      const wasReset = { kind: "encryption", message: /: the drive was reset; set it again$/ };
      await assert.rejects(drive.write(numbered(number)), wasReset);
      await drive.rewind();
    }
    assert.deepEqual(sealed(unit), []);
    await drive.encryption.set({ key: KEY });
    await drive.write(numbered(1));
    await drive.close();
  });
}

Deno.test("a loss of power is one for certain, once the new session has been told what every login is told", async () => {
  const { unit, drive } = await recoverable("a name");
  unit.nexusLost = true;
  unit.sim.drive.raiseUnitAttention(0x29, 0x00);
  await drive.rewind();
  unit.sim.drive.powerCycle();
  await otherSets(unit.sim, { title: "its key", key: OTHER, keyName: "a name" });
  await assert.rejects(drive.rewind(), { kind: "reset" });
  await drive.rewind();
  await assert.rejects(drive.write(numbered(2)), EncryptionError);
  assert.deepEqual(sealed(unit.sim), [true]);
  await drive.close();
});

Deno.test("a key of another host is known by its name where a new login may have been told of a reset, or of nothing", async () => {
  const { unit, drive } = await recoverable("ours");
  unit.nexusLost = true;
  unit.sim.drive.powerCycle();
  await otherSets(unit.sim, { title: "its key", key: OTHER, keyName: "theirs" });
  await drive.rewind();
  await drive.locate("end-of-data");
  await assert.rejects(drive.write(numbered(2)), EncryptionError);
  assert.deepEqual(sealed(unit.sim), [true]);
  await drive.close();
});

Deno.test("a reset that a new login is told of for certain has taken the key away, whatever the drive counts", async () => {
  const { unit, drive } = await recoverable();
  unit.nexusLost = true;
  unit.sim.drive.reset();
  await otherSets(unit.sim, { title: "its key", key: OTHER });
  await swallow(unit.sim);
  unit.sim.drive.raiseUnitAttention(0x29, 0x03);
  await drive.rewind();
  await drive.locate("end-of-data");
  await assert.rejects(drive.write(numbered(2)), EncryptionError);
  assert.deepEqual(sealed(unit.sim), [true]);
  await drive.close();
});

Deno.test("a key that was found gone does not come back with another that the drive counts alike", async () => {
  const { unit, drive } = await recoverable("a name");
  unit.nexusLost = true;
  unit.sim.drive.powerCycle();
  await drive.rewind();
  await otherSets(unit.sim, { title: "its key", key: OTHER, keyName: "a name" });
  await assert.rejects(drive.locate("end-of-data"), { reason: "key-changed-by-another" });
  await drive.locate("end-of-data");
  await assert.rejects(drive.write(numbered(2)), EncryptionError);
  assert.deepEqual(sealed(unit.sim), [true]);
  await drive.encryption.set({ key: KEY });
  await drive.locate("end-of-data");
  await drive.write(numbered(2));
  await drive.close();
});

Deno.test("IBM's own word for a changed key is heeded", async () => {
  const { unit, drive } = await openSim();
  await drive.encryption.set({ key: KEY });
  await otherSets(unit, { title: "none" });
  await swallow(unit);
  unit.drive.raiseUnitAttention(0xee, 0x12);
  await assert.rejects(drive.write(numbered(1)), { kind: "unit-attention" });
  await drive.rewind();
  await assert.rejects(drive.write(numbered(1)), EncryptionError);
  assert.deepEqual(sealed(unit), []);
  await drive.close();
});

for (
  const [what, asc, kind] of [["another tape", 0x28, "medium-changed"], [
    "cleared commands",
    0x2f,
    "reset",
  ]] as const
) {
  Deno.test(`a drive that tells of ${what} is asked whether it still has the key`, async () => {
    const { unit, drive } = await openSim();
    await drive.encryption.set({ key: KEY });
    await otherSets(unit, { title: "none" });
    await swallow(unit);
    unit.drive.raiseUnitAttention(asc, 0x00);
    await assert.rejects(drive.write(numbered(1)), { kind });
    await drive.rewind();
    await assert.rejects(drive.write(numbered(1)), EncryptionError);
    assert.deepEqual(sealed(unit), []);
    await drive.close();
  });
}

Deno.test("a key that was set anew behind a reset is gone no more", async () => {
  const { unit, drive } = await openSim();
  await drive.encryption.set({ key: KEY });
  unit.drive.reset();
  await assert.rejects(drive.write(numbered(1)), { kind: "reset" });
  await drive.rewind();
  await assert.rejects(drive.write(numbered(1)), EncryptionError);
  await drive.encryption.set({ key: KEY });
  await drive.rewind();
  unit.drive.raiseUnitAttention(0x2a, 0x10);
  await drive.write(numbered(1));
  assert.deepEqual(sealed(unit), [true]);
  await drive.close();
});

Deno.test("records are written with the key that was in force when they were handed in", async () => {
  for (const writeBehind of [0, 8]) {
    const { unit, drive } = await openSim({}, { writeBehind });
    const execute = unit.execute.bind(unit);
    unit.execute = async (command) => {
      const answer = execute(command);
      for (let hops = 0; hops < 30; hops++) await Promise.resolve();
      return await answer;
    };
    const all: Promise<unknown>[] = [];
    const writeTwo = () => all.push(drive.write(numbered(1)), drive.write(numbered(2)));
    writeTwo();
    all.push(drive.encryption.set({ key: KEY }));
    writeTwo();
    all.push(drive.encryption.clear());
    writeTwo();
    await Promise.all(all);
    assert.deepEqual(sealed(unit), [false, false, true, true, false, false]);
    await drive.close();
  }
});

Deno.test("require() relies on a key that another session has set, as long as the drive has it", async () => {
  const { unit, drive: setter } = await openSim();
  await setter.rewind();
  await setter.encryption.set({ key: KEY, keyName: "2026-01" });
  const drive = await TapeDrive.open(new HostUnit(unit.drive, "another session"), { sleep });
  const { keyAssociatedData } = await drive.encryption.require();
  assert.equal(new TextDecoder().decode(keyAssociatedData[0].data), "2026-01");
  await drive.write(numbered(1));
  await setter.encryption.clear();
  await assert.rejects(drive.write(numbered(2)), EncryptionError);
  assert.deepEqual(sealed(unit), [true]);
  await drive.encryption.clear();
  await drive.locate("end-of-data");
  await drive.write(numbered(2));
  assert.deepEqual(sealed(unit), [true, false]);
  await drive.close();
});

Deno.test("require() where the drive has no key to write with fails, and writes are as they were", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await assert.rejects(drive.encryption.require(), {
    name: "EncryptionError",
    message: /has none that encrypts; set one first/,
  });
  await drive.encryption.set({ key: KEY, encrypt: false });
  await assert.rejects(drive.encryption.require(), EncryptionError);
  await drive.write(numbered(1));
  assert.deepEqual(sealed(unit), [false]);
  await drive.close();
});
