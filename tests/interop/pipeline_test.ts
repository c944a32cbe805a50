import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { runtimePath, withConsumer } from "./harness/consumer.ts";
import { startIstgt } from "./harness/istgt.ts";
import { requirePrograms } from "./harness/programs.ts";
import { randomBytes } from "./harness/random_bytes.ts";
import { mustRun, ROOT, runProgram, TAPE_COMMAND } from "./harness/tape_command.ts";
import { withTarget } from "./harness/target.ts";
import { makeTempDir, removeTempDir } from "./harness/temp_dir.ts";
import { startTgt } from "./harness/tgt.ts";

/** As people type it. */
const PIPELINE = "tar c photos | tape write - && tape rewind && tape read - | tar t";

const FILES = { "one.jpg": 1_000_000, "two.jpg": 10, "empty.jpg": 0, "sub/three.jpg": 300_000 };

/** Names the command's words: `tape` in a shell is then those, on a device. */
type Command = readonly string[];

/** Runs `use` with a folder that goes away, which has `photos` in it and room for the command. */
async function withPhotos(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = makeTempDir("tape-pipeline");
  try {
    for (const [name, bytes] of Object.entries(FILES)) {
      const path = join(dir, "photos", name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, randomBytes(bytes, bytes));
    }
    mkdirSync(join(dir, "bin"));
    await use(dir);
  } finally {
    removeTempDir(dir);
  }
}

/** Runs the pipeline on a device; tar must tell all the names that it was given. */
async function runPipeline(command: Command, device: string, dir: string): Promise<void> {
  const words = [...command, "-f", device].map((word) => `'${word}'`).join(" ");
  writeFileSync(join(dir, "bin/tape"), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  const { code, stdout, stderr } = await runProgram(
    "/bin/bash",
    ["-c", `set -o pipefail; ${PIPELINE}`],
    { cwd: dir, env: { PATH: `${join(dir, "bin")}:${process.env.PATH}` } },
  );
  assert.equal(code, 0, stderr);
  const listed = stdout.trimEnd().split("\n").filter((line) => !line.endsWith("/")).sort();
  assert.deepEqual(listed, Object.keys(FILES).map((name) => `photos/${name}`).sort());
  assert.match(stderr, /written, and one filemark$/m);
}

async function runOnEveryTarget(t: Deno.TestContext, command: Command): Promise<void> {
  await withPhotos(async (dir) => {
    await t.step("sim", () => runPipeline(command, `sim:${join(dir, "tape.tap")}`, dir));
    await t.step(
      "tgt",
      () => withTarget(startTgt(), ({ url }) => runPipeline(command, url, dir)),
    );
    await t.step(
      "istgt",
      () =>
        withTarget(
          startIstgt({ growingImage: false, sizeMb: 64 }),
          ({ url }) => runPipeline(command, url, dir),
        ),
    );
  });
}

Deno.test("Deno: an archive goes through pipes to tape and back", (t) =>
  runOnEveryTarget(t, [Deno.execPath(), ...TAPE_COMMAND]));

for (const [name, runtime] of [["Node 22", "node@22"], ["Bun 1.3", "bun@1.3"]] as const) {
  Deno.test(`${name}: an archive goes through pipes to tape and back`, (t) =>
    withConsumer([], async (dir) => {
      const command = join(dir, "node_modules/.bin/tape");
      await runOnEveryTarget(t, [await runtimePath(runtime), command]);
    }));
}

Deno.test("One executable file: an archive goes through pipes to tape and back", async (t) => {
  requirePrograms("npm", "npx");
  const dir = makeTempDir("tape-compiled");
  try {
    const path = join(dir, "tape");
    const here = { cwd: dir };
    const compiling = ["run", "-A", "--frozen", `${ROOT}tools/compile.ts`, path];
    await mustRun(Deno.execPath(), compiling, here);
    assert.match((await mustRun(path, ["--version"], here)).stdout, /^\d+\.\d+\.\d+\n$/);
    assert.match((await mustRun(path, ["write", "--help"], here)).stdout, /^Usage: tape write /m);
    assert.equal((await runProgram(path, ["frobnicate"], here)).code, 1);
    await runOnEveryTarget(t, [path]);
  } finally {
    removeTempDir(dir);
  }
});

Deno.test("what goes into a non-blocking pipe comes out once, however slowly it is taken", async () => {
  const dir = makeTempDir("tape-pipe");
  try {
    const bytes = randomBytes(3_000_000, 1);
    writeFileSync(join(dir, "in"), bytes);
    const words = [Deno.execPath(), ...TAPE_COMMAND, "-f", `sim:${join(dir, "tape.tap")}`];
    const tape = words.map((word) => `'${word}'`).join(" ");
    // dd leaves the mark on the pipe that it shares with the command.
    const pipeline = `${tape} write in && ${tape} rewind && ` +
      `{ dd oflag=nonblock if=/dev/null status=none; ${tape} read -; } | (sleep 1; cat)> out`;
    await mustRun("/bin/bash", ["-c", `set -o pipefail; ${pipeline}`], { cwd: dir });
    assert.ok(readFileSync(join(dir, "out")).equals(bytes));
  } finally {
    removeTempDir(dir);
  }
});
