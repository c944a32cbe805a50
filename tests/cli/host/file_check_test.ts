import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkFile } from "../../../cli/host/file_check.ts";

async function withDirectory(use: (at: (name: string) => string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "tape-check-"));
  try {
    await use((name) => join(directory, name));
  } finally {
    await rm(directory, { recursive: true });
  }
}

Deno.test("checkFile() tells the size of a file", () =>
  withDirectory(async (at) => {
    await writeFile(at("in"), "hello tape");
    assert.deepEqual(await checkFile(at("in")), { sizeBytes: 10 });
  }));

Deno.test("checkFile() waits for nobody who is to write to a pipe", () =>
  withDirectory(async (at) => {
    execFileSync("mkfifo", [at("pipe")]);
    assert.deepEqual(await checkFile(at("pipe")), {});
  }));

Deno.test("checkFile() refuses a directory and a missing file as opening does", () =>
  withDirectory(async (at) => {
    await assert.rejects(checkFile(at("")), { code: "EISDIR", syscall: "open", path: at("") });
    const path = at("none");
    await assert.rejects(checkFile(path), { code: "ENOENT", syscall: "open", path });
  }));
