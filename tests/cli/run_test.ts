import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { run } from "../../cli/run.ts";
import { VERSION } from "../../cli/version.ts";
import { SimulatedDrive } from "../../sim/tape/drive.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { MemoryHost } from "./memory_host.ts";
import { SimDevices, tape } from "./sim_devices.ts";

function bench(): SimDevices {
  return new SimDevices(new SimulatedDrive({ medium: new MemoryMedium() }));
}

Deno.test("The version of the command is the package's", async () => {
  const manifest = JSON.parse(await readFile(new URL("../../deno.json", import.meta.url), "utf8"));
  assert.equal(VERSION, manifest.version);
});

Deno.test("Help and version go to standard output and succeed", async () => {
  for (const line of ["--help", "help", "help write", "--version"]) {
    const host = new MemoryHost();
    assert.equal(await run(line.split(" "), host), 0, line);
    assert.notEqual(host.output, "");
    assert.equal(host.errors, "");
  }
});

Deno.test("Bad usage has exit status 1 and leaves standard output empty", async () => {
  const host = new MemoryHost();
  assert.equal(await run(["frobnicate"], host), 1);
  assert.equal(host.output, "");
  assert.match(host.errors, /^tape: No such command: frobnicate\n/);
});

Deno.test("The device comes from -f, else from TAPE, else there is none", async () => {
  const env = { TAPE: "sim:env.tap" };
  const devices = bench();
  await run(["rewind"], new MemoryHost({ env }), { devices });
  await run(["rewind", "-f", "sim:option.tap"], new MemoryHost({ env }), { devices });
  assert.deepEqual(devices.opened.map(({ address }) => address), ["sim:env.tap", "sim:option.tap"]);
  const host = new MemoryHost();
  assert.equal(await run(["rewind"], host, { devices }), 1);
  assert.match(host.errors, /No device given: use -f DEVICE or set TAPE/);
});

Deno.test("Options reach the drive", async () => {
  const devices = bench();
  const line = "read - -b 64k --read-ahead 7 --header-digest crc32c --data-digest none " +
    "--initiator-name iqn.2026-03.com.example:me --timeout 3";
  assert.equal(await tape(line, new MemoryHost(), devices), 0);
  const { options } = devices.opened[0];
  assert.equal(options.recordBytesHint, 65536);
  assert.equal(options.readAhead, 7);
  assert.equal(options.headerDigest, "crc32c");
  assert.equal(options.dataDigest, "none");
  assert.equal(options.initiatorName, "iqn.2026-03.com.example:me");
  assert.equal(options.connectTimeoutMs, 3000);
  assert.equal(options.timeouts?.[0x08], 3000);
  assert.equal(options.loadPolling?.count, 3);
});

Deno.test("What no option says is left to the package's own defaults", async () => {
  const devices = bench();
  await tape("rewind", new MemoryHost(), devices);
  const given = Object.entries(devices.opened[0].options).filter(([, value]) =>
    value !== undefined
  );
  assert.deepEqual(given.map(([name]) => name), ["signal", "requireMedium", "onNotice"]);
});

Deno.test("A failure with --json is one JSON document, and told to people as well", async () => {
  const host = new MemoryHost();
  assert.equal(await tape("fsr 1 --json", host, bench()), 2);
  const { error } = JSON.parse(host.output);
  assert.equal(error.name, "SpaceStoppedError");
  assert.equal(error.kind, "end-of-data");
  assert.equal(error.position.object, 0);
  assert.match(host.errors, /^tape: /);
});

Deno.test("A failure closes the session", async () => {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  let sessions = 0;
  const { nexusEstablished, nexusLost } = drive;
  drive.nexusEstablished = (nexus) => (sessions++, nexusEstablished.call(drive, nexus));
  drive.nexusLost = (nexus) => (sessions--, nexusLost.call(drive, nexus));
  assert.equal(await tape("fsr 1", new MemoryHost(), new SimDevices(drive)), 2);
  assert.equal(sessions, 0);
});

Deno.test("A defect of our own is one line, and its stack with --verbose", async () => {
  const devices = bench();
  devices.openTape = () => Promise.reject(new TypeError("oops"));
  const quiet = new MemoryHost();
  assert.equal(await tape("rewind", quiet, devices), 2);
  assert.equal(quiet.errors.split("\n").length, 3);
  const verbose = new MemoryHost();
  assert.equal(await tape("rewind --verbose", verbose, devices), 2);
  assert.match(verbose.errors, /TypeError: oops\n\s+at /);
});

Deno.test("An interruption gives up a command that waits", async () => {
  const host = new MemoryHost();
  const devices = bench();
  devices.openTape = (_address, { signal }) =>
    new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  const running = tape("rewind", host, devices);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  host.interrupt();
  assert.equal(await running, 2);
  assert.match(host.errors, /^tape: Interrupted: .*\n.*tape tell.*\n$/);
  assert.equal(host.listeners, 0);
});

Deno.test("No secret is told, whatever goes wrong", async () => {
  const secret = "hunter2hunter2";
  const host = new MemoryHost({ files: { s: new TextEncoder().encode(secret) } });
  const devices = bench();
  devices.openTape = () => Promise.reject(new TypeError("oops"));
  const line = "status --json --verbose --chap-user ann --chap-secret-file s";
  assert.equal(await tape(line, host, devices), 2);
  assert.ok(!(host.output + host.errors).includes(secret));
});

Deno.test("With --json a command line that makes no sense is a document, too", async () => {
  const host = new MemoryHost();
  assert.equal(await run(["frobnicate", "--json"], host), 1);
  assert.equal(JSON.parse(host.output).error.name, "UsageError");
});
