/** What the drive has called written and then lost: whoever wrote it has to hear of that, whichever command brings it to light. */

import assert from "node:assert/strict";
import type { ScsiCommand } from "../../scsi/logical_unit.ts";
import {
  MediumError,
  PositionLostError,
  ResetError,
  SpaceStoppedError,
  type TapeError,
  TransportLostError,
  VolumeOverflowError,
} from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { Random } from "../scsi/random.ts";
import { CutUnit, lost } from "./cut_unit.ts";
import { contents, numbered, openSim } from "./drive_setup.ts";
import { FaultyLink } from "./faulty_link.ts";

const [WRITE, FILEMARKS] = [0x0a, 0x10];
const sleep = () => Promise.resolve();
const BUFFERED = { bufferBytes: 10_000 };

async function writeAll(drive: TapeDrive, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) await drive.write(numbered(number));
}

/** What somebody does who believes that all is well. */
const USES: Readonly<Record<string, (drive: TapeDrive) => Promise<unknown>>> = {
  "flush": (drive) => drive.flush(),
  "rewind": (drive) => drive.rewind(),
  "close": (drive) => drive.close(),
  "writeFilemarks": (drive) => drive.writeFilemarks(),
  "unload": (drive) => drive.unload(),
  "write": (drive) => drive.write(numbered(9)),
  "read": (drive) => drive.read(),
};

/** A drive with records in its buffer, whose connection is lost. */
async function cutOff(writeBehind: number, records: number) {
  const unit = new CutUnit("exact", BUFFERED);
  const drive = await TapeDrive.open(unit, { sleep, writeBehind });
  await drive.rewind();
  await writeAll(drive, 1, records);
  await drive.position();
  unit.nexusLost = true;
  return { unit, drive };
}

const OLDER = "101 102 103 104 105 106";

/** With the power the drive loses what it has buffered, and what was to be written over is there again. */
function loseBuffer({ sim: { drive } }: CutUnit): void {
  drive.powerCycle();
  const [partition] = drive.medium!.partitions;
  for (const number of OLDER.split(" ")) partition.appendRecord(numbered(Number(number)));
}

/** The first new connection ends with the n-th command, or leaves it without an answer. */
function failOnce(unit: CutUnit, nth: number, isAnswerLost: boolean): void {
  const reestablish = unit.reestablish.bind(unit);
  unit.reestablish = async () => {
    await reestablish();
    unit.reestablish = reestablish;
    unit.isExecuted = true;
    if (isAnswerLost) leaveUnanswered(unit, nth);
    else unit.left = nth;
  };
}

/** Loses the answer to the n-th command from now, but not the connection. */
function leaveUnanswered(unit: CutUnit, nth: number): void {
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    const result = await execute(command);
    if (--nth > 0) return result;
    unit.execute = execute;
    throw lost("unknown");
  };
}

/** All that was written may be missing, and the error says so. */
function lostAll(error: TapeError): boolean {
  const tells = [ResetError, PositionLostError, TransportLostError];
  assert.ok(tells.some((kind) => error instanceof kind), String(error));
  return error.writes?.durable === 0 && error.writes.written === 0 && !error.writes.isCertain;
}

