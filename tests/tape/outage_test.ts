import assert from "node:assert/strict";
import {
  MediumChangedError,
  PositionLostError,
  ResetError,
  TapeError,
  TransportLostError,
} from "../../tape/errors.ts";
import type { ScsiResult } from "../../scsi/logical_unit.ts";
import { encodeSense } from "../../scsi/sense.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit, lost } from "./cut_unit.ts";
import { EXPECTED, open, readAll, readOne, written } from "./files_on_tape.ts";

for (const habits of ["exact", "tgt", "istgt"] as const) {
  for (const readAhead of [0, 4, 16]) {
    for (const isExecuted of [false, true]) {
      const fate = isExecuted ? "executed" : "not executed";
      Deno.test(`Reads resume at the right record, wherever the connection is lost: ${habits}, read-ahead ${readAhead}, command ${fate}`, async () => {
        for (let cut = 1; cut <= 40; cut++) {
          const { unit, drive } = await written(habits, { readAhead });
          unit.left = cut;
          unit.isExecuted = isExecuted;
          assert.deepEqual(await readAll(drive), EXPECTED, `cut at command ${cut}`);
          await drive.close();
        }
      });
    }
  }
}

Deno.test("A connection that is lost ahead of the caller leaves the tape where the caller is", async () => {
  for (let cut = 1; cut <= 20; cut++) {
    const { unit, drive } = await written("exact", { readAhead: 8 });
    for (let reads = 0; reads < 3; reads++) await drive.read();
    unit.left = cut;
    await drive.read();
    await drive.close();
    assert.equal(unit.sim.closedAt, 4, `cut at command ${cut}`);
  }
});

Deno.test("A write is never sent again: the next is refused until the caller has positioned", async () => {
  const { unit, drive } = await written("exact");
  await drive.read();
  unit.left = 1;
  unit.isExecuted = true;
  await assert.rejects(drive.write(new Uint8Array(700)), TransportLostError);
  await assert.rejects(drive.write(new Uint8Array(700)), PositionLostError);
  assert.equal(unit.reconnections, 1);
  await drive.rewind();
  await drive.write(new Uint8Array(700));
  await drive.rewind();
  assert.deepEqual(await readAll(drive), ["700"]);
  await drive.close();
});

Deno.test("Another tape ends it: nothing is read from it", async () => {
  const { unit, drive } = await written("exact");
  await drive.read();
  unit.left = 1;
  unit.meanwhile = () => unit.sim.drive.raiseUnitAttention(0x28, 0);
  await assert.rejects(drive.read(), MediumChangedError);
  await assert.rejects(drive.write(new Uint8Array(700)), PositionLostError);
  await drive.close();
});

Deno.test("Without recovery a lost connection stays lost", async () => {
  const { unit, drive } = await written("exact", { recovery: "none" });
  unit.left = 1;
  await assert.rejects(drive.read(), TransportLostError);
  await assert.rejects(drive.rewind(), TransportLostError);
  assert.equal(unit.reconnections, 0);
  await drive.close();
});

Deno.test("A connection that does not come back is an error that says so, and every later operation tries anew", async () => {
  const { unit, drive } = await written("exact");
  unit.left = 1;
  let attempts = 0;
  unit.meanwhile = () => {
    attempts++;
    throw lost("not-executed");
  };
  await assert.rejects(drive.read(), /Lost the connection to cut: the connection broke/);
  assert.equal(attempts, 1);
  await assert.rejects(drive.rewind(), TransportLostError);
  assert.equal(attempts, 2);
  unit.meanwhile = () => {};
  await drive.rewind();
  assert.deepEqual(await readAll(drive), EXPECTED);
  await drive.close();
});

Deno.test("A target that loses the connection over the same record again and again is given up", async () => {
  const { unit, drive } = await written("exact");
  await drive.read();
  const reestablish = unit.reestablish.bind(unit);
  unit.reestablish = async () => {
    await reestablish();
    unit.left = 8;
  };
  unit.left = 1;
  await assert.rejects(drive.read(), (error) => error instanceof Error);
  assert.ok(unit.reconnections <= 4);
  unit.reestablish = reestablish;
  await drive.close().catch(() => {});
});

