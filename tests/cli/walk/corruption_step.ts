import assert from "node:assert/strict";
import { names, type WalkBench } from "./walk_bench.ts";

const RECORD_BYTES = 1000;

/** `tape write --verify` to a drive that puts something else on the tape. */
export async function writeCorrupted(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  const { model, tape, blockBytes } = known;
  const { capacityBytes, writeProtected, worm } = tape.cartridge;
  if (tape.kind === "image" || blockBytes !== 0 || capacityBytes || writeProtected || worm) return;
  const sizes = Array.from(
    { length: 1 + bench.random.below(3) },
    () => 1 + bench.random.below(5000),
  );
  const paths: string[] = [];
  for (const [index, size] of sizes.entries()) {
    await bench.makeFile(`in${index + 1}`, size);
    paths.push(bench.path(`in${index + 1}`));
  }
  const file = bench.random.below(sizes.length);
  const records = sizes.map((size) => Math.ceil(size / RECORD_BYTES));
  const before = records.slice(0, file).reduce((sum, count) => sum + count, 0);
  const at = before + 1 + bench.random.below(records[file]);
  const fault = { kind: "corrupt", at } as const;
  const args = ["write", ...paths, "-b", String(RECORD_BYTES), "--verify", ...bench.form()];
  const faults = { tapes: [{ tape: bench.tapes.indexOf(known), fault }] };
  const outcome = await bench.run(args, { tape: known, faults });
  assert.equal(outcome.status, 2, "verified, and it is not what was to be written");
  const differing = outcome.errors.split("\n").filter((line) => / its bytes differ/.test(line));
  assert.deepEqual(differing.map((line) => line.split(": ")[0]), [paths[file]]);
  const kept = names(model.objects.slice(0, model.cursor));
  const { length } = kept;
  await known.learn();
  assert.deepEqual(names(known.model.objects.slice(0, length)), kept, "what was there before");
  const all = records.reduce((sum, count) => sum + count + 1, 0);
  assert.equal(known.model.objects.length, length + all);
}
