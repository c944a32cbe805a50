import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Daemon } from "./daemon.ts";
import { requirePrograms } from "./programs.ts";
import { freePort } from "./tcp_port.ts";
import { makeTempDir, removeTempDir } from "./temp_dir.ts";

/** A tgtd of its own, on a port of 127.0.0.1. */
export interface Tgtd {
  readonly port: number;
  stop(): Promise<void>;
}

/** What a tgtd is to serve. */
export interface TgtdSetup {
  /** What its folder is named after. */
  readonly name: `tape-${string}`;
  /** Makes the media in its folder, with tgtimg. */
  readonly makeMedia: (dir: string, tgtimg: (...args: string[]) => void) => void;
  /** The tgtadm commands that make the target of what is in its folder. */
  readonly configuration: (dir: string) => string[][];
}

/** Starts a private tgtd (Debian package `tgt`) on a free port of 127.0.0.1. Needs root, as tgtd does. */
export async function startTgtd({ name, makeMedia, configuration }: TgtdSetup): Promise<Tgtd> {
  const [tgtd, tgtadm, tgtimg] = requirePrograms("tgtd", "tgtadm", "tgtimg");
  const dir = makeTempDir(name);
  const port = freePort();
  const control = `${1000 + port % 30000}`;
  const admin = (...args: string[]) => run(tgtadm, ["-C", control, "--lld", "iscsi", ...args]);

  makeMedia(dir, (...args) => mustSucceed(args, run(tgtimg, args)));
  const args = ["-f", "-C", control, "--iscsi", `portal=127.0.0.1:${port}`];
  mkdirSync("/var/run/tgtd", { recursive: true });
  const daemon = new Daemon(tgtd, args, join(dir, "log"));
  const stop = async () => {
    // tgtd ignores SIGTERM while it has targets.
    await daemon.stop(0);
    for (const end of ["", ".lock"]) {
      rmSync(`/var/run/tgtd/socket.${control}${end}`, { force: true });
    }
    removeTempDir(dir);
  };
  try {
    await daemon.ready(() => admin("--op", "show", "--mode", "sys") === undefined);
    for (const command of configuration(dir)) mustSucceed(command, admin(...command));
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

/** What the program complained about; `undefined` when it succeeded. */
function run(path: string, args: readonly string[]): string | undefined {
  const { success, stderr } = new Deno.Command(path, { args: [...args], stdin: "null" })
    .outputSync();
  return success ? undefined : new TextDecoder().decode(stderr);
}

function mustSucceed(command: readonly string[], complaint: string | undefined): void {
  if (complaint !== undefined) {
    throw new Error(`Cannot set up tgt: ${command.join(" ")}: ${complaint}`);
  }
}
