import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon } from "./daemon.ts";
import { buildGuest, GUEST_DIR, SCRIPTS } from "./linux_guest.ts";
import { requirePrograms } from "./programs.ts";
import type { Account, Target } from "./target.ts";
import { freePort } from "./tcp_port.ts";
import { makeTempDir, removeTempDir } from "./temp_dir.ts";
import { waitUntil } from "./waiting.ts";

const IQN = "iqn.2026-03.com.example:lio";

/** How Linux's target is set up. */
export interface LioOptions {
  /** Whom it lets in. @default everybody */
  readonly account?: Account;
  /** How it proves itself. @default not at all */
  readonly targetAccount?: Account;
}

/** Linux's own target (LIO) in a guest: a RAM disk, error recovery level 2, up to four connections, both digests. */
export class LioTarget implements Target {
  readonly iqn: string = IQN;
  readonly port: number;
  readonly #dir: string;
  readonly #guest: Daemon;

  private constructor(port: number, dir: string, guest: Daemon) {
    this.port = port;
    this.#dir = dir;
    this.#guest = guest;
  }

  get portal(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `iscsi://${this.portal}/${IQN}/0`;
  }

  /** Boots the guest. */
  static async start(options: LioOptions = {}): Promise<LioTarget> {
    requirePrograms("qemu-system-x86_64");
    await buildGuest();
    const dir = makeTempDir("tape-interop-lio");
    const port = freePort();
    copyFileSync(`${SCRIPTS}lio.sh`, join(dir, "lio.sh"));
    writeFileSync(join(dir, "run.sh"), `${variables(options)}\n. /job/lio.sh\n`);
    const log = join(dir, "console.log");
    const guest = new Daemon(`${SCRIPTS}boot.sh`, [GUEST_DIR, dir, String(port)], log);
    const target = new LioTarget(port, dir, guest);
    try {
      await guest.ready(() => existsSync(join(dir, "ready")), 120_000);
      return target;
    } catch (error) {
      await target.stop();
      throw error;
    }
  }

  /** Ends the target and its guest. */
  async stop(): Promise<void> {
    writeFileSync(join(this.#dir, "stop"), "");
    await waitUntil(() => existsSync(join(this.#dir, "dmesg.txt")), { limitMs: 10_000 });
    await this.#guest.stop(3000);
    removeTempDir(this.#dir);
  }

  /** Whether the guest's kernel has run into a fault of its own. */
  get hasCrashed(): boolean {
    return /BUG:|Oops|Kernel panic/.test(this.console());
  }

  /** The guest's console, for whoever has to find out what went wrong. */
  console(): string {
    return readFileSync(join(this.#dir, "console.log"), "utf8");
  }
}

function variables({ account, targetAccount }: LioOptions): string {
  const values = {
    IQN,
    CHAP_NAME: account?.name ?? "",
    CHAP_SECRET: account?.secret ?? "",
    TARGET_NAME: targetAccount?.name ?? "",
    TARGET_SECRET: targetAccount?.secret ?? "",
  };
  return Object.entries(values).map(([name, value]) => `${name}='${value}'`).join("\n");
}
