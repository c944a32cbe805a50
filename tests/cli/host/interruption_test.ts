import assert from "node:assert/strict";
import { InterruptedError, Interruption } from "../../../cli/host/interruption.ts";
import { MemoryHost } from "../memory_host.ts";

Deno.test("Interruption aborts at once and then leaves the signals alone", () => {
  const host = new MemoryHost();
  const interruption = new Interruption(host);
  host.interrupt();
  assert.ok(interruption.signal.aborted);
  assert.ok(interruption.signal.reason instanceof InterruptedError);
  assert.equal(host.listeners, 0);
});

Deno.test("Interruption asks first where a command can stop well, and aborts the second time", () => {
  const host = new MemoryHost();
  const interruption = new Interruption(host);
  let asked = 0;
  interruption.stopGently(() => asked++);
  host.interrupt();
  assert.deepEqual([asked, interruption.stopRequested, interruption.signal.aborted], [
    1,
    true,
    false,
  ]);
  host.interrupt();
  assert.deepEqual([asked, interruption.signal.aborted, host.listeners], [1, true, 0]);
});

Deno.test("Interruption.requested() resolves at the first interruption", async () => {
  const host = new MemoryHost();
  const interruption = new Interruption(host);
  const requested = interruption.requested();
  host.interrupt();
  await requested;
  assert.equal(interruption.signal.aborted, false);
  interruption.close();
  assert.equal(host.listeners, 0);
});

Deno.test("A command that is given up is left alone when it takes its time about it", async () => {
  const host = new MemoryHost();
  const interruption = new Interruption(host);
  const work = interruption.supervise(new Promise(() => {}));
  host.interrupt();
  await assert.rejects(work, InterruptedError);
  assert.ok(host.time > 0 && host.time < 2000, `${host.time} ms`);
  interruption.close();
});

Deno.test("Interruption.breathe() waits only now and then", async () => {
  const host = new MemoryHost();
  const interruption = new Interruption(host);
  assert.equal(interruption.breathe(), undefined);
  host.time += 1000;
  await interruption.breathe();
  assert.equal(interruption.breathe(), undefined);
  interruption.close();
});
