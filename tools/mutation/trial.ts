/**
 * Runs tests in a copy of the tree, with what is changed there, and tells how they end.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How the tests end. */
export type Outcome = "passes" | "fails" | "hangs" | "does not load";

/** What one run of the tests has shown. */
export interface Trial {
  readonly outcome: Outcome;
  /** The file of the test that failed, if the failure is one test's. */
  readonly failedIn?: string;
  /** The longest time that passed without a test's end, in milliseconds. */
  readonly longestSilenceMs: number;
}

/** One file that has them all: loading them costs most. */
const GATHERED = "all_of_them_test.ts";
const REPORT = "all_of_them.xml";
/** What a mistake may make of memory. */
const MAX_HEAP_MB = 2048;
const TESTS_BEGIN = /^running [1-9]/;
const TEST_ENDS = / \.\.\. (ok|FAILED)( \(.*\))?$/;
const TEST_FAILED = / => \.\/(\S+_test\.ts):\d+/;
const TEST_TIME = /classname="\.\/([^"]+)" time="([\d.]+)"/g;

/**
 * Runs the tests of `files` in their order, up to the first that fails.
 *
 * @param silenceMs They hang when no test ends for so many milliseconds.
 */
export async function tryTests(
  copy: string,
  files: readonly string[],
  silenceMs: number,
): Promise<Trial> {
  writeFileSync(join(copy, GATHERED), files.map((file) => `import "./${file}";\n`).join(""));
  const memory = `--v8-flags=--max-old-space-size=${MAX_HEAP_MB}`;
  const options = ["-A", "--no-check", "--fail-fast", `--junit-path=${REPORT}`, memory];
  const child = new Deno.Command("nice", {
    args: ["-n", "10", Deno.execPath(), "test", ...options, GATHERED],
    cwd: copy,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let failedIn: string | undefined;
  let isLoaded = false, isHanging = false;
  let longestSilenceMs = 0, heardAt = performance.now();
  const hang = () => {
    isHanging = true;
    child.kill("SIGKILL");
  };
  let timer = setTimeout(hang, silenceMs);
  for await (const line of linesOf(child.stdout)) {
    isLoaded ||= TESTS_BEGIN.test(line);
    failedIn ??= line.match(TEST_FAILED)?.[1];
    if (!TEST_ENDS.test(line)) continue;
    clearTimeout(timer);
    timer = setTimeout(hang, silenceMs);
    const passed = performance.now() - heardAt;
    heardAt += passed;
    longestSilenceMs = Math.max(longestSilenceMs, passed);
  }
  const { success } = await child.status;
  clearTimeout(timer);
  const failure = isHanging ? "hangs" : isLoaded ? "fails" : "does not load";
  return { outcome: success ? "passes" : failure, failedIn, longestSilenceMs };
}

/** How many seconds the tests of each file took in the last trial in a copy that passed. */
export function secondsOfFiles(copy: string): Map<string, number> {
  const found = new Map<string, number>();
  const report = readFileSync(join(copy, REPORT), "utf8");
  for (const [, file, seconds] of report.matchAll(TEST_TIME)) {
    found.set(file, (found.get(file) ?? 0) + Number(seconds));
  }
  return found;
}

async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let text = "";
  for await (const part of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (text + part).split("\n");
    text = lines.pop()!;
    yield* lines;
  }
}
