import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PID_FILE } from "./temp_dir.ts";
import { waitUntil, within } from "./waiting.ts";

/** A program in the background, whose output goes to a file. */
export class Daemon {
  readonly #child: Deno.ChildProcess;
  readonly #logPath: string;
  #ended = false;

  constructor(path: string, args: readonly string[], logPath: string) {
    const dir = dirname(logPath);
    // The shell replaces itself, so that the process id is the program's own.
    this.#child = new Deno.Command("/bin/sh", {
      args: ["-c", 'exec "$0" "$@" >"$DAEMON_LOG" 2>&1', path, ...args],
      env: { DAEMON_LOG: logPath, DAEMON_DIR: dir },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    writeFileSync(join(dir, PID_FILE), `${this.#child.pid}`);
    this.#logPath = logPath;
    this.#child.status.then(() => this.#ended = true);
  }

  /** What the program has printed so far. */
  log(): string {
    return readFileSync(this.#logPath, "utf8");
  }

  /**
   * Waits until `probe` says that the program is up.
   *
   * @throws {Error} with the program's output when it ended instead, or was not up in time.
   */
  async ready(probe: () => boolean | Promise<boolean>, limitMs?: number): Promise<void> {
    const settled = await waitUntil(async () => this.#ended || await probe(), { limitMs });
    if (!settled || this.#ended) {
      throw new Error(`Cannot start the target: ${this.log() || "it printed nothing"}`);
    }
  }

  /** Ends this process and no other: SIGTERM, then SIGKILL after `patienceMs`. Resolves to its exit status. */
  async stop(patienceMs = 2000): Promise<Deno.CommandStatus> {
    this.#signal(patienceMs > 0 ? "SIGTERM" : "SIGKILL");
    return await within(this.#child.status, patienceMs, () => this.#signal("SIGKILL"));
  }

  #signal(name: Deno.Signal): void {
    try {
      this.#child.kill(name);
    } catch {
      // It has ended by itself.
    }
  }
}
