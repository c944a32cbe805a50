import process from "node:process";
import { openTape } from "@uiscsi/tape";
import { nodeHost } from "@uiscsi/tape/cli";
import { processTerminal } from "../terminal/process_terminal.ts";
import type { PlayerHost } from "./player_host.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const UNCAUGHT = ["uncaughtException", "unhandledRejection"] as const;

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
    // Deno does not tell of the exit that follows an error which nobody catches.
    const onError = (error: unknown) => {
      listener();
      const text = error instanceof Error ? error.stack ?? error.message : String(error);
      nodeHost.stderr.write(`tapeplayer: this was not expected: ${text}\n`);
      process.exit(2);
    };
    process.on("exit", listener);
    for (const event of UNCAUGHT) process.on(event, onError);
    return () => {
      process.off("exit", listener);
      for (const event of UNCAUGHT) process.off(event, onError);
    };
  },
  exit: (status) => process.exit(status),
};
