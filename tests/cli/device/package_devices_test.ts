import assert from "node:assert/strict";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageDevices } from "../../../cli/device/package_devices.ts";
import type { ServeSettings } from "../../../cli/device/serve_settings.ts";
import type { ServedTarget } from "../../../cli/device/serve_target.ts";
import { run } from "../../../cli/run.ts";
import { MemoryHost, patternBytes } from "../memory_host.ts";

const { signal } = new AbortController();
const targetName = "iqn.2026-03.com.example:tape";
const chap = {
  accounts: [{ name: "ann", secret: "a secret of ours" }],
  target: { name: "bob", secret: "a secret of its own" },
};

async function serving(
  settings: Partial<ServeSettings>,
  use: (target: ServedTarget, portal: string) => Promise<void>,
): Promise<void> {
  const listen = { hostname: "127.0.0.1", port: 0 };
  const target = await packageDevices.serve({
    listen,
    targetName,
    drives: 1,
    media: [],
    ...settings,
  });
  try {
    await use(target, target.addresses[0].split("/")[2]);
  } finally {
    await target.close();
  }
}

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "tape-cli-"));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

Deno.test("A served target is listed with its drives", () =>
  serving({ drives: 2 }, async (target, portal) => {
    assert.deepEqual(
      target.addresses,
      [0, 1].map((lun) => `iscsi://${portal}/${targetName}/${lun}`),
    );
    const listing = await packageDevices.listUnits(portal, { signal });
    assert.deepEqual(listing.failures, []);
    assert.deepEqual(
      listing.units.map((unit) => [unit.target, unit.portal, unit.lun, unit.deviceType]),
      [[targetName, portal, 0, "tape"], [targetName, portal, 1, "tape"]],
    );
    assert.equal(listing.units[0].vendor, "UISCSI");
  }));

Deno.test("A disk is listed with its capacity, in words and with --json", () =>
  serving({ ramDiskBytes: 3 << 20 }, async (_target, portal) => {
    const host = new MemoryHost();
    assert.equal(await run(["ls", portal], host), 0, host.errors);
    const [tape, disk] = host.output.trimEnd().split("\n").map((line) => line.split(/ {2,}/));
    assert.deepEqual([tape.length, disk.at(-1)], [7, "3.1 MB"]);
    const json = new MemoryHost();
    assert.equal(await run(["ls", portal, "--json"], json), 0, json.errors);
    const [{ units }] = JSON.parse(json.output).portals;
    assert.equal("capacityBytes" in units[0], false);
    assert.equal(units[1].capacityBytes, 3 << 20);
    assert.equal(units[1].blocks * units[1].blockBytes, 3 << 20);
  }));

Deno.test("A portal where nobody listens is a failure with advice, not an exception", async () => {
  let gone = "";
  await serving({}, (_target, portal) => Promise.resolve(void (gone = portal)));
  const listing = await packageDevices.listUnits(gone, { signal });
  assert.equal(listing.units.length, 0);
  assert.match(listing.failures[0].message, /refused/);
  assert.match(listing.failures[0].advice ?? "", /Check the address/);
});

Deno.test("What tape writes over the network, it reads back, with mutual CHAP and digests", () =>
  serving({ chap, headerDigest: "crc32c", dataDigest: "crc32c" }, async (target) => {
    const env = {
      TAPE: target.addresses[0],
      TAPE_CHAP_SECRET: chap.accounts[0].secret,
      TAPE_CHAP_TARGET_SECRET: chap.target.secret,
    };
    const bytes = patternBytes(300_000);
    const host = new MemoryHost({ env, files: { in: bytes } });
    const login = "--chap-user ann --target-user bob --header-digest crc32c --data-digest crc32c";
    for (const line of ["write in -b 64k", "rewind", "read out --read-ahead 8"]) {
      assert.equal(await run([...line.split(" "), ...login.split(" ")], host), 0, host.errors);
    }
    assert.deepEqual(host.sinks.get("out")?.bytes, bytes);
  }));

Deno.test("A wrong secret, and a missing one, fail with advice and without the secret", () =>
  serving({ chap }, async (target) => {
    const wrong = "not the right secret";
    const env = { TAPE: target.addresses[0], TAPE_CHAP_SECRET: wrong };
    for (const line of ["status --chap-user ann", "status"]) {
      const host = new MemoryHost({ env });
      assert.equal(await run(line.split(" "), host), 2);
      assert.match(host.errors, /--chap-user/);
      assert.ok(!host.errors.includes(wrong));
    }
  }));

Deno.test("An image keeps contents and position from one run to the next", () =>
  inDirectory(async (directory) => {
    const bytes = patternBytes(10_000);
    const host = new MemoryHost({
      env: { TAPE: `sim:${join(directory, "a.tap")}` },
      files: { in: bytes },
    });
    for (const line of ["write in -b 1k", "weof", "asf 0", "fsr 3", "read out"]) {
      assert.equal(await run(line.split(" "), host), 0, `${line}: ${host.errors}`);
    }
    assert.deepEqual(host.sinks.get("out")?.bytes, bytes.slice(3 * 1024));
  }));

Deno.test("An image that is in use, or is none, is refused in words", () =>
  inDirectory(async (directory) => {
    const image = join(directory, "a.tap");
    const other = join(directory, "b.tap");
    await writeFile(other, "This file is no tape image at all, whatever its name says.");
    await serving({ media: [image] }, async () => {
      for (const path of [image, other]) {
        const host = new MemoryHost();
        assert.equal(await run(["-f", `sim:${path}`, "status"], host), 2);
        assert.match(host.errors, new RegExp(`^tape: .*${path}`));
        assert.doesNotMatch(host.errors, /not expected/);
      }
    });
  }));

Deno.test("An image that is cut is told of, and what lies before the cut is read", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "cut.tap");
    const host = new MemoryHost({ files: { data: patternBytes(2000) } });
    assert.equal(await run(["-f", `sim:${path}`, "write", "data", "-b", "1000"], host), 0);
    await truncate(path, 1500);
    const late = new MemoryHost();
    assert.equal(await run(["-f", `sim:${path}`, "map"], late), 0, late.errors);
    assert.match(late.errors, /^tape: warning: .*cut\.tap, byte 1008: /m);
    assert.match(late.output, /^1 file, 1 record, 1000 bytes/m);
  }));
