/** Commands that move a tape, or tell of it, held against the model. */

import assert from "node:assert/strict";
import { fileAt, type KnownTape, names, type Outcome, type WalkBench } from "./walk_bench.ts";
import { someFaults } from "./walk_faults.ts";
import { checkPlace } from "./write_steps.ts";
import type { TapeModel } from "../../tape/tape_model.ts";

const MOTIONS = [
  "rewind",
  "fsf",
  "bsf",
  "fsr",
  "bsr",
  "fsfm",
  "bsfm",
  "asf",
  "eod",
  "seek",
  "retension",
] as const;

type Motion = typeof MOTIONS[number];

/** Moves the model; `undefined`, or what stops it and how much is left then. */
function move(model: TapeModel, motion: Motion, count: number): string | undefined {
  switch (motion) {
    case "rewind":
    case "retension":
      model.cursor = 0;
      return undefined;
    case "fsf":
      return model.spaceFilemarks(count);
    case "bsf":
      return model.spaceFilemarks(-count);
    case "fsr":
      return model.spaceBlocks(count, true);
    case "bsr":
      return model.spaceBlocks(-count, true);
    case "fsfm":
      return model.spaceFilemarks(count) ?? (count > 0 ? model.spaceFilemarks(-1) : undefined);
    case "bsfm":
      return model.spaceFilemarks(-count) ?? (count > 0 ? model.spaceFilemarks(1) : undefined);
    case "asf":
      model.cursor = 0;
      return model.spaceFilemarks(count);
    case "eod":
      model.cursor = model.objects.length;
      return undefined;
    case "seek":
      if (count <= model.objects.length) model.cursor = count;
      else {
        model.cursor = model.objects.length;
        return "end-of-data";
      }
  }
}

/** mt's verbs. */
export async function motion(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  await bench.goSomewhere(known);
  const { model } = known;
  const name = bench.one(MOTIONS);
  const isPlace = name === "seek" || name === "asf";
  const takesCount = !["rewind", "eod", "retension"].includes(name);
  const count = isPlace ? bench.random.below(model.objects.length + 2) : bench.random.below(5);
  const args = [name, ...takesCount ? [String(count)] : [], ...bench.form()];
  const outcome = await bench.run(args, { tape: known, faults: someFaults(bench, [known]) });
  const stop = move(model, name, count);
  if (outcome.status === 0) {
    assert.equal(stop, undefined, "it should have stopped");
    await known.check();
    if (outcome.document === undefined) assert.equal(outcome.output, "");
    else if (outcome.document.position.known) checkPosition(outcome.document.position, known);
    else assert.ok(isCut(outcome), "the position is not known");
    return;
  }
  if (outcome.mayFail) return await learnPlace(known, outcome);
  assert.ok(stop !== undefined, `it should not fail: ${outcome.errors}`);
  await known.check();
  assert.match(outcome.errors, / stands: At block /);
  checkPlace(outcome, known);
  if (outcome.document === undefined) return;
  const { kind, position } = outcome.document.error;
  assert.equal(kind, stop.split(" ")[0]);
  checkPosition(position, known);
}

/** A drive that cannot be asked any more tells no place but one that needs no question. */
function isCut({ faults }: Outcome): boolean {
  return faults.tapes.some(({ fault }) => fault.kind === "cut");
}

/** A position in a document is where the model stands. */
function checkPosition(
  position: { object?: number; file?: number; partition: number; beginningOfPartition: boolean },
  known: KnownTape,
): void {
  const { cursor, objects } = known.model;
  const { object, file = fileAt(objects, cursor), partition, beginningOfPartition } = position;
  assert.deepEqual(
    { object, file, partition, beginningOfPartition },
    { object: cursor, file: fileAt(objects, cursor), partition: 0, beginningOfPartition: !cursor },
  );
}

/** The same in a text. */
function checkPositionText(text: string, known: KnownTape): void {
  const { cursor, objects } = known.model;
  const [, block, file, beginning] =
    /^(?:Position +)?At block (\d+)(?: \((?:file (\d+))?,? ?(beginning of tape)?.*\))?\.?$/m.exec(
      text,
    ) ??
      [];
  assert.equal(block, String(cursor), text);
  if (file !== undefined) assert.equal(file, String(fileAt(objects, cursor)), text);
  assert.equal(beginning !== undefined, cursor === 0, text);
}

async function learnPlace(known: KnownTape, outcome: Outcome): Promise<void> {
  const before = names(known.model.objects);
  await known.learn();
  assert.deepEqual(names(known.model.objects), before, "moving changed the tape");
  checkPlace(outcome, known);
}

/** `tape tell`, `tape status` and others that ask. */
export async function ask(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  const command = bench.one([
    "tell",
    "status",
    "inquiry",
    "densities",
    "alerts",
    "attributes",
    "log",
  ]);
  const faults = someFaults(bench, [known]);
  const outcome = await bench.run([command, ...bench.form()], { tape: known, faults });
  if (outcome.status !== 0) assert.ok(outcome.mayFail, outcome.errors);
  else if (command === "tell") checkTell(outcome, known);
  else if (command === "status" && !outcome.mayFail) checkStatus(outcome, known);
  if (outcome.mayFail) await learnPlace(known, outcome);
  else await known.check();
}

function checkTell({ document, output }: Outcome, known: KnownTape): void {
  if (document === undefined) checkPositionText(output, known);
  else checkPosition(document.position, known);
}

function checkStatus({ document, output }: Outcome, known: KnownTape): void {
  const { blockBytes, tape: { cartridge: { writeProtected = false } } } = known;
  if (document !== undefined) {
    checkPosition(document.status.position, known);
    assert.deepEqual(
      [document.status.blockBytes, document.status.writeProtected],
      [blockBytes, writeProtected],
    );
    return;
  }
  checkPositionText(output, known);
  const size = blockBytes === 0 ? "variable" : `${blockBytes} bytes, fixed`;
  assert.match(output, new RegExp(`^Block size +${size}$`, "m"));
  assert.match(output, new RegExp(`^Write protection +${writeProtected ? "on" : "off"}`, "m"));
}

/** `tape setblk`. */
export async function setblk(bench: WalkBench): Promise<void> {
  const known = bench.one(bench.tapes);
  const blockBytes = bench.one([0, 0, 0, 100, 512]);
  const faults = someFaults(bench, [known]);
  const outcome = await bench.run(["setblk", String(blockBytes), ...bench.form()], {
    tape: known,
    faults,
  });
  if (outcome.status === 0) known.blockBytes = blockBytes;
  if (outcome.status === 0) assert.equal(outcome.document?.blockBytes ?? blockBytes, blockBytes);
  else assert.ok(outcome.mayFail, outcome.errors);
  await learnPlace(known, outcome);
  if (!outcome.mayFail) return;
  // What failed may have been done all the same, and a reset undoes it.
  await bench.askBlockSize(known);
}
