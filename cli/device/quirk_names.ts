import type { DriveQuirks } from "../../sim/mod.ts";

/** What `--quirk` calls the drive's departures from the standard. */
const DRIVE_QUIRKS = {
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
} as const satisfies Readonly<Record<string, keyof DriveQuirks>>;

/** The library's own: its arm takes no cartridge that the drive has not unloaded. */
export const REQUIRE_UNLOAD = "require-unload";

/** A name that `--quirk` takes. */
export type QuirkName = keyof typeof DRIVE_QUIRKS | typeof REQUIRE_UNLOAD;

/** All of them. */
export const QUIRK_NAMES: readonly QuirkName[] = [
  ...Object.keys(DRIVE_QUIRKS) as (keyof typeof DRIVE_QUIRKS)[],
  REQUIRE_UNLOAD,
];

/** The switches of the simulated drive that these names stand for. */
export function driveQuirks(names: readonly QuirkName[]): DriveQuirks {
  return Object.fromEntries(
    names.flatMap((name) => name === REQUIRE_UNLOAD ? [] : [[DRIVE_QUIRKS[name], true]]),
  );
}
