import process from "node:process";
import { openTape } from "@uiscsi/tape";
import { nodeHost } from "@uiscsi/tape/cli";
import { processTerminal } from "../terminal/process_terminal.ts";
import type { PlayerHost } from "./player_host.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The computer that the process runs on. */
export const nodePlayerHost: PlayerHost = {
  env: process.env,
  get terminal() {
    return process.stdin.isTTY && process.stdout.isTTY ? processTerminal : undefined;
  },
  clock: {
    now: () => performance.now(),
    schedule(callback, delayMs) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  },
  get columns() {
    return nodeHost.stderr.columns;
  },
  print: (text) => void process.stdout.write(`${text}\n`),
  note: (line) => nodeHost.stderr.write(`${line}\n`),
  openStdout: () => nodeHost.openStdout(),
  openTape,
  onInterrupt(listener) {
    for (const signal of SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    };
  },
  onExit(listener) {
    process.on("exit", listener);
    return () => {
      process.off("exit", listener);
    };
  },
  exit: (status) => process.exit(status),
};
