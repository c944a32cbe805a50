import assert from "node:assert/strict";
import { isAstray, PositionProof } from "../../tape/position_proof.ts";

/** Two answers that keep step, the second of them at `number`. */
function proven(number: number): PositionProof {
  const proof = new PositionProof();
  prove(proof, number);
  return proof;
}

function prove(proof: PositionProof, number: number): void {
  proof.pass(1);
  proof.sample(number - 1);
  proof.pass(1);
  proof.sample(number);
}

Deno.test("a proof takes two answers behind something that went by, and wants no more then", () => {
  const proof = new PositionProof();
  assert.deepEqual([proof.isProven, proof.isAtLanding, proof.landing], [false, false, undefined]);
  assert.equal(proof.samplesWanted, 2);
  proof.sample(5);
  assert.equal(proof.samplesWanted, 2, "before the first READ the number may be of another base");
  proof.pass(1);
  proof.sample(6);
  assert.equal(proof.samplesWanted, 1);
  proof.sample(6);
  assert.deepEqual([proof.isProven, proof.samplesWanted], [false, 1], "nothing went by between");
  proof.pass(2);
  proof.sample(8);
  assert.deepEqual([proof.isProven, proof.samplesWanted, proof.numberBehind(3)], [true, 0, 5]);
});

Deno.test("numbers that do not keep step are refuted for the run, and no more wanted in it", () => {
  for (const number of [6, 8, 9]) {
    const proof = new PositionProof();
    proof.pass(1);
    proof.sample(6);
    proof.pass(1);
    proof.sample(number);
    assert.deepEqual([proof.isProven, proof.samplesWanted], [false, 0]);
    assert.equal(proof.numberBehind(0), undefined);
    proof.startRun();
    assert.equal(proof.samplesWanted, 2);
  }
});

Deno.test("a drive that had no number to give is not asked again, in no run", () => {
  const proof = new PositionProof();
  proof.pass(1);
  proof.sample(undefined);
  proof.startRun();
  assert.equal(proof.samplesWanted, 0);
  proof.land();
  assert.ok(!proof.wantsLanding);
});

Deno.test("another run proves nothing, and what went by in it already counts", () => {
  const proof = proven(8);
  proof.startRun(2);
  assert.deepEqual([proof.isProven, proof.samplesWanted], [false, 2]);
  proof.sample(20);
  proof.pass(1);
  proof.sample(21);
  assert.deepEqual([proof.isProven, proof.numberBehind(1)], [true, 20]);
});

Deno.test("a place stays the same while nothing moves the tape, and never comes again", () => {
  const proof = new PositionProof();
  const [places, runs] = [new Set([proof.place]), new Set([proof.run])];
  const moves: readonly (() => void)[] = [
    () => proof.pass(3),
    () => proof.startRun(),
    () => proof.pass(1),
    () => proof.passMarks(2),
    () => proof.land(),
    () => proof.arrive(4),
    () => proof.startRun(),
  ];
  for (const move of moves) {
    move();
    places.add(proof.place);
    runs.add(proof.run);
    const { place } = proof;
    proof.sample(7);
    proof.passMarks(0);
    proof.leaveLanding();
    assert.equal(proof.place, place);
  }
  assert.equal(places.size, moves.length + 1);
  assert.equal(runs.size, 5);
});

Deno.test("where LOCATE and a READ have led by the drive's own numbers, these are proven", () => {
  const proof = new PositionProof();
  proof.land(3);
  proof.arrive(12);
  assert.deepEqual([proof.isProven, proof.isAtLanding], [true, false]);
  proof.pass(2);
  assert.deepEqual([proof.numberBehind(0), proof.numberBehind(2)], [14, 12]);
});

Deno.test("a landing is asked for once, and holds for the one object behind it", () => {
  const proof = proven(8);
  proof.land();
  assert.deepEqual([proof.isAtLanding, proof.wantsLanding, proof.isProven], [true, true, false]);
  assert.equal(proof.landing, undefined);
  proof.nameLanding(7);
  assert.deepEqual([proof.isAtLanding, proof.wantsLanding, proof.landing], [true, false, 7]);
  proof.pass(1);
  assert.deepEqual([proof.isAtLanding, proof.wantsLanding, proof.landing], [false, false, 7]);
  proof.pass(1);
  assert.equal(proof.landing, undefined);
});

Deno.test("a landing that the drive has named already is not asked for", () => {
  const proof = new PositionProof();
  proof.land(9);
  assert.deepEqual([proof.isAtLanding, proof.wantsLanding, proof.landing], [true, false, 9]);
  proof.leaveLanding();
  assert.deepEqual([proof.isAtLanding, proof.landing], [false, undefined]);
  proof.land(9);
  proof.startRun();
  assert.deepEqual([proof.isAtLanding, proof.landing], [false, undefined]);
});

Deno.test("a landing that nobody asked for before something went by is wanted no more", () => {
  const proof = new PositionProof();
  proof.land();
  proof.pass(1);
  assert.deepEqual([proof.wantsLanding, proof.landing], [false, undefined]);
});

