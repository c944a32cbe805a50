import { within } from "./waiting.ts";
import { TAPE_COMMAND } from "./tape_command.ts";

/** `tape serve` in a process of its own. */
export class TapeServer {
  /** The address of its first drive. */
  readonly url: string;
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;

  private constructor(
    child: Deno.ChildProcess,
    output: ReadableStreamDefaultReader<string>,
    url: string,
  ) {
    this.#child = child;
    this.#output = output;
    this.url = url;
  }

  /** Starts it on a free port and waits for its `ready` line. */
  static async start(args: readonly string[]): Promise<TapeServer> {
    const child = new Deno.Command(Deno.execPath(), {
      args: [...TAPE_COMMAND, "serve", "--listen", "127.0.0.1:0", ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const url = await within(readyUrl(output), 30_000, () => child.kill("SIGKILL"));
    if (url === undefined) {
      await output.cancel();
      const { code } = await child.status;
      throw new Error(`Cannot start the simulated target: it ended with status ${code}`);
    }
    return new TapeServer(child, output, url);
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** `HOST:PORT`. */
  get portal(): string {
    return this.url.split("/")[2];
  }

  /** The port on 127.0.0.1. */
  get port(): number {
    return Number(this.portal.split(":")[1]);
  }

  get iqn(): string {
    return this.url.split("/")[3];
  }

  /** Asks it to end, as a service manager would, and answers its exit status. */
  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    const { code } = await within(this.#child.status, 10_000, () => this.#child.kill("SIGKILL"));
    await this.#output.cancel();
    return code;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#output.cancel();
  }
}

async function readyUrl(output: ReadableStreamDefaultReader<string>): Promise<string | undefined> {
  for (let text = "";;) {
    const { done, value } = await output.read();
    if (done) return undefined;
    text += value;
    const ready = /^ready (iscsi:\/\/\S+)$/m.exec(text);
    if (ready !== null) return ready[1];
  }
}