Deno.test("a place that is lost in an operation that does not need it is told to the next that does", async () => {
  for (const next of ["read", "space", "position"] as const) {
    const { unit, drive } = await written("exact");
    // Where the way from the beginning is not known.
    await drive.locate(3);
    unit.nexusLost = true;
    unit.meanwhile = () => unit.sim.drive.reset();
    await drive.flush();
    const operations = {
      read: () => drive.read(),
      space: () => drive.space("blocks", 1),
      position: () => drive.position(),
    };
    await assert.rejects(operations[next](), PositionLostError);
    await drive.rewind();
    assert.deepEqual(await readAll(drive), EXPECTED);
    await drive.close();
  }
});

Deno.test("a reset that is heard while connecting again is told, though the next question fails", async () => {
  const { unit, drive } = await written("exact");
  await drive.space("end-of-data");
  await drive.write(new Uint8Array(700));
  unit.nexusLost = true;
  unit.meanwhile = () => {
    unit.sim.drive.raiseUnitAttention(0x29, 3);
    unit.sim.drive.inject({ opcode: 0x1a, sense: { key: 4, asc: 0x44, ascq: 0 } });
  };
  await assert.rejects(drive.write(new Uint8Array(700)), (error: ResetError) => {
    return error instanceof ResetError && error.writes?.isCertain === false;
  });
  await drive.close();
});

/** A tape of two partitions with nine records each, of 700 bytes and more in the first, of 800 and more in the second; the caller is in that. */
async function partitioned(readAhead: number) {
  const unit = new CutUnit("exact", { capacityBytes: 100e9 });
  const drive = await open(unit, { readAhead, recordBytesHint: 1000 });
  await drive.rewind();
  await drive.makePartitions([2e9, "rest"]);
  for (const partition of [0, 1]) {
    await drive.setPartition(partition);
    for (let number = 0; number < 9; number++) {
      await drive.write(new Uint8Array(700 + number + partition * 100));
    }
  }
  await drive.setPartition(1);
  return { unit, drive };
}

function ofPartition(partition: number): string[] {
  return Array.from({ length: 9 }, (_, number) => `${700 + 100 * partition + number}`);
}

for (const readAhead of [0, 4]) {
  Deno.test(`Reads resume in the partition that they were in, though the drive has lost its power meanwhile: read-ahead ${readAhead}`, async () => {
    const { unit, drive } = await partitioned(readAhead);
    const seen = [await readOne(drive), await readOne(drive), await readOne(drive)];
    unit.meanwhile = () => unit.sim.drive.powerCycle();
    unit.left = 1;
    seen.push(...await readAll(drive));
    assert.deepEqual(seen, ofPartition(1));
    assert.equal((await drive.position()).partition, 1);
    await drive.close();
  });

  Deno.test(`And so they do when the first attempt to connect again has failed on the way: read-ahead ${readAhead}`, async () => {
    for (let second = 1; second <= 20; second++) {
      const { unit, drive } = await partitioned(readAhead);
      const seen = [await readOne(drive), await readOne(drive), await readOne(drive)];
      const reestablish = unit.reestablish.bind(unit);
      unit.meanwhile = () => unit.sim.drive.powerCycle();
      unit.reestablish = async () => {
        await reestablish();
        unit.meanwhile = () => {};
        unit.left = unit.reconnections === 1 ? second : Infinity;
      };
      unit.nexusLost = true;
      await drive.flush().catch((error) => assert.ok(error instanceof TransportLostError));
      seen.push(...await readAll(drive));
      assert.deepEqual(seen, ofPartition(1), `lost again after ${second} commands`);
      await drive.close();
    }
  });

  Deno.test(`A load that went to another partition is taken for what it is: read-ahead ${readAhead}`, async () => {
    const { unit, drive } = await partitioned(readAhead);
    await drive.unload();
    await drive.load();
    const seen = [await readOne(drive), await readOne(drive), await readOne(drive)];
    unit.left = 1;
    seen.push(...await readAll(drive));
    assert.deepEqual(seen, ofPartition(0));
    await drive.close();
  });
}

const [LOCATE_16, READ_16, VERIFY_16] = [0x92, 0x88, 0x8f];

