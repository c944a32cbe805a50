/**
 * Types and scope of persistent reservations (SPC-5 §5.14).
 *
 * @module
 */

/** What a persistent reservation keeps others from, by name. */
export const ReservationType = {
  /** Only the holder may write. */
  WriteExclusive: 0x1,
  /** Only the holder may read or write. */
  ExclusiveAccess: 0x3,
  /** Only those who are registered may write. */
  WriteExclusiveRegistrantsOnly: 0x5,
  /** Only those who are registered may read or write. */
  ExclusiveAccessRegistrantsOnly: 0x6,
  /** Only those who are registered may write, and each of them holds the reservation. */
  WriteExclusiveAllRegistrants: 0x7,
  /** Only those who are registered may read or write, and each of them holds the reservation. */
  ExclusiveAccessAllRegistrants: 0x8,
} as const;

/** One of the types of {@link ReservationType}. */
export type ReservationType = (typeof ReservationType)[keyof typeof ReservationType];

const NAMES: Readonly<Record<number, string>> = {
  [ReservationType.WriteExclusive]: "write exclusive",
  [ReservationType.ExclusiveAccess]: "exclusive access",
  [ReservationType.WriteExclusiveRegistrantsOnly]: "write exclusive, registrants only",
  [ReservationType.ExclusiveAccessRegistrantsOnly]: "exclusive access, registrants only",
  [ReservationType.WriteExclusiveAllRegistrants]: "write exclusive, all registrants",
  [ReservationType.ExclusiveAccessAllRegistrants]: "exclusive access, all registrants",
};

/** The name of a reservation's type: `exclusive access`; `type Xh` for one that is not assigned. */
export function reservationTypeName(type: number): string {
  return NAMES[type] ?? `type ${type.toString(16).toUpperCase()}h`;
}
