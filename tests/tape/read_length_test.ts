/** What a READ has brought, by the three places that tell it: the sense data, the bytes that came, and the residual. */

import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { decodeSense, encodeSense, type SenseInput } from "../../scsi/sense.ts";
import { conditionOfStatus } from "../../tape/conditions.ts";
import type { Reply } from "../../tape/device.ts";
import { type Arrival, fixedArrivals, variableArrivals } from "../../tape/read_length.ts";
import { RecordRoom } from "../../tape/record_room.ts";
import { TapeSession } from "../../tape/tape_session.ts";
import { fill, numbered, openSim } from "./drive_setup.ts";
import { SimUnit } from "./sim_unit.ts";

const { device } = new TapeSession(new SimUnit(), {
  logger: getLogger("test"),
  timeouts: {},
  sleep: () => Promise.resolve(),
});
const LIMITS = { minBytes: 1, maxBytes: 1000, granularityBytes: 1 };

/** What the drive says, and how many bytes came and did not come. */
interface Answer {
  readonly sense?: SenseInput;
  readonly status?: number;
  readonly came: number;
  readonly residual: number;
}

function replyOf({ sense, status, came, residual }: Answer): Reply {
  const decoded = sense && decodeSense(encodeSense(sense));
  const code = status ?? (sense === undefined ? 0 : 2);
  const condition = conditionOfStatus(code, decoded);
  const counts = { dataInLength: came, residual, goodBefore: 0 };
  return { cdb: Uint8Array.of(8), status: code, sense: decoded, condition, ...counts };
}

function told(arrival: Arrival): string {
  switch (arrival.kind) {
    case "records":
      assert.equal(arrival.data.length, arrival.count * arrival.recordBytes);
      return `${arrival.count} of ${arrival.recordBytes}`;
    case "misfit": {
      const { recordBytes, passed, isBlockwise, error } = arrival;
      const how = isBlockwise ? "blockwise" : error === undefined ? "again" : "refused";
      return `${how} ${recordBytes ?? "?"} passed ${passed ?? "?"}`;
    }
    case "failure":
      return `${arrival.error.kind} passed ${arrival.passed ?? "?"}`;
    default:
      return arrival.kind;
  }
}

const INCORRECT = { key: 0, asc: 0, ascq: 0, incorrectLength: true };
const FILEMARK = { key: 0, asc: 0, ascq: 1, filemark: true };
const END = { key: 3, asc: 0, ascq: 2, endOfMedium: true };
const EARLY = { key: 0, asc: 0, ascq: 2, endOfMedium: true };
const BAD = { key: 3, asc: 0x11, ascq: 0 };

/** In variable mode, with room for 100 bytes. */
const VARIABLE: readonly (readonly [string, Answer, string])[] = [
  ["a short record called good", { came: 60, residual: 40 }, "1 of 60"],
  ["one that fills its room may be cut", { came: 100, residual: 0 }, "again ? passed ?"],
  ["nothing, called good", { came: 0, residual: 100 }, "length-disagreement passed 1"],
  ["a residual that does not fit", { came: 60, residual: 30 }, "length-disagreement passed 1"],
  ["a residual below zero", { came: 100, residual: -20 }, "again 120 passed ?"],
  [
    "a recovered error, whose information is not a length",
    { sense: { key: 1, asc: 0x17, ascq: 1, information: 5 }, came: 60, residual: 40 },
    "1 of 60",
  ],
  ["early warning", { sense: { ...EARLY, information: 0 }, came: 60, residual: 40 }, "1 of 60"],
  ["with a length", { sense: { ...EARLY, information: 40 }, came: 60, residual: 0 }, "1 of 60"],
  ["a short one", { sense: { ...INCORRECT, information: 40 }, came: 60, residual: 40 }, "1 of 60"],
  [
    "of which fewer bytes came",
    { sense: { ...INCORRECT, information: 40 }, came: 50, residual: 50 },
    "again 60 passed ?",
  ],
  [
    "a long one",
    { sense: { ...INCORRECT, information: -30 }, came: 100, residual: 0 },
    "again 130 passed ?",
  ],
  [
    "one of no length",
    { sense: { ...INCORRECT, information: 100 }, came: 0, residual: 100 },
    "length-disagreement passed 1",
  ],
  [
    "one of less than none",
    { sense: { ...INCORRECT, information: 130 }, came: 0, residual: 100 },
    "length-disagreement passed 1",
  ],
  [
    "a long one, of which the drive says no number",
    { sense: { ...INCORRECT, information: 0 }, came: 60, residual: 40 },
    "again ? passed ?",
  ],
  ["or nothing", { sense: INCORRECT, came: 100, residual: 0 }, "again ? passed ?"],
  ["and of which nothing comes", { sense: INCORRECT, came: 0, residual: 100 }, "again ? passed ?"],
  ["a short one without a number", { sense: INCORRECT, came: 60, residual: 40 }, "1 of 60"],
  ["of one byte", { sense: INCORRECT, came: 1, residual: 99 }, "1 of 1"],
  [
    "and with another residual",
    { sense: INCORRECT, came: 60, residual: 0 },
    "length-disagreement passed 1",
  ],
  ["a filemark", { sense: FILEMARK, came: 0, residual: 100 }, "filemark"],
  ["end of data", { sense: { key: 8, asc: 0, ascq: 5 }, came: 0, residual: 100 }, "end-of-data"],
  [
    "the end of the partition, all left",
    { sense: { ...END, information: 100 }, came: 0, residual: 100 },
    "refused ? passed 0",
  ],
  [
    "or not all",
    { sense: { ...END, information: 90 }, came: 0, residual: 100 },
    "refused ? passed ?",
  ],
  ["a bad place", { sense: BAD, came: 0, residual: 100 }, "medium-error passed ?"],
  [
    "a refusal",
    { sense: { key: 5, asc: 0x24, ascq: 0 }, came: 0, residual: 100 },
    "illegal-request passed 0",
  ],
  [
    "an error of what came before",
    { sense: { ...BAD, deferred: true }, came: 0, residual: 100 },
    "deferred passed 0",
  ],
  ["a busy drive", { status: 0x08, came: 0, residual: 100 }, ""],
  ["an attention", { sense: { key: 6, asc: 0x3f, ascq: 1 }, came: 0, residual: 100 }, ""],
];

