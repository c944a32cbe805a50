/**
 * Copies a tape whole: every record as long as it was, every filemark in its place. Then reads both and compares.
 *
 *     deno run -A examples/copy_tape.ts iscsi://10.0.0.5/iqn.2026-03.com.example:tape/0 sim:copy.tap
 *
 * @module
 */

import process from "node:process";
import { openTape, type TapeDrive } from "@uiscsi/tape";

const [from, to] = process.argv.slice(2);
if (!from || !to) throw new Error("Usage: copy_tape.ts FROM TO");

const source = await openTape(from, { blockSize: 0, readAhead: 8 });
try {
  const target = await openTape(to, { blockSize: 0, readAhead: 8, writeBehind: 4 });
  try {
    const { records, filemarks } = await copy(source, target);
    await compare(source, target);
    console.log(`${records} records and ${filemarks} filemarks copied, and read back the same`);
  } finally {
    await target.close();
  }
} finally {
  await source.close();
}

async function copy(source: TapeDrive, target: TapeDrive) {
  let [records, filemarks] = [0, 0];
  await Promise.all([source.rewind(), target.rewind()]);
  for (;;) {
    const result = await source.read();
    if (result.kind === "end-of-data") break;
    if (result.kind === "record") {
      await target.write(result.data);
      records++;
    } else {
      await target.writeFilemarks(1, { immediate: true }); // One flush at the end is enough.
      filemarks++;
    }
  }
  await target.flush();
  return { records, filemarks };
}

/** Fails at the first object that differs. */
async function compare(source: TapeDrive, target: TapeDrive): Promise<void> {
  await Promise.all([source.rewind(), target.rewind()]);
  for (let object = 0;; object++) {
    const [a, b] = await Promise.all([source.read(), target.read()]);
    const same = a.kind === "record" && b.kind === "record"
      ? a.data.length === b.data.length && a.data.every((byte, at) => byte === b.data[at])
      : a.kind === b.kind;
    if (!same) throw new Error(`The copy differs at object ${object}: ${a.kind}, ${b.kind}`);
    if (a.kind === "end-of-data") return;
  }
}
