import process from "node:process";
import { linuxTcmuHost, runTcmu } from "./mod.ts";

runTcmu(process.argv.slice(2), linuxTcmuHost()).then((status) => {
  process.exitCode = status;
});