const INTO_PARTITION_0: Readonly<Record<string, (drive: TapeDrive) => Promise<unknown>>> = {
  "locate()": (drive) => drive.locate({ object: 2, partition: 0 }),
  "setPartition()": (drive) => drive.setPartition(0),
  "readAt()": (drive) => drive.readAt(2, { partition: 0 }),
  "verify()": (drive) => drive.verify({ recordBytes: 702 }, { from: { object: 2, partition: 0 } }),
};

/** Leaves the next command that goes to a partition without an answer; the connection holds. */
function leaveUnanswered(unit: CutUnit, isExecuted: boolean): void {
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    if (![LOCATE_16, READ_16, VERIFY_16].includes(command.cdb[0])) return await execute(command);
    unit.execute = execute;
    if (isExecuted) await execute(command);
    throw lost("unknown");
  };
}

for (const [name, go] of Object.entries(INTO_PARTITION_0)) {
  for (const isExecuted of [false, true]) {
    Deno.test(`Whether ${name} has gone to another partition is found out when its answer is lost: ${isExecuted}`, async () => {
      const { unit, drive } = await partitioned(0);
      leaveUnanswered(unit, isExecuted);
      await assert.rejects(go(drive), TransportLostError);
      await drive.rewind();
      const partition = isExecuted ? 0 : 1;
      const seen = [await readOne(drive), await readOne(drive)];
      unit.meanwhile = () => unit.sim.drive.powerCycle();
      unit.left = 1;
      seen.push(...await readAll(drive));
      assert.deepEqual(seen, ofPartition(partition));
      assert.equal((await drive.position()).partition, partition);
      await drive.close();
    });
  }

  Deno.test(`After ${name} the caller is in that partition`, async () => {
    const { unit, drive } = await partitioned(0);
    await go(drive);
    unit.meanwhile = () => unit.sim.drive.powerCycle();
    unit.nexusLost = true;
    await drive.rewind();
    assert.deepEqual(await readAll(drive), ofPartition(0));
    await drive.close();
  });
}

Deno.test("what was not made sure of when the connection came back is made sure of by the next operation", async () => {
  for (let unanswered = 2; unanswered <= 12; unanswered++) {
    const unit = new CutUnit("exact", { rewindOnReset: false });
    const drive = await open(unit, { blockSize: 50 });
    await drive.rewind();
    for (let number = 1; number <= 4; number++) await drive.write(new Uint8Array(100).fill(number));
    await drive.flush();
    unit.nexusLost = true;
    // The drive forgets the block size with its power, and one question on the new connection stays without an answer.
    unit.meanwhile = () => unit.sim.drive.powerCycle();
    const execute = unit.execute.bind(unit);
    let questions = 0;
    unit.execute = async (command) => {
      const result = await execute(command);
      if (++questions === unanswered) throw lost("unknown");
      return result;
    };
    await drive.flush().catch((error) => assert.ok(error instanceof TransportLostError));
    unit.meanwhile = () => {};
    await drive.space("end-of-data").catch((error) => assert.ok(error instanceof TapeError));
    await drive.rewind();
    await drive.space("end-of-data");
    await drive.write(new Uint8Array(100).fill(5));
    await drive.close();
    const lengths = unit.sim.drive.objects().map((each) =>
      each.kind === "filemark" ? 0 : each.data.length
    );
    assert.deepEqual(lengths, Array(10).fill(50), `no answer to question ${unanswered}`);
  }
});

Deno.test("what goes on from where the caller is hears first that this was lost with the connection", async () => {
  const uses: Readonly<Record<string, (drive: TapeDrive) => Promise<unknown>>> = {
    verify: (drive) => drive.verify({ filemarks: 1 }),
    readReverse: (drive) => drive.readReverse(),
    nextBlock: (drive) => drive.encryption.nextBlock(),
  };
  for (const [name, use] of Object.entries(uses)) {
    const { unit, drive } = await written("exact");
    await drive.space("end-of-data");
    unit.nexusLost = true;
    unit.meanwhile = () => unit.sim.drive.powerCycle();
    await assert.rejects(use(drive), PositionLostError, name);
    await drive.close();
  }
});

