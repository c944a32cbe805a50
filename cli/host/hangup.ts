import { readFileSync } from "node:fs";
import process from "node:process";

/**
 * Calls `listener` when the terminal is closed (SIGHUP), until the returned function is called. Where nohup or its like had
 * that ignored it stays so, for which this has to come before the first listener to any signal: Deno then takes all of them over.
 */
export function onHangup(listener: () => void): () => void {
  if (process.listeners("SIGHUP").includes(ignore)) return ignore;
  if (isIgnored()) {
    process.on("SIGHUP", ignore);
    return ignore;
  }
  let isHeard = false;
  // The terminal's shell and the system both tell of it: the second time is no other wish, and must not end the process.
  const hear = () => {
    if (isHeard) return;
    isHeard = true;
    listener();
  };
  process.on("SIGHUP", hear);
  return () => {
    if (!isHeard) process.off("SIGHUP", hear);
  };
}

function ignore(): void {}

/** SIGHUP is signal 1, the lowest bit of the mask (proc_pid_status(5)). */
function isIgnored(): boolean {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return /^SigIgn:\s+[0-9a-f]*[13579bdf]$/m.test(status);
  } catch {
    // No Linux; nohup takes both off a terminal.
    return process.stdout.isTTY !== true && process.stderr.isTTY !== true;
  }
}