for (const writeBehind of [0, 4]) {
  for (const [name, use] of Object.entries(USES)) {
    Deno.test(`a drive that was switched off and on while the connection was lost has lost its buffer: ${name}, write-behind ${writeBehind}`, async () => {
      for (const records of [1, 4]) {
        const { unit, drive } = await cutOff(writeBehind, records);
        unit.sim.drive.powerCycle();
        await assert.rejects(use(drive), (error: ResetError) => {
          assert.ok(error instanceof ResetError, String(error));
          assert.equal(error.writes?.durable, 0);
          assert.equal(error.writes?.written, 0);
          return !error.writes!.isCertain;
        });
        await drive.close().catch(() => {});
      }
    });
  }

  Deno.test(`nothing is written behind older records where the buffer was lost: write-behind ${writeBehind}`, async () => {
    const { unit, drive } = await cutOff(writeBehind, 4);
    loseBuffer(unit);
    await assert.rejects(writeAll(drive, 5, 7), ResetError);
    assert.equal(contents(unit.sim), OLDER);
    await drive.close();
  });

  Deno.test(`a drive that tells every new login of a reset and stands where it did has lost nothing: write-behind ${writeBehind}`, async () => {
    const { unit, drive } = await cutOff(writeBehind, 4);
    unit.sim.drive.raiseUnitAttention(0x29, 0x00);
    await writeAll(drive, 5, 7);
    await drive.flush();
    assert.equal(contents(unit.sim), "1 2 3 4 5 6 7");
    await drive.close();
  });

  Deno.test(`a buffer that went with the connection, and of which the drive says nothing, is told of by whatever comes next: write-behind ${writeBehind}`, async () => {
    const uses = {
      ...USES,
      "space": (drive: TapeDrive) => drive.space("end-of-data"),
      "locate": (drive: TapeDrive) => drive.locate(0),
      "status": (drive: TapeDrive) => drive.status(),
    };
    for (const [name, use] of Object.entries(uses)) {
      const { unit, drive } = await cutOff(writeBehind, 4);
      unit.sim.drive.loseBuffer();
      await assert.rejects(use(drive), lostAll, name);
      await drive.close().catch(() => {});
    }
  });

  for (const isAnswerLost of [false, true]) {
    Deno.test(`a lost buffer is told of, wherever the first new connection fails: ${isAnswerLost ? "no answer" : "cut"}, write-behind ${writeBehind}`, async () => {
      for (const [name, use] of Object.entries(USES)) {
        for (let attempt = 0; attempt < 36; attempt++) {
          const [command, records] = [1 + attempt % 18, attempt < 18 ? 1 : 4];
          const { unit, drive } = await cutOff(writeBehind, records);
          loseBuffer(unit);
          failOnce(unit, command, isAnswerLost);
          const what = `${name}, command ${command}, records ${records}`;
          await assert.rejects(use(drive), lostAll, what);
          assert.equal(contents(unit.sim), OLDER, what);
          await drive.close().catch(() => {});
        }
      }
    });
  }

  Deno.test(`a lost buffer is told of by a read, though a status() that was told so had been called off: write-behind ${writeBehind}`, async () => {
    const unit = new CutUnit("exact", BUFFERED);
    const drive = await TapeDrive.open(unit, { sleep, writeBehind });
    await drive.rewind();
    await writeAll(drive, 1, 1);
    await drive.position();
    const caller = new AbortController();
    const execute = unit.execute.bind(unit);
    unit.execute = async (command: ScsiCommand) => {
      const result = await execute(command);
      if (command.signal === undefined) return result;
      unit.execute = execute;
      caller.abort(new Error("enough"));
      throw caller.signal.reason;
    };
    unit.sim.drive.powerCycle();
    await assert.rejects(drive.status({ signal: caller.signal }), (error) => {
      return error === caller.signal.reason;
    });
    unit.nexusLost = true;
    await assert.rejects(drive.read(), lostAll);
    await assert.rejects(drive.write(numbered(9)), PositionLostError);
    await drive.close();
  });

  Deno.test(`a motion that stopped on its way has made the drive write out its buffer: write-behind ${writeBehind}`, async () => {
    const { unit, drive } = await cutOff(writeBehind, 4);
    unit.nexusLost = false;
    await assert.rejects(drive.space("blocks", -9), SpaceStoppedError);
    unit.nexusLost = true;
    unit.sim.drive.powerCycle();
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(1) });
    await drive.close();
    assert.equal(contents(unit.sim), "1 2 3 4");
  });

  for (const name of ["flush", "rewind", "close"]) {
    Deno.test(`a buffer that the drive cannot write out when it is moved after an outage is told of: ${name}, write-behind ${writeBehind}`, async () => {
      for (const records of [1, 5]) {
        const { unit, drive } = await cutOff(writeBehind, records);
        unit.sim.drive.addBadBlock({ object: 0, on: "write", times: 1 });
        await assert.rejects(USES[name](drive), (error: MediumError) => {
          return error instanceof MediumError && error.writes?.isCertain === false;
        });
        await drive.close().catch(() => {});
      }
    });
  }

  Deno.test(`what an error that was overcome could have cost is not held against the next one: write-behind ${writeBehind}`, async () => {
    const unit = new CutUnit("exact");
    const drive = await TapeDrive.open(unit, { sleep, writeBehind });
    await drive.rewind();
    await writeAll(drive, 1, 2);
    await drive.flush();
    await writeAll(drive, 3, 5);
    await drive.position();
    unit.left = 1;
    unit.sim.drive.inject({ opcode: WRITE, sense: { key: 7, asc: 0x27, ascq: 0 } });
    const failing = async () => {
      await drive.write(numbered(6));
      await drive.flush();
    };
    await assert.rejects(failing(), ({ writes }: TapeError) => {
      assert.ok(writes?.isCertain && writes.isInPlace);
      assert.deepEqual([writes.durable, writes.written], [2, 5]);
      return true;
    });
    await drive.close();
  });

  for (const blockSize of [0, 100]) {
    for (const what of ["write", "filemark"]) {
      Deno.test(`a full tape that the buffer did not fit on either is told of so: ${what}, block size ${blockSize}, write-behind ${writeBehind}`, async () => {
        const { unit, drive } = await openSim({}, { writeBehind, blockSize });
        await drive.rewind();
        await writeAll(drive, 1, 4);
        await drive.flush();
        await writeAll(drive, 5, 8);
        await drive.position();
        const isMark = what === "filemark";
        const information = isMark || blockSize > 0 ? 3 : 300;
        const sense = { key: 0xd, asc: 0, ascq: 2, endOfMedium: true, information };
        unit.drive.inject({ opcode: isMark ? FILEMARKS : WRITE, sense });
        const failing = async () => {
          if (isMark) await drive.writeFilemarks();
          else await drive.write(numbered(9));
          await drive.flush();
        };
        await assert.rejects(failing(), (error: VolumeOverflowError) => {
          assert.ok(error instanceof VolumeOverflowError, String(error));
          const { written, isCertain, isInPlace } = error.writes!;
          assert.deepEqual([written, isCertain, isInPlace], [4, false, false]);
          return true;
        });
        await drive.close().catch(() => {});
      });
    }
  }
}

