import type { ChapAccount } from "../../../iscsi/negotiation/login.ts";
import type { SessionOptions } from "../../../iscsi/session/session_options.ts";
import type { Random } from "../../scsi/random.ts";
import { pick } from "../walk/walk_settings.ts";

/** With what the initiator proves who it is, and the target. */
export const ACCOUNT: ChapAccount & { secret: string } = {
  name: "initiator",
  secret: "the initiator's secret",
};
export const TARGET_ACCOUNT: ChapAccount & { secret: string } = {
  name: "target",
  secret: "the target's secret",
};

/** How one walk is set up. */
export interface OddSettings {
  readonly session: Partial<SessionOptions>;
  readonly wantsChap: boolean;
  /** Longest transfer in bytes. */
  readonly longest: number;
  /** StatSN of the first connection. */
  readonly statSn: number;
  /** Most bytes that one read returns. */
  readonly chunkBytes: number;
  /** How often the target delivers all it has, in percent. */
  readonly haste: number;
  readonly window: number;
  /** Whether the bursts are short, so that one command has many. */
  readonly connections: number;
}

const DIGESTS = ["none", "prefer-none", "prefer-crc32c", "crc32c"] as const;

export function drawSettings(random: Random): OddSettings {
  const connections = pick(random, [1, 1, 1, 2, 3]);
  const chap = pick(random, ["none", "none", "one-way", "mutual"]);
  const maxBurstLength = pick(random, [512, 1024, 5000, 65_536]);
  const level = pick(random, [0, 0, 0, 1, 2]);
  const chunkBytes = pick(random, [Infinity, Infinity, Infinity, 4096, 100, 7, 1]);
  return {
    connections,
    wantsChap: chap !== "none",
    longest: pick(random, chunkBytes < 100 ? [600] : [600, 3000, 20_000]),
    statSn: pick(random, [0, 1, 0x7fff_fff0, 0xffff_fff0, 0xffff_ffff]),
    chunkBytes,
    haste: pick(random, [100, 90, 50]),
    window: pick(random, [1, 2, 8, 64]),
    session: {
      connections,
      abortTimeoutMs: 5000,
      keepalive: pick(random, [false, { intervalMs: 200, timeoutMs: 30_000, maxMissed: 3 }]),
      headerDigest: pick(random, DIGESTS),
      dataDigest: pick(random, DIGESTS),
      ...(chap !== "none" && {
        chap: { ...ACCOUNT, ...(chap === "mutual" && { target: TARGET_ACCOUNT }) },
      }),
      ...(random.below(3) === 0 && { extraKeys: { "X-org.example.our": "value" } }),
      ...(random.below(3) === 0 && { initiatorAlias: "ours" }),
      negotiation: {
        maxConnections: connections,
        initialR2T: random.below(2) === 0,
        immediateData: random.below(2) === 0,
        maxReceiveDataSegmentLength: pick(random, [512, 513, 4096, 65_536]),
        maxBurstLength,
        firstBurstLength: pick(random, [512, maxBurstLength]),
        defaultTime2Wait: pick(random, [0, 2]),
        defaultTime2Retain: pick(random, [0, 20]),
        maxOutstandingR2T: pick(random, [1, 2, 8]),
        dataPduInOrder: random.below(2) === 0,
        dataSequenceInOrder: random.below(2) === 0,
        errorRecoveryLevel: level,
        ...(random.below(4) === 0 && { taskReporting: ["ResponseFence", "RFC3720"] }),
        ...(random.below(4) === 0 && { protocolLevel: 1 }),
      },
    },
  };
}
