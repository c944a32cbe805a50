import assert from "node:assert/strict";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { NotReadyError, type TapeError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { tapePersonalities } from "../../sim/personality.ts";
import { CutUnit } from "./cut_unit.ts";
import { openSim } from "./drive_setup.ts";
import { SimUnit } from "./sim_unit.ts";

const TEST_UNIT_READY = 0x00;
const REQUEST_SENSE = 0x03;
const READ_BLOCK_LIMITS = 0x05;
const READ_POSITION = 0x34;
const READ_ATTRIBUTE = 0x8c;
/** What goes out at once: REQUEST SENSE, READ BLOCK LIMITS, MODE SENSE, READ POSITION, twice INQUIRY, REQUEST SENSE. */
const QUESTIONS = [0x03, 0x05, 0x1a, 0x34, 0x12, 0x12, 0x03];
const ATTENTION = { key: 6, asc: 0x28, ascq: 0 };
const LOADING = { key: 2, asc: 0x04, ascq: 1 };
const NEEDS_LOAD = { key: 2, asc: 0x04, ascq: 2 };

/** Lets the drive answer as one that is not ready: in REQUEST SENSE, and so many times to TEST UNIT READY. */
function unready(unit: SimUnit, sense: typeof LOADING, times = 1) {
  unit.drive.inject({ opcode: REQUEST_SENSE, sense, times: 2 });
  unit.drive.inject({ opcode: TEST_UNIT_READY, sense, times });
}

/** Opens on a unit that is prepared first; counts the waits. */
async function open(prepare: (unit: SimUnit) => void, options: TapeDriveOptions = {}) {
  const unit = new SimUnit({ unitAttentions: { newNexus: [] } });
  prepare(unit);
  const waits: number[] = [];
  const sleep = (ms: number, signal?: AbortSignal) => {
    waits.push(ms);
    signal?.throwIfAborted();
    return Promise.resolve();
  };
  const drive = await TapeDrive.open(unit, { sleep, ...options });
  return { unit, drive, waits };
}

Deno.test("TapeDrive.open() tells what the drive is and which lengths it takes", async () => {
  const personality = Object.values(tapePersonalities).find(({ vendor }) => vendor === "IBM")!;
  const { drive } = await openSim({ personality, serialNumber: "1310000042" });
  assert.equal(drive.info.vendor, "IBM");
  assert.equal(drive.info.product, personality.product);
  assert.equal(drive.info.serialNumber, "1310000042");
  assert.equal(drive.info.deviceType, 1);
  assert.equal(drive.limits.maxBytes, personality.blockLimits.maxBytes);
});

Deno.test("TapeDrive.open() asks all at once, and nothing more of a drive that leaves no doubt", async () => {
  const { unit } = await open(() => {});
  assert.deepEqual(unit.opcodes(), QUESTIONS);
  assert.equal(unit.maxOutstanding, QUESTIONS.length);
});

Deno.test("TapeDrive.open() has REQUEST SENSE take the unit attention of a new initiator, and asks nothing twice", async () => {
  const { unit, drive } = await openSim({ unitAttentions: { newNexus: [{ asc: 0x29, ascq: 0 }] } });
  assert.deepEqual(unit.opcodes(), QUESTIONS);
  await drive.read();
  assert.equal(unit.opcodes()[QUESTIONS.length], 0x08, "nothing has become doubtful");
});

Deno.test("TapeDrive.open() asks for the record lengths alone again when a unit attention came in between", async () => {
  const { unit, drive } = await open(({ drive }) => {
    drive.inject({ opcode: READ_BLOCK_LIMITS, sense: ATTENTION });
  });
  assert.deepEqual(unit.opcodes(), [...QUESTIONS, READ_BLOCK_LIMITS]);
  await drive.read();
  assert.equal(unit.opcodes().at(-1), 0x08);
});

Deno.test("TapeDrive.open() tells of an attention that REQUEST SENSE took off the drive, as of any other", async () => {
  const told: string[] = [];
  const newNexus = [{ asc: 0x3f, ascq: 0x01 }];
  await openSim({ unitAttentions: { newNexus } }, {
    onNotice: (notice) => told.push(notice.kind),
  });
  assert.deepEqual(told, ["attention"]);
});

Deno.test("TapeDrive.open() asks one that does not tell where the tape stands for its cartridge and its partitions at once", async () => {
  const unit = new CutUnit("tgt");
  const asked: unknown[] = [];
  unit.sim.intercept = ({ cdb }) => {
    const isLate = cdb[0] === READ_ATTRIBUTE || (cdb[0] === 0x1a && cdb[2] === 0x11);
    if (isLate) asked.push([cdb[0], unit.sim.outstanding]);
    return undefined;
  };
  const drive = await TapeDrive.open(unit);
  assert.deepEqual(asked, [[READ_ATTRIBUTE, 0], [0x1a, 1]]);
  assert.equal((await drive.position()).partition, 0);
});

for (const [question, position] of [["cartridge", 0], ["partitions", 1]] as const) {
  Deno.test(`TapeDrive.open() goes on with the tape that is there when the question for the ${question} meets an exchange`, async () => {
    const unit = new CutUnit("tgt");
    let left = position;
    unit.sim.intercept = ({ cdb }) => {
      const isLate = cdb[0] === READ_ATTRIBUTE || (cdb[0] === 0x1a && cdb[2] === 0x11);
      if (isLate && left-- === 0) unit.sim.drive.inject({ opcode: cdb[0], sense: ATTENTION });
      return undefined;
    };
    const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
    assert.ok(left < 0, "it has met one");
    const behind = unit.sim.opcodes().slice(unit.sim.opcodes().indexOf(READ_ATTRIBUTE));
    assert.ok(behind.includes(READ_BLOCK_LIMITS), "what it has said before is asked anew");
    await drive.write(new Uint8Array(10));
    assert.equal(unit.sim.drive.objects().length, 1);
  });
}

const DOUBTS: readonly [what: string, prepare: (unit: SimUnit) => void][] = [
  ["does not know REQUEST SENSE", ({ drive }) => {
    drive.inject({ opcode: REQUEST_SENSE, sense: { key: 5, asc: 0x20, ascq: 0 }, times: 2 });
  }],
  ["is said to be rewinding", ({ drive }) => {
    drive.inject({ opcode: REQUEST_SENSE, sense: { key: 0, asc: 0, ascq: 0x1a }, times: 2 });
  }],
  ["does not know its position", ({ quirks }) => Object.assign(quirks, { positionUnknown: true })],
  ["refuses READ POSITION", ({ drive }) => {
    drive.inject({ opcode: READ_POSITION, sense: { key: 5, asc: 0x20, ascq: 0 }, times: 2 });
  }],
  ["is not ready for READ POSITION", ({ drive }) => {
    drive.inject({ opcode: READ_POSITION, sense: LOADING, times: 1 });
  }],
];

for (const [what, prepare] of DOUBTS) {
  Deno.test(`TapeDrive.open() asks a drive that ${what} whether its tape is ready`, async () => {
    const { unit, waits } = await open((unit) => {
      prepare(unit);
      unit.drive.inject({ opcode: TEST_UNIT_READY, sense: LOADING });
    });
    assert.equal(unit.opcodes().filter((opcode) => opcode === TEST_UNIT_READY).length, 2);
    assert.deepEqual(waits, [1000]);
  });
}

Deno.test("TapeDrive.open() takes in the unit attentions that wait for it", async () => {
  const { unit, drive } = await open((unit) => {
    for (const opcode of [0x00, 0x05, 0x1a, 0x34]) unit.drive.inject({ opcode, sense: ATTENTION });
  });
  assert.equal((await drive.position()).object, 0);
  await drive.write(new Uint8Array(10));
  assert.equal(unit.drive.objects().length, 1);
});

Deno.test("TapeDrive.open() gives up on a drive that never runs out of unit attentions", async () => {
  const opening = open((unit) => {
    for (const opcode of [TEST_UNIT_READY, READ_BLOCK_LIMITS]) {
      unit.drive.inject({ opcode, sense: ATTENTION, times: 100 });
    }
  });
  await assert.rejects(opening, (error: TapeError) => error.kind === "medium-changed");
});

Deno.test("TapeDrive.open() polls until the tape is ready", async () => {
  const { waits } = await open((unit) => {
    unready(unit, LOADING, 5);
  }, { loadPolling: { intervalMs: 250, count: 5 } });
  assert.deepEqual(waits, [250, 250, 250, 250, 250]);
});

Deno.test("TapeDrive.open() stops polling after the given count, and says why", async () => {
  const opening = open((unit) => {
    unready(unit, LOADING, 100);
  }, { loadPolling: { count: 3 } });
  await assert.rejects(opening, (error: NotReadyError) => {
    return error instanceof NotReadyError && error.reason === "becoming-ready";
  });
});

Deno.test("TapeDrive.open() stops polling at the signal", async () => {
  const controller = new AbortController();
  const reason = new Error("stop");
  const opening = open((unit) => {
    unready(unit, LOADING, 100);
    controller.abort(reason);
  }, { loadPolling: { signal: controller.signal } });
  await assert.rejects(opening, (error) => error === reason);
});

Deno.test("TapeDrive.open() loads a tape that waits for it only when asked to", async () => {
  const prepare = (unit: SimUnit) => unready(unit, NEEDS_LOAD);
  await assert.rejects(open(prepare), (error: NotReadyError) => error.reason === "needs-load");
  const { unit } = await open(prepare, { load: true });
  assert.ok(unit.opcodes().includes(0x1b));
});

Deno.test("TapeDrive.open() without a tape throws, unless none is required", async () => {
  await assert.rejects(openSim({ medium: undefined }), (error: NotReadyError) => {
    return error instanceof NotReadyError && error.reason === "no-medium";
  });
  const { drive } = await openSim({ medium: undefined }, { requireMedium: false });
  const status = await drive.status();
  assert.equal(status.ready, false);
  assert.equal(status.notReadyReason, "no-medium");
  assert.equal(status.position.known, false);
  await assert.rejects(drive.read(), NotReadyError);
});

Deno.test("TapeDrive.open() refuses what is not a tape, and says what it is", async () => {
  const unit = new SimUnit();
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    const result = await execute(command);
    if (command.cdb[0] === 0x12) command.dataIn![0] = 0x08;
    return result;
  };
  await assert.rejects(TapeDrive.open(unit), (error: TapeError) => {
    return error.kind === "not-a-tape" && error.message.includes("mediumx");
  });
  assert.ok(!unit.isClosed);
});