Deno.test("a full tape that holds a part of a record is no place for the next", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await writeAll(drive, 1, 4);
  const sense = { key: 0xd, asc: 0, ascq: 2, endOfMedium: true, information: 50 };
  unit.drive.inject({ opcode: WRITE, execute: true, sense });
  await assert.rejects(drive.write(numbered(5)), ({ writes }: TapeError) => !writes!.isInPlace);
  await drive.close();
});

for (
  const sense of [
    { key: 3, asc: 0x0c, ascq: 0, deferred: true },
    { key: 4, asc: 0x44, ascq: 0 },
    { key: 3, asc: 0x0c, ascq: 0 },
  ]
) {
  Deno.test(`what a write is told of the buffer is heard also when the one before it has no answer: ${JSON.stringify(sense)}`, async () => {
    for (const occurrence of [2, 3, 4]) {
      const link = new FaultyLink(new Random(3));
      const drive = await TapeDrive.open(link, { writeBehind: 4, sleep });
      await drive.rewind();
      await writeAll(drive, 1, 6);
      await drive.position();
      const execute = link.execute.bind(link);
      let writes = 0;
      link.execute = async (command: ScsiCommand) => {
        const isFirst = command.cdb[0] === WRITE && ++writes === 1;
        const result = await execute(command);
        if (isFirst) throw lost("unknown");
        return result;
      };
      link.sim.drive.inject({ opcode: WRITE, occurrence, sense });
      const failing = async () => {
        await writeAll(drive, 7, 10);
        await drive.flush();
      };
      await assert.rejects(failing(), ({ writes }: TapeError) => {
        assert.equal(writes?.unwritten[0].data[0], 7);
        return !writes!.isCertain;
      });
      await drive.close().catch(() => {});
    }
  });
}

for (const readAhead of [0, 4]) {
  Deno.test(`what a read was told to be lost is never called durable: read-ahead ${readAhead}`, async () => {
    const { unit, drive } = await openSim(BUFFERED, { readAhead });
    await drive.rewind();
    await writeAll(drive, 1, 2);
    unit.drive.addBadBlock({ object: 0, on: "write", times: 1 });
    await assert.rejects(drive.read(), MediumError);
    assert.equal(contents(unit), "");
    await drive.rewind();
    unit.drive.inject({ opcode: WRITE, sense: { key: 7, asc: 0x27, ascq: 0 } });
    await assert.rejects(drive.write(numbered(3)), ({ writes }: TapeError) => {
      assert.deepEqual([writes?.durable, writes?.written], [0, 0]);
      return true;
    });
    await drive.close();
  });
}

Deno.test("a filemark that went with the buffer does not leave its place to a record", async () => {
  const options = { bufferBytes: 10_000, rewindOnReset: false, resetLosesBuffer: true };
  const link = new FaultyLink(new Random(1), options);
  const drive = await TapeDrive.open(link, { writeBehind: 4, sleep });
  await drive.rewind();
  await writeAll(drive, 1, 6);
  await drive.flush();
  await drive.writeFilemarks(1, { immediate: true });
  await drive.position();
  // The filemark is lost. The first write is told so, but its answer is lost with that of the second, which goes to the filemark's place.
  link.sim.drive.reset();
  const execute = link.execute.bind(link);
  let writes = 0;
  link.execute = async (command: ScsiCommand) => {
    if (command.cdb[0] !== WRITE || ++writes > 2) return await execute(command);
    const isSecond = writes === 2;
    await execute(command);
    if (isSecond) link.cut();
    for (let turn = 0; turn < 2000; turn++) await Promise.resolve();
    throw lost("unknown");
  };
  const failing = async () => {
    await writeAll(drive, 7, 8);
    await drive.flush();
  };
  await assert.rejects(failing(), PositionLostError);
  await drive.close().catch(() => {});
});

