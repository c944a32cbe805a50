import process from "node:process";
import type { ComplianceTest } from "../../transport/mod.ts";

/** No test takes as long, on however busy a machine. */
const LIMIT_MS = 30_000;

/** Runs each test and prints what failed, for runtimes whose own test runner is not asked; exits with 1 when one did. */
export async function runCases(cases: readonly ComplianceTest[]): Promise<void> {
  let failed = 0;
  for (const { name, run } of cases) {
    try {
      await Promise.race([run(), tooLong()]);
    } catch (error) {
      failed++;
      console.log(`${name}: ${error}`);
    }
  }
  console.log(`${cases.length - failed} passed, ${failed} failed`);
  // Not by the exit code alone: what a failed test left open must not keep the process alive.
  process.exit(failed > 0 ? 1 : 0);
}

function tooLong(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`has not ended in ${LIMIT_MS} ms`)), LIMIT_MS);
  });
}
