import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTape, type TapeDrive } from "../../mod.ts";
import { Daemon } from "../interop/harness/daemon.ts";
import { randomBytes } from "../interop/harness/random_bytes.ts";
import { runProgram } from "../interop/harness/tape_command.ts";
import { freePort } from "../interop/harness/tcp_port.ts";
import { withTempDir } from "../interop/harness/temp_dir.ts";
import { waitUntil } from "../interop/harness/waiting.ts";
import { BOOT, buildDenoGuest, DENO_GUEST_DIR, DENO_GUEST_ENV, fillJob } from "./deno_guest.ts";

const IQN = "iqn.2026-03.com.example:tcmu";
const LIFETIMES = "tests/kernel/guest/tcmu_lifetimes.ts";

function mustHaveSucceeded(console: string): void {
  const faults = console.split("\n").filter((line) => line.startsWith("FAILED"));
  assert.deepEqual(faults, [], console);
  assert.match(console, /^GUEST-EXIT 0/m, console);
  assert.doesNotMatch(console, /BUG:|Oops|Kernel panic/, console);
}

Deno.test("Linux has the simulated drive and library as devices of its own, killed or detached at any time", async () => {
  await buildDenoGuest();
  await withTempDir(async (dir) => {
    await fillJob(dir, "tcmu_local.sh", ["tcmu/main.ts", LIFETIMES]);
    writeFileSync(join(dir, "run.sh"), ". /job/tcmu_local.sh\n");
    const options = { env: DENO_GUEST_ENV, limitMs: 600_000 };
    mustHaveSucceeded((await runProgram(BOOT, [DENO_GUEST_DIR, dir], options)).stdout);
  });
});

Deno.test("Linux's own iSCSI target serves the simulated drive, and we read from it what we wrote", async () => {
  await buildDenoGuest();
  await withTempDir(async (dir) => {
    await fillJob(dir, "tcmu_exported.sh", ["tcmu/main.ts"]);
    writeFileSync(join(dir, "run.sh"), `IQN=${IQN}\n. /job/tcmu_exported.sh\n`);
    const port = freePort();
    const log = join(dir, "console.log");
    const memory = Object.entries(DENO_GUEST_ENV).map(([name, value]) => `${name}=${value}`);
    const guest = new Daemon("/usr/bin/env", [
      ...[...memory, BOOT, DENO_GUEST_DIR, dir, String(port)],
    ], log);
    try {
      await guest.ready(() => existsSync(join(dir, "ready")), 240_000);
      await writeAndRead(`iscsi://127.0.0.1:${port}/${IQN}/0`);
      writeFileSync(join(dir, "stop"), "");
      await waitUntil(() => /^GUEST-EXIT/m.test(guest.log()), { limitMs: 120_000 });
      mustHaveSucceeded(guest.log());
    } finally {
      await guest.stop();
    }
  });
});

const RECORDS = [1, 511, 65_536, 262_144, 1_048_576].map((bytes) => randomBytes(bytes, bytes));

async function writeAndRead(url: string): Promise<void> {
  const drive = await openTape(url);
  try {
    assert.equal(drive.info.product.trim(), "Virtual Tape");
    for (const record of RECORDS) await drive.write(record);
    await drive.writeFilemarks();
    await readBack(drive);
  } finally {
    await drive.close();
  }
  // Without SILI, the length of a short record comes in sense data beside the data.
  const strict = await openTape(url, { sili: false });
  try {
    await readBack(strict);
  } finally {
    await strict.close();
  }
}

async function readBack(drive: TapeDrive): Promise<void> {
  await drive.rewind();
  for (const record of RECORDS) {
    const result = await drive.read();
    assert.ok(result.kind === "record", result.kind);
    assert.deepEqual(new Uint8Array(result.data), record);
  }
  assert.equal((await drive.read()).kind, "filemark");
  assert.equal((await drive.read()).kind, "end-of-data");
  assert.equal((await drive.position()).object, RECORDS.length + 1);
}
