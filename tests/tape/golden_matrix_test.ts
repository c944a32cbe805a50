/**
 * What each condition of SSC-4 comes to, in each mode, form of sense data and habit of drives: the outcome, the position that the caller is told, and
 * the place where the next write lands.
 */

import assert from "node:assert/strict";
import { changeModePage } from "../../scsi/mode_pages.ts";
import { decodeSense, encodeSense } from "../../scsi/sense.ts";
import { SenseKey } from "../../scsi/sense_codes.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import type { DriveQuirks } from "../../sim/tape/drive_quirks.ts";
import {
  MediumError,
  PositionLostError,
  RecordLengthError,
  SpaceStoppedError,
  TapeError,
  VolumeOverflowError,
} from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { contents, numbered, openSim } from "./drive_setup.ts";
import type { SimUnit } from "./sim_unit.ts";

const BLOCK = 100;
const [CONTROL_PAGE, CONFIGURATION_PAGE] = [0x0a, 0x10];

type Objects = readonly (Uint8Array | null)[];

/** One way of using a drive, and one drive. */
interface Setting {
  readonly mode: "variable" | "fixed";
  readonly sili: boolean;
  readonly sense: "fixed" | "descriptor";
  readonly quirks: DriveQuirks;
  readonly hidesResidual: boolean;
  readonly readAhead: number;
}

/** What a case has to work with. */
interface Bench {
  readonly setting: Setting;
  readonly unit: SimUnit;
  readonly drive: TapeDrive;
}

interface Case {
  readonly name: string;
  readonly tape: Objects;
  /** Objects to read before. @default 1 */
  readonly after?: number;
  readonly prepare?: (bench: Bench) => Promise<void> | void;
  readonly act: (bench: Bench) => Promise<void>;
  /** Where the caller stands then; `undefined` when a write must be refused. */
  readonly position: number | undefined;
  readonly capacityBytes?: number;
  readonly earlyWarningBytes?: number;
  readonly skip?: (setting: Setting) => boolean;
}

const [A, B] = [numbered(1, BLOCK), numbered(2, BLOCK)];
const [SHORT, LONG] = [numbered(3, 60), numbered(4, 250)];

async function expectRecord(drive: TapeDrive, expected: Uint8Array): Promise<void> {
  assert.deepEqual(await drive.read(), { kind: "record", data: expected });
}

/** A record of another length: whole in variable mode, reported in fixed mode. */
async function expectOdd({ drive, setting }: Bench, expected: Uint8Array): Promise<void> {
  if (setting.mode === "variable") return await expectRecord(drive, expected);
  await assert.rejects(drive.read(), (error: RecordLengthError) => {
    return error instanceof RecordLengthError && error.kind === "incorrect-length" &&
      error.incorrectLength;
  });
}

function stopped(kind: string, left: number | undefined, { setting }: Bench) {
  return (error: SpaceStoppedError) => {
    assert.ok(error instanceof SpaceStoppedError, String(error));
    const told = setting.quirks.missingInformation ? undefined : left;
    assert.deepEqual([error.kind, error.information], [kind, told]);
    return true;
  };
}

