import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon } from "./daemon.ts";
import { requirePrograms } from "./programs.ts";
import type { Account, Target } from "./target.ts";
import { freePort, isListening } from "./tcp_port.ts";
import { makeTempDir, removeTempDir } from "./temp_dir.ts";

/** Options of {@link startIstgt}. */
export interface IstgtOptions {
  /** Requires CRC32C header and data digests. @default false */
  readonly digests?: boolean;
  /**
   * Commands that istgt takes at a time. With more than 1 it sends answers with and without data from two threads that
   * do not wait for each other: they arrive out of order of their StatSN, and a few in a thousand small ones are torn,
   * which no initiator can mend. 1 keeps that out of tests of something else. @default 32, as istgt has it
   */
  readonly queueDepth?: number;
  /**
   * Gives the tape an image that grows as it is written and ends where the data ends. A READ with room past that end is
   * answered MEDIUM ERROR, 00/02, and moves nothing; so the last filemark cannot be read at all, only spaced over.
   * @default true; false gives it an image of `sizeMb`
   */
  readonly growingImage?: boolean;
  /** Size of an image that does not grow, in MB. @default 512 */
  readonly sizeMb?: number;
  /** Refuses to write. @default false */
  readonly readOnly?: boolean;
  /** Requires mutual CHAP: the account of the initiator, and the target's own. */
  readonly mutualChap?: { readonly initiator: Account; readonly target: Account };
}

const NODE_BASE = "iqn.2026-03.com.example";

/** Starts a private istgt (Debian package `istgt`) on a free port of 127.0.0.1, with one DLT8000 tape as LUN 0. */
export async function startIstgt(options: IstgtOptions = {}): Promise<Target> {
  const [istgt] = requirePrograms("istgt");
  const dir = makeTempDir("tape-interop-istgt");
  const port = freePort();
  const portal = `127.0.0.1:${port}`;

  writeFileSync(join(dir, "auth.conf"), accounts(options), { mode: 0o600 });
  const run = (how: IstgtOptions) => {
    writeFileSync(join(dir, "istgt.conf"), configuration(dir, portal, how));
    return new Daemon(istgt, ["-c", join(dir, "istgt.conf"), "-D"], join(dir, "log"));
  };
  let daemon = run({ ...options, readOnly: false });
  const stop = async () => {
    // What it would take its time to write back is thrown away.
    await daemon.stop(0);
    removeTempDir(dir);
  };
  try {
    await daemon.ready(() => isListening(port));
    if (options.readOnly) {
      // It makes no image that it may not write, so the first run makes one.
      await daemon.stop(0);
      daemon = run(options);
      await daemon.ready(() => isListening(port));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const iqn = `${NODE_BASE}:tape`;
  return { portal, port, iqn, url: `iscsi://${portal}/${iqn}/0`, stop };
}

function accounts({ mutualChap }: IstgtOptions): string {
  const initiator = mutualChap?.initiator ?? { name: "nobody", secret: "unused-secret-1" };
  const target = mutualChap?.target ?? { name: "nothing", secret: "unused-secret-2" };
  const words = [initiator.name, initiator.secret, target.name, target.secret];
  return `[AuthGroup1]\n  Auth ${words.map((word) => `"${word}"`).join(" ")}\n`;
}

function configuration(dir: string, portal: string, options: IstgtOptions): string {
  const { digests = false, queueDepth = 32, growingImage = true, mutualChap } = options;
  const { sizeMb = 512, readOnly = false } = options;
  const [access, size] = growingImage ? ["rw,dynamic", "auto"] : ["rw", `${sizeMb}MB`];
  return `[Global]
  NodeBase "${NODE_BASE}"
  PidFile ${dir}/pid
  AuthFile ${dir}/auth.conf
  MediaDirectory ${dir}
  LogFacility "local7"
  Timeout 30
  NopInInterval 20
  DiscoveryAuthMethod Auto
  MaxSessions 16
  MaxConnections 4
  MaxR2T 32
  MaxOutstandingR2T 16
  DefaultTime2Wait 2
  DefaultTime2Retain 60
  FirstBurstLength 262144
  MaxBurstLength 1048576
  MaxRecvDataSegmentLength 262144
  InitialR2T Yes
  ImmediateData Yes
  DataPDUInOrder Yes
  DataSequenceInOrder Yes
  ErrorRecoveryLevel 0
[UnitControl]
  AuthMethod CHAP Mutual
  AuthGroup AuthGroup1
  Portal UC1 127.0.0.1:${freePort()}
  Netmask 127.0.0.1
[PortalGroup1]
  Portal DA1 ${portal}
[InitiatorGroup1]
  InitiatorName "ALL"
  Netmask 127.0.0.1/8
[LogicalUnit1]
  TargetName tape
  Mapping PortalGroup1 InitiatorGroup1
  AuthMethod ${mutualChap ? "CHAP Mutual" : "Auto"}
  AuthGroup AuthGroup1
  UseDigest ${digests ? "Header Data" : "Auto"}
  UnitType Tape
  UnitOnline Yes
  QueueDepth ${queueDepth}
  ReadOnly ${readOnly ? "Yes" : "No"}
  LUN0 Removable "${access}" ${dir}/tape.vt ${size}
`;
}
