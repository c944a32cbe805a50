import assert from "node:assert/strict";
import { Experiment } from "./experiment.ts";
import { Fault } from "./fault.ts";

const NOTHING = () => new Fault("stall", -1);

Deno.test("An experiment notices what never settles, and names the fault", async () => {
  const experiment = new Experiment(NOTHING(), {});
  const running = experiment.run(() => new Promise<void>(() => {}));
  await assert.rejects(running, /nothing happens any more: stall at PDU -1/);
});

Deno.test("An experiment notices a connection that is left open", async () => {
  const experiment = new Experiment(NOTHING(), {});
  const leaving: { close(): Promise<void> }[] = [];
  const running = experiment.run(async () => void leaving.push(await experiment.open()));
  await assert.rejects(running, /a socket was left open/);
  await leaving[0].close().catch(() => {});
});
