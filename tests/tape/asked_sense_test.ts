import assert from "node:assert/strict";
import type { ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import { encodeSense } from "../../scsi/sense.ts";
import { EncryptionError } from "../../tape/feature_errors.ts";
import { ResetError } from "../../tape/errors.ts";
import type { DriveNotice } from "../../tape/notice.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";
import { good } from "./scripted.ts";
import type { SimUnit } from "./sim_unit.ts";

const [REQUEST_SENSE, READ] = [0x03, 0x08];
const NO_BYTES = new Uint8Array(0);
const KEY = new Uint8Array(32).fill(7);

const ERASING = good(encodeSense({ key: 0, asc: 0, ascq: 0x18 }));

/** Lets each question find an erase under way, but the third, which is answered by the drive after `happens`. */
function eraseMeanwhile(unit: SimUnit, happens: () => void) {
  let questions = 0;
  unit.intercept = (command) => {
    if (command.cdb[0] !== REQUEST_SENSE) return undefined;
    if (++questions === 3) happens();
    return questions === 3 || questions > 5 ? undefined : Promise.resolve(ERASING(command));
  };
  return { long: true, onProgress: () => {} };
}

/** A target that keeps sense data until it is asked for. */
function withoutAutosense(unit: SimUnit): void {
  const execute = unit.execute.bind(unit);
  let pending: Uint8Array = NO_BYTES;
  unit.execute = async (command: ScsiCommand): Promise<ScsiResult> => {
    if (command.cdb[0] === REQUEST_SENSE && pending.length > 0) {
      const asked = good(pending)(command);
      pending = NO_BYTES;
      return asked;
    }
    const result = await execute(command);
    pending = result.sense;
    return { ...result, sense: NO_BYTES };
  };
}

/** Which records on the tape are encrypted. */
function sealed(unit: SimUnit): boolean[] {
  const [partition] = unit.drive.medium!.partitions;
  return unit.drive.objects().map((_, object) => partition.seal(object) !== undefined);
}

Deno.test("A reset that REQUEST SENSE brings during a long operation: nothing is written in the clear afterwards", async () => {
  const { unit, drive } = await openSim();
  await drive.encryption.set({ key: KEY });
  await assert.rejects(drive.erase(eraseMeanwhile(unit, () => unit.drive.reset())), ResetError);
  await drive.rewind();
  await assert.rejects(drive.write(numbered(1)), EncryptionError);
  assert.deepEqual(sealed(unit), []);
  await drive.encryption.set({ key: KEY });
  await drive.rewind();
  await drive.write(numbered(1));
  assert.deepEqual(sealed(unit), [true]);
  await drive.close();
});

Deno.test("A reset that a target without autosense tells: nothing is written in the clear afterwards", async () => {
  const { unit, drive } = await openSim();
  await drive.encryption.set({ key: KEY });
  await drive.write(numbered(9));
  withoutAutosense(unit);
  unit.drive.reset();
  await assert.rejects(drive.write(numbered(8)), ResetError);
  await drive.locate("end-of-data");
  await assert.rejects(drive.write(numbered(1)), EncryptionError);
  assert.deepEqual(sealed(unit), [true]);
  await drive.close();
});

for (let at = 1; at <= 12; at++) {
  Deno.test(`Nor is it where nobody can ask for the reason any more: READ ${at} is told of it among others`, async () => {
    const { unit, drive } = await openSim({}, { readAhead: 4 });
    await drive.encryption.set({ key: KEY });
    await fill(drive, Array.from({ length: 12 }, (_, number) => numbered(number)));
    withoutAutosense(unit);
    const execute = unit.execute.bind(unit);
    let reads = 0;
    unit.execute = (command) => {
      if (command.cdb[0] === READ && ++reads === at) unit.drive.reset();
      return execute(command);
    };
    for (let record = 0; record < 12; record++) await drive.read().catch(() => {});
    await drive.locate("end-of-data").catch(() => drive.locate("end-of-data"));
    await assert.rejects(drive.write(numbered(1)), EncryptionError);
    assert.deepEqual(sealed(unit), Array(12).fill(true));
    await drive.close();
  });
}

Deno.test("After a reset that REQUEST SENSE brings the block size is set again", async () => {
  const { unit, drive } = await openSim({}, { blockSize: 100 });
  await assert.rejects(drive.erase(eraseMeanwhile(unit, () => unit.drive.reset())), ResetError);
  await drive.rewind();
  await drive.write(numbered(1, 200));
  assert.equal(contents(unit), "1 1");
  await drive.close();
});

const ATTENTIONS = [
  ["mode parameters", 0x2a, 0x01],
  ["encryption parameters", 0x2a, 0x11],
  ["the clock", 0x2a, 0x10],
  ["a wish for the tape", 0x5a, 0x01],
  ["the firmware", 0x3f, 0x01],
  ["anything else", 0x0e, 0x01],
] as const;

for (const [what, asc, ascq] of ATTENTIONS) {
  Deno.test(`A unit attention about ${what} does not end a long operation, and is told`, async () => {
    const told: DriveNotice[] = [];
    const { unit, drive } = await openSim({}, { onNotice: (notice) => told.push(notice) });
    told.length = 0;
    let questions = 0;
    const options = eraseMeanwhile(unit, () => unit.drive.raiseUnitAttention(asc, ascq));
    await drive.erase({ ...options, onProgress: () => questions++ });
    assert.equal(questions, 6, "asked until it was done");
    const heard = told.map((notice) =>
      "sense" in notice ? [notice.sense.asc, notice.sense.ascq] : []
    );
    assert.deepEqual(heard, [[asc, ascq]]);
    await drive.close();
  });
}

Deno.test("Another host that sets a block size during a long operation is told of with the next one", async () => {
  const { unit, drive } = await openSim();
  const options = eraseMeanwhile(unit, () => {
    const list = Uint8Array.of(0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 2, 0);
    const cdb = Uint8Array.of(0x15, 0x10, 0, 0, list.length, 0);
    const other = { initiatorName: "iqn.test:other", isid: "000000000001" };
    unit.drive.nexusEstablished(other);
    unit.drive.execute({ cdb: new Uint8Array(6), dataOut: NO_BYTES, nexus: other });
    unit.drive.execute({ cdb, dataOut: list, nexus: other });
  });
  await drive.erase(options);
  await drive.rewind().then(
    () => assert.fail("nobody was told"),
    (error) => assert.equal(error.kind, "mode-parameters-changed"),
  );
  await drive.rewind();
  assert.equal(await drive.blockSize(), 512);
  await drive.close();
});
