/**
 * Persistent reservations: registrations of I_T nexuses by key, and at most one reservation (SPC-5 §5.14).
 *
 * @module
 */

import { ReservationType } from "../../scsi/reservation/reservation_type.ts";
import type { Nexus } from "../device_server.ts";

/** An initiator port, which stays the same when its nexus is lost and made anew. */
export interface RegisteredPort {
  readonly initiatorName: string;
  readonly isid: string;
}

/** One registration. */
export interface KeyRegistration {
  readonly port: RegisteredPort;
  readonly key: bigint;
}

/** The reservation: its type, and who holds it; `undefined` for all registrants. */
export interface HeldReservation {
  readonly type: number;
  readonly holder: RegisteredPort | undefined;
}

const WRITE_EXCLUSIVE: readonly number[] = [
  ReservationType.WriteExclusive,
  ReservationType.WriteExclusiveRegistrantsOnly,
  ReservationType.WriteExclusiveAllRegistrants,
];
const ALL_REGISTRANTS: readonly number[] = [
  ReservationType.WriteExclusiveAllRegistrants,
  ReservationType.ExclusiveAccessAllRegistrants,
];
const HOLDER_ALONE: readonly number[] = [
  ReservationType.WriteExclusive,
  ReservationType.ExclusiveAccess,
];

/** Whether all registrants hold a reservation of this type. */
export function isHeldByAll(type: number): boolean {
  return ALL_REGISTRANTS.includes(type);
}

/** Whether registrants beside the holder have access too. */
export function isForRegistrants(type: number): boolean {
  return !HOLDER_ALONE.includes(type);
}

/** Whether a type is one that SPC-5 has. */
export function isReservationType(type: number): boolean {
  return (Object.values(ReservationType) as number[]).includes(type);
}

/** Whether two are the same initiator port. */
export function isSamePort(one: RegisteredPort, other: RegisteredPort): boolean {
  return one.initiatorName === other.initiatorName && one.isid === other.isid;
}

/** As many initiator ports as one unit remembers. */
const MAX_REGISTRATIONS = 128;

/** The persistent reservations of one logical unit. */
export class PersistentReservations {
  #registrations: KeyRegistration[] = [];
  #reservation: HeldReservation | undefined;
  #generation = 0;
  /** Whether they outlast a loss of power (APTPL of the last registration). */
  persistThroughPowerLoss = false;

  /** Counts the changes of registrations (PRGENERATION). */
  get generation(): number {
    return this.#generation;
  }

  /** All registrations, oldest first. */
  get registrations(): readonly KeyRegistration[] {
    return this.#registrations;
  }

  /** The reservation, if there is one. */
  get reservation(): HeldReservation | undefined {
    return this.#reservation;
  }

  /** The key of a port; `undefined` when it is not registered. */
  keyOf(port: RegisteredPort): bigint | undefined {
    return this.#registrations.find((each) => isSamePort(each.port, port))?.key;
  }

  /** Whether this port holds the reservation. */
  holds(port: RegisteredPort): boolean {
    if (this.#reservation === undefined) return false;
    const { holder } = this.#reservation;
    return holder === undefined ? this.keyOf(port) !== undefined : isSamePort(holder, port);
  }

  /** Whether a command that reads, or writes, meets somebody else's reservation. */
  isConflict(nexus: Nexus, isRead: boolean): boolean {
    if (this.#reservation === undefined || this.holds(nexus)) return false;
    const { type } = this.#reservation;
    if (isRead && WRITE_EXCLUSIVE.includes(type)) return false;
    return !(isForRegistrants(type) && this.keyOf(nexus) !== undefined);
  }

  /** Whether there is room for the registration of this port. */
  hasRoomFor(port: RegisteredPort): boolean {
    return this.#registrations.length < MAX_REGISTRATIONS || this.keyOf(port) !== undefined;
  }

  /** A loss of power: all is gone unless it was to persist. */
  powerLost(): void {
    if (this.persistThroughPowerLoss) return;
    this.#registrations = [];
    this.#reservation = undefined;
    this.#generation = 0;
  }

  /** Registers a key, or changes it. */
  register({ initiatorName, isid }: RegisteredPort, key: bigint): void {
    const port = { initiatorName, isid };
    const at = this.#registrations.findIndex((each) => isSamePort(each.port, port));
    if (at < 0) this.#registrations.push({ port, key });
    else this.#registrations[at] = { port, key };
    this.#generation = (this.#generation + 1) >>> 0;
  }

  /**
   * Takes a registration back, and the reservation with its last holder.
   *
   * @returns whether a reservation was released that other registrants were let in by
   */
  unregister(port: RegisteredPort): boolean {
    const reservation = this.#reservation;
    const held = this.holds(port);
    this.#registrations = this.#registrations.filter((each) => !isSamePort(each.port, port));
    this.#generation = (this.#generation + 1) >>> 0;
    const isOver = held && (reservation?.holder !== undefined || this.#registrations.length === 0);
    if (!isOver || reservation === undefined) return false;
    this.#reservation = undefined;
    return isForRegistrants(reservation.type);
  }

  /** Reserves for a port. */
  reserve({ initiatorName, isid }: RegisteredPort, type: number): void {
    this.#reservation = {
      type,
      holder: isHeldByAll(type) ? undefined : { initiatorName, isid },
    };
  }

  /** Gives the reservation back. */
  release(): void {
    this.#reservation = undefined;
  }

  /** Takes back everything. */
  clear(): void {
    this.#registrations = [];
    this.#reservation = undefined;
    this.#generation = (this.#generation + 1) >>> 0;
  }

  /** Takes away the registrations that `isVictim` picks, but never that of `by`; returns their ports. */
  remove(
    by: RegisteredPort,
    isVictim: (registration: KeyRegistration) => boolean,
  ): RegisteredPort[] {
    const victims = this.#registrations.filter((each) =>
      !isSamePort(each.port, by) && isVictim(each)
    );
    this.#registrations = this.#registrations.filter((each) => !victims.includes(each));
    this.#generation = (this.#generation + 1) >>> 0;
    return victims.map(({ port }) => port);
  }
}
