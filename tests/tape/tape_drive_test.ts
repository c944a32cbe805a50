import assert from "node:assert/strict";
import { SpaceStoppedError, type TapeError } from "../../tape/errors.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";

Deno.test("operations are done in the order of their calls, without waiting in between", async () => {
  const { unit, drive } = await openSim();
  const done = [drive.write(numbered(1)), drive.write(numbered(2)), drive.writeFilemarks(2)];
  const position = drive.position();
  const rewound = drive.rewind();
  const read = drive.read();
  await Promise.all([...done, rewound]);
  assert.equal((await position).object, 4);
  assert.equal((await read).kind, "record");
  assert.equal(contents(unit), "1 2 | |");
});

Deno.test("an operation that fails does not keep the next from being done", async () => {
  const { drive } = await openSim();
  await fill(drive, [numbered(1)]);
  const failing = drive.space("blocks", -1);
  const reading = drive.read();
  await assert.rejects(failing, SpaceStoppedError);
  assert.equal((await reading).kind, "record");
});

Deno.test("write() refuses lengths that the drive does not take before it sends anything", async () => {
  const blockLimits = { minBytes: 8, maxBytes: 1024, granularityExponent: 2, granularityBytes: 4 };
  const { unit, drive } = await openSim({ blockLimits });
  unit.drive.clearCommands();
  for (const length of [0, 4, 1028]) {
    await assert.rejects(drive.write(new Uint8Array(length)), (error: TapeError) => {
      return error.kind === "invalid-argument";
    });
  }
  await drive.setBlockSize(64);
  unit.drive.clearCommands();
  await assert.rejects(drive.write(new Uint8Array(100)), (error: TapeError) => {
    return error.kind === "invalid-argument";
  });
  assert.deepEqual(unit.opcodes(), []);
});

Deno.test("in fixed mode one write() of several blocks is one command, and each block a record", async () => {
  const { unit, drive } = await openSim({}, { blockSize: 64 });
  unit.drive.clearCommands();
  await drive.write(new Uint8Array(640).fill(7));
  // The question for the position is what proves later that nothing was lost.
  assert.deepEqual(unit.opcodes(), [0x0a, 0x34]);
  assert.equal(unit.drive.objects().length, 10);
});

Deno.test("in fixed mode blocks that the drive leaves at early warning are written too", async () => {
  const { unit, drive } = await openSim({ capacityBytes: 1000, earlyWarningBytes: 500 }, {
    blockSize: 50,
  });
  const data = Uint8Array.from({ length: 700 }, (_, at) => Math.floor(at / 50));
  const { earlyWarning } = await drive.write(data);
  assert.ok(earlyWarning);
  assert.equal(contents(unit), "0 1 2 3 4 5 6 7 8 9 10 11 12 13");
});

Deno.test("reads ahead by several blocks a command in fixed mode, with the same outcome", async () => {
  const { unit, drive } = await openSim({}, { blockSize: 64, readAhead: 2 });
  for (let number = 0; number < 100; number++) await drive.write(numbered(number, 64));
  await drive.rewind();
  unit.drive.clearCommands();
  const seen = [];
  for await (const record of drive.records()) seen.push(record[0]);
  assert.deepEqual(seen, Array.from({ length: 100 }, (_, number) => number));
  assert.ok(unit.opcodes().length < 10);
});

Deno.test("space() throws what stopped it, with the rest, and the tape stands where the standard says", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [numbered(1), numbered(2), null, numbered(3)]);
  const stops = [
    ["blocks", 5, "filemark", 3, 3],
    ["blocks", -2, "filemark", 2, 2],
    ["filemarks", 3, "end-of-data", 2, 4],
    ["filemarks", -2, "beginning-of-partition", 1, 0],
    ["blocks", -1, "beginning-of-partition", 1, 0],
  ] as const;
  for (const [what, count, kind, left, position] of stops) {
    await assert.rejects(drive.space(what, count), (error: SpaceStoppedError) => {
      assert.ok(error instanceof SpaceStoppedError);
      assert.deepEqual([error.kind, error.information], [kind, left]);
      return true;
    });
    assert.equal(unit.drive.position?.object, position);
  }
  await drive.space("end-of-data");
  await drive.write(numbered(4));
  assert.equal(contents(unit), "1 2 | 3 4");
});

