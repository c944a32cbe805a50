import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type GuestOptions,
  type GuestTarget,
  runInLinuxGuest,
} from "../interop/harness/linux_guest.ts";
import { TapeServer } from "../interop/harness/tape_server.ts";
import { withTempDir } from "../interop/harness/temp_dir.ts";

const JOBS = "../../kernel/guest/";
const DIGESTS = {
  "node.conn[0].iscsi.HeaderDigest": "CRC32C",
  "node.conn[0].iscsi.DataDigest": "CRC32C",
};
const INITIATOR = { name: "reader", secret: "sixteenletters16" };
const TARGET = { name: "library", secret: "another16letters" };
const MUTUAL_CHAP = {
  "node.session.auth.authmethod": "CHAP",
  "node.session.auth.username": INITIATOR.name,
  "node.session.auth.password": INITIATOR.secret,
  "node.session.auth.username_in": TARGET.name,
  "node.session.auth.password_in": TARGET.secret,
};

/** What the guest finds to fault, for people to read; a job that was not finished is a fault too. */
async function mustSucceed(
  target: GuestTarget,
  job: string,
  options: GuestOptions = {},
): Promise<void> {
  const { code, stdout } = await runInLinuxGuest(target, `${JOBS}${job}`, options);
  const faults = stdout.split("\n").filter((line) => line.startsWith("FAILED"));
  assert.deepEqual(faults, [], stdout);
  assert.equal(code, 0, stdout);
}

const FACTS: readonly (readonly [string, string, GuestOptions["settings"]])[] = [
  ["positions.sh", "each verb of mt that moves the tape leaves it where it should", {}],
  ["settings.sh", "each verb of mt that sets, loads or locks works", {}],
  ["archives.sh", "tar finds, lists, compares and extracts each of several archives", {}],
  ["archives.sh", "tar does the same with digests over headers and data", DIGESTS],
  ["partitions.sh", "mt makes, fills and leaves partitions", {}],
  ["generic.sh", "sg3-utils get an answer to all they ask", {}],
];

for (const [job, fact, settings] of FACTS) {
  Deno.test(`Linux at the served drive: ${fact}`, () =>
    withTempDir(async (dir) => {
      const server = await TapeServer.start(["--media", join(dir, "image.tap")]);
      try {
        await mustSucceed(server, job, { settings });
      } finally {
        await server.stop();
      }
    }));
}

Deno.test("Linux at the served drive: each proves itself to the other by CHAP, with digests insisted on", () =>
  withTempDir(async (dir) => {
    const [ours, theirs] = [join(dir, "initiator"), join(dir, "target")];
    writeFileSync(ours, INITIATOR.secret, { mode: 0o600 });
    writeFileSync(theirs, TARGET.secret, { mode: 0o600 });
    const server = await TapeServer.start([
      ...[
        "--media",
        join(dir, "image.tap"),
        "--header-digest",
        "crc32c",
        "--data-digest",
        "crc32c",
      ],
      ...["--chap-user", INITIATOR.name, "--chap-secret-file", ours],
      ...["--target-user", TARGET.name, "--target-secret-file", theirs],
    ]);
    try {
      await mustSucceed(server, "archives.sh", { settings: { ...MUTUAL_CHAP, ...DIGESTS } });
    } finally {
      await server.stop();
    }
  }));

Deno.test("Linux at the served library: mtx lists, loads, unloads, transfers and exchanges, and tar uses what it loaded", () =>
  withTempDir(async (dir) => {
    const media = ["A00001L8", "A00002L8"].flatMap((
      label,
    ) => ["--media", join(dir, `${label}.tap`)]);
    const server = await TapeServer.start(["--slots", "4", "--drives", "2", ...media]);
    try {
      await mustSucceed(server, "library.sh");
    } finally {
      await server.stop();
    }
  }));
