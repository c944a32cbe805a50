/** What programs without types, or with wrong numbers, hand over: refused before anything is sent, and nothing else changes. */

import assert from "node:assert/strict";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";

/** An operation as a program without types calls it. */
type Use = (drive: TapeDrive, argument: never) => Promise<unknown>;

const NO_BYTES = [
  "text",
  new Uint16Array(4),
  new ArrayBuffer(8),
  [1, 2, 3],
  7,
  null,
  undefined,
  {},
];
const NO_PLACES = ["7", null, undefined, true, 7n, -1, 1.5, NaN, 2 ** 53, {}, { object: "1" }, {
  file: -1,
}];
const NO_PARTITIONS = [256, -1, 1.5, NaN, "0", null];
const NO_WHATS = ["files", "eod", 2, null, undefined, {}];

const USES: Readonly<Record<string, { use: Use; refused: readonly unknown[] }>> = {
  "write()": { use: (drive, data) => drive.write(data), refused: NO_BYTES },
  "writeAt()": { use: (drive, data) => drive.writeAt(1, data), refused: NO_BYTES },
  "readInto()": { use: (drive, data) => drive.readInto(data), refused: NO_BYTES },
  "writable()": {
    use: (drive, data) => drive.writable().getWriter().write(data),
    refused: NO_BYTES,
  },
  "writable() of blocks": {
    use: (drive, data) => drive.writable({ blockBytes: 4 }).getWriter().write(data),
    refused: NO_BYTES,
  },
  "locate()": { use: (drive, target) => drive.locate(target), refused: NO_PLACES },
  "locate() in a partition": {
    use: (drive, partition) => drive.locate({ object: 0, partition }),
    refused: NO_PARTITIONS,
  },
  "locate() of a file in a partition": {
    use: (drive, partition) => drive.locate({ file: 0, partition }),
    refused: NO_PARTITIONS,
  },
  "readAt() in a partition": {
    use: (drive, partition) => drive.readAt(0, { partition }),
    refused: NO_PARTITIONS,
  },
  "space()": { use: (drive, what) => drive.space(what), refused: NO_WHATS },
  "space() so many": {
    use: (drive, count) => drive.space("blocks", count),
    refused: [NaN, 1.5, "1", null, Infinity],
  },
};

for (const [name, { use, refused }] of Object.entries(USES)) {
  for (const blockSize of [0, 4]) {
    Deno.test(`${name} takes nothing but what it says: block size ${blockSize}`, async () => {
      const { unit, drive } = await openSim({}, { blockSize });
      await fill(drive, [1, 2, 3].map((number) => numbered(number, 8)));
      await drive.read();
      const before = await drive.position();
      unit.drive.clearCommands();
      for (const argument of refused) {
        const what = `${String(argument)} (${typeof argument})`;
        await assert.rejects(use(drive, argument as never), { kind: "invalid-argument" }, what);
      }
      assert.deepEqual(unit.drive.commands, [], "nothing was sent");
      assert.deepEqual(await drive.position(), before);
      assert.equal((await drive.read()).kind, "record");
      await drive.close();
      assert.match(contents(unit), /^(1 ){1,2}(2 ){1,2}3( 3)?$/);
    });
  }
}

Deno.test("bytes of every other kind of array, and of another realm, are bytes", async () => {
  const { createContext, runInContext } = await import("node:vm");
  const other = runInContext("new Uint8Array([5, 6])", createContext()) as Uint8Array;
  const { unit, drive } = await openSim();
  for (const data of [other, new Uint8ClampedArray([7]), new Int8Array([8])]) {
    await drive.write(data as unknown as Uint8Array);
  }
  await drive.close();
  assert.equal(contents(unit), "5 7 8");
});