Deno.test("space() backwards past the beginning is told of where the drive says nothing, by the driver's count", async () => {
  for (const [what, count, left] of [["blocks", -5, 1], ["filemarks", -3, 2]] as const) {
    const { unit, drive } = await openSim({ quirks: { spaceIgnoresFilemarks: true } });
    await fill(drive, [numbered(1), numbered(2), null, numbered(3)]);
    for (let read = 0; read < 4; read++) await drive.read();
    unit.intercept = ({ cdb }) => {
      if (cdb[0] !== 0x11 || cdb[1] !== 1) return undefined;
      return Promise.resolve({ status: 0, sense: new Uint8Array(0), dataInLength: 0, residual: 0 });
    };
    await assert.rejects(drive.space(what, count), (error: SpaceStoppedError) => {
      assert.ok(error instanceof SpaceStoppedError);
      assert.deepEqual([error.kind, error.information], ["beginning-of-partition", left]);
      return true;
    });
    assert.equal(unit.drive.position?.object, 0);
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(1) });
    await drive.close();
  }
});

Deno.test("locate() goes to objects, files and the end of data, also on a drive without LOCATE where it can", async () => {
  for (const noLocate of [false, true]) {
    const { unit, drive } = await openSim({ quirks: { noLocate } });
    await fill(drive, [numbered(1), null, numbered(2), null, numbered(3)]);
    await drive.locate({ file: 2 });
    assert.equal(unit.drive.position?.object, 4);
    await drive.locate("end-of-data");
    assert.equal(unit.drive.position?.object, 5);
    await drive.locate({ file: 0 });
    assert.equal(unit.drive.position?.object, 0);
    if (noLocate) {
      await assert.rejects(drive.locate(3), (error: TapeError) => error.kind === "illegal-request");
      continue;
    }
    await drive.locate(3);
    assert.equal(unit.drive.position?.object, 3);
    await drive.locate({ object: 1, partition: 0 });
    assert.equal(unit.drive.position?.object, 1);
    await assert.rejects(drive.locate(99), (error: SpaceStoppedError) => {
      return error.kind === "end-of-data";
    });
    assert.equal(unit.drive.position?.object, 5);
  }
});

Deno.test("position() is that of the caller however far the tape has run ahead, and moves nothing", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 8 });
  await fill(
    drive,
    [1, 2, null, 3, 4, null, 5].map((each) => each === null ? null : numbered(each)),
  );
  for (let read = 0; read < 4; read++) {
    assert.equal((await drive.position()).object, read);
    await drive.read();
  }
  unit.drive.clearCommands();
  const { object, file, source, beginningOfPartition } = await drive.position();
  assert.deepEqual([object, file, source, beginningOfPartition], [4, 1, "device", false]);
  assert.deepEqual(unit.opcodes(), [0x34]);
});

Deno.test("setBlockSize() acts where the caller is, and keeps the density", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 8 });
  await fill(drive, [1, 2, 3, 4, 5].map((each) => numbered(each, 64)));
  const { densityCode } = await drive.status();
  await drive.read();
  await drive.read();
  await drive.setBlockSize(64);
  const result = await drive.read();
  assert.equal(result.kind === "record" && result.data[0], 3);
  const status = await drive.status();
  assert.deepEqual([status.blockBytes, status.densityCode], [64, densityCode]);
  assert.equal(unit.drive.objects().length, 5);
  await assert.rejects(drive.setBlockSize(-1), (error: TapeError) => {
    return error.kind === "invalid-argument";
  });
});

