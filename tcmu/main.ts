import process from "node:process";
import { linuxTcmuHost, runTcmu } from "./mod.ts";

runTcmu(process.argv.slice(2), linuxTcmuHost()).then((status) => {
  process.exitCode = status;
  // What the kernel did not let go of may still be waited for.
  if (status === 2) process.exit();
});
