import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compileC, harnessSource } from "./c_program.ts";
import { Daemon } from "./daemon.ts";
import type { Target } from "./target.ts";
import { makeTempDir, removeTempDir } from "./temp_dir.ts";

const PORT = /^(\d+)\n/;

/** A path to a port of 127.0.0.1 that is as long as one likes and no narrower: `delay_proxy.c`, which needs gcc. */
export class DelayProxy {
  readonly #daemon: Daemon;
  readonly #dir: string;

  private constructor(daemon: Daemon, dir: string) {
    this.#daemon = daemon;
    this.#dir = dir;
  }

  /** Delays each byte by `delayMs` in each direction: a round trip takes twice that. */
  static async start(targetPort: number, delayMs: number): Promise<DelayProxy> {
    const dir = makeTempDir("tape-delay-proxy");
    let daemon: Daemon | undefined;
    try {
      const [program, log] = [join(dir, "delay_proxy"), join(dir, "log")];
      await compileC(harnessSource("delay_proxy.c"), program);
      daemon = new Daemon(program, [`${targetPort}`, `${Math.round(delayMs * 1000)}`], log);
      await daemon.ready(() => existsSync(log) && PORT.test(readFileSync(log, "utf8")));
      return new DelayProxy(daemon, dir);
    } catch (error) {
      await daemon?.stop(0);
      removeTempDir(dir);
      throw error;
    }
  }

  /** Where to connect to instead of the target. */
  get port(): number {
    return Number(PORT.exec(this.#daemon.log())?.[1]);
  }

  /** Ends it, and whatever connection it carries. */
  async stop(): Promise<void> {
    await this.#daemon.stop(0);
    removeTempDir(this.#dir);
  }
}

/** Runs `use` with the address of a target at the end of a path that delays each byte by `delayMs` in each direction. */
export async function withDelay<T>(
  { url, port }: Pick<Target, "url" | "port">,
  delayMs: number,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const proxy = await DelayProxy.start(port, delayMs);
  try {
    return await use(url.replace(`:${port}/`, `:${proxy.port}/`));
  } finally {
    await proxy.stop();
  }
}
