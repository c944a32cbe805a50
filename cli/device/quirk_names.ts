import type { DriveQuirks } from "../../sim/mod.ts";

/** A departure from the standard that `--quirk` takes: the drive's, and `require-unload`, the library's. */
export type QuirkName =
  | "missing-information"
  | "negative-reverse-residual"
  | "flags-without-asc"
  | "missing-end-of-medium"
  | "position-unknown"
  | "no-locate"
  | "no-locate16"
  | "no-reservations"
  | "silent-overlength"
  | "sili-ignored"
  | "swapped-residual"
  | "space-filemarks-back-one-too-far"
  | "space-ignores-filemarks"
  | "space-end-of-data-short"
  | "space-short-after-rewind"
  | "space-past-end-moves-nothing"
  | "position-off-by-one-after-motion"
  | "file-number-lost"
  | "refuses-room-beyond-end"
  | "power-on-every-login"
  | "require-unload";

/** The library's own: its arm takes no cartridge that the drive has not unloaded. */
export const REQUIRE_UNLOAD = "require-unload";

type DriveQuirkName = Exclude<QuirkName, typeof REQUIRE_UNLOAD>;

const DRIVE_QUIRKS: Readonly<Record<DriveQuirkName, keyof DriveQuirks>> = {
  "missing-information": "missingInformation",
  "negative-reverse-residual": "negativeReverseResidual",
  "flags-without-asc": "flagsWithoutAsc",
  "missing-end-of-medium": "missingEndOfMedium",
  "position-unknown": "positionUnknown",
  "no-locate": "noLocate",
  "no-locate16": "noLocate16",
  "no-reservations": "noReservations",
  "silent-overlength": "silentOverlength",
  "sili-ignored": "siliIgnored",
  "swapped-residual": "swappedResidual",
  "space-filemarks-back-one-too-far": "spaceFilemarksBackOneTooFar",
  "space-ignores-filemarks": "spaceIgnoresFilemarks",
  "space-end-of-data-short": "spaceEndOfDataShort",
  "space-short-after-rewind": "spaceShortAfterRewind",
  "space-past-end-moves-nothing": "spacePastEndMovesNothing",
  "position-off-by-one-after-motion": "positionOffByOneAfterMotion",
  "file-number-lost": "fileNumberLost",
  "refuses-room-beyond-end": "refusesRoomBeyondEnd",
  "power-on-every-login": "powerOnEveryLogin",
};

/** All of them. */
export const QUIRK_NAMES: readonly QuirkName[] = [
  ...Object.keys(DRIVE_QUIRKS) as DriveQuirkName[],
  REQUIRE_UNLOAD,
];

/** The switches of the simulated drive that these names stand for. */
export function driveQuirks(names: readonly QuirkName[]): DriveQuirks {
  return Object.fromEntries(
    names.flatMap((name) => name === REQUIRE_UNLOAD ? [] : [[DRIVE_QUIRKS[name], true]]),
  );
}
