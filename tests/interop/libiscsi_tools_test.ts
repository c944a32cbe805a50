import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { requirePrograms } from "./harness/programs.ts";
import { randomBytes } from "./harness/random_bytes.ts";
import { runProgram, tape } from "./harness/tape_command.ts";
import { TapeServer } from "./harness/tape_server.ts";
import { withTempDir } from "./harness/temp_dir.ts";

/** Runs `use` against `tape serve` on a fresh image; the server must end cleanly. */
async function withServer(
  args: readonly string[],
  use: (server: TapeServer, image: string) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    const image = join(dir, "image.tap");
    const server = await TapeServer.start(["--media", image, ...args]);
    let code: number | undefined;
    try {
      await use(server, image);
    } finally {
      code = await server.stop();
    }
    assert.equal(code, 0, "serve ends cleanly on SIGTERM");
  });
}

Deno.test("iscsi-ls finds the served drive by discovery and knows it for a tape", () =>
  withServer([], async ({ portal, iqn }) => {
    const [list] = requirePrograms("iscsi-ls");
    const { code, stdout, stderr } = await runProgram(list, ["-s", `iscsi://${portal}`]);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes(iqn), stdout);
    assert.match(stdout, /SEQUENTIAL_ACCESS/);
  }));

Deno.test("iscsi-inq reads the served drive's INQUIRY data and vital product data", () =>
  withServer([], async ({ url }) => {
    const [inquiry] = requirePrograms("iscsi-inq");
    const { code, stdout, stderr } = await runProgram(inquiry, [url]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /SEQUENTIAL_ACCESS/);
    assert.match(stdout, /UISCSI/);
    for (const page of ["0", "0x80", "0x83"]) {
      const answer = await runProgram(inquiry, ["-e", "1", "-c", page, url]);
      assert.equal(answer.code, 0, `page ${page}: ${answer.stderr}`);
    }
  }));

Deno.test("iscsi-inq meets the served drive's CHAP, and fails with a wrong secret", () =>
  withTempDir(async (dir) => {
    const secretFile = join(dir, "secret");
    await Deno.writeTextFile(secretFile, "secret-of-reader\n");
    const [inquiry] = requirePrograms("iscsi-inq");
    const chap = ["--chap-user", "reader", "--chap-secret-file", secretFile];
    await withServer(chap, async ({ url }) => {
      const as = (user: string) => url.replace("iscsi://", `iscsi://${user}@`);
      assert.equal((await runProgram(inquiry, [as("reader%secret-of-reader")])).code, 0);
      assert.notEqual((await runProgram(inquiry, [as("reader%secret-of-nobody")])).code, 0);
      assert.notEqual((await runProgram(inquiry, [url])).code, 0);
    });
  }));

Deno.test("what the command wrote to a served image is in the image after the server has ended", () =>
  withTempDir(async (dir) => {
    const image = join(dir, "image.tap");
    const bytes = randomBytes(1_000_001, 1);
    const server = await TapeServer.start(["--media", image]);
    try {
      const args = ["-f", server.url, "write", "-", "--block-size", "64k"];
      const { code, stderr } = await tape(args, { stdin: bytes });
      assert.equal(code, 0, stderr);
    } finally {
      await server.stop();
    }
    assert.ok(readFileSync(image).length > bytes.length);
    await tape(["-f", `sim:${image}`, "rewind"]);
    const { stdoutBytes } = await tape(["-f", `sim:${image}`, "read", "-"]);
    assert.equal(Buffer.compare(stdoutBytes, bytes), 0);
  }));
