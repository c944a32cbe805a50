/**
 * How a program that writes to tape is tested without a drive, with the test runner of any runtime:
 *
 *     deno test -A examples/test_double_test.ts
 *     node --test test_double_test.ts
 *     bun test ./test_double_test.ts
 *
 * @module
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openTape, type TapeDrive, WriteProtectedError } from "@uiscsi/tape";
import { loopbackTarget, MemoryMedium, SimulatedDrive, type TargetFault } from "@uiscsi/tape/sim";

/** The program under test: writes each text as a record, and ends them with a filemark. */
async function save(drive: TapeDrive, texts: readonly string[]): Promise<void> {
  for (const text of texts) await drive.write(new TextEncoder().encode(text));
  await drive.writeFilemarks();
}

/** A drive with a blank tape for one test. */
async function withDrive(
  use: (drive: TapeDrive, device: SimulatedDrive) => Promise<void>,
  { medium = new MemoryMedium(), faults = [] as TargetFault[] } = {},
): Promise<void> {
  const device = new SimulatedDrive({ medium });
  const targetName = "iqn.2026-03.com.example:tape";
  // By default a lost connection is set up again after two seconds: what RFC 7143 gives a target for its cleaning up.
  const negotiation = { defaultTime2Wait: 0 };
  const units = [{ lun: 0, device }];
  const target = await loopbackTarget({ targetName, units, faults, negotiation });
  try {
    const drive = await openTape(target.urls[0], { dial: target.dial, negotiation });
    try {
      await use(drive, device);
    } finally {
      await drive.close();
    }
  } finally {
    await target.close();
  }
}

const kinds = (device: SimulatedDrive) => device.objects().map(({ kind }) => kind);

test("save() writes each text, and a filemark", () =>
  withDrive(async (drive, device) => {
    await save(drive, ["one", "two", "three"]);
    assert.deepEqual(kinds(device), ["record", "record", "record", "filemark"]);
  }));

test("save() leaves each text on tape once although the connection breaks", () =>
  withDrive(async (drive, device) => {
    await save(drive, ["one", "two", "three"]);
    assert.deepEqual(kinds(device), ["record", "record", "record", "filemark"]);
  }, {
    // The third WRITE(6) is carried out, and the connection breaks instead of an answer.
    faults: [{ kind: "disconnect-after-execution", operationCode: 0x0a, nth: 3 }],
  }));

test("save() tells that the tape is write-protected", () =>
  withDrive(async (drive, device) => {
    await assert.rejects(save(drive, ["one"]), WriteProtectedError);
    assert.deepEqual(kinds(device), []);
  }, { medium: new MemoryMedium({ writeProtected: true }) }));
