/**
 * A drive for one host alone, as long as it is open: a persistent reservation, or that of SPC-2 (SPC-5 §5.14).
 *
 * @module
 */

import { persistentReserveOut } from "../scsi/reservation/persistent_reserve_out.ts";
import { releaseUnit, reserveUnit } from "../scsi/reservation/reserve_unit.ts";
import { ReservationType } from "../scsi/reservation/reservation_type.ts";
import { ReservationConflictError, ReservationPreemptedError } from "./errors.ts";
import { needing } from "./feature_support.ts";
import type { TapeSession } from "./tape_session.ts";

/** How to keep other hosts away. */
export type ExclusiveUse = "persistent" | "reserve";

/** `uiscsi` and a version, in ASCII. A registration belongs to the initiator, so hosts need not have different keys. */
export const DEFAULT_RESERVATION_KEY = 0x7569_7363_7369_0001n;

const TYPE = ReservationType.ExclusiveAccess;

/** The reservation of one drive. */
export interface Exclusion {
  /** Takes it. @throws {ReservationConflictError} when another host has the drive. */
  acquire(signal?: AbortSignal): Promise<void>;
  /**
   * Makes sure of it after a reset or in a new session.
   *
   * @throws {ReservationPreemptedError} when it was taken away meanwhile, so that another host may have moved the tape: the position is lost then. After that has been told,
   * and after a reset, it is taken again; {@link ReservationConflictError} when another host has it.
   */
  restore(): Promise<void>;
  /** Gives it back. */
  release(): Promise<void>;
}

/** The exclusion of a kind. */
export function exclusionOf(session: TapeSession, kind: ExclusiveUse, key: bigint): Exclusion {
  return kind === "persistent" ? persistent(session, key) : reserving(session);
}

/**
 * Survives the loss of the session and a reset, not a loss of power: that of a host which does not come back has to be preempted by another.
 */
function persistent(session: TapeSession, key: bigint): Exclusion {
  const { device } = session;
  const register = (newKey: bigint, signal?: AbortSignal) =>
    device.consult((unit) =>
      persistentReserveOut(unit, { action: "register-and-ignore-existing-key", newKey }, { signal })
    );
  const act = (action: "reserve" | "release", signal?: AbortSignal) =>
    device.consult((unit) => persistentReserveOut(unit, { action, key, type: TYPE }, { signal }));
  const acquire = (signal?: AbortSignal) =>
    needing(device, "persistent reservations", async () => {
      await register(key, signal);
      try {
        await act("reserve", signal);
      } catch (error) {
        await register(0n).catch(() => {});
        throw error;
      }
    });
  return {
    acquire,
    restore: async () => {
      if (await isStillRegistered(() => act("reserve"))) return;
      if (!session.isUpheavalTold) throw preempted(session);
      await acquire();
      session.endUpheaval();
    },
    release: async () => {
      await act("release");
      await register(0n);
    },
  };
}

/** A host that is not registered any more cannot reserve: only another host, or a loss of power, ends a registration. */
async function isStillRegistered(reserve: () => Promise<void>): Promise<boolean> {
  try {
    await reserve();
    return true;
  } catch (error) {
    if (error instanceof ReservationConflictError) return false;
    throw error;
  }
}

function preempted(session: TapeSession): ReservationPreemptedError {
  const error = new ReservationPreemptedError(
    `Cannot go on with ${session.device.name}: the reservation was taken away meanwhile, so that another host may have moved the tape; rewind, locate or space to end of data first`,
    { writes: session.ledger.giveUpBuffer() },
  );
  session.lose(error);
  return error;
}

/** Ends with the session, and with a reset. */
function reserving({ device }: TapeSession): Exclusion {
  const acquire = (signal?: AbortSignal) =>
    needing(device, "RESERVE", () => device.consult((unit) => reserveUnit(unit, { signal })));
  return {
    acquire,
    restore: () => acquire(),
    release: () => device.consult((unit) => releaseUnit(unit)),
  };
}
