// The command `tape`, on a runtime that installed the package from npm.
import process from "node:process";
import { nodeHost, run, stderrFlushed } from "@uiscsi/tape/cli";

const status = await run(process.argv.slice(2), nodeHost);
await stderrFlushed();
process.exit(status);
