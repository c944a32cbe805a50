import assert from "node:assert/strict";
import { ConnectError, LoginError } from "../../../../iscsi/errors.ts";
import {
  ConnectionPlan,
  type ConnectionPurpose,
} from "../../../../iscsi/session/recovery/connection_plan.ts";

const BUSY = new LoginError("Log in: later", { stage: "operational", statusClass: 3 });
const UNREACHABLE = new ConnectError("Connect: refused", { address: "drive:3260" });

/** When connection 1 is dialed, each attempt of which fails at once, and when it is given up, if it is. */
function attempts(purpose: ConnectionPurpose, error: unknown, until: number) {
  const dialedAt: number[] = [];
  let gaveUpAt: number | undefined;
  let now = 0;
  const plan = new ConnectionPlan({
    dial: () => dialedAt.push(now),
    gaveUp: () => gaveUpAt = now,
  });
  plan.want(1, purpose, 0, until);
  for (; now <= 60_000 && gaveUpAt === undefined; now += 100) {
    const before = dialedAt.length;
    plan.step(now);
    if (dialedAt.length > before) plan.failed(1, error, now);
  }
  return { dialedAt, gaveUpAt };
}

Deno.test("Attempts to have the only connection back are further and further apart, up to 8 s, as long as there is time", () => {
  const { dialedAt, gaveUpAt } = attempts("reinstate", BUSY, 40_000);
  assert.deepEqual(dialedAt, [0, 500, 1500, 3500, 7500, 15_500, 23_500, 31_500, 39_500]);
  assert.equal(gaveUpAt, 39_500);
});

Deno.test("A connection that the session can do without is given up after four attempts", () => {
  for (const purpose of ["join", "replace"] as const) {
    const { dialedAt, gaveUpAt } = attempts(purpose, BUSY, Infinity);
    assert.deepEqual([dialedAt, gaveUpAt], [[0, 500, 1500, 3500], 3500]);
  }
});

Deno.test("What cannot be reached is not waited for where another connection can take over", () => {
  assert.deepEqual(attempts("replace", UNREACHABLE, Infinity).dialedAt, [0]);
  assert.deepEqual(attempts("reinstate", UNREACHABLE, 1000).dialedAt, [0, 500]);
});

Deno.test("A login that would be refused again is not tried again; too many connections pass", () => {
  const refused = (statusDetail: number) =>
    new LoginError("Log in: refused", { stage: "operational", statusClass: 2, statusDetail });
  assert.deepEqual(attempts("reinstate", refused(2), 1000).dialedAt, [0]);
  assert.deepEqual(attempts("reinstate", refused(6), 1000).dialedAt, [0, 500]);
});

Deno.test("What is dialed is not dialed again before that has failed, and nothing waits for it", () => {
  const dialed: number[] = [];
  const plan = new ConnectionPlan({ dial: (cid) => dialed.push(cid), gaveUp: assert.fail });
  plan.want(1, "join", 100, Infinity);
  plan.step(99);
  assert.deepEqual([dialed, plan.deadline], [[], 100]);
  plan.step(100);
  plan.step(5000);
  assert.deepEqual([dialed, plan.deadline], [[1], Infinity]);
  plan.done(1);
  plan.failed(1, BUSY, 5000);
  assert.equal(plan.has(1), false, "the failure of what is not wanted any more wants it no more");
});
