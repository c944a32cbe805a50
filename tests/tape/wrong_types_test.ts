/** Flags, words and settings that programs without types hand over: refused before the drive is told anything, for `"false"` is true. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { tapePersonalities } from "../../sim/personality.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";

/** An operation as a program without types calls it. */
type Use = (drive: TapeDrive, argument: never) => Promise<unknown>;

const NO_FLAGS = ["false", "off", 0, 1, null];
/** Where nothing is given, nothing may be taken for granted. */
const NO_SETTINGS = [...NO_FLAGS, undefined];
const NO_PARTITIONS = ["0", -1, 1.5, 256, null];
const NO_OPTIONS = [null, undefined, "text", 5];
const KEY = new Uint8Array(32).fill(7);

const USES: Readonly<Record<string, { use: Use; refused: readonly unknown[] }>> = {
  "writeFilemarks({ immediate })": {
    use: (drive, immediate) => drive.writeFilemarks(1, { immediate }),
    refused: NO_FLAGS,
  },
  "writeFilemarks()": {
    use: (drive, count) => drive.writeFilemarks(count),
    refused: [-1, 0.5, "2", null, NaN, 2 ** 24, 3n],
  },
  "records({ reuse })": {
    use: (drive, reuse) => drive.records({ reuse }).next(),
    refused: NO_FLAGS,
  },
  "writable({ filemark })": {
    use: async (drive, filemark) => await drive.writable({ filemark }).getWriter().close(),
    refused: NO_FLAGS,
  },
  "writable({ onEarlyWarning })": {
    use: async (drive, onEarlyWarning) => {
      await drive.writable({ onEarlyWarning }).getWriter().write(numbered(4));
    },
    refused: [true, "warn", null],
  },
  "writable({ signal })": {
    use: async (drive, signal) => await drive.writable({ signal }).getWriter().close(),
    refused: [new AbortController(), "x", null],
  },
  "setBlockSize()": {
    use: (drive, bytes) => drive.setBlockSize(bytes),
    refused: ["64k", "0", true, -1, 1.5, NaN, null, undefined],
  },
  "setPartition()": {
    use: (drive, partition) => drive.setPartition(partition),
    refused: [...NO_PARTITIONS, undefined],
  },
  "setCompression()": {
    use: (drive, settings) => drive.setCompression(settings),
    refused: [...NO_OPTIONS, true, false, {}, { enabled: "off" }, { enabled: 0 }],
  },
  "setAppendOnly()": { use: (drive, on) => drive.setAppendOnly(on), refused: NO_SETTINGS },
  "setMediumRemoval()": {
    use: (drive, allowed) => drive.setMediumRemoval(allowed),
    refused: NO_SETTINGS,
  },
  "allowOverwrite()": {
    use: (drive, what) => drive.allowOverwrite(what),
    refused: ["Format", "toString", true, null, undefined],
  },
  "setCapacity()": {
    use: (drive, proportion) => drive.setCapacity(proportion),
    refused: ["0.5", true, [0.5], null, NaN, 0, 2],
  },
  "setCapacity({ onProgress })": {
    use: (drive, onProgress) => drive.setCapacity(1, { onProgress }),
    refused: [true, "yes"],
  },
  "erase({ long })": { use: (drive, long) => drive.erase({ long }), refused: NO_FLAGS },
  "erase({ onProgress })": {
    use: (drive, onProgress) => drive.erase({ long: true, onProgress }),
    refused: [true, "yes"],
  },
  "format({ progressIntervalMs })": {
    use: (drive, progressIntervalMs) => drive.format({ progressIntervalMs }),
    refused: ["5s", -1, null],
  },
  "makePartitions()": {
    use: (drive, sizes) => drive.makePartitions(sizes),
    refused: [...NO_OPTIONS, "rest", { 0: "rest", length: 1 }, [], ["rest", "5"]],
  },
  "makePartitions({ afresh })": {
    use: (drive, afresh) => drive.makePartitions(["rest"], { afresh }),
    refused: NO_FLAGS,
  },
  "verify()": {
    use: (drive, extent) => drive.verify(extent),
    refused: [...NO_OPTIONS, {}, { files: 1 }, { record: 5 }, { recordBytes: "5" }],
  },
  "verify({ from })": {
    use: (drive, from) => drive.verify("end-of-data", { from }),
    refused: [null, 5, "0", { object: "1" }],
  },
  "verify({ protection })": {
    use: (drive, protection) => drive.verify("end-of-data", { protection }),
    refused: NO_FLAGS,
  },
  "readAt()": {
    use: (drive, object) => drive.readAt(object),
    refused: ["1", 1.5, null, undefined],
  },
  "readAt({ recordBytesHint })": {
    use: (drive, recordBytesHint) => drive.readAt(0, { recordBytesHint }),
    refused: ["64k", 0, -1, 1.5, NaN, null],
  },
  "recommendedOrder()": {
    use: (drive, segments) => drive.recommendedOrder(segments),
    refused: [...NO_OPTIONS, [null], [{ first: "1", last: 2 }], [
      { first: 1, last: 2, partition: 0.5 },
    ]],
  },
  "setTimestamp()": {
    use: (drive, time) => drive.setTimestamp(time),
    refused: [...NO_OPTIONS, new Date(NaN), new Date(-1)],
  },
  "selfTest()": { use: (drive, test) => drive.selfTest(test), refused: ["short", 3, 9, null] },
  "log()": {
    use: (drive, page) => drive.log(page),
    refused: [null, undefined, {}, 1.5, -1, 64, "x", { page: "1" }],
  },
  "resetLog()": {
    use: (drive, page) => drive.resetLog(page),
    refused: [null, {}, [], 1.5, -1, 64, "x", { page: "1" }],
  },
  "changeSettings()": {
    use: (drive, changes) => drive.changeSettings("control", changes),
    refused: [...NO_OPTIONS, { nothing: 1 }, { softwareWriteProtect: "false" }],
  },
  "attributes.get()": {
    use: (drive, which) => drive.attributes.get(which),
    refused: [null, undefined, 1.5, -1, "x"],
  },
  "attributes.set()": {
    use: (drive, values) => drive.attributes.set(values),
    refused: [null, undefined, "text", { nothing: 5 }],
  },
  "attributes.set({ unsafe })": {
    use: (drive, unsafe) => drive.attributes.set({}, { unsafe }),
    refused: NO_FLAGS,
  },
  "attributes.remove()": {
    use: (drive, names) => drive.attributes.remove(names),
    refused: [...NO_OPTIONS, "barcode", [5], [null]],
  },
  "attributes.list({ partition })": {
    use: (drive, partition) => drive.attributes.list({ partition }),
    refused: NO_PARTITIONS,
  },
  "encryption.set()": {
    use: (drive, options) => drive.encryption.set(options),
    refused: [
      null,
      undefined,
      ...["encrypt", "lock", "clearOnUnload", "clearOnReservationLoss"].flatMap((flag) =>
        NO_FLAGS.map((no) => ({ key: KEY, [flag]: no }))
      ),
      { key: KEY, decrypt: "Mixed" },
      { key: KEY, decrypt: true },
      { key: KEY, scope: "ALL" },
      { key: KEY, keyName: 5 },
      { key: KEY, algorithm: "1" },
    ],
  },
  "encryption.clear({ scope })": {
    use: (drive, scope) => drive.encryption.clear({ scope }),
    refused: ["ALL", null, true],
  },
  "protection.enable({ onWrite })": {
    use: (drive, onWrite) => drive.protection.enable({ onWrite }),
    refused: NO_FLAGS,
  },
};

