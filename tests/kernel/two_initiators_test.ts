import assert from "node:assert/strict";
import {
  MediumChangedError,
  openTape,
  PositionLostError,
  ReservationConflictError,
  type TapeDrive,
} from "../../mod.ts";
import { runInLinuxGuest } from "../interop/harness/linux_guest.ts";
import { TapeServer } from "../interop/harness/tape_server.ts";

const JOBS = "../../kernel/guest/";

async function guestDoes(server: TapeServer, job: string): Promise<void> {
  const { code, stdout } = await runInLinuxGuest(server, `${JOBS}${job}`);
  assert.doesNotMatch(stdout, /^FAILED/m, stdout);
  assert.equal(code, 0, stdout);
}

async function withServer(use: (server: TapeServer) => Promise<void>): Promise<void> {
  const server = await TapeServer.start([]);
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

const record = (number: number) => new Uint8Array(1000).fill(number);

async function writeFile(drive: TapeDrive, first: number): Promise<void> {
  for (let number = first; number < first + 3; number++) await drive.write(record(number));
  await drive.writeFilemarks();
}

async function readFile(drive: TapeDrive, first: number): Promise<void> {
  for (let number = first; number < first + 3; number++) {
    const result = await drive.read();
    assert.ok(result.kind === "record", result.kind);
    assert.deepEqual(new Uint8Array(result.data), record(number));
  }
  assert.equal((await drive.read()).kind, "filemark");
}

Deno.test("Linux is kept away from a drive that we have for ourselves, and we go on where we were", () =>
  withServer(async (server) => {
    const drive = await openTape(server.url, { exclusive: "persistent" });
    try {
      await writeFile(drive, 1);
      await guestDoes(server, "kept_away.sh");
      await writeFile(drive, 4);
      assert.equal((await drive.position()).object, 8);
      await drive.rewind();
      await readFile(drive, 1);
      await readFile(drive, 4);
    } finally {
      await drive.close();
    }
  }));

Deno.test("When Linux has unloaded and loaded our tape, we write nothing until we have positioned", () =>
  withServer(async (server) => {
    const drive = await openTape(server.url);
    try {
      await writeFile(drive, 1);
      await guestDoes(server, "takes_the_tape.sh");
      await assert.rejects(drive.write(record(9)), MediumChangedError);
      await assert.rejects(drive.write(record(9)), { kind: "mode-parameters-changed" });
      // Of a length that the drive takes by now.
      await assert.rejects(drive.write(new Uint8Array(4096)), PositionLostError);
      await drive.rewind();
      await drive.setBlockSize(0);
      await readFile(drive, 1);
      await writeFile(drive, 4);
      await drive.rewind();
      await readFile(drive, 1);
      await readFile(drive, 4);
    } finally {
      await drive.close();
    }
  }));

Deno.test("A reservation that Linux left behind keeps us away", () =>
  withServer(async (server) => {
    await guestDoes(server, "stays_reserved.sh");
    await assert.rejects(
      openTape(server.url, { exclusive: "persistent" }),
      ReservationConflictError,
    );
  }));
