/** Another host that changes what the caller has set beside the block size. */

import assert from "node:assert/strict";
import type { TapeError } from "../../tape/errors.ts";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { contents, numbered, openSim } from "./drive_setup.ts";
import { HostUnit } from "./host_unit.ts";
import type { SimUnit } from "./sim_unit.ts";

const [WRITE, MODE_SELECT] = [0x0a, 0x15];
/** MODE SELECT(6) without block descriptor; device configuration extension, and the last byte of its programmable early warning. */
const [HEADER_BYTES, EXTENSION_PAGE, PEWS] = [4, 0x50, 7];

/** Three records on a tape that is to be added to alone, and another host at the same drive. */
async function openShared(options: TapeDriveOptions = {}) {
  const { unit, drive } = await openSim({}, options);
  const other = await TapeDrive.open(new HostUnit(unit.drive, "other"), {
    sleep: () => Promise.resolve(),
  });
  await drive.rewind();
  await drive.setAppendOnly(true);
  for (let number = 1; number <= 3; number++) await drive.write(numbered(number));
  await drive.flush();
  await drive.rewind();
  const close = async () => {
    await other.close();
    await drive.close();
  };
  return { unit, drive, other, close };
}

/** The caller's error, which names the setting. */
function changed(setting: string) {
  return ({ kind, message }: TapeError) => {
    assert.equal(message, `Another initiator has changed ${setting}; set it again (sim)`);
    return kind === "mode-parameters-changed";
  };
}

/** Who hears of it. */
const HEARERS: Readonly<Record<string, (drive: TapeDrive) => Promise<unknown>>> = {
  "a motion": (drive) => drive.rewind(),
  "a question": (drive) => drive.status(),
  "a question for the position": (drive) => drive.position(),
};

for (const [who, hear] of Object.entries(HEARERS)) {
  Deno.test(`append-only mode that another host switches off, and ${who} hears of, is told before anything is written over`, async () => {
    const { unit, drive, other, close } = await openShared();
    await other.setAppendOnly(false);
    const using = async () => {
      await hear(drive);
      await drive.locate(1);
      await drive.write(numbered(9));
    };
    await assert.rejects(using(), changed("append-only mode"));
    assert.equal(contents(unit), "1 2 3");
    await drive.rewind();
    await drive.setAppendOnly(true);
    await drive.locate(1);
    await assert.rejects(drive.write(numbered(9)), { kind: "write-protected" });
    assert.equal(contents(unit), "1 2 3");
    await close();
  });
}

for (const write of ["write", "writeFilemarks", "erase"] as const) {
  Deno.test(`it is told by ${write}() where that finds its place first, and hears of it there`, async () => {
    const { unit, drive, other, close } = await openShared();
    await drive.locate(1);
    await other.setAppendOnly(false);
    const writing = write === "write" ? drive.write(numbered(9)) : drive[write]();
    await assert.rejects(writing, changed("append-only mode"));
    assert.equal(contents(unit), "1 2 3");
    await close();
  });
}

/** What erases the tape, once it has rewound it. */
const ERASERS: Readonly<Record<string, (drive: TapeDrive) => Promise<unknown>>> = {
  "format()": (drive) => drive.format(),
  "setCapacity()": (drive) => drive.setCapacity(0.5),
  "makePartitions()": (drive) => drive.makePartitions([1e9, "rest"]),
};

for (const [name, erase] of Object.entries(ERASERS)) {
  Deno.test(`it is told by ${name} before that erases the tape`, async () => {
    const { unit, drive, other, close } = await openShared();
    await drive.locate(1);
    await other.setAppendOnly(false);
    await assert.rejects(erase(drive), changed("append-only mode"));
    assert.equal(contents(unit), "1 2 3");
    await erase(drive);
    assert.equal(contents(unit), "");
    await close();
  });
}

Deno.test("a read that hears of it, ahead of the caller or not, fails, and what is written next is not written over", async () => {
  for (const readAhead of [0, 4]) {
    const { unit, drive, other, close } = await openShared({ readAhead });
    await drive.read();
    await other.setAppendOnly(false);
    const using = async () => {
      await drive.read();
      await drive.read();
    };
    await assert.rejects(using(), { kind: "mode-parameters-changed" });
    await assert.rejects(drive.locate(1), changed("append-only mode"));
    assert.equal(contents(unit), "1 2 3");
    await close();
  }
});