const NO_SIGNALS = [new AbortController(), "x", 5, null];

/** Each takes a signal, of which most make no use before they have moved the tape. */
const CALLED_OFF: readonly Use[] = [
  (drive, signal) => drive.read({ signal }),
  (drive, signal) => drive.readInto(new Uint8Array(100), { signal }),
  (drive, signal) => drive.records({ signal }).next(),
  (drive, signal) => drive.files({ signal }).next(),
  (drive, signal) => drive.readable({ signal }).getReader().read(),
  (drive, signal) => drive.write(numbered(4), { signal }),
  (drive, signal) => drive.writeFilemarks(1, { signal }),
  (drive, signal) => drive.flush({ signal }),
  (drive, signal) => drive.rewind({ signal }),
  (drive, signal) => drive.load({ signal }),
  (drive, signal) => drive.unload({ signal }),
  (drive, signal) => drive.space("blocks", 1, { signal }),
  (drive, signal) => drive.locate(1, { signal }),
  (drive, signal) => drive.position({ signal }),
  (drive, signal) => drive.setBlockSize(0, { signal }),
  (drive, signal) => drive.erase({ signal }),
  (drive, signal) => drive.format({ signal }),
  (drive, signal) => drive.makePartitions(["rest"], { signal }),
  (drive, signal) => drive.encryption.clear({ signal }),
  (drive, signal) => drive.attributes.set({}, { signal }),
];

async function check(use: Use, refused: readonly unknown[], name: string): Promise<void> {
  const personality = tapePersonalities["ibm-ult3580-td8"];
  const { unit, drive } = await openSim({ personality });
  await fill(drive, [1, 2, 3].map((number) => numbered(number, 8)));
  await drive.read();
  unit.drive.clearCommands();
  for (const argument of refused) {
    const what = `${name}: ${inspect(argument)}`;
    await assert.rejects(async () => await use(drive, argument as never), {
      name: "TapeError",
      kind: "invalid-argument",
    }, what);
    assert.deepEqual(unit.drive.commands, [], what);
  }
  assert.deepEqual(await drive.read(), { kind: "record", data: numbered(2, 8) });
  await drive.close();
  assert.equal(contents(unit), "1 2 3");
}

for (const [name, { use, refused }] of Object.entries(USES)) {
  Deno.test(`${name} takes nothing of another type`, () => check(use, refused, name));
}

Deno.test("a signal that is none is refused before anything is sent", async () => {
  for (const use of CALLED_OFF) await check(use, NO_SIGNALS, String(use));
});
