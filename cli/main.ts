#!/usr/bin/env -S deno run -A
import process from "node:process";
import { nodeHost, run, stderrFlushed } from "./mod.ts";

run(process.argv.slice(2), nodeHost).then(async (status) => {
  await stderrFlushed();
  // A read of standard input that nobody waits for any more would keep the process alive.
  process.exit(status);
});
