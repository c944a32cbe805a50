import type { TargetFault, TargetPduKind } from "../../../sim/target/faults.ts";
import type { TargetChap, TargetLimits, TargetOffers } from "../../../sim/target/target_options.ts";
import type { LoopbackOptions } from "../../../transport/loopback.ts";
import type { SessionOptions } from "../../../iscsi/session/session_options.ts";
import type { Random } from "../../scsi/random.ts";

export type ErrorRecoveryLevel = 0 | 1 | 2;

/** How one walk is set up. */
export interface WalkSettings {
  readonly level: ErrorRecoveryLevel;
  readonly connections: number;
  readonly hasDigests: boolean;
  readonly abortTimeoutMs: number;
  readonly session: Partial<SessionOptions>;
  readonly offers: TargetOffers;
  /** With it, a login takes several rounds. */
  readonly chap: TargetChap | undefined;
  readonly limits: TargetLimits;
  readonly network: LoopbackOptions;
  readonly faults: readonly TargetFault[];
  readonly statusInDataIn: boolean;
  readonly initialStatSn: number;
  readonly longestTransfer: number;
}

const INITIATOR = { name: "walker", secret: "secret of the walker" };
const TARGET = { name: "walked", secret: "secret of the walked" };

/** What the target may lose or send twice where it can be asked for again. */
const LOSSES: readonly TargetPduKind[] = [
  "data-in",
  "r2t",
  "scsi-response",
  "task-management-response",
  "text-response",
  "nop-in",
  "async-message",
];

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)];
}

export function drawSettings(
  random: Random,
  level: ErrorRecoveryLevel = random.below(3) as ErrorRecoveryLevel,
): WalkSettings {
  const connections = pick(random, [1, 1, 2, 3, 4]);
  const hasDigests = random.below(2) === 0;
  const digest = hasDigests ? "crc32c" : "none";
  const segment = pick(random, [512, 1000, 4096, 65536]);
  const burst = segment * pick(random, [1, 2, 5]);
  const maxBurstLength = Math.max(512, burst);
  const abortTimeoutMs = pick(random, [50, 1000, 5000]);
  const isInOrder = random.below(4) > 0;
  const chap = random.below(3) === 0;
  const fastAbort = connections === 1 && random.below(4) === 0;
  return {
    level,
    connections,
    hasDigests,
    abortTimeoutMs,
    longestTransfer: Math.min(segment * 300, 2_000_000),
    chap: chap ? { accounts: [INITIATOR], target: TARGET } : undefined,
    session: {
      connections,
      ...(chap && { chap: { ...INITIATOR, target: TARGET } }),
      headerDigest: digest,
      dataDigest: digest,
      abortTimeoutMs,
      abortEscalation: pick(random, ["none", "logical-unit-reset"]),
      keepalive: pick(random, [false, { intervalMs: 500, timeoutMs: 300, maxMissed: 3 }]),
      loginTimeoutMs: 3000,
      connectTimeoutMs: 3000,
      negotiation: {
        errorRecoveryLevel: level,
        maxConnections: connections,
        initialR2T: random.below(2) === 0,
        immediateData: random.below(2) === 0,
        maxReceiveDataSegmentLength: pick(random, [512, 1000, 4096, 65536]),
        maxBurstLength,
        firstBurstLength: Math.max(512, Math.min(maxBurstLength, segment * pick(random, [1, 2]))),
        maxOutstandingR2T: pick(random, [1, 2, 8]),
        dataPduInOrder: isInOrder,
        dataSequenceInOrder: isInOrder,
        defaultTime2Wait: pick(random, [0, 1]),
        defaultTime2Retain: pick(random, [3, 20]),
        ...(fastAbort && { taskReporting: ["FastAbort", "ResponseFence", "RFC3720"] }),
      },
    },
    offers: {
      maxReceiveDataSegmentLength: segment,
      defaultTime2Wait: 0,
      ...(fastAbort && { taskReporting: ["FastAbort", "ResponseFence", "RFC3720"] }),
    },
    limits: { commandWindow: pick(random, [1, 2, 8, 64]) },
    network: {
      chunkBytes: pick(random, [Infinity, Infinity, 1024, 100]),
      bufferBytes: pick(random, [65536, 4096, 1_000_000]),
    },
    statusInDataIn: random.below(2) === 0,
    initialStatSn: pick(random, [1, 0, 0xffff_fff0, 0x7fff_fff0]),
    faults: [
      ...(level > 0 && random.below(2) === 0 ? drawLosses(random, hasDigests) : []),
      ...(random.below(2) === 0 ? drawDelays(random) : []),
    ],
  };
}

function drawLosses(random: Random, hasDigests: boolean): TargetFault[] {
  const kinds = hasDigests
    ? ["drop", "duplicate", "corrupt-data"] as const
    : ["drop", "duplicate"] as const;
  return Array.from({ length: 12 }, () => ({
    kind: pick(random, kinds),
    pdu: pick(random, LOSSES),
    nth: 1 + random.below(60),
  }));
}

/** What a target may do at every level: take its time, and let nothing in for a while. */
function drawDelays(random: Random): TargetFault[] {
  const delays = Array.from({ length: 6 }, () => ({
    kind: "delay" as const,
    pdu: pick(random, [...LOSSES, "logout-response" as const]),
    nth: 1 + random.below(60),
    ms: pick(random, [1, 50, 1500]),
  }));
  const window = { kind: "close-window", afterCommands: random.below(5), forMs: 700 } as const;
  return random.below(3) === 0 ? [...delays, window] : delays;
}