const CASES: readonly Case[] = [
  {
    name: "exact",
    tape: [A, B, A],
    act: ({ drive }) => expectRecord(drive, B),
    position: 2,
  },
  { name: "short", tape: [A, SHORT, B], act: (bench) => expectOdd(bench, SHORT), position: 2 },
  { name: "long", tape: [A, LONG, B], act: (bench) => expectOdd(bench, LONG), position: 2 },
  {
    name: "short last",
    tape: [A, SHORT],
    act: (bench) => expectOdd(bench, SHORT),
    position: 2,
  },
  {
    name: "good blocks, then an odd one",
    tape: [A, B, A, LONG, B],
    after: 0,
    act: async ({ drive, setting }) => {
      const buffer = new Uint8Array(BLOCK * 5);
      for (let left = 3; left > 0;) {
        const result = await drive.readInto(buffer);
        assert.ok(result.kind === "record");
        left -= result.length / BLOCK;
      }
      await expectOdd({ drive, setting } as Bench, LONG);
    },
    position: 4,
  },
  {
    name: "filemark",
    tape: [A, null, B],
    act: async ({ drive }) => assert.deepEqual(await drive.read(), { kind: "filemark" }),
    position: 2,
  },
  {
    name: "end of data",
    tape: [A],
    act: async ({ drive }) => {
      for (let time = 0; time < 2; time++) {
        assert.deepEqual(await drive.read(), { kind: "end-of-data" });
      }
    },
    position: 1,
  },
  {
    name: "end of data behind a filemark",
    tape: [A, null],
    after: 2,
    act: async ({ drive }) => assert.deepEqual(await drive.read(), { kind: "end-of-data" }),
    position: 2,
  },
  {
    name: "early warning while reading",
    tape: [A, B, A],
    capacityBytes: 1000,
    earlyWarningBytes: 900,
    prepare: async ({ unit }) => await setBit(unit, CONFIGURATION_PAGE, 8, 0x01),
    act: ({ drive }) => expectRecord(drive, B),
    position: 2,
    // Then nothing tells where a record ends that was shorter than the room for it.
    skip: ({ quirks }) => quirks.silentOverlength === true,
  },
  {
    name: "bad block",
    tape: [A, B, A],
    after: 0,
    prepare: ({ unit }) => unit.drive.addBadBlock({ object: 0, on: "read" }),
    act: async ({ drive }) => {
      await assert.rejects(drive.read(), MediumError);
    },
    position: undefined,
  },
  {
    name: "end of partition",
    tape: [A, B],
    after: 2,
    prepare: endHere,
    act: async (bench) => {
      for (let time = 0; time < 2; time++) {
        await assert.rejects(bench.drive.read(), (error: TapeError) => {
          return error instanceof TapeError && error.kind === "end-of-partition" &&
            error.endOfMedium;
        });
      }
      bench.unit.intercept = undefined;
    },
    position: 2,
    // Then nothing tells how many of several blocks came before the end.
    skip: ({ mode, readAhead, quirks }) =>
      mode === "fixed" && readAhead > 0 && quirks.missingInformation === true,
  },
  {
    name: "space over blocks, forwards into a filemark",
    tape: [A, B, null, A],
    act: async (bench) => {
      await assert.rejects(bench.drive.space("blocks", 4), stopped("filemark", 3, bench));
    },
    position: 3,
  },
  {
    name: "space over blocks, backwards into a filemark",
    tape: [A, null, B, A],
    after: 3,
    act: async (bench) => {
      await assert.rejects(bench.drive.space("blocks", -4), stopped("filemark", 3, bench));
    },
    position: 1,
  },
  {
    name: "space over blocks into end of data",
    tape: [A, B, A],
    act: async (bench) => {
      await assert.rejects(bench.drive.space("blocks", 5), stopped("end-of-data", 3, bench));
    },
    position: 3,
  },
  {
    name: "space into the beginning",
    tape: [A, B],
    after: 2,
    act: async (bench) => {
      const stop = stopped("beginning-of-partition", 3, bench);
      await assert.rejects(bench.drive.space("blocks", -5), stop);
    },
    position: 0,
  },
  {
    name: "space over filemarks, both ways",
    tape: [A, null, B, null, A],
    act: async ({ drive }) => {
      await drive.space("filemarks", 2);
      await drive.space("filemarks", -1);
    },
    position: 3,
  },
  {
    name: "space over filemarks into end of data",
    tape: [A, null, B],
    act: async (bench) => {
      await assert.rejects(bench.drive.space("filemarks", 3), stopped("end-of-data", 2, bench));
    },
    position: 3,
  },
  {
    name: "space to end of data",
    tape: [A, null, B],
    act: async ({ drive }) => {
      await drive.space("end-of-data");
    },
    position: 3,
  },
  {
    name: "early warning while writing",
    tape: [A],
    capacityBytes: 1000,
    earlyWarningBytes: 700,
    act: async ({ drive }) => {
      assert.equal((await drive.write(B)).earlyWarning, false);
      assert.equal((await drive.write(B)).earlyWarning, true);
      assert.equal((await drive.writeFilemarks()).earlyWarning, true);
    },
    position: 4,
  },
  {
    name: "overflow",
    tape: [A],
    capacityBytes: 250,
    earlyWarningBytes: 0,
    act: async ({ drive, setting }) => {
      await drive.write(B);
      await assert.rejects(drive.write(B), (error: VolumeOverflowError) => {
        return error instanceof VolumeOverflowError && error.endOfMedium &&
          error.writes!.unwritten[0].data.length === BLOCK;
      });
      // What was not written is not told: then the position is not certain either.
      if (setting.quirks.missingInformation) await drive.locate(2);
    },
    position: 2,
  },
];

/** Where the data ends the partition does: READ and SPACE say so instead of BLANK CHECK. */
function endHere({ unit }: Bench): void {
  unit.intercept = function intercept(command) {
    unit.intercept = undefined;
    const answer = unit.execute(command);
    unit.intercept = intercept;
    return answer.then((result) => {
      const sense = decodeSense(result.sense);
      if (sense.key !== SenseKey.BlankCheck) return result;
      const { information } = sense;
      const instead = { key: SenseKey.MediumError, asc: 0, ascq: 2, endOfMedium: true };
      return { ...result, sense: encodeSense({ ...instead, information }) };
    });
  };
}

async function setBit(unit: SimUnit, page: number, byte: number, mask: number): Promise<void> {
  await changeModePage(unit, { page }, (bytes) => {
    bytes[byte] |= mask;
  });
}

async function bench(one: Case, setting: Setting): Promise<Bench> {
  const { mode, sili, quirks, hidesResidual, readAhead } = setting;
  const { capacityBytes, earlyWarningBytes } = one;
  const medium = new MemoryMedium();
  for (const object of one.tape) {
    if (object === null) medium.partitions[0].appendFilemarks(1);
    else medium.partitions[0].appendRecord(object);
  }
  const { unit, drive } = await openSim(
    { medium, quirks, hidesResidual, capacityBytes, earlyWarningBytes },
    { sili, readAhead, blockSize: mode === "fixed" ? BLOCK : 0, recordBytesHint: 120 },
  );
  if (setting.sense === "descriptor") await setBit(unit, CONTROL_PAGE, 2, 0x04);
  const made = { setting, unit, drive };
  await drive.rewind();
  await one.prepare?.(made);
  for (let read = one.after ?? 1; read > 0; read--) await drive.read();
  return made;
}

