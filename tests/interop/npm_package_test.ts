import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXAMPLE_FILES, EXAMPLE_RUNS, EXAMPLES } from "../examples/example_runs.ts";
import { runtimePath, withConsumer } from "./harness/consumer.ts";
import { startIstgt } from "./harness/istgt.ts";
import { requirePrograms } from "./harness/programs.ts";
import { type CommandOutput, mustRun, ROOT, runProgram } from "./harness/tape_command.ts";
import { type Target, withTarget } from "./harness/target.ts";
import { startTgt } from "./harness/tgt.ts";

const CONSUMER = `${ROOT}tests/interop/consumer/`;

/** The oldest runtimes that README promises, as npx fetches them. */
const RUNTIMES = [["Node 22", "node@22"], ["Bun 1.3", "bun@1.3"]] as const;

const { exports: entryPoints, imports } = JSON.parse(readFileSync(`${ROOT}deno.json`, "utf8"));

const readme = readFileSync(`${ROOT}README.md`, "utf8");

/** What the examples import beside the package itself. */
const PACKAGES_OF_EXAMPLES: readonly string[] = [imports["tar-stream"].slice("npm:".length)];

/** A project that has installed the packed package and nothing else, and whose programs run on one runtime. */
type Run = (program: string, ...args: string[]) => Promise<CommandOutput>;

async function withProject(runtime: string, use: (run: Run, dir: string) => Promise<void>) {
  const path = await runtimePath(runtime);
  await withConsumer(PACKAGES_OF_EXAMPLES, async (dir) => {
    for (const name of readdirSync(CONSUMER)) copyFileSync(`${CONSUMER}${name}`, join(dir, name));
    for (const name of EXAMPLE_FILES) copyFileSync(`${EXAMPLES}${name}`, join(dir, name));
    const run: Run = (program, ...args) => runProgram(path, [program, ...args], { cwd: dir });
    await use(run, dir);
  });
}

async function mustPrint(running: Promise<CommandOutput>, expected = /(?:)/): Promise<void> {
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, expected);
}

for (const [name, runtime] of RUNTIMES) {
  Deno.test(`${name}: every entry point of the npm package loads`, () =>
    withProject(runtime, async (run) => {
      const count = Object.keys(entryPoints).length;
      await mustPrint(run("entry_points.mjs"), new RegExp(`^${count} entry points$`, "m"));
    }));

  Deno.test(`${name}: the npm package writes and reads a simulated tape`, () =>
    withProject(
      runtime,
      (run, dir) =>
        mustPrint(run("round_trip.mjs", `sim:${join(dir, "scratch.tap")}`), /same bytes/),
    ));

  Deno.test(`${name}: the npm package writes and reads tapes of tgt and istgt`, () =>
    withProject(runtime, async (run) => {
      for (const start of [startTgt, startIstgt] as (() => Promise<Target>)[]) {
        await withTarget(start(), ({ url }) => mustPrint(run("round_trip.mjs", url), /same bytes/));
      }
    }));

  Deno.test(`${name}: the npm package brings the command tape`, () =>
    withProject(runtime, async (run, dir) => {
      const tape = (...args: string[]) =>
        run("node_modules/.bin/tape", "-f", `sim:${join(dir, "scratch.tap")}`, ...args);
      await mustPrint(tape("write", "package.json"));
      await mustPrint(tape("rewind"));
      await mustPrint(tape("read", "-"), /"name":"consumer"/);
      assert.equal((await tape("frobnicate")).code, 1);
      // Messages that go nowhere do not end what is under way.
      const silently = ["-c", 'exec "$@" 2> /dev/full', "sh", await runtimePath(runtime)];
      const write = ["node_modules/.bin/tape", "-f", `sim:${join(dir, "scratch.tap")}`, "write"];
      await mustRun("/bin/sh", [...silently, ...write, "--progress", "package.json"], { cwd: dir });
      await mustPrint(tape("tell"), /At block 4 \(file 2\)/);
    }));

  Deno.test(`${name}: the examples of README run by copy and paste`, () =>
    withProject(runtime, async (run, dir) => {
      const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
      assert.equal(examples.length, 3);
      for (const [index, code] of examples.entries()) {
        writeFileSync(join(dir, `example${index}.ts`), code);
        const expected = index === 0 ? /kind: ["']record["']/ : undefined;
        await mustPrint(run(`example${index}.ts`), expected);
      }
    }));

  Deno.test(`${name}: a program that hands in its own streams runs the command`, () =>
    withProject(runtime, async (run, dir) => {
      const device = ["-f", `sim:${join(dir, "scratch.tap")}`];
      await mustPrint(run("command.mjs", ...device, "write", "package.json"));
      await mustPrint(run("command.mjs", ...device, "rewind"));
      await mustPrint(run("command.mjs", ...device, "read", "-"), /"name":"consumer"/);
    }));

  Deno.test(`${name}: the examples do what they say with the npm package`, (t) =>
    withProject(runtime, async (run, dir) => {
      // Bun's own tests run under `bun test` alone; Node runs a file of tests like any other.
      const test = (file: string) => name.startsWith("Bun") ? run("test", `./${file}`) : run(file);
      for (const { title, check } of Object.values(EXAMPLE_RUNS)) {
        const exampleDir = join(dir, title.slice(0, title.indexOf(".ts")));
        mkdirSync(exampleDir);
        await t.step(title, () => check({ run, test }, exampleDir));
      }
    }));
}

Deno.test("TypeScript accepts every entry point of the npm package, and all examples with what tsc --init sets", () => {
  const types = ["typescript", "@types/node", "@types/tar-stream"];
  return withConsumer([...PACKAGES_OF_EXAMPLES, ...types], async (dir) => {
    copyFileSync(`${CONSUMER}types.mts`, join(dir, "types.mts"));
    await checkTypes(["types.mts"], dir);
    for (const name of EXAMPLE_FILES) copyFileSync(`${EXAMPLES}${name}`, join(dir, name));
    const files = [...EXAMPLE_FILES, ...writeExamplesOfDocuments(dir)];
    await checkTypes(files, dir, "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes");
  });
});

/** The TypeScript in README and in the guides, as files. */
function writeExamplesOfDocuments(dir: string): string[] {
  const guides = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith(".md"));
  return ["README.md", ...guides.map((name) => `docs/${name}`)].flatMap((document) => {
    const code = readFileSync(`${ROOT}${document}`, "utf8").matchAll(/^```ts\n(.*?)^```$/gms);
    return [...code].map(([, text], index) => {
      const name = `${document.replaceAll(/[/.]/g, "_")}_${index}.ts`;
      writeFileSync(join(dir, name), text);
      return name;
    });
  });
}

async function checkTypes(files: readonly string[], dir: string, ...further: string[]) {
  const settings = ["--strict", "--target", "es2024", "--module", "nodenext", "--types", "node"];
  const [npx] = requirePrograms("npx");
  await mustRun(npx, ["tsc", "--noEmit", ...settings, ...further, ...files], { cwd: dir });
}
