/**
 * Ways in which real drives and targets differ from the standard, as switches that go together.
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
  /** The EOM flag never comes, only the codes. @default false */
  readonly missingEndOfMedium?: boolean;
  /** READ POSITION always says that the position is unknown, as tgt does. @default false */
  readonly positionUnknown?: boolean;
  /** LOCATE (10) and (16) are not there, as on tgt. @default false */
  readonly noLocate?: boolean;
  /** LOCATE (16) alone is not there, as on istgt. @default false */
  readonly noLocate16?: boolean;
  /** RESERVE, RELEASE and PERSISTENT RESERVE are not there. @default false */
  readonly noReservations?: boolean;
  /**
   * Variable reads never report an incorrect length: a record longer than asked for is cut, and GOOD, as from istgt.
   *
   * @default false
   */
  readonly silentOverlength?: boolean;
  /** SILI makes no difference, as on tgt. @default false */
  readonly siliIgnored?: boolean;
  /**
   * What a variable read brings is turned round, as on tgt: a record shorter by n comes as n bytes, a longer one as
   * none, and a filemark or the end of data as all that was asked for. @default false
   */
  readonly swappedResidual?: boolean;
  /** SPACE backwards over filemarks lands one object too far back, as on tgt. @default false */
  readonly spaceFilemarksBackOneTooFar?: boolean;
  /** SPACE over blocks counts filemarks and does not stop at them, as on istgt. @default false */
  readonly spaceIgnoresFilemarks?: boolean;
  /** SPACE to end of data stops before the last record when no filemark follows it, as on istgt. @default false */
  readonly spaceEndOfDataShort?: boolean;
  /** SPACE over blocks forwards goes one too few right after REWIND, as on istgt. @default false */
  readonly spaceShortAfterRewind?: boolean;
  /** SPACE over filemarks that finds too few says 8/0005 and has moved nothing. @default false */
  readonly spacePastEndMovesNothing?: boolean;
  /**
   * Before a filemark that SPACE over blocks or LOCATE has led to, the filemark counts as passed: READ tells of it and goes on behind the next one, or
   * to the beginning where there is none, and SPACE over filemarks counts without it, as on istgt. @default false
   */
  readonly missesFilemarkAfterMotion?: boolean;
  /** READ POSITION says 0 where REWIND leads to and one too many elsewhere; LOCATE agrees with it, as on istgt. @default false */
  readonly positionOffByOneAfterMotion?: boolean;
  /** The numbers of READ POSITION and LOCATE count records alone; LOCATE goes behind the filemarks before its record, and to the beginning for 0. @default false */
  readonly positionLeavesFilemarksOut?: boolean;
  /** READ POSITION does not know the file number (MPU) from LOCATE or SPACE to end of data on, up to a rewind. @default false */
  readonly fileNumberLost?: boolean;
  /**
   * A READ whose room reaches beyond the end of the file that holds the tape, which grows by 4 KiB, is refused with
   * 3/0002, and so is every other READ until the tape stands elsewhere, as on istgt. @default false
   */
  readonly refusesRoomBeyondEnd?: boolean;
  /** Every new login hears 29/00, as if the drive had been switched on, as on many targets. @default false */
  readonly powerOnEveryLogin?: boolean;
}
