import { readFileSync } from "node:fs";
import { join } from "node:path";
import { requirePrograms } from "./programs.ts";
import { waitUntil, within } from "./waiting.ts";

/** Options of {@link PseudoTerminal.run}. */
export interface PseudoTerminalOptions {
  /** An empty folder for what the shell notes. */
  readonly dir: string;
  /** @default 80 */
  readonly columns?: number;
  /** @default 24 */
  readonly rows?: number;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a program left behind on its terminal. */
export interface TerminalEnd {
  /** The exit status; above 128 for a signal. */
  readonly status: number;
  /** All that was written to the terminal. */
  readonly written: string;
  /** Whether the terminal's settings are those from before. */
  readonly isAsBefore: boolean;
  /** Milliseconds from the last key or signal to the end. */
  readonly tookMs: number;
}

/** Notes the settings of its terminal around a program, which it runs with a process id that it tells. */
const SHELL = `
  stty rows "$ROWS" cols "$COLUMNS"
  stty -g >"$DIR/before"
  sh -c 'echo $$ >"$DIR/pid"; exec "$@"' sh "$@"
  echo $? >"$DIR/status"
  stty -g >"$DIR/after" || true`;

/** A program on a terminal of its own, made by script(1). */
export class PseudoTerminal {
  readonly #dir: string;
  readonly #child: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  #written = "";
  #lastTouchMs = performance.now();

  private constructor(dir: string, child: Deno.ChildProcess) {
    this.#dir = dir;
    this.#child = child;
    this.#keys = child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Starts a program. */
  static run(command: readonly string[], options: PseudoTerminalOptions): PseudoTerminal {
    const { dir, columns = 80, rows = 24, env = {} } = options;
    const [script] = requirePrograms("script");
    const quoted = ["sh", "-c", SHELL, "sh", ...command].map(quote).join(" ");
    const child = new Deno.Command(script, {
      args: ["--quiet", "--flush", "--command", quoted, "/dev/null"],
      env: { DIR: dir, COLUMNS: `${columns}`, ROWS: `${rows}`, TERM: "xterm-256color", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    return new PseudoTerminal(dir, child);
  }

  /** All that was written to the terminal so far. */
  get written(): string {
    return this.#written;
  }

  /** The lines that stand on the screen, of a program that puts each at its place. */
  get screen(): readonly string[] {
    const lines: string[] = [];
    // deno-lint-ignore no-control-regex -- cursor addresses
    for (const [, row, text] of this.#written.matchAll(/\x1b\[(\d+);1H([^\x1b]*)/g)) {
      lines[Number(row) - 1] = text;
    }
    return lines;
  }

  /** The program's process id. */
  get pid(): number {
    return Number(readFileSync(join(this.#dir, "pid"), "utf8"));
  }

  /** Types keys. */
  async type(keys: string): Promise<void> {
    this.#lastTouchMs = performance.now();
    await this.#keys.write(new TextEncoder().encode(keys));
  }

  /** Sends the program a signal. */
  signal(name: Deno.Signal): void {
    this.#lastTouchMs = performance.now();
    Deno.kill(this.pid, name);
  }

  /** Waits until the screen shows something. @throws {Error} with the screen when it does not come to that. */
  async shows(what: RegExp, limitMs = 20_000): Promise<void> {
    const isShown = () => what.test(this.screen.join("\n"));
    if (await waitUntil(isShown, { limitMs, everyMs: 20 })) return;
    throw new Error(`The terminal does not show ${what}: ${this.screen.join("\n")}`);
  }

  /** Waits for the program to end. @throws {Error} when it had to be killed after `limitMs`. */
  async end(limitMs = 20_000): Promise<TerminalEnd> {
    let isKilled = false;
    await within(this.#child.status, limitMs, () => {
      isKilled = true;
      Deno.kill(this.pid, "SIGKILL"); // The shell and script end by themselves, then.
    });
    if (isKilled) throw new Error(`The program did not end within ${limitMs} ms`);
    const tookMs = performance.now() - this.#lastTouchMs;
    await this.#reading;
    await this.#keys.close().catch(() => {});
    const note = (name: string) => readFileSync(join(this.#dir, name), "utf8");
    return {
      status: Number(note("status")),
      written: this.#written,
      isAsBefore: note("before") === note("after"),
      tookMs,
    };
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stdout) {
      this.#written += decoder.decode(bytes, { stream: true });
    }
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
