import { writeSync } from "node:fs";
import process from "node:process";
import type { Terminal } from "./terminal.ts";

/** Of a terminal that does not tell its size. */
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
const MAX_TRIES = 1000;

/** The terminal that the process was started from. */
export const processTerminal: Terminal = {
  get columns() {
    return process.stdout.columns ?? DEFAULT_COLUMNS;
  },
  get rows() {
    return process.stdout.rows ?? DEFAULT_ROWS;
  },
  write(text) {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0, tries = 0; at < bytes.length;) {
      try {
        at += writeSync(process.stdout.fd, bytes, at);
      } catch (error) {
        // A terminal that is slow or was stopped; the view draws everything anew, later.
        if ((error as { code?: string }).code !== "EAGAIN" || ++tries > MAX_TRIES) throw error;
      }
    }
  },
  setRaw(isRaw) {
    process.stdin.setRawMode(isRaw);
  },
  onInput(listener) {
    const onData = (data: Uint8Array) => listener(new TextDecoder().decode(data));
    process.stdin.on("data", onData);
    process.stdin.resume();
    return () => {
      process.stdin.off("data", onData);
      process.stdin.pause();
    };
  },
  onResize(listener) {
    process.stdout.on("resize", listener);
    return () => {
      process.stdout.off("resize", listener);
    };
  },
};
