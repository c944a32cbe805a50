/**
 * Ways in which real drives and targets differ from the standard, as switches.
 *
 * @module
 */

/** Each is off unless set. */
export interface DriveQuirks {
  /** Sense data never has INFORMATION (VALID is 0). @default false */
  readonly missingInformation?: boolean;
  /** INFORMATION after SPACE backwards is negative, as from the Seagate Viper 200. @default false */
  readonly negativeReverseResidual?: boolean;
  /** Filemark, end-of-medium and incorrect-length come with ASC and ASCQ 00/00: only the flag tells. @default false */
  readonly flagsWithoutAsc?: boolean;
  /** READ POSITION always says that the position is unknown, as tgt does. @default false */
  readonly positionUnknown?: boolean;
  /** LOCATE (10) and (16) are not there, as on tgt. @default false */
  readonly noLocate?: boolean;
  /**
   * Variable reads never report an incorrect length: a record longer than asked for is cut, and GOOD, as from istgt.
   *
   * @default false
   */
  readonly silentOverlength?: boolean;
  /** SPACE backwards over filemarks lands one object too far back, as on tgt. @default false */
  readonly spaceFilemarksBackOneTooFar?: boolean;
  /** READ POSITION says 0 at the beginning and one too many elsewhere; LOCATE agrees with it, as on istgt. @default false */
  readonly positionOffByOneAfterMotion?: boolean;
}