async function run(one: Case, setting: Setting): Promise<void> {
  const made = await bench(one, setting);
  const { unit, drive } = made;
  await one.act(made);
  if (one.position === undefined) {
    await assert.rejects(drive.write(A), PositionLostError);
    await drive.rewind();
  } else {
    assert.equal((await drive.position()).object, one.position);
    await drive.writeFilemarks();
    assert.equal(unit.drive.objects().length, one.position + 1);
    assert.match(contents(unit), /\|$/);
  }
  await drive.close();
}

const QUIRKS: Readonly<Record<string, DriveQuirks & { readonly hidesResidual?: boolean }>> = {
  "no quirk": {},
  "negative residuals": { negativeReverseResidual: true },
  "no INFORMATION": { missingInformation: true },
  "flags alone": { flagsWithoutAsc: true },
  "lengths never reported": { silentOverlength: true },
  "swapped residuals": { swappedResidual: true },
  "residuals that are always 0": { hidesResidual: true },
};

function settings(
  { hidesResidual = false, ...quirks }: (typeof QUIRKS)[string],
): Setting[] {
  const modes = [
    { mode: "variable", sili: false },
    { mode: "variable", sili: true },
    { mode: "fixed", sili: false },
  ] as const;
  return modes.flatMap((mode) =>
    // Without sense data the residual is all there is: see below.
    hidesResidual && mode.sili
      ? []
      : (["fixed", "descriptor"] as const).flatMap((sense) =>
        [0, 4].map((readAhead) => ({
          ...mode,
          sense,
          quirks,
          hidesResidual,
          readAhead,
        }))
      )
  );
}

for (const [quirk, quirks] of Object.entries(QUIRKS)) {
  for (const one of CASES) {
    Deno.test(`${one.name}: outcome and position, on a drive with ${quirk}`, async () => {
      for (const setting of settings(quirks)) {
        if (one.skip?.(setting)) continue;
        try {
          await run(one, setting);
        } catch (cause) {
          if (cause instanceof TapeError || cause instanceof assert.AssertionError) {
            throw new Error(`${JSON.stringify(setting)}: ${cause.message}`, { cause });
          }
          throw cause;
        }
      }
    });
  }
}

for (
  const [name, unitOptions, sili] of [
    ["SILI", {}, true],
    ["lengths never reported", { quirks: { silentOverlength: true } }, false],
    ["no INFORMATION", { quirks: { missingInformation: true } }, false],
  ] as const
) {
  for (const readAhead of [0, 4]) {
    Deno.test(`a residual that contradicts what came is not believed, nor is the length: ${name}, read-ahead ${readAhead}`, async () => {
      const options = { sili, readAhead, recordBytesHint: BLOCK };
      const { unit, drive } = await openSim({ hidesResidual: true, ...unitOptions }, options);
      for (const data of [SHORT, B, A]) await drive.write(data);
      await drive.rewind();
      await assert.rejects(drive.read(), (error: RecordLengthError) => {
        return error instanceof RecordLengthError && error.kind === "length-disagreement";
      });
      assert.equal((await drive.position()).object, 1);
      await drive.writeFilemarks();
      assert.equal(contents(unit), "3 |");
      await drive.close();
    });
  }
}

for (const readAhead of [0, 4]) {
  for (const lie of [0, 20]) {
    Deno.test(`a short record that comes with all that was asked for is read again alone, its length off by ${lie}, read-ahead ${readAhead}`, async () => {
      const { unit, drive } = await openSim({}, { readAhead, recordBytesHint: BLOCK });
      for (const data of [A, SHORT, B, null, A]) {
        if (data === null) await drive.writeFilemarks();
        else await drive.write(data);
      }
      await drive.rewind();
      await expectRecord(drive, A);
      padShortRecords(unit, lie);
      await expectRecord(drive, SHORT);
      await expectRecord(drive, B);
      assert.deepEqual(await drive.read(), { kind: "filemark" });
      assert.equal((await drive.position()).object, 4);
      await drive.close();
    });
  }
}

/** Short records come filled up with rubbish, and are said to be so much shorter still. */
function padShortRecords(unit: SimUnit, lie: number): void {
  unit.intercept = function intercept(command) {
    unit.intercept = undefined;
    const answer = unit.execute(command);
    unit.intercept = intercept;
    return answer.then((result) => {
      const sense = decodeSense(result.sense);
      const { incorrectLength, information = 0 } = sense;
      if (!incorrectLength || information <= 0) return result;
      command.dataIn!.fill(0xee, result.dataInLength);
      const told = encodeSense({ ...sense, information: information + lie });
      return { ...result, dataInLength: command.dataIn!.length, residual: 0, sense: told };
    });
  };
}