Deno.test("TapeDrive.open() manages with a drive that knows neither block limits nor mode pages nor positions", async () => {
  const refused = { key: 5, asc: 0x20, ascq: 0 };
  const { drive } = await open((unit) => {
    for (const opcode of [0x05, 0x1a, 0x5a, 0x34]) {
      unit.drive.inject({ opcode, sense: refused, times: 100 });
    }
  });
  assert.equal(drive.limits.maxBytes, 0xff_ffff);
  assert.equal((await drive.position()).known, false);
  await drive.rewind();
  await drive.write(new Uint8Array(10));
  assert.deepEqual((await drive.position()).object, 1);
});

Deno.test("TapeDrive.open() sets block size and compression when they are given", async () => {
  const { drive } = await openSim({}, { blockSize: 512, compression: false });
  assert.equal(await drive.blockSize(), 512);
  assert.equal((await drive.compression()).enabled, false);
});

Deno.test("TapeDrive.open() refuses options out of their range before it sends anything", async () => {
  const unit = new SimUnit();
  for (const options of [{ readAhead: -1 }, { readAhead: 1000 }, { recordBytesHint: 0 }]) {
    await assert.rejects(TapeDrive.open(unit, options), (error: TapeError) => {
      return error.kind === "invalid-argument";
    });
  }
  assert.deepEqual(unit.opcodes(), []);
});
