import type { CliHost } from "../host/host.ts";

/** Select Graphic Rendition (ECMA-48 §8.3.117). */
const RED = 31;
const YELLOW = 33;

/** Options of a {@link Reporter}. */
export interface ReporterOptions {
  /** Whether results are printed as JSON. */
  readonly json: boolean;
}

/** Says what came of a command: results on standard output, everything else on standard error. */
export class Reporter {
  readonly #host: CliHost;
  readonly #json: boolean;
  #printed = false;
  #unfinished: object = {};

  constructor(host: CliHost, options: ReporterOptions) {
    this.#host = host;
    this.#json = options.json;
  }

  /** Whether results are JSON. */
  get json(): boolean {
    return this.#json;
  }

  /** The result of a command: `document` as JSON, or `text` for people. An empty text prints nothing. */
  async result(document: unknown, text: string): Promise<void> {
    if (this.#json) await this.#print(`${JSON.stringify(document, jsonValue, 2)}\n`);
    else if (text !== "") await this.#print(`${text}\n`);
  }

  /**
   * Like {@link result}, but what people read goes to standard error, since standard output may carry data. People are told, too, when the document cannot be
   * printed: it was done all the same.
   */
  async summary(document: unknown, text: string): Promise<void> {
    if (!this.#json) return this.note(text);
    try {
      await this.result(document, "");
    } catch (error) {
      this.note(text);
      throw error;
    }
  }

  /** Like {@link result}, of a command that fails behind it: its failure is then in the same document. */
  async unfinished(document: object, text: string): Promise<void> {
    if (this.#json) this.#unfinished = document;
    else await this.result(document, text);
  }

  /** The JSON document of a command that failed, unless it has printed its result already. */
  async failure(document: object): Promise<void> {
    if (this.#json && !this.#printed) await this.result({ ...this.#unfinished, ...document }, "");
  }

  /** Tells people something. */
  note(text: string): void {
    this.#host.stderr.write(`${text}\n`);
  }

  /** Tells people something that they should look after. */
  warn(text: string): void {
    this.note(`${this.#coloured("tape: warning:", YELLOW)} ${text}`);
  }

  /** Tells people what went wrong. */
  fail(text: string): void {
    this.note(`${this.#coloured("tape:", RED)} ${text}`);
  }

  /** On a terminal only, and never where NO_COLOR says no (no-color.org). */
  #coloured(text: string, colour: number): string {
    const { env, stderr } = this.#host;
    const isPlain = !stderr.isTerminal || (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb";
    return isPlain ? text : `\x1b[${colour}m${text}\x1b[0m`;
  }

  async #print(text: string): Promise<void> {
    this.#printed = true;
    const stdout = this.#host.openStdout();
    await stdout.write(new TextEncoder().encode(text));
    await stdout.close();
  }
}

/** Bytes as hex digits; the rest as JSON has it. */
function jsonValue(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return typeof value === "bigint" ? value.toString() : value;
}

/** Lines of `label  value`, values aligned; rows without a value are left out. */
export function labelled(rows: readonly (readonly [string, unknown])[]): string {
  const present = rows.filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(0, ...present.map(([label]) => label.length));
  return present.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join("\n");
}

/** Rows as columns, two spaces between them. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((widest, row) => {
    row.forEach((cell, index) => widest[index] = Math.max(widest[index] ?? 0, cell.length));
    return widest;
  }, []);
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
