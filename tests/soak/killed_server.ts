/** `tape serve`, killed while it is written to, and what is on the tape then. */

import { openTape } from "../../mod.ts";
import { TapMedium } from "../../sim/images/tap_medium.ts";
import type { Partition } from "../../sim/mod.ts";
import { TapeServer } from "../interop/harness/tape_server.ts";
import { pause } from "../interop/harness/waiting.ts";

/** Objects from one filemark, which flushes, to the next. */
const FILE_OBJECTS = 20;
/** Most bytes of most records; each 50th is longer than what the image gathers before it writes. */
const SHORT_BYTES = 100_000;
const LONG_BYTES = 1_500_000;

/** What the deaths have left. */
export interface KillReport {
  /** How often the server was killed. */
  readonly rounds: number;
  /** Objects on the tape at the end. */
  readonly objects: number;
  /** Objects that were there although no flush had been acknowledged behind them, all rounds together. */
  readonly unacknowledged: number;
}

/**
 * Appends to the image through `tape serve`, kills that with SIGKILL while a write is under way, and looks at the image;
 * `rounds` times, each going on where the last ended. What lies at a place follows from its number alone.
 *
 * @throws {Error} when an acknowledged object is missing, or any object is not what was written there.
 */
export async function soakKilledServer(
  path: string,
  rounds: number,
  random: () => number,
): Promise<KillReport> {
  let objects = 0;
  let unacknowledged = 0;
  for (let round = 0; round < rounds; round++) {
    const acknowledged = await writeUntilKilled(path, objects, random);
    const medium = TapMedium.open(path, { create: false });
    try {
      const [tape] = medium.partitions;
      check(tape, objects, acknowledged);
      unacknowledged += tape.objectCount - acknowledged;
      objects = tape.objectCount;
    } finally {
      medium.close();
    }
  }
  return { rounds, objects, unacknowledged };
}

/** Writes from object `first` on until the server is dead; resolves to how many objects are acknowledged. */
async function writeUntilKilled(
  path: string,
  first: number,
  random: () => number,
): Promise<number> {
  const server = await TapeServer.start(["--media", path]);
  const fatal = first + Math.floor(random() * 3 * FILE_OBJECTS);
  // Before this write is sent, while it is, or while its answer is on the way.
  const delayMs = random() < 0.3 ? 0 : random() * 8;
  let acknowledged = first;
  let killed: Promise<void> | undefined;
  try {
    const drive = await openTape(server.url, { recovery: "none", closeTimeoutMs: 1 });
    try {
      await drive.locate("end-of-data");
      for (let object = first;; object++) {
        if (object === fatal) killed = pause(delayMs).then(() => server.kill());
        if (isFilemark(object)) {
          await drive.writeFilemarks();
          acknowledged = object + 1;
        } else {
          await drive.write(contents(object));
        }
      }
    } catch (error) {
      if (killed === undefined) throw error;
    } finally {
      await drive.close().catch(() => {});
    }
  } finally {
    await (killed ?? server.kill());
  }
  return acknowledged;
}

function check(tape: Partition, from: number, acknowledged: number): void {
  if (tape.objectCount < acknowledged) {
    throw new Error(`${tape.objectCount} objects are there of ${acknowledged} acknowledged`);
  }
  for (let object = 0; object < tape.objectCount; object++) {
    const kind = isFilemark(object) ? "filemark" : "record";
    if (tape.kind(object) !== kind) throw new Error(`Object ${object} is a ${tape.kind(object)}`);
    // The bytes of what earlier rounds have looked at need not be looked at each time.
    if (kind === "filemark" || object < from - FILE_OBJECTS) continue;
    const expected = contents(object);
    const found = tape.read(object, tape.recordLength(object));
    if (found.length !== expected.length || found.some((byte, at) => byte !== expected[at])) {
      throw new Error(`Record ${object} is not what was written`);
    }
  }
}

function isFilemark(object: number): boolean {
  return object % FILE_OBJECTS === FILE_OBJECTS - 1;
}

function contents(object: number): Uint8Array {
  const most = object % 50 === 7 ? LONG_BYTES : SHORT_BYTES;
  const length = 1 + (Math.imul(object, 2654435761) >>> 0) % most;
  const data = new Uint8Array(length);
  for (let at = 0; at < length; at++) data[at] = object * 31 + at;
  return data;
}
