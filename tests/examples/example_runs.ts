import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { MemoryMedium, serveTarget, SimulatedDrive } from "../../sim/mod.ts";
import type { CommandOutput } from "../interop/harness/tape_command.ts";

/** A runtime that examples run on. */
export interface ExampleRuntime {
  /** Runs an example, given by its file name, with arguments. */
  run(file: string, ...args: string[]): Promise<CommandOutput>;
  /** Runs an example that consists of tests. */
  test(file: string): Promise<CommandOutput>;
}

/** What an example has to do. */
export interface ExampleRun {
  readonly title: string;
  /** `dir` is a folder for its files. Fails when the example does. */
  check(runtime: ExampleRuntime, dir: string): Promise<void>;
}

/** The folder of the examples. */
export const EXAMPLES: string = fileURLToPath(new URL("../../examples/", import.meta.url));

/** The single-file examples; the demonstration has tests of its own. */
export const EXAMPLE_FILES: readonly string[] = readdirSync(EXAMPLES)
  .filter((name) => name.endsWith(".ts") && name !== "demo.ts").sort();

/** What is checked of each example, by its file name. */
export const EXAMPLE_RUNS: Readonly<Record<string, ExampleRun>> = {
  "backup_directory.ts": {
    title:
      "backup_directory.ts appends each directory as a file of its own, and nothing of one that is not there",
    check: async (runtime, dir) => {
      const tape = `sim:${join(dir, "backup.tap")}`;
      makePhotos(join(dir, "photos"));
      mustPrint(await runtime.run("backup_directory.ts", tape, join(dir, "photos")), /as file 0/);
      const missing = await runtime.run("backup_directory.ts", tape, join(dir, "missing"));
      assert.notEqual(missing.code, 0);
      mustPrint(await runtime.run("backup_directory.ts", tape, join(dir, "photos")), /as file 1/);
    },
  },
  "restore_directory.ts": {
    title: "restore_directory.ts gives back what backup_directory.ts wrote, and overwrites nothing",
    check: async (runtime, dir) => {
      const tape = `sim:${join(dir, "backup.tap")}`;
      makePhotos(join(dir, "photos"));
      const [first, second] = [join(dir, "photos", "2026"), join(dir, "photos")];
      mustPrint(await runtime.run("backup_directory.ts", tape, first));
      mustPrint(await runtime.run("backup_directory.ts", tape, second));
      const restored = join(dir, "restored");
      mustPrint(
        await runtime.run("restore_directory.ts", tape, "1", restored),
        /^3 files restored$/m,
      );
      assert.deepEqual(contentsOf(restored), contentsOf(second));
      const again = await runtime.run("restore_directory.ts", tape, "1", restored);
      assert.notEqual(again.code, 0);
      assert.match(again.stderr, /EEXIST/);
    },
  },
  "copy_tape.ts": {
    title: "copy_tape.ts copies records and filemarks, and compares",
    check: async (runtime, dir) => {
      const [tape, copy] = ["backup.tap", "copy.tap"].map((name) => join(dir, name));
      makePhotos(join(dir, "photos"));
      mustPrint(await runtime.run("backup_directory.ts", `sim:${tape}`, join(dir, "photos")));
      mustPrint(
        await runtime.run("copy_tape.ts", `sim:${tape}`, `sim:${copy}`),
        /^2 records and 1 filemarks copied/m,
      );
      assert.deepEqual(readFileSync(copy), readFileSync(tape));
    },
  },
  "test_double_test.ts": {
    title: "test_double_test.ts passes with the runtime's own test runner",
    check: async (runtime) => mustPrint(await runtime.test("test_double_test.ts")),
  },
  "custom_transport.ts": {
    title: "custom_transport.ts reaches a target through a program",
    check: async (runtime) => {
      const target = await serveTarget({
        listen: { hostname: "127.0.0.1", port: 0 },
        targetName: "iqn.2026-03.com.example:tape",
        units: [{ lun: 0, device: new SimulatedDrive({ medium: new MemoryMedium() }) }],
      });
      try {
        const relay = fileURLToPath(new URL("relay.ts", import.meta.url));
        const program = [Deno.execPath(), "run", "-A", "--no-config", relay, "%h", "%p"];
        mustPrint(
          await runtime.run("custom_transport.ts", target.urls[0], ...program),
          /^UISCSI Virtual Tape \S+$/m,
        );
      } finally {
        await target.close();
      }
    },
  },
  "raw_cdb.ts": {
    title: "raw_cdb.ts reads position and log pages with CDBs of its own",
    check: async (runtime, dir) =>
      mustPrint(
        await runtime.run("raw_cdb.ts", `sim:${join(dir, "scratch.tap")}`),
        /^at object 0\nlog pages 0h, .*\b2eh\b/m,
      ),
  },
  "library_inventory.ts": {
    title: "library_inventory.ts lists slots, labels and the addresses of drives",
    check: async (runtime) =>
      mustPrint(
        await runtime.run("library_inventory.ts"),
        /^slot 1: A00001L8\n[^]*^drive 1: iscsi:.*:library\/2$/m,
      ),
  },
};

function mustPrint({ code, stdout, stderr }: CommandOutput, expected = /(?:)/): void {
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, expected);
}

/** Files below and above the length of a record, and one that is empty. */
function makePhotos(directory: string): void {
  mkdirSync(join(directory, "2026"), { recursive: true });
  writeFileSync(join(directory, "empty"), "");
  writeFileSync(join(directory, "large.raw"), new Uint8Array(300_001).map((_, at) => at * 31));
  writeFileSync(join(directory, "2026", "small.txt"), "a small file\n");
}

function contentsOf(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(directory.length), readFileSync(path).toString("base64")];
  });
  return Object.fromEntries(files.sort());
}