Deno.test("setCompression() switches what compression() tells", async () => {
  const { drive } = await openSim();
  const before = await drive.compression();
  assert.ok(before.supported);
  await drive.setCompression({ enabled: !before.enabled });
  assert.deepEqual(await drive.compression(), { ...before, enabled: !before.enabled });
});

Deno.test("status() and densities() tell of drive and tape", async () => {
  const { drive } = await openSim();
  await drive.write(numbered(1));
  const status = await drive.status();
  assert.ok(status.ready);
  assert.equal(status.writeProtected, false);
  assert.equal(status.position.object, 1);
  assert.ok(status.densityName);
  const densities = await drive.densities({ media: true });
  assert.ok(densities.some(({ code }) => code === status.densityCode));
});

Deno.test("erase() makes end of data where the caller is", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4 });
  await fill(drive, [1, 2, 3, 4].map((each) => numbered(each)));
  await drive.read();
  await drive.read();
  await drive.erase();
  assert.equal(contents(unit), "1 2");
  await drive.rewind();
  await drive.erase({ long: true });
  assert.equal(contents(unit), "");
});

Deno.test("setMediumRemoval() locks the tape in", async () => {
  const { drive } = await openSim();
  await drive.setMediumRemoval(false);
  await assert.rejects(drive.unload(), (error: TapeError) => error.kind === "removal-prevented");
  await drive.setMediumRemoval(true);
  await drive.unload();
  assert.equal((await drive.status()).ready, false);
  await drive.load();
  assert.equal((await drive.position()).object, 0);
});

Deno.test("a record that is kept does not keep a much larger buffer alive", async () => {
  const { drive } = await openSim();
  await fill(drive, [numbered(1, 100), numbered(2, 100_000), numbered(3, 80_000)]);
  for (const most of [200, 200_000, 200_000]) {
    const result = await drive.read();
    assert.ok(result.kind === "record" && result.data.buffer.byteLength <= most);
  }
});

Deno.test("the buffers under way are bounded by the depth and the largest record", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4 });
  await fill(drive, Array.from({ length: 50 }, (_, each) => numbered(each)));
  let most = 0;
  const execute = unit.execute.bind(unit);
  let bytes = 0;
  unit.execute = async (command) => {
    bytes += command.dataIn?.length ?? 0;
    most = Math.max(most, unit.outstanding);
    return await execute(command);
  };
  await drive.read();
  bytes = 0;
  for (let read = 0; read < 40; read++) await drive.read();
  assert.ok(bytes <= 45 * 104 + 64);
  assert.ok(most <= 6);
});

Deno.test("an operation that is called off before its turn is not done, and the next ones are", async () => {
  const { unit, drive } = await openSim();
  const controller = new AbortController();
  const first = drive.write(numbered(1));
  const second = drive.write(numbered(2), { signal: controller.signal });
  const third = drive.write(numbered(3), { signal: new AbortController().signal });
  controller.abort(new Error("not that one"));
  await assert.rejects(second, /not that one/);
  await first;
  await third;
  assert.equal(contents(unit), "1 3");
});

Deno.test("a record that was given out stays as it is, whatever is read after it", async () => {
  for (const blockSize of [0, 60_000, 131_072]) {
    const { drive } = await openSim({}, { blockSize, readAhead: 2 });
    const length = blockSize || 5000;
    await fill(drive, Array.from({ length: 24 }, (_, each) => numbered(each, length)));
    const given: Uint8Array[] = [];
    const buffer = new Uint8Array(length);
    for (let read = 0; read < 24; read++) {
      if (read % 3 === 1) {
        await drive.readInto(buffer);
        assert.equal(buffer[0], read);
        given.push(numbered(read, length));
        continue;
      }
      const result = await drive.read();
      if (result.kind === "record") given.push(result.data);
    }
    const changed = given.findIndex((data, each) => data.some((byte) => byte !== each));
    assert.equal(changed, -1);
    await drive.close();
  }
});
