import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Account, Target } from "./target.ts";
import { startTgtd } from "./tgtd.ts";

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
  const { sizeMb = 256 } = options;
  const { port, stop } = await startTgtd({
    name: "tape-interop-tgt",
    makeMedia: (dir, tgtimg) => makeMedia(dir, sizeMb, tgtimg),
    configuration: (dir) => configuration(dir, options),
  });
  const portal = `127.0.0.1:${port}`;
  const url = `iscsi://${portal}/${IQN}`;
  return { portal, port, iqn: IQN, url: `${url}/1`, diskUrl: `${url}/2`, stop };
}

function makeMedia(dir: string, sizeMb: number, tgtimg: (...args: string[]) => void): void {
  writeFileSync(join(dir, "disk.img"), new Uint8Array(4 << 20));
  const args = ["--op", "new", "--device-type", "tape", "--barcode=A00001L8", `--size=${sizeMb}`];
  args.push("--type=data", `--file=${join(dir, "tape.img")}`, "--thin-provisioning");
  tgtimg(...args);
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