for (const between of ["flush()", "nothing"]) {
  Deno.test(`reads that go on in spite of a lost position do not go on elsewhere unheard: ${between} between`, async () => {
    const { unit, drive } = await written("exact");
    for (let i = 0; i < 2; i++) await drive.read();
    unit.sim.drive.inject({ opcode: 0x08, sense: { key: 3, asc: 0x11, ascq: 0 } });
    await assert.rejects(drive.read(), { kind: "medium-error" });
    assert.equal(await readOne(drive), "900");
    unit.nexusLost = true;
    unit.meanwhile = () => unit.sim.drive.powerCycle();
    if (between === "flush()") await drive.flush();
    await assert.rejects(drive.read(), PositionLostError);
    await drive.close();
  });
}

for (const isExecuted of [false, true]) {
  for (const sense of [[0x3a, 0x00], [0x04, 0x02]]) {
    const fate = isExecuted ? "executed" : "not executed";
    Deno.test(`An unload whose answer was lost may be told again: ${fate}, then not ready with ${sense}`, async () => {
      const { unit, drive } = await written("exact");
      await drive.read();
      unit.left = 1;
      unit.isExecuted = isExecuted;
      await assert.rejects(drive.unload(), TransportLostError);
      const { sim } = unit;
      sim.intercept = ({ cdb }) =>
        cdb[0] === 0 && sim.drive.position === undefined ? notReady(sense) : undefined;
      await drive.unload();
      await drive.unload();
      assert.equal(sim.drive.position, undefined);
      sim.intercept = undefined;
      await drive.load();
      assert.deepEqual(await readAll(drive), EXPECTED);
      await drive.close();
    });
  }
}

Deno.test("A drive that is empty behind an outage does not prove that what was written is on tape", async () => {
  for (const isInUnload of [false, true]) {
    const { unit, drive } = await written("exact");
    await drive.write(new Uint8Array(700));
    unit.left = isInUnload ? 1 : Infinity;
    unit.isExecuted = true;
    if (isInUnload) await assert.rejects(drive.unload(), TransportLostError);
    else unit.nexusLost = true;
    if (!isInUnload) unit.meanwhile = () => void unit.sim.drive.eject();
    await assert.rejects(drive.unload(), (error: unknown) => {
      assert.ok(error instanceof PositionLostError);
      assert.equal(error.writes?.isCertain, false);
      return true;
    });
    await drive.unload();
    await drive.close();
  }
});

Deno.test("A drive that has another tape behind an outage is not told to unload it", async () => {
  const { unit, drive } = await written("exact");
  unit.left = 1;
  await assert.rejects(drive.unload(), TransportLostError);
  unit.meanwhile = () => unit.sim.drive.raiseUnitAttention(0x28, 0);
  await assert.rejects(drive.unload(), MediumChangedError);
  assert.equal(unit.sim.drive.position?.object, 0);
  await drive.close();
});

Deno.test("Another drive that answers behind an outage, and has no tape ready, is not told to unload", async () => {
  const { unit, drive } = await written("exact");
  unit.nexusLost = true;
  const sent: number[] = [];
  const serial = [1, 0x80, 0, 4, ...new TextEncoder().encode("ELSE")];
  unit.sim.intercept = ({ cdb, dataIn }) => {
    sent.push(cdb[0]);
    if (cdb[0] === 0) return notReady([0x04, 0x02]);
    if (cdb[0] !== 0x12) return undefined;
    dataIn!.set(serial);
    const residual = dataIn!.length - serial.length;
    return Promise.resolve({ status: 0, sense: NO_SENSE, dataInLength: serial.length, residual });
  };
  for (let times = 0; times < 2; times++) {
    await assert.rejects(drive.unload(), { kind: "other", message: /another drive answers/ });
  }
  assert.ok(!sent.includes(0x1b));
  unit.sim.intercept = undefined;
  await drive.close();
});

const NO_SENSE = new Uint8Array(0);

/** An answer of NOT READY. */
function notReady([asc, ascq]: readonly number[]): Promise<ScsiResult> {
  const sense = encodeSense({ key: 2, asc, ascq });
  return Promise.resolve({ status: 2, sense, dataInLength: 0, residual: 0 });
}
