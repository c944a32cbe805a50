import process from "node:process";
import { stderrFlushed } from "@uiscsi/tape/cli";
import { nodePlayerHost, runPlayer } from "./mod.ts";

runPlayer(process.argv.slice(2), nodePlayerHost).then(async (status) => {
  await stderrFlushed();
  // A read of standard input that nobody waits for any more would keep the process alive.
  process.exit(status);
});
