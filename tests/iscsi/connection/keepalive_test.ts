import assert from "node:assert/strict";
import { Keepalive } from "../../../iscsi/connection/keepalive.ts";

const OPTIONS = { intervalMs: 1000, timeoutMs: 200, maxMissed: 3 };

Deno.test("An idle connection is asked once in each interval", () => {
  const keepalive = new Keepalive(0, OPTIONS);
  assert.equal(keepalive.deadline(), 1000);
  assert.equal(keepalive.check(999, false), "none");
  assert.equal(keepalive.check(1000, false), "ping");
  assert.equal(keepalive.check(1100, false), "none");
  keepalive.active(1150);
  assert.equal(keepalive.deadline(), 2150);
});

Deno.test("A connection with a command under way is never asked, however silent it is", () => {
  const keepalive = new Keepalive(0, OPTIONS);
  for (let now = 0; now < 1_000_000; now += 777) assert.equal(keepalive.check(now, true), "none");
});

Deno.test("A command that begins while a ping is out calls the judgement off", () => {
  const keepalive = new Keepalive(0, OPTIONS);
  assert.equal(keepalive.check(1000, false), "ping");
  assert.equal(keepalive.check(1200, true), "none");
  assert.equal(keepalive.missed, 0);
});

Deno.test("Only as many silent pings in a row as were asked for mean death", () => {
  const keepalive = new Keepalive(0, OPTIONS);
  const actions = [1000, 1200, 1400, 1600].map((now) => keepalive.check(now, false));
  assert.deepEqual(actions, ["ping", "ping", "ping", "dead"]);
  const answered = new Keepalive(0, OPTIONS);
  answered.check(1000, false);
  answered.check(1200, false);
  answered.active(1300);
  assert.deepEqual(
    [2300, 2500, 2700].map((now) => answered.check(now, false)),
    ["ping", "ping", "ping"],
  );
});
