import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { ScsiStatusError } from "../../scsi/errors.ts";
import { requestSense } from "../../scsi/request_sense.ts";
import { encodeSense } from "../../scsi/sense.ts";
import { Status } from "../../scsi/status.ts";
import { drainUnitAttentions, testUnitReady } from "../../scsi/test_unit_ready.ts";
import { type Answer, FakeUnit, hex } from "./fake_unit.ts";

const GOOD = hex("");

function failing(key: number, asc: number, ascq: number, deferred = false): Answer {
  return { status: Status.CheckCondition, sense: encodeSense({ key, asc, ascq, deferred }) };
}

/** Gives the answers in order, the last one for ever. */
function scripted(...answers: Answer[]): FakeUnit {
  return new FakeUnit((_, count) => answers[Math.min(count, answers.length) - 1]);
}

Deno.test("testUnitReady() tells ready from not ready", async () => {
  deepStrictEqual(await testUnitReady(scripted(GOOD)), { ready: true });
  const readiness = await testUnitReady(scripted(failing(2, 0x3a, 0)));
  strictEqual(readiness.ready, false);
  strictEqual(readiness.ready || readiness.sense.asc, 0x3a);
});

Deno.test("testUnitReady() throws on a status that says nothing about readiness", async () => {
  await rejects(testUnitReady(scripted({ status: Status.ReservationConflict })), ScsiStatusError);
});

Deno.test("drainUnitAttentions() returns what it took, in order, and the answer after it", async () => {
  const unit = scripted(failing(6, 0x29, 0), failing(6, 0x28, 0), failing(2, 0x04, 0x01));
  const { unitAttentions, readiness } = await drainUnitAttentions(unit);
  deepStrictEqual(unitAttentions.map(({ asc }) => asc), [0x29, 0x28]);
  strictEqual(readiness.ready || readiness.sense.asc, 0x04);
  strictEqual(unit.commands.length, 3);
});

Deno.test("drainUnitAttentions() sends one command to a device that has none", async () => {
  const unit = scripted(GOOD);
  deepStrictEqual(await drainUnitAttentions(unit), {
    unitAttentions: [],
    readiness: { ready: true },
  });
  strictEqual(unit.commands.length, 1);
});

Deno.test("drainUnitAttentions() stops at its limit, with the next one as the answer", async () => {
  const unit = scripted(failing(6, 0x29, 0));
  const { unitAttentions, readiness } = await drainUnitAttentions(unit, { limit: 3 });
  deepStrictEqual([unitAttentions.length, readiness.ready], [3, false]);
  strictEqual(unit.commands.length, 4);
});

Deno.test("drainUnitAttentions() does not swallow a deferred error", async () => {
  const { unitAttentions, readiness } = await drainUnitAttentions(
    scripted(failing(6, 0x0c, 0, true)),
  );
  deepStrictEqual([unitAttentions.length, readiness.ready], [0, false]);
});

Deno.test("requestSense() decodes either format", async () => {
  const input = {
    key: 0,
    asc: 0,
    ascq: 0x18,
    senseKeySpecific: { kind: "progress", progress: 0.5 },
  } as const;
  for (const format of ["fixed", "descriptor"] as const) {
    const unit = new FakeUnit(() => encodeSense(input, format));
    const sense = await requestSense(unit, { descriptor: format === "descriptor" });
    deepStrictEqual([sense.format, sense.senseKeySpecific], [format, input.senseKeySpecific]);
    strictEqual(unit.commands[0].cdb[1], format === "descriptor" ? 1 : 0);
  }
});
