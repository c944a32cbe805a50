/**
 * What keeps a command from being executed at all, in the order of precedence that SAM-5 §5.3.3 and §5.14 give.
 *
 * @module
 */

import type { Task } from "../../device_server.ts";
import {
  type Condition,
  Conditions,
  failed,
  invalidField,
  type Outcome,
  POWER_ON_OR_RESET,
  RESERVATION_CONFLICT,
} from "../conditions.ts";
import { cdbLength, type DriveCommand } from "./drive_command.ts";
import type { DriveState } from "../drive_state.ts";

const PREVENT_ALLOW = 0x1e;
/** Up to SCSI-2 the top three bits of byte 1 were the LUN. */
const LAST_VERSION_WITH_LUN = 2;
const LUN_BITS = 0xe0;

/**
 * Whether a command may be executed.
 *
 * @param command its row of the command table, or why it has none
 * @returns `undefined` when it may, else what it comes to instead
 */
export function refusal(
  drive: DriveState,
  command: DriveCommand | Outcome,
  task: Task,
): Outcome | undefined {
  const row = "execute" in command ? command : undefined;
  const ignores = row?.ignoresUnitAttention ?? false;
  const attention = ignores ? undefined : drive.attentions.peek(task.nexus);
  if (attention?.asc === POWER_ON_OR_RESET) return taken(drive, task);
  if (isReserved(drive, row, task)) return RESERVATION_CONFLICT;
  if (attention !== undefined) return taken(drive, task);
  const deferred = ignores ? undefined : drive.deferredErrors.shift();
  if (deferred !== undefined) return failed(deferred);
  if (row === undefined) return command as Outcome;
  return reservedBits(drive, row, task.cdb) ?? notReady(drive, row);
}

function taken(drive: DriveState, { nexus }: Task): Outcome {
  return failed(drive.attentions.take(nexus) as Condition);
}

/** PREVENT ALLOW MEDIUM REMOVAL may allow, not prevent, while another nexus holds the reservation (SPC-2 §5.5.1). */
function isReserved(drive: DriveState, row: DriveCommand | undefined, task: Task): boolean {
  const isAllowing = row?.opcode === PREVENT_ALLOW && (task.cdb[4] & 0x01) === 0;
  const isAllowed = isAllowing || (row?.allowedWhenReserved ?? false);
  const access = row?.access ?? (isAllowed ? "allowed" : "write");
  return drive.reservations.isConflict(task.nexus, access, isAllowed);
}

function reservedBits(
  drive: DriveState,
  row: DriveCommand,
  cdb: Uint8Array,
): Outcome | undefined {
  if (cdb.length < cdbLength(row)) return failed(Conditions.invalidFieldInCdb);
  for (let at = 0; at < row.usage.length; at++) {
    let allowed = row.usage[at];
    if (at === 0 && drive.personality.version <= LAST_VERSION_WITH_LUN) allowed |= LUN_BITS;
    const wrong = cdb[at + 1] & ~allowed;
    if (wrong !== 0) return invalidField(at + 1, 31 - Math.clz32(wrong));
  }
  return undefined;
}

function notReady(
  drive: DriveState,
  { needsMedium, readsTape }: DriveCommand,
): Outcome | undefined {
  const reason = needsMedium ? drive.notReady() : undefined;
  if (reason !== undefined) return failed(reason);
  if (readsTape && drive.format === "unknown") return failed(Conditions.unreadableFormat);
  return undefined;
}
