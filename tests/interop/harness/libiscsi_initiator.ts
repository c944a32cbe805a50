import { Buffer } from "node:buffer";
import { join } from "node:path";
import { compileC, harnessSource, LIBISCSI_PACKAGES } from "./c_program.ts";
import { makeTempDir, removeTempDir } from "./temp_dir.ts";
import { within } from "./waiting.ts";

const PATIENCE_MS = 20_000;

/** What a command of {@link LibiscsiInitiator} comes to. */
export interface LibiscsiOutcome {
  /** As SAM-5 §5.3.1 numbers it. */
  readonly status: number;
  /** Sense key, then ASC and ASCQ as one number, of a CHECK CONDITION: `"6/2900"`. */
  readonly sense?: string;
  readonly dataIn: Uint8Array;
}

/** libiscsi in a process of its own, logged in: another initiator beside ours. Needs gcc and libiscsi-dev. */
export class LibiscsiInitiator {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly #dir: string;
  #text = "";

  private constructor(child: Deno.ChildProcess, dir: string) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#dir = dir;
  }

  /** Compiles it, and logs in to the logical unit under `name`. */
  static async login(
    url: string,
    name = "iqn.2026-03.com.example:libiscsi",
  ): Promise<LibiscsiInitiator> {
    const dir = makeTempDir("tape-interop-libiscsi");
    try {
      const program = join(dir, "libiscsi_initiator");
      await compileC(harnessSource("libiscsi_initiator.c"), program, {
        libraries: ["iscsi"],
        needs: LIBISCSI_PACKAGES,
      });
      const child = new Deno.Command(program, {
        args: [name, url],
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const initiator = new LibiscsiInitiator(child, dir);
      if (await initiator.#line() !== "ready") throw new Error("libiscsi cannot log in");
      return initiator;
    } catch (error) {
      removeTempDir(dir);
      throw error;
    }
  }

  /** Sends a command with data in one direction at most. */
  execute(
    cdb: readonly number[],
    { dataInBytes = 0, dataOut }: { dataInBytes?: number; dataOut?: Uint8Array } = {},
  ): Promise<LibiscsiOutcome> {
    const out = dataOut === undefined ? "-" : Buffer.from(dataOut).toString("hex");
    return this.#ask(`${Buffer.from(cdb).toString("hex")} ${dataInBytes} ${out}`);
  }

  /** LOGICAL UNIT RESET; status 0 is that it was done. */
  resetUnit(): Promise<LibiscsiOutcome> {
    return this.#ask("reset");
  }

  /** Logs out, or is killed when that takes too long. */
  async logout(): Promise<void> {
    await this.#input.close().catch(() => {});
    await within(this.#child.status, PATIENCE_MS, () => this.#child.kill("SIGKILL"));
    await this.#output.cancel();
    removeTempDir(this.#dir);
  }

  /** Ends without a word, as on a power cut: its connection is closed, and no Logout is sent. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.logout();
  }

  async #ask(line: string): Promise<LibiscsiOutcome> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
    const [status, key, asc, data] = (await this.#line()).split(" ");
    const code = Number(asc).toString(16).padStart(4, "0");
    return {
      status: Number(status),
      ...(status === "2" && { sense: `${key}/${code}` }),
      dataIn: data === "-" ? new Uint8Array(0) : Uint8Array.from(Buffer.from(data, "hex")),
    };
  }

  async #line(): Promise<string> {
    return await within(this.#nextLine(), PATIENCE_MS, () => this.#child.kill("SIGKILL"));
  }

  async #nextLine(): Promise<string> {
    while (!this.#text.includes("\n")) {
      const { done, value } = await this.#output.read();
      if (done) throw new Error("libiscsi's process has ended");
      this.#text += value;
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }
}
