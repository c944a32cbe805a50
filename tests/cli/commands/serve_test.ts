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
  assert.deepEqual([devices.served[0].media, devices.served[0].drives], [["a.tap", "b.tap"], 3]);
  assert.deepEqual(devices.served[0].listen, { hostname: "127.0.0.1", port: 3260 });
});

Deno.test("serve takes no time where --timing is 0", async () => {
  const { status, host, devices } = await serve(["--timing", "0"]);
  assert.equal(status, 0, host.errors);
  assert.equal(devices.served[0].timeScale, undefined);
});

Deno.test("serve has one drive when nothing is said", async () => {
  const { devices } = await serve([]);
  assert.deepEqual([devices.served[0].media, devices.served[0].drives], [[], 1]);
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
  assert.deepEqual(devices.served[0].chap, { accounts: [{ name: "ann", secret: "ours" }], target });
  assert.doesNotMatch(host.output + host.errors, /ours|its/);
});

Deno.test("serve takes accounts from a file, each a line, and tells no secret", async () => {
  const text = "# who may log in\n\nann:a secret: with colons\r\nbob:his secret\n";
  const host = new MemoryHost({
    files: { accounts: new TextEncoder().encode(text) },
    env: { TAPE_CHAP_TARGET_SECRET: "its" },
  });
  const { devices } = await serve(["--chap", "accounts", "--target-user", "t"], host);
  assert.deepEqual(devices.served[0].chap, {
    accounts: [{ name: "ann", secret: "a secret: with colons" }, {
      name: "bob",
      secret: "his secret",
    }],
    target: { name: "t", secret: "its" },
  });
  assert.doesNotMatch(host.output + host.errors, /secret/);
});

Deno.test("serve refuses a file of accounts that is none, without showing what is in it", async () => {
  for (const text of ["hunter2\n", "", "#\n", ":hunter2"]) {
    const host = new MemoryHost({ files: { accounts: new TextEncoder().encode(text) } });
    const { status, devices } = await serve(["--chap", "accounts"], host);
    assert.equal(status, 1);
    assert.match(host.errors, /Reading accounts from accounts: .*USER:SECRET/);
    assert.doesNotMatch(host.errors, /hunter2/);
    assert.equal(devices.served.length, 0);
  }
});

Deno.test("serve makes a library of slots, drives and a model of each", async () => {
  const { devices } = await serve(
    (
      "--slots 20 --drives 3 --layout target --personality ibm-ult3580-td5 --personality stk-l700 " +
      "--quirk require-unload --quirk no-locate16 --timing 0.5 --ram-disk 1m --allow iqn.a --allow iqn.b"
    ).split(" "),
  );
  const { listen: _, ...settings } = devices.served[0];
  assert.deepEqual(settings, {
    targetName: "iqn.2026-03.com.example:tape",
    media: [],
    drives: 3,
    slots: 20,
    layout: "target",
    quirks: ["require-unload", "no-locate16"],
    timeScale: 0.5,
    ramDiskBytes: 1048576,
    drivePersonality: "ibm-ult3580-td5",
    libraryPersonality: "stk-l700",
    initiators: ["iqn.a", "iqn.b"],
    headerDigest: undefined,
    dataDigest: undefined,
  });
});

for (
  const [line, why] of [
    ["--personality stk-l700", /needs --slots/],
    ["--personality ibm-ult3580-td5 --personality hp-ultrium-5", /two models of one kind/],
    ["--quirk require-unload", /needs --slots/],
    ["--slots 1 --media a.tap --media b.tap", /2 images for 1 slot/],
    ["--ram-disk 1000", /multiple of 512/],
  ] as const
) {
  Deno.test(`serve refuses ${line}`, async () => {
    const { status, host, devices } = await serve(line.split(" "));
    assert.equal(status, 1);
    assert.match(host.errors, why);
    assert.equal(devices.served.length, 0);
  });
}