for (const [name, answer, expected] of VARIABLE) {
  Deno.test(`A READ in variable mode: ${name}`, () => {
    const buffer = new Uint8Array(100);
    const arrivals = variableArrivals(replyOf(answer), buffer, new RecordRoom(LIMITS, 100), device);
    assert.equal(arrivals.map(told).join(), expected);
  });
}

/** In fixed mode, with room for three blocks of 20 bytes; or for one. */
const FIXED: readonly (readonly [string, Answer, string, number?])[] = [
  ["all of them", { came: 60, residual: 0 }, "3 of 20"],
  ["fewer, called good", { came: 40, residual: 20 }, "length-disagreement passed ?"],
  [
    "a filemark behind one",
    { sense: { ...FILEMARK, information: 2 }, came: 20, residual: 40 },
    "1 of 20,filemark",
  ],
  [
    "with the number below zero",
    { sense: { ...FILEMARK, information: -2 }, came: 20, residual: 40 },
    "1 of 20,filemark",
  ],
  [
    "a filemark at once",
    { sense: { ...FILEMARK, information: 3 }, came: 0, residual: 60 },
    "filemark",
  ],
  ["without a number", { sense: FILEMARK, came: 20, residual: 40 }, "1 of 20,filemark"],
  [
    "and with all bytes",
    { sense: FILEMARK, came: 60, residual: 0 },
    "length-disagreement passed ?",
  ],
  ["one block asked for", { sense: FILEMARK, came: 20, residual: 0 }, "filemark", 1],
  [
    "a number that there cannot be",
    { sense: { ...FILEMARK, information: 4 }, came: 60, residual: 0 },
    "length-disagreement passed ?",
  ],
  [
    "more blocks than bytes",
    { sense: { ...FILEMARK, information: 1 }, came: 20, residual: 40 },
    "length-disagreement passed ?",
  ],
  [
    "a block of another length behind two",
    { sense: { ...INCORRECT, information: 1 }, came: 40, residual: 20 },
    "2 of 20,incorrect-length passed 1",
  ],
  ["nobody knows which", { sense: INCORRECT, came: 60, residual: 0 }, "blockwise ? passed ?"],
  ["the only one", { sense: INCORRECT, came: 20, residual: 0 }, "incorrect-length passed 1", 1],
  [
    "a bad place behind one",
    { sense: { ...BAD, information: 2 }, came: 20, residual: 40 },
    "1 of 20,medium-error passed ?",
  ],
  ["and all bytes", { sense: BAD, came: 60, residual: 0 }, "blockwise ? passed ?"],
  ["nobody knows where", { sense: BAD, came: 20, residual: 40 }, "blockwise ? passed ?"],
  ["of one block", { sense: BAD, came: 0, residual: 20 }, "medium-error passed ?", 1],
  [
    "a failure of the drive, which is of no block",
    { sense: { key: 4, asc: 0x44, ascq: 0 }, came: 10, residual: 50 },
    "hardware-error passed ?",
  ],
  [
    "with all bytes",
    { sense: { key: 4, asc: 0x44, ascq: 0 }, came: 60, residual: 0 },
    "hardware-error passed ?",
  ],
  [
    "the end of the partition, all left",
    { sense: { ...END, information: 3 }, came: 0, residual: 60 },
    "refused ? passed 0",
  ],
  ["early warning behind two", { sense: EARLY, came: 40, residual: 20 }, "2 of 20"],
  [
    "a recovered error, whose information is not a number of blocks",
    { sense: { key: 1, asc: 0x17, ascq: 1, information: 2 }, came: 60, residual: 0 },
    "3 of 20",
  ],
  [
    "a refusal",
    { sense: { key: 5, asc: 0x24, ascq: 0 }, came: 0, residual: 60 },
    "illegal-request passed 0",
  ],
  ["a busy drive", { status: 0x08, came: 0, residual: 60 }, ""],
  ["an attention", { sense: { key: 6, asc: 0x3f, ascq: 1 }, came: 0, residual: 60 }, ""],
];

for (const [name, answer, expected, blocks = 3] of FIXED) {
  Deno.test(`A READ in fixed mode: ${name}`, () => {
    const buffer = new Uint8Array(20 * blocks);
    const arrivals = fixedArrivals(replyOf(answer), buffer, 20, device);
    assert.equal(arrivals.map(told).join(), expected);
  });
}

Deno.test("A longer record is not cut into a block by a drive that tells no numbers", async () => {
  const { drive } = await openSim({ quirks: { missingInformation: true } });
  await fill(drive, [numbered(1, 20), numbered(2, 20), numbered(3, 30), numbered(4, 20)]);
  await drive.setBlockSize(20);
  const buffer = new Uint8Array(60);
  assert.deepEqual(await drive.readInto(buffer), { kind: "record", length: 40 });
  await assert.rejects(drive.readInto(buffer), { kind: "incorrect-length" });
  assert.equal((await drive.position()).object, 3);
  assert.deepEqual(await drive.readInto(buffer), { kind: "record", length: 20 });
  assert.equal(buffer[0], 4);
  await drive.close();
});
