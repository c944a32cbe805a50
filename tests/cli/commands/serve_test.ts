import assert from "node:assert/strict";
import { run } from "../../../cli/run.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryHost } from "../memory_host.ts";
import { SimDevices } from "../sim_devices.ts";

/** Starts `tape serve`, and gives it SIGTERM once it is ready. */
async function serve(args: string[], host: MemoryHost = new MemoryHost()) {
  const devices = new SimDevices(new SimulatedDrive());
  const running = run(["serve", ...args], host, { devices });
  for (let turn = 0; turn < 100 && host.output === "" && host.errors === ""; turn++) {
    await Promise.resolve();
  }
  host.interrupt();
  return { status: await running, host, devices };
}

Deno.test("serve prints a line for each drive and ends cleanly when told to", async () => {
  const { status, host, devices } = await serve(["--listen", "127.0.0.1:0", "--drives", "2"]);
  assert.equal(status, 0, host.errors);
  assert.deepEqual(host.output.split("\n"), [
    "ready iscsi://127.0.0.1:4711/iqn.2026-03.com.example:tape/0",
    "ready iscsi://127.0.0.1:4711/iqn.2026-03.com.example:tape/1",
    "",
  ]);
  assert.ok(devices.targetClosed);
  assert.equal(host.listeners, 0);
});

Deno.test("serve puts the images into the drives in order", async () => {
  const { devices } = await serve(["--media", "a.tap", "--media", "b.tap", "--drives", "3"]);
  assert.deepEqual(devices.served[0].media, ["a.tap", "b.tap", undefined]);
  assert.deepEqual(devices.served[0].listen, { hostname: "127.0.0.1", port: 3260 });
});

Deno.test("serve has one drive when nothing is said", async () => {
  const { devices } = await serve([]);
  assert.deepEqual(devices.served[0].media, [undefined]);
});

Deno.test("serve refuses more images than drives", async () => {
  const { status, host, devices } = await serve(
    ["--media", "a.tap", "--media", "b.tap", "--drives", "1"],
  );
  assert.equal(status, 1);
  assert.match(host.errors, /2 images for 1 drive/);
  assert.equal(devices.served.length, 0);
});

Deno.test("serve takes the secrets that initiators must know as every command takes them", async () => {
  const host = new MemoryHost({
    env: { TAPE_CHAP_SECRET: "ours", TAPE_CHAP_TARGET_SECRET: "its" },
  });
  const { devices } = await serve(["--chap-user", "ann", "--target-user", "bob"], host);
  const target = { name: "bob", secret: "its" };
  assert.deepEqual(devices.served[0].chap, { name: "ann", secret: "ours", target });
  assert.doesNotMatch(host.output + host.errors, /ours|its/);
});
