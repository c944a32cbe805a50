import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon } from "./daemon.ts";
import { requirePrograms } from "./programs.ts";
import type { Account, Target } from "./target.ts";
import { freePort } from "./tcp_port.ts";
import { makeTempDir, removeTempDir } from "./temp_dir.ts";

/** Options of {@link startTgt}. */
export interface TgtOptions {
  /** Capacity of the cartridge in MB. @default 256 */
  readonly sizeMb?: number;
  /** Refuses to write. tgt then refuses SPACE, too. @default false */
  readonly readOnly?: boolean;
  /** The account that an initiator must prove. */
  readonly chap?: Account;
  /** The account that the target proves in return. */
  readonly mutual?: Account;
}

/** A tgt: its tape is LUN 1, its controller LUN 0, and LUN 2 is a disk. */
export interface TgtTarget extends Target {
  /** The disk's address. */
  readonly diskUrl: string;
}

const IQN = "iqn.2026-03.com.example:tgt-tape";

/** Starts a private tgtd (Debian package `tgt`) on a free port of 127.0.0.1. Needs root, as tgtd does. */
export async function startTgt(options: TgtOptions = {}): Promise<TgtTarget> {
  const [tgtd, tgtadm, tgtimg] = requirePrograms("tgtd", "tgtadm", "tgtimg");
  const { sizeMb = 256 } = options;
  const dir = makeTempDir("tape-interop-tgt");
  const port = freePort();
  const control = `${1000 + port % 30000}`;
  const admin = (...args: string[]) => run(tgtadm, ["-C", control, "--lld", "iscsi", ...args]);

  makeMedia(tgtimg, dir, sizeMb);
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
    for (const command of configuration(dir, options)) mustSucceed(command, admin(...command));
  } catch (error) {
    await stop();
    throw error;
  }
  const portal = `127.0.0.1:${port}`;
  const url = `iscsi://${portal}/${IQN}`;
  return { portal, port, iqn: IQN, url: `${url}/1`, diskUrl: `${url}/2`, stop };
}

function makeMedia(tgtimg: string, dir: string, sizeMb: number): void {
  writeFileSync(join(dir, "disk.img"), new Uint8Array(4 << 20));
  const args = ["--op", "new", "--device-type", "tape", "--barcode=A00001L8", `--size=${sizeMb}`];
  args.push("--type=data", `--file=${join(dir, "tape.img")}`, "--thin-provisioning");
  mustSucceed(args, run(tgtimg, args));
}

/** The tgtadm commands that make the target. */
function configuration(dir: string, { readOnly, chap, mutual }: TgtOptions): string[][] {
  const unit = ["--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun"];
  return [
    ["--op", "new", "--mode", "target", "--tid", "1", "-T", IQN],
    [...unit, "1", "--device-type", "tape", "--bstype", "ssc", "-b", join(dir, "tape.img")],
    [...unit, "2", "--device-type", "disk", "-b", join(dir, "disk.img")],
    ["--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL"],
    ...readOnly ? [READ_ONLY] : [],
    ...chap ? accountCommands(chap, []) : [],
    ...mutual ? accountCommands(mutual, ["--outgoing"]) : [],
  ];
}

const READ_ONLY = [
  ...["--op", "update", "--mode", "logicalunit", "--tid", "1", "--lun", "1"],
  ...["--params", "readonly=1"],
];

function accountCommands({ name, secret }: Account, direction: string[]): string[][] {
  return [
    ["--op", "new", "--mode", "account", "--user", name, "--password", secret],
    ["--op", "bind", "--mode", "account", "--tid", "1", "--user", name, ...direction],
  ];
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
