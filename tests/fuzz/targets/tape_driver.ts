/** The tape driver on a drive that answers anything to any command. */

import assert from "node:assert/strict";
import { ServiceDeliveryError } from "../../../scsi/errors.ts";
import type { ScsiCommand, ScsiResult } from "../../../scsi/logical_unit.ts";
import { encodeSense } from "../../../scsi/sense.ts";
import { TapeError } from "../../../tape/errors.ts";
import { TapeDrive } from "../../../tape/tape_drive.ts";
import { concat } from "../../../transport/concat.ts";
import { SimUnit, type TargetHabits } from "../../tape/sim_unit.ts";
import { Choices } from "../choices.ts";
import { type FuzzTarget, settledOrDocumented } from "../fuzz_target.ts";

const HABITS: readonly TargetHabits[] = ["exact", "tgt", "istgt"];
const MAX_COMMANDS = 4000;
const MAX_RECORD_BYTES = 2 ** 24;

const SENSES = [
  encodeSense({ key: 0, asc: 0, ascq: 1, filemark: true, information: 5 }),
  encodeSense({ key: 8, asc: 0, ascq: 5, information: 1 }),
  encodeSense({ key: 0, asc: 0, ascq: 0, incorrectLength: true, information: -100 }),
  encodeSense({ key: 6, asc: 0x29, ascq: 0 }),
  encodeSense({ key: 0xd, asc: 0, ascq: 2, endOfMedium: true, information: 3 }),
  encodeSense({ key: 2, asc: 4, ascq: 1 }, "descriptor"),
];

/** What an input says to a command: 0 to 200 lets the simulated drive answer. */
const HONEST = 200;

export const tapeDriverTarget: FuzzTarget = {
  name: "tape-driver",
  seeds: [
    concat([bytes(0, 0, 1), honest(60)]),
    concat([bytes(4, 0, 2), honest(40), bytes(210, 2, 0), SENSES[0], honest(60)]),
    concat([bytes(2, 1, 3), honest(30), bytes(230, 2, 9), SENSES[2], honest(90)]),
    concat([bytes(8, 2, 4), honest(25), bytes(250), honest(60)]),
  ],
  tokens: SENSES.map((sense) => concat([bytes(220, 2, sense.length), sense])),
  maxBytes: 1500,
  run: runDriver,
};

async function runDriver(input: Uint8Array): Promise<void> {
  const choices = new Choices(input);
  const readAhead = choices.below(9);
  const unit = new SimUnit({ habits: HABITS[choices.below(HABITS.length)] });
  const flags = choices.byte();
  let commands = 0;
  unit.intercept = (command) => {
    assert.ok(++commands <= MAX_COMMANDS, "the driver gives up some time");
    return choices.byte() <= HONEST ? undefined : answer(command, choices);
  };
  const sleep = () => Promise.resolve();
  const loadPolling = { count: 3 };
  const sili = (flags & 1) !== 0;
  const opening = TapeDrive.open(unit, {
    readAhead,
    sili,
    sleep,
    loadPolling,
    recordBytesHint: 300,
  });
  const drive = await settledOrDocumented(opening, TapeError);
  if (drive === undefined) return;
  for (let step = 0; step < 30 && !choices.isOver; step++) await operate(drive, choices);
  await settledOrDocumented(drive.close(), TapeError);
  assert.ok(unit.isClosed, "a drive that is closed has closed its unit");
}

/** An answer that no drive would give, or a connection that breaks. */
function answer({ dataIn }: ScsiCommand, choices: Choices): Promise<ScsiResult> {
  const status = choices.byte();
  if (status > 250) {
    const outcome = status % 2 === 0 ? "unknown" : "not-executed";
    return Promise.reject(new ServiceDeliveryError("the connection broke", { outcome }));
  }
  const sense = choices.take(choices.below(64)).slice();
  const room = dataIn?.length ?? 0;
  const dataInLength = Math.min(room, choices.word());
  dataIn?.set(choices.take(Math.min(dataInLength, 40)));
  const residual = choices.below(2) === 0 ? room - dataInLength : choices.word() - 0x8000;
  return Promise.resolve({
    status: status < 128 ? 2 : status - 128,
    sense,
    dataInLength,
    residual,
  });
}

async function operate(drive: TapeDrive, choices: Choices): Promise<void> {
  const operation = OPERATIONS[choices.below(OPERATIONS.length)];
  await settledOrDocumented(Promise.resolve(operation(drive, choices)), TapeError);
}

type Operation = (drive: TapeDrive, choices: Choices) => Promise<unknown>;

const OPERATIONS: readonly Operation[] = [
  (drive) => drive.read().then(checkRecord),
  (drive) => drive.read().then(checkRecord),
  (drive) => drive.readInto(new Uint8Array(500)),
  (drive, choices) => drive.write(new Uint8Array(1 + choices.byte())),
  (drive) => drive.writeFilemarks(),
  (drive) => drive.rewind(),
  (drive, choices) => drive.space("blocks", choices.byte() - 128),
  (drive, choices) => drive.space("filemarks", choices.below(5) - 2),
  (drive) => drive.space("end-of-data"),
  (drive, choices) => drive.locate({ object: choices.byte() }),
  (drive) => drive.position(),
  (drive, choices) => drive.setBlockSize(choices.below(3) * 100),
  (drive) => drive.status(),
  (drive) => drive.densities(),
  (drive) => drive.compression(),
  (drive) => drive.flush(),
];

function checkRecord(result: { kind: string; data?: Uint8Array }): void {
  if (result.kind === "record") assert.ok(result.data!.length <= MAX_RECORD_BYTES);
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** Answers of the drive's own, and operations in between. */
function honest(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => index * 5 % HONEST);
}