Deno.test("it is told once; who goes on without it may write over", async () => {
  const { unit, drive, other, close } = await openShared();
  await other.setAppendOnly(false);
  await drive.rewind();
  await assert.rejects(drive.locate(1), changed("append-only mode"));
  await drive.locate(1);
  await drive.write(numbered(9));
  assert.equal(contents(unit), "1 9");
  await close();
});

Deno.test("compression, early warning, and what changeSettings() has set, are told of likewise", async () => {
  const { drive, other, close } = await openShared();
  const settings: [string, (host: TapeDrive, on: boolean) => Promise<void>][] = [
    ["compression", (host, on) => host.setCompression({ enabled: on })],
    ["programmable early warning", (host, on) => host.setEarlyWarning(on ? 3e6 : 0)],
    [
      'softwareWriteProtect in "control"',
      (host, on) => host.changeSettings("control", { softwareWriteProtect: on }),
    ],
  ];
  for (const [name, set] of settings) {
    await set(drive, true);
    await other.status();
    await set(other, false);
    await drive.rewind();
    await assert.rejects(drive.rewind(), changed(name));
    await drive.rewind();
  }
  await close();
});

Deno.test("what another host changes and the caller has not set is no news", async () => {
  const { drive, other, close } = await openShared();
  await other.setCompression({ enabled: false });
  await drive.rewind();
  await drive.locate(1);
  assert.equal((await drive.compression()).enabled, false);
  await close();
});

Deno.test("a value that the drive has rounded is no change of another host's, until one is made", async () => {
  const { unit, drive, other, close } = await openShared();
  roundEarlyWarning(unit, 16);
  await drive.setEarlyWarning(5e6);
  assert.equal(await drive.earlyWarning(), 16e6);
  await other.setCompression({ enabled: false });
  await drive.rewind();
  await drive.locate(1);
  await other.setEarlyWarning(0);
  await drive.rewind();
  await assert.rejects(drive.rewind(), changed("programmable early warning"));
  await close();
});

/** The drive takes what the caller sets in so many megabytes alone. */
function roundEarlyWarning(unit: SimUnit, step: number): void {
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    const { cdb, dataOut } = command;
    if (cdb[0] !== MODE_SELECT || dataOut === undefined) return await execute(command);
    const rounded = Uint8Array.from(dataOut);
    const at = HEADER_BYTES + PEWS;
    if (dataOut[HEADER_BYTES] === EXTENSION_PAGE) {
      rounded[at] = Math.ceil(dataOut[at] / step) * step;
    }
    return await execute({ ...command, dataOut: rounded });
  };
}

Deno.test("behind a reset the caller's setting goes before another host's", async () => {
  const { unit, drive, other, close } = await openShared();
  unit.drive.reset();
  await assert.rejects(other.rewind(), { kind: "reset" });
  await other.setCompression({ enabled: false });
  await assert.rejects(drive.rewind(), { kind: "reset" });
  await drive.rewind();
  assert.equal(await drive.appendOnly(), true);
  await close();
});

/** The most WRITEs under way at once from here on. */
function countWrites(unit: SimUnit): () => number {
  let [underWay, most] = [0, 0];
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    if (command.cdb[0] !== WRITE) return await execute(command);
    most = Math.max(most, ++underWay);
    for (let hops = 0; hops < 50; hops++) await Promise.resolve();
    return await execute(command).finally(() => underWay--);
  };
  return () => {
    unit.execute = execute;
    return most;
  };
}

Deno.test("no write is sent ahead any more once another host has switched append-only mode on", async () => {
  const { unit, drive } = await openSim({}, { writeBehind: 4 });
  const other = await TapeDrive.open(new HostUnit(unit.drive, "other"), {
    sleep: () => Promise.resolve(),
  });
  await drive.rewind();
  const writeFrom = async (first: number) => {
    const most = countWrites(unit);
    for (let number = first; number < first + 6; number++) await drive.write(numbered(number));
    await drive.flush();
    return most();
  };
  assert.ok(await writeFrom(1) > 1);
  await other.setAppendOnly(true);
  await drive.position();
  assert.equal(await writeFrom(7), 1);
  assert.equal(contents(unit), "1 2 3 4 5 6 7 8 9 10 11 12");
  await other.close();
  await drive.close();
});