Deno.test("a flush does not make certain what became of records whose loss was in doubt", async () => {
  const { unit, drive } = await openSim(BUFFERED);
  await drive.rewind();
  await writeAll(drive, 1, 2);
  unit.drive.inject({ opcode: WRITE, sense: { key: 4, asc: 0x44, ascq: 0 } });
  await assert.rejects(drive.write(numbered(3)), ({ writes }: TapeError) => !writes!.isCertain);
  await drive.flush();
  assert.equal(contents(unit), "1 2");
  await assert.rejects(drive.write(numbered(3)), ({ writes }: TapeError) => !writes!.isCertain);
  await drive.close();
});

Deno.test("a drive that stands before what was written has lost it, also where its numbers are not proven", async () => {
  const unit = new CutUnit("exact", BUFFERED);
  const drive = await TapeDrive.open(unit, { sleep });
  await drive.rewind();
  await writeAll(drive, 1, 1);
  unit.nexusLost = true;
  unit.sim.drive.loseBuffer();
  await assert.rejects(drive.flush(), lostAll);
  await drive.close();
});

Deno.test("that a READ could not have the buffer written out is heard, though nobody waits for that READ any more", async () => {
  const { unit, drive } = await openSim(BUFFERED, { readAhead: 1 });
  await drive.rewind();
  await writeAll(drive, 1, 2);
  unit.drive.addBadBlock({ object: 0, on: "write", times: 1 });
  const caller = new AbortController();
  const reading = drive.read({ signal: caller.signal });
  await Promise.resolve();
  caller.abort(new Error("enough"));
  await assert.rejects(reading, (error) => error === caller.signal.reason);
  await assert.rejects(drive.rewind(), lostBuffer);
  assert.equal(contents(unit), "");
  await drive.rewind();
  await drive.close();
});

function lostBuffer({ writes }: TapeError): boolean {
  return writes?.durable === 0 && !writes.isCertain;
}

Deno.test("a read amid which the connection and the buffer were lost makes nothing of it durable", async () => {
  const unit = new CutUnit("exact", BUFFERED);
  const drive = await TapeDrive.open(unit, { sleep });
  await drive.rewind();
  await writeAll(drive, 1, 4);
  unit.left = 1;
  unit.meanwhile = () => unit.sim.drive.loseBuffer();
  await assert.rejects(drive.read(), PositionLostError);
  await drive.rewind();
  unit.sim.drive.inject({ opcode: WRITE, sense: { key: 7, asc: 0x27, ascq: 0 } });
  await assert.rejects(drive.write(numbered(5)), ({ writes }: TapeError) => {
    assert.equal(writes?.durable, 0);
    return true;
  });
  await drive.close();
});

Deno.test("what could not be written before a motion whose answer was lost is never called durable", async () => {
  const unit = new CutUnit("exact", BUFFERED);
  const drive = await TapeDrive.open(unit, { sleep });
  await drive.rewind();
  await writeAll(drive, 1, 6);
  unit.sim.drive.addBadBlock({ partition: 0, object: 3, on: "write", times: 1 });
  unit.left = 1;
  unit.isExecuted = true;
  await assert.rejects(drive.space("end-of-data"), TransportLostError);
  await assert.rejects(drive.rewind(), ({ writes }: TapeError) => writes?.durable === 0);
  await drive.rewind();
  unit.sim.drive.inject({ opcode: WRITE, sense: { key: 7, asc: 0x27, ascq: 0 } });
  await assert.rejects(drive.write(numbered(9)), ({ writes }: TapeError) => writes?.durable === 0);
  assert.equal(contents(unit.sim), "1 2 3");
  await drive.close();
});

Deno.test("an error that was read ahead does not put in doubt what was flushed since", async () => {
  const { unit, drive } = await openSim(BUFFERED, { readAhead: 4, recordBytesHint: 100 });
  await drive.rewind();
  await writeAll(drive, 1, 9);
  await drive.space("blocks", -6);
  unit.drive.inject({ opcode: 0x08, occurrence: 5, sense: { key: 4, asc: 0x44, ascq: 0 } });
  for (let number = 4; number <= 6; number++) await drive.read();
  await drive.flush();
  const using = async () => {
    for (let reads = 0; reads < 6; reads++) await drive.read();
  };
  await assert.rejects(using(), ({ kind, writes }: TapeError) => {
    return kind === "hardware-error" && writes === undefined;
  });
  await drive.close();
});
