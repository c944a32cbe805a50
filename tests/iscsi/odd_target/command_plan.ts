/** What the device does with each command, and what its owner must be told of it. */

import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import { Status } from "../../../scsi/status.ts";
import type { Random } from "../../scsi/random.ts";
import { pick } from "../walk/walk_settings.ts";

const VENDOR_OPERATION = 0xc0;
const ID = 2;
const CDB_LENGTHS = [6, 10, 12, 16, 16, 16, 16, 17, 32, 260];
/** Vendor specific ones among them. */
const FAILURES = [1, 1, 2, 0x80, 0xff];
const REASONS = Object.values(RejectReason).filter((reason) =>
  reason !== RejectReason.WaitingForLogout && reason !== RejectReason.DataDigestError
);
const STATUSES = [
  Status.ConditionMet,
  Status.CheckCondition,
  Status.CheckCondition,
  Status.CheckCondition,
  Status.Busy,
  Status.ReservationConflict,
  Status.TaskSetFull,
  0x40,
];

/** One command. Lengths in bytes. */
export interface CommandPlan {
  readonly id: number;
  readonly lun: bigint;
  readonly cdb: Uint8Array;
  /** What the initiator expects to move. */
  readonly write: number;
  readonly read: number;
  /** What the device takes and has to give, which may be less or more. */
  readonly consumed: number;
  readonly produced: number;
  /** What of the data to read comes over the wire. */
  readonly delivered: number;
  readonly status: number;
  readonly sense: Uint8Array;
  /** `answer`: with the status. `reject`: with a Reject. `failure`: with a response code that is none of the device's. */
  readonly fate: "answer" | "reject" | "failure";
  /** Reason of the Reject, or response code. */
  readonly code: number;
  /** Whether its data comes and goes piece by piece: others may pass it. */
  readonly isStreamed: boolean;
}

export function drawPlan(
  random: Random,
  id: number,
  longest: number,
): Omit<CommandPlan, "isStreamed"> {
  const way = random.below(10);
  const length = () => pick(random, [1, 3, 4, 512, 513, random.below(longest), longest]);
  const write = way < 4 || way === 8 ? length() : 0;
  const read = way >= 4 && way <= 8 ? length() : 0;
  const isGood = random.below(4) > 0;
  const status = isGood ? Status.Good : pick(random, STATUSES);
  const produced = read === 0 ? 0 : near(random, read);
  const whole = Math.min(read, produced);
  const isCut = status === Status.CheckCondition && random.below(2) === 0;
  const hasSense = status === Status.CheckCondition ? random.below(8) > 0 : random.below(30) === 0;
  const fate = pick(random, [...new Array(40).fill("answer"), "reject", "failure"] as const);
  return {
    id,
    lun: pick(random, [0n, 0n, 1n << 48n, 0x4001_0002_0003_0004n]),
    cdb: cdbOf(id, pick(random, CDB_LENGTHS)),
    write,
    read,
    consumed: write === 0 ? 0 : near(random, write),
    produced,
    delivered: isCut ? random.below(whole + 1) : whole,
    status,
    sense: hasSense ? random.bytes(pick(random, [1, 8, 18, 32, 96, 252])) : new Uint8Array(0),
    fate,
    code: fate === "reject" ? pick(random, REASONS) : pick(random, FAILURES),
  };
}

/** Most devices do what they are asked to. */
function near(random: Random, length: number): number {
  if (random.below(3) > 0) return length;
  return random.below(2) === 0 ? random.below(length + 1) : length + 1 + random.below(1000);
}

function cdbOf(id: number, length: number): Uint8Array {
  const cdb = new Uint8Array(length);
  cdb[0] = VENDOR_OPERATION;
  new DataView(cdb.buffer).setUint32(ID, id);
  return cdb;
}

/** The command that a CDB belongs to. */
export function idOf(cdb: Uint8Array): number {
  return new DataView(cdb.buffer, cdb.byteOffset).getUint32(ID);
}

/** Positive for an underflow, negative for an overflow. */
export function residuals(plan: CommandPlan): { readonly write: number; readonly read: number } {
  return { write: plan.write - plan.consumed, read: plan.read - plan.produced };
}

/** What the owner of a command that is answered must be told; `whole`: bytes that came without a gap. */
export function expectedResult(plan: CommandPlan, whole: number = plan.delivered): ScsiResult {
  const { write, read } = residuals(plan);
  const isBidirectional = plan.write > 0 && plan.read > 0;
  return {
    status: plan.status,
    sense: plan.sense,
    dataInLength: whole,
    residual: plan.write > 0 ? write : read,
    ...(isBidirectional && { readResidual: read }),
  };
}
