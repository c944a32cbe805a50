import { readFile } from "node:fs/promises";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { checkFile } from "./file_check.ts";
import { DescriptorSource } from "./file_descriptor.ts";
import { onHangup } from "./hangup.ts";
import { inheritedDescriptor } from "./inherited_descriptor.ts";
import { standardOutput } from "./output_file.ts";
import { OutputSink } from "./output_sink.ts";
import { realPath } from "./real_path.ts";
import { naming } from "./system_call.ts";
import type { CliHost, TextOutput } from "./host.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

const stderr: TextOutput = {
  get isTerminal() {
    return process.stderr.isTTY === true;
  },
  get columns() {
    return process.stderr.columns ?? 80;
  },
  write(text) {
    process.stderr.write(text);
  },
};

/** The computer that the process runs on: Deno, Node and Bun alike. */
export const nodeHost: CliHost = {
  env: process.env,
  stderr,
  get stdinIsTerminal() {
    return process.stdin.isTTY === true;
  },
  openStdin: () => new DescriptorSource(0, { owned: false, name: "standard input" }),
  openStdout: () => new OutputSink(standardOutput(), "standard output"),
  openFile: (path) => DescriptorSource.open(path),
  checkFile,
  openDescriptor: inheritedDescriptor,
  createFile: (path) => OutputSink.open(path),
  realPath,
  readTextFile: (path) =>
    readFile(path, "utf8").catch((error) => {
      throw naming(error, "open", path);
    }),
  async readLine(signal) {
    const lines = createInterface({ input: process.stdin, terminal: false, signal });
    try {
      for await (const line of lines) return line;
      signal.throwIfAborted();
      return "";
    } finally {
      lines.close();
    }
  },
  onInterrupt(listener) {
    const unlisten = onHangup(listener);
    for (const signal of SIGNALS) process.on(signal, listener);
    return () => {
      unlisten();
      for (const signal of SIGNALS) process.off(signal, listener);
    };
  },
  async sleep(milliseconds, signal) {
    try {
      await delay(milliseconds, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
  now: () => performance.now(),
};

/** Resolves when everything written to standard error has left the process. */
export function stderrFlushed(): Promise<void> {
  return new Promise((resolve) => process.stderr.write("", () => resolve()));
}