Deno.test("a landing called 0 tells nothing, and is an answer all the same", () => {
  const proof = new PositionProof();
  proof.land();
  proof.nameLanding(0);
  assert.deepEqual([proof.wantsLanding, proof.landing], [false, undefined]);
  proof.land();
  assert.ok(proof.wantsLanding);
  proof.nameLanding(undefined);
  assert.deepEqual([proof.wantsLanding, proof.landing, proof.samplesWanted], [false, undefined, 0]);
});

Deno.test("filemarks end a proof until the drive's numbers have been seen to count them", () => {
  const proof = proven(8);
  proof.passMarks(0);
  assert.ok(proof.isProven);
  proof.passMarks(2);
  assert.deepEqual([proof.isProven, proof.numberBehind(0), proof.samplesWanted], [
    false,
    undefined,
    1,
  ]);
  proof.sample(10);
  assert.deepEqual([proof.isProven, proof.numberBehind(1)], [true, 9]);
  proof.passMarks(1);
  assert.deepEqual([proof.isProven, proof.numberBehind(0)], [true, 11]);
  proof.startRun();
  prove(proof, 30);
  proof.passMarks(1);
  assert.deepEqual([proof.isProven, proof.numberBehind(0)], [true, 31]);
});

Deno.test("the places before filemarks that may not be counted keep their numbers", () => {
  const proof = proven(8);
  proof.passMarks(2);
  proof.pass(1);
  assert.deepEqual([0, 1, 2, 3, 4].map((objects) => proof.numberBehind(objects)), [
    undefined,
    undefined,
    undefined,
    8,
    7,
  ]);
  proof.passMarks(1);
  assert.equal(proof.numberBehind(4), 8);
});

Deno.test("filemarks before the first answer do not show whether they are counted, nor does what lies before them have a number", () => {
  const proof = new PositionProof();
  proof.pass(1);
  proof.passMarks(1);
  assert.ok(!proof.wantsMarks);
  prove(proof, 30);
  assert.deepEqual([0, 2, 3].map((objects) => proof.numberBehind(objects)), [30, 28, undefined]);
  assert.ok(!proof.wantsMarks);
  proof.passMarks(1);
  assert.deepEqual([proof.isProven, proof.wantsMarks], [false, true]);
});

Deno.test("what had gone by when a run began has no number", () => {
  const proof = new PositionProof();
  proof.startRun(2);
  prove(proof, 30);
  assert.deepEqual([2, 3].map((objects) => proof.numberBehind(objects)), [28, undefined]);
});

Deno.test("a drive that leaves filemarks out of its numbers proves nothing behind them, in no run", () => {
  const proof = proven(8);
  proof.passMarks(1);
  proof.sample(8);
  assert.deepEqual([proof.isProven, proof.samplesWanted], [false, 0]);
  proof.startRun();
  prove(proof, 30);
  assert.ok(proof.isProven);
  proof.passMarks(1);
  assert.ok(!proof.isProven);
});

Deno.test("behind a filemark a drive stands one further, or where it stood if it does not count them", () => {
  for (const here of [undefined, 7, 8]) assert.ok(!isAstray(7, here));
  for (const here of [0, 6, 9, 70]) assert.ok(isAstray(7, here));
});

Deno.test("a place that the drive has named is known by that until something goes by, and again behind it", () => {
  const proof = new PositionProof();
  assert.ok(proof.isAtStart && proof.wantsName);
  proof.nameHere(7);
  assert.deepEqual([proof.wantsName, proof.numberBefore(0)], [false, 7]);
  assert.equal(proof.numberBehind(0), undefined, "that proves nothing");
  proof.pass(2);
  assert.ok(proof.wantsName && !proof.isAtStart);
  assert.deepEqual([0, 1, 2].map((objects) => proof.numberBefore(objects)), [
    undefined,
    undefined,
    7,
  ]);
  proof.nameHere(9);
  assert.deepEqual([proof.wantsName, proof.numberBefore(0)], [false, 9]);
  proof.startRun();
  assert.ok(proof.wantsName && proof.numberBefore(0) === undefined);
});

Deno.test("a proof and a landing name their places, so that nobody has to ask", () => {
  const proof = proven(8);
  assert.deepEqual([proof.wantsName, proof.numberBefore(1)], [false, 7]);
  proof.land(5);
  assert.deepEqual([proof.wantsName, proof.numberBefore(0)], [false, 5]);
  proof.pass(1);
  assert.deepEqual([proof.numberBefore(0), proof.numberBefore(1)], [undefined, 5]);
});

Deno.test("a drive that has no number names no place and is not asked again, and 0 names none", () => {
  const proof = new PositionProof();
  proof.nameHere(0);
  assert.deepEqual([proof.wantsName, proof.numberBefore(0)], [true, undefined]);
  proof.nameHere(undefined);
  assert.deepEqual([proof.wantsName, proof.numberBefore(0)], [false, undefined]);
});
