/**
 * The command as the program of a process: its arguments, its streams, its exit status.
 *
 * @module
 */

import process from "node:process";
import { nodeHost, stderrFlushed } from "./host/node_host.ts";
import { run } from "./run.ts";

/** Runs the command line of this process, and ends the process with its exit status. */
export function runProgram(): void {
  // On Node an error that nobody listens for would end the process: what cannot be told must not end what is under way.
  process.stderr.on("error", () => {});
  run(process.argv.slice(2), nodeHost).then(async (status) => {
    await stderrFlushed();
    // A read of standard input that nobody waits for any more would keep the process alive.
    process.exit(status);
  });
}
