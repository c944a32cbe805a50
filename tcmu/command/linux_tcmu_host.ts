import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { linuxHost } from "../kernel/linux_host.ts";
import type { TcmuHost } from "./tcmu_host.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The computer that the process runs on. */
export function linuxTcmuHost(): TcmuHost {
  return {
    kernel: linuxHost(),
    columns: process.stdout.columns ?? 80,
    print: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
    onInterrupt(listener) {
      for (const signal of SIGNALS) process.on(signal, listener);
      return () => {
        for (const signal of SIGNALS) process.off(signal, listener);
      };
    },
    terminate: (processId) => void process.kill(processId, "SIGTERM"),
    sleep: (milliseconds) => delay(milliseconds),
  };
}
